//! The pass that makes one batch: every sample drawn, fused and run, in parallel.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mizumashi_stats::Layout;
use mizumashi_transform::{ImageShape, Program, Recipe, SampleKey, SampleStage, Scratch, Stage};
use ndarray::{Array4, ArrayView3, ArrayViewMut3, ArrayViewMut4, Axis};
use num_traits::AsPrimitive;

use crate::panic::guarded;
use crate::source::check_memory;
use crate::{Error, Source};

/// One batch of training data.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Batch<Y> {
    /// The images, (sample, height, width, channels) or (sample, channels, height, width) as the
    /// generator's layout says.
    pub x: Array4<f32>,
    /// What travels with them, in the same order.
    pub y: Y,
    /// The index of each in its data set; for a file that was substituted, that of its substitute,
    /// whose label it has, too. The random numbers are those of the sample that was substituted.
    pub indices: Vec<usize>,
    /// The epoch that the batch belongs to, from 0.
    pub epoch: u64,
    /// How many samples of the epoch had been served when the batch was: with the epoch, what
    /// [`Flow::resume_at`](crate::Flow::resume_at) takes to continue after it.
    pub position: usize,
}

impl<Y> Batch<Y> {
    /// The images as another number type: Keras' `dtype`. Integers take the whole part, clamped to
    /// their range.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use ndarray::Array4;
    ///
    /// let generator = ImageDataGenerator::builder().rescale(0.5).build()?;
    /// let batch = generator.flow(&Array4::from_elem((2, 4, 4, 3), 5_u8), (), 2)?.next_batch()?;
    /// assert_eq!(batch.cast::<f64>()[[0, 0, 0, 0]], 2.5);
    /// assert_eq!(batch.cast::<u8>()[[0, 0, 0, 0]], 2);
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    pub fn cast<T: Copy + 'static>(&self) -> Array4<T>
    where
        f32: AsPrimitive<T>,
    {
        self.x.mapv(AsPrimitive::as_)
    }
}

/// Images, all of the source in order, each changed by the recipe as its key says: a new batch, laid
/// out as `layout` says.
///
/// The pixels are those that a flow serves of samples with these keys: for whoever brings the
/// order and the identity of samples along, from a queue, a database or another engine.
///
/// ```
/// use mizumashi::ImageDataGenerator;
/// use mizumashi::stats::Layout;
/// use mizumashi::transform::SampleKey;
/// use ndarray::Array4;
///
/// let x = Array4::from_shape_fn((9, 4, 4, 3), |(n, h, w, c)| (20 * n + 9 * h + 5 * w + c) as u8);
/// let generator = ImageDataGenerator::builder().rotation_range(20.0).build()?;
/// let served = generator.flow(&x, (), 9)?.seed(7).next_batch()?;
///
/// let keys: Vec<_> = (0..9).map(|index| SampleKey { seed: 7, epoch: 0, index }).collect();
/// let made = mizumashi::apply(generator.recipe()?, Layout::Nhwc, &x.view(), &keys)?;
/// let image = |batch: &Array4<f32>, at| batch.index_axis(ndarray::Axis(0), at).to_owned();
/// assert_eq!(image(&made, served.indices[0]), image(&served.x, 0));
/// # Ok::<(), mizumashi::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without images, [`Error::Argument`] for another number of keys, and whatever a
/// transform or the source says.
pub fn apply<S: Source>(
    recipe: &Recipe,
    layout: Layout,
    source: &S,
    keys: &[SampleKey],
) -> Result<Array4<f32>, Error> {
    let samples = source.samples();
    if samples == 0 {
        return Err(Error::Empty { shape: vec![0] });
    }
    if keys.len() != samples {
        return Err(Error::Argument {
            argument: "keys",
            value: format!("{} of {samples} images", keys.len()),
            mend: "give one key per image",
        });
    }
    let indices: Vec<usize> = (0..samples).collect();
    Runner::new(recipe, layout).run(source, &indices, |sample| keys[sample])
}

