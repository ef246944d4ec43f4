//! The binary files of CIFAR-10 and CIFAR-100, read and written.
//!
//! A file is a run of records and nothing else: one label byte (CIFAR-100: the coarse label, then
//! the fine one), then the red, the green and the blue plane of a 32x32 image, each in row order.
//! The official files hold 10,000 records each, or 50,000 (`train.bin`); here a file may hold any
//! number of whole records.
//!
//! - [`open_cifar10`] and [`open_cifar100`] read a directory in the official layout;
//! - [`read`] and [`read_files`] read single files, or records from anywhere;
//! - [`write()`] and [`save_cifar10`] make such files.
//!
//! Images come out interleaved, `[samples, 32, 32, 3]`. Reading takes little more memory than the
//! images themselves.
//!
//! The data sets are described in A. Krizhevsky, "Learning Multiple Layers of Features from Tiny
//! Images", 2009, and kept at <https://www.cs.toronto.edu/~kriz/cifar.html> ("binary version").

mod directory;
mod reader;
mod writer;

pub use directory::{Cifar100Labels, open_cifar10, open_cifar100, save_cifar10};
pub use reader::{Records, read, read_files};
pub use writer::write;

use serde::{Deserialize, Serialize};

/// Height, width and channels of every CIFAR image.
pub const IMAGE_SHAPE: [usize; 3] = [32, 32, 3];

const PLANE: usize = IMAGE_SHAPE[0] * IMAGE_SHAPE[1];
const PIXELS: usize = PLANE * IMAGE_SHAPE[2];

/// Superclasses of CIFAR-100.
const COARSE_CLASSES: usize = 20;

/// Records handled at a time: enough to keep every core busy, small enough for the cache.
const BLOCK: usize = 1024;

/// The two record formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A label, then the image: 3,073 bytes.
    Cifar10,
    /// A coarse label, a fine label, then the image: 3,074 bytes.
    Cifar100,
}

impl Format {
    /// Bytes per record.
    pub const fn record_length(self) -> usize {
        self.label_bytes() + PIXELS
    }

    /// The number of classes: 10 or 100.
    pub const fn classes(self) -> usize {
        match self {
            Self::Cifar10 => 10,
            Self::Cifar100 => 100,
        }
    }

    /// The number of coarse classes, where records have a coarse label: 20.
    pub const fn coarse_classes(self) -> Option<usize> {
        match self {
            Self::Cifar10 => None,
            Self::Cifar100 => Some(COARSE_CLASSES),
        }
    }

    const fn label_bytes(self) -> usize {
        match self {
            Self::Cifar10 => 1,
            Self::Cifar100 => 2,
        }
    }
}
