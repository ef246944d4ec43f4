use super::writer::write_named;
use super::{COARSE_CLASSES, Format, Records, read_files};
use crate::error::io_error;
use crate::{Dataset, Error, TrainTest};
use ndarray::{Axis, Slice};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

const CIFAR10_TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const CIFAR10_TEST: &str = "test_batch.bin";
const CIFAR10_NAMES: &str = "batches.meta.txt";

const CIFAR100_TRAIN: &str = "train.bin";
const CIFAR100_TEST: &str = "test.bin";
const CIFAR100_FINE_NAMES: &str = "fine_label_names.txt";
const CIFAR100_COARSE_NAMES: &str = "coarse_label_names.txt";

/// Which of its two labels an image of CIFAR-100 goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cifar100Labels {
    /// The class, one of 100.
    Fine,
    /// The superclass, one of 20.
    Coarse,
}

/// Opens a directory of CIFAR-10: `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin`, and
/// the class names in `batches.meta.txt`.
///
/// Takes the batches that are there, in the order of their numbers. One training batch must be;
/// without the test batch, the test part is empty. The whole official set has 50,000 training
/// samples and 10,000 test samples.
///
/// ```
/// use mizumashi_data::{Synthetic, cifar};
///
/// let directory = tempfile::tempdir()?;
/// let data = Synthetic { train: 100, test: 20, ..Synthetic::default() }.generate()?;
/// cifar::save_cifar10(directory.path(), &data)?;
/// assert_eq!(cifar::open_cifar10(directory.path())?, data);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// - [`Error::Missing`] when the directory, every training batch, or the file of names is missing;
/// - [`Error::ClassNames`] when that file does not hold ten names;
/// - what [`read_files`] says of the batches.
pub fn open_cifar10(directory: impl AsRef<Path>) -> Result<TrainTest, Error> {
    let directory = directory.as_ref();
    require_directory(directory, "CIFAR-10")?;
    let train = present(directory, &CIFAR10_TRAIN)?;
    if train.is_empty() {
        let looked_for = format!("training batch ({} and so on)", CIFAR10_TRAIN[0]);
        return Err(Error::Missing { path: directory.to_owned(), looked_for });
    }
    let test = present(directory, &[CIFAR10_TEST])?;
    let names = read_names(&directory.join(CIFAR10_NAMES), Format::Cifar10.classes())?;
    let dataset = |files: &[PathBuf]| {
        let records = read_files(files, Format::Cifar10)?;
        Dataset::new(records.images, records.labels, names.clone())
    };
    Ok(TrainTest { train: dataset(&train)?, test: dataset(&test)? })
}

/// Opens a directory of CIFAR-100: `train.bin`, `test.bin`, and the class names in
/// `fine_label_names.txt` or `coarse_label_names.txt`.
///
/// Without `test.bin`, the test part is empty. The official set has 50,000 training samples and
/// 10,000 test samples. For both labels of each image, use [`read_files`].
///
/// # Errors
///
/// - [`Error::Missing`] when the directory, `train.bin`, or the file of names is missing;
/// - [`Error::ClassNames`] when that file does not hold 100 or 20 names;
/// - what [`read_files`] says of the files.
pub fn open_cifar100(
    directory: impl AsRef<Path>,
    labels: Cifar100Labels,
) -> Result<TrainTest, Error> {
    let directory = directory.as_ref();
    require_directory(directory, "CIFAR-100")?;
    let train = [directory.join(CIFAR100_TRAIN)];
    let test = present(directory, &[CIFAR100_TEST])?;
    let (file, classes) = match labels {
        Cifar100Labels::Fine => (CIFAR100_FINE_NAMES, Format::Cifar100.classes()),
        Cifar100Labels::Coarse => (CIFAR100_COARSE_NAMES, COARSE_CLASSES),
    };
    let names = read_names(&directory.join(file), classes)?;
    let dataset = |files: &[PathBuf]| {
        let Records { images, labels: fine, coarse_labels } = read_files(files, Format::Cifar100)?;
        let labels = match labels {
            Cifar100Labels::Fine => fine,
            Cifar100Labels::Coarse => coarse_labels.unwrap_or_default(),
        };
        Dataset::new(images, labels, names.clone())
    };
    Ok(TrainTest { train: dataset(&train)?, test: dataset(&test)? })
}

