use super::{BLOCK, Format, IMAGE_SHAPE, PLANE};
use crate::Error;
use crate::categorical::check_labels;
use ndarray::{ArrayView1, ArrayView3, ArrayView4, Axis};
use rayon::prelude::*;
use std::io::Write;

/// Writes records: as CIFAR-10, or as CIFAR-100 when there are coarse labels.
///
/// `images` are `[records, 32, 32, 3]`, in any memory order. Nothing is written unless every image
/// and label can be.
///
/// ```
/// use mizumashi_data::cifar::{self, Format};
/// use ndarray::{Array4, array};
///
/// let images = Array4::from_shape_fn((2, 32, 32, 3), |(n, y, x, c)| (n + y + x + c) as u8);
/// let labels = array![3, 9];
/// let mut file = Vec::new();
/// cifar::write(&mut file, images.view(), labels.view(), None)?;
/// assert_eq!(file.len(), 2 * 3073);
///
/// let records = cifar::read(file.as_slice(), Format::Cifar10)?;
/// assert_eq!((records.images, records.labels), (images, labels));
/// # Ok::<(), mizumashi_data::Error>(())
/// ```
///
/// # Errors
///
/// - [`Error::ImageShape`] when images are not 32x32x3;
/// - [`Error::LabelCount`] when there are not as many labels of either kind as images;
/// - [`Error::LabelOutOfRange`] for a label that the format does not have;
/// - [`Error::Io`] when writing fails.
pub fn write(
    writer: impl Write,
    images: ArrayView4<u8>,
    labels: ArrayView1<usize>,
    coarse_labels: Option<ArrayView1<usize>>,
) -> Result<(), Error> {
    write_named(writer, "the writer", images, labels, coarse_labels)
}

/// [`write`] to an output that errors call `output`.
pub(super) fn write_named(
    mut writer: impl Write,
    output: &str,
    images: ArrayView4<u8>,
    labels: ArrayView1<usize>,
    coarse_labels: Option<ArrayView1<usize>>,
) -> Result<(), Error> {
    let format = if coarse_labels.is_some() { Format::Cifar100 } else { Format::Cifar10 };
    let (count, height, width, channels) = images.dim();
    if [height, width, channels] != IMAGE_SHAPE {
        return Err(Error::ImageShape { found: [height, width, channels], expected: IMAGE_SHAPE });
    }
    check_column(labels, count, format.classes(), "the labels")?;
    if let (Some(labels), Some(classes)) = (coarse_labels, format.coarse_classes()) {
        check_column(labels, count, classes, "the coarse labels")?;
    }

    let record_length = format.record_length();
    let mut block = vec![0; BLOCK.min(count) * record_length];
    for start in (0..count).step_by(BLOCK) {
        let end = (start + BLOCK).min(count);
        let block = &mut block[..(end - start) * record_length];
        block.par_chunks_exact_mut(record_length).enumerate().for_each(|(offset, record)| {
            let index = start + offset;
            let (head, planes) = record.split_at_mut(format.label_bytes());
            if let Some(coarse_labels) = coarse_labels {
                head[0] = coarse_labels[index] as u8;
            }
            head[format.label_bytes() - 1] = labels[index] as u8;
            separate(images.index_axis(Axis(0), index), planes);
        });
        writer.write_all(block).map_err(|source| Error::Io { input: output.to_owned(), source })?;
    }
    writer.flush().map_err(|source| Error::Io { input: output.to_owned(), source })
}

fn check_column(
    labels: ArrayView1<usize>,
    images: usize,
    classes: usize,
    input: &str,
) -> Result<(), Error> {
    if labels.len() != images {
        return Err(Error::LabelCount { images, labels: labels.len() });
    }
    check_labels(labels, classes, input)
}

/// Pixels to planes of red, green and blue.
fn separate(image: ArrayView3<u8>, planes: &mut [u8]) {
    for (plane, channel) in planes.chunks_exact_mut(PLANE).zip(image.axis_iter(Axis(2))) {
        for (value, &pixel) in plane.iter_mut().zip(channel) {
            *value = pixel;
        }
    }
}
