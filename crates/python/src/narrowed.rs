//! Images of whole numbers that came as floats, read as the bytes that they are.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use mizumashi::ndarray::{ArrayView3, Dim, ShapeBuilder};
use mizumashi::transform::ImageShape;
use mizumashi::{Error, Source};

use crate::picked::Picked;

/// `float32` images whose values are whole numbers from 0 to 255, as is usual for pictures that a
/// script has converted. Each is narrowed as it is lent: resampling bytes takes half the time and
/// gives the same bits.
pub(crate) struct Narrowed<'a, 'i> {
    images: Picked<'a, f32>,
    /// Made false where a value is no byte.
    bytes: &'i AtomicBool,
}

impl<'a, 'i> Narrowed<'a, 'i> {
    pub(crate) fn new(images: Picked<'a, f32>, bytes: &'i AtomicBool) -> Self {
        Self { images, bytes }
    }
}

thread_local! {
    /// The bytes of the image that a thread works on.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Source for Narrowed<'_, '_> {
    type Pixel = u8;

    fn samples(&self) -> usize {
        self.images.samples()
    }

    fn image_shape(&self) -> ImageShape {
        self.images.image_shape()
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        let mut bytes = BYTES.take();
        let outcome = self.images.with_image(index, |image| {
            let narrowed = narrow(image, &mut bytes)?;
            Some(work(narrowed))
        })?;
        BYTES.set(bytes);
        outcome.ok_or_else(|| {
            self.bytes.store(false, Ordering::Relaxed);
            Error::Argument {
                argument: "images",
                value: format!("image {index}"),
                mend: "its values must be whole numbers from 0 to 255",
            }
        })
    }
}

/// The image as bytes in the same order, if it lies in one piece and is made of bytes.
fn narrow<'b>(image: ArrayView3<'_, f32>, bytes: &'b mut Vec<u8>) -> Option<ArrayView3<'b, u8>> {
    const PIECE: usize = 256;
    let values = image.as_slice_memory_order()?;
    bytes.clear();
    for piece in values.chunks(PIECE) {
        let start = bytes.len();
        bytes.extend(piece.iter().map(|&value| value as u8));
        let narrowed = bytes[start..].iter().zip(piece);
        // Bits, since a negative zero is none of a byte's values.
        let lost = narrowed.map(|(&byte, value)| f32::from(byte).to_bits() ^ value.to_bits());
        if lost.fold(0, |all, bits| all | bits) != 0 {
            return None;
        }
    }
    let [row, column, channel] = image.strides() else { return None };
    let stride = |stride: &isize| usize::try_from(*stride).ok();
    let strides = Dim([stride(row)?, stride(column)?, stride(channel)?]);
    ArrayView3::from_shape(image.raw_dim().strides(strides), bytes).ok()
}