/// Writes a data set of ten classes as a directory of CIFAR-10, which is made if need be.
///
/// The training part is divided evenly over the five training batches, in order; a batch without
/// samples is left out. Files that are there already are never overwritten.
///
/// # Errors
///
/// - [`Error::PartsDiffer`] when the two parts have different classes;
/// - [`Error::ClassNames`] when there are not ten classes, each with a name of one line;
/// - [`Error::EmptyFile`] when there is no training sample, without which the set would not open;
/// - [`Error::AlreadyExists`] when the directory holds any file of the set;
/// - else as [`write()`](super::write()).
pub fn save_cifar10(directory: impl AsRef<Path>, data: &TrainTest) -> Result<(), Error> {
    let directory = directory.as_ref();
    let names_path = directory.join(CIFAR10_NAMES);
    let names = data.train.class_names();
    if data.test.class_names() != names {
        return Err(Error::PartsDiffer);
    }
    let text = names.join("\n") + "\n";
    let (found, expected) = (parse_names(&text).len(), Format::Cifar10.classes());
    if names.len() != expected || found != expected {
        return Err(Error::ClassNames { path: names_path, found, expected });
    }
    if data.train.is_empty() {
        return Err(Error::EmptyFile {
            input: directory.join(CIFAR10_TRAIN[0]).display().to_string(),
            record_length: Format::Cifar10.record_length(),
        });
    }
    let every_file = [&CIFAR10_TRAIN[..], &[CIFAR10_TEST, CIFAR10_NAMES]].concat();
    if let Some(path) = present(directory, &every_file)?.into_iter().next() {
        return Err(Error::AlreadyExists { path });
    }

    fs::create_dir_all(directory).map_err(|source| io_error(directory, source))?;
    for (batch, file) in CIFAR10_TRAIN.iter().enumerate() {
        let bound = |batch: usize| (batch * data.train.len()).div_ceil(CIFAR10_TRAIN.len());
        save_batch(&directory.join(file), &data.train, bound(batch)..bound(batch + 1))?;
    }
    save_batch(&directory.join(CIFAR10_TEST), &data.test, 0..data.test.len())?;
    // last, so that a set cut short does not open
    fs::write(&names_path, text).map_err(|source| io_error(&names_path, source))
}

/// Writes some samples to a new file; none, and no file, for an empty range.
fn save_batch(path: &Path, dataset: &Dataset, samples: Range<usize>) -> Result<(), Error> {
    if samples.is_empty() {
        return Ok(());
    }
    let file = File::create_new(path).map_err(|source| io_error(path, source))?;
    let images = dataset.images().slice_axis(Axis(0), Slice::from(samples.clone()));
    let labels = dataset.labels().slice_axis(Axis(0), Slice::from(samples));
    write_named(file, &path.display().to_string(), images, labels, None)
}

fn require_directory(path: &Path, set: &str) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    let looked_for = format!("directory of {set} (binary version)");
    Err(Error::Missing { path: path.to_owned(), looked_for })
}

/// The paths of those files that are in the directory.
fn present(directory: &Path, files: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for file in files {
        let path = directory.join(file);
        if path.try_exists().map_err(|source| io_error(&path, source))? {
            found.push(path);
        }
    }
    Ok(found)
}

fn read_names(path: &Path, classes: usize) -> Result<Vec<String>, Error> {
    let text = fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => {
            Error::Missing { path: path.to_owned(), looked_for: "file of class names".to_owned() }
        }
        _ => io_error(path, source),
    })?;
    let names = parse_names(&text);
    if names.len() != classes {
        return Err(Error::ClassNames {
            path: path.to_owned(),
            found: names.len(),
            expected: classes,
        });
    }
    Ok(names)
}

/// One name a line; the official files end with an empty line.
fn parse_names(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}
