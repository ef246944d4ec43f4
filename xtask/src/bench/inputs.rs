//! The images that everybody works on, in memory and as raw files that the peers map.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use mizumashi::data::files::{SaveFormat, save_image};
use mizumashi::data::{Dataset, Synthetic, cifar, to_categorical};
use ndarray::{Array2, Array4, ArrayRef, ArrayView2, Axis, Dimension, concatenate, s};
use serde::{Deserialize, Serialize};

use super::case::Result;

/// Inputs of all cases.
pub(crate) struct Inputs {
    /// What the images are.
    pub(crate) description: String,
    /// A training set of images of 32x32x3, NHWC.
    pub(crate) images: Array4<u8>,
    /// The one-hot classes of the images.
    pub(crate) one_hot: Array2<f32>,
    /// Whether everything is kept small, to see that it works.
    pub(crate) quick: bool,
    directory: PathBuf,
    photos: Option<PathBuf>,
}

impl Inputs {
    /// CIFAR-10 from a folder, or the generated set repeated to the same size, and photographs from
    /// another, if there is one. Files will be written to `directory`.
    pub(crate) fn open(
        cifar: Option<&Path>,
        photos: Option<PathBuf>,
        directory: PathBuf,
        quick: bool,
    ) -> Result<Self> {
        let size = if quick { 2_000 } else { 50_000 };
        let (name, data) = match cifar {
            Some(folder) => ("CIFAR-10", cifar::open_cifar10(folder)?.train),
            None => ("generated", generate(size.min(10_000))?),
        };
        let one_hot = to_categorical(data.labels().view(), data.class_count())?;
        let (distinct, repeats) = (data.len().min(size), size.div_ceil(data.len()));
        let images = data.images().view();
        let images =
            concatenate(Axis(0), &vec![images; repeats])?.slice_move(s![..size, .., .., ..]);
        let one_hot =
            concatenate(Axis(0), &vec![one_hot.view(); repeats])?.slice_move(s![..size, ..]);
        let photographs = photos.as_deref().map_or("mosaics of them".into(), Path::to_string_lossy);
        let description = format!(
            "{name}, {size} images of 32x32x3 ({distinct} distinct); pictures: {photographs}"
        );
        fs::create_dir_all(&directory)?;
        Ok(Self { description, images, one_hot, quick, directory, photos })
    }

    /// A folder of JPEG files, a class per subfolder: the photographs, or mosaics of 384x384.
    pub(crate) fn pictures(&self) -> Result<PathBuf> {
        if let Some(photos) = &self.photos {
            return Ok(photos.clone());
        }
        let root = self.directory.join("pictures");
        let mosaics = self.mosaics(self.choose(128, 16), 384);
        for (index, mosaic) in mosaics.outer_iter().enumerate() {
            let folder = root.join(format!("class_{}", index % 8));
            fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{index:03}.jpeg"));
            save_image(path, mosaic.mapv(f32::from).view(), SaveFormat::Jpeg)?;
        }
        Ok(root)
    }

    /// One or the other, as this is a quick run or one in earnest.
    pub(crate) fn choose<T>(&self, in_earnest: T, quick: T) -> T {
        if self.quick { quick } else { in_earnest }
    }

    /// The first images as rows, for whitening: 10,000 x 3,072; parts of images in a quick run.
    pub(crate) fn rows(&self) -> Result<ArrayView2<'_, u8>> {
        let values = self.choose(3072, 768);
        let count = self.images.len_of(Axis(0)).min(10_000);
        let rows = (self.images.len() / values, values);
        Ok(self.images.view().into_shape_with_order(rows)?.slice_move(s![..count, ..]))
    }

    /// `count` square images of a side that 32 divides, each put together from several of the set.
    pub(crate) fn mosaics(&self, count: usize, side: usize) -> Array4<u8> {
        let tiles = side / 32;
        Array4::from_shape_fn((count, side, side, 3), |(image, row, column, channel)| {
            let tile = (image * tiles + row / 32) * tiles + column / 32;
            self.images[[tile % self.images.dim().0, row % 32, column % 32, channel]]
        })
    }

    /// Writes an array for the peers.
    pub(crate) fn file<T: Raw, D: Dimension>(
        &self,
        name: &str,
        array: &ArrayRef<T, D>,
    ) -> Result<RawFile> {
        let path = self.directory.join(format!("{name}.{}", T::TYPE));
        let mut file = BufWriter::new(File::create(&path)?);
        for &value in array {
            file.write_all(value.bytes().as_ref())?;
        }
        file.flush()?;
        Ok(RawFile::new::<T>(path, array.shape().to_vec()))
    }
}

fn generate(count: usize) -> Result<Dataset> {
    Ok(Synthetic { train: count, test: 1, ..Default::default() }.generate()?.train)
}

/// An array in a file: its values in row-major order, nothing else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RawFile {
    pub(crate) path: PathBuf,
    dtype: String,
    pub(crate) shape: Vec<usize>,
}

impl RawFile {
    pub(crate) fn new<T: Raw>(path: PathBuf, shape: Vec<usize>) -> Self {
        Self { path, dtype: T::TYPE.into(), shape }
    }

    /// Reads all values.
    pub(crate) fn read<T: Raw>(&self) -> Result<Vec<T>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.read_to_end(&mut bytes)?;
        Ok(bytes.chunks_exact(size_of::<T>()).map(T::from_bytes).collect())
    }
}

/// A value that can be in a raw file, least significant byte first.
pub(crate) trait Raw: Copy {
    /// What numpy calls it.
    const TYPE: &'static str;

    fn bytes(self) -> impl AsRef<[u8]>;
    fn from_bytes(bytes: &[u8]) -> Self;
}

impl Raw for u8 {
    const TYPE: &'static str = "uint8";

    fn bytes(self) -> impl AsRef<[u8]> {
        [self]
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes[0]
    }
}

impl Raw for f32 {
    const TYPE: &'static str = "float32";

    fn bytes(self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}
