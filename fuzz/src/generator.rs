//! Generators of any arguments over images of any shape.

use arbitrary::{Arbitrary, Result, Unstructured};
use mizumashi::affine::Interpolation;
use mizumashi::stats::Layout;
use mizumashi::transform::Fidelity;
use mizumashi::whitening::{Scope, Whitener};
use mizumashi::{Error, ImageDataGenerator, Pixel};
use ndarray::{Array1, ArrayView4};

use crate::affine::AnyShift;
use crate::images;
use crate::warp::AnyBorder;

#[derive(Debug, Arbitrary)]
struct Input {
    rotation: Option<Number>,
    shear: Option<Number>,
    shifts: [AnyShift; 2],
    zoom: Option<(Number, Number)>,
    flips: [bool; 2],
    border: Option<AnyBorder>,
    order: Option<u8>,
    channel_shift: Option<Number>,
    brightness: Option<(Number, Number)>,
    rescale: Option<f32>,
    samplewise: [bool; 2],
    featurewise: [bool; 2],
    whitening: u8,
    epsilon: Option<f64>,
    exact: bool,
    channels_first: bool,
    compat: bool,
    shape: [u8; 4],
    labels: u8,
    batch_sizes: [u8; 2],
    shuffle: bool,
    seed: u64,
    resume: (u64, u8),
    floats: bool,
    special: Option<f32>,
}

/// A number of any bits, or an ordinary one.
#[derive(Debug, Clone, Copy)]
struct Number(f64);

impl Arbitrary<'_> for Number {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self(match bool::arbitrary(input)? {
            true => f64::arbitrary(input)?,
            false => f64::from(i16::arbitrary(input)?) / 256.0,
        }))
    }
}

/// The bytes stand for the arguments, the images, and how they are served.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let [samples, height, width, channels] = input.shape.map(usize::from);
    let (samples, height, width, channels) = (samples % 6, height % 11, width % 11, channels % 5);
    let image = images::bytes((samples * height, width, channels), 3);
    let mut x = image.to_shape((samples, height, width, channels)).unwrap().to_owned();
    if input.channels_first {
        x = x.permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
    }
    let mut floats = x.mapv(f32::from);
    if let (Some(value), Some(slot)) = (input.special, floats.last_mut()) {
        *slot = value;
    }
    let Ok(generator) = built(&input) else { return };
    match input.floats {
        true => serve(generator, floats.view(), &input),
        false => serve(generator, x.view(), &input),
    }
}

fn built(input: &Input) -> std::result::Result<ImageDataGenerator, Error> {
    let [height_shift, width_shift] = [&input.shifts[0], &input.shifts[1]].map(shift);
    let mut builder = ImageDataGenerator::builder()
        .height_shift_range(height_shift)
        .width_shift_range(width_shift)
        .horizontal_flip(input.flips[0])
        .vertical_flip(input.flips[1])
        .samplewise_center(input.samplewise[0])
        .samplewise_std_normalization(input.samplewise[1])
        .featurewise_center(input.featurewise[0])
        .featurewise_std_normalization(input.featurewise[1])
        .fidelity(if input.exact { Fidelity::Exact } else { Fidelity::Fused })
        .data_format(if input.channels_first { Layout::Nchw } else { Layout::Nhwc })
        .keras_compat(input.compat);
    builder = match input.whitening % 8 {
        0 => builder.zca_whitening(true),
        1 => builder.whitening(Whitener::zca(), Scope::Channels),
        2 => builder.whitening(Whitener::pca(), Scope::Pixels),
        3 => builder.whitening(Whitener::pca(), Scope::Channels),
        _ => builder,
    };
    if let Some(Number(degrees)) = input.rotation {
        builder = builder.rotation_range(degrees);
    }
    if let Some(Number(degrees)) = input.shear {
        builder = builder.shear_range(degrees);
    }
    if let Some((Number(low), Number(high))) = input.zoom {
        builder = builder.zoom_range((low, high));
    }
    if let Some(border) = input.border {
        builder = builder.fill_mode(border.into());
    }
    match input.order {
        Some(255) => builder = builder.interpolation(Interpolation::Bicubic),
        Some(order) => builder = builder.interpolation_order(order % 8),
        None => {}
    }
    if let Some(Number(range)) = input.channel_shift {
        builder = builder.channel_shift_range(range);
    }
    if let Some((Number(low), Number(high))) = input.brightness {
        builder = builder.brightness_range(low, high);
    }
    if let Some(factor) = input.rescale {
        builder = builder.rescale(factor);
    }
    if let Some(epsilon) = input.epsilon {
        builder = builder.zca_epsilon(epsilon);
    }
    builder.build()
}

fn shift(shift: &AnyShift) -> mizumashi::affine::Shift {
    shift.clone().into()
}

/// Serves two epochs in batches of two sizes: the same images.
fn serve<P: Pixel>(mut generator: ImageDataGenerator, x: ArrayView4<'_, P>, input: &Input) {
    let _ = generator.fit(&x);
    let _ = generator.standardize(&x);
    let labels = Array1::from_iter(0..usize::from(input.labels % 6));
    let [first, second] = input.batch_sizes.map(|size| {
        let flow = generator.flow(&x, &labels, usize::from(size % 8))?;
        let flow = flow.seed(input.seed).shuffle(input.shuffle);
        let mut flow = flow.resume_at(input.resume.0, usize::from(input.resume.1))?;
        let mut images = Vec::new();
        let end = flow.epoch().wrapping_add(2);
        while flow.epoch() != end {
            let batch = flow.next_batch()?;
            assert_eq!(batch.y.len(), batch.indices.len());
            images.extend(batch.x.outer_iter().map(|image| image.mapv(f32::to_bits)));
        }
        Ok::<_, Error>(images)
    });
    if let (Ok(first), Ok(second)) = (first, second) {
        assert!(first == second, "the batch size does not show");
    }
}
