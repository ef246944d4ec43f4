//! The pictures of `docs/study.md`.

use std::path::Path;

use plotters::prelude::{RGBColor, SeriesLabelPosition};

use super::Result;
use super::design::Design;
use super::input::Input;
use super::network::Depth;
use super::results::Results;
use super::trial::{BATCH, Outcome, Setup};
use crate::plot::{self, Axis, Names, Panel, Series};

const SIZE: (u32, u32) = (1080, 860);

/// Draws all pictures into a folder.
pub(super) fn draw(design: &Design, results: &Results, folder: &Path) -> Result<()> {
    let pictures = Pictures { design, results };
    for augmented in [false, true] {
        let name = if augmented { "curves-augmented.svg" } else { "curves.svg" };
        plot::draw(&pictures.curves(augmented), (2, 2), SIZE, &folder.join(name))?;
    }
    plot::draw(&pictures.rates()?, (2, 2), SIZE, &folder.join("rates.svg"))?;
    plot::draw(&pictures.scarce(), (1, 2), (1080, 430), &folder.join("images.svg"))
}

struct Pictures<'a> {
    design: &'a Design,
    results: &'a Results,
}

impl Pictures<'_> {
    /// A panel for each network; one that has room for them has the names.
    fn panels(
        &self,
        x: impl Fn() -> Axis,
        curve: impl Fn(Setup) -> Option<Vec<(f64, f64)>>,
        augmented: bool,
    ) -> Vec<Panel> {
        let mut panels = Vec::new();
        for &depth in self.design.depths {
            for batch_norm in [false, true] {
                let series = |&input: &Input| {
                    let points = curve(Setup { input, depth, batch_norm, augmented })?;
                    Some(Series {
                        name: input.name().into(),
                        color: color(input),
                        points,
                        dots: true,
                    })
                };
                let with = if batch_norm { "with batch norm" } else { "without batch norm" };
                panels.push(Panel {
                    title: format!("{} network, {with}", depth.name()),
                    x: x(),
                    y: accuracy(),
                    names: match (depth, batch_norm) {
                        (Depth::Shallow, true) => Names::List(SeriesLabelPosition::LowerRight),
                        _ => Names::None,
                    },
                    series: self.design.inputs.iter().filter_map(series).collect(),
                });
            }
        }
        panels
    }

    /// Validation accuracy after each epoch, the mean over the seeds.
    fn curves(&self, augmented: bool) -> Vec<Panel> {
        let epochs = self.design.epochs;
        let x =
            || Axis { name: "epoch", range: 0.5..epochs as f64 + 0.5, base: None, label: whole };
        let curve = |setup| {
            let outcomes = self.results.of(self.design, setup)?;
            Some(mean_curve(&outcomes, |outcome| &outcome.validation))
        };
        self.panels(x, curve, augmented)
    }

    /// Validation accuracy by learning rate, after the short trainings that chose it.
    fn rates(&self) -> Result<Vec<Panel>> {
        let rates = self.design.rates;
        let (Some(least), Some(greatest)) = (rates.first(), rates.last()) else {
            return Err("a study has a learning rate".into());
        };
        let range = least / 1.3..greatest * 1.3;
        let x = || Axis {
            name: "learning rate",
            range: range.clone(),
            base: Some(10.0),
            label: ones_and_threes,
        };
        let curve = |setup| {
            let outcomes = self.results.all(&self.design.searches(setup))?;
            let point = |outcome: &&Outcome| {
                (outcome.trial.rate, outcome.validation.last().copied().unwrap_or_default())
            };
            Some(outcomes.iter().map(point).collect())
        };
        Ok(self.panels(x, curve, false))
    }

    /// Loss and validation accuracy through the same number of steps, by the number of images.
    fn scarce(&self) -> Vec<Panel> {
        let images = self.design.scarce.iter().copied().chain([self.design.sizes.train]);
        let (mut losses, mut accuracies) = (Vec::new(), Vec::new());
        for (number, images) in images.enumerate() {
            for setup in Design::scarce_setups() {
                let Some(outcomes) = self.results.with(self.design, setup, images) else {
                    continue;
                };
                let steps = images.div_ceil(BATCH) as f64;
                let by_step = |points: Vec<(f64, f64)>| {
                    points.into_iter().map(|(epoch, y)| (epoch * steps, y)).collect()
                };
                let series = |points: Vec<(f64, f64)>| Series {
                    name: format!(
                        "{images} images{}",
                        if setup.augmented { ", augmented" } else { "" }
                    ),
                    color: PAIRS[2 * number + usize::from(setup.augmented)],
                    points: thinned(by_step(points)),
                    dots: true,
                };
                losses.push(series(mean_curve(&outcomes, |outcome| &outcome.loss)));
                accuracies.push(series(mean_curve(&outcomes, |outcome| &outcome.validation)));
            }
        }
        let steps = (self.design.epochs * self.design.sizes.train / BATCH) as f64;
        let x = || Axis { name: "step", range: 0.0..steps * 1.05, base: None, label: whole };
        vec![
            Panel {
                title: "Loss on the images as they are served".into(),
                x: x(),
                y: Axis { name: "loss", range: 0.0..2.4, base: None, label: tenths },
                names: Names::None,
                series: losses,
            },
            Panel {
                title: "Accuracy on the validation images".into(),
                x: x(),
                y: accuracy(),
                names: Names::List(SeriesLabelPosition::LowerRight),
                series: accuracies,
            },
        ]
    }
}

