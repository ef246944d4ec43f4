//! Where a flow is, as a value to store.

use std::hash::Hasher;

use fnv::FnvHasher;
use mizumashi_transform::Recipe;
use serde::{Deserialize, Serialize};

use crate::{Batch, Error, Flow, Labels, Source};

/// The version of stored states that this crate writes, and the only one it reads.
const VERSION: u32 = 1;

/// Where a [`Flow`] is: a few numbers, whatever the size of the data set.
///
/// Stored beside a model's weights, it lets a training that was stopped, or killed, go on with the
/// very batch that would have come next. It holds fingerprints of the recipe, the figures of its fit
/// among it, and of the data set, so that a state of another one is refused. The batch size is no
/// part of it: a flow may be resumed with another.
///
/// ```
/// use mizumashi::{FlowState, ImageDataGenerator};
/// use ndarray::Array4;
///
/// let x = Array4::from_shape_fn((10, 8, 8, 3), |(n, h, w, c)| (20 * n + 9 * h + 5 * w + c) as u8);
/// let generator = ImageDataGenerator::builder().rotation_range(20.0).build()?;
/// let mut flow = generator.flow(&x, (), 4)?.seed(7);
/// flow.next_batch()?;
/// let stored = serde_json::to_string(&flow.state()?)?;
///
/// let state: FlowState = serde_json::from_str(&stored)?;
/// let mut resumed = generator.flow(&x, (), 4)?.resume(&state)?;
/// assert_eq!(resumed.next_batch()?, flow.next_batch()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowState {
    version: u32,
    seed: u64,
    shuffle: bool,
    epoch: u64,
    position: u64,
    recipe: u64,
    samples: Samples,
}

/// Which samples a flow serves, in which order they are dealt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    /// The fingerprint of the source.
    source: u64,
    /// The part of it that is served.
    part: [u64; 2],
    /// Rank and world of the shard.
    shard: [u64; 2],
}

impl FlowState {
    /// The epoch that batches are served of, from 0; of [`after`](Self::after) the last batch of an
    /// epoch that epoch, of which nothing is left.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How many samples of that epoch have been served.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The same flow's state after `batch`: for batches that [`Flow::prefetch`] made ahead, of which
    /// the flow knows no longer how many were used.
    #[must_use]
    pub fn after<Y>(&self, batch: &Batch<Y>) -> Self {
        Self { epoch: batch.epoch, position: batch.position as u64, ..self.clone() }
    }
}

impl<S: Source, Y: Labels> Flow<'_, S, Y> {
    /// Where the flow is, for [`resume`](Self::resume).
    ///
    /// Of the data set, the number, shape and names of the images go into the fingerprint, and for
    /// arrays the values of 16 of them: see [`Source::fingerprint`]. Labels do not. It is computed
    /// anew at each call.
    ///
    /// # Errors
    /// [`Error::Transform`] for a recipe that cannot be stored, one with a
    /// [`Function`](crate::transform::transforms::Function): nothing tells one function from another.
    /// [`resume_at`](Self::resume_at) takes epoch and position alone.
    pub fn state(&self) -> Result<FlowState, Error> {
        Ok(FlowState {
            version: VERSION,
            seed: self.seed,
            shuffle: self.shuffle,
            epoch: self.epoch,
            position: self.position as u64,
            recipe: fingerprint_of(self.runner.recipe())?,
            samples: identity(self),
        })
    }

    /// The same flow continued where `state` was taken, with its seed and order.
    ///
    /// # Errors
    /// [`Error::State`] for a state of another version, recipe, data set, part or shard, those of
    /// [`resume_at`](Self::resume_at), and those of [`state`](Self::state).
    pub fn resume(self, state: &FlowState) -> Result<Self, Error> {
        let own = identity(&self);
        let recipe = fingerprint_of(self.runner.recipe())?;
        let differences = [
            (state.version != VERSION, "version"),
            (state.recipe != recipe, "recipe"),
            (state.samples.source != own.source, "data set"),
            (state.samples.part != own.part, "part of the data set"),
            (state.samples.shard != own.shard, "shard"),
        ];
        if let Some((_, differs)) = differences.into_iter().find(|(differs, _)| *differs) {
            return Err(Error::State { differs });
        }
        let position = usize::try_from(state.position).unwrap_or(usize::MAX);
        self.seed(state.seed).shuffle(state.shuffle).resume_at(state.epoch, position)
    }
}

/// Which samples a flow serves of what.
fn identity<S: Source, Y: Labels>(flow: &Flow<'_, S, Y>) -> Samples {
    Samples {
        source: flow.source().fingerprint(),
        part: [flow.part.start as u64, flow.part.end as u64],
        shard: [flow.shard.rank as u64, flow.shard.world as u64],
    }
}

/// A number that another recipe does not have, but for a chance of 2^-64.
fn fingerprint_of(recipe: &Recipe) -> Result<u64, Error> {
    let mut hasher = FnvHasher::default();
    hasher.write(recipe.to_json()?.as_bytes());
    Ok(hasher.finish())
}
