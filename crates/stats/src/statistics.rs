use std::array::from_fn;

use ndarray::{ArrayView, ArrayView4, Axis, RemoveAxis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::finite::first_offender;
use crate::summary::{MAX_COUNT, check_total};
use crate::{Accumulator, Error, Grouping, Layout};

/// An accumulator `A` for each group of a stream of images.
///
/// `A` is [`Histogram`](crate::Histogram) or [`IntegerMoments`](crate::IntegerMoments) for `u8`
/// images, [`Moments`](crate::Moments) for `f32` images. The images come in batches of any size,
/// layout and strides; none of these shows in the result, nor does the number of threads.
///
/// Statistics per pixel need images of one shape, statistics per channel of one number of
/// channels; otherwise sizes may differ from batch to batch.
///
/// Per pixel the state is one accumulator for each value of an image, per sample one for each
/// image: up to 40 bytes for moments, 2 kB for a histogram.
///
/// ```
/// use mizumashi_stats::{Grouping, Layout, Moments, Statistics};
/// use ndarray::Array4;
///
/// let batch = Array4::from_shape_fn((4, 2, 2, 3), |(n, _, _, c)| (n + 100 * c) as f32);
/// let statistics = Statistics::<Moments>::of(batch.view(), Layout::Nhwc, Grouping::Channel)?;
/// assert_eq!(statistics.mean(), [1.5, 101.5, 201.5]);
/// assert_eq!(statistics.variance(), [1.25; 3]);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked<A>", bound(deserialize = "A: Accumulator + Deserialize<'de>"))]
pub struct Statistics<A> {
    grouping: Grouping,
    samples: u64,
    /// Height, width, channels, while all images have agreed.
    image_shape: Option<[usize; 3]>,
    groups: Vec<A>,
}

impl<A: Accumulator> Statistics<A> {
    /// Statistics of no images yet.
    pub fn new(grouping: Grouping) -> Self {
        Statistics { grouping, samples: 0, image_shape: None, groups: Vec::new() }
    }

    /// The statistics of one batch.
    ///
    /// # Errors
    ///
    /// As for [`update`](Statistics::update).
    pub fn of(
        batch: ArrayView4<'_, A::Value>,
        layout: Layout,
        grouping: Grouping,
    ) -> Result<Self, Error> {
        let mut statistics = Statistics::new(grouping);
        statistics.update(batch, layout)?;
        Ok(statistics)
    }

    /// Adds a batch of images.
    ///
    /// # Errors
    ///
    /// The statistics stay as they were, and the error is
    /// * [`Error::Empty`] when an axis of the batch is 0,
    /// * [`Error::ImageShape`] or [`Error::Channels`] when the images do not fit those before,
    /// * [`Error::NonFinitePixel`] when a value is NaN or infinite.
    pub fn update(&mut self, batch: ArrayView4<'_, A::Value>, layout: Layout) -> Result<(), Error> {
        if batch.is_empty() {
            return Err(Error::Empty { shape: batch.shape().to_vec() });
        }
        let batch = layout.to_nhwc(batch);
        let (samples, height, width, channels) = batch.dim();
        let image_shape = Some([height, width, channels]);
        self.check_fit(image_shape, channels)?;
        match self.grouping {
            Grouping::Pixel => {
                check_pixels(&batch)?;
                self.push_pixels(&batch);
            }
            Grouping::Whole | Grouping::Channel | Grouping::Sample => {
                let blocks = blocks::<A>(&batch, self.grouping);
                // A value that is not finite shows in a mean: no pass of its own looks for it.
                if blocks.iter().flatten().any(|state| !state.mean().is_finite()) {
                    check_pixels(&batch)?;
                }
                match self.grouping {
                    Grouping::Sample => self.groups.extend(blocks.into_iter().flatten()),
                    _ => blocks.iter().for_each(|block| self.merge_groups(block)),
                }
            }
        }
        self.count_images(samples as u64, image_shape);
        Ok(())
    }

    /// Adds the images of other statistics, as if they had come after these.
    ///
    /// Exact accumulators give exactly the statistics of both streams in one; those of real values
    /// agree with it up to rounding.
    ///
    /// # Errors
    ///
    /// [`Error::Grouping`], [`Error::ImageShape`] or [`Error::Channels`] when the two do not fit, and
    /// [`Error::TooMany`] when they count too many values; these statistics stay as they were.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.grouping != other.grouping {
            return Err(Error::Grouping { expected: self.grouping, found: other.grouping });
        }
        if other.samples == 0 {
            return Ok(());
        }
        self.check_fit(other.image_shape, other.groups.len())?;
        check_total(self.samples, other.samples)?;
        if self.grouping != Grouping::Sample {
            let mut pairs = self.groups.iter().zip(&other.groups);
            pairs.try_for_each(|(group, more)| check_total(group.count(), more.count()))?;
        }
        self.count_images(other.samples, other.image_shape);
        match self.grouping {
            Grouping::Sample => self.groups.extend_from_slice(&other.groups),
            _ => self.merge_groups(&other.groups),
        }
        Ok(())
    }

    /// What the values are grouped by.
    pub fn grouping(&self) -> Grouping {
        self.grouping
    }

    /// Number of images added.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Height, width and channels of the images; `None` before the first, and when they differ.
    pub fn image_shape(&self) -> Option<[usize; 3]> {
        self.image_shape
    }

    /// The accumulator of each group; none before the first batch. Pixels come in the order row,
    /// column, channel.
    pub fn groups(&self) -> &[A] {
        &self.groups
    }

    /// Mean of each group.
    pub fn mean(&self) -> Vec<f64> {
        self.groups.iter().map(A::mean).collect()
    }

    /// Population variance of each group.
    pub fn variance(&self) -> Vec<f64> {
        self.groups.iter().map(A::variance).collect()
    }

    /// Sample variance of each group.
    pub fn sample_variance(&self) -> Vec<f64> {
        self.groups.iter().map(A::sample_variance).collect()
    }

    /// Population standard deviation of each group.
    pub fn std(&self) -> Vec<f64> {
        self.groups.iter().map(A::std).collect()
    }

    /// Groups that there is memory for.
    pub(crate) fn groups_capacity(&self) -> usize {
        self.groups.capacity()
    }

    /// Refuses images whose groups are not the ones here.
    fn check_fit(&self, image_shape: Option<[usize; 3]>, channels: usize) -> Result<(), Error> {
        if self.samples == 0 {
            return Ok(());
        }
        match (self.grouping, self.image_shape, image_shape) {
            (Grouping::Pixel, Some(expected), Some(found)) if expected != found => {
                Err(Error::ImageShape { expected, found })
            }
            (Grouping::Channel, ..) if self.groups.len() != channels => {
                Err(Error::Channels { expected: self.groups.len(), found: channels })
            }
            _ => Ok(()),
        }
    }

    fn count_images(&mut self, samples: u64, image_shape: Option<[usize; 3]>) {
        if self.samples == 0 {
            self.image_shape = image_shape;
        } else if self.image_shape != image_shape {
            self.image_shape = None;
        }
        self.samples += samples;
    }

    fn merge_groups(&mut self, others: &[A]) {
        self.groups.resize(others.len(), A::default());
        for (group, other) in self.groups.iter_mut().zip(others) {
            group.merge(other);
        }
    }

    /// Adds each value to the group of its pixel, sample after sample, rows in parallel.
    fn push_pixels(&mut self, batch: &ArrayView4<'_, A::Value>) {
        let (_, height, width, channels) = batch.dim();
        self.groups.resize(height * width * channels, A::default());
        let rows = batch.axis_iter(Axis(1)).into_par_iter();
        self.groups.par_chunks_mut(width * channels).zip(rows).for_each(|(groups, row)| {
            for sample in row.outer_iter() {
                for (group, &value) in groups.iter_mut().zip(sample) {
                    group.push(value);
                }
            }
        });
    }
}

