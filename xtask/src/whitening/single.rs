//! The single picture of many a tutorial: what whitening makes of it, shown as it is.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use mizumashi::data::{Part, Synthetic};
use mizumashi::stats::{Moments, Summary};
use mizumashi::whitening::{Centring, Layout, Scope, Whitener};
use ndarray::{Array4, ArrayView3, ArrayView4, Axis};

use super::views::Views;
use crate::figure::{Anchor, Figure};
use crate::pictures::enlarged;

const SIDE: usize = 128;
const ZOOM: u32 = 2;
/// Levels of grey for one standard deviation about the middle, 128, as in the contact sheets.
const CONTRAST: f32 = 40.0;

/// Writes the picture, the same centred, whitened, and whitened with its contrast stretched.
pub(super) fn draw(_: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let set = Synthetic { height: SIDE, width: SIDE, ..Synthetic::default() };
    let picture = set.samples(Part::Train, 0..1)?.images().mapv(f32::from);
    let means = picture.mean_axis(Axis(1)).and_then(|rows| rows.mean_axis(Axis(1)));
    let means = means.ok_or("an empty picture")?.insert_axis(Axis(1)).insert_axis(Axis(1));
    let centred = &picture - &means;

    let whitener = Whitener::zca().centring(Centring::None);
    let whitening = whitener.fit_images(centred.view(), Layout::Nhwc, Scope::Pixels)?;
    let white = whitening.apply(centred.view(), Layout::Nhwc)?;
    let (before, after) = (figures(centred.view()), figures(white.view()));
    let stretched = &white * (before.std() / after.std()) as f32;
    let differs = stretched
        .iter()
        .zip(&centred)
        .fold(0.0_f32, |worst, (stretched, centred)| worst.max((stretched - centred).abs()));

    let panels = [
        ("the picture", format!("{SIDE}x{SIDE}, levels 0 to 255"), picture),
        (
            "less the means of its channels",
            format!("standard deviation {:.2}", before.std()),
            &centred + 128.0,
        ),
        (
            "'whitened': divided by its norm",
            format!("standard deviation {:.7}", after.std()),
            &white * CONTRAST + 128.0,
        ),
        (
            "the same, contrast stretched",
            format!("the second again, to {differs:.0e} levels"),
            stretched + 128.0,
        ),
    ];
    let side = SIDE as u32 * ZOOM;
    let mut figure = Figure::new(panels.len() as u32 * (side + 12) + 12, side + 62);
    for (number, (name, remark, pixels)) in panels.into_iter().enumerate() {
        let x = 12 + number as u32 * (side + 12);
        figure.picture((x, 12), ZOOM, &enlarged(image(&pixels), 1).into())?;
        figure.text((x + side / 2, side + 34), Anchor::Middle, 15, name);
        figure.text((x + side / 2, side + 52), Anchor::Middle, 12, remark);
    }
    figure.save(path)?;

    let mut words = String::new();
    writeln!(
        words,
        "mean {:.1e}, std {:.7}, 1 / sqrt(d) {:.7}, rank {}, {} bytes",
        after.mean(),
        after.std(),
        (white.len() as f64).sqrt().recip(),
        whitening.whitening().rank(),
        whitening.whitening().solution().bytes,
    )?;
    Ok(words)
}

fn figures(values: ArrayView4<'_, f32>) -> Moments {
    let mut moments = Moments::default();
    values.iter().for_each(|&value| moments.push(f64::from(value)));
    moments
}

fn image(batch: &Array4<f32>) -> ArrayView3<'_, f32> {
    batch.index_axis(Axis(0), 0)
}
