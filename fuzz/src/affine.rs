//! Maps, ranges, points and boxes of any numbers.

use arbitrary::{Arbitrary, Unstructured};
use mizumashi::affine::{Affine, AffineParameters, BoundingBox, Point, RandomAffine, Shift};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

#[derive(Debug, Arbitrary)]
struct Input {
    rows: [[f64; 3]; 2],
    next: [[f64; 3]; 2],
    angles: [f64; 2],
    shifts: [AnyShift; 2],
    zooms: [(f64, f64); 2],
    flips: [bool; 2],
    size: [u16; 2],
    corners: [f64; 4],
    seed: u64,
}

#[derive(Debug, Clone, Arbitrary)]
pub(crate) enum AnyShift {
    None,
    Fraction(f64),
    Distance(f64),
    Pixels(u32),
    Choice(Vec<f64>),
    Number(f64),
}

impl From<AnyShift> for Shift {
    fn from(shift: AnyShift) -> Self {
        match shift {
            AnyShift::None => Self::None,
            AnyShift::Fraction(value) => Self::Fraction(value),
            AnyShift::Distance(value) => Self::Distance(value),
            AnyShift::Pixels(count) => Self::Pixels(count),
            AnyShift::Choice(values) => Self::Choice(values),
            AnyShift::Number(value) => value.into(),
        }
    }
}

/// The bytes stand for a map, ranges, and what is moved by them.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let [height, width] = input.size.map(usize::from);
    let [x_min, y_min, x_max, y_max] = input.corners;
    let bounds = BoundingBox { x_min, y_min, x_max, y_max };
    let (map, next) = (Affine::new(input.rows), Affine::new(input.next));
    for map in [map, map.then(&next), map.about(Point { x: x_min, y: y_min })] {
        if let Ok(inverse) = map.inverse() {
            assert!(inverse.is_finite(), "an inverse is finite or refused: {map}");
        }
        map.map(Point { x: x_max, y: y_max });
        if let Some(clipped) = bounds.mapped(&map).clipped(height, width) {
            assert!(clipped.x_min >= 0.0 && clipped.x_max <= width as f64, "{clipped:?}");
            assert!(clipped.y_min >= 0.0 && clipped.y_max <= height as f64, "{clipped:?}");
            assert!(
                clipped.x_min <= clipped.x_max && clipped.y_min <= clipped.y_max,
                "{clipped:?}"
            );
        }
    }
    let [rotation, shear] = input.angles;
    let [height_shift, width_shift] = input.shifts.map(Shift::from);
    let [height_zoom, width_zoom] = input.zooms;
    let [horizontal_flip, vertical_flip] = input.flips;
    let ranges = RandomAffine {
        rotation,
        shear,
        height_shift,
        width_shift,
        height_zoom,
        width_zoom,
        horizontal_flip,
        vertical_flip,
    };
    match ranges.draw(&mut ChaCha8Rng::seed_from_u64(input.seed), height, width) {
        Ok(drawn) => {
            ranges.validate().expect("what can be drawn from is valid");
            let AffineParameters { rotation: angle, shear: slant, height_zoom: zoom, .. } = drawn;
            assert!(angle.abs() <= rotation && slant.abs() <= shear);
            assert!((height_zoom.0..=height_zoom.1).contains(&zoom));
            drawn.to_affine(height, width);
        }
        Err(_) => assert!(ranges.validate().is_err(), "valid ranges can be drawn from"),
    }
}
