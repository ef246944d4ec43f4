//! What is seen beyond the edge of an image, and of an image that is the same everywhere.

use mizumashi_affine::{Affine, Border, Interpolation, Point, SplineOrder, Warp};
use ndarray::{Array3, array};
use proptest::prelude::*;

use crate::warp::{INTERPOLATIONS, any_warp, side, warped};

/// What an interpolation may make of bytes that are all the same.
fn rounding(interpolation: Interpolation) -> f32 {
    match interpolation {
        // The weights of a cubic sum to one but for rounding, those of a spline in `f64`.
        Interpolation::Bicubic => 1e-4,
        Interpolation::Spline(_) => 2e-5,
        _ => 0.0,
    }
}

proptest! {
    #[test]
    fn a_constant_image_stays_constant(
        warp in any_warp(), height in side(), width in side(), value: u8, zoom in 0..300i32,
    ) {
        let far = Affine::scale(2.0f64.powi(zoom), -2.0f64.powi(zoom));
        let border = match warp.border {
            Border::Constant(_) => Border::Constant(value.into()),
            other => other,
        };
        let warp = Warp { map: warp.map.then(&far), border, ..warp };
        let source = Array3::from_elem((height, width, 1), value);
        let result: Array3<f32> = warped(warp, source.view(), (5, 35));
        let rounding = rounding(warp.interpolation);
        prop_assert!(result.iter().all(|found| (found - f32::from(value)).abs() <= rounding));
    }

    #[test]
    fn the_constant_is_seen_just_beyond_the_outermost_centres_and_never_blended(
        warp in any_warp(), height in side(), width in side(), value: u8,
    ) {
        let warp = Warp { border: Border::Constant(300.5), ..warp };
        let source = Array3::from_elem((height, width, 1), value);
        let result: Array3<f32> = warped(warp, source.view(), (20, 35));
        // Coordinates are known to a millionth of a pixel, and where all are whole, exactly.
        let whole = warp.map.rows().as_flattened().iter().all(|number| number.fract() == 0.0);
        let known = if whole { 0.0 } else { 1e-6 };
        let (right, bottom) = (width as f64 - 1.0, height as f64 - 1.0);
        for ((row, column, _), &found) in result.indexed_iter() {
            let Point { x, y } = warp.map.map(Point { x: column as f64, y: row as f64 });
            let depth = x.min(right - x).min(y).min(bottom - y);
            if depth >= known {
                let error = (found - f32::from(value)).abs();
                prop_assert!(error <= rounding(warp.interpolation), "{found} at {x}, {y}");
            } else if depth < -known {
                prop_assert_eq!(found, 300.5, "at {}, {}", x, y);
            }
        }
    }
}

#[test]
fn places_out_of_reach_show_the_border() {
    let source = array![[[1u8], [2], [3]]];
    for far in [1e6, 1e12, 1e40, 1e300, f64::MAX] {
        let map = Affine::new([[far, far, far], [0.0, 0.0, 0.0]]);
        let constant = Warp { map, border: Border::Constant(7.0), ..Warp::default() };
        let edge = Warp { border: Border::Nearest, ..constant };
        assert!(warped::<_, u8>(constant, source.view(), (2, 33)).iter().all(|v| *v == 7), "{far}");
        assert!(warped::<_, u8>(edge, source.view(), (2, 33)).iter().all(|v| *v == 3), "{far}");
        for interpolation in INTERPOLATIONS {
            let [constant, edge] = [constant, edge].map(|warp| Warp { interpolation, ..warp });
            let found: Array3<u8> = warped(constant, source.view(), (2, 33));
            assert!(found.iter().all(|v| *v == 7), "{far} {interpolation:?}");
            let found: Array3<u8> = warped(edge, source.view(), (2, 33));
            assert!(found.iter().all(|v| *v == 3), "{far} {interpolation:?}");
        }
        let edge = Warp { map: Affine::new([[-far, -far, -far], [0.0; 3]]), ..edge };
        assert!(warped::<_, u8>(edge, source.view(), (2, 33)).iter().all(|v| *v == 1), "{far}");
        for border in [Border::Reflect, Border::Wrap] {
            let found: Array3<f32> = warped(Warp { border, ..edge }, source.view(), (2, 33));
            assert!(found.iter().all(|value| (1.0..=3.0).contains(value)), "{far}");
            let interpolation = Interpolation::Spline(SplineOrder::Quintic);
            let spline = Warp { border, interpolation, ..edge };
            let found: Array3<f32> = warped(spline, source.view(), (2, 33));
            assert!(found.iter().all(|value| (0.0..=4.0).contains(value)), "{far}");
        }
    }
}
