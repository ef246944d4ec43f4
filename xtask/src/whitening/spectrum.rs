//! The variances along the principal directions, and what each rule multiplies them by.

use std::error::Error;
use std::path::Path;

use mizumashi::whitening::Regularisation;
use plotters::prelude::SeriesLabelPosition;

use super::views::{EPSILON, Views};
use crate::chart::{self, Panel, Series};
use crate::plot::Names;

const SIZE: (u32, u32) = (540, 400);
/// Points of a curve for each power of ten.
const DENSITY: f64 = 20.0;

/// Writes spectrum and gains side by side, with epsilon marked in both.
pub(super) fn draw(views: &Views, path: &Path) -> Result<String, Box<dyn Error>> {
    let whitening = views.pixels.whitening();
    let variances = whitening.eigenvalues();
    let (first, last) = (variances[0], variances[variances.len() - 1]);
    let thinned = thinned(variances.len())
        .map(|index| ((index + 1) as f64, variances[index]))
        .collect::<Vec<_>>();
    let ends = |value: f64| vec![(1.0, value), (variances.len() as f64, value)];

    let samples = whitening.solution().samples;
    let decades = (first / last).log10();
    let curve = |name: &str, rule: Regularisation| {
        let points = (0..=(decades * DENSITY) as u32).map(|step| {
            let variance = last * 10_f64.powf(f64::from(step) / DENSITY);
            (variance, rule.gain(variance, samples))
        });
        Series::new(name, points.collect())
    };
    let singular = (samples as f64 * EPSILON).sqrt();
    let unregularised = Regularisation::Eigenvalue(0.0);
    let gains = vec![
        curve("none", unregularised),
        curve("Floor(e)", Regularisation::Floor(EPSILON)),
        curve("Eigenvalue(e)", Regularisation::Eigenvalue(EPSILON)),
        curve("SingularValue(sqrt(n e))", Regularisation::SingularValue(singular)),
        Series::mark(
            format!("e = {EPSILON}"),
            vec![
                (EPSILON, unregularised.gain(first, samples)),
                (EPSILON, unregularised.gain(last, samples)),
            ],
        ),
    ];
    let panels = [
        Panel {
            title: "Spectrum of the covariance".into(),
            x: "principal direction",
            base: 10.0,
            y: "variance lambda",
            names: Names::Ends,
            series: vec![
                Series::new("lambda", thinned),
                Series::mark(format!("epsilon = {EPSILON}"), ends(EPSILON)),
            ],
        },
        Panel {
            title: "Gains".into(),
            x: "variance lambda",
            base: 10.0,
            y: "gain",
            names: Names::List(SeriesLabelPosition::LowerLeft),
            series: gains,
        },
    ];
    chart::draw(path, SIZE, 2, &panels)?;

    let total: f64 = variances.sum();
    let mut explained = 0.0;
    let mut shares = [0.9, 0.95, 0.99, 0.999].into_iter().peekable();
    let mut words = format!(
        "rank {}, lambda {first:.4e} to {last:.4e}, condition number {:.3e}, {} directions above epsilon;",
        whitening.rank(),
        first / last,
        variances.iter().filter(|&&variance| variance > EPSILON).count(),
    );
    for (index, variance) in variances.iter().enumerate() {
        explained += variance / total;
        while let Some(share) = shares.next_if(|&share| explained >= share) {
            words += &format!(" {} directions explain {share};", index + 1);
        }
    }
    Ok(words + "\n")
}

/// Indices from 0 to below `count`, as many for each power of ten.
fn thinned(count: usize) -> impl Iterator<Item = usize> {
    let mut next = 0.0;
    (0..count).filter(move |&index| {
        let here = ((index + 1) as f64).log10();
        let kept = here >= next || index + 1 == count;
        if kept {
            next = here + 1.0 / DENSITY;
        }
        kept
    })
}
