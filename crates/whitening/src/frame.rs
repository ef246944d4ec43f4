use ndarray::{Array1, Array2, ArrayView2, Axis, Zip, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::observations::Observations;
use crate::pixel::Pixel;
use crate::product::{add_product, self_product};
use crate::{Centring, Error};

/// Rows and columns of a tile that is centred and converted to `f64` at a time: 16 MiB.
const TILE_ROWS: usize = 1 << 10;
const TILE_COLUMNS: usize = 1 << 11;

/// Bytes of the tiles in use at once.
pub(crate) fn tile_bytes(samples: u64, features: u64) -> u64 {
    8 * samples.min(TILE_ROWS as u64) * features.min(TILE_COLUMNS as u64)
}

/// The coordinates that are decomposed: `z = (x - m) / s`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// What is subtracted: d values.
    pub(crate) mean: Array1<f64>,
    /// Standard deviations by which values are divided, for whitenings of the correlation; zero
    /// where a value does not vary, and then its coordinate is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deviations: Option<Array1<f64>>,
}

impl Frame {
    /// Takes second moments into the frame: the matrix becomes that of the correlations.
    pub(crate) fn standardise(&mut self, covariance: &mut Array2<f64>, tolerance: f64) {
        let deviations = deviations(covariance.diag().to_owned(), tolerance);
        let inverse = deviations.mapv(reciprocal);
        Zip::from(covariance.rows_mut()).and(&inverse).par_for_each(|row, &of_row| {
            Zip::from(row).and(&inverse).for_each(|x, &of_column| *x *= of_row * of_column);
        });
        self.deviations = Some(deviations);
    }

    /// The frame of rows, and the second moments of its coordinates, one per value.
    pub(crate) fn of_rows<T: Pixel>(
        rows: ArrayView2<'_, T>,
        centring: Centring,
        correlation: bool,
        tolerance: f64,
    ) -> (Self, Array1<f64>) {
        let count = rows.nrows() as f64;
        let mut mean = Array1::<f64>::zeros(rows.ncols());
        let mut variances = Array1::<f64>::zeros(rows.ncols());
        mean.axis_chunks_iter_mut(Axis(0), TILE_COLUMNS)
            .into_par_iter()
            .zip(variances.axis_chunks_iter_mut(Axis(0), TILE_COLUMNS))
            .zip(rows.axis_chunks_iter(Axis(1), TILE_COLUMNS))
            .for_each(|((mut mean, mut variances), rows)| {
                if centring == Centring::Mean {
                    for row in rows.rows() {
                        Zip::from(&mut mean)
                            .and(row)
                            .for_each(|sum, &x| *sum += Into::<f64>::into(x));
                    }
                    mean /= count;
                }
                for row in rows.rows() {
                    Zip::from(&mut variances).and(row).and(&mean).for_each(|sum, &x, &mean| {
                        *sum += (Into::<f64>::into(x) - mean).powi(2);
                    });
                }
                variances /= count;
            });
        if !correlation {
            return (Self { mean, deviations: None }, variances);
        }
        let deviations = deviations(variances, tolerance);
        let ones = deviations.mapv(|deviation| f64::from(u8::from(deviation > 0.0)));
        (Self { mean, deviations: Some(deviations) }, ones)
    }

    /// The coordinates of rows of which these are the columns from `first` on.
    pub(crate) fn coordinates<T: Pixel>(
        &self,
        rows: ArrayView2<'_, T>,
        first: usize,
    ) -> Array2<f64> {
        let columns = s![first..first + rows.ncols()];
        let mean = self.mean.slice(columns);
        let inverse = self.deviations.as_ref().map(|all| all.slice(columns).mapv(reciprocal));
        let mut tile = Array2::zeros(rows.raw_dim());
        Zip::from(tile.rows_mut()).and(rows.rows()).par_for_each(|mut to, from| {
            Zip::from(&mut to)
                .and(from)
                .and(mean)
                .for_each(|to, &x, &mean| *to = Into::<f64>::into(x) - mean);
            if let Some(inverse) = &inverse {
                to *= inverse;
            }
        });
        tile
    }

    /// The inner products between the coordinates of rows: n x n.
    pub(crate) fn gram<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Array2<f64> {
        let mut gram = Array2::zeros((rows.nrows(), rows.nrows()));
        for (index, block) in rows.axis_chunks_iter(Axis(1), TILE_COLUMNS).enumerate() {
            gram += &self_product(self.coordinates(block, index * TILE_COLUMNS).view());
        }
        gram
    }

