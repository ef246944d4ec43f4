//! Properties of warps that need no reference.

use mizumashi_affine::{
    Affine, AffineParameters, Border, Error, Interpolation, PixelValue, SplineOrder, Warp,
};
use ndarray::{Array3, ArrayView3, Axis, array, concatenate, s};
use proptest::prelude::*;

const BORDERS: [Border; 4] =
    [Border::Constant(9.5), Border::Nearest, Border::Reflect, Border::Wrap];
pub(crate) const INTERPOLATIONS: [Interpolation; 7] = [
    Interpolation::Nearest,
    Interpolation::Bilinear,
    Interpolation::Bicubic,
    Interpolation::Spline(SplineOrder::Quadratic),
    Interpolation::Spline(SplineOrder::Cubic),
    Interpolation::Spline(SplineOrder::Quartic),
    Interpolation::Spline(SplineOrder::Quintic),
];

pub(crate) fn warped<S: PixelValue, D: PixelValue + Default>(
    warp: Warp,
    source: ArrayView3<'_, S>,
    (height, width): (usize, usize),
) -> Array3<D> {
    let mut destination = Array3::default((height, width, source.dim().2));
    warp.apply(source, destination.view_mut()).unwrap();
    destination
}

/// A picture without visible pattern.
fn picture(height: usize, width: usize, channels: usize) -> Array3<u8> {
    Array3::from_shape_fn((height, width, channels), |(row, column, channel)| {
        (row * 7919 + column * 104_729 + channel * 1_299_709).wrapping_mul(2_654_435_761) as u8
    })
}

fn bits(image: &Array3<f32>) -> Vec<u32> {
    image.iter().map(|value| value.to_bits()).collect()
}

pub(crate) fn any_warp() -> impl Strategy<Value = Warp> {
    let rows = prop::array::uniform2((-2.0..2.0f64, -2.0..2.0f64, -20.0..20.0f64));
    let general = rows.prop_map(|rows| Affine::new(rows.map(|(p, q, r)| [p, q, r])));
    let whole = (-5..5i32, -5..5i32).prop_map(|(x, y)| Affine::translation(x.into(), y.into()));
    (
        prop_oneof![3 => general, 1 => whole],
        prop::sample::select(&INTERPOLATIONS[..]),
        prop::sample::select(&BORDERS[..]),
    )
        .prop_map(|(map, interpolation, border)| Warp { map, interpolation, border })
}

pub(crate) fn side() -> std::ops::Range<usize> {
    1..40
}

