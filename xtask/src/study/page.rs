//! The tables of `docs/study.md`, which stand between two marks in it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::Result;
use super::design::Design;
use super::input::Input;
use super::network::Depth;
use super::results::Results;
use super::summary::{Figure, Verdict};
use super::trial::{Outcome, Setup};

const BEGIN: &str = "<!-- made by `cargo xtask study` from here -->\n";
const END: &str = "<!-- to here -->\n";

/// Replaces the tables in a page.
pub(super) fn write(design: &Design, results: &Results, page: &Path) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", page.display());
    let text = fs::read_to_string(page).map_err(|error| failed(&error))?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else {
        return Err(failed(&format!("lacks the line {} or {}", BEGIN.trim(), END.trim())).into());
    };
    let tables = tables(design, results)?;
    let text = format!("{}{tables}\n{}", &text[..begin + BEGIN.len()], &text[end..]);
    fs::write(page, text).map_err(|error| failed(&error).into())
}

/// All tables, as Markdown.
pub(super) fn tables(design: &Design, results: &Results) -> Result<String> {
    let tables = Tables { design, results };
    let mut text = String::new();
    let kinds: &[bool] = if design.augmentation { &[false, true] } else { &[false] };
    for &augmented in kinds {
        let title = if augmented { "with augmentation" } else { "without augmentation" };
        tables.accuracies(&mut text, title, augmented)?;
    }
    let preparing = "What preparing is worth: against";
    for base in [Input::Raw, Input::Rescaled] {
        tables.differences(&mut text, &format!("{preparing} {}", base.name()), |setup| {
            (setup.input != base && !setup.augmented).then_some(Setup { input: base, ..setup })
        })?;
    }
    tables.batch_norm(&mut text)?;
    if design.augmentation {
        tables.augmentation(&mut text)?;
    }
    if !design.scarce.is_empty() {
        tables.scarce(&mut text)?;
    }
    Ok(text)
}

struct Tables<'a> {
    design: &'a Design,
    results: &'a Results,
}