/// Refuses a batch, indexed as NHWC, with a value that is NaN or infinite.
fn check_pixels<T: Copy + Into<f64> + Sync>(batch: &ArrayView4<'_, T>) -> Result<(), Error> {
    match first_offender(batch) {
        Some((value, index)) => {
            let [sample, row, column, channel] = from_fn(|axis| index[axis]);
            Err(Error::NonFinitePixel { value, sample, row, column, channel })
        }
        None => Ok(()),
    }
}

/// The batch in blocks of whole samples, in order: the accumulators of each block, one per channel
/// or one in all.
///
/// Where rounding depends on the block, each sample is one: thus neither the size of the batch nor
/// the number of threads shows.
fn blocks<A: Accumulator>(batch: &ArrayView4<'_, A::Value>, grouping: Grouping) -> Vec<Vec<A>> {
    // Values per channel of a block, where its size does not show.
    const VALUES: usize = 1 << 16;
    let (_, height, width, _) = batch.dim();
    let samples = match grouping {
        Grouping::Whole | Grouping::Channel if A::EXACT => (VALUES / (height * width)).max(1),
        _ => 1,
    };
    batch
        .axis_chunks_iter(Axis(0), samples)
        .into_par_iter()
        .map(|block| match grouping {
            Grouping::Channel => match block.as_slice() {
                Some(values) => {
                    let mut states = vec![A::default(); block.len_of(Axis(3))];
                    A::push_interleaved(&mut states, values);
                    states
                }
                None => block.axis_iter(Axis(3)).map(accumulate).collect(),
            },
            _ => vec![accumulate(block)],
        })
        .collect()
}

