use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::finite::check_finite;
use crate::gram::column_means;
use crate::summary::{MAX_COUNT, check_total};
use crate::{Error, JointSummary, symmetric};

/// Rows that are centred and multiplied at once. The block is part of the result: another size
/// rounds otherwise.
const BLOCK: usize = 512;

/// Covariance of real rows, streamed, in `f64`.
///
/// Rows are gathered into blocks of 512, each is centred on its own mean before it is multiplied,
/// and blocks are merged in order by the rule of Chan, Golub and LeVeque (1979). So data far from
/// zero loses nothing, and neither the split into updates nor the number of threads shows in any
/// bit. Merging agrees with one pass up to rounding; so do two machines when only one of them has
/// fused multiply-add, which the matrix product uses.
///
/// The state is a square matrix of `f64`, 75 MB for the 3072 values of a 32x32 RGB image, and one
/// block of rows.
///
/// ```
/// use mizumashi_stats::{Covariance, JointSummary};
/// use ndarray::array;
///
/// let mut covariance = Covariance::new(2);
/// covariance.update(array![[0.0_f32, 1.0], [2.0, 3.0]].view())?;
/// covariance.update(array![[4.0_f32, 8.0]].view())?;
/// assert_eq!(covariance.mean(), array![2.0, 4.0]);
/// assert_eq!(covariance.sample_covariance(), array![[4.0, 7.0], [7.0, 13.0]]);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Covariance {
    /// Count and mean of the rows in the scatter.
    centre: Centre,
    /// The upper half alone is held, and not before the first row.
    scatter: Array2<f64>,
    /// The block to be filled next; its rows from `pending` on are 0.
    block: Array2<f64>,
    pending: usize,
}

impl Covariance {
    /// The covariance of no rows yet, each to have `dims` values.
    pub fn new(dims: usize) -> Self {
        Covariance {
            centre: Centre { count: 0, mean: Array1::zeros(dims) },
            scatter: Array2::default((0, 0)),
            block: Array2::default((0, 0)),
            pending: 0,
        }
    }

    /// Adds rows of `f32` or `f64`: an array of `rows` x `dims`, with any strides.
    ///
    /// # Errors
    ///
    /// The state stays as it was, and the error is [`Error::Empty`] when there are no rows,
    /// [`Error::Dimensions`] when they are not of `dims` values, [`Error::NonFinite`] when a value
    /// is NaN or infinite, and [`Error::TooLarge`] when the matrix does not fit in memory.
    pub fn update<T>(&mut self, rows: ArrayView2<'_, T>) -> Result<(), Error>
    where
        T: Copy + Into<f64> + Sync,
    {
        if rows.ncols() != self.dims() {
            return Err(Error::Dimensions { expected: self.dims(), found: rows.ncols() });
        }
        if rows.is_empty() {
            return Err(Error::Empty { shape: rows.shape().to_vec() });
        }
        check_finite(&rows)?;
        if self.scatter.is_empty() {
            self.scatter = symmetric::zeros(self.dims())?;
            self.block = Array2::zeros((BLOCK, self.dims()));
        }

        let missing = if self.pending == 0 { 0 } else { BLOCK - self.pending };
        let (head, rows) = rows.split_at(Axis(0), missing.min(rows.nrows()));
        self.keep(head);
        if self.pending == BLOCK {
            add_steps(&mut self.scatter, &self.centre.follow(&self.block.view()));
            self.block.fill(0.0);
            self.pending = 0;
        }
        let (blocks, tail) = rows.split_at(Axis(0), rows.nrows() / BLOCK * BLOCK);
        add_steps(&mut self.scatter, &self.centre.follow(&blocks));
        self.keep(tail);
        Ok(())
    }

    /// Adds the rows of another state.
    ///
    /// # Errors
    ///
    /// [`Error::Dimensions`] when it is of other dimensions, [`Error::TooMany`] for more rows than can
    /// be.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.dims() != other.dims() {
            return Err(Error::Dimensions { expected: self.dims(), found: other.dims() });
        }
        check_total(self.count(), other.count())?;
        if self.count() == 0 {
            self.clone_from(other);
            return Ok(());
        }
        if other.centre.count > 0 {
            let Shift { delta, weight } = self.centre.shift(&other.centre);
            self.scatter += &other.scatter;
            for (index, mut row) in self.scatter.outer_iter_mut().enumerate() {
                let delta = delta.slice(s![index..]);
                row.slice_mut(s![index..]).scaled_add(weight * delta[0], &delta);
            }
        }
        if other.pending > 0 { self.update(other.pending_rows()) } else { Ok(()) }
    }

    /// Bytes on the heap.
    pub(crate) fn allocated(&self) -> usize {
        (self.centre.mean.len() + self.scatter.len() + self.block.len()) * size_of::<f64>()
    }

    /// Copies rows, no more than are missing, into the block.
    fn keep<T: Copy + Into<f64>>(&mut self, rows: ArrayView2<'_, T>) {
        let end = self.pending + rows.nrows();
        let mut kept = self.block.slice_mut(s![self.pending..end, ..]);
        kept.zip_mut_with(&rows, |kept, &value| *kept = value.into());
        self.pending = end;
    }

    fn pending_rows(&self) -> ArrayView2<'_, f64> {
        self.block.slice(s![..self.pending, ..])
    }

    fn scatter_over(&self, divisor: f64) -> Array2<f64> {
        if self.count() == 0 {
            return Array2::from_elem((self.dims(), self.dims()), f64::NAN);
        }
        let mut scatter = self.scatter.clone();
        add_steps(&mut scatter, &self.centre.clone().follow(&self.pending_rows()));
        symmetric::mirrored(&scatter, |entry, _, _| entry / divisor)
    }
}

