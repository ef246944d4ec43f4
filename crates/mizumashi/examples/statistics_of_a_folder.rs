//! Exact statistics of the pictures in a folder, one picture in memory at a time.
//!
//! They are counts of the 256 levels of each channel: mean, deviation, extremes and quantiles come
//! out exact, and the counts of two folders, or of two machines, are merged by adding them.
//!
//! ```sh
//! cargo run --release -p mizumashi --example statistics_of_a_folder -- photos
//! ```
//!
//! Without a folder, a few generated pictures are written to a temporary one first.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mizumashi::data::files::{ImageFolder, ImageLoader, SaveFormat, save_image};
use mizumashi::data::{Part, Synthetic};
use mizumashi::ndarray::Axis;
use mizumashi::stats::{Grouping, Histogram, Layout, Statistics, Summary};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => generated()?,
    };
    let files = ImageFolder::new(&folder).without_classes().list()?;
    let loader = ImageLoader::new(); // in their own sizes
    let mut statistics: Option<Statistics<Histogram>> = None;
    let mut unreadable = Vec::new();
    for path in &files.paths {
        let image = match loader.load(path) {
            Ok(image) => image,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        // Pictures of any size: only the channels must be the same.
        let pixels = image.view().insert_axis(Axis(0));
        let of_one = Statistics::<Histogram>::of(pixels, Layout::Nhwc, Grouping::Channel)?;
        match &mut statistics {
            Some(all) => all.merge(&of_one)?,
            None => statistics = Some(of_one),
        }
    }
    let statistics = statistics.ok_or("no picture could be read")?;
    println!("{}: {} pictures", folder.display(), statistics.samples());
    for error in unreadable {
        println!("left out: {error}");
    }
    println!("{:8}{:>9}{:>9}{:>6}{:>6}{:>9}", "channel", "mean", "std", "min", "max", "median");
    for (name, levels) in ["red", "green", "blue"].iter().zip(statistics.groups()) {
        println!(
            "{name:8}{:>9.3}{:>9.3}{:>6}{:>6}{:>9}",
            levels.mean(),
            levels.std(),
            levels.min(),
            levels.max(),
            levels.median()
        );
    }
    Ok(())
}

fn generated() -> Result<PathBuf, Box<dyn Error>> {
    let folder = std::env::temp_dir().join("mizumashi-pictures");
    fs::create_dir_all(&folder)?;
    for index in 0..12 {
        let set = Synthetic { height: 48 + 8 * index as usize, width: 96, ..Default::default() };
        let image = set.samples(Part::Train, index..index + 1)?.images().mapv(f32::from);
        let path = folder.join(format!("{index}.png"));
        save_image(path, image.index_axis(Axis(0), 0), SaveFormat::Png)?;
    }
    Ok(folder)
}
