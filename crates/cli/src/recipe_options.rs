//! A recipe on the command line: Keras' arguments, or a file.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use mizumashi::affine::{Border, Shift};
use mizumashi::transform::Recipe;
use mizumashi::{Error as GeneratorError, ImageDataGenerator, ImageDataGeneratorBuilder};

use crate::bounds::Bounds;
use crate::error::Error;
use crate::json_file;

/// What is drawn for each picture. Without any of these, the tutorial's recipe: rotation by 20
/// degrees, shifts by 0.2 of the side, and horizontal flips.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Recipe (the tutorial's unless any is given)")]
pub(crate) struct RecipeOptions {
    /// A recipe as the library stores it, in JSON, instead of the options below
    #[arg(long, value_name = "FILE", conflicts_with = "ranges")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    ranges: Ranges,
}

/// Keras' arguments.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[group(id = "ranges", multiple = true)]
struct Ranges {
    /// Rotate by up to so many degrees
    #[arg(long, value_name = "DEGREES")]
    rotation_range: Option<f64>,
    /// Shift across: below 1 a fraction of the width, from 1 on pixels, whole ones where it has no point
    #[arg(long, value_name = "SHIFT")]
    width_shift_range: Option<Distance>,
    /// Shift down, by the same rule
    #[arg(long, value_name = "SHIFT")]
    height_shift_range: Option<Distance>,
    /// Shear by up to so many degrees
    #[arg(long, value_name = "DEGREES")]
    shear_range: Option<f64>,
    /// Zoom by factors from LOW to HIGH, or from 1 - Z to 1 + Z; above 1 the picture gets smaller
    #[arg(long, value_name = "Z or LOW,HIGH")]
    zoom_range: Option<Zoom>,
    /// Mirror left and right in half of the draws
    #[arg(long)]
    horizontal_flip: bool,
    /// Mirror top and bottom in half of the draws
    #[arg(long)]
    vertical_flip: bool,
    /// What is seen beyond the edge; nearest unless set
    #[arg(long, value_name = "MODE")]
    fill_mode: Option<FillMode>,
    /// The value beyond the edge with --fill-mode constant
    #[arg(long, value_name = "VALUE", requires = "fill_mode")]
    cval: Option<f32>,
    /// 0 nearest, 1 bilinear (the default), 2 to 5 splines
    #[arg(long, value_name = "ORDER")]
    interpolation_order: Option<u8>,
    /// Add a number of up to ± RANGE to every value
    #[arg(long, value_name = "RANGE")]
    channel_shift_range: Option<f64>,
    /// Multiply by a factor from LOW to HIGH
    #[arg(long, value_name = "LOW,HIGH")]
    brightness_range: Option<Bounds>,
    /// Multiply every value
    #[arg(long, value_name = "FACTOR")]
    rescale: Option<f32>,
    /// Give each picture mean 0
    #[arg(long)]
    samplewise_center: bool,
    /// Give each picture mean 0 and standard deviation 1
    #[arg(long)]
    samplewise_std_normalization: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum FillMode {
    Constant,
    Nearest,
    Reflect,
    Wrap,
}

#[derive(Debug, Clone, PartialEq)]
struct Distance(Shift);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Zoom(f64, f64);

impl FromStr for Distance {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<u32>() {
            Ok(pixels) => Ok(Self(Shift::from(pixels))),
            Err(_) => Ok(Self(Shift::from(text.parse::<f64>()?))),
        }
    }
}

impl FromStr for Zoom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text.parse::<f64>(), text.parse()) {
            (Ok(reach), _) => Ok(Self(1.0 - reach, 1.0 + reach)),
            (_, Ok(Bounds(low, high))) => Ok(Self(low, high)),
            _ => Err("it must be one number, or two with a comma between them".to_owned()),
        }
    }
}

impl RecipeOptions {
    /// The recipe, checked.
    pub(crate) fn recipe(&self) -> Result<Recipe, Error> {
        if let Some(path) = &self.recipe {
            return json_file::recipe(path);
        }
        let builder = match self.ranges == Ranges::default() {
            true => ImageDataGenerator::builder()
                .rotation_range(20.0)
                .width_shift_range(0.2)
                .height_shift_range(0.2)
                .horizontal_flip(true),
            false => self.ranges.builder()?,
        };
        let recipe = |builder: ImageDataGeneratorBuilder| -> Result<Recipe, GeneratorError> {
            Ok(builder.build()?.recipe()?.clone())
        };
        recipe(builder).map_err(Error::usage)
    }
}

impl Ranges {
    fn builder(&self) -> Result<ImageDataGeneratorBuilder, Error> {
        let Self { horizontal_flip, vertical_flip, .. } = *self;
        let mut builder = ImageDataGenerator::builder()
            .horizontal_flip(horizontal_flip)
            .vertical_flip(vertical_flip)
            .samplewise_center(self.samplewise_center)
            .samplewise_std_normalization(self.samplewise_std_normalization);
        if let Some(degrees) = self.rotation_range {
            builder = builder.rotation_range(degrees);
        }
        if let Some(Distance(shift)) = &self.width_shift_range {
            builder = builder.width_shift_range(shift.clone());
        }
        if let Some(Distance(shift)) = &self.height_shift_range {
            builder = builder.height_shift_range(shift.clone());
        }
        if let Some(degrees) = self.shear_range {
            builder = builder.shear_range(degrees);
        }
        if let Some(Zoom(low, high)) = self.zoom_range {
            builder = builder.zoom_range((low, high));
        }
        if let Some(mode) = self.fill_mode {
            builder = builder.fill_mode(self.border(mode)?);
        }
        if let Some(order) = self.interpolation_order {
            builder = builder.interpolation_order(order);
        }
        if let Some(range) = self.channel_shift_range {
            builder = builder.channel_shift_range(range);
        }
        if let Some(Bounds(low, high)) = self.brightness_range {
            builder = builder.brightness_range(low, high);
        }
        if let Some(factor) = self.rescale {
            builder = builder.rescale(factor);
        }
        Ok(builder)
    }

    fn border(&self, mode: FillMode) -> Result<Border, Error> {
        match mode {
            FillMode::Constant => Ok(Border::Constant(self.cval.unwrap_or(0.0))),
            _ if self.cval.is_some() => {
                Err(Error::Usage("--cval needs --fill-mode constant".to_owned()))
            }
            FillMode::Nearest => Ok(Border::Nearest),
            FillMode::Reflect => Ok(Border::Reflect),
            FillMode::Wrap => Ok(Border::Wrap),
        }
    }
}

#[cfg(test)]
mod tests {
    use mizumashi::affine::Shift;

    use super::{Bounds, Distance, Zoom};

    #[test]
    fn shifts_are_read_as_keras_reads_them() {
        let shift = |text: &str| text.parse::<Distance>().map(|distance| distance.0);
        assert_eq!(shift("0.2"), Ok(Shift::Fraction(0.2)));
        assert_eq!(shift("3.0"), Ok(Shift::Distance(3.0)));
        assert_eq!(shift("3"), Ok(Shift::Pixels(3)));
        assert!(shift("wide").is_err());
    }

    #[test]
    fn a_zoom_is_one_number_or_two() {
        assert_eq!("0.25".parse(), Ok(Zoom(0.75, 1.25)));
        assert_eq!("0.5,2".parse(), Ok(Zoom(0.5, 2.0)));
        assert!("0.5,".parse::<Zoom>().is_err());
        assert_eq!("0.5,2".parse(), Ok(Bounds(0.5, 2.0)));
        assert!("0.5".parse::<Bounds>().is_err());
    }
}
