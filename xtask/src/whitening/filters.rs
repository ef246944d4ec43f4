//! What the matrices look at: rows of the ZCA matrix and of its inverse, and principal directions.

use std::error::Error;
use std::path::Path;

use image::RgbImage;
use mizumashi::whitening::ImageWhitening;
use ndarray::{Array1, Array3, ArrayView1, ArrayView3, s};

use super::views::{EPSILON, Views};
use crate::pictures::enlarged;
use crate::sheet::{self, Row};

/// Side of the part of a filter that is shown.
const PART: usize = 8;
/// Side of a picture: of whole images as they are, of parts enlarged.
const SIDE: usize = 32;
/// Principal directions in a row.
const DIRECTIONS: usize = 9;

/// Writes them as pictures, 0 grey, each stretched to its greatest value; of the filters, the roots.
pub(super) fn draw(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let (exact, regularised) = (&views.pixels, &views.regularised);
    let mut rows = vec![matrix(exact, 0.0)?, matrix(regularised, EPSILON)?, inverse(exact)?];
    rows.extend(directions(exact)?);
    sheet::write(&rows, path)?;
    Ok(String::new())
}

/// Filters of a ZCA matrix with this epsilon.
pub(crate) fn matrix(whitening: &ImageWhitening, epsilon: f64) -> Result<Row, Box<dyn Error>> {
    Ok(Row {
        label: "ZCA matrix".into(),
        remark: format!("epsilon {epsilon}"),
        pictures: filters(whitening, &whitening.whitening().gains())?,
    })
}

/// Filters of the inverse of a ZCA matrix without epsilon.
pub(crate) fn inverse(exact: &ImageWhitening) -> Result<Row, Box<dyn Error>> {
    Ok(Row {
        label: "its inverse".into(),
        remark: "epsilon 0".into(),
        pictures: filters(exact, &exact.whitening().gains().mapv(f64::recip))?,
    })
}

/// Some principal directions: the first, two further down where there are so many, the last.
pub(crate) fn directions(exact: &ImageWhitening) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    let end = exact.whitening().rank().saturating_sub(DIRECTIONS);
    for first in [0, 100, 1000].into_iter().filter(|&first| first < end).chain([end]) {
        let last = first + DIRECTIONS;
        let deviation = exact.whitening().eigenvalues()[first].sqrt();
        rows.push(Row {
            label: format!("PCA, {} to {last}", first + 1),
            remark: format!("deviation {} and less", rounded(deviation)),
            pictures: (first..last)
                .map(|index| direction(exact, index))
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(rows)
}

/// Three significant figures.
fn rounded(value: f64) -> String {
    let decimals = (2.0 - value.log10().floor()).max(0.0) as usize;
    format!("{value:.decimals$}")
}

/// Rows of `U diag(gains) U^T` for red, green and blue of a pixel in the middle, at an edge and in
/// a corner.
fn filters(
    whitening: &ImageWhitening,
    gains: &Array1<f64>,
) -> Result<Vec<RgbImage>, Box<dyn Error>> {
    let [height, width, channels] = whitening.shape();
    let components = whitening.whitening().components();
    let mut pictures = Vec::new();
    for (y, x) in [(height / 2, width / 2), (height / 2, 0), (0, 0)] {
        let start = |place: usize, side: usize| place.saturating_sub(PART / 2).min(side - PART);
        let (top, left) = (start(y, height), start(x, width));
        for channel in 0..channels {
            let along = &components.row((y * width + x) * channels + channel) * gains;
            let row = image(whitening, components.dot(&along).view())?;
            let part = row.slice(s![top..top + PART, left..left + PART, ..]);
            // The centre outweighs what surrounds it: roots let both be seen.
            pictures.push(signed(part.mapv(|value| value.abs().sqrt().copysign(value)).view()));
        }
    }
    Ok(pictures)
}

fn direction(whitening: &ImageWhitening, index: usize) -> Result<RgbImage, Box<dyn Error>> {
    Ok(signed(image(whitening, whitening.whitening().components().column(index))?.view()))
}

fn image(
    whitening: &ImageWhitening,
    values: ArrayView1<'_, f64>,
) -> Result<Array3<f32>, Box<dyn Error>> {
    Ok(values.mapv(|value| value as f32).into_shape_with_order(whitening.shape())?)
}

fn signed(values: ArrayView3<'_, f32>) -> RgbImage {
    let greatest = values.fold(f32::MIN_POSITIVE, |greatest, value| greatest.max(value.abs()));
    let picture = values.mapv(|value| 127.5 + 127.5 * value / greatest);
    enlarged(picture.view(), (SIDE / values.dim().0) as u32)
}
