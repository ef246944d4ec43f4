//! `mizumashi whiten`.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mizumashi::ImageDataGenerator;
use mizumashi::whitening::{
    Centring, Diagnosis, ImageMoments, Layout, Padding, PatchMoments, Patches, Regularisation,
    Scope, Shrinkage, Whitener, WhiteningKind,
};
use ndarray::{Array3, Array4, ArrayView3, ArrayView4, Axis};
use serde::Serialize;

use crate::change::{Changes, Destination};
use crate::display::{Display, Offset};
use crate::error::Error;
use crate::inputs::Inputs;
use crate::named::named;
use crate::pictures::{Entry, Pictures};
use crate::whitening_file::WhiteningFile;

const KINDS: [&str; 5] = ["zca", "pca", "cholesky", "zca_cor", "pca_cor"];

/// Decorrelate the values of pictures, and give them unit variance
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fit on this picture or folder instead of on those that are whitened; may be given several
    /// times
    #[arg(long, value_name = "PATH")]
    fit: Vec<PathBuf>,
    /// Between which values correlation is removed
    #[arg(long, value_name = "VALUES", default_value = "pixels")]
    over: Over,
    /// Side of the patches, an odd number
    #[arg(long, value_name = "PIXELS", default_value_t = 7)]
    patch: usize,
    /// Which of the whitenings
    #[arg(long, default_value = "zca", value_parser = named::<WhiteningKind>(&KINDS))]
    kind: WhiteningKind,
    /// What keeps small variances from being blown up, in squared units of values from 0 to 255
    #[arg(long, value_name = "NUMBER", default_value_t = 1e-6)]
    epsilon: f64,
    /// What epsilon is: added to variances, added to singular values, or a floor under variances
    #[arg(long, value_name = "RULE", default_value = "eigenvalue")]
    regularisation: Rule,
    /// Draw the covariance towards a multiple of the identity: oas, ledoit_wolf, or a number to 1
    #[arg(long, value_name = "HOW", value_parser = shrinkage)]
    shrinkage: Option<Shrinkage>,
    /// In Keras' manner: ZCA over pixels, of pictures from which the mean of each channel was
    /// subtracted
    #[arg(long, conflicts_with_all = ["over", "patch", "kind", "save", "matrix"])]
    keras: bool,
    /// Write the fitted whitening to this file, in the format of safetensors
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Whiten by what was saved in this file instead of fitting
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fit", "save", "over", "patch", "kind",
        "epsilon", "regularisation", "shrinkage"])]
    matrix: Option<PathBuf>,
    #[command(flatten)]
    offset: Offset,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    destination: Destination,
}

/// What is whitened against what.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Over {
    /// All values of a picture; pictures must have one size
    Pixels,
    /// The colours of a pixel
    Channels,
    /// The pixels of a neighbourhood: fits on one picture already
    Patches,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    Eigenvalue,
    SingularValue,
    Floor,
}

fn shrinkage(text: &str) -> Result<Shrinkage, String> {
    match (text, text.parse()) {
        ("oas", _) => Ok(Shrinkage::Oas),
        ("ledoit_wolf", _) => Ok(Shrinkage::LedoitWolf),
        (_, Ok(rho)) if (0.0..=1.0).contains(&rho) => Ok(Shrinkage::Fixed(rho)),
        _ => Err("it must be oas, ledoit_wolf or a number from 0 to 1".to_owned()),
    }
}

/// What the whitening is, and what it did.
#[derive(Debug, Serialize)]
pub(crate) struct Whitened {
    whitening: Diagnosis,
    #[serde(flatten)]
    changes: Changes,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<PathBuf>,
}

pub(crate) fn run(options: Options) -> Result<Whitened, Error> {
    let mut pictures = options.inputs.list()?;
    let planned = options.destination.plan(&pictures, options.save.as_deref())?;
    let mut fit = match options.fit.is_empty() {
        true => None,
        false => Some(options.inputs.reading().list(&options.fit)?),
    };
    if let Some(fit) = &fit {
        fit.refuse_outputs(planned.files().chain(options.save.as_deref()))?;
    }
    let whitening = match &options.matrix {
        Some(path) => Map::Stored(Box::new(WhiteningFile::open(path)?)),
        None => options.fitted(fit.as_mut().unwrap_or(&mut pictures))?,
    };
    let apply = whitening.apply()?;
    let display = Display::Signed(options.offset.offset);
    let mut changes = planned.change(&mut pictures, display, |_, image| apply(image))?;
    if let Some(fit) = &fit {
        changes.also_skipped(fit.skipped());
    }
    if let (Some(path), Map::Stored(whitening)) = (&options.save, &whitening) {
        options.destination.writing().write(path, &whitening.to_bytes()?)?;
    }
    Ok(Whitened { whitening: whitening.diagnosis()?, changes, saved: options.save })
}

/// What whitens pictures.
enum Map {
    Stored(Box<WhiteningFile>),
    Keras(Box<ImageDataGenerator>),
}

