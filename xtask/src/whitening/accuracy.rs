//! How far the whitened covariance is from the identity, by size and condition number.

use std::error::Error;
use std::f64::consts::PI;

use comfy_table::{Table, presets};
use mizumashi::whitening::{Method, Regularisation, Solver, Whitener};
use ndarray::{Array1, Array2, s};

use super::views::covariance;

/// Below the least variance, and above what rounding makes of a null direction of the dual.
const NULL: f64 = 1e-12;

const CONDITIONS: [f64; 6] = [1e0, 1e2, 1e4, 1e6, 1e8, 1e10];

/// A table in Markdown of the greatest entry of `|W C W^T - P|`, with `P` the projection onto the
/// kept directions: the identity where there are more samples than values.
///
/// `f64` is of the matrix `W` itself; `f32` of the covariance of the rows that `apply` makes.
pub(super) fn table(sizes: &[usize]) -> Result<String, Box<dyn Error>> {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let conditions = CONDITIONS.map(|condition| format!("{condition:.0e}"));
    let header = ["solver", "route", "d", "n", "arithmetic"].map(str::to_owned);
    table.set_header(header.into_iter().chain(conditions));
    for &values in sizes {
        // Twice as many samples as values, and half as many.
        for (route, method, samples) in
            [("primal", Method::Primal, 2 * values + 2), ("dual", Method::Dual, values / 2 + 1)]
        {
            let data: Vec<_> = CONDITIONS
                .into_iter()
                .map(|condition| Data::new(samples, values, condition))
                .collect::<Result<_, _>>()?;
            for (name, solver) in solvers() {
                let whitener = Whitener::zca()
                    .regularisation(Regularisation::Eigenvalue(0.0))
                    .rank_tolerance(NULL)
                    .method(Some(method))
                    .solver(solver)
                    .memory_limit(u64::MAX);
                let distances: Vec<_> =
                    data.iter().map(|data| data.distances(&whitener)).collect::<Result<_, _>>()?;
                for (arithmetic, index) in [("f64", 0), ("f32", 1)] {
                    let row = [name, route, &values.to_string(), &samples.to_string(), arithmetic]
                        .map(str::to_owned);
                    let figures = distances.iter().map(|pair| format!("{:.0e}", pair[index]));
                    table.add_row(row.into_iter().chain(figures));
                }
            }
        }
    }
    Ok(format!("{table}\n"))
}

fn solvers() -> Vec<(&'static str, Solver)> {
    vec![
        ("faer", Solver::Faer),
        #[cfg(feature = "lapack")]
        ("LAPACK", Solver::Lapack),
    ]
}

/// Rows whose covariance has variances from 1 down to one over the condition number, evenly spaced
/// in their logarithm.
struct Data {
    rows: Array2<f32>,
    /// Of the rows, after their rounding.
    covariance: Array2<f64>,
}

impl Data {
    /// `sqrt(n) A diag(sqrt(lambda)) B^T`, with orthonormal columns of cosines in `A` and `B`; those
    /// of `A` have mean 0.
    fn new(samples: usize, values: usize, condition: f64) -> Result<Self, Box<dyn Error>> {
        let rank = values.min(samples - 1);
        let steps = (rank.max(2) - 1) as f64;
        let deviations = Array1::from_shape_fn(rank, |index| {
            (samples as f64).sqrt() * condition.powf(-0.5 * index as f64 / steps)
        });
        let left = cosines(samples).slice(s![.., 1..=rank]).to_owned() * deviations;
        let rows = left.dot(&cosines(values).slice(s![.., ..rank]).t()).mapv(|x| x as f32);
        Ok(Self { covariance: covariance(rows.view())?, rows })
    }

    fn distances(&self, whitener: &Whitener) -> Result<[f64; 2], Box<dyn Error>> {
        let whitening = whitener.fit(self.rows.view())?;
        let kept = whitening.components();
        let projection = match whitening.rank() == whitening.features() {
            true => Array2::eye(whitening.features()),
            false => kept.dot(&kept.t()),
        };
        let matrix = whitening.matrix(u64::MAX)?;
        let exact = matrix.dot(&self.covariance).dot(&matrix.t());
        let applied = covariance(whitening.apply(self.rows.view())?.view())?;
        Ok([exact, applied].map(|white| {
            (white - &projection).fold(0.0_f64, |worst, entry| worst.max(entry.abs()))
        }))
    }
}

/// The orthonormal matrix of the discrete cosine transform: column k is cos(pi (i + 1/2) k / n),
/// scaled to unit length.
fn cosines(size: usize) -> Array2<f64> {
    let n = size as f64;
    Array2::from_shape_fn((size, size), |(row, column)| {
        let scale = if column == 0 { 1.0 / n } else { 2.0 / n };
        // Reduced in integers, so that large arguments lose nothing.
        let turn = ((2 * row + 1) * column) % (4 * size);
        scale.sqrt() * (PI * turn as f64 / (2.0 * n)).cos()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_have_the_spectrum_they_are_made_for() {
        let data = Data::new(40, 12, 1e6).unwrap();
        let fit = Whitener::pca().rank_tolerance(0.0).fit(data.rows.view()).unwrap();
        let variances = fit.eigenvalues();
        assert_eq!(variances.len(), 12);
        for (index, variance) in variances.iter().enumerate() {
            let expected = 1e6_f64.powf(-(index as f64) / 11.0);
            assert!((variance / expected - 1.0).abs() < 1e-4, "{index}: {variance}");
        }
        assert!(fit.mean().iter().all(|mean| mean.abs() < 1e-8));
    }
}
