//! What a subject of checks found: figures to judge, and pictures to look at.

use super::check::Check;
use crate::sheet::Row;

/// All of one subject.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) checks: Vec<Check>,
    pub(super) exhibits: Vec<Exhibit>,
}

impl From<Vec<Check>> for Findings {
    fn from(checks: Vec<Check>) -> Self {
        Self { checks, exhibits: Vec::new() }
    }
}

/// Pictures that show the same thing, under a heading and a sentence on what to see in them.
#[derive(Default)]
pub(super) struct Exhibit {
    pub(super) heading: &'static str,
    pub(super) words: String,
    pub(super) strips: Vec<Row>,
    pub(super) drawings: Vec<Drawing>,
    pub(super) bars: Vec<Bar>,
}

/// An SVG and what it shows, for those who do not see it.
pub(super) struct Drawing {
    pub(super) svg: String,
    pub(super) alt: String,
}

/// One rate among others of its kind.
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) images_per_second: f64,
}