    /// `out = Z b`, with the coordinates `Z` (n x d) of the rows; b is d x k.
    pub(crate) fn multiply<T: Pixel>(
        &self,
        rows: ArrayView2<'_, T>,
        b: ArrayView2<'_, f64>,
    ) -> Array2<f64> {
        let mut out = Array2::zeros((rows.nrows(), b.ncols()));
        for_each_tile(rows, |tile, row, column| {
            let z = self.coordinates(tile, column);
            let b = b.slice(s![column..column + tile.ncols(), ..]);
            add_product(z.view(), b, out.slice_mut(s![row..row + tile.nrows(), ..]));
        });
        out
    }

    /// `out = Z^T b`, with the coordinates `Z` (n x d) of the rows; b is n x k.
    pub(crate) fn multiply_transposed<T: Pixel>(
        &self,
        rows: ArrayView2<'_, T>,
        b: ArrayView2<'_, f64>,
    ) -> Array2<f64> {
        let mut out = Array2::zeros((rows.ncols(), b.ncols()));
        for_each_tile(rows, |tile, row, column| {
            let z = self.coordinates(tile, column);
            let b = b.slice(s![row..row + tile.nrows(), ..]);
            add_product(z.t(), b, out.slice_mut(s![column..column + tile.ncols(), ..]));
        });
        out
    }

    /// The sum over the observations of the fourth power of the length of their coordinates.
    pub(crate) fn quartic<T: Pixel>(&self, observations: &Observations<'_, T>) -> f64 {
        let mut sum = 0.0;
        for block in observations.blocks() {
            for rows in block.axis_chunks_iter(Axis(0), TILE_ROWS) {
                let mut lengths = Array1::<f64>::zeros(rows.nrows());
                for (index, part) in rows.axis_chunks_iter(Axis(1), TILE_COLUMNS).enumerate() {
                    let z = self.coordinates(part, index * TILE_COLUMNS);
                    Zip::from(&mut lengths)
                        .and(z.rows())
                        .par_for_each(|length, z| *length += z.dot(&z));
                }
                sum = lengths.iter().fold(sum, |sum, length| sum + length * length);
            }
        }
        sum
    }
}

/// Standard deviations of values of these variances, zero where they count as constant.
fn deviations(variances: Array1<f64>, tolerance: f64) -> Array1<f64> {
    let largest = variances.iter().fold(0.0_f64, |a, &b| a.max(b));
    variances.mapv(|variance| if variance > tolerance * largest { variance.sqrt() } else { 0.0 })
}

/// `1 / x`, and zero for the deviation of a constant.
pub(crate) fn reciprocal(x: f64) -> f64 {
    if x > 0.0 { 1.0 / x } else { 0.0 }
}

/// In an order that neither threads nor sizes of pools change.
fn for_each_tile<T: Pixel>(
    rows: ArrayView2<'_, T>,
    mut take: impl FnMut(ArrayView2<'_, T>, usize, usize),
) {
    for (i, band) in rows.axis_chunks_iter(Axis(0), TILE_ROWS).enumerate() {
        for (j, tile) in band.axis_chunks_iter(Axis(1), TILE_COLUMNS).enumerate() {
            take(tile, i * TILE_ROWS, j * TILE_COLUMNS);
        }
    }
}

/// Mean and second moments as they came, checked to be of one size and finite, and taken about the
/// origin where there is no centring.
pub(crate) fn second_moments(
    mut mean: Array1<f64>,
    mut covariance: Array2<f64>,
    centring: Centring,
) -> Result<(Array1<f64>, Array2<f64>), Error> {
    let fits = covariance.dim() == (mean.len(), mean.len());
    if !fits || mean.iter().chain(&covariance).any(|x| !x.is_finite()) {
        return Err(Error::Moments { mean: mean.len(), covariance: covariance.dim().into() });
    }
    if centring == Centring::None {
        // C + m m^T
        for (mut row, &of_row) in covariance.axis_iter_mut(Axis(0)).zip(&mean) {
            row.scaled_add(of_row, &mean);
        }
        mean.fill(0.0);
    }
    Ok((mean, covariance))
}
