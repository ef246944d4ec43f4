//! The pictures of a command, read one by one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use mizumashi::data::files::ImageLoader;
use mizumashi::data::{Dataset, Error as DataError};
use mizumashi::transform::ImageShape;
use ndarray::{Array4, ArrayView3, Axis};
use rayon::prelude::*;
use serde::Serialize;

use crate::error::{Error, with_causes};
use crate::output::refuse_inputs;

/// One picture.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What its output is called, relative to a folder of outputs.
    pub(crate) name: PathBuf,
    pub(crate) place: Place,
}

/// Where a picture is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    File(PathBuf),
    Record(Arc<Dataset>, usize),
}

/// A list of pictures and how they are read.
#[derive(Debug)]
pub(crate) struct Pictures {
    entries: Vec<Entry>,
    loader: ImageLoader,
    skip_damaged: bool,
    skipped: Vec<Skipped>,
}

/// A picture that could not be read and was left out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Skipped {
    pub(crate) path: PathBuf,
    pub(crate) reason: String,
}

impl Pictures {
    pub(crate) fn new(entries: Vec<Entry>, loader: ImageLoader, skip_damaged: bool) -> Self {
        Self { entries, loader, skip_damaged, skipped: Vec::new() }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keeps the first pictures alone.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.entries.truncate(count);
    }

    /// Refuses outputs that are among the pictures.
    pub(crate) fn refuse_outputs<'a>(
        &'a self,
        outputs: impl IntoIterator<Item = &'a Path>,
    ) -> Result<(), Error> {
        let files = self.entries.iter().filter_map(|entry| match &entry.place {
            Place::File(file) => Some(file.as_path()),
            Place::Record(..) => None,
        });
        refuse_inputs(files, outputs)
    }

    /// What was left out in the last pass over the pictures.
    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Reads every picture and lends it to `work`, on all threads, with its number in the list;
    /// what comes of it goes to `take` in the order of the list, whatever the threads.
    ///
    /// A picture that cannot be read is an error, the first of the list whatever the threads, or is
    /// left out where that was asked for.
    pub(crate) fn each<T: Send>(
        &mut self,
        doing: &'static str,
        work: impl Fn(usize, &Entry, ArrayView3<'_, u8>) -> Result<T, Error> + Sync,
        mut take: impl FnMut(&Entry, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let progress = progress(self.entries.len(), doing);
        self.skipped.clear();
        let mut start = 0;
        for chunk in self.entries.chunks(8 * rayon::current_num_threads()) {
            let made: Vec<Result<T, Error>> = chunk
                .par_iter()
                .enumerate()
                .map(|(offset, entry)| {
                    let made = self.read(entry, |image| work(start + offset, entry, image));
                    progress.inc(1);
                    made
                })
                .collect();
            for (entry, made) in chunk.iter().zip(made) {
                match made {
                    Ok(made) => take(entry, made)?,
                    Err(error) => self.skipped.push(entry.left_out(error, self.skip_damaged)?),
                }
            }
            start += chunk.len();
        }
        progress.finish_and_clear();
        if !self.skipped.is_empty() && self.skipped.len() == self.entries.len() {
            return Err(self.all_damaged());
        }
        Ok(())
    }

    /// Reads the first picture and lends it to `work`, with its number in the list; where those that
    /// cannot be read are left out, the first that can.
    pub(crate) fn first<T>(
        &mut self,
        work: impl Fn(usize, &Entry, ArrayView3<'_, u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.skipped.clear();
        for (index, entry) in self.entries.iter().enumerate() {
            match self.read(entry, |image| work(index, entry, image)) {
                Ok(made) => return Ok(made),
                Err(error) => self.skipped.push(entry.left_out(error, self.skip_damaged)?),
            }
        }
        Err(self.all_damaged())
    }

    /// All pictures as one array, indexed (picture, row, column, channel).
    pub(crate) fn load(&mut self) -> Result<Array4<u8>, Error> {
        let mut values = Vec::new();
        let mut first: Option<(PathBuf, ImageShape)> = None;
        let mut count = 0;
        let own = |_: usize, _: &Entry, image: ArrayView3<'_, u8>| Ok(image.to_owned());
        self.each("reading", own, |entry, image| {
            let found = ImageShape::new(image.dim());
            let (path, expected) = first.get_or_insert((entry.path().to_owned(), found));
            if found != *expected {
                return Err(Error::Sizes {
                    path: entry.path().to_owned(),
                    found: found.to_string(),
                    first: path.clone(),
                    expected: expected.to_string(),
                });
            }
            values.extend(image);
            count += 1;
            Ok(())
        })?;
        let (height, width, channels) = first.map(|(_, shape)| shape.dim()).unwrap_or_default();
        let shape = (count, height, width, channels);
        Array4::from_shape_vec(shape, values)
            .map_err(|_| DataError::TooLarge { shape: vec![count, height, width, channels] }.into())
    }

    fn all_damaged(&self) -> Error {
        let first = self.skipped.first();
        let (path, reason) =
            first.map(|one| (one.path.clone(), one.reason.clone())).unwrap_or_default();
        Error::AllDamaged { count: self.entries.len(), path, reason }
    }

    fn read<T>(
        &self,
        entry: &Entry,
        work: impl FnOnce(ArrayView3<'_, u8>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &entry.place {
            Place::File(path) => work(self.loader.load(path)?.view()),
            Place::Record(set, index) => work(set.images().index_axis(Axis(0), *index)),
        }
    }
}

impl Entry {
    /// The file, or what stands for it in messages.
    pub(crate) fn path(&self) -> &Path {
        match &self.place {
            Place::File(path) => path,
            Place::Record(..) => &self.name,
        }
    }

    /// What is told of a picture that is left out for this error, where damaged ones may be.
    fn left_out(&self, error: Error, skip_damaged: bool) -> Result<Skipped, Error> {
        match error {
            Error::Data(error) if skip_damaged && error.is_of_the_file() => {
                let path = self.path().to_owned();
                Ok(Skipped { reason: reason(&error, &path), path })
            }
            error => Err(error),
        }
    }
}

/// What is wrong with a file, without its name, which stands beside it.
fn reason(error: &DataError, path: &Path) -> String {
    with_causes(error).replace(&format!("{} ", path.display()), "")
}

/// A bar on the standard error, where that is a terminal.
fn progress(length: usize, doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(doing);
    match ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
