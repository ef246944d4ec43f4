//! Statistics in JSON: moments, histograms, covariances.

use std::fmt::Debug;

use mizumashi::Fitted;
use mizumashi::stats::{
    Accumulator, BinnedHistogram, Covariance, Histogram, IntegerCovariance, IntegerMoments,
    JointSummary, Layout, Moments, Statistics,
};
use ndarray::{Array2, Array4, arr1};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::stored;

/// The first byte selects the type; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&selector, file)) = data.split_first() else { return };
    let Ok(json) = std::str::from_utf8(file) else { return };
    match selector % 10 {
        0 => accumulator::<Moments>(json, 1.5),
        1 => accumulator::<IntegerMoments>(json, 7),
        2 => accumulator::<Histogram>(json, 7),
        3 => grouped::<Moments>(json, 1.5),
        4 => grouped::<IntegerMoments>(json, 7),
        5 => grouped::<Histogram>(json, 7),
        6 => {
            let Some(mut histogram) = stored::read::<BinnedHistogram>(json) else { return };
            let _ = histogram.update(arr1(&[1.0, -3.0, 1e30]).view());
            let other = histogram.clone();
            let _ = histogram.merge(&other);
            histogram.edges();
            histogram.count();
        }
        7 => {
            let Some(mut covariance) = stored::read::<Covariance>(json) else { return };
            let _ = covariance.update(Array2::<f32>::ones((2, covariance.dims())).view());
            let other = covariance.clone();
            let _ = covariance.merge(&other);
            joint(&covariance);
        }
        8 => {
            let Some(mut covariance) = stored::read::<IntegerCovariance>(json) else { return };
            let _ = covariance.update(Array2::<u8>::ones((2, covariance.dims())).view());
            let other = covariance.clone();
            let _ = covariance.merge(&other);
            joint(&covariance);
        }
        _ => {
            let Some(fitted) = stored::read::<Fitted>(json) else { return };
            let builder = mizumashi::ImageDataGenerator::builder();
            let mut generator = builder
                .featurewise_center(true)
                .featurewise_std_normalization(true)
                .build()
                .unwrap();
            if generator.restore(fitted.clone()).is_ok() {
                let images = Array4::<u8>::ones((2, 3, 3, fitted.mean().len().min(64)));
                let _ = generator.standardize(&images);
            }
        }
    }
}

fn accumulator<A>(json: &str, value: A::Value)
where
    A: Accumulator<Value: Copy> + Serialize + DeserializeOwned + Debug,
{
    let Some(mut state) = stored::read::<A>(json) else { return };
    state.push(value);
    let other = state.clone();
    state.merge(&other);
    let _ = (state.count(), state.mean(), state.variance(), state.min(), state.max());
    let _ = (state.sample_variance(), state.std());
}

fn grouped<A>(json: &str, value: A::Value)
where
    A: Accumulator<Value: Copy> + Serialize + DeserializeOwned + Debug,
{
    let Some(mut statistics) = stored::read::<Statistics<A>>(json) else { return };
    let small = |[height, width, channels]: &[usize; 3]| {
        height.saturating_mul(*width).saturating_mul(*channels) <= 1 << 12
    };
    if let Some([height, width, channels]) = statistics.image_shape().filter(small) {
        let batch = Array4::from_elem((2, height, width, channels), value);
        let _ = statistics.update(batch.view(), Layout::Nhwc);
    }
    let other = statistics.clone();
    let _ = statistics.merge(&other);
    let groups = statistics.groups().len();
    assert_eq!(statistics.mean().len(), groups);
    assert_eq!(statistics.std().len(), groups);
}

fn joint(covariance: &impl JointSummary) {
    let dims = covariance.dims();
    assert_eq!(covariance.mean().len(), dims);
    assert_eq!(covariance.covariance().dim(), (dims, dims));
    assert_eq!(covariance.sample_covariance().dim(), (dims, dims));
}
