use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::parallel::prelude::*;
use ndarray::{Array4, ArrayView3, Axis};
use serde::{Deserialize, Serialize};

use super::ImageLoader;
use super::loader::LoadBuffer;
use crate::Error;

/// What becomes of a file that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnDamage {
    /// It is an error that names the file.
    #[default]
    Fail,
    /// The next readable sample of the list, past its end from the beginning, stands in for it,
    /// label and all, and it is put on a list: see [`ImageFiles::quarantine`]. The number of
    /// samples and the random numbers of the others stay.
    ///
    /// So it goes with damage of the file itself: [`Error::Damaged`], [`Error::Limit`],
    /// [`Error::PixelType`], [`Error::Depth`], and [`Error::Io`] where the file is not there, may not
    /// be read, or ends early. Every other error is returned, since it says nothing of the file: too
    /// many open files, a failing disk, want of memory, a wrong argument.
    Substitute,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its index in the list.
    pub index: usize,
    /// The index of the sample that stands in for it.
    pub substitute: usize,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// A data set that stays on disk: image files of one target size, decoded one by one.
///
/// ```
/// use mizumashi_data::files::{ImageFiles, ImageLoader, SaveFormat, save_image};
/// use ndarray::Array3;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("black.png");
/// save_image(&path, Array3::zeros((4, 4, 3)).view(), SaveFormat::Png)?;
///
/// let files = ImageFiles::new(vec![path; 3], ImageLoader::new().target_size(8, 8))?;
/// assert_eq!(files.load()?.dim(), (3, 8, 8, 3));
/// assert_eq!(files.with_image(1, |image| image.sum())?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ImageFiles {
    paths: Vec<PathBuf>,
    loader: ImageLoader,
    shape: (usize, usize, usize),
    on_damage: OnDamage,
    quarantine: Mutex<BTreeMap<usize, Quarantined>>,
    /// Whether a search for a substitute has found none in the whole list.
    none_readable: AtomicBool,
    /// Idle buffers; never more than threads that were busy at once.
    buffers: Mutex<Vec<(Vec<u8>, LoadBuffer)>>,
}

impl ImageFiles {
    /// The files in this order, none of which is opened yet.
    ///
    /// # Errors
    /// [`Error::TargetSize`] when the loader has no target size, or an empty one, and
    /// [`Error::NoImages`] when there are no files.
    pub fn new(paths: Vec<PathBuf>, loader: ImageLoader) -> Result<Self, Error> {
        let shape = loader.shape().unwrap_or_default();
        if shape.0 == 0 || shape.1 == 0 {
            return Err(Error::TargetSize { height: shape.0, width: shape.1 });
        }
        if paths.is_empty() {
            return Err(Error::NoImages { input: "the list of files".into() });
        }
        Ok(Self {
            paths,
            loader,
            shape,
            on_damage: OnDamage::default(),
            quarantine: Mutex::default(),
            none_readable: AtomicBool::new(false),
            buffers: Mutex::default(),
        })
    }

    /// The same files with another rule for damaged ones; [`OnDamage::Fail`] unless set.
    #[must_use]
    pub fn on_damage(self, on_damage: OnDamage) -> Self {
        Self { on_damage, ..self }
    }

    /// The number of files.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Never: a list without files is refused.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Height, width and channels of every picture.
    pub fn image_shape(&self) -> (usize, usize, usize) {
        self.shape
    }

