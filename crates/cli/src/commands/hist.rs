//! `mizumashi hist`.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mizumashi::stats::{BinnedHistogram, Grouping, Histogram, Layout, Statistics};
use mizumashi::transform::Recipe;
use mizumashi::transform::transforms::{BoxBlur, SamplewiseStandardise, Stretch};
use ndarray::{Array3, ArrayView3, Axis};
use serde::Serialize;

use crate::change::{by_recipe, write_skipped};
use crate::chart::{self, Panel};
use crate::counted::counted;
use crate::error::Error;
use crate::figures::Figures;
use crate::histogram::{Channel, bins};
use crate::inputs::Inputs;
use crate::output::Output;
use crate::pictures::{Entry, Pictures, Skipped};
use crate::statistics_file::channel_names;
use crate::{bars, json_file};

/// Show how often each value occurs, per channel, over all pictures given
///
/// In the terminal, or as a plot; before and after, if a step is given.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Show the values after this step, too
    #[arg(long)]
    step: Option<Step>,
    /// Show the values after this recipe, too, a file as the library stores it; what is random in it is
    /// drawn for each picture as for the first copy that augment makes with seed 0
    #[arg(long, value_name = "FILE", conflicts_with = "step")]
    recipe: Option<PathBuf>,
    /// Plot to this file, .svg or a picture's format, instead of the terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    writing: Output,
    #[command(flatten)]
    inputs: Inputs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Step {
    /// From the least to the greatest value
    Stretch,
    /// By each picture's own mean and deviation
    Standardize,
    /// Box of 3x3 pixels
    Blur,
}

/// Histograms before, and after a step.
#[derive(Debug, Serialize)]
pub(crate) struct Histograms {
    pictures: u64,
    before: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Side>,
    skipped: Vec<Skipped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

/// The values of all pictures at one stage.
#[derive(Debug, Serialize)]
struct Side {
    #[serde(flatten)]
    figures: Figures,
    channels: Vec<Channel>,
}

pub(crate) fn run(options: Options) -> Result<Histograms, Error> {
    if let Some(path) = &options.output {
        chart::check_name(path)?;
    }
    options.writing.check(options.output.as_deref())?;
    let recipe = match (&options.recipe, options.step) {
        (Some(path), _) => Some(json_file::recipe(path)?),
        (None, Some(step)) => Some(step.recipe()?),
        (None, None) => None,
    };
    let mut pictures = options.inputs.list()?;
    pictures.refuse_outputs(options.output.as_deref())?;
    let (count, before) = before(&mut pictures)?;
    let after = match &recipe {
        Some(recipe) => Some(after(&mut pictures, recipe)?),
        None => None,
    };
    let report = Histograms {
        pictures: count,
        before,
        after,
        skipped: pictures.skipped().to_vec(),
        output: options.output,
    };
    if let Some(path) = &report.output {
        options.writing.write(path, &chart::draw(path, &report.panels())?)?;
    }
    Ok(report)
}

impl Step {
    fn recipe(self) -> Result<Recipe, Error> {
        Ok(match self {
            Self::Stretch => Recipe::new().then(Stretch::new(0.0, 255.0)?),
            Self::Standardize => Recipe::new().then(SamplewiseStandardise::new()),
            Self::Blur => Recipe::new().then(BoxBlur::new(3)?),
        })
    }
}

fn before(pictures: &mut Pictures) -> Result<(u64, Side), Error> {
    let mut statistics = Statistics::<Histogram>::new(Grouping::Channel);
    let mut figures = Figures::default();
    let work = |_: usize, _: &Entry, image: ArrayView3<'_, u8>| {
        let own = Figures::of(&image.mapv(f32::from));
        let batch = image.insert_axis(Axis(0));
        Ok((own, Statistics::<Histogram>::of(batch, Layout::Nhwc, Grouping::Channel)?))
    };
    pictures.each("counting", work, |_, (own, one)| {
        figures.merge(&own);
        Ok(statistics.merge(&one)?)
    })?;
    let names = channel_names(statistics.groups().len());
    let channels = names.into_iter().zip(statistics.groups());
    let channels = channels.map(|(name, histogram)| Channel::of_bytes(name, histogram)).collect();
    Ok((statistics.samples(), Side { figures, channels }))
}

/// Goes through the pictures twice: for the range of the values, then for the values.
fn after(pictures: &mut Pictures, recipe: &Recipe) -> Result<Side, Error> {
    let change = by_recipe(recipe);
    let mut figures = Figures::default();
    let measure = |index: usize, _: &Entry, image: ArrayView3<'_, u8>| {
        Ok(Figures::of(&change(index, image)?))
    };
    pictures.each("measuring", measure, |_, one| {
        figures.merge(&one);
        Ok(())
    })?;
    let empty = bins(figures.min(), figures.max())?;
    let count = |index: usize, _: &Entry, image: ArrayView3<'_, u8>| {
        let image: Array3<f32> = change(index, image)?;
        image
            .axis_iter(Axis(2))
            .map(|channel| {
                let mut histogram = empty.clone();
                histogram.update(channel)?;
                Ok(histogram)
            })
            .collect::<Result<Vec<BinnedHistogram>, Error>>()
    };
    let mut channels: Vec<BinnedHistogram> = Vec::new();
    pictures.each("counting", count, |_, one| {
        channels.resize(channels.len().max(one.len()), empty.clone());
        channels.iter_mut().zip(&one).try_for_each(|(sum, one)| Ok(sum.merge(one)?))
    })?;
    let names = channel_names(channels.len());
    let channels = names.into_iter().zip(&channels);
    let channels = channels.map(|(name, histogram)| Channel::of_reals(name, histogram)).collect();
    Ok(Side { figures, channels })
}

impl Histograms {
    fn sides(&self) -> Vec<(&'static str, &Side)> {
        match &self.after {
            None => vec![("", &self.before)],
            Some(after) => vec![("before  ", &self.before), ("after   ", after)],
        }
    }

    fn panels(&self) -> Vec<Panel<'_>> {
        let sides = self.sides().into_iter();
        sides
            .map(|(stage, side)| Panel {
                title: format!("{stage}{}", side.figures.spread()),
                channels: &side.channels,
            })
            .collect()
    }
}

impl fmt::Display for Histograms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", counted(self.pictures, "picture"))?;
        for (stage, side) in self.sides() {
            writeln!(f, "{stage}{}", side.figures)?;
            if self.output.is_none() {
                side.channels.iter().try_for_each(|channel| bars::write(f, channel))?;
            }
        }
        if let Some(path) = &self.output {
            writeln!(f, "written: {}", path.display())?;
        }
        write_skipped(f, &self.skipped)
    }
}
