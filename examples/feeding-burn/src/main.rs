//! Batches of mizumashi train a little convolutional network of [Burn], on the CPU.
//!
//! ```sh
//! cargo run --manifest-path examples/feeding-burn/Cargo.toml                        # generated
//! cargo run --manifest-path examples/feeding-burn/Cargo.toml -- cifar-10-batches-bin
//! ```
//!
//! A batch is laid out as the network wants it, (sample, channel, row, column), and its memory
//! becomes the tensor's: nothing is copied.
//!
//! [Burn]: https://burn.dev

use std::error::Error;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use mizumashi::data::{Synthetic, cifar};
use mizumashi::stats::Layout;
use mizumashi::{Batch, ImageDataGenerator, ndarray::Array1};

const STEPS: usize = 60;

/// Two convolutions that halve the picture, and a layer that names it.
#[derive(Module, Debug)]
struct Network {
    first: Conv2d,
    second: Conv2d,
    last: Linear,
}

impl Network {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let hidden = relu(self.second.forward(relu(self.first.forward(images))));
        self.last.forward(hidden.flatten(1, 3))
    }
}

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

    let device = Device::flex().autodiff();
    device.seed(1);
    let half = |from, to| {
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        Conv2dConfig::new([from, to], [3, 3]).with_stride([2, 2]).with_padding(padding)
    };
    let mut network = Network {
        first: half(3, 16).init(&device),
        second: half(16, 32).init(&device),
        last: LinearConfig::new(32 * 8 * 8, data.train.class_count()).init(&device),
    };
    let cross_entropy = CrossEntropyLossConfig::new().init(&device);
    let mut optimiser = AdamConfig::new().init();

    let mut losses = Vec::new();
    for batch in datagen.flow(&x, data.train.labels(), 64)?.seed(1).take(STEPS) {
        let (images, labels) = tensors(batch?, &device);
        let loss = cross_entropy.forward(network.forward(images), labels);
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimiser.step(2e-3, network, gradients);
        losses.push(loss.into_scalar::<f32>());
    }
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (before, after) = (mean(&losses[..5]), mean(&losses[STEPS - 5..]));
    println!("loss of the first five batches {before:.3}, of the last five {after:.3}");
    if after < 0.9 * before { Ok(()) } else { Err("the network has learnt nothing".into()) }
}

/// Images and class numbers as tensors.
fn tensors(batch: Batch<Array1<usize>>, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let (count, channels, height, width) = batch.x.dim();
    let shape = [count, channels, height, width];
    let images = TensorData::new(batch.x.into_raw_vec_and_offset().0, shape);
    let labels: Vec<i64> = batch.y.iter().map(|&class| class as i64).collect();
    let labels = TensorData::new(labels, [count]);
    (Tensor::from_data(images, device), Tensor::from_data(labels, device))
}

#[cfg(test)]
#[test]
fn the_loss_falls() -> Result<(), Box<dyn Error>> {
    main()
}
