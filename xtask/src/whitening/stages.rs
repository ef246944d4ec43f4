//! What becomes of the same pictures by each step, and by each kind of whitening.

use std::error::Error;
use std::path::Path;

use mizumashi::whitening::{ImageWhitening, Layout, Regularisation, Whitener, WhiteningKind};
use ndarray::{ArrayView4, Axis, s};

use super::views::{EPSILON, Views, reduced};
use crate::pictures::enlarged;
use crate::sheet::{self, Row};

/// Pictures in a row.
const PICTURES: usize = 8;
/// Levels of grey for one standard deviation about the middle, 128.
const CONTRAST: f32 = 40.0;

/// Writes the pictures as they are, standardised, with colours and with pixels whitened, and back.
pub(super) fn steps(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let first = views.images().slice_move(s![..PICTURES, .., .., ..]);
    let apply = |whitening: &ImageWhitening| whitening.apply(first, Layout::Nhwc);
    let standardised = views.standardised.slice(s![..PICTURES, .., .., ..]);
    let pixels = apply(&views.pixels)?;
    let back = views.pixels.inverse(pixels.view(), Layout::Nhwc)?;
    let lost = back
        .iter()
        .zip(first)
        .fold(0.0_f32, |worst, (back, &level)| worst.max((back - f32::from(level)).abs()));
    let regularised = apply(&views.regularised)?;
    let epsilon = format!("ZCA, epsilon {EPSILON}");
    let rows = [
        raw("originals", "levels 0 to 255".into(), first.mapv(f32::from).view()),
        white("standardised", "per channel".into(), standardised),
        white("colours whitened", "ZCA, 3 x 3".into(), apply(&views.colours)?.view()),
        white("pixels whitened", "ZCA, 3072 x 3072".into(), pixels.view()),
        white("pixels whitened", epsilon, regularised.view()),
        raw("and back", format!("wrong by {lost:.3} at most"), back.view()),
    ];
    sheet::write(&rows, path)?;
    Ok(String::new())
}

/// Writes what each kind makes of the pictures at half their size.
pub(super) fn kinds(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let images = reduced(views.images(), 2);
    let (count, values) = (images.dim().0, images.len() / images.dim().0);
    let all = images.to_shape((count, values))?;
    let mean_variance = all.var_axis(Axis(0), 0.0).mean().map_or(1.0, f64::from);
    let first = images.slice(s![..PICTURES, .., .., ..]);
    let mut rows = vec![raw("originals", "16x16 pixels".into(), first)];
    for (kind, label, remark) in [
        (WhiteningKind::Zca, "ZCA", "closest to the original"),
        (WhiteningKind::ZcaCor, "ZCA-cor", "most correlated with it"),
        (WhiteningKind::Cholesky, "Cholesky", "a value by itself and those after"),
        (WhiteningKind::Pca, "PCA", "components, not places"),
        (WhiteningKind::PcaCor, "PCA-cor", "components, not places"),
    ] {
        // For the correlation, a fraction of the variance.
        let unit = if kind.of_correlation() { mean_variance } else { 1.0 };
        let regularisation = Regularisation::Eigenvalue(EPSILON / unit);
        let whitening = Whitener::new(kind).regularisation(regularisation).fit(all.view())?;
        let pictures = whitening.apply(all.slice(s![..PICTURES, ..]))?;
        rows.push(white(label, remark.into(), pictures.view().into_shape_with_order(first.dim())?));
    }
    sheet::write(&rows, path)?;
    Ok(String::new())
}

/// Pictures of values 0 to 255.
fn raw(label: &str, remark: String, pictures: ArrayView4<'_, f32>) -> Row {
    let pictures = pictures.axis_iter(Axis(0)).map(|picture| enlarged(picture, 1)).collect();
    Row { label: label.into(), remark, pictures }
}

/// Pictures of values of mean 0 and variance 1, all with the same contrast.
fn white(label: &str, remark: String, pictures: ArrayView4<'_, f32>) -> Row {
    raw(label, remark, pictures.mapv(|value| 128.0 + CONTRAST * value).view())
}
