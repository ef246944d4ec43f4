//! What preparing and batch normalisation are worth to a small network, where it is beyond doubt.

use std::error::Error;
use std::ops::Range;

use mizumashi::data::{Dataset, TrainTest};
use ndarray::s;

use super::check::Check;
use super::findings::Findings;
use crate::source::Source;
use crate::study;

/// Images that the networks learn from, and others of the training set that they are judged by.
const LEARNT: Range<usize> = 0..2000;
const JUDGED: Range<usize> = 2000..4000;

pub(super) fn findings(source: &Source) -> Result<Findings, Box<dyn Error>> {
    let part = |range: Range<usize>| {
        Dataset::new(
            source.train.images().slice(s![range.clone(), .., .., ..]).to_owned(),
            source.train.labels().slice(s![range]).to_owned(),
            source.train.class_names().to_vec(),
        )
    };
    let data = TrainTest { train: part(LEARNT)?, test: part(JUDGED)? };
    let orderings = study::orderings(data).map_err(|error| -> Box<dyn Error> { error })?;
    let check = |ordering: study::Ordering| {
        Check::at_least(
            format!("study: accuracy, {}", ordering.name),
            ordering.margin,
            ordering.least,
        )
    };
    Ok(orderings.into_iter().map(check).collect::<Vec<_>>().into())
}
