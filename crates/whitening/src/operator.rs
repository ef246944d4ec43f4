use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, Zip};
use rayon::prelude::*;

use crate::frame::{Frame, reciprocal};
use crate::pixel::Pixel;
use crate::product::{Scalar, product, self_product};

/// Rows this short, colours in practice, are multiplied as they stand: a gemm call costs more.
const SHORT: usize = 16;

/// Rows mapped by one parallel task, where they are short.
const SHORT_ROWS: usize = 1 << 12;

/// Values mapped by one parallel task, where rows are long: four megabytes of buffer.
const BLOCK_VALUES: usize = 1 << 20;

/// The fitted map `y = W (x - m)`, with `W` in 32-bit factors for speed, but for where they
/// would not do.
///
/// Each row of the output is computed from its own row alone, in the same order of additions
/// whatever the rows beside it (see [`product`]): how rows are cut into blocks does not show.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    mean: Array1<f64>,
    /// By what centred values are multiplied, where they are standardised.
    scale: Option<Array1<f64>>,
    factors: Factors,
}

#[derive(Debug, Clone)]
enum Factors {
    /// `W` itself, one row per output: one product, `y = z W^T`.
    Dense(Array2<f32>),
    /// Two thin products, of rows `A`, one per kept direction: `W = A^T A` for `rest` zero, else
    /// `W = rest I - A^T A`.
    Thin { rows: Array2<f32>, rest: f32 },
    /// The latter where 32 bits would not do: see [`WIDEST`].
    Precise { rows: Array2<f64>, rest: f64 },
}

/// How many times the least gain that of the rest may be before `rest I - A^T A` is computed in 64
/// bits. Of the kept directions it leaves a difference of numbers that much larger.
const WIDEST: f64 = 1e3;

/// The product of centred rows, into a place that it is given.
type Multiplication<'a> = Box<dyn FnOnce(ArrayViewMut2<'_, f32>) + 'a>;

/// A whitening in full precision, in the coordinates of its frame.
pub(crate) struct Parts<'a> {
    pub(crate) frame: &'a Frame,
    /// d x k.
    pub(crate) components: ArrayView2<'a, f64>,
    /// k values.
    pub(crate) gains: ArrayView1<'a, f64>,
    /// What all other directions are multiplied by, at least as large as any of the gains; or 0.
    pub(crate) rest: f64,
}

impl Operator {
    /// From the matrix `W`, one row per output.
    pub(crate) fn dense(frame: &Frame, matrix: ArrayView2<'_, f64>) -> Self {
        Self::new(frame, Factors::Dense(matrix.mapv(|x| x as f32)))
    }

    /// `W = diag(g) U^T`.
    pub(crate) fn pca(parts: &Parts<'_>) -> Self {
        Self::new(parts.frame, Factors::Dense(scaled_rows(parts.components, parts.gains)))
    }

    /// `W = U diag(g) U^T`, and the gain of the rest beside it.
    pub(crate) fn zca(parts: &Parts<'_>) -> Self {
        let (features, rank) = parts.components.dim();
        // Whichever takes fewer multiplications, and with them memory.
        if 2 * rank >= features || features <= SHORT {
            return Self::dense(parts.frame, zca_matrix(parts).view());
        }
        let least = parts.gains.iter().copied().fold(f64::INFINITY, f64::min);
        if parts.rest > WIDEST * least {
            let rows = (&parts.components * &parts.roots()).reversed_axes();
            let rows = rows.as_standard_layout().into_owned();
            return Self::new(parts.frame, Factors::Precise { rows, rest: parts.rest });
        }
        let rows = scaled_rows(parts.components, parts.roots().view());
        Self::new(parts.frame, Factors::Thin { rows, rest: parts.rest as f32 })
    }

    fn new(frame: &Frame, factors: Factors) -> Self {
        let scale = frame.deviations.as_ref().map(|all| all.mapv(reciprocal));
        Self { mean: frame.mean.clone(), scale, factors }
    }

    /// Values of an output row.
    pub(crate) fn outputs(&self) -> usize {
        match &self.factors {
            Factors::Dense(matrix) => matrix.nrows(),
            Factors::Thin { .. } | Factors::Precise { .. } => self.mean.len(),
        }
    }

