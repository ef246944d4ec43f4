//! Resampling by any map, of images of any shape, type and strides.

use arbitrary::{Arbitrary, Unstructured};
use mizumashi::affine::{Affine, Border, Error, Interpolation, PixelValue, Warp};
use ndarray::{Array3, ArrayView3};

use crate::images;
use crate::strided::Strides;

#[derive(Debug, Arbitrary)]
struct Input {
    rows: [[Coefficient; 3]; 2],
    order: u8,
    border: AnyBorder,
    from: [u8; 2],
    to: [u8; 2],
    channels: u8,
    strides: [Strides; 2],
    bytes: [bool; 2],
    scaled: bool,
    seed: u8,
}

#[derive(Debug, Arbitrary)]
enum Coefficient {
    Any(f64),
    Hundredths(i16),
    Whole(i8),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum AnyBorder {
    Constant(f32),
    Nearest,
    Reflect,
    Wrap,
}

impl From<AnyBorder> for Border {
    fn from(border: AnyBorder) -> Self {
        match border {
            AnyBorder::Constant(value) => Self::Constant(value),
            AnyBorder::Nearest => Self::Nearest,
            AnyBorder::Reflect => Self::Reflect,
            AnyBorder::Wrap => Self::Wrap,
        }
    }
}

/// The bytes stand for a warp and its images.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let interpolation = match input.order % 7 {
        6 => Interpolation::Bicubic,
        order => Interpolation::from_order(order).unwrap(),
    };
    let rows = input.rows.map(|row| {
        row.map(|coefficient| match coefficient {
            Coefficient::Any(value) => value,
            Coefficient::Hundredths(value) => f64::from(value) / 100.0,
            Coefficient::Whole(value) => f64::from(value),
        })
    });
    let warp = Warp { map: Affine::new(rows), interpolation, border: input.border.into() };
    let channels = usize::from(input.channels % 7);
    let [from, to] = [input.from, input.to].map(|size| size.map(|side| usize::from(side % 48)));
    let case =
        Case { warp, to: [to[0], to[1], channels], strides: input.strides, scaled: input.scaled };
    let bytes = images::bytes((from[0], from[1], channels), input.seed);
    let floats = bytes.mapv(|value| match value {
        7 => -0.0,
        19 => f32::NAN,
        23 => f32::INFINITY,
        _ => f32::from(value).powi(2) / 57.0 - 400.0,
    });
    match input.bytes {
        [true, true] => case.check::<u8, u8>(bytes.view()),
        [true, false] => case.check::<u8, f32>(bytes.view()),
        [false, true] => case.check::<f32, u8>(floats.view()),
        [false, false] => case.check::<f32, f32>(floats.view()),
    }
}

struct Case {
    warp: Warp,
    to: [usize; 3],
    strides: [Strides; 2],
    scaled: bool,
}

impl Case {
    /// Warps from and to strided memory, and from and to contiguous memory: the same bits.
    fn check<S: PixelValue, D: PixelValue + Default>(&self, source: ArrayView3<'_, S>) {
        let (height, width, channels) = source.dim();
        let [from, to] = &self.strides;
        let mut memory = from.memory([height, width, channels], source.first().copied());
        from.view_mut(&mut memory).zip_mut_with(&source, |slot, &value| *slot = Some(value));
        let memory = memory.mapv(|value| value.unwrap_or(source[[0, 0, 0]]));
        let strided = from.view(&memory);

        let mut expected = Array3::from_elem(self.to, D::default());
        let outcome = self.warp.apply(source, expected.view_mut());
        let mut target = to.memory(self.to, D::default());
        let again = self.warp.apply(strided, to.view_mut(&mut target));
        let said =
            |outcome: &Result<(), Error>| outcome.as_ref().map_err(ToString::to_string).err();
        assert_eq!(said(&outcome), said(&again), "strides change no error");
        let found = to.view(&target);
        assert!(found.iter().zip(&expected).all(|(a, b)| same(*a, *b)), "strides do not show");
        if outcome.is_err() {
            assert!(found.iter().all(|&value| same(value, D::default())), "untouched on an error");
        }
        if self.scaled {
            let (scale, shift) = (vec![0.37_f32; channels], vec![5.0_f32; channels]);
            let mut scaled = Array3::from_elem(self.to, 0.0_f32);
            let outcome = self.warp.apply_scaled(source, scaled.view_mut(), &scale, &shift);
            assert_eq!(said(&outcome), said(&again), "scaling changes no error");
        }
    }
}

fn same<D: PixelValue>(left: D, right: D) -> bool {
    let (left, right) = (left.to_f32(), right.to_f32());
    left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
}
