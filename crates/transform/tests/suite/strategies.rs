//! What tests draw from.

use std::ops::Range;

use mizumashi_transform::affine::{
    Affine, AffineParameters, Border, Interpolation, SplineOrder, Warp,
};
use mizumashi_transform::transforms::Stretch;
use mizumashi_transform::{Geometric, ImageShape, Linear};
use ndarray::Array3;
use proptest::collection::vec;
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

/// All of them, with one spline for those of other orders.
pub(crate) const INTERPOLATIONS: [Interpolation; 4] = [
    Interpolation::Nearest,
    Interpolation::Bilinear,
    Interpolation::Bicubic,
    Interpolation::Spline(SplineOrder::Cubic),
];

fn borders() -> impl Strategy<Value = Border> {
    prop_oneof![
        (-300.0f32..300.0).prop_map(Border::Constant),
        Just(Border::Nearest),
        Just(Border::Reflect),
        Just(Border::Wrap),
    ]
}

pub(crate) fn shapes() -> impl Strategy<Value = ImageShape> {
    (2usize..20, 2usize..40, 1usize..=5).prop_map(ImageShape::new)
}

/// A rotation, shift, shear and zoom with any flips.
fn parameters() -> impl Strategy<Value = AffineParameters> {
    affine_parameters(-5.0..5.0, -30.0..30.0, 0.5..2.0)
}

/// A resampling of an image of this shape, to any other size.
pub(crate) fn warps(shape: ImageShape) -> impl Strategy<Value = Geometric> {
    let size = (1usize..20, 1usize..40);
    (parameters(), prop::sample::select(&INTERPOLATIONS), borders(), size).prop_map(
        move |(parameters, interpolation, border, (height, width))| Geometric {
            warp: Warp {
                map: parameters.to_affine(shape.height, shape.width),
                interpolation,
                border,
            },
            height,
            width,
        },
    )
}

/// A horizontal flip, a vertical one, or both; with a border that it never shows.
pub(crate) fn flips(shape: ImageShape) -> impl Strategy<Value = Geometric> {
    let across = Affine::flip_horizontal(shape.width);
    let down = Affine::flip_vertical(shape.height);
    (prop::sample::select(vec![across, down, across.then(&down)]), borders()).prop_map(
        move |(map, border)| Geometric {
            warp: Warp { map, interpolation: Interpolation::Bilinear, border },
            height: shape.height,
            width: shape.width,
        },
    )
}

/// Different figures in each channel.
pub(crate) fn linears(channels: usize) -> impl Strategy<Value = Linear> {
    (vec(0.1f32..2.0, channels), vec(-50.0f32..50.0, channels))
        .prop_map(|(scale, shift)| Linear { scale: scale.into(), shift: shift.into() })
}

/// The same figures in all channels.
pub(crate) fn uniform_linears(channels: usize) -> impl Strategy<Value = Linear> {
    (0.1f32..2.0, -50.0f32..50.0).prop_map(move |(scale, shift)| Linear {
        scale: vec![scale; channels].into(),
        shift: vec![shift; channels].into(),
    })
}

/// Stretches of every kind.
pub(crate) fn stretches() -> impl Strategy<Value = Stretch> {
    (any::<(bool, bool)>(), -2.0f32..0.0, 0.1f32..2.0).prop_map(
        |((per_channel, quantiles), low, high)| {
            let mut stretch = Stretch::new(low, high).unwrap();
            if per_channel {
                stretch = stretch.per_channel();
            }
            if quantiles {
                stretch = stretch.quantiles(0.125, 0.875).unwrap();
            }
            stretch
        },
    )
}

/// Images of whole numbers, of any reals, or of a few values two of which are close neighbours.
pub(crate) fn images() -> impl Strategy<Value = Array3<f32>> {
    let values = prop::sample::select(vec![
        (0u8..=255).prop_map(f32::from).boxed(),
        (-1e4f32..1e4).boxed(),
        prop::sample::select(vec![-7.5f32, 0.1, 0.1 + f32::EPSILON]).boxed(),
    ]);
    (1usize..12, 1usize..12, 1usize..5, values).prop_flat_map(
        |(height, width, channels, values)| {
            vec(values, height * width * channels).prop_map(move |values| {
                Array3::from_shape_vec((height, width, channels), values).unwrap()
            })
        },
    )
}
