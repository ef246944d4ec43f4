//! Agreement with scipy, PyTorch and keras-preprocessing, by the figures of `golden/make.py`.

use mizumashi_affine::{Affine, AffineParameters, Border, Interpolation, PixelValue, Point, Warp};
use ndarray::Array3;
use serde::Deserialize;

/// What `f32` arithmetic may add on a scale of 0 to 255.
const TOLERANCE: f64 = 5e-5;

/// The same for sums of sixteen values with weights of either sign.
const BICUBIC_TOLERANCE: f64 = 2e-4;

/// For splines, whose arithmetic is in `f64`: what is left is that of the coordinates, and the
/// rounding of the figures to four places.
const SPLINE_TOLERANCE: f64 = 3e-4;

#[derive(Deserialize)]
struct Golden<C> {
    cases: Vec<C>,
}

#[derive(Deserialize)]
struct WarpCase {
    name: String,
    source_shape: (usize, usize, usize),
    source: Vec<f32>,
    map: Affine,
    shape: (usize, usize, usize),
    results: Vec<WarpResult>,
}

#[derive(Deserialize)]
struct WarpResult {
    order: u8,
    mode: String,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct ParametersCase {
    parameters: KerasParameters,
    shape: (usize, usize),
    about_keras_center: Affine,
    image: Vec<u8>,
    transformed: Vec<f64>,
}

#[derive(Deserialize)]
struct KerasParameters {
    theta: f64,
    tx: f64,
    ty: f64,
    shear: f64,
    zx: f64,
    zy: f64,
    flip_horizontal: bool,
    flip_vertical: bool,
}

#[test]
fn nearest_neighbours_are_those_of_scipy() {
    for case in warp_cases() {
        for result in case.results.iter().filter(|result| result.order == 0) {
            let warped: Vec<f32> = case.warped(result, &case.source);
            let warped: Vec<f64> = warped.into_iter().map(f64::from).collect();
            assert_eq!(warped, result.values, "{} {}", case.name, result.mode);
        }
    }
}

#[test]
fn bilinear_values_are_those_of_scipy() {
    let mut largest: f64 = 0.0;
    for case in warp_cases() {
        for result in case.results.iter().filter(|result| result.order == 1) {
            let warped: Vec<f32> = case.warped(result, &case.source);
            for (ours, theirs) in warped.iter().zip(&result.values) {
                let error = (f64::from(*ours) - theirs).abs();
                assert!(error < TOLERANCE, "{} {}: {error}", case.name, result.mode);
                largest = largest.max(error);
            }
        }
    }
    println!("largest error {largest:.1e}");
}

#[test]
fn bicubic_values_are_those_of_pytorch() {
    let golden: Golden<WarpCase> =
        serde_json::from_str(include_str!("../golden/bicubic.json")).unwrap();
    let mut compared = 0;
    for case in golden.cases {
        for result in &case.results {
            let warped: Vec<f32> = case.warped(result, &case.source);
            assert_eq!(warped.len(), result.values.len());
            for (ours, theirs) in warped.iter().zip(&result.values) {
                let error = (f64::from(*ours) - theirs).abs();
                assert!(error < BICUBIC_TOLERANCE, "{} {}: {error}", case.name, result.mode);
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}

#[test]
fn splines_are_those_of_scipy() {
    let (mut compared, mut largest) = (0, 0.0_f64);
    for case in spline_cases() {
        for result in &case.results {
            let interpolation = Interpolation::from_order(result.order).unwrap();
            let warped: Vec<f32> = case.warped_by(interpolation, result, &case.source);
            assert_eq!(warped.len(), result.values.len());
            for (place, (ours, theirs)) in warped.iter().zip(&result.values).enumerate() {
                let error = (f64::from(*ours) - theirs).abs();
                assert!(
                    error < SPLINE_TOLERANCE,
                    "{} {} {} at {place}: {ours} for {theirs}",
                    case.name,
                    result.order,
                    result.mode
                );
                largest = largest.max(error);
                compared += 1;
            }
        }
    }
    println!("largest error {largest:.1e} of {compared}");
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn byte_splines_are_those_of_scipy_unless_within_a_thousandth_of_a_tie() {
    let mut compared = 0;
    for case in spline_cases() {
        let Some(source) = case.bytes() else { continue };
        for result in &case.results {
            let interpolation = Interpolation::from_order(result.order).unwrap();
            let warped: Vec<u8> = case.warped_by(interpolation, result, &source);
            for (ours, theirs) in warped.iter().zip(&result.values) {
                let above_tie = (theirs - 0.5).rem_euclid(1.0);
                if (1e-3..=1.0 - 1e-3).contains(&above_tie) {
                    let theirs = (theirs + 0.5).floor().clamp(0.0, 255.0);
                    assert_eq!(f64::from(*ours), theirs, "{} {}", case.name, result.mode);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn byte_results_are_those_of_scipy_unless_within_a_thousandth_of_a_tie() {
    let mut compared = 0;
    for case in warp_cases() {
        let Some(source) = case.bytes() else { continue };
        for result in &case.results {
            let warped: Vec<u8> = case.warped(result, &source);
            for (ours, theirs) in warped.iter().zip(&result.values) {
                let above_tie = (theirs - 0.5).rem_euclid(1.0);
                let is_near_tie = !(1e-3..=1.0 - 1e-3).contains(&above_tie);
                let is_exact = (theirs * 16.0).fract() == 0.0;
                if is_exact || !is_near_tie {
                    let theirs = (theirs + 0.5).floor();
                    assert_eq!(f64::from(*ours), theirs, "{} {}", case.name, result.mode);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn parameters_make_the_matrix_of_keras() {
    for case in parameters_cases() {
        let (height, width) = case.shape;
        let keras_center = Point { x: width as f64 / 2.0 + 0.5, y: height as f64 / 2.0 + 0.5 };
        let ours = case.parameters.ours().matrix().about(keras_center).rows();
        let theirs = case.about_keras_center.rows();
        for (ours, theirs) in ours.as_flattened().iter().zip(theirs.as_flattened()) {
            assert!((ours - theirs).abs() < 1e-13 * theirs.abs().max(10.0), "{ours} {theirs}");
        }
    }
}

#[test]
fn parameters_transform_images_as_keras_does_about_the_true_center() {
    for case in parameters_cases() {
        let (height, width) = case.shape;
        let source = Array3::from_shape_vec((height, width, 1), case.image).unwrap();
        let mut ours = Array3::<f32>::zeros((height, width, 1));
        let map = case.parameters.ours().to_affine(height, width);
        Warp { map, ..Warp::default() }.apply(source.view(), ours.view_mut()).unwrap();
        for (ours, theirs) in ours.iter().zip(&case.transformed) {
            assert!((f64::from(*ours) - theirs).abs() < TOLERANCE, "{ours} {theirs}");
        }
    }
}

fn warp_cases() -> Vec<WarpCase> {
    let golden: Golden<_> = serde_json::from_str(include_str!("../golden/warp.json")).unwrap();
    golden.cases
}

fn spline_cases() -> Vec<WarpCase> {
    let golden: Golden<_> = serde_json::from_str(include_str!("../golden/spline.json")).unwrap();
    golden.cases
}

fn parameters_cases() -> Vec<ParametersCase> {
    let golden: Golden<_> =
        serde_json::from_str(include_str!("../golden/parameters.json")).unwrap();
    golden.cases
}

impl WarpCase {
    /// The source as bytes, when it is whole numbers.
    fn bytes(&self) -> Option<Vec<u8>> {
        let bytes: Vec<u8> = self.source.iter().map(|value| *value as u8).collect();
        bytes
            .iter()
            .zip(&self.source)
            .all(|(byte, value)| f32::from(*byte) == *value)
            .then_some(bytes)
    }

    fn warped<S: PixelValue, D: PixelValue + Default>(
        &self,
        result: &WarpResult,
        source: &[S],
    ) -> Vec<D> {
        let interpolation = match result.order {
            0 => Interpolation::Nearest,
            1 => Interpolation::Bilinear,
            _ => Interpolation::Bicubic,
        };
        self.warped_by(interpolation, result, source)
    }

    fn warped_by<S: PixelValue, D: PixelValue + Default>(
        &self,
        interpolation: Interpolation,
        result: &WarpResult,
        source: &[S],
    ) -> Vec<D> {
        let source = ndarray::ArrayView3::from_shape(self.source_shape, source).unwrap();
        let mut destination = Array3::<D>::default(self.shape);
        let border = match result.mode.as_str() {
            "constant" => Border::Constant(17.25),
            "nearest" => Border::Nearest,
            "reflect" => Border::Reflect,
            "wrap" => Border::Wrap,
            other => panic!("{other}"),
        };
        let warp = Warp { map: self.map, interpolation, border };
        warp.apply(source, destination.view_mut()).unwrap();
        destination.into_raw_vec_and_offset().0
    }
}

impl KerasParameters {
    fn ours(&self) -> AffineParameters {
        AffineParameters {
            rotation: self.theta,
            height_shift: self.tx,
            width_shift: self.ty,
            shear: self.shear,
            height_zoom: self.zx,
            width_zoom: self.zy,
            horizontal_flip: self.flip_horizontal,
            vertical_flip: self.flip_vertical,
        }
    }
}
