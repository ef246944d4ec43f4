//! Group and instance normalisation: each sample is a batch of its own, and some of its channels
//! share statistics. With `n` values in a group, and sums over it:
//!
//! ```text
//! y  = gamma * x_hat + beta,    x_hat = (x - mean) * inv_std
//! dx = inv_std * (gamma * dy - (sum gamma * dy + x_hat * sum gamma * dy * x_hat) / n)
//! ```

use mizumashi_stats::{Layout, WeightedMoments};
use ndarray::{ArrayView, ArrayView2, ArrayViewMut, ArrayViewMut2, Axis, Dimension};
use rayon::prelude::*;

use crate::backward::add_sums;
use crate::forward::{coefficients, standardise};
use crate::kernel::{Operand, View, map, moments, reduce, shaped, with_shaped_mut};
use crate::saved::Standardisation;
use crate::{Error, Real};

/// The largest number of stripes of samples, each of which keeps its own sums for every channel.
const STRIPES: usize = 64;

/// A batch of samples whose channels are cut into groups.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Groups {
    samples: usize,
    /// How every sample is seen.
    view: View,
    groups: usize,
}

impl Groups {
    /// The groups of a batch of this shape, once it is known to fit.
    pub(crate) fn of(
        shape: &[usize],
        layout: Layout,
        groups: usize,
        channels: usize,
    ) -> Result<Self, Error> {
        View::of(shape, layout, channels)?;
        let positions = shape.iter().product::<usize>() / (shape[0] * channels);
        let view = match layout {
            Layout::Nchw => View::new(1, channels, positions),
            Layout::Nhwc => View::new(positions, channels, 1),
        };
        Ok(Self { samples: shape[0], view, groups })
    }

    /// How many groups there are in all samples.
    pub(crate) fn statistics(&self) -> usize {
        self.samples * self.groups
    }

    /// How many values are in a group.
    pub(crate) fn values(&self) -> usize {
        self.view.outer() * self.view.inner() * self.together()
    }

    /// How many channels are in a group.
    fn together(&self) -> usize {
        self.view.channels() / self.groups
    }

    fn shape(&self) -> (usize, usize, usize) {
        let (lines, width) = self.view.dim();
        (self.samples, lines, width)
    }

    /// Writes `y`, and returns what each group of each sample was standardised by.
    pub(crate) fn forward<T: Real, D: Dimension>(
        &self,
        epsilon: f64,
        [gamma, beta]: [&[T]; 2],
        x: ArrayView<'_, T, D>,
        y: ArrayViewMut<'_, T, D>,
    ) -> Result<Vec<Standardisation>, Error> {
        let (view, x) = (self.view, shaped(&x, self.shape())?);
        let mut all = vec![Standardisation::new(0.0, 1.0, epsilon); self.statistics()];
        with_shaped_mut(y, self.shape(), |mut y| {
            let y = y.axis_iter_mut(Axis(0)).into_par_iter();
            y.zip(all.par_chunks_mut(self.groups)).enumerate().for_each(|(sample, (y, all))| {
                let x = x.index_axis(Axis(0), sample);
                let channels = reduce(view, [Operand::Each(x)], x, |tile, all| {
                    moments(view, tile.inputs, all);
                });
                for (by, channels) in all.iter_mut().zip(channels.chunks(self.together())) {
                    let mut group = WeightedMoments::default();
                    channels.iter().for_each(|channel| group.merge(channel));
                    *by = Standardisation::new(group.mean(), group.variance(), epsilon);
                }
                let by: Vec<_> = (0..view.channels())
                    .map(|channel| {
                        let by = &all[channel / self.together()];
                        coefficients(by, gamma[channel].into(), beta[channel].into())
                    })
                    .collect();
                standardise(view, Some(x), &by, y);
            });
        })?;
        Ok(all)
    }

    /// Writes `dx`, and returns for each channel the sums of `dy * x_hat` and of `dy`.
    pub(crate) fn backward<T: Real, D: Dimension>(
        &self,
        gamma: &[T],
        by: &[Standardisation],
        [x, dy]: [ArrayView<'_, T, D>; 2],
        dx: ArrayViewMut<'_, T, D>,
    ) -> Result<[Vec<f64>; 2], Error> {
        let (x, dy) = (shaped(&x, self.shape())?, shaped(&dy, self.shape())?);
        let channels = self.view.channels();
        let stripe = self.samples.div_ceil(STRIPES);
        let parts: Vec<[Vec<f64>; 2]> = with_shaped_mut(dx, self.shape(), |mut dx| {
            let stripes = dx.axis_chunks_iter_mut(Axis(0), stripe).into_par_iter();
            let by = by.par_chunks(stripe * self.groups);
            let of_stripe =
                |(index, (mut dx, by)): (usize, (ndarray::ArrayViewMut3<'_, T>, &[_]))| {
                    let mut all = [(); 2].map(|()| vec![0.0; channels]);
                    let samples = dx.axis_iter_mut(Axis(0)).zip(by.chunks(self.groups)).enumerate();
                    for (sample, (dx, by)) in samples {
                        let sample = index * stripe + sample;
                        let inputs = [&x, &dy].map(|batch| batch.index_axis(Axis(0), sample));
                        self.backward_sample(gamma, by, inputs, dx, &mut all);
                    }
                    all
                };
            stripes.zip(by).enumerate().map(of_stripe).collect()
        })?;
        let mut all = [(); 2].map(|()| vec![0.0; channels]);
        for part in &parts {
            for (all, part) in all.iter_mut().zip(part) {
                all.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
        }
        Ok(all)
    }

    /// Writes `dx` of a sample, and adds its sums to those of its channels.
    fn backward_sample<T: Real>(
        &self,
        gamma: &[T],
        by: &[Standardisation],
        inputs: [ArrayView2<'_, T>; 2],
        dx: ArrayViewMut2<'_, T>,
        all: &mut [Vec<f64>; 2],
    ) {
        let (view, together) = (self.view, self.together());
        let sums = reduce(view, inputs.map(Operand::Each), inputs[0], |tile, all| {
            let first = tile.channels.start;
            add_sums(view, tile.inputs, |channel| by[(first + channel) / together].mean, all);
        });
        let mut parameters = Vec::with_capacity(view.channels());
        for (group, &Standardisation { mean, inv_std, .. }) in by.iter().enumerate() {
            let channels = group * together..(group + 1) * together;
            let [mut plain, mut along] = [0.0; 2];
            for channel in channels.clone() {
                let gamma: f64 = gamma[channel].into();
                plain += gamma * sums[channel][0];
                along += gamma * sums[channel][1];
                all[0][channel] += inv_std * sums[channel][1];
                all[1][channel] += sums[channel][0];
            }
            let values = self.values() as f64;
            let pull = -inv_std * inv_std * inv_std * along / values;
            let centre = T::of(mean);
            let offset = pull * (centre.into() - mean) - inv_std * plain / values;
            parameters.extend(channels.map(|channel| {
                let slope = gamma[channel].into() * inv_std;
                [T::of(slope), T::of(pull), centre, T::of(offset)]
            }));
        }
        map(view, inputs.map(Operand::Each), &parameters, dx, |[x, dy], _, by| {
            let [slope, pull, centre, offset] = by;
            slope * dy + (pull * (x - centre) + offset)
        });
    }
}