fn accuracy() -> Axis {
    Axis {
        name: "accuracy",
        range: 0.05..0.6,
        base: None,
        label: |y| format!("{:.0} %", 100.0 * y),
    }
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn tenths(value: f64) -> String {
    format!("{value:.1}")
}

/// Labels for 1 and 3 times powers of ten, which leave room for each other.
fn ones_and_threes(value: f64) -> String {
    let leading = value / 10_f64.powf(value.log10().floor());
    if [1.0, 3.0, 10.0].iter().any(|digit| (leading - digit).abs() < 0.01) {
        format!("{value:.4}").trim_end_matches('0').to_owned()
    } else {
        String::new()
    }
}

/// The mean over the seeds after each epoch, numbered from 1.
fn mean_curve(outcomes: &[&Outcome], values: fn(&Outcome) -> &[f64]) -> Vec<(f64, f64)> {
    let epochs = outcomes.iter().map(|outcome| values(outcome).len()).min().unwrap_or(0);
    (0..epochs)
        .map(|epoch| {
            let sum: f64 = outcomes.iter().map(|outcome| values(outcome)[epoch]).sum();
            (epoch as f64 + 1.0, sum / outcomes.len() as f64)
        })
        .collect()
}

/// About twenty of the points, the last among them.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(20).max(1);
    let last = points.len().saturating_sub(1) % step;
    points.into_iter().skip(last).step_by(step).collect()
}

fn color(input: Input) -> RGBColor {
    match input {
        Input::Raw => RGBColor(40, 40, 40),
        Input::Rescaled => RGBColor(230, 130, 30),
        Input::MinMax => RGBColor(190, 60, 110),
        Input::Samplewise => RGBColor(60, 150, 70),
        Input::Featurewise => RGBColor(30, 90, 180),
        Input::Colours => RGBColor(90, 190, 220),
        Input::Zca => RGBColor(150, 90, 190),
        Input::ZcaSmooth => RGBColor(170, 130, 60),
    }
}

/// For each number of images without and with augmentation.
const PAIRS: [RGBColor; 6] = [
    RGBColor(245, 175, 120),
    RGBColor(210, 90, 20),
    RGBColor(150, 200, 150),
    RGBColor(40, 130, 50),
    RGBColor(140, 180, 230),
    RGBColor(30, 80, 170),
];