/// One accumulator of all values: in logical order whatever the strides, where order shows.
fn accumulate<A: Accumulator, D: RemoveAxis>(values: ArrayView<'_, A::Value, D>) -> A {
    let mut accumulator = A::default();
    match values.as_slice_memory_order() {
        Some(values) if A::EXACT => accumulator.push_all(values),
        // The planes of a channel, put together: many values at once are added faster.
        None if A::EXACT => {
            let mut planes = Vec::with_capacity(values.len());
            for plane in values.axis_iter(Axis(0)) {
                match plane.as_slice_memory_order() {
                    Some(values) => planes.extend_from_slice(values),
                    None => planes.extend(plane.iter().copied()),
                }
            }
            accumulator.push_all(&planes);
        }
        _ => accumulator.push_all(values.as_standard_layout().as_slice().unwrap_or_default()),
    }
    accumulator
}

/// [`Statistics`] as stored, before its invariants are checked.
#[derive(Deserialize)]
struct Unchecked<A> {
    grouping: Grouping,
    samples: u64,
    image_shape: Option<[usize; 3]>,
    groups: Vec<A>,
}

impl<A: Accumulator> TryFrom<Unchecked<A>> for Statistics<A> {
    type Error = Error;

    fn try_from(stored: Unchecked<A>) -> Result<Self, Error> {
        let Unchecked { grouping, samples, image_shape, groups } = stored;
        let fail = |reason| Err(Error::Inconsistent { what: "statistics", reason });
        if samples > MAX_COUNT {
            return fail("the number of samples is beyond 2^48");
        }
        if samples == 0 {
            return match (image_shape, groups.is_empty()) {
                (None, true) => Ok(Statistics::new(grouping)),
                _ => fail("there are no samples, but figures of them"),
            };
        }
        let fits = match (grouping, image_shape) {
            (Grouping::Whole, _) => groups.len() == 1,
            (Grouping::Channel, None) => !groups.is_empty(),
            (Grouping::Channel, Some([_, _, channels])) => groups.len() == channels,
            (Grouping::Pixel, None) => false,
            (Grouping::Pixel, Some(shape)) => Some(groups.len()) == product(shape),
            (Grouping::Sample, _) => groups.len() as u64 == samples,
        };
        if !fits {
            return fail("the number of groups is not that of the grouping");
        }
        // With images of one shape the values of a group are known, whatever the grouping.
        let values = image_shape.map(|shape| {
            let total = product(shape)? as u128 * u128::from(samples);
            Some(total / groups.len() as u128)
        });
        let counts_fit = |count: u64| match values {
            Some(values) => Some(u128::from(count)) == values,
            None => count > 0,
        };
        if !groups.iter().all(|group| counts_fit(group.count())) {
            return fail("the count of a group is not that of the samples");
        }
        Ok(Statistics { grouping, samples, image_shape, groups })
    }
}

fn product([height, width, channels]: [usize; 3]) -> Option<usize> {
    height.checked_mul(width)?.checked_mul(channels)
}
