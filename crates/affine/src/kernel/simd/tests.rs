use fearless_simd::Level;
use ndarray::{Array3, ArrayView3, ArrayViewMut3};
use proptest::prelude::*;

use crate::kernel::pixels::{Packed, PackedMut};
use crate::kernel::{Scaling, in_groups_of_channels};
use crate::{Affine, Border, Interpolation, PixelValue, Warp};

/// The instruction sets of this processor.
fn levels() -> Vec<Level> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let levels = [
        best.as_avx512().map(Level::Avx512),
        best.as_avx2().map(Level::Avx2),
        best.as_sse4_2().map(Level::Sse4_2),
        best.as_sse2().map(Level::Sse2),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let levels = [Some(best)];
    levels.into_iter().flatten().collect()
}

/// Rotations, shears, zooms, flips, whole and half pixels, and places far outside.
fn maps() -> impl Strategy<Value = Affine> {
    // Composed maps have steps that are zero but for rounding.
    let tiny = prop_oneof![Just(1e-9), Just(-1e-9), Just(1e-16), Just(-1e-16)];
    let whole = prop_oneof![Just(1.0), Just(-1.0), Just(0.0), Just(0.5)];
    let step = || prop_oneof![-8.0..8.0, -1.1..1.1, whole.clone(), tiny.clone()];
    let offset =
        || prop_oneof![-60.0..60.0, (-40..80_i32).prop_map(|n| f64::from(n) / 2.0), -1e12..1e12];
    (step(), step(), offset(), step(), step(), offset())
        .prop_map(|(a, b, c, d, e, f)| Affine::new([[a, b, c], [d, e, f]]))
}

fn warps() -> impl Strategy<Value = Warp> {
    let interpolation = prop_oneof![
        Just(Interpolation::Nearest),
        Just(Interpolation::Bilinear),
        Just(Interpolation::Bicubic)
    ];
    let border = prop_oneof![
        Just(Border::Constant(7.25)),
        Just(Border::Nearest),
        Just(Border::Reflect),
        Just(Border::Wrap)
    ];
    (maps(), interpolation, border).prop_map(|(map, interpolation, border)| Warp {
        map,
        interpolation,
        border,
    })
}

/// The order of the axes of an image in memory.
#[derive(Clone, Copy, Debug)]
enum Order {
    ChannelsLast,
    ChannelsFirst,
    ColumnsFirst,
}

impl Order {
    fn image<A: Clone>(
        self,
        (rows, columns, channels): (usize, usize, usize),
        value: A,
    ) -> Array3<A> {
        match self {
            Self::ChannelsLast => Array3::from_elem((rows, columns, channels), value),
            Self::ChannelsFirst => {
                Array3::from_elem((channels, rows, columns), value).permuted_axes([1, 2, 0])
            }
            Self::ColumnsFirst => {
                Array3::from_elem((columns, rows, channels), value).permuted_axes([1, 0, 2])
            }
        }
    }
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::ChannelsLast), Just(Order::ChannelsFirst), Just(Order::ColumnsFirst)]
}

/// Compares what a level makes of an image with what the scalar kernel makes of it.
fn same_as_scalar<S: PixelValue, D: PixelValue + Default>(
    warp: &Warp,
    source: ArrayView3<'_, S>,
    (order, rows, columns): (Order, usize, usize),
    scaling: Option<Scaling<'_>>,
) -> Result<(), TestCaseError> {
    let empty = order.image((rows, columns, source.dim().2), D::default());
    let run = |level: Option<Level>| {
        let mut image = empty.clone();
        let mut view: ArrayViewMut3<'_, D> = image.view_mut();
        let packed = Packed::new(&source).unwrap();
        let mut target = PackedMut::new(&mut view).unwrap();
        match level {
            Some(level) => assert!(super::warp(level, warp, &packed, &mut target, scaling)),
            None => in_groups_of_channels(warp, &packed, target, scaling),
        }
        image
    };
    let expected = run(None);
    for level in levels() {
        for ((place, ours), expected) in run(Some(level)).indexed_iter().zip(&expected) {
            let (ours, expected) = (ours.to_f32(), expected.to_f32());
            let same = ours.to_bits() == expected.to_bits() || ours.is_nan() && expected.is_nan();
            prop_assert!(same, "{ours} for {expected}, {level:?} at {place:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_level_gives_the_bits_of_the_scalar_kernel(
        warp in warps(),
        size in (1usize..40, 1usize..40, 1usize..7),
        (rows, columns) in (1usize..8, 1usize..71),
        (from, to) in (order(), order()),
        (bytes_in, bytes_out, scaled) in any::<(bool, bool, bool)>(),
        seed: u8,
    ) {
        let mut bytes = from.image(size, 0_u8);
        for ((y, x, c), value) in bytes.indexed_iter_mut() {
            let mixed = y * 89 + x * x * 31 + c * 57 + y * x * 7;
            *value = mixed.wrapping_mul(usize::from(seed) + 1) as u8;
        }
        let floats = bytes.mapv(|value| match value {
            7 => -0.0,
            19 => f32::NAN,
            23 => f32::INFINITY,
            _ => f32::from(value).powi(2) / 57.0 - 400.0,
        });
        let (scale, shift) = ([0.37, -1.1, 2.5, 1e-3, 7.0, -0.2], [5.0, 0.1, -3.3, 1e4, 0.0, 1.0]);
        let channels = size.2;
        let scaling = Scaling { scale: &scale[..channels], shift: &shift[..channels] };
        let scaling = scaled.then_some(scaling);
        let to = (to, rows, columns);
        match (bytes_in, bytes_out) {
            (true, true) => same_as_scalar::<u8, u8>(&warp, bytes.view(), to, scaling)?,
            (true, false) => same_as_scalar::<u8, f32>(&warp, bytes.view(), to, scaling)?,
            (false, true) => same_as_scalar::<f32, u8>(&warp, floats.view(), to, scaling)?,
            (false, false) => same_as_scalar::<f32, f32>(&warp, floats.view(), to, scaling)?,
        }
    }

    /// Close to the square, where most blocks lie within the image.
    #[test]
    fn small_turns_of_training_images_give_the_bits_of_the_scalar_kernel(
        (degrees, shift, zoom) in (-40.0..40.0, -8.0..8.0, 0.7..1.4),
        channels in 1usize..5,
        border in prop_oneof![Just(Border::Constant(0.5)), Just(Border::Reflect), Just(Border::Wrap)],
        to in order(),
        seed: u8,
    ) {
        let map = Affine::translation(shift, -shift / 3.0)
            .then(&Affine::scale(zoom, zoom))
            .then(&Affine::rotation(degrees));
        let warp = Warp { map, interpolation: Interpolation::Bilinear, border };
        let source = Array3::from_shape_fn((33, 47, channels), |(y, x, c)| {
            (y * 89 + x * x * 31 + c * 57).wrapping_mul(usize::from(seed) + 1) as u8
        });
        same_as_scalar::<u8, f32>(&warp, source.view(), (to, 33, 47), None)?;
    }
}
