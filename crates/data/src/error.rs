use std::io;
use std::path::PathBuf;

/// What can be wrong with a data set, its files, or a request for one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A directory or file is not there.
    #[error("no {looked_for} at {}; check the path", path.display())]
    Missing {
        /// The path that was tried.
        path: PathBuf,
        /// What should have been there, as "directory of CIFAR-10 (binary version)".
        looked_for: String,
    },

    /// A file that is about to be written exists already.
    #[error("{} exists already; write to another directory, or remove it first", path.display())]
    AlreadyExists {
        /// The file in the way.
        path: PathBuf,
    },

    /// The operating system failed to read or write.
    #[error("cannot read or write {input}")]
    Io {
        /// The file's path, or "the reader" or "the writer".
        input: String,
        /// What the operating system said.
        source: io::Error,
    },

    /// A file of records is empty.
    #[error("{input} is empty; it must hold at least one record of {record_length} bytes")]
    EmptyFile {
        /// The file's path, or "the reader".
        input: String,
        /// Bytes per record.
        record_length: usize,
    },

    /// A file's length is not a whole number of records: it is cut short, has something appended,
    /// or is of another format.
    #[error(
        "{input} is {length} bytes long, which leaves {remainder} bytes over after whole records \
         of {record_length}; the file is damaged or of another format"
    )]
    PartialRecord {
        /// The file's path, or "the reader".
        input: String,
        /// Bytes found.
        length: u64,
        /// Bytes per record.
        record_length: usize,
        /// Bytes after the last whole record.
        remainder: u64,
    },

    /// A label names a class that does not exist.
    #[error(
        "label {label} at index {index} of {input} is out of range; it must be below {classes}"
    )]
    LabelOutOfRange {
        /// The file's path, or what the labels are.
        input: String,
        /// Position of the label: the record in its file, or the entry in its array, from 0.
        index: usize,
        /// The label.
        label: usize,
        /// Number of classes, which every label must stay below.
        classes: usize,
    },

    /// A file of class names does not name every class exactly once.
    #[error("{} must hold {expected} class names, one a line, but has {found}", path.display())]
    ClassNames {
        /// The file.
        path: PathBuf,
        /// Names found.
        found: usize,
        /// Number of classes.
        expected: usize,
    },

    /// There are not as many labels as images.
    #[error("there are {images} images but {labels} labels; each image needs one label")]
    LabelCount {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },

    /// The training and the test part do not have the same classes.
    #[error("the training and the test part name their classes differently; they must agree")]
    PartsDiffer,

    /// Images do not have the shape that the file format stores.
    #[error("images are {found:?} (height, width, channels); the format stores {expected:?}")]
    ImageShape {
        /// Height, width and channels given.
        found: [usize; 3],
        /// Height, width and channels of the format.
        expected: [usize; 3],
    },

    /// A number of classes that cannot be generated.
    #[error("{classes} classes were asked for; there are pictures of 1 to {limit} classes")]
    ClassCount {
        /// Number of classes asked for.
        classes: usize,
        /// The most there can be.
        limit: usize,
    },

    /// An image size that is too small to draw in.
    #[error("{height}x{width} images are too small to draw in; each side must be at least {limit}")]
    ImageSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// The shortest side allowed.
        limit: usize,
    },

    /// An array of this shape does not fit in memory.
    #[error("an array of shape {shape:?} does not fit in memory; take fewer samples at a time")]
    TooLarge {
        /// The shape of the array.
        shape: Vec<usize>,
    },
}
