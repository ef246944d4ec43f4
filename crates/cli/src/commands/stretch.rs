//! `mizumashi stretch`.

use clap::Args;
use mizumashi::transform::Recipe;
use mizumashi::transform::transforms::{BoxBlur, Stretch};

use crate::bounds::Bounds;
use crate::change::{Changes, Destination, by_recipe};
use crate::display::Display;
use crate::error::Error;
use crate::inputs::Inputs;

/// Stretch the contrast of each picture, so that its least value becomes 0 and its greatest 255
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Stretch between two percentiles instead, and cut what lies beyond them, as 1,99
    #[arg(long, value_name = "LOW,HIGH", value_parser = percentiles)]
    percentiles: Option<Bounds>,
    /// Stretch each channel by itself
    #[arg(long)]
    per_channel: bool,
    /// Blur with a box of SIZE x SIZE pixels first; 3 where no size is given
    #[arg(long, value_name = "SIZE", num_args = 0..=1, default_missing_value = "3",
        require_equals = true)]
    blur: Option<usize>,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    destination: Destination,
}

pub(crate) fn run(options: Options) -> Result<Changes, Error> {
    let recipe = recipe(&options).map_err(Error::usage)?;
    let mut pictures = options.inputs.list()?;
    let planned = options.destination.plan(&pictures, None)?;
    planned.change(&mut pictures, Display::Bytes, by_recipe(&recipe))
}

/// Two percentages, the lower one first.
fn percentiles(text: &str) -> Result<Bounds, String> {
    match text.parse()? {
        bounds @ Bounds(low, high) if 0.0 <= low && low < high && high <= 100.0 => Ok(bounds),
        _ => Err("it must be two percentages from 0 to 100, the lower one first".to_owned()),
    }
}

fn recipe(options: &Options) -> Result<Recipe, mizumashi::transform::Error> {
    let mut recipe = Recipe::new();
    if let Some(size) = options.blur {
        recipe = recipe.then(BoxBlur::new(size)?);
    }
    let mut stretch = Stretch::new(0.0, 255.0)?;
    if options.per_channel {
        stretch = stretch.per_channel();
    }
    if let Some(Bounds(low, high)) = options.percentiles {
        stretch = stretch.quantiles(low / 100.0, high / 100.0)?;
    }
    Ok(recipe.then(stretch))
}
