//! What tests draw from.

use std::ops::Range;

use mizumashi_transform::affine::AffineParameters;
use proptest::prelude::*;

/// A rotation by any angle, any flips, and a shift, shear and zoom within these ranges.
pub(crate) fn affine_parameters(
    shift: Range<f64>,
    shear: Range<f64>,
    zoom: Range<f64>,
) -> impl Strategy<Value = AffineParameters> {
    let flips = (any::<bool>(), any::<bool>());
    (-180.0..180.0, shift.clone(), shift, shear, zoom.clone(), zoom, flips).prop_map(
        |(rotation, height_shift, width_shift, shear, height_zoom, width_zoom, flips)| {
            AffineParameters {
                rotation,
                height_shift,
                width_shift,
                shear,
                height_zoom,
                width_zoom,
                horizontal_flip: flips.0,
                vertical_flip: flips.1,
            }
        },
    )
}
