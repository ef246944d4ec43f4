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
    outcomes: Vec<Outcome>,
    file: Option<File>,
}

impl Results {
    /// No outcomes, and no file.
    pub(super) fn new() -> Self {
        Self { outcomes: Vec::new(), file: None }
    }

    /// Those of a file of JSON lines, which is begun where there is none.
    pub(super) fn open(path: &Path, header: &Header) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        if !path.exists() {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, serde_json::to_string(header)? + "\n").map_err(|e| failed(&e))?;
        }
        let text = fs::read_to_string(path).map_err(|e| failed(&e))?;
        let mut lines = text.lines();
        let found: Header =
            serde_json::from_str(lines.next().unwrap_or_default()).map_err(|e| failed(&e))?;
        if found != *header {
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
        Ok(Self { outcomes, file: Some(file) })
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
    pub(super) fn with(
        &self,
        design: &Design,
        setup: Setup,
        images: usize,
    ) -> Option<Vec<&Outcome>> {
        self.all(&design.trials_with(setup, self.rate(design, setup)?, images))
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::Input;
    use super::super::network::Depth;
    use super::*;

    fn outcome(rate: f64, validation: f64) -> Outcome {
        let setup =
            Setup { input: Input::Raw, depth: Depth::Shallow, batch_norm: false, augmented: false };
        let design = Design::full(1);
        let trial = design.searches(setup).into_iter().find(|trial| trial.rate == rate).unwrap();
        Outcome { trial, loss: vec![1.25], validation: vec![validation], test: None, seconds: 0.5 }
    }

    #[test]
    fn a_stopped_run_goes_on_with_what_it_wrote_in_full() {
        let path = std::env::temp_dir().join(format!("study-{}.jsonl", std::process::id()));
        let header = |data: &str| Header { data: data.into(), sizes: Design::full(1).sizes };
        let first = outcome(1e-3, 0.2);
        Results::open(&path, &header("a")).unwrap().add(first.clone()).unwrap();
        let mut text = fs::read_to_string(&path).unwrap();
        let whole = text.clone();
        text.push_str("{\"input\":\"raw\",\"dep");
        fs::write(&path, text).unwrap();

        let mut results = Results::open(&path, &header("a")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        assert_eq!(results.get(&first.trial), Some(&first));
        let second = outcome(3e-3, 0.3);
        results.add(second.clone()).unwrap();
        let results = Results::open(&path, &header("a")).unwrap();
        assert_eq!(results.get(&second.trial), Some(&second));
        let other = Results::open(&path, &header("b"));
        fs::remove_file(&path).unwrap();
        assert!(other.is_err(), "results of other data are no results");
    }

    #[test]
    fn the_best_rate_is_chosen_once_all_were_tried() {
        let design = Design::full(1);
        let mut results = Results::new();
        for (rate, accuracy) in [(3e-4, 0.1), (1e-3, 0.2), (3e-3, 0.4), (3e-2, 0.4)] {
            results.add(outcome(rate, accuracy)).unwrap();
        }
        let setup = outcome(1e-3, 0.0).trial.setup;
        assert_eq!(results.rate(&design, setup), None);
        results.add(outcome(1e-2, 0.3)).unwrap();
        assert_eq!(results.rate(&design, setup), Some(3e-3));
        assert_eq!(results.rate(&design, Setup { augmented: true, ..setup }), Some(3e-3));
    }
}
