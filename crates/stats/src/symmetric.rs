//! Symmetric matrices of which the upper half alone is held and computed, by tiles; entries below
//! the diagonal stay 0.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::Error;

/// Rows and columns of a tile: large enough for the matrix product to run at full speed, small
/// enough for its operands to stay in cache.
const TILE: usize = 256;

/// A square matrix of zeros, or an error where it does not fit in memory.
pub(crate) fn zeros<T: Clone + Default + Send>(size: usize) -> Result<Array2<T>, Error> {
    let too_large = || Error::TooLarge { size };
    let len = size.checked_mul(size).ok_or_else(too_large)?;
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| too_large())?;
    // The system hands out memory at its first touch, which takes long enough to share it.
    values.par_extend(repeat_n(T::default(), len));
    Array2::from_shape_vec((size, size), values).map_err(|_| too_large())
}

/// Adds `count` products to the upper half of `matrix`, tile by tile in parallel.
///
/// `product(index, rows, columns)` is the product number `index` at these rows and columns of the
/// matrix. Products of a tile may be computed at once, but are added in order: the number of
/// threads does not show.
pub(crate) fn add_products<T: Send, P: Send>(
    matrix: &mut Array2<T>,
    count: usize,
    product: impl Fn(usize, Range<usize>, Range<usize>) -> Array2<P> + Sync,
    add: impl Fn(&mut T, &P) + Sync,
) {
    // Bounds the memory that products of one tile take.
    const ENTRIES_AT_ONCE: usize = 4 * TILE * TILE;

    upper_tiles(matrix.view_mut()).into_par_iter().for_each(|(rows, columns, mut tile)| {
        let at_once = ENTRIES_AT_ONCE / tile.len();
        for start in (0..count).step_by(at_once) {
            let products: Vec<_> = (start..count.min(start + at_once))
                .into_par_iter()
                .map(|index| product(index, rows.clone(), columns.clone()))
                .collect();
            for product in &products {
                for (index, (mut sums, terms)) in
                    tile.outer_iter_mut().zip(product.outer_iter()).enumerate()
                {
                    let from = if rows == columns { index } else { 0 };
                    sums.slice_mut(s![from..]).zip_mut_with(&terms.slice(s![from..]), &add);
                }
            }
        }
    });
}

/// The tiles on and above the diagonal, with their rows and columns.
fn upper_tiles<T>(
    matrix: ArrayViewMut2<'_, T>,
) -> Vec<(Range<usize>, Range<usize>, ArrayViewMut2<'_, T>)> {
    let size = matrix.nrows();
    let ranges = || (0..size).step_by(TILE).map(|start| start..size.min(start + TILE));
    let mut tiles = Vec::new();
    let mut below = matrix;
    for rows in ranges() {
        let (band, rest) = below.split_at(Axis(0), rows.len());
        below = rest;
        let (_, mut right) = band.split_at(Axis(1), rows.start);
        for columns in ranges().filter(|columns| columns.start >= rows.start) {
            let (tile, rest) = right.split_at(Axis(1), columns.len());
            right = rest;
            tiles.push((rows.clone(), columns, tile));
        }
    }
    tiles
}

/// The whole matrix of which the upper half is `entry(value, row, column)`.
pub(crate) fn mirrored<T: Copy + Sync>(
    matrix: &Array2<T>,
    entry: impl Fn(T, usize, usize) -> f64 + Sync,
) -> Array2<f64> {
    let mut whole = Array2::zeros(matrix.raw_dim());
    for_each_upper(&mut whole, |whole, row, column| {
        *whole = entry(matrix[[row, column]], row, column);
    });
    mirror(whole.view_mut());
    whole
}

/// Changes each entry of the upper half, given its row and column.
pub(crate) fn for_each_upper<T: Send + Sync>(
    matrix: &mut Array2<T>,
    change: impl Fn(&mut T, usize, usize) + Sync,
) {
    matrix.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(row, mut entries)| {
        for (column, entry) in entries.iter_mut().enumerate().skip(row) {
            change(entry, row, column);
        }
    });
}

/// Copies the upper half onto the lower one.
///
/// A matrix is cut in four: two of the quarters are mirrored, a third is copied onto the fourth.
pub(crate) fn mirror<T: Copy + Send + Sync>(mut matrix: ArrayViewMut2<'_, T>) {
    const SMALL: usize = 64;
    let size = matrix.nrows();
    if size <= SMALL {
        for row in 1..size {
            for column in 0..row {
                matrix[[row, column]] = matrix[[column, row]];
            }
        }
        return;
    }
    let (above, below) = matrix.split_at(Axis(0), size / 2);
    let (left, upper) = above.split_at(Axis(1), size / 2);
    let (lower, right) = below.split_at(Axis(1), size / 2);
    rayon::join(
        || rayon::join(|| mirror(left), || mirror(right)),
        || transpose(upper.view(), lower),
    );
}

/// Copies the transposed matrix, in pieces that fit in cache from either side.
fn transpose<T: Copy + Send + Sync>(from: ArrayView2<'_, T>, mut to: ArrayViewMut2<'_, T>) {
    const SIDE: usize = 32;
    to.axis_chunks_iter_mut(Axis(0), SIDE)
        .into_par_iter()
        .zip(from.axis_chunks_iter(Axis(1), SIDE))
        .for_each(|(mut to, from)| {
            to.axis_chunks_iter_mut(Axis(1), SIDE)
                .zip(from.axis_chunks_iter(Axis(0), SIDE))
                .for_each(|(mut to, from)| to.assign(&from.t()));
        });
}

/// The upper half, row by row.
pub(crate) fn pack<T: Copy>(matrix: &Array2<T>) -> Vec<T> {
    let rows = matrix.outer_iter().enumerate();
    rows.flat_map(|(index, row)| row.into_iter().skip(index).copied()).collect()
}

/// The matrix whose upper half was packed, or `None` when the number of values is another.
pub(crate) fn unpack<T: Clone + Default + Send>(
    size: usize,
    values: Vec<T>,
) -> Result<Option<Array2<T>>, Error> {
    if size.checked_add(1).and_then(|more| more.checked_mul(size)) != values.len().checked_mul(2) {
        return Ok(None);
    }
    let mut matrix = zeros(size)?;
    let mut values = values.into_iter();
    for (index, mut row) in matrix.outer_iter_mut().enumerate() {
        for (entry, value) in row.iter_mut().skip(index).zip(&mut values) {
            *entry = value;
        }
    }
    Ok(Some(matrix))
}
