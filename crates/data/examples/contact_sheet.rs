//! Writes a contact sheet of the generated data set, a row per class, as a PPM picture:
//!
//! ```sh
//! cargo run --release -p mizumashi-data --example contact_sheet > sheet.ppm
//! ```

use mizumashi_data::Synthetic;
use ndarray::{Array3, s};
use std::error::Error;
use std::io::{Write, stdout};

const COLUMNS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let set = Synthetic { test: 0, ..Synthetic::default() };
    let set = Synthetic { train: COLUMNS * set.classes, ..set };
    let data = set.generate()?.train;
    let [height, width, channels] = data.image_shape();
    let mut sheet = Array3::<u8>::zeros((set.classes * height, COLUMNS * width, channels));
    let mut filled = vec![0; set.classes];
    for (image, &class) in data.images().outer_iter().zip(data.labels()) {
        let (top, left) = (class * height, filled[class] * width);
        sheet.slice_mut(s![top..top + height, left..left + width, ..]).assign(&image);
        filled[class] += 1;
    }
    let mut out = stdout().lock();
    writeln!(out, "P6 {} {} 255", COLUMNS * width, set.classes * height)?;
    out.write_all(&sheet.into_raw_vec_and_offset().0)?;
    Ok(())
}
