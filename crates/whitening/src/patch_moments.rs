use mizumashi_stats::JointSummary;
use ndarray::ArrayView4;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::observations::Observations;
use crate::patches::PatchRows;
use crate::{Error, Layout, Patches, Pixel, Scope};

/// Values of a patch up to which its covariance is so small that each thread may have its own.
const NARROW: usize = 256;

/// Values in all blocks that are worked on at the same time, at the most.
const VALUES_AT_ONCE: usize = 1 << 26;

/// Mean and covariance of the patches of images, streamed: what
/// [`Whitener::fit_patch_moments`](crate::Whitener::fit_patch_moments) fits.
///
/// Images come in batches of any size, and each may have another height and width. States of
/// shards, machines and sessions merge, and can be stored with serde. For `u8` the state is exact:
/// neither batches nor shards nor their order show in any bit, if shards of a
/// [sample](Patches::sampled) say where they [start](Self::starting_at). For real values batches do not show,
/// and merging agrees with one pass up to rounding.
///
/// ```
/// use mizumashi_whitening::{Layout, PatchMoments, Patches, Whitener};
/// use ndarray::{Array4, s};
///
/// let images = Array4::from_shape_fn((6, 8, 8, 3), |(n, y, x, c)| {
///     ((n * n * 31 + y * x * 13 + x * x * 7 + c * y * 5) % 251) as u8
/// });
/// let (front, back) = (images.slice(s![..2, .., .., ..]), images.slice(s![2.., .., .., ..]));
/// let mut here = PatchMoments::new(Patches::square(3));
/// here.update(front, Layout::Nhwc)?;
/// let mut there = PatchMoments::new(Patches::square(3)).starting_at(2);
/// there.update(back, Layout::Nhwc)?;
/// here.merge(&there)?;
///
/// let merged = Whitener::zca().fit_patch_moments(&here)?;
/// let at_once = Whitener::zca().fit_patches(images.view(), Layout::Nhwc, Patches::square(3))?;
/// assert_eq!(merged, at_once);
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", rename_all = "snake_case")]
pub struct PatchMoments<T: Pixel> {
    patches: Patches,
    /// The number of the next image, by which its patches are sampled.
    next: u64,
    /// Known from the first images on.
    channels: Option<usize>,
    moments: Option<T::Moments>,
}

impl<T: Pixel> PatchMoments<T> {
    /// The state of no images yet.
    pub fn new(patches: Patches) -> Self {
        Self { patches, next: 0, channels: None, moments: None }
    }

    /// Takes the next image for one of this number, counted from 0: for a shard of a larger set
    /// whose patches are [sampled](Patches::sampled) as if it were whole.
    #[must_use]
    pub fn starting_at(self, image: u64) -> Self {
        Self { next: image, ..self }
    }

    /// Adds the patches of images.
    ///
    /// # Errors
    ///
    /// The state stays as it was, and the error is [`Error::PatchSize`] when no patch fits,
    /// [`Error::PatchSample`] for a sample of none, [`Error::Channels`] when there are not as many
    /// channels as before, and [`Error::NonFinite`] for NaN and infinity.
    pub fn update(&mut self, images: ArrayView4<'_, T>, layout: Layout) -> Result<(), Error> {
        let images = layout.to_nhwc(images);
        let (samples, _, _, found) = images.dim();
        let expected = self.channels.unwrap_or(found);
        if found != expected {
            return Err(Error::Channels { found, expected });
        }
        let rows = PatchRows::new(images, self.patches, self.next)?;
        let features = rows.features();
        if features == 0 || samples == 0 {
            return Ok(());
        }
        Observations::of_images(images, Scope::Pixels).check_finite()?;
        let mut moments = self.moments.clone().unwrap_or_else(|| T::moments(features));
        // So few values that one block does not occupy all threads: several at a time, in any order.
        let at_once = match T::EXACT && features <= NARROW {
            true => {
                (4 * rayon::current_num_threads()).min(VALUES_AT_ONCE / rows.block_values()).max(1)
            }
            false => 1,
        };
        for first in (0..rows.blocks()).step_by(at_once) {
            if at_once == 1 {
                T::update(&mut moments, rows.block(first).view())?;
                continue;
            }
            let empty = || T::moments(features);
            let several = (first..rows.blocks().min(first + at_once))
                .into_par_iter()
                .map(|block| {
                    let mut moments = empty();
                    T::update(&mut moments, rows.block(block).view())?;
                    Ok::<_, Error>(moments)
                })
                .try_reduce(empty, |mut moments, other| {
                    T::merge(&mut moments, &other)?;
                    Ok(moments)
                })?;
            T::merge(&mut moments, &several)?;
        }
        self.moments = Some(moments);
        self.channels = Some(found);
        self.next = self.next.wrapping_add(samples as u64);
        Ok(())
    }

    /// Adds the patches of another state.
    ///
    /// # Errors
    ///
    /// [`Error::PatchesDiffer`] when it is of other patches, and [`Error::Channels`] when its images
    /// have another number of channels.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.patches != other.patches {
            return Err(Error::PatchesDiffer);
        }
        let next = self.next.max(other.next);
        let (Some(more), Some(found)) = (&other.moments, other.channels) else {
            self.next = next;
            return Ok(());
        };
        let expected = self.channels.unwrap_or(found);
        if found != expected {
            return Err(Error::Channels { found, expected });
        }
        match &mut self.moments {
            Some(moments) => T::merge(moments, more)?,
            None => self.moments = Some(more.clone()),
        }
        self.channels = Some(found);
        self.next = next;
        Ok(())
    }

    /// The patches that are looked at.
    pub fn patches(&self) -> Patches {
        self.patches
    }

    /// Channels of the images; none before the first.
    pub fn channels(&self) -> Option<usize> {
        self.channels
    }

    /// Patches so far.
    pub fn count(&self) -> u64 {
        self.moments.as_ref().map_or(0, JointSummary::count)
    }

    /// Mean and covariance of the patches; none before the first.
    pub fn moments(&self) -> Option<&impl JointSummary> {
        self.moments.as_ref()
    }
}
