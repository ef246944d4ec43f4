//! `mizumashi preview`.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use mizumashi::transform::{Plan, SampleKey};
use ndarray::ArrayView3;
use rayon::prelude::*;
use serde::Serialize;

use crate::change::write_skipped;
use crate::display::{DARK, Display, Offset, encode, format_of, rgb};
use crate::drawn::draw;
use crate::error::Error;
use crate::inputs::Reading;
use crate::output::Output;
use crate::pictures::{Entry, Skipped};
use crate::recipe_options::RecipeOptions;
use crate::sheet::{self, Cell};

/// Show a picture and what a recipe makes of it, with the drawn numbers under each
///
/// The draws are the copies that augment makes of that picture with the same seed. Pictures of the
/// folder are not written over.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A picture, or a folder, whose first picture is taken
    path: PathBuf,
    /// How many draws are shown
    #[arg(long, value_name = "N", default_value_t = 15,
        value_parser = clap::value_parser!(u64).range(1..=399))]
    draws: u64,
    /// Pictures in a row
    #[arg(long, value_name = "N", default_value_t = 4,
        value_parser = clap::value_parser!(u16).range(1..=50))]
    columns: u16,
    /// Chooses the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the sheet to this file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    offset: Offset,
    #[command(flatten)]
    writing: Output,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    recipe: RecipeOptions,
}

/// What was drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Preview {
    path: PathBuf,
    seed: u64,
    draws: Vec<Drawn>,
    /// Whether all values are at most 1, of 255.
    dark: bool,
    skipped: Vec<Skipped>,
    output: PathBuf,
}

#[derive(Debug, Serialize)]
struct Drawn {
    words: Vec<String>,
    plan: Plan<'static>,
}

pub(crate) fn run(options: Options) -> Result<Preview, Error> {
    format_of(&options.output)?;
    options.writing.check([options.output.as_path()])?;
    let recipe = options.recipe.recipe()?;
    let display = match options.offset.offset {
        Some(offset) => Display::Signed(Some(offset)),
        None => Display::Bytes,
    };
    let mut pictures = options.reading.list(std::slice::from_ref(&options.path))?;
    pictures.refuse_outputs([options.output.as_path()])?;
    let work = |index: usize, entry: &Entry, image: ArrayView3<'_, u8>| {
        let (height, width, _) = image.dim();
        let original = vec!["original".to_owned(), format!("{height}x{width}")];
        let drawn = (0..options.draws).into_par_iter().map(|number| {
            let key = SampleKey { seed: options.seed, epoch: number, index: index as u64 };
            let (plan, words) = draw(&recipe, key, image.dim())?;
            let drawn = plan.apply(image)?;
            let dark = drawn.iter().all(|&value| value <= 1.0);
            let cell = Cell::new(&rgb(display.bytes(drawn.view()).view())?, words.clone());
            Ok((dark, cell, Drawn { words, plan: plan.into_owned() }))
        });
        let drawn: Vec<(bool, Cell, Drawn)> = drawn.collect::<Result<_, Error>>()?;
        let mut cells = vec![Cell::new(&rgb(image)?, original)];
        let (mut draws, mut dark) = (Vec::new(), true);
        for (of_this, cell, draw) in drawn {
            dark &= of_this;
            cells.push(cell);
            draws.push(draw);
        }
        Ok((entry.path().to_owned(), cells, draws, dark))
    };
    let (path, cells, draws, dark) = pictures.first(work)?;
    let sheet = sheet::draw(&cells, options.columns.into())?;
    options.writing.write(&options.output, &encode(&options.output, &sheet)?)?;
    let dark = dark && options.offset.offset.is_none();
    let (seed, skipped) = (options.seed, pictures.skipped().to_vec());
    Ok(Preview { path, seed, draws, dark, skipped, output: options.output })
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, seed {}", self.path.display(), self.seed)?;
        for (number, drawn) in self.draws.iter().enumerate() {
            let words = match drawn.words.is_empty() {
                true => "nothing changed".to_owned(),
                false => drawn.words.join(", "),
            };
            writeln!(f, "{number:>4}  {words}")?;
        }
        if self.dark {
            writeln!(f, "{DARK}")?;
        }
        writeln!(f, "written: {}", self.output.display())?;
        write_skipped(f, &self.skipped)
    }
}
