//! Endless shuffled batches.

use std::cmp::Ordering;
use std::ops::Range;
use std::path::PathBuf;

use mizumashi_data::files::{SaveFormat, Subset, save_image};
use mizumashi_stats::Layout;
use mizumashi_transform::{ImageShape, Recipe, SampleKey};
use ndarray::parallel::prelude::*;
use ndarray::{Array4, ArrayRef, ArrayView4, ArrayViewMut4, Ix4};

use crate::batch::Runner;
use crate::labels::check_count;
use crate::permutation::Permutation;
use crate::shard::Shard;
use crate::source::check_source;
use crate::{Batch, Error, Labels, Pixel, Source};

/// An endless iterator over the batches of a set, epoch after epoch.
///
/// Each epoch serves every sample exactly once, in an order of its own. The last batch of an
/// epoch is short where the batch size does not divide the set, and the next one begins the next
/// epoch. A loop over it must break by itself, as with Keras:
///
/// ```
/// use mizumashi::ImageDataGenerator;
/// use ndarray::{Array1, Array4};
///
/// let x = Array4::<u8>::zeros((10, 8, 8, 3));
/// let y = Array1::from_iter(0..10);
/// let generator = ImageDataGenerator::builder().rotation_range(20.0).build()?;
/// let mut flow = generator.flow(&x, &y, 4)?.seed(7);
/// assert_eq!(flow.steps_per_epoch(), 3);
/// let sizes: Vec<usize> = flow.by_ref().take(4).map(|batch| batch.unwrap().y.len()).collect();
/// assert_eq!(sizes, [4, 4, 2, 4]);
/// assert_eq!((flow.epoch(), flow.position()), (1, 4));
/// # Ok::<(), mizumashi::Error>(())
/// ```
///
/// The pixels of a sample depend on the seed, the epoch and its index alone: not on the batch
/// size, the number of threads, or where the flow was resumed.
#[derive(Debug)]
pub struct Flow<'a, S, Y> {
    pub(crate) runner: Runner<'a>,
    source: S,
    labels: Y,
    image_shape: ImageShape,
    /// Which samples of the source are served.
    pub(crate) part: Range<usize>,
    /// Which places of an epoch's order are this flow's: every `world`th, from `rank` on.
    pub(crate) shard: Shard,
    batch_size: usize,
    pub(crate) shuffle: bool,
    pub(crate) seed: u64,
    pub(crate) epoch: u64,
    pub(crate) position: usize,
    save: Option<SaveTo>,
}

/// Where images are saved as they are served.
#[derive(Debug)]
struct SaveTo {
    directory: PathBuf,
    prefix: String,
    format: SaveFormat,
}

impl<'a, P: Pixel, Y: Labels> Flow<'a, ArrayView4<'a, P>, Y> {
    /// A flow over the images `x` that runs `recipe`: one that was stored, or written without a
    /// generator. Images come, and batches go, laid out as `layout` says.
    ///
    /// # Errors
    /// Those of [`ImageDataGenerator::flow`](crate::ImageDataGenerator::flow), save that nothing
    /// needs a fit.
    pub fn from_recipe(
        recipe: &'a Recipe,
        layout: Layout,
        x: &'a ArrayRef<P, Ix4>,
        labels: Y,
        batch_size: usize,
    ) -> Result<Self, Error> {
        Self::from_source(recipe, layout, layout.to_nhwc(x.view()), labels, batch_size)
    }
}

impl<'a, S: Source, Y: Labels> Flow<'a, S, Y> {
    /// A flow over the images of any source that runs `recipe`; see
    /// [`from_recipe`](Self::from_recipe). Batches are laid out as `layout` says.
    ///
    /// # Errors
    /// Those of [`ImageDataGenerator::flow`](crate::ImageDataGenerator::flow), save that nothing
    /// needs a fit.
    pub fn from_source(
        recipe: &'a Recipe,
        layout: Layout,
        source: S,
        labels: Y,
        batch_size: usize,
    ) -> Result<Self, Error> {
        recipe.validate()?;
        let runner = Runner::new(recipe, layout);
        check_source(&source)?;
        let samples = source.samples();
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        check_count(&labels, samples)?;
        let input = source.image_shape();
        let image_shape = runner.image_shape(input, SampleKey { seed: 0, epoch: 0, index: 0 })?;
        Ok(Self {
            runner,
            source,
            labels,
            image_shape,
            part: 0..samples,
            shard: Shard::WHOLE,
            batch_size,
            shuffle: true,
            seed: 0,
            epoch: 0,
            position: 0,
            save: None,
        })
    }

    /// The same flow with the samples in random order (the default) or in their own.
    #[must_use]
    pub fn shuffle(self, shuffle: bool) -> Self {
        Self { shuffle, ..self }
    }