/// Runs a recipe on batches, with memory that is kept from one batch to the next.
#[derive(Debug)]
pub(crate) struct Runner<'r> {
    recipe: &'r Recipe,
    stages: Vec<Stage<'r>>,
    layout: Layout,
    /// Idle workers; there are never more than threads that were busy at once.
    workers: Mutex<Vec<Worker<'r>>>,
}

/// What one thread needs to make a sample.
#[derive(Debug, Default)]
struct Worker<'r> {
    program: Program<'r>,
    scratch: Scratch,
}

impl<'r> Runner<'r> {
    /// A runner whose batches are laid out as `layout` says.
    pub(crate) fn new(recipe: &'r Recipe, layout: Layout) -> Self {
        Self { recipe, stages: recipe.stages(), layout, workers: Mutex::default() }
    }

    /// The recipe that it runs.
    pub(crate) fn recipe(&self) -> &'r Recipe {
        self.recipe
    }

    /// The layout of its batches.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// The shape that it gives to images of the shape `input`, found by drawing for `key`.
    pub(crate) fn image_shape(
        &self,
        input: ImageShape,
        key: SampleKey,
    ) -> Result<ImageShape, Error> {
        Ok(self.recipe.draw(key, input.dim())?.output_shape()?)
    }

    /// Memory for a batch of `samples` images of the shape `image`.
    pub(crate) fn allocate(&self, samples: usize, image: ImageShape) -> Result<Array4<f32>, Error> {
        let image = [image.height, image.width, image.channels];
        let shape = self.layout.batch_shape(samples, image);
        check_memory(&shape)?;
        Ok(Array4::zeros(shape))
    }

    /// Makes a fresh batch; see [`fill`](Self::fill).
    pub(crate) fn run(
        &self,
        source: &impl Source,
        indices: &[usize],
        key: impl Fn(usize) -> SampleKey + Sync,
    ) -> Result<Array4<f32>, Error> {
        let input = source.image_shape();
        let first = indices.first().copied().unwrap_or_default();
        let mut batch = self.allocate(indices.len(), self.image_shape(input, key(first))?)?;
        self.fill(source, indices, key, batch.view_mut())?;
        Ok(batch)
    }

    /// Fills `batch` with what the recipe makes of the images at `indices`.
    ///
    /// `batch` is laid out as the runner says and has one slot per index. `key` names each sample's
    /// random numbers.
    pub(crate) fn fill(
        &self,
        source: &impl Source,
        indices: &[usize],
        key: impl Fn(usize) -> SampleKey + Sync,
        batch: ArrayViewMut4<'_, f32>,
    ) -> Result<(), Error> {
        let mut batch = self.layout.to_nhwc(batch);
        let last = self.stages.iter().rposition(|stage| matches!(stage, Stage::Samples(_)));
        let mut between: Option<Array4<f32>> = None;
        for (number, stage) in self.stages.iter().enumerate() {
            match (stage, between.take()) {
                (Stage::Batch(operation), before) => {
                    let mut images = before;
                    let target = match &mut images {
                        Some(images) => images.view_mut(),
                        None => batch.view_mut(),
                    };
                    guarded(None, || Ok(operation.apply_batch(target)?))?;
                    between = images;
                }
                (Stage::Samples(stage), before) => {
                    // Only the last stage of samples, and what follows it, touch the batch.
                    let target = (Some(number) == last).then(|| batch.view_mut());
                    between = match &before {
                        Some(before) => {
                            let before = (before.view(), |slot| slot);
                            self.run_samples(stage, indices, &key, before, target)?
                        }
                        None => {
                            let images = (source, |slot: usize| indices[slot]);
                            self.run_samples(stage, indices, &key, images, target)?
                        }
                    };
                }
            }
        }
        Ok(())
    }

    /// Runs one stage into `target`, or without one into a new array, which is returned. The image
    /// of a slot is that of the source at the place that the function gives.
    fn run_samples<S: Source>(
        &self,
        stage: &SampleStage<'r>,
        indices: &[usize],
        key: &(impl Fn(usize) -> SampleKey + Sync),
        (source, place): (S, impl Fn(usize) -> usize + Sync),
        target: Option<ArrayViewMut4<'_, f32>>,
    ) -> Result<Option<Array4<f32>>, Error> {
        let Some(mut target) = target else {
            let shape = self.with_worker(|worker| {
                stage.draw_into(key(indices[0]), source.image_shape(), &mut worker.program)
            })?;
            let shape = [indices.len(), shape.height, shape.width, shape.channels];
            check_memory(&shape)?;
            let mut images = Array4::zeros(shape);
            self.run_samples(stage, indices, key, (source, place), Some(images.view_mut()))?;
            return Ok(Some(images));
        };
        let (_, height, width, channels) = target.dim();
        let expected = ImageShape { height, width, channels };
        let make = |worker: &mut Worker<'r>, slot: usize, output: ArrayViewMut3<'_, f32>| {
            let sample = indices[slot];
            if slot + 1 < indices.len() {
                source.prefetch(place(slot + 1));
            }
            let work = || {
                source.with_image(place(slot), |image: ArrayView3<'_, S::Pixel>| {
                    let input = ImageShape::new(image.dim());
                    let found = stage.draw_into(key(sample), input, &mut worker.program)?;
                    if found != expected {
                        return Err(Error::MixedShapes { sample, expected, found });
                    }
                    Ok(worker.program.run(image, output, &mut worker.scratch)?)
                })?
            };
            guarded(Some(sample), work)
        };
        // Each thread begins at a place of its own, the same in every batch: a buffer that is filled
        // again is then still in the cache of the core that filled it before. A thread that is done
        // helps the next one. Runs are short enough to keep all busy to the end.
        let threads = rayon::current_num_threads();
        let run = indices.len().div_ceil(4 * threads).max(1);
        let runs: Vec<_> =
            target.axis_chunks_iter_mut(Axis(0), run).map(|run| Mutex::new(Some(run))).collect();
        let threads = threads.min(runs.len());
        let failure: Mutex<Option<(usize, Error)>> = Mutex::new(None);
        let work = |thread: usize| {
            self.with_worker(|worker| {
                let first = thread * runs.len() / threads;
                for number in (first..runs.len()).chain(0..first) {
                    // Runs before a failed one are still made: the first error is always found.
                    let failed = |(earlier, _): &(usize, Error)| *earlier < number;
                    if locked(&failure).as_ref().is_some_and(failed) {
                        continue;
                    }
                    let Some(mut outputs) = locked(&runs[number]).take() else { continue };
                    let made = outputs
                        .axis_iter_mut(Axis(0))
                        .enumerate()
                        .try_for_each(|(slot, output)| make(worker, number * run + slot, output));
                    if let Err(error) = made {
                        let mut failure = locked(&failure);
                        if !failure.as_ref().is_some_and(failed) {
                            *failure = Some((number, error));
                        }
                    }
                }
            });
        };
        // This thread works as well, from the start: waking others takes as long as some samples.
        rayon::in_place_scope(|scope| {
            for thread in 1..threads {
                let work = &work;
                scope.spawn(move |_| work(thread));
            }
            work(0);
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(None),
        }
    }

    /// Lends an idle worker, or a new one where all are busy.
    fn with_worker<T>(&self, work: impl FnOnce(&mut Worker<'r>) -> T) -> T {
        let idle = locked(&self.workers).pop();
        let mut worker = idle.unwrap_or_default();
        let outcome = work(&mut worker);
        locked(&self.workers).push(worker);
        outcome
    }
}

/// What a mutex guards, even after a panic elsewhere: nothing here is left half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
