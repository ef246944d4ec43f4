//! The share of one of several workers.

use crate::{Error, Flow, Labels, Source};

/// Which places of an epoch's order are a flow's: every `world`th, from `rank` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shard {
    pub(crate) rank: usize,
    pub(crate) world: usize,
}

impl Shard {
    /// All of them.
    pub(crate) const WHOLE: Self = Self { rank: 0, world: 1 };

    /// How many of an epoch of `all` samples are its own.
    pub(crate) fn samples(self, all: usize) -> usize {
        all.saturating_sub(self.rank).div_ceil(self.world)
    }

    /// The place in the whole order of the sample at `position` of its own.
    pub(crate) fn place(self, position: usize) -> usize {
        self.rank + position * self.world
    }
}

impl<S: Source, Y: Labels> Flow<'_, S, Y> {
    /// The same flow over the share of one of `world` workers, that of number `rank` from 0: every
    /// `world`th sample of each epoch's order. It begins anew, at the first epoch.
    ///
    /// Together, flows of the same seed serve each sample exactly once an epoch, and a sample is the
    /// same whoever serves it. The shares differ by one sample where `world` does not divide the
    /// set: workers that must make equally many steps stop at those of the last rank.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use ndarray::Array4;
    ///
    /// let x = Array4::<u8>::zeros((10, 8, 8, 3));
    /// let generator = ImageDataGenerator::builder().horizontal_flip(true).build()?;
    /// let mut served = Vec::new();
    /// for rank in 0..3 {
    ///     let mut flow = generator.flow(&x, (), 8)?.seed(1).shard(rank, 3)?;
    ///     served.extend(flow.next_batch()?.indices);
    /// }
    /// served.sort();
    /// assert_eq!(served, Vec::from_iter(0..10));
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] when `rank` is not below `world`, or no sample is left for it.
    pub fn shard(self, rank: usize, world: usize) -> Result<Self, Error> {
        if rank >= world || rank >= self.part.len() {
            return Err(Error::Argument {
                argument: "rank",
                value: format!("{rank} of {world} for {} samples", self.part.len()),
                mend: "it must be below the number of workers and of samples",
            });
        }
        let mut flow = self;
        flow.shard = Shard { rank, world };
        (flow.epoch, flow.position) = (0, 0);
        Ok(flow)
    }
}
