//! One check: what was expected, what was measured, and whether that will do.

use std::error::Error;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// One row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) expected: String,
    pub(crate) measured: String,
    pub(crate) verdict: Verdict,
}

/// Whether a check passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Passed,
    Failed,
    /// A figure that is printed, not judged.
    Information,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "FAIL",
            Self::Information => "info",
        }
    }

    /// The word that the JSON has for it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Information => "information",
        }
    }

    fn of(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

impl Check {
    /// Passes when the measured figure is at most the limit; NaN fails.
    pub(crate) fn at_most(name: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            name: name.into(),
            expected: format!("<= {limit:.3e}"),
            measured: format!("{measured:.3e}"),
            verdict: Verdict::of(measured <= limit),
        }
    }

    /// Passes when the measured figure is at least the limit; NaN fails.
    pub(crate) fn at_least(name: impl Into<String>, measured: f64, limit: f64) -> Self {
        Self {
            name: name.into(),
            expected: format!(">= {limit:.3}"),
            measured: format!("{measured:.3}"),
            verdict: Verdict::of(measured >= limit),
        }
    }

    /// Passes when the two are equal.
    pub(crate) fn equal<T: PartialEq + Debug>(
        name: impl Into<String>,
        measured: T,
        expected: T,
    ) -> Self {
        Self {
            name: name.into(),
            expected: format!("{expected:?}"),
            measured: format!("{measured:?}"),
            verdict: Verdict::of(measured == expected),
        }
    }

    /// Passes when the figure rounds to the expected one, both written with these decimals.
    pub(crate) fn rounds_to(
        name: impl Into<String>,
        measured: f64,
        expected: f64,
        decimals: usize,
    ) -> Self {
        let (measured, expected) =
            (format!("{measured:.decimals$}"), format!("{expected:.decimals$}"));
        let verdict = Verdict::of(measured == expected);
        Self { name: name.into(), expected, measured, verdict }
    }

    /// A figure that is printed, not judged.
    pub(crate) fn information(name: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            expected: "-".into(),
            measured: measured.into(),
            verdict: Verdict::Information,
        }
    }

    /// A group of checks that ended in an error.
    pub(crate) fn error(group: &str, error: &dyn Error) -> Self {
        Self {
            name: format!("{group} runs to its end"),
            expected: "no error".into(),
            measured: error.to_string(),
            verdict: Verdict::Failed,
        }
    }
}

/// The greatest distance of a figure from what it should be; NaN if any is NaN.
pub(crate) fn worst(figures: impl IntoIterator<Item = f64>, expected: f64) -> f64 {
    figures.into_iter().map(|figure| (figure - expected).abs()).fold(0.0, |worst, distance| {
        if distance > worst || distance.is_nan() { distance } else { worst }
    })
}
