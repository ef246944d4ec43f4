//! Layer normalisation: each row of a matrix has statistics of its own, and each column a gamma and
//! a beta. With `n` columns, and sums over the row:
//!
//! ```text
//! y  = gamma * x_hat + beta,    x_hat = (x - mean) * inv_std
//! dx = inv_std * (gamma * dy - (sum gamma * dy + x_hat * sum gamma * dy * x_hat) / n)
//! ```

use mizumashi_stats::WeightedMoments;
use ndarray::{Array2, ArrayView, ArrayView2, ArrayViewMut, Axis, CowArray, Dimension, Ix2, s};
use rayon::prelude::*;

use crate::kernel::{line_sums, map_line, shaped, with_shaped_mut};
use crate::saved::Standardisation;
use crate::{Error, Real};

/// Values that a thread works on at a time, at the least.
const GRAIN: usize = 1 << 14;

/// The largest number of stripes of rows, each of which keeps its own sums for every column.
const STRIPES: usize = 64;

/// Writes `y`, and returns what each row was standardised by.
pub(crate) fn forward<T: Real, D: Dimension>(
    rows: [usize; 2],
    epsilon: f64,
    parameters: [&[T]; 2],
    x: ArrayView<'_, T, D>,
    y: ArrayViewMut<'_, T, D>,
) -> Result<Vec<Standardisation>, Error> {
    let x = shaped(&x, rows)?;
    let [gamma, beta] = parameters.map(as_row);
    let mut all = vec![Standardisation::new(0.0, 1.0, epsilon); rows[0]];
    with_shaped_mut(y, rows, |mut y| {
        let y = y.axis_chunks_iter_mut(Axis(0), 1).into_par_iter();
        let grain = GRAIN.div_ceil(rows[1]);
        y.zip(&mut all).enumerate().with_min_len(grain).for_each(|(index, (y, by))| {
            let x = row(&x, index);
            *by = standardisation(x.reborrow(), epsilon);
            let centre = T::of(by.mean);
            let scale = T::of(by.inv_std);
            // What the rounding of the mean left out.
            let rest = T::of((centre.into() - by.mean) * by.inv_std);
            map_line([x, gamma.reborrow(), beta.reborrow()], y, move |[x, gamma, beta], _| {
                ((x - centre) * scale + rest) * gamma + beta
            });
        });
    })?;
    Ok(all)
}

/// Writes `dx`, and returns for each column the sums of `dy * x_hat` and of `dy`.
pub(crate) fn backward<T: Real, D: Dimension>(
    rows: [usize; 2],
    gamma: &[T],
    by: &[Standardisation],
    [x, dy]: [ArrayView<'_, T, D>; 2],
    dx: ArrayViewMut<'_, T, D>,
) -> Result<[Vec<f64>; 2], Error> {
    let (x, dy, gamma) = (shaped(&x, rows)?, shaped(&dy, rows)?, as_row(gamma));
    let stripe = rows[0].div_ceil(STRIPES);
    let parts: Vec<[Array2<f64>; 2]> = with_shaped_mut(dx, rows, |mut dx| {
        let stripes = dx.axis_chunks_iter_mut(Axis(0), stripe).into_par_iter();
        let of_stripe = |(index, mut dx): (usize, ndarray::ArrayViewMut2<'_, T>)| {
            let [mut along, mut plain] = [(); 2].map(|()| Array2::<f64>::zeros((1, rows[1])));
            for (line, dx) in dx.axis_chunks_iter_mut(Axis(0), 1).enumerate() {
                let index = index * stripe + line;
                let (x, dy) = (row(&x, index), row(&dy, index));
                let Standardisation { mean, inv_std, .. } = by[index];
                input_gradient(by[index], [x, dy, gamma], dx);
                map_line([x, dy], along.view_mut(), move |[x, dy], sum: f64| {
                    sum + dy.into() * ((x.into() - mean) * inv_std)
                });
                map_line([dy], plain.view_mut(), |[dy], sum: f64| sum + dy.into());
            }
            [along, plain]
        };
        stripes.enumerate().map(of_stripe).collect()
    })?;
    let mut sums = [(); 2].map(|()| vec![0.0; rows[1]]);
    for part in &parts {
        for (sums, part) in sums.iter_mut().zip(part) {
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    Ok(sums)
}

/// Writes `dx` of one row from its `x`, `dy` and `gamma`.
fn input_gradient<T: Real>(
    by: Standardisation,
    inputs: [ArrayView2<'_, T>; 3],
    dx: ndarray::ArrayViewMut2<'_, T>,
) {
    let Standardisation { mean, inv_std, .. } = by;
    let [plain, along] = line_sums(inputs, move |[x, dy, gamma]| {
        let slope = gamma * dy;
        [slope, slope * (x - mean)]
    })
    .map(|sum| sum / inputs[0].len() as f64);
    let pull = -inv_std * inv_std * inv_std * along;
    let (centre, dy_centre) = (T::of(mean), T::of(plain));
    let offset = inv_std * (dy_centre.into() - plain) + pull * (centre.into() - mean);
    let [scale, pull, offset] = [inv_std, pull, offset].map(T::of);
    map_line(inputs, dx, move |[x, dy, gamma], _| {
        scale * (gamma * dy - dy_centre) + (pull * (x - centre) + offset)
    });
}

/// What a row is standardised by: its moments, summed around its first value.
fn standardisation<T: Real>(x: ArrayView2<'_, T>, epsilon: f64) -> Standardisation {
    let origin = x[[0, 0]].into();
    let [first, second] = line_sums([x], move |[x]| {
        let distance = x - origin;
        [distance, distance * distance]
    });
    let moments = WeightedMoments::around(origin, [x.len() as f64, first, second]);
    Standardisation::new(moments.mean(), moments.variance(), epsilon)
}

fn row<'a, T>(matrix: &'a CowArray<'_, T, Ix2>, index: usize) -> ArrayView2<'a, T> {
    matrix.slice(s![index..index + 1, ..])
}

fn as_row<T>(values: &[T]) -> ArrayView2<'_, T> {
    ndarray::ArrayView1::from(values).insert_axis(Axis(0))
}