    /// Whether every factor is within its range.
    pub(crate) fn is_finite(&self) -> bool {
        match &self.factors {
            Factors::Dense(matrix) => matrix.iter().all(|x| x.is_finite()),
            Factors::Thin { rows, rest } => rest.is_finite() && rows.iter().all(|x| x.is_finite()),
            Factors::Precise { rows, rest } => {
                rest.is_finite() && rows.iter().all(|x| x.is_finite())
            }
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        let matrix = match &self.factors {
            Factors::Dense(matrix) | Factors::Thin { rows: matrix, .. } => 4 * matrix.len(),
            Factors::Precise { rows, .. } => 8 * rows.len(),
        };
        8 * self.mean.len() as u64 + matrix as u64
    }

    /// Maps finite rows; shapes must agree.
    pub(crate) fn apply<T: Pixel>(&self, rows: ArrayView2<'_, T>, mut out: ArrayViewMut2<'_, f32>) {
        let height = self.block_height();
        out.axis_chunks_iter_mut(Axis(0), height)
            .into_par_iter()
            .zip(rows.axis_chunks_iter(Axis(0), height))
            .for_each(|(mut out, rows)| match self.short() {
                Some(matrix) => {
                    for (row, out) in rows.rows().into_iter().zip(out.rows_mut()) {
                        self.apply_short(matrix, &self.centred_short(row), out);
                    }
                }
                None => self.centre(rows)(out),
            });
    }

    /// Maps finite rows onto themselves; there must be as many outputs as inputs.
    pub(crate) fn apply_inplace(&self, mut rows: ArrayViewMut2<'_, f32>) {
        rows.axis_chunks_iter_mut(Axis(0), self.block_height()).into_par_iter().for_each(
            |mut rows| match self.short() {
                Some(matrix) => {
                    for row in rows.rows_mut() {
                        self.apply_short(matrix, &self.centred_short(row.view()), row);
                    }
                }
                None => self.centre(rows.view())(rows),
            },
        );
    }

    fn block_height(&self) -> usize {
        match self.short() {
            Some(_) => SHORT_ROWS,
            None => (BLOCK_VALUES / self.mean.len()).max(32),
        }
    }

    /// Centres rows; what it returns multiplies them into their place, which may be where they were.
    fn centre<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Multiplication<'_> {
        match &self.factors {
            Factors::Dense(matrix) => {
                let z = self.centred(rows, |x| x as f32);
                Box::new(move |out| product(z.view(), matrix.t(), out))
            }
            Factors::Thin { rows: kept, rest } => {
                let z = self.centred(rows, |x| x as f32);
                Box::new(move |mut out| {
                    there_and_back(z.view(), kept, out.view_mut());
                    if *rest > 0.0 {
                        out.zip_mut_with(&z, |out, &z| *out = rest * z - *out);
                    }
                })
            }
            Factors::Precise { rows: kept, rest } => {
                let z = self.centred(rows, |x| x);
                Box::new(move |out| {
                    let mut back = Array2::zeros(z.raw_dim());
                    there_and_back(z.view(), kept, back.view_mut());
                    let zip = Zip::from(out).and(&z).and(&back);
                    zip.for_each(|out, &z, &back| *out = (rest * z - back) as f32);
                })
            }
        }
    }

    fn centred<T: Pixel, R: Scalar>(
        &self,
        rows: ArrayView2<'_, T>,
        rounded: impl Fn(f64) -> R,
    ) -> Array2<R> {
        let mut centred = Array2::zeros(rows.raw_dim());
        Zip::from(centred.rows_mut()).and(rows.rows()).for_each(|to, from| match &self.scale {
            None => Zip::from(to).and(from).and(&self.mean).for_each(|to, &x, &mean| {
                *to = rounded(Into::<f64>::into(x) - mean);
            }),
            Some(scale) => Zip::from(to).and(from).and(&self.mean).and(scale).for_each(
                |to, &x, &mean, &scale| *to = rounded((Into::<f64>::into(x) - mean) * scale),
            ),
        });
        centred
    }

    /// The matrix, where rows are short.
    fn short(&self) -> Option<&Array2<f32>> {
        match &self.factors {
            Factors::Dense(matrix) if matrix.ncols() <= SHORT => Some(matrix),
            _ => None,
        }
    }

    fn centred_short<T: Pixel>(&self, row: ArrayView1<'_, T>) -> [f32; SHORT] {
        let mut centred = [0.0; SHORT];
        for (column, (to, &x)) in centred.iter_mut().zip(row).enumerate() {
            let scale = self.scale.as_ref().map_or(1.0, |scale| scale[column]);
            *to = ((Into::<f64>::into(x) - self.mean[column]) * scale) as f32;
        }
        centred
    }

    fn apply_short(
        &self,
        matrix: &Array2<f32>,
        centred: &[f32; SHORT],
        out: ArrayViewMut1<'_, f32>,
    ) {
        for (out, weights) in out.into_iter().zip(matrix.rows()) {
            *out = weights.iter().zip(centred).fold(0.0, |sum, (weight, x)| sum + weight * x);
        }
    }
}

/// `out = z A^T A`, with rows `A`.
fn there_and_back<T: Scalar>(z: ArrayView2<'_, T>, rows: &Array2<T>, out: ArrayViewMut2<'_, T>) {
    let mut along = Array2::zeros((z.nrows(), rows.nrows()));
    product(z, rows.t(), along.view_mut());
    product(along.view(), rows.view(), out);
}

impl Parts<'_> {
    /// Square roots of the gains, or of what they lack to the gain of the rest.
    fn roots(&self) -> Array1<f64> {
        match self.rest > 0.0 {
            true => self.gains.mapv(|gain| (self.rest - gain).max(0.0).sqrt()),
            false => self.gains.mapv(f64::sqrt),
        }
    }
}

/// `W = U diag(g) U^T`, and the gain of the rest beside it: d x d, symmetric to the bit.
pub(crate) fn zca_matrix(parts: &Parts<'_>) -> Array2<f64> {
    let mut matrix = self_product((&parts.components * &parts.roots()).view());
    if parts.rest > 0.0 {
        matrix.mapv_inplace(|x| -x);
        matrix.diag_mut().mapv_inplace(|x| x + parts.rest);
    }
    matrix
}

/// `diag(gains) U^T` as `f32`: one row per direction, k x d.
fn scaled_rows(components: ArrayView2<'_, f64>, gains: ArrayView1<'_, f64>) -> Array2<f32> {
    let mut rows = Array2::zeros((components.ncols(), components.nrows()));
    Zip::from(rows.columns_mut()).and(components.rows()).for_each(|to, from| {
        Zip::from(to).and(from).and(gains).for_each(|to, &x, &gain| *to = (x * gain) as f32);
    });
    rows
}
