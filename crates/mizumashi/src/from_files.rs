//! Flows over image files: the arguments of Keras' `flow_from_directory` and
//! `flow_from_dataframe`.

use std::path::PathBuf;

use mizumashi_data::files::{
    ColorMode, FileList, ImageFiles, ImageFolder, ImageLoader, Limits, OnDamage, Resampling,
    SaveFormat, Subset,
};
use ndarray::Array1;

use crate::{Error, Flow, ImageDataGenerator, Labels, OneHot};

/// Collects the arguments of a flow over image files.
///
/// Made by [`flow_from_directory`](ImageDataGenerator::flow_from_directory) and
/// [`flow_from_rows`](ImageDataGenerator::flow_from_rows). Keras' `class_mode` is the call at the
/// end, so that the labels have a type: [`categorical`](Self::categorical),
/// [`binary`](Self::binary), [`sparse`](Self::sparse) or [`images`](Self::images), and for rows
/// [`raw`](FlowFromFiles::raw) and [`multi_output`](FlowFromFiles::multi_output), too. Where Keras
/// says `"input"`, take [`images`](Self::images) and train on `batch.x` twice: its labels are a copy
/// of it.
///
/// Files are decoded by the threads that make a batch of them; memory is bounded by the batches in
/// flight and one picture per thread.
///
/// ```
/// use mizumashi::ImageDataGenerator;
/// use mizumashi::data::files::{Resampling, SaveFormat, save_image};
/// use ndarray::Array3;
///
/// let root = tempfile::tempdir()?;
/// for class in ["cat", "dog"] {
///     std::fs::create_dir(root.path().join(class))?;
///     for name in ["1.png", "2.png", "3.png"] {
///         let picture = Array3::from_shape_fn((30, 40, 3), |(row, _, _)| row as f32);
///         save_image(root.path().join(class).join(name), picture.view(), SaveFormat::Png)?;
///     }
/// }
///
/// let generator = ImageDataGenerator::builder().rescale(1.0 / 255.0).horizontal_flip(true).build()?;
/// let mut flow = generator
///     .flow_from_directory(root.path())
///     .target_size(24, 24)
///     .interpolation(Resampling::Bilinear)
///     .batch_size(4)
///     .categorical()?;
/// let batch = flow.next_batch()?;
/// assert_eq!((batch.x.dim(), batch.y.dim()), ((4, 24, 24, 3), (4, 2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct FlowFromFiles<'a, L> {
    generator: &'a ImageDataGenerator,
    pub(crate) list: L,
    loader: ImageLoader,
    on_damage: OnDamage,
    batch_size: usize,
    shuffle: bool,
    seed: u64,
    save: Option<(PathBuf, String, SaveFormat)>,
}

impl<'a, L> FlowFromFiles<'a, L> {
    pub(crate) fn new(generator: &'a ImageDataGenerator, list: L) -> Self {
        Self {
            generator,
            list,
            loader: ImageLoader::new().target_size(256, 256),
            on_damage: OnDamage::default(),
            batch_size: 32,
            shuffle: true,
            seed: 0,
            save: None,
        }
    }

    /// The size that every picture is brought to; 256x256 unless set.
    pub fn target_size(self, height: usize, width: usize) -> Self {
        self.map_loader(|loader| loader.target_size(height, width))
    }

    /// The channels that pictures are converted to; RGB unless set.
    pub fn color_mode(self, color_mode: ColorMode) -> Self {
        self.map_loader(|loader| loader.color_mode(color_mode))
    }

    /// How pictures are brought to the target size; nearest neighbour unless set, as in Keras.
    pub fn interpolation(self, interpolation: Resampling) -> Self {
        self.map_loader(|loader| loader.resampling(interpolation))
    }

    /// What a file may ask for.
    pub fn limits(self, limits: Limits) -> Self {
        self.map_loader(|loader| loader.limits(limits))
    }

    /// Whether pictures are turned as their EXIF data say; off unless set, as in Keras.
    pub fn apply_orientation(self, apply: bool) -> Self {
        self.map_loader(|loader| loader.apply_orientation(apply))
    }

    /// What becomes of a file that cannot be read: an error, unless set.
    pub fn on_damage(self, on_damage: OnDamage) -> Self {
        Self { on_damage, ..self }
    }

    /// The number of samples in a batch; 32 unless set.
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Whether samples come in random order (the default) or in that of the list.
    pub fn shuffle(self, shuffle: bool) -> Self {
        Self { shuffle, ..self }
    }

    /// The seed of order and augmentation; 0 unless set.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Saves every image that is served; see [`Flow::save_to_dir`].
    pub fn save_to_dir(
        self,
        directory: impl Into<PathBuf>,
        prefix: impl Into<String>,
        format: SaveFormat,
    ) -> Self {
        Self { save: Some((directory.into(), prefix.into(), format)), ..self }
    }

    fn map_loader(self, change: impl FnOnce(ImageLoader) -> ImageLoader) -> Self {
        Self { loader: change(self.loader), ..self }
    }

    pub(crate) fn map_list(self, change: impl FnOnce(L) -> L) -> Self {
        Self { list: change(self.list), ..self }
    }