proptest! {
    #[test]
    fn a_shift_by_whole_pixels_is_a_slice(
        warp in any_warp(), dx in -30..30isize, dy in -30..30isize,
        height in side(), width in side(),
    ) {
        let warp = Warp { map: Affine::translation(dx as f64, dy as f64), ..warp };
        let source = picture(height, width, 3);
        let result: Array3<u8> = warped(warp, source.view(), (20, 33));
        for ((row, column, channel), found) in result.indexed_iter() {
            let (Ok(y), Ok(x)) =
                (usize::try_from(row as isize + dy), usize::try_from(column as isize + dx))
            else { continue };
            if let Some(expected) = source.get((y, x, channel)) {
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn a_crop_is_a_slice(
        warp in any_warp(), top in 0..9usize, left in 0..9usize, below in 0..3usize,
    ) {
        let warp = Warp { map: Affine::translation(left as f64, top as f64), ..warp };
        let source = picture(top + 5 + below, left + 18, 2);
        let window = s![top..top + 5, left.., ..];
        prop_assert_eq!(warped::<_, u8>(warp, source.view(), (5, 18)), source.slice(window));

        let mut scaled = Array3::<f32>::zeros((5, 18, 2));
        warp.apply_scaled(source.view(), scaled.view_mut(), &[0.3, 2.0], &[0.1, -7.0]).unwrap();
        for ((row, column, channel), found) in scaled.indexed_iter() {
            let value = f32::from(source[[top + row, left + column, channel]]);
            prop_assert_eq!(*found, value * [0.3, 2.0][channel] + [0.1, -7.0][channel]);
        }
    }

    #[test]
    fn any_memory_layout_gives_the_same_bits(
        warp in any_warp(), height in side(), width in side(), channels in 1..7usize,
    ) {
        let source = picture(height, width, channels);
        let expected: Array3<f32> = warped(warp, source.view(), (7, 21));

        // Channels first, on either side.
        let planes = source.view().permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
        let mut found = Array3::<f32>::zeros((channels, 7, 21));
        let destination = found.view_mut().permuted_axes([1, 2, 0]);
        warp.apply(planes.view().permuted_axes([1, 2, 0]), destination).unwrap();
        prop_assert_eq!(bits(&found.permuted_axes([1, 2, 0]).as_standard_layout().into_owned()),
            bits(&expected));

        // With gaps, and backwards.
        let mut roomy = Array3::<u8>::zeros((2 * height, width + 1, channels + 1));
        let window = s![..;-2, 1.., ..channels];
        roomy.slice_mut(window).assign(&source);
        let mut found = Array3::<f32>::zeros((7, 42, channels + 2));
        warp.apply(roomy.slice(window), found.slice_mut(s![.., 1..;2, 2..])).unwrap();
        prop_assert_eq!(
            bits(&found.slice(s![.., 1..;2, 2..]).as_standard_layout().into_owned()),
            bits(&expected)
        );
        prop_assert!(found.slice(s![.., ..;2, ..]).iter().all(|gap| *gap == 0.0));
    }

    #[test]
    fn every_channel_is_warped_alone(
        warp in any_warp(), height in side(), width in side(), channels in 1..11usize,
    ) {
        let source = picture(height, width, channels);
        let together: Array3<f32> = warped(warp, source.view(), (6, 18));
        let alone: Vec<Array3<f32>> = source
            .axis_chunks_iter(Axis(2), 1)
            .map(|channel| warped(warp, channel, (6, 18)))
            .collect();
        let alone: Vec<_> = alone.iter().map(|channel| channel.view()).collect();
        prop_assert_eq!(bits(&together), bits(&concatenate(Axis(2), &alone).unwrap()));
    }

    #[test]
    fn scaling_in_the_same_pass_equals_scaling_afterwards(
        warp in any_warp(), height in side(), width in side(), channels in 1..7usize,
        factors in prop::collection::vec((-3.0..3.0f32, -9.0..9.0f32), 7),
    ) {
        let source = picture(height, width, channels);
        let (scale, shift): (Vec<f32>, Vec<f32>) = factors.into_iter().take(channels).unzip();
        let mut afterwards: Array3<f32> = warped(warp, source.view(), (9, 17));
        for ((_, _, channel), value) in afterwards.indexed_iter_mut() {
            *value = *value * scale[channel] + shift[channel];
        }
        let mut at_once = Array3::<f32>::zeros((9, 17, channels));
        warp.apply_scaled(source.view(), at_once.view_mut(), &scale, &shift).unwrap();
        prop_assert_eq!(bits(&at_once), bits(&afterwards));
    }

    #[test]
    fn bytes_and_floats_give_the_same_bits(
        warp in any_warp(), height in side(), width in side(),
    ) {
        let source = picture(height, width, 2);
        let from_bytes: Array3<f32> = warped(warp, source.view(), (9, 17));
        let from_floats: Array3<f32> = warped(warp, source.mapv(f32::from).view(), (9, 17));
        prop_assert_eq!(bits(&from_bytes), bits(&from_floats));
        let rounded: Array3<u8> = warped(warp, source.view(), (9, 17));
        prop_assert_eq!(from_bytes.mapv(|value| (value + 0.5).floor() as u8), rounded);
    }

    #[test]
    fn flipping_twice_is_the_identity(warp in any_warp(), height in side(), width in side()) {
        let source = picture(height, width, 3).mapv(|value| f32::from(value) / 7.0);
        for map in [Affine::flip_horizontal(width), Affine::flip_vertical(height)] {
            let warp = Warp { map, ..warp };
            let once: Array3<f32> = warped(warp, source.view(), (height, width));
            let twice: Array3<f32> = warped(warp, once.view(), (height, width));
            prop_assert_eq!(&twice, &source);
        }
    }
}

proptest! {
    /// Every second pixel, and every second row, of an image at twice the size is one of its
    /// pixels; the map is not one that is copied.
    #[test]
    fn a_spline_goes_through_the_pixels(
        order in 2..=5u8, border in prop::sample::select(&BORDERS[..]),
        height in side(), width in side(), channels in 1..6usize,
    ) {
        let interpolation = Interpolation::from_order(order).unwrap();
        let warp = Warp { map: Affine::scale(0.5, 0.5), interpolation, border };
        let source = picture(height, width, channels);
        let doubled: Array3<f32> = warped(warp, source.view(), (2 * height, 2 * width));
        let pixels = doubled.slice(s![..;2, ..;2, ..]);
        for (found, expected) in pixels.iter().zip(&source) {
            prop_assert!((found - f32::from(*expected)).abs() < 2e-5, "{found} for {expected}");
        }
        let bytes: Array3<u8> = warped(warp, source.view(), (2 * height, 2 * width));
        prop_assert_eq!(bytes.slice(s![..;2, ..;2, ..]), source);
    }

    /// A plane is its own spline, but for what mirroring it at the edges makes of it.
    #[test]
    fn a_spline_through_a_plane_is_the_plane_away_from_the_edges(
        order in 2..=5u8, border in prop::sample::select(&BORDERS[..]),
        (across, down) in (-2.0..2.0f32, -2.0..2.0f32), (x, y) in (0.0..1.0f64, 0.0..1.0f64),
    ) {
        let interpolation = Interpolation::from_order(order).unwrap();
        let plane = |x: f32, y: f32| across * x + down * y;
        let source = Array3::from_shape_fn((50, 60, 1), |(row, column, _)| {
            plane(column as f32, row as f32)
        });
        let map = Affine::translation(20.0 + x, 20.0 + y);
        let found: Array3<f32> = warped(Warp { map, interpolation, border }, source.view(), (9, 19));
        for ((row, column, _), found) in found.indexed_iter() {
            let expected = plane((column as f64 + 20.0 + x) as f32, (row as f64 + 20.0 + y) as f32);
            prop_assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
        }
    }
}

#[test]
fn orders_are_those_of_scipy() {
    assert_eq!(Interpolation::from_order(0), Ok(Interpolation::Nearest));
    assert_eq!(Interpolation::from_order(1), Ok(Interpolation::Bilinear));
    for order in 2..=5 {
        let spline = SplineOrder::try_from(order).unwrap();
        assert_eq!(u8::from(spline), order);
        assert_eq!(Interpolation::from_order(order), Ok(Interpolation::Spline(spline)));
    }
    for order in 6..=u8::MAX {
        assert_eq!(Interpolation::from_order(order), Err(Error::InterpolationOrder { order }));
    }
    for order in [0, 1, 6, u8::MAX] {
        assert_eq!(SplineOrder::try_from(order), Err(Error::SplineOrder { order }));
    }
}

#[test]
fn a_spline_that_no_memory_holds_is_refused() {
    let pixel = ndarray::ArrayView3::from_shape((1, 1, 1), &[0u8]).unwrap();
    let side = 1 << 29;
    let vast = pixel.broadcast((side, side, 1)).unwrap();
    let warp = Warp {
        map: Affine::translation(0.5, 0.0),
        interpolation: Interpolation::Spline(SplineOrder::Cubic),
        border: Border::Reflect,
    };
    let error = warp.apply(vast, Array3::<u8>::zeros((1, 1, 1)).view_mut()).unwrap_err();
    assert!(matches!(error, Error::SplineMemory { height, .. } if height == side), "{error}");
}

#[test]
fn the_identity_is_a_copy() {
    let source = picture(19, 37, 3);
    for interpolation in INTERPOLATIONS {
        let warp = Warp { interpolation, ..Warp::default() };
        assert_eq!(warped::<_, u8>(warp, source.view(), (19, 37)), source);
    }
}

#[test]
fn flips_are_slices_with_a_negative_step() {
    let source = picture(19, 37, 3);
    for interpolation in INTERPOLATIONS {
        let across = Warp { map: Affine::flip_horizontal(37), interpolation, ..Warp::default() };
        let mirrored: Array3<u8> = warped(across, source.view(), (19, 37));
        assert_eq!(mirrored, source.slice(s![.., ..;-1, ..]));

        let down = Warp { map: Affine::flip_vertical(19), interpolation, ..Warp::default() };
        let mirrored: Array3<u8> = warped(down, source.view(), (19, 37));
        assert_eq!(mirrored, source.slice(s![..;-1, .., ..]));
    }
}

#[test]
fn a_quarter_turn_permutes_the_pixels() {
    for side in [18, 33] {
        let source = picture(side, side, 2).mapv(|value| f32::from(value) / 3.0);
        let parameters = AffineParameters { rotation: 90.0, ..AffineParameters::default() };
        let map = parameters.to_affine(side, side);
        for border in BORDERS {
            let warp = Warp { map, border, ..Warp::default() };
            let turned: Array3<f32> = warped(warp, source.view(), (side, side));
            let clockwise = source.slice(s![..;-1, .., ..]).permuted_axes([1, 0, 2]);
            assert_eq!(turned, clockwise);
        }
    }
}

#[test]
fn resizing_by_two_halves_is_the_mean_of_four() {
    let source = picture(6, 40, 1);
    let warp = Warp { map: Affine::resize((3, 20), (6, 40)), ..Warp::default() };
    let halved: Array3<f32> = warped(warp, source.view(), (3, 20));
    for (found, four) in halved.iter().zip(source.exact_chunks((2, 2, 1))) {
        assert_eq!(*found, four.mapv(f32::from).sum() / 4.0);
    }
}

#[test]
fn precision_does_not_fade_along_the_row() {
    let tile = picture(1, 64, 1);
    let source = Array3::from_shape_fn((1, 64 * 2000, 1), |(_, x, _)| tile[[0, x % 64, 0]]);
    let warp = Warp { map: Affine::translation(0.3, 0.0), ..Warp::default() };
    let result: Array3<f32> = warped(warp, source.view(), (1, 64 * 1999));
    for (column, value) in result.iter().enumerate() {
        let error = (value - result[[0, column % 64, 0]]).abs();
        assert!(error < 1e-4, "{error} at column {column}");
    }
}

#[test]
fn bytes_are_rounded_half_up_and_saturated() {
    let source = array![[[0.5f32, 1.5, 2.499, -3.0, 254.5, 255.4, 999.0, f32::NAN]]];
    let result: Array3<u8> = warped(Warp::default(), source.view(), (1, 1));
    assert_eq!(result, array![[[1u8, 2, 2, 0, 255, 255, 255, 0]]]);
}

#[test]
fn an_empty_destination_is_filled_at_once() {
    let source = picture(2, 3, 3);
    for shape in [(0, 4), (4, 0), (0, 0)] {
        assert!(warped::<_, f32>(Warp::default(), source.view(), shape).is_empty());
    }
}

#[test]
fn bad_input_is_refused() {
    let warp = Warp::default();
    let source = picture(2, 3, 3);
    let mut destination = Array3::<f32>::zeros((2, 3, 3));

    let map = Affine::translation(f64::NAN, 0.0);
    let error = Warp { map, ..warp }.apply(source.view(), destination.view_mut()).unwrap_err();
    assert!(matches!(error, Error::NotFinite { map } if map.rows()[0][2].is_nan()));

    for (height, width, channels) in [(0, 3, 3), (2, 0, 3), (2, 3, 0)] {
        let empty = picture(height, width, channels);
        assert_eq!(
            warp.apply(empty.view(), destination.view_mut()),
            Err(Error::EmptySource { height, width, channels })
        );
    }

    assert_eq!(
        warp.apply(source.slice(s![.., .., ..2]), destination.view_mut()),
        Err(Error::ChannelMismatch { source_channels: 2, destination_channels: 3 })
    );

    let long = ndarray::ArrayView3::from_shape((1, 1, 1), &[0u8]).unwrap();
    let limit = 1 << 29;
    let long = long.broadcast((1, limit + 1, 1)).unwrap();
    assert_eq!(
        warp.apply(long, Array3::<u8>::zeros((1, 1, 1)).view_mut()),
        Err(Error::SourceTooLarge { height: 1, width: limit + 1, limit })
    );

    for (name, scale, shift) in [("scale", 2, 3), ("shift", 3, 4)] {
        let (scale, shift) = (vec![1.0; scale], vec![0.0; shift]);
        let error = warp.apply_scaled(source.view(), destination.view_mut(), &scale, &shift);
        let given = if name == "scale" { scale.len() } else { shift.len() };
        assert_eq!(error, Err(Error::FactorCount { name, given, channels: 3 }));
    }
    assert!(destination.iter().all(|value| *value == 0.0), "errors leave the destination alone");
}

#[test]
fn warps_survive_serialisation() {
    let warp = Warp {
        map: Affine::scale(0.5, 2.0),
        interpolation: Interpolation::Nearest,
        border: Border::Constant(0.25),
    };
    let text = serde_json::to_string(&warp).unwrap();
    assert_eq!(
        text,
        r#"{"map":[[0.5,0.0,0.0],[0.0,2.0,0.0]],"interpolation":"nearest","border":{"constant":0.25}}"#
    );
    assert_eq!(serde_json::from_str::<Warp>(&text).unwrap(), warp);
    assert_eq!(serde_json::to_string(&Border::Wrap).unwrap(), r#""wrap""#);

    let spline = Interpolation::Spline(SplineOrder::Cubic);
    assert_eq!(serde_json::to_string(&spline).unwrap(), r#"{"spline":3}"#);
    assert_eq!(serde_json::from_str::<Interpolation>(r#"{"spline":3}"#).unwrap(), spline);
    for refused in [r#"{"spline":1}"#, r#"{"spline":6}"#, r#"{"spline":"3"}"#, r#""spline""#] {
        assert!(serde_json::from_str::<Interpolation>(refused).is_err(), "{refused}");
    }
}
