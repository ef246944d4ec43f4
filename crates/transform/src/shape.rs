//! The shape of one image.

use std::fmt;

use ndarray::Array3;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Height, width and channels of one image, in this axis order (HWC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

impl ImageShape {
    /// The shape `(height, width, channels)`, as `ndarray`'s `dim()` of an HWC view returns it.
    pub fn new((height, width, channels): (usize, usize, usize)) -> Self {
        Self { height, width, channels }
    }

    /// The shape in `ndarray`'s form.
    pub fn dim(self) -> (usize, usize, usize) {
        (self.height, self.width, self.channels)
    }

    /// The shape itself, unless an image of it is more than memory can address.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let bytes = [self.height, self.width, self.channels]
            .iter()
            .try_fold(size_of::<f32>(), |bytes, &side| bytes.checked_mul(side.max(1)));
        match bytes.map(isize::try_from) {
            Some(Ok(_)) => Ok(self),
            _ => Err(Error::TooLarge { shape: self }),
        }
    }

    /// An image of zeros of this shape, unless there is no memory for one: the shape may be that of
    /// a file, and `Array3::zeros` would end the process.
    pub(crate) fn zeros<T: Clone + Default>(self) -> Result<Array3<T>, Error> {
        let Self { height, width, channels } = self.checked()?;
        let too_large = |_| Error::TooLarge { shape: self };
        Vec::<T>::new().try_reserve_exact(height * width * channels).map_err(too_large)?;
        Ok(Array3::from_elem((height, width, channels), T::default()))
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}
