//! The affine augmentations: each by itself, what is seen beyond the edge, and all at once.

use std::error::Error;
use std::path::Path;

use image::RgbImage;
use mizumashi::affine::{AffineParameters, Border};
use mizumashi::transform::SampleKey;
use mizumashi::{ImageDataGenerator, TransformParameters};
use ndarray::{ArrayView3, Axis};

use crate::pictures::enlarged;
use crate::sheet::{self, Row};
use crate::source::Source;

/// What is done at a place from -1 to 1 of a range.
type Range<'a> = &'a dyn Fn(f64) -> TransformParameters;

/// Pictures in a row.
const STEPS: usize = 7;

/// Writes a row for each argument: the same picture from one end of its range to the other.
pub(super) fn one_by_one(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let affine = |affine| TransformParameters { affine, ..Default::default() };
    let unit = AffineParameters::default();
    let side = source.train.images().dim().1 as f64;
    let rows: [(&str, &str, Range<'_>); 8] = [
        ("rotation", "-30° to 30°", &|t| affine(AffineParameters { rotation: 30.0 * t, ..unit })),
        ("width shift", "-0.3 to 0.3 of the width", &|t| {
            affine(AffineParameters { width_shift: 0.3 * side * t, ..unit })
        }),
        ("height shift", "-0.3 to 0.3 of the height", &|t| {
            affine(AffineParameters { height_shift: 0.3 * side * t, ..unit })
        }),
        ("shear", "-30° to 30°", &|t| affine(AffineParameters { shear: 30.0 * t, ..unit })),
        ("zoom", "0.6 to 1.4", &|t| {
            let zoom = 1.0 + 0.4 * t;
            affine(AffineParameters { height_zoom: zoom, width_zoom: zoom, ..unit })
        }),
        ("flips", "none, across, down, both", &|t| {
            let turn = ((t + 1.0) * (STEPS - 1) as f64 / 2.0).round() as usize;
            let (horizontal_flip, vertical_flip) = (turn % 2 == 1, turn / 2 % 2 == 1);
            affine(AffineParameters { horizontal_flip, vertical_flip, ..unit })
        }),
        ("brightness", "0.4 to 1.6", &|t| TransformParameters {
            brightness: Some(1.0 + 0.6 * t),
            ..Default::default()
        }),
        ("channel shift", "-60 to 60", &|t| TransformParameters {
            channel_shift: Some(60.0 * t),
            ..Default::default()
        }),
    ];
    let generator = ImageDataGenerator::builder().build()?;
    let image = picture(source, 0);
    let rows = rows.into_iter().map(|(label, remark, parameters)| {
        let pictures = (0..STEPS).map(|step| {
            let t = 2.0 * step as f64 / (STEPS - 1) as f64 - 1.0;
            Ok(shown(generator.apply_transform(&image, &parameters(t))?.view()))
        });
        row(label, remark, pictures)
    });
    sheet::write(&rows.collect::<Result<Vec<_>, _>>()?, path)?;
    Ok(String::new())
}

/// Writes a row for each border: pictures moved so far that it is seen.
pub(super) fn borders(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let moved = AffineParameters { rotation: 20.0, width_shift: 9.0, ..Default::default() };
    let parameters = TransformParameters { affine: moved, ..Default::default() };
    let rows = [
        ("Nearest", "the edge goes on", Border::Nearest),
        ("Constant(0)", "black", Border::Constant(0.0)),
        ("Reflect", "mirrored at its edge", Border::Reflect),
        ("Wrap", "repeated", Border::Wrap),
    ];
    let rows = rows.into_iter().map(|(label, remark, border)| {
        let generator = ImageDataGenerator::builder().fill_mode(border).build()?;
        let pictures = (0..STEPS).map(|index| {
            Ok(shown(generator.apply_transform(&picture(source, index), &parameters)?.view()))
        });
        row(label, remark, pictures)
    });
    sheet::write(&rows.collect::<Result<Vec<_>, _>>()?, path)?;
    Ok(String::new())
}

/// Writes what the tutorial's recipe makes of a few pictures in some epochs.
pub(super) fn recipe(source: &Source, path: &Path) -> Result<String, Box<dyn Error>> {
    let generator = ImageDataGenerator::builder()
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true)
        .build()?;
    let rows = (0..5).map(|index| {
        let image = picture(source, index);
        let drawn = (0..STEPS as u64 - 1).map(|epoch| {
            let key = SampleKey { seed: 0, epoch, index: index as u64 };
            Ok(shown(generator.random_transform(&image, key)?.view()))
        });
        let original = std::iter::once_with(|| Ok(shown(image.mapv(f32::from).view())));
        row(&format!("sample {index}"), "as it is; epochs 0 to 5", original.chain(drawn))
    });
    sheet::write(&rows.collect::<Result<Vec<_>, _>>()?, path)?;
    Ok(String::new())
}

fn picture(source: &Source, index: usize) -> ArrayView3<'_, u8> {
    source.train.images().index_axis(Axis(0), index)
}

fn shown(image: ArrayView3<'_, f32>) -> RgbImage {
    enlarged(image, 1)
}

fn row(
    label: &str,
    remark: &str,
    pictures: impl Iterator<Item = Result<RgbImage, mizumashi::Error>>,
) -> Result<Row, mizumashi::Error> {
    let pictures = pictures.collect::<Result<_, _>>()?;
    Ok(Row { label: label.into(), remark: remark.into(), pictures })
}