type Apply<'a> = Box<dyn Fn(ArrayView3<'_, u8>) -> Result<Array3<f32>, Error> + Sync + 'a>;

impl Options {
    fn whitener(&self) -> Result<Whitener, Error> {
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(Error::Usage(format!(
                "--epsilon is {}; it must be 0 or more",
                self.epsilon
            )));
        }
        let regularisation = match self.regularisation {
            Rule::Eigenvalue => Regularisation::Eigenvalue(self.epsilon),
            Rule::SingularValue => Regularisation::SingularValue(self.epsilon),
            Rule::Floor => Regularisation::Floor(self.epsilon),
        };
        Ok(Whitener::new(self.kind)
            .regularisation(regularisation)
            .shrinkage(self.shrinkage.unwrap_or_default()))
    }

    fn fitted(&self, pictures: &mut Pictures) -> Result<Map, Error> {
        let whitener = self.whitener()?;
        if self.keras {
            let mut generator = ImageDataGenerator::builder()
                .featurewise_center(true)
                .whitening(whitener.centring(Centring::None), Scope::Pixels)
                .build()?;
            generator.fit(&pictures.load()?)?;
            return Ok(Map::Keras(Box::new(generator)));
        }
        let fitted = match self.over {
            Over::Pixels if self.kind.yields_components() => {
                let message =
                    "the components of whole pictures are no pictures; use --over channels";
                return Err(Error::Usage(message.to_owned()));
            }
            Over::Pixels if pictures.entries().len() == 1 => {
                let message = "one picture cannot be whitened against itself; give more to --fit, use \
                               --over patches or channels, or --keras for what Keras makes of one";
                return Err(Error::Usage(message.to_owned()));
            }
            Over::Pixels => {
                let images = pictures.load()?;
                let fitted = whitener.fit_images(images.view(), Layout::Nhwc, Scope::Pixels)?;
                WhiteningFile::Images(fitted)
            }
            Over::Channels => {
                let mut moments = ImageMoments::<u8>::new(Scope::Channels);
                each(pictures, |image| Ok(moments.update(image, Layout::Nhwc)?))?;
                WhiteningFile::Images(whitener.fit_image_moments(&moments)?)
            }
            Over::Patches => {
                if self.patch.is_multiple_of(2) || self.kind.yields_components() {
                    let message = "the whitened pixel is the middle of its patch; --patch must be odd, \
                                   and --kind none of components";
                    return Err(Error::Usage(message.to_owned()));
                }
                let mut moments = PatchMoments::<u8>::new(Patches::square(self.patch));
                each(pictures, |image| Ok(moments.update(image, Layout::Nhwc)?))?;
                WhiteningFile::Patches(whitener.fit_patch_moments(&moments)?)
            }
        };
        Ok(Map::Stored(Box::new(fitted)))
    }
}

/// Hands every picture to `take` as a batch of one.
fn each(
    pictures: &mut Pictures,
    mut take: impl FnMut(ArrayView4<'_, u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let own = |_: usize, _: &Entry, image: ArrayView3<'_, u8>| Ok(image.to_owned());
    pictures.each("fitting", own, |_, image| take(image.insert_axis(Axis(0)).view()))
}

impl Map {
    fn apply(&self) -> Result<Apply<'_>, Error> {
        fn first(images: Array4<f32>) -> Array3<f32> {
            images.index_axis_move(Axis(0), 0)
        }
        Ok(match self {
            Self::Keras(generator) => {
                Box::new(|image| Ok(first(generator.standardize(&image.insert_axis(Axis(0)))?)))
            }
            Self::Stored(stored) => match stored.as_ref() {
                WhiteningFile::Images(whitening) => Box::new(|image| {
                    Ok(first(whitening.apply(image.insert_axis(Axis(0)), Layout::Nhwc)?))
                }),
                WhiteningFile::Patches(whitening) => {
                    let convolution = whitening.centre_convolution()?.padding(Padding::Nearest);
                    Box::new(move |image| {
                        Ok(first(convolution.apply(image.insert_axis(Axis(0)), Layout::Nhwc)?))
                    })
                }
                WhiteningFile::Rows(_) => {
                    let message = "--matrix is a whitening of rows that are no pictures";
                    return Err(Error::Usage(message.to_owned()));
                }
            },
        })
    }

    fn diagnosis(&self) -> Result<Diagnosis, Error> {
        match self {
            Self::Stored(whitening) => Ok(whitening.diagnosis()),
            Self::Keras(generator) => match generator.whitening() {
                Some(whitening) => Ok(whitening.diagnosis()),
                None => Err(mizumashi::Error::NotFitted { needs: "whitening" }.into()),
            },
        }
    }
}

impl fmt::Display for Whitened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.whitening, self.changes)?;
        match &self.saved {
            Some(path) => writeln!(f, "whitening: {}", path.display()),
            None => Ok(()),
        }
    }
}
