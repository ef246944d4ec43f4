//! The outcomes so far, in memory and as a file that grows by a line with each training.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Result;
use super::design::Design;
use super::material::Sizes;
use super::trial::{Outcome, Setup, Trial};

/// What all outcomes of a file have in common: its first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) data: String,
    #[serde(flatten)]
    pub(super) sizes: Sizes,
}

/// Outcomes, in the order in which they came.
pub(super) struct Results {
    pub(super) header: Header,
    outcomes: Vec<Outcome>,
    file: Option<File>,
}

impl Results {
    /// No outcomes, and no file.
    pub(super) fn new(header: Header) -> Self {
        Self { header, outcomes: Vec::new(), file: None }
    }

    /// Those of a file of JSON lines, which is begun where there is none.
    pub(super) fn open(path: &Path, header: Header) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        if !path.exists() {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, serde_json::to_string(&header)? + "\n").map_err(|e| failed(&e))?;
        }
        let text = fs::read_to_string(path).map_err(|e| failed(&e))?;
        let mut lines = text.lines();
        let found: Header = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|e| failed(&e))?;
        if found != header {
            return Err(failed(&format!(
                "holds results for {found:?}, not for {header:?}: name another file by --results"
            ))
            .into());
        }
        // A line that a stopped run left unfinished is an outcome that is not there yet.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            fs::write(path, &text[..whole]).map_err(|e| failed(&e))?;
        }
        let outcomes = text[..whole]
            .lines()
            .skip(1)
            .map(serde_json::from_str)
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| failed(&e))?;
        let file = OpenOptions::new().append(true).open(path).map_err(|e| failed(&e))?;
        Ok(Self { header, outcomes, file: Some(file) })
    }

    pub(super) fn add(&mut self, outcome: Outcome) -> Result<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", serde_json::to_string(&outcome)?)?;
        }
        self.outcomes.push(outcome);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) fn get(&self, trial: &Trial) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.trial == *trial)
    }

    /// The outcomes of these trainings, if all are there.
    pub(super) fn all(&self, trials: &[Trial]) -> Option<Vec<&Outcome>> {
        trials.iter().map(|trial| self.get(trial)).collect()
    }

    /// The learning rate for a setup: that with the best validation accuracy of those tried, the
    /// lowest of several. None until all have been tried.
    pub(super) fn rate(&self, design: &Design, setup: Setup) -> Option<f64> {
        if let [rate] = design.rates {
            return Some(*rate);
        }
        let mut best: Option<(f64, f64)> = None;
        for outcome in self.all(&design.searches(setup))? {
            let accuracy = outcome.validation.last().copied().unwrap_or_default();
            if best.is_none_or(|(_, highest)| accuracy > highest) {
                best = Some((outcome.trial.rate, accuracy));
            }
        }
        best.map(|(rate, _)| rate)
    }

    /// The outcomes of the trainings of a setup that count, by seed, if all are there.
    pub(super) fn of(&self, design: &Design, setup: Setup) -> Option<Vec<&Outcome>> {
        self.all(&design.trials(setup, self.rate(design, setup)?))
    }

    /// The same with fewer images.
    pub(super) fn with(&self, design: &Design, setup: Setup, images: usize) -> Option<Vec<&Outcome>> {
        self.all(&design.trials_with(setup, self.rate(design, setup)?, images))
    }
}
