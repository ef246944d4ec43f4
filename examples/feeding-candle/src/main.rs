//! Batches of mizumashi train a little convolutional network of [candle], on the CPU.
//!
//! ```sh
//! cargo run --manifest-path examples/feeding-candle/Cargo.toml                        # generated
//! cargo run --manifest-path examples/feeding-candle/Cargo.toml -- cifar-10-batches-bin
//! ```
//!
//! A batch is laid out as the network wants it, (sample, channel, row, column), and its memory
//! becomes the tensor's: nothing is copied.
//!
//! [candle]: https://github.com/huggingface/candle

use std::error::Error;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::{AdamW, Conv2dConfig, Optimizer, VarBuilder, VarMap, conv2d, linear, loss};
use mizumashi::data::{Synthetic, cifar};
use mizumashi::stats::Layout;
use mizumashi::{Batch, ImageDataGenerator, ndarray::Array1};

const STEPS: usize = 60;

fn main() -> Result<(), Box<dyn Error>> {
    let data = match std::env::args_os().nth(1) {
        Some(folder) => cifar::open_cifar10(folder)?,
        None => Synthetic { train: 2000, test: 0, ..Default::default() }.generate()?,
    };
    let x = data.train.images().view().permuted_axes([0, 3, 1, 2]); // channels first, not copied
    let mut datagen = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .width_shift_range(0.1)
        .horizontal_flip(true)
        .data_format(Layout::Nchw)
        .build()?;
    datagen.fit(&x)?;

    let device = Device::Cpu;
    let variables = VarMap::new();
    let build = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let half = Conv2dConfig { stride: 2, padding: 1, ..Default::default() };
    let first = conv2d(3, 16, 3, half, build.pp("first"))?;
    let second = conv2d(16, 32, 3, half, build.pp("second"))?;
    let last = linear(32 * 8 * 8, data.train.class_count(), build.pp("last"))?;
    let mut optimiser = AdamW::new_lr(variables.all_vars(), 2e-3)?;

    let mut losses = Vec::new();
    for batch in datagen.flow(&x, data.train.labels(), 64)?.seed(1).take(STEPS) {
        let (images, labels) = tensors(batch?, &device)?;
        let hidden = second.forward(&first.forward(&images)?.relu()?)?.relu()?;
        let loss = loss::cross_entropy(&last.forward(&hidden.flatten_from(1)?)?, &labels)?;
        optimiser.backward_step(&loss)?;
        losses.push(loss.to_scalar::<f32>()?);
    }
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (before, after) = (mean(&losses[..5]), mean(&losses[STEPS - 5..]));
    println!("loss of the first five batches {before:.3}, of the last five {after:.3}");
    if after < 0.9 * before { Ok(()) } else { Err("the network has learnt nothing".into()) }
}

/// Images and class numbers as tensors, in the memory they are in.
fn tensors(batch: Batch<Array1<usize>>, device: &Device) -> candle_core::Result<(Tensor, Tensor)> {
    let shape = batch.x.dim();
    let images = Tensor::from_vec(batch.x.into_raw_vec_and_offset().0, shape, device)?;
    let labels: Vec<u32> = batch.y.iter().map(|&class| class as u32).collect();
    let count = labels.len();
    Ok((images, Tensor::from_vec(labels, count, device)?))
}

#[cfg(test)]
#[test]
fn the_loss_falls() -> Result<(), Box<dyn Error>> {
    main()
}