    pub(crate) fn flow<Y: Labels>(
        self,
        paths: Vec<PathBuf>,
        y: Y,
    ) -> Result<Flow<'a, ImageFiles, Y>, Error> {
        let files = ImageFiles::new(paths, self.loader)?.on_damage(self.on_damage);
        let flow = self.generator.flow_source(files, y, self.batch_size)?;
        let flow = flow.shuffle(self.shuffle).seed(self.seed);
        Ok(match self.save {
            Some((directory, prefix, format)) => flow.save_to_dir(directory, prefix, format),
            None => flow,
        })
    }
}

/// Something that lists files with their classes.
pub(crate) trait Listing {
    /// The files; with `classes`, their labels and the names of the classes, too.
    fn list(&self, classes: bool) -> Result<Classified, Error>;
}

pub(crate) struct Classified {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) labels: Vec<Vec<usize>>,
    pub(crate) class_names: Vec<String>,
}

#[allow(private_bounds)] // what can be listed is the two public types
impl<'a, L: Listing> FlowFromFiles<'a, L> {
    /// One-hot labels, `[samples, classes]`.
    ///
    /// # Errors
    /// When the files cannot be listed or have no classes, and those of
    /// [`flow`](ImageDataGenerator::flow).
    pub fn categorical(self) -> Result<Flow<'a, ImageFiles, OneHot>, Error> {
        let Classified { paths, labels, class_names } = self.list.list(true)?;
        self.flow(paths, OneHot::new(labels, class_names.len())?)
    }

    /// Labels of two classes, 0 or 1.
    ///
    /// # Errors
    /// Those of [`categorical`](Self::categorical), and [`Error::Argument`] for another number of
    /// classes (which Keras' `flow_from_directory` lets pass), or several in a row.
    pub fn binary(self) -> Result<Flow<'a, ImageFiles, Array1<f32>>, Error> {
        let Classified { paths, labels, class_names } = self.list.list(true)?;
        if class_names.len() != 2 {
            return Err(Error::Argument {
                argument: "class_mode",
                value: format!("binary with {} classes", class_names.len()),
                mend: "binary labels need two classes: use categorical or sparse",
            });
        }
        let labels = single(labels)?.mapv(|label| label as f32);
        self.flow(paths, labels)
    }

    /// The number of each sample's class.
    ///
    /// # Errors
    /// Those of [`categorical`](Self::categorical), and [`Error::Argument`] for several classes in
    /// a row.
    pub fn sparse(self) -> Result<Flow<'a, ImageFiles, Array1<usize>>, Error> {
        let Classified { paths, labels, .. } = self.list.list(true)?;
        self.flow(paths, single(labels)?)
    }

    /// Images alone.
    ///
    /// # Errors
    /// Those of [`categorical`](Self::categorical), save that no classes are needed.
    pub fn images(self) -> Result<Flow<'a, ImageFiles, ()>, Error> {
        let Classified { paths, .. } = self.list.list(false)?;
        self.flow(paths, ())
    }

    /// The pictures by themselves, at their target size: what
    /// [`fit_source`](ImageDataGenerator::fit_source) takes before a flow that needs a fit.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub fn files(&self) -> Result<ImageFiles, Error> {
        let Classified { paths, .. } = self.list.list(false)?;
        Ok(ImageFiles::new(paths, self.loader)?.on_damage(self.on_damage))
    }

    /// The names of the classes in the order of their numbers: Keras' `class_indices`.
    ///
    /// # Errors
    /// Those of [`categorical`](Self::categorical).
    pub fn class_names(&self) -> Result<Vec<String>, Error> {
        Ok(self.list.list(true)?.class_names)
    }
}

fn single(labels: Vec<Vec<usize>>) -> Result<Array1<usize>, Error> {
    let one = |labels: Vec<usize>| match labels[..] {
        [label] => Ok(label),
        _ => Err(Error::Argument {
            argument: "class_mode",
            value: format!("one label a sample, with {} classes in a row", labels.len()),
            mend: "use categorical for several classes a sample",
        }),
    };
    labels.into_iter().map(one).collect()
}

impl FlowFromFiles<'_, ImageFolder> {
    /// The classes in the order of their numbers; unless set, the sorted names of all subfolders.
    pub fn classes<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.map_list(|folder| folder.classes(names))
    }

    /// Takes all pictures below the folder, for [`images`](Self::images) alone.
    pub fn without_classes(self) -> Self {
        self.map_list(ImageFolder::without_classes)
    }

    /// The extensions that count as pictures.
    pub fn extensions<N: Into<String>>(self, extensions: impl IntoIterator<Item = N>) -> Self {
        self.map_list(|folder| folder.extensions(extensions))
    }

    /// Whether links to folders are entered; off unless set.
    pub fn follow_links(self, follow_links: bool) -> Self {
        self.map_list(|folder| folder.follow_links(follow_links))
    }

    /// Keeps one part of each class; see [`ImageFolder::subset`].
    pub fn subset(self, subset: Subset, validation_split: f64) -> Self {
        self.map_list(|folder| folder.subset(subset, validation_split))
    }
}

impl Listing for ImageFolder {
    fn list(&self, classes: bool) -> Result<Classified, Error> {
        let FileList { paths, labels, class_names, .. } = ImageFolder::list(self)?;
        if classes && class_names.is_empty() {
            return Err(Error::Argument {
                argument: "class_mode",
                value: "labels of a folder without classes".into(),
                mend: "serve its images alone",
            });
        }
        let labels = labels.into_iter().map(|label| vec![label]).collect();
        Ok(Classified { paths, labels, class_names })
    }
}
