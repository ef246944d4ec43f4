//! The cases: a file per family.

mod batchnorm;
mod figures;
mod files;
mod flow;
mod gram;
mod standardize;
mod warp;
mod zca;

use super::case::Case;

pub(crate) use flow::{BATCH, tutorial};

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Box<dyn Case>> {
    let mut cases: Vec<Box<dyn Case>> =
        vec![Box::new(flow::Flow), Box::new(standardize::Standardize), Box::new(files::Files)];
    cases.extend(warp::all());
    cases.extend(figures::all());
    cases.push(Box::new(gram::Gram));
    cases.extend(zca::all());
    cases.extend(batchnorm::all());
    cases
}