    /// Decodes the picture at `index` and lends it, `[height, width, channels]`, to `work`.
    ///
    /// Any number of threads may do so at once; each has a buffer that is kept for later files.
    ///
    /// # Errors
    /// [`Error::Index`] when the list is shorter, what [`ImageLoader::load`] says of the file,
    /// and [`Error::AllDamaged`] where a substitute is wanted and no file can be read.
    pub fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        if index >= self.len() {
            return Err(Error::Index { index, images: self.len() });
        }
        let idle = lock(&self.buffers).pop();
        let (mut pixels, mut buffer) = idle.unwrap_or_default();
        if pixels.is_empty() {
            pixels = crate::allocate::zeros(self.shape)?.into_raw_vec_and_offset().0;
        }
        let outcome = self.load_or_substitute(index, &mut pixels, &mut buffer).and_then(|()| {
            let image = ArrayView3::from_shape(self.shape, &pixels);
            Ok(work(image.map_err(|source| super::decode::damaged(&self.paths[index], source))?))
        });
        lock(&self.buffers).push((pixels, buffer));
        outcome
    }

    /// Decodes all files, in parallel: for a set that fits in memory, which is then served without
    /// decoding it again every epoch.
    ///
    /// The result is `[files, height, width, channels]`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it does not fit in memory, and those of
    /// [`with_image`](Self::with_image), for the first file in the list that has one.
    pub fn load(&self) -> Result<Array4<u8>, Error> {
        let (height, width, channels) = self.shape;
        let mut images = crate::allocate::zeros((self.len(), height, width, channels))?;
        let outcomes: Vec<Result<(), Error>> = images
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .enumerate()
            .map(|(index, mut slot)| self.with_image(index, |image| slot.assign(&image)))
            .collect();
        outcomes.into_iter().collect::<Result<(), Error>>()?;
        Ok(images)
    }

    /// Replaces the indices of damaged files that have been met by those of their substitutes.
    pub fn resolve(&self, indices: &mut [usize]) {
        let quarantine = lock(&self.quarantine);
        if quarantine.is_empty() {
            return;
        }
        for index in indices {
            *index = quarantine.get(index).map_or(*index, |entry| entry.substitute);
        }
    }

    /// The damaged files that have been met so far, in the order of the list: those that were asked
    /// for, and those that were tried as substitutes.
    pub fn quarantine(&self) -> Vec<Quarantined> {
        lock(&self.quarantine).values().cloned().collect()
    }

    fn load_or_substitute(
        &self,
        index: usize,
        pixels: &mut [u8],
        buffer: &mut LoadBuffer,
    ) -> Result<(), Error> {
        let mut load = |index: usize| self.loader.load_into(&self.paths[index], pixels, buffer);
        if self.on_damage == OnDamage::Fail {
            return load(index);
        }
        // What one search meets shares what it finds, so that a run of damaged files is read once;
        // where an earlier one has found nothing, none follows.
        let alone = self.none_readable.load(Ordering::Relaxed);
        let mut met = Vec::new();
        let mut first = None;
        let mut candidate = index;
        for _ in 0..if alone { 1 } else { self.len() } {
            let known = lock(&self.quarantine).get(&candidate).map(|entry| entry.substitute);
            candidate = known.unwrap_or(candidate);
            match load(candidate) {
                Ok(()) => {
                    self.none_readable.store(false, Ordering::Relaxed);
                    self.record(met, candidate);
                    return Ok(());
                }
                Err(error) if error.is_of_the_file() => {
                    met.push((candidate, with_causes(&error)));
                    first.get_or_insert((candidate, error));
                }
                Err(error) => return Err(error),
            }
            candidate = (candidate + 1) % self.len();
        }
        self.none_readable.store(true, Ordering::Relaxed);
        let none = Error::NoImages { input: "the list of files".into() };
        let (index, source) = first.unwrap_or((index, none));
        Err(Error::AllDamaged { path: self.paths[index].clone(), source: Box::new(source) })
    }

    /// Puts damaged files on the list, with their reasons.
    fn record(&self, met: Vec<(usize, String)>, substitute: usize) {
        if met.is_empty() {
            return;
        }
        let mut quarantine = lock(&self.quarantine);
        for (index, reason) in met {
            let path = self.paths[index].clone();
            quarantine.insert(index, Quarantined { index, substitute, path, reason });
        }
        // A substitute that has become unreadable since is itself substituted.
        let moved: Vec<(usize, usize)> = quarantine
            .values()
            .filter(|entry| quarantine.contains_key(&entry.substitute))
            .map(|entry| (entry.index, substitute))
            .collect();
        for (index, substitute) in moved {
            if let Some(entry) = quarantine.get_mut(&index) {
                entry.substitute = substitute;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
