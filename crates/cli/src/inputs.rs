//! Which pictures a command works on.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use mizumashi::data::files::{ColorMode, EXTENSIONS, ImageFolder, ImageLoader, Resampling};
use mizumashi::data::{Dataset, TrainTest, cifar};

use crate::error::Error;
use crate::named::named;
use crate::pictures::{Entry, Pictures, Place};

const RESAMPLINGS: [&str; 6] = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"];

/// Pictures, and how they are read.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// Pictures, folders of pictures, or folders of CIFAR-10 or CIFAR-100 (binary version)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take the first N pictures alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    reading: Reading,
}

/// How pictures are read.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// Resize every picture: HEIGHTxWIDTH, or one number for a square
    #[arg(long)]
    size: Option<Size>,
    /// How pictures are resized
    #[arg(long, value_name = "HOW", default_value = "bilinear",
        value_parser = named::<Resampling>(&RESAMPLINGS))]
    resampling: Resampling,
    /// Convert pictures to one channel
    #[arg(long)]
    grayscale: bool,
    /// Turn photographs as their EXIF data say
    #[arg(long)]
    apply_orientation: bool,
    /// Leave out pictures that cannot be read, and list them, instead of stopping at the first
    #[arg(long)]
    skip_damaged: bool,
    /// Which part of CIFAR is read
    #[arg(long, default_value = "train")]
    part: Part,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    Train,
    Test,
}

/// Every picture below a folder that is read: with those of the PNM family that class folders leave out,
/// and that are written here.
pub(crate) fn folder(path: &Path) -> ImageFolder {
    let extensions = EXTENSIONS.into_iter().chain(["pbm", "pgm", "pnm"]);
    ImageFolder::new(path).without_classes().extensions(extensions)
}

/// Rows and columns.
#[derive(Debug, Clone, Copy)]
struct Size {
    height: usize,
    width: usize,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (height, width) = text.split_once('x').unwrap_or((text, text));
        match (height.parse(), width.parse()) {
            (Ok(height @ 1..=32768), Ok(width @ 1..=32768)) => Ok(Self { height, width }),
            _ => Err("it must be HEIGHTxWIDTH or one number, from 1 to 32768".to_owned()),
        }
    }
}

impl Inputs {
    /// The pictures, of which files are not opened yet.
    pub(crate) fn list(&self) -> Result<Pictures, Error> {
        let mut pictures = self.reading.list(&self.paths)?;
        if let Some(limit) = self.limit {
            pictures.truncate(limit as usize);
        }
        Ok(pictures)
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }
}

impl Reading {
    /// The pictures at these paths.
    pub(crate) fn list(&self, paths: &[PathBuf]) -> Result<Pictures, Error> {
        let mut entries = Vec::new();
        for path in paths {
            if let Some(set) = self.open_cifar(path)? {
                entries.extend(self.records(set)?);
            } else if path.is_dir() {
                let list = folder(path).list()?;
                entries.extend(list.paths.into_iter().map(|file| Entry {
                    name: file.strip_prefix(path).unwrap_or(&file).to_owned(),
                    place: Place::File(file),
                }));
            } else if path.exists() {
                let name = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
                entries.push(Entry { name, place: Place::File(path.clone()) });
            } else {
                return Err(Error::Missing { path: path.clone() });
            }
        }
        Ok(Pictures::new(entries, self.loader(self.color_mode()), self.skip_damaged))
    }

    /// What reads a picture of these channels, as all are read.
    pub(crate) fn loader(&self, color_mode: ColorMode) -> ImageLoader {
        let loader = ImageLoader::new()
            .color_mode(color_mode)
            .resampling(self.resampling)
            .apply_orientation(self.apply_orientation);
        match self.size {
            Some(Size { height, width }) => loader.target_size(height, width),
            None => loader,
        }
    }

    /// What reads a mask: every pixel of it is one of the file's, so that no label is invented, and
    /// none is lost: of 16 bits the lower eight would be.
    pub(crate) fn mask_loader(&self) -> ImageLoader {
        self.loader(ColorMode::Rgb).resampling(Resampling::Nearest).refuse_16_bit(true)
    }

    fn color_mode(&self) -> ColorMode {
        if self.grayscale { ColorMode::Grayscale } else { ColorMode::Rgb }
    }

    /// The data set in a folder, where it is one of CIFAR.
    fn open_cifar(&self, folder: &Path) -> Result<Option<TrainTest>, Error> {
        let has = |file: &str| folder.join(file).is_file();
        let set = if (1..=5).any(|batch| has(&format!("data_batch_{batch}.bin"))) {
            cifar::open_cifar10(folder)?
        } else if has("train.bin") && has("fine_label_names.txt") {
            cifar::open_cifar100(folder, cifar::Cifar100Labels::Fine)?
        } else {
            return Ok(None);
        };
        if self.size.is_some() || self.grayscale {
            let message = "--size and --grayscale are for files; CIFAR is read as it is, 32x32 RGB";
            return Err(Error::Usage(message.to_owned()));
        }
        Ok(Some(set))
    }

    fn records(&self, set: TrainTest) -> Result<impl Iterator<Item = Entry> + use<>, Error> {
        let part: Arc<Dataset> = Arc::new(match self.part {
            Part::Train => set.train,
            Part::Test => set.test,
        });
        Ok((0..part.len()).map(move |index| {
            let class = &part.class_names()[part.labels()[index]];
            Entry {
                name: format!("{index:05}_{class}.png").into(),
                place: Place::Record(Arc::clone(&part), index),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn sizes_are_rows_first() {
        let size: Size = "20x30".parse().unwrap();
        assert_eq!((size.height, size.width), (20, 30));
        let square: Size = "64".parse().unwrap();
        assert_eq!((square.height, square.width), (64, 64));
        for wrong in ["", "0", "x", "20x", "20x30x3", "-5", "2e3", "40000"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
