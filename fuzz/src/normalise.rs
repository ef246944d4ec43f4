//! Batch normalisation and its relatives over batches of any shape and values.

use arbitrary::{Arbitrary, Unstructured};
use mizumashi::batchnorm::{
    BatchNorm, BatchNormConfig, Real, RunningAverage, RunningVariance, SampleNorm, SampleNormConfig,
};
use mizumashi::stats::Layout;
use ndarray::{Array3, ArrayView3};

use crate::strided::Strides;

#[derive(Debug, Arbitrary)]
struct Input {
    shape: [u8; 3],
    strides: Strides,
    channels: u8,
    groups: u8,
    epsilon: f64,
    ordinary: bool,
    momentum: f64,
    switches: [bool; 5],
    cumulative: Option<bool>,
    parameters: [f64; 2],
    values: Vec<f64>,
}

/// The bytes stand for a layer and a batch.
pub fn run(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    check::<f32>(&input);
    check::<f64>(&input);
}

fn check<T: Real>(input: &Input) {
    let shape = input.shape.map(|side| usize::from(side % 9));
    let [first, unbiased, scale, center, frozen] = input.switches;
    let layout = if first { Layout::Nchw } else { Layout::Nhwc };
    let epsilon = if input.ordinary { 1e-3 } else { input.epsilon };
    let config = BatchNormConfig {
        layout,
        epsilon,
        momentum: if input.ordinary { 0.1 } else { input.momentum },
        variance: if unbiased { RunningVariance::Unbiased } else { RunningVariance::Biased },
        average: match input.cumulative {
            None => RunningAverage::Exponential,
            Some(true) => RunningAverage::Cumulative,
            Some(false) => RunningAverage::Off,
        },
        scale,
        center,
        renormalisation: None,
    };
    let mut values = input.values.iter().cycle().copied().map(T::of);
    let contiguous = Array3::from_shape_fn(shape, |_| values.next().unwrap_or_else(T::one));
    let mut memory = input.strides.memory(shape, T::one());
    input.strides.view_mut(&mut memory).assign(&contiguous);
    let strided = input.strides.view(&memory);

    let channels = match input.channels % 4 {
        0 => usize::from(input.channels),
        _ if first => shape[1],
        _ => shape[2],
    };
    if let Ok(mut layer) = BatchNorm::<T>::new(channels, config) {
        layer.set_frozen(frozen);
        layer.gamma_mut().fill(T::of(input.parameters[0]));
        layer.beta_mut().fill(T::of(input.parameters[1]));
        let mut other = layer.clone();
        let (once, again) = (layer.forward(contiguous.view()), other.forward(strided));
        match (once, again) {
            (Ok((y, saved)), Ok((other_y, other_saved))) => {
                assert!(same(y.view(), other_y.view()), "strides do not show");
                assert_eq!(saved, other_saved);
                let _ = layer.backward(&saved, contiguous.view(), y.view());
            }
            (once, again) => assert_eq!(once.is_err(), again.is_err()),
        }
        let _ = layer.infer(strided);
        let _ = layer.scale_shift();
    }
    let config = SampleNormConfig { layout, epsilon, scale, center };
    let groups = usize::from(input.groups % 9);
    let norms = [
        SampleNorm::<T>::group(groups, channels, config),
        SampleNorm::layer(&shape[1..], config),
        SampleNorm::layer(&shape[2..], config),
    ];
    for norm in norms.into_iter().flatten() {
        match (norm.forward(contiguous.view()), norm.forward(strided)) {
            (Ok((y, saved)), Ok((other, _))) => {
                assert!(same(y.view(), other.view()), "strides do not show");
                let _ = norm.backward(&saved, contiguous.view(), y.view());
            }
            (once, again) => assert_eq!(once.is_err(), again.is_err()),
        }
    }
}

/// Whether two batches have the same bits, whatever a NaN's are.
fn same<T: Real>(left: ArrayView3<'_, T>, right: ArrayView3<'_, T>) -> bool {
    left.iter().zip(right).all(|(&left, &right)| {
        let (left, right): (f64, f64) = (left.into(), right.into());
        left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
    })
}