    /// The same flow with another seed for order and augmentation; 0 unless set.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same flow, saving every image that it serves to a directory, for people to look at.
    ///
    /// The names are `{prefix}_{index}_{epoch}` with the format's extension. The index is that of the
    /// sample that was asked for: a substitute goes by the file that it stands for, so that no two
    /// images of an epoch share a name. See
    /// [`save_image`](crate::data::files::save_image) for what becomes of the values. (Keras puts a
    /// random number where the epoch is.)
    #[must_use]
    pub fn save_to_dir(
        self,
        directory: impl Into<PathBuf>,
        prefix: impl Into<String>,
        format: SaveFormat,
    ) -> Self {
        let save = SaveTo { directory: directory.into(), prefix: prefix.into(), format };
        Self { save: Some(save), ..self }
    }

    /// The same flow with something more that travels along: Keras' `sample_weight`, or a table's
    /// weights. The labels of a batch are then a pair.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use ndarray::{Array1, Array4};
    ///
    /// let (x, y) = (Array4::<u8>::zeros((10, 8, 8, 3)), Array1::from_iter(0..10));
    /// let generator = ImageDataGenerator::builder().build()?;
    /// let weights = Array1::from_shape_fn(10, |index| index as f32 / 10.0);
    /// let mut flow = generator.flow(&x, &y, 4)?.with_weights(&weights)?.shuffle(false);
    /// let (classes, weights) = flow.next_batch()?.y;
    /// assert_eq!((classes[2], weights[2]), (2, 0.2));
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::LabelCount`] when there are not as many as images.
    pub fn with_weights<W: Labels>(self, weights: W) -> Result<Flow<'a, S, (Y, W)>, Error> {
        check_count(&weights, self.source.samples())?;
        Ok(Flow {
            runner: self.runner,
            source: self.source,
            labels: (self.labels, weights),
            image_shape: self.image_shape,
            part: self.part,
            shard: self.shard,
            batch_size: self.batch_size,
            shuffle: self.shuffle,
            seed: self.seed,
            epoch: self.epoch,
            position: self.position,
            save: self.save,
        })
    }

    /// The same flow over one part of its samples: the first `validation_split` of them, or the
    /// rest, as Keras cuts arrays. It begins anew, at the first epoch.
    ///
    /// Nothing is copied, and a sample keeps its index, so that its pixels do not depend on the
    /// part. Shuffle a set that is sorted by class before it is cut.
    ///
    /// ```
    /// use mizumashi::ImageDataGenerator;
    /// use mizumashi::data::files::Subset;
    /// use ndarray::{Array1, Array4};
    ///
    /// let (x, y) = (Array4::<u8>::zeros((10, 8, 8, 3)), Array1::from_iter(0..10));
    /// let generator = ImageDataGenerator::builder().horizontal_flip(true).build()?;
    /// let training = generator.flow(&x, &y, 4)?.subset(Subset::Training, 0.2)?;
    /// let mut validation = generator.flow(&x, &y, 4)?.subset(Subset::Validation, 0.2)?.shuffle(false);
    /// assert_eq!((training.samples(), validation.samples()), (8, 2));
    /// assert_eq!(validation.next_batch()?.indices, [0, 1]);
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Data`] when the fraction is not between 0 and 1, and [`Error::Argument`] when it
    /// leaves the part without a sample.
    pub fn subset(self, subset: Subset, validation_split: f64) -> Result<Self, Error> {
        let samples = self.source.samples();
        let part = subset.range(samples, validation_split)?;
        if self.shard.samples(part.len()) == 0 {
            return Err(Error::Argument {
                argument: "validation_split",
                value: format!("{validation_split} of {samples} samples"),
                mend: "it leaves this part without any: take another fraction",
            });
        }
        Ok(Self { part, epoch: 0, position: 0, ..self })
    }

    /// The same flow continued at a sample of an epoch, at no cost.
    ///
    /// With the epoch and position of a batch, the next batch is the one that followed it.
    ///
    /// # Errors
    /// [`Error::Position`] when the epoch has not so many samples.
    pub fn resume_at(self, epoch: u64, position: usize) -> Result<Self, Error> {
        match position.cmp(&self.samples()) {
            Ordering::Less => Ok(Self { epoch, position, ..self }),
            Ordering::Equal => Ok(Self { epoch: epoch.wrapping_add(1), position: 0, ..self }),
            Ordering::Greater => Err(Error::Position { position, images: self.samples() }),
        }
    }

    /// The number of samples in an epoch.
    pub fn samples(&self) -> usize {
        self.shard.samples(self.part.len())
    }

    /// Where its images come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// What travels with the images.
    pub fn labels(&self) -> &Y {
        &self.labels
    }

    /// The number of batches in an epoch, the short one included.
    pub fn steps_per_epoch(&self) -> usize {
        self.samples().div_ceil(self.batch_size)
    }

    /// The epoch of the next batch, from 0.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How many samples of that epoch have been served.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The shape of the images it serves.
    pub fn image_shape(&self) -> ImageShape {
        self.image_shape
    }

    /// Makes the next batch.
    ///
    /// # Errors
    /// What the source or a transform reports, and [`Error::Data`] when an image cannot be saved.
    /// The flow has then moved past the batch.
    pub fn next_batch(&mut self) -> Result<Batch<Y::Batch>, Error> {
        let ticket = self.advance();
        self.redeem(ticket, None)
    }

    /// Makes the next batch in the memory of an earlier one.
    ///
    /// Where `batch` has the size of the next one, as all but an epoch's last have, its pixels are
    /// overwritten in place.
    ///
    /// # Errors
    /// Those of [`next_batch`](Self::next_batch). The contents of `batch` are then unspecified.
    pub fn next_batch_into(&mut self, batch: &mut Batch<Y::Batch>) -> Result<(), Error> {
        let ticket = self.advance();
        let memory = std::mem::take(&mut batch.x);
        *batch = self.redeem(ticket, Some(memory))?;
        Ok(())
    }

    /// Makes the next batches at the same time, each in the memory of an earlier one where there is
    /// one.
    pub(crate) fn next_batches(
        &mut self,
        spent: Vec<Option<Batch<Y::Batch>>>,
    ) -> Vec<Result<Batch<Y::Batch>, Error>>
    where
        Y: Sync,
        Y::Batch: Send,
    {
        let tickets: Vec<_> = spent.into_iter().map(|spent| (self.advance(), spent)).collect();
        let flow = &*self;
        tickets
            .into_par_iter()
            .map(|(ticket, spent)| flow.redeem(ticket, spent.map(|batch| batch.x)))
            .collect()
    }

    /// Makes a batch, in memory of the right size or in fresh one.
    fn redeem(
        &self,
        Ticket { epoch, position, mut indices }: Ticket,
        memory: Option<Array4<f32>>,
    ) -> Result<Batch<Y::Batch>, Error> {
        let ImageShape { height, width, channels } = self.image_shape;
        let shape = self.runner.layout().batch_shape(indices.len(), [height, width, channels]);
        let mut x = match memory {
            Some(memory) if memory.shape() == shape => memory,
            _ => self.runner.allocate(indices.len(), self.image_shape)?,
        };
        self.make(epoch, &mut indices, x.view_mut())?;
        Ok(Batch { x, y: self.labels.pick(&indices), indices, epoch, position })
    }

    /// Fills `x` with the images at `indices`, which then name those that were served.
    fn make(
        &self,
        epoch: u64,
        indices: &mut [usize],
        x: ArrayViewMut4<'_, f32>,
    ) -> Result<(), Error> {
        let Some(save) = &self.save else {
            self.runner.fill(&self.source, indices, self.key(epoch), x)?;
            self.source.resolve(indices);
            return Ok(());
        };
        let mut x = x;
        self.runner.fill(&self.source, indices, self.key(epoch), x.view_mut())?;
        let images = self.runner.layout().to_nhwc(x.view());
        images.outer_iter().zip(&*indices).try_for_each(|(image, index)| {
            let extension = save.format.extension();
            let name = format!("{}_{index}_{epoch}.{extension}", save.prefix);
            save_image(save.directory.join(name), image, save.format)
        })?;
        self.source.resolve(indices);
        Ok(())
    }

    /// Steps past the next batch and says what is in it.
    fn advance(&mut self) -> Ticket {
        let epoch = self.epoch;
        let end = self.position.saturating_add(self.batch_size).min(self.samples());
        let places = (self.position..end).map(|position| self.shard.place(position));
        let indices = if self.shuffle {
            let order = Permutation::new(self.part.len(), self.seed, epoch);
            places.map(|place| self.part.start + order.index(place)).collect()
        } else {
            places.map(|place| self.part.start + place).collect()
        };
        if end < self.samples() {
            self.position = end;
        } else {
            (self.position, self.epoch) = (0, epoch.wrapping_add(1));
        }
        Ticket { epoch, position: end, indices }
    }

    /// Names the random numbers of each sample of an epoch.
    fn key(&self, epoch: u64) -> impl Fn(usize) -> SampleKey + Sync + use<S, Y> {
        let seed = self.seed;
        move |index| SampleKey { seed, epoch, index: index as u64 }
    }
}

impl<S: Source, Y: Labels> Iterator for Flow<'_, S, Y> {
    type Item = Result<Batch<Y::Batch>, Error>;

    /// The next batch; never `None`.
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_batch())
    }
}

/// What is in a batch that has not been made yet.
#[derive(Debug)]
struct Ticket {
    epoch: u64,
    /// Where in the epoch the batch ends.
    position: usize,
    indices: Vec<usize>,
}