impl Tables<'_> {
    /// The networks, in the order of the columns.
    fn columns(&self) -> Vec<(Depth, bool)> {
        let pairs = self.design.depths.iter().map(|&depth| [(depth, false), (depth, true)]);
        pairs.flatten().collect()
    }

    fn tests(&self, setup: Setup) -> Option<Vec<f64>> {
        tests(&self.results.of(self.design, setup)?)
    }

    fn accuracies(&self, text: &mut String, title: &str, augmented: bool) -> Result<()> {
        writeln!(text, "\n### Test accuracy in per cent, {title}\n")?;
        let columns = self.columns();
        heading(text, "input", columns.iter().map(|&column| network(column)))?;
        let shown = |input: &&Input| !augmented || self.design.augments(**input);
        for &input in self.design.inputs.iter().filter(shown) {
            write!(text, "| {} |", input.name())?;
            for &(depth, batch_norm) in &columns {
                let setup = Setup { input, depth, batch_norm, augmented };
                match (self.results.rate(self.design, setup), self.tests(setup)) {
                    (Some(rate), Some(tests)) => {
                        write!(text, " {} ({rate}) |", Figure::of(&tests))?;
                    }
                    _ => write!(text, " {MISSING} |")?,
                }
            }
            writeln!(text)?;
        }
        Ok(())
    }

    /// Each setup against another.
    fn differences(
        &self,
        text: &mut String,
        title: &str,
        base: impl Fn(Setup) -> Option<Setup>,
    ) -> Result<()> {
        writeln!(text, "\n### {title}\n")?;
        let columns = self.columns();
        heading(text, "input", columns.iter().map(|&column| network(column)))?;
        for &input in self.design.inputs {
            let mut row = String::new();
            for &(depth, batch_norm) in &columns {
                let setup = Setup { input, depth, batch_norm, augmented: false };
                if let Some(base) = base(setup) {
                    write!(row, " {} |", self.difference(setup, base))?;
                }
            }
            if !row.is_empty() {
                writeln!(text, "| {} |{row}", input.name())?;
            }
        }
        Ok(())
    }

    fn batch_norm(&self, text: &mut String) -> Result<()> {
        writeln!(text, "\n### What batch normalisation is worth\n")?;
        let columns: Vec<(Depth, bool)> = self
            .design
            .depths
            .iter()
            .flat_map(|&depth| {
                let kinds: &[bool] =
                    if self.design.augmentation { &[false, true] } else { &[false] };
                kinds.iter().map(move |&augmented| (depth, augmented))
            })
            .collect();
        let name = |(depth, augmented): (Depth, bool)| {
            format!("{}{}", depth.name(), if augmented { ", augmented" } else { "" })
        };
        heading(text, "input", columns.iter().map(|&column| name(column)))?;
        for &input in self.design.inputs {
            write!(text, "| {} |", input.name())?;
            for &(depth, augmented) in &columns {
                let with = Setup { input, depth, batch_norm: true, augmented };
                let without = Setup { batch_norm: false, ..with };
                write!(text, " {} |", self.difference(with, without))?;
            }
            writeln!(text)?;
        }
        Ok(())
    }

    fn augmentation(&self, text: &mut String) -> Result<()> {
        let images = self.design.sizes.train;
        writeln!(text, "\n### What augmentation is worth, with {images} images\n")?;
        let columns = self.columns();
        heading(text, "input", columns.iter().map(|&column| network(column)))?;
        let shown = |input: &&Input| self.design.augments(**input);
        for &input in self.design.inputs.iter().filter(shown) {
            write!(text, "| {} |", input.name())?;
            for &(depth, batch_norm) in &columns {
                let with = Setup { input, depth, batch_norm, augmented: true };
                let without = Setup { augmented: false, ..with };
                write!(text, " {} |", self.difference(with, without))?;
            }
            writeln!(text)?;
        }
        Ok(())
    }

    fn scarce(&self, text: &mut String) -> Result<()> {
        writeln!(text, "\n### What augmentation is worth, by the number of images\n")?;
        let columns = ["epochs", "loss at the end", "augmented", "accuracy", "augmented", "worth"];
        heading(text, "images", columns.into_iter().map(String::from))?;
        let [plain, augmented] = Design::scarce_setups();
        let images = self.design.scarce.iter().copied().chain([self.design.sizes.train]);
        for images in images {
            let outcomes = |setup| self.results.with(self.design, setup, images);
            let (Some(plain), Some(augmented)) = (outcomes(plain), outcomes(augmented)) else {
                writeln!(text, "| {images} |{}", format!(" {MISSING} |").repeat(columns.len()))?;
                continue;
            };
            let loss = |outcomes: &[&Outcome]| {
                let last = outcomes.iter().filter_map(|outcome| outcome.loss.last());
                last.sum::<f64>() / outcomes.len() as f64
            };
            let epochs = plain.first().map_or(0, |outcome| outcome.trial.epochs);
            let losses = [loss(&plain), loss(&augmented)];
            if let (Some(plain), Some(augmented)) = (tests(&plain), tests(&augmented)) {
                let worth = marked(Figure::of_differences(&augmented, &plain));
                writeln!(
                    text,
                    "| {images} | {epochs} | {:.2} | {:.2} | {} | {} | {worth} |",
                    losses[0],
                    losses[1],
                    Figure::of(&plain),
                    Figure::of(&augmented),
                )?;
            }
        }
        Ok(())
    }

    fn difference(&self, ours: Setup, theirs: Setup) -> String {
        match (self.tests(ours), self.tests(theirs)) {
            (Some(ours), Some(theirs)) => marked(Figure::of_differences(&ours, &theirs)),
            _ => MISSING.into(),
        }
    }
}

/// The test accuracies, seed by seed.
fn tests(outcomes: &[&Outcome]) -> Option<Vec<f64>> {
    outcomes.iter().map(|outcome| outcome.test).collect()
}

/// A difference: bold where it is more than the spread.
fn marked(difference: Figure) -> String {
    match difference.verdict() {
        Verdict::WithinSpread => format!("{difference:+}"),
        Verdict::Better | Verdict::Worse => format!("**{difference:+}**"),
    }
}

fn network((depth, batch_norm): (Depth, bool)) -> String {
    format!("{}{}", depth.name(), if batch_norm { ", batch norm" } else { "" })
}

fn heading(text: &mut String, first: &str, columns: impl Iterator<Item = String>) -> Result<()> {
    let columns: Vec<String> = columns.collect();
    writeln!(text, "| {first} | {} |", columns.join(" | "))?;
    writeln!(text, "|---|{}", "---|".repeat(columns.len()))?;
    Ok(())
}

/// What stands for a figure whose trainings were not asked for, or not run yet.
const MISSING: &str = "–";
