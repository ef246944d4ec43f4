use std::io;
use std::path::{Path, PathBuf};

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

    /// A class was given twice.
    #[error("the classes {first} and {second} are both named {name:?}; name each class once")]
    DuplicateClass {
        /// The name.
        name: String,
        /// The number of the first class of this name.
        first: usize,
        /// The number of the second.
        second: usize,
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

    /// A file asks for more than it is allowed.
    #[error(
        "{} has {value} {what}, more than the limit of {limit}; raise the limit if the file is to \
         be trusted, or leave it out",
        path.display()
    )]
    Limit {
        /// The file.
        path: PathBuf,
        /// What is counted: columns, rows, pixels or bytes.
        what: &'static str,
        /// How many it has.
        value: u64,
        /// How many it may have.
        limit: u64,
    },

    /// A file is no regular file, no picture of a known format, or is cut short.
    #[error("{} cannot be decoded; mend it, leave it out, or have it substituted", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The first of the files that cannot be read, where none can.
    #[error("{} cannot be read, and no other file of the list can stand in for it", path.display())]
    AllDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },

    /// A picture has values that are not integers of 8 or 16 bits.
    #[error("{} holds {found} pixels; convert it to 8 or 16 bits per channel", path.display())]
    PixelType {
        /// The file.
        path: PathBuf,
        /// The type of its pixels.
        found: String,
    },

    /// A picture has 16 bits per channel where the lower eight must not be lost.
    #[error(
        "{} has 16 bits per channel, and the lower eight would be lost; store it with eight",
        path.display()
    )]
    Depth {
        /// The file.
        path: PathBuf,
    },

    /// Pictures need a size to be brought to, so that they fit into one batch.
    #[error("the target size is {height}x{width}; give each side at least one pixel")]
    TargetSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },

    /// There is nothing to serve.
    #[error("no images in {input}; check the path, the extensions and the subset")]
    NoImages {
        /// What was searched.
        input: String,
    },

    /// A sample beyond the end of a list.
    #[error("there is no image {index} in a list of {images}")]
    Index {
        /// The index asked for.
        index: usize,
        /// Images in the list.
        images: usize,
    },

    /// A validation split that is none.
    #[error("the validation split is {fraction}; it must be between 0 and 1, both excluded")]
    Split {
        /// The fraction asked for.
        fraction: f64,
    },

    /// A table could not be read.
    #[error("cannot read {input} as CSV with a header line")]
    Csv {
        /// The file's path, or "the reader".
        input: String,
        /// What the reader said.
        source: csv::Error,
    },

    /// A row has not a cell per column.
    #[error("row {row} has {cells} cells; there are {columns} columns")]
    Row {
        /// The row, from 1.
        row: u64,
        /// Its cells.
        cells: usize,
        /// The number of columns.
        columns: usize,
    },

    /// A table has no column of this name.
    #[error("{input} has no column {column:?}; its columns are {columns}")]
    Column {
        /// The file's path, or what else the rows come from.
        input: String,
        /// The name asked for.
        column: String,
        /// The names there are.
        columns: String,
    },

    /// A cell should hold a number.
    #[error("{value:?} in line {row}, column {column:?} of {input} is no finite number")]
    Number {
        /// The file's path, or what else the rows come from.
        input: String,
        /// The line of the file, or the row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },

    /// A cell should name a class.
    #[error(
        "{value:?} in line {row}, column {column:?} of {input} names none of the classes; drop the \
         row or add the class"
    )]
    Class {
        /// The file's path, or what else the rows come from.
        input: String,
        /// The line of the file, or the row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// The cell.
        value: String,
    },

    /// A picture could not be written.
    #[error("cannot save {}", path.display())]
    Save {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Whether it is the file that is at fault, so that it may be left out, or another may stand in
    /// for it; see [`OnDamage::Substitute`](crate::files::OnDamage::Substitute).
    pub fn is_of_the_file(&self) -> bool {
        use io::ErrorKind::{NotFound, PermissionDenied, UnexpectedEof};
        match self {
            Self::Damaged { .. }
            | Self::Limit { .. }
            | Self::PixelType { .. }
            | Self::Depth { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), NotFound | PermissionDenied | UnexpectedEof)
            }
            _ => false,
        }
    }
}

/// What the operating system said of a file.
pub(crate) fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { input: path.display().to_string(), source }
}
