//! One resampling on one thread: `cargo bench -p mizumashi-affine --bench warp`.

#![allow(clippy::expect_used, reason = "a benchmark may panic")]

use divan::counter::ItemsCount;
use mizumashi_affine::{AffineParameters, Border, Interpolation, PixelValue, SplineOrder, Warp};
use ndarray::Array3;

fn main() {
    divan::main();
}

const SIDES: [usize; 3] = [32, 224, 512];

/// A turn by 20 degrees about the centre.
fn turn(side: usize, interpolation: Interpolation, border: Border) -> Warp {
    let parameters = AffineParameters { rotation: 20.0, ..AffineParameters::default() };
    Warp { map: parameters.to_affine(side, side), interpolation, border }
}

fn image<S: PixelValue>(side: usize) -> Array3<S> {
    Array3::from_shape_fn((side, side, 3), |(y, x, c)| {
        S::from_f32(((y * 7 + x * 31 + c) % 256) as f32)
    })
}

fn time<S: PixelValue, D: PixelValue>(
    bencher: divan::Bencher<'_, '_>,
    side: usize,
    warp: Warp,
    channels_first: bool,
) {
    let source = image::<S>(side);
    let mut target = if channels_first {
        image::<D>(side)
            .permuted_axes([2, 0, 1])
            .as_standard_layout()
            .into_owned()
            .permuted_axes([1, 2, 0])
    } else {
        image::<D>(side)
    };
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        warp.apply(source.view(), target.view_mut()).expect("the sizes agree");
    });
}

macro_rules! cases {
    ($($name:ident: $from:ty => $to:ty, $interpolation:ident $(($order:ident))?, $border:expr, $channels_first:expr;)*) => {$(
        #[divan::bench(args = SIDES)]
        fn $name(bencher: divan::Bencher<'_, '_>, side: usize) {
            let interpolation = Interpolation::$interpolation $((SplineOrder::$order))?;
            let warp = turn(side, interpolation, $border);
            time::<$from, $to>(bencher, side, warp, $channels_first);
        }
    )*};
}

cases! {
    bilinear_u8_to_f32_nhwc: u8 => f32, Bilinear, Border::Nearest, false;
    bilinear_u8_to_f32_nchw: u8 => f32, Bilinear, Border::Nearest, true;
    bilinear_u8_to_f32_constant: u8 => f32, Bilinear, Border::Constant(0.0), false;
    bilinear_u8_to_f32_reflect: u8 => f32, Bilinear, Border::Reflect, false;
    bilinear_u8_to_u8: u8 => u8, Bilinear, Border::Nearest, false;
    bilinear_u8_to_u8_nchw: u8 => u8, Bilinear, Border::Nearest, true;
    bilinear_f32_to_f32: f32 => f32, Bilinear, Border::Nearest, false;
    nearest_u8_to_u8: u8 => u8, Nearest, Border::Nearest, false;
    nearest_f32_to_f32: f32 => f32, Nearest, Border::Nearest, false;
    bicubic_u8_to_u8: u8 => u8, Bicubic, Border::Nearest, false;
    bicubic_u8_to_f32: u8 => f32, Bicubic, Border::Nearest, false;
    bicubic_f32_to_f32: f32 => f32, Bicubic, Border::Nearest, false;
    quadratic_spline_u8_to_f32: u8 => f32, Spline(Quadratic), Border::Nearest, false;
    cubic_spline_u8_to_f32: u8 => f32, Spline(Cubic), Border::Nearest, false;
    cubic_spline_u8_to_f32_reflect: u8 => f32, Spline(Cubic), Border::Reflect, false;
    quintic_spline_u8_to_f32: u8 => f32, Spline(Quintic), Border::Nearest, false;
}