impl JointSummary for Covariance {
    fn count(&self) -> u64 {
        self.centre.count + self.pending as u64
    }

    fn dims(&self) -> usize {
        self.centre.mean.len()
    }

    fn mean(&self) -> Array1<f64> {
        if self.count() == 0 {
            return Array1::from_elem(self.dims(), f64::NAN);
        }
        let mut centre = self.centre.clone();
        centre.follow(&self.pending_rows());
        centre.mean
    }

    fn scatter(&self) -> Array2<f64> {
        self.scatter_over(1.0)
    }

    fn covariance(&self) -> Array2<f64> {
        self.scatter_over(self.count() as f64)
    }

    fn sample_covariance(&self) -> Array2<f64> {
        let divisor = self.count() as f64 - 1.0;
        self.scatter_over(if divisor > 0.0 { divisor } else { f64::NAN })
    }
}

/// Count and mean of rows.
#[derive(Clone, Debug, PartialEq)]
struct Centre {
    count: u64,
    mean: Array1<f64>,
}

/// How far the mean of more rows lies from the mean before them, and the weight of delta deltaᵀ in
/// the scatter of all.
struct Shift {
    delta: Array1<f64>,
    weight: f64,
}

/// One block on its way into the scatter.
struct Step<'a, T> {
    rows: ArrayView2<'a, T>,
    mean: Array1<f64>,
    shift: Shift,
}

impl Centre {
    /// Takes more rows into the mean.
    fn shift(&mut self, more: &Centre) -> Shift {
        let (before, added) = (self.count as f64, more.count as f64);
        let total = before + added;
        let delta = &more.mean - &self.mean;
        self.mean.scaled_add(added / total, &delta);
        self.count += more.count;
        Shift { delta, weight: before / total * added }
    }

    /// Takes rows into the mean, a block at a time, and tells what the scatter has to add.
    fn follow<'a, T>(&mut self, rows: &'a ArrayView2<'_, T>) -> Vec<Step<'a, T>>
    where
        T: Copy + Into<f64> + Sync,
    {
        let blocks: Vec<_> = rows.axis_chunks_iter(Axis(0), BLOCK).collect();
        let means: Vec<_> = blocks.par_iter().map(|block| column_means(block.view())).collect();
        let mut steps = Vec::with_capacity(blocks.len());
        for (rows, mean) in blocks.into_iter().zip(means) {
            let block = Centre { count: rows.nrows() as u64, mean };
            let shift = self.shift(&block);
            steps.push(Step { rows, mean: block.mean, shift });
        }
        steps
    }
}

impl<T: Copy + Into<f64>> Step<'_, T> {
    /// What the block adds to the scatter at these rows and columns.
    fn product(&self, rows: Range<usize>, columns: Range<usize>) -> Array2<f64> {
        let centred = |range: Range<usize>| {
            self.rows.slice(s![.., range.clone()]).mapv(Into::into) - self.mean.slice(s![range])
        };
        let mut product = centred(rows.clone()).t().dot(&centred(columns.clone()));
        let Shift { delta, weight } = &self.shift;
        for (mut row, &along) in product.outer_iter_mut().zip(delta.slice(s![rows])) {
            row.scaled_add(weight * along, &delta.slice(s![columns.clone()]));
        }
        product
    }
}

fn add_steps<T: Copy + Into<f64> + Sync>(scatter: &mut Array2<f64>, steps: &[Step<'_, T>]) {
    symmetric::add_products(
        scatter,
        steps.len(),
        |index, rows, columns| steps[index].product(rows, columns),
        |sum, &product| *sum += product,
    );
}

/// [`Covariance`] as stored: the upper half of the scatter and the pending rows, row by row.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    dims: usize,
    count: u64,
    mean: Vec<f64>,
    scatter: Vec<f64>,
    pending: Vec<f64>,
}

impl From<Covariance> for Stored {
    fn from(covariance: Covariance) -> Self {
        Stored {
            dims: covariance.dims(),
            count: covariance.centre.count,
            scatter: symmetric::pack(&covariance.scatter),
            pending: covariance.pending_rows().iter().copied().collect(),
            mean: covariance.centre.mean.to_vec(),
        }
    }
}

impl TryFrom<Stored> for Covariance {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let Stored { dims, count, mean, scatter, pending } = stored;
        let fail = |reason| Error::Inconsistent { what: "covariance sums", reason };
        if count > MAX_COUNT {
            return Err(fail("count is beyond 2^48"));
        }
        if mean.len() != dims {
            return Err(fail("there is not one mean per dimension"));
        }
        if !mean.iter().chain(&scatter).chain(&pending).all(|figure| figure.is_finite()) {
            return Err(fail("a figure is not finite"));
        }
        if count == 0 && mean.iter().chain(&scatter).any(|&figure| figure != 0.0) {
            return Err(fail("count is 0, but a figure is not"));
        }
        if count == 0 && pending.is_empty() && scatter.is_empty() {
            return Ok(Covariance::new(dims));
        }
        let scatter = symmetric::unpack(dims, scatter)?
            .ok_or_else(|| fail("there is not one scatter entry per pair of dimensions"))?;
        if scatter.diag().iter().any(|&entry| entry < 0.0) {
            return Err(fail("a sum of squares is negative"));
        }
        let rows = pending.len() / dims.max(1);
        let pending = Array2::from_shape_vec((rows, dims), pending)
            .map_err(|_| fail("the last pending row is cut short"))?;
        if rows >= BLOCK {
            return Err(fail("more rows are pending than a block holds"));
        }

        let mut covariance = Covariance {
            centre: Centre { count, mean: mean.into() },
            block: Array2::zeros((BLOCK, dims)),
            scatter,
            pending: 0,
        };
        covariance.keep(pending.view());
        Ok(covariance)
    }
}
