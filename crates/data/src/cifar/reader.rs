use super::{BLOCK, Format, IMAGE_SHAPE, PIXELS, PLANE};
use crate::Error;
use crate::error::io_error;
use ndarray::{Array1, Array4};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Records as read: plain data, a row of each array per record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// Images, `[records, 32, 32, 3]`.
    pub images: Array4<u8>,
    /// Labels (CIFAR-100: the fine ones).
    pub labels: Array1<usize>,
    /// Coarse labels, of CIFAR-100 alone.
    pub coarse_labels: Option<Array1<usize>>,
}

/// Reads records up to the end of `reader`, which needs no buffer of its own.
///
/// ```
/// use mizumashi_data::cifar::{self, Format};
///
/// let mut record = vec![7]; // the label,
/// record.extend([200; 1024]); // then red,
/// record.extend([100; 1024]); // green
/// record.extend([50; 1024]); // and blue
/// let records = cifar::read(record.as_slice(), Format::Cifar10)?;
/// assert_eq!(records.labels[0], 7);
/// assert_eq!(records.images.as_slice().unwrap()[..3], [200, 100, 50]);
/// # Ok::<(), mizumashi_data::Error>(())
/// ```
///
/// # Errors
///
/// - [`Error::Io`] when reading fails;
/// - [`Error::EmptyFile`] when there is no record;
/// - [`Error::PartialRecord`] when the end comes inside a record;
/// - [`Error::LabelOutOfRange`] for a label that the format does not have;
/// - [`Error::TooLarge`] when the images do not fit in memory.
pub fn read(reader: impl Read, format: Format) -> Result<Records, Error> {
    let mut decoder = Decoder::new(format);
    decoder.read(reader, "the reader")?;
    decoder.finish()
}

/// Reads files one after the other into one set of records.
///
/// All lengths are checked before any file is read.
///
/// # Errors
///
/// [`Error::Missing`] for a file that is not there; else as [`read`], with the file's name.
pub fn read_files<P: AsRef<Path>>(paths: &[P], format: Format) -> Result<Records, Error> {
    let mut total: usize = 0;
    for path in paths {
        total = total.saturating_add(count_records(path.as_ref(), format)?);
    }
    let mut decoder = Decoder::new(format);
    decoder.reserve(total)?;
    for path in paths.iter().map(AsRef::as_ref) {
        let file = File::open(path).map_err(|source| io_error(path, source))?;
        decoder.read(file, &path.display().to_string())?;
    }
    decoder.finish()
}

/// The number of records in a file, by its length.
fn count_records(path: &Path, format: Format) -> Result<usize, Error> {
    let length = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let looked_for = format!("file of {}-byte records", format.record_length());
            return Err(Error::Missing { path: path.to_owned(), looked_for });
        }
        Err(source) => return Err(io_error(path, source)),
    };
    check_length(length, format, &path.display().to_string())?;
    Ok(usize::try_from(length / format.record_length() as u64).unwrap_or(usize::MAX))
}

fn check_length(length: u64, format: Format, input: &str) -> Result<(), Error> {
    let (input, record_length) = (input.to_owned(), format.record_length());
    match length % record_length as u64 {
        _ if length == 0 => Err(Error::EmptyFile { input, record_length }),
        0 => Ok(()),
        remainder => Err(Error::PartialRecord { input, length, record_length, remainder }),
    }
}

/// Records under construction, in the form they will be handed out.
struct Decoder {
    format: Format,
    pixels: Vec<u8>,
    labels: Vec<usize>,
    coarse_labels: Vec<usize>,
}

impl Decoder {
    fn new(format: Format) -> Self {
        Self { format, pixels: Vec::new(), labels: Vec::new(), coarse_labels: Vec::new() }
    }

    /// Makes room for so many more records.
    fn reserve(&mut self, records: usize) -> Result<(), Error> {
        let [height, width, channels] = IMAGE_SHAPE;
        let length = records.saturating_mul(PIXELS); // saturated, it is refused
        self.pixels.try_reserve_exact(length).map_err(|_| Error::TooLarge {
            shape: vec![self.pixels.len() / PIXELS + records, height, width, channels],
        })
    }

    /// Decodes everything from one input, a block of records at a time.
    fn read(&mut self, mut reader: impl Read, input: &str) -> Result<(), Error> {
        let record_length = self.format.record_length();
        let block_length = BLOCK * record_length;
        let mut block = Vec::with_capacity(block_length);
        let mut length = 0;
        let mut index = 0;
        loop {
            block.clear();
            reader
                .by_ref()
                .take(block_length as u64)
                .read_to_end(&mut block)
                .map_err(|source| Error::Io { input: input.to_owned(), source })?;
            length += block.len() as u64;
            self.decode(&block, index, input)?;
            index += block.len() / record_length;
            if block.len() < block_length {
                return check_length(length, self.format, input);
            }
        }
    }

    /// Decodes the whole records of a block, the first of which is number `index` of its input.
    fn decode(&mut self, block: &[u8], index: usize, input: &str) -> Result<(), Error> {
        let format = self.format;
        let (label_bytes, record_length) = (format.label_bytes(), format.record_length());
        let records = block.len() / record_length;
        let column = |byte: usize| {
            block.chunks_exact(record_length).map(move |record| usize::from(record[byte]))
        };
        if let Some(classes) = format.coarse_classes() {
            let input = || format!("the coarse labels of {input}");
            append_labels(&mut self.coarse_labels, column(0), index, classes, input)?;
        }
        let (labels, input) = (column(label_bytes - 1), || input.to_owned());
        append_labels(&mut self.labels, labels, index, format.classes(), input)?;

        let start = self.pixels.len();
        if self.pixels.capacity() - start < records * PIXELS {
            // the length is not known: grow in proportion
            self.reserve(records.max(start / PIXELS))?;
        }
        self.pixels.resize(start + records * PIXELS, 0);
        self.pixels[start..]
            .par_chunks_exact_mut(PIXELS)
            .zip(block.par_chunks_exact(record_length))
            .for_each(|(image, record)| interleave(&record[label_bytes..], image));
        Ok(())
    }

    fn finish(self) -> Result<Records, Error> {
        let [height, width, channels] = IMAGE_SHAPE;
        let shape = [self.labels.len(), height, width, channels];
        let images = Array4::from_shape_vec(shape, self.pixels)
            .map_err(|_| Error::TooLarge { shape: shape.to_vec() })?;
        let coarse_labels = self.format.coarse_classes().map(|_| self.coarse_labels.into());
        Ok(Records { images, labels: self.labels.into(), coarse_labels })
    }
}

/// Appends the labels of the records from number `index` on, if all are in range.
fn append_labels(
    labels: &mut Vec<usize>,
    more: impl Iterator<Item = usize>,
    index: usize,
    classes: usize,
    input: impl FnOnce() -> String,
) -> Result<(), Error> {
    for (index, label) in (index..).zip(more) {
        if label >= classes {
            return Err(Error::LabelOutOfRange { input: input(), index, label, classes });
        }
        labels.push(label);
    }
    Ok(())
}

/// Planes of red, green and blue to pixels.
fn interleave(planes: &[u8], image: &mut [u8]) {
    let (red, rest) = planes.split_at(PLANE);
    let (green, blue) = rest.split_at(PLANE);
    for (((pixel, &red), &green), &blue) in image.chunks_exact_mut(3).zip(red).zip(green).zip(blue)
    {
        pixel.copy_from_slice(&[red, green, blue]);
    }
}
