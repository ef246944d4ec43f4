use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize, Serializer};

use crate::cholesky::Cholesky;
use crate::frame::{Frame, reciprocal};
use crate::model::Model;
use crate::observations::check_finite;
use crate::operator::{Operator, zca_matrix};
use crate::product::product;
use crate::{Error, Method, Pixel, Regularisation, WhiteningKind};

/// A fitted whitening: the map `y = W (x - m)` and its inverse.
///
/// Made by [`Whitener::fit`](crate::Whitener::fit). It holds the mean, the kept eigenvectors `U`
/// (d x k, for d values a row and k the [`rank`](Whitening::rank)) and their variances in `f64`,
/// and a copy in `f32` by which rows are mapped: `W` itself, or, for ZCA with k < d/2, the d x k
/// factor `A` of `W = A A^T` (of `W = g I - A A^T` where the remainder has a gain `g`). Nothing of
/// size d x d exists while k is small.
///
/// The result for a row is the same bits whatever the batch it comes in and whatever the number of
/// rayon threads. Between processors of different instruction sets it may differ by rounding.
///
/// ```
/// use mizumashi_whitening::{Regularisation, Whitener};
/// use ndarray::array;
///
/// let rows = array![[1.0_f32, 1.0], [3.0, 3.0], [1.0, 3.0], [3.0, 1.0], [2.0, 4.0], [2.0, 0.0]];
/// let whitening = Whitener::zca().regularisation(Regularisation::Eigenvalue(0.0)).fit(rows.view())?;
/// let white = whitening.apply(rows.view())?;
/// // Each value now has mean 0 and variance 1, and they are uncorrelated.
/// assert!((white.t().dot(&white) / 6.0 - array![[1.0, 0.0], [0.0, 1.0]]).iter().all(|x| x.abs() < 1e-6));
/// let back = whitening.inverse(white.view())?;
/// assert!((back - rows).iter().all(|x| x.abs() < 1e-5));
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Model")]
pub struct Whitening {
    model: Model,
    /// For the kind of that name.
    cholesky: Option<Cholesky>,
    operator: Operator,
}

/// How a whitening was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub struct Solution {
    /// By way of the covariance, or of the inner products between samples.
    pub method: Method,
    /// Samples fitted; for colour whitening, pixels.
    pub samples: u64,
    /// Bytes that fitting took at its peak beside the data, as estimated from the shapes. What
    /// faer's threads reserve once to pack matrices in, some tens of megabytes each and more where
    /// the processor's caches are large, is not counted.
    pub bytes: u64,
}

impl Whitening {
    /// Maps rows of d values: n x d becomes n x d for ZCA, n x k for PCA.
    ///
    /// Null directions, which the fitted samples did not vary along, are mapped to zero. Values are
    /// computed in `f32`: those near the end of its range may come out as infinity or NaN.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`] when rows are not of d values, and [`Error::NonFinite`] for NaN and
    /// infinity.
    pub fn apply<T: Pixel>(&self, rows: ArrayView2<'_, T>) -> Result<Array2<f32>, Error> {
        let mut out = Array2::zeros((rows.nrows(), self.outputs()));
        self.apply_into(rows, out.view_mut())?;
        Ok(out)
    }

    /// [`apply`](Self::apply) into an array of the caller's, with any strides.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), and [`Error::OutputShape`].
    pub fn apply_into<T: Pixel>(
        &self,
        rows: ArrayView2<'_, T>,
        out: ArrayViewMut2<'_, f32>,
    ) -> Result<(), Error> {
        check_length(rows.ncols(), self.features())?;
        let expected = [rows.nrows(), self.outputs()];
        if <[usize; 2]>::from(out.dim()) != expected {
            return Err(Error::OutputShape { found: out.dim().into(), expected });
        }
        check_finite(rows, 0)?;
        self.operator.apply(rows, out);
        Ok(())
    }

    /// [`apply`](Self::apply) in place: each row is replaced by its image.
    ///
    /// # Errors
    ///
    /// As [`apply`](Self::apply), and [`Error::NotInPlace`] for a PCA of rank below d.
    pub fn apply_inplace(&self, rows: ArrayViewMut2<'_, f32>) -> Result<(), Error> {
        let (features, outputs) = (self.features(), self.outputs());
        check_length(rows.ncols(), features)?;
        if features != outputs {
            return Err(Error::NotInPlace { features, outputs });
        }
        check_finite(rows.view(), 0)?;
        self.operator.apply_inplace(rows);
        Ok(())
    }

    /// Maps white rows back: n x d (ZCA) or n x k (PCA) becomes n x d.
    ///
    /// Exact up to rounding on the kept subspace, epsilon included: each direction is divided by
    /// the gain it was multiplied by. What null directions held is lost, and comes back as the
    /// mean. Computed in `f64`.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`] when rows have another length, and [`Error::NonFinite`] for NaN and
    /// infinity.
    pub fn inverse(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
        check_length(rows.ncols(), self.outputs())?;
        check_finite(rows, 0)?;
        let rows = rows.mapv(f64::from);
        let mut along = match self.rotation() {
            None => rows.clone(),
            Some(rotation) => {
                let mut along = Array2::zeros((rows.nrows(), self.rank()));
                product(rows.view(), rotation, along.view_mut());
                along
            }
        };
        let (rest, scale) = self.rest_inverse();
        along *= &self.gains().mapv(|gain| 1.0 / gain - rest);
        let mut out = Array2::zeros((rows.nrows(), self.features()));
        product(along.view(), self.components().reversed_axes(), out.view_mut());
        if rest > 0.0 {
            out.scaled_add(rest, &rows);
        }
        if let Some(scale) = scale {
            out *= scale;
        }
        out += &self.mean();
        Ok(out.mapv(|x| x as f32))
    }

    /// The whitening matrix `W`: d x d for ZCA (symmetric to the bit), ZCA-cor and Cholesky
    /// (upper triangular), k x d for PCA and PCA-cor.
    ///
    /// # Errors
    ///
    /// [`Error::MatrixLimit`] when it takes more than `limit` bytes. `W` for 224x224 RGB images is
    /// 181 GB.
    pub fn matrix(&self, limit: u64) -> Result<Array2<f64>, Error> {
        let (rows, columns) = (self.outputs(), self.features());
        let needed = (rows as u64).saturating_mul(columns as u64).saturating_mul(8);
        if needed > limit {
            return Err(Error::MatrixLimit { rows, columns, needed, limit });
        }
        let gains = self.gains();
        let mut matrix = match (&self.cholesky, self.kind().yields_components()) {
            (Some(cholesky), _) => cholesky.matrix.clone(),
            (None, true) => (&self.components() * &gains).reversed_axes(),
            (None, false) => zca_matrix(&self.model.parts(gains.view())),
        };
        if let Some(deviations) = &self.model.deviations() {
            matrix *= &deviations.mapv(reciprocal);
        }
        Ok(matrix)
    }

    /// `-W m`: what a layer with the weights `W` adds, so that it takes rows that are not centred.
    pub fn bias(&self) -> Array1<f64> {
        let mut z = -&self.mean();
        if let Some(deviations) = self.model.deviations() {
            z *= &deviations.mapv(reciprocal);
        }
        let along = self.components().t().dot(&z);
        let gains = self.gains();
        match (self.rotation(), self.rest_gain()) {
            (None, _) => along * gains,
            (Some(rotation), 0.0) => rotation.dot(&(along * gains)),
            (Some(rotation), rest) => rotation.dot(&(along * (gains - rest))) + z * rest,
        }
    }

    /// Which of the whitenings it is.
    pub fn kind(&self) -> WhiteningKind {
        self.model.kind
    }

    /// How small variances are treated.
    pub fn regularisation(&self) -> Regularisation {
        self.model.regularisation
    }

    /// How the whitening was found.
    pub fn solution(&self) -> Solution {
        self.model.solution
    }

    /// Values of an input row: d.
    pub fn features(&self) -> usize {
        self.model.components.nrows()
    }

    /// Values of an output row: d for ZCA, k for PCA.
    pub fn outputs(&self) -> usize {
        self.operator.outputs()
    }

    /// Number of directions kept: k. It is zero when all samples are equal; everything is then
    /// mapped to zeros (ZCA) or to rows of no values (PCA).
    pub fn rank(&self) -> usize {
        self.model.components.ncols()
    }

    /// What is subtracted from a row: d values, all zero without centring.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.model.frame.mean.view()
    }

    /// The standard deviations by which the whitenings of the correlation divide: d values, zero
    /// for values that do not vary. None for the others.
    pub fn deviations(&self) -> Option<ArrayView1<'_, f64>> {
        self.model.deviations().map(|all| all.view())
    }

    /// Variances of the fitted samples along the kept directions, largest first: k values. They
    /// are those of the correlation for the kinds that decompose it, and of the shrunk covariance
    /// after [`Shrinkage`](crate::Shrinkage).
    pub fn eigenvalues(&self) -> ArrayView1<'_, f64> {
        self.model.eigenvalues.view()
    }

    /// The kept directions as columns of unit length, d x k: eigenvectors of the covariance (or the
    /// correlation).
    pub fn components(&self) -> ArrayView2<'_, f64> {
        self.model.components.view()
    }

    /// What each kept direction is multiplied by: k values.
    pub fn gains(&self) -> Array1<f64> {
        self.model.gains()
    }

    /// What everything outside of the kept directions is multiplied by: 0 unless a
    /// [`Remainder`](crate::Remainder) or a shrinkage says otherwise.
    pub fn rest_gain(&self) -> f64 {
        self.model.rest_gain()
    }

    /// The variance along all directions together, kept or not.
    pub fn total_variance(&self) -> f64 {
        self.model.total
    }

    /// `rho`, how far the covariance was drawn towards a multiple of the identity: from 0 to 1.
    pub fn shrinkage(&self) -> f64 {
        self.model.shrinkage
    }

    /// Bytes held by this value.
    pub fn bytes(&self) -> u64 {
        let triangle = self.cholesky.as_ref().map_or(0, |cholesky| 2 * cholesky.matrix.len());
        self.model.bytes() + 8 * triangle as u64 + self.operator.bytes()
    }

    /// `Q` of `W = Q diag(g) U^T`; none for the identity.
    fn rotation(&self) -> Option<ArrayView2<'_, f64>> {
        match &self.cholesky {
            Some(cholesky) => Some(cholesky.rotation.view()),
            None if self.kind().yields_components() => None,
            None => Some(self.components()),
        }
    }

    /// What the inverse multiplies everything outside of the kept directions by, and each value at
    /// the end.
    fn rest_inverse(&self) -> (f64, Option<&Array1<f64>>) {
        (reciprocal(self.rest_gain()), self.model.deviations())
    }

    pub(crate) fn operator(&self) -> &Operator {
        &self.operator
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.model.frame
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }
}

fn check_length(found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::FeatureCount { found, expected }) }
}

/// Two whitenings are equal when they map alike: the route by which they were found counts too,
/// as its sample count enters [`Regularisation::SingularValue`].
impl PartialEq for Whitening {
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model
    }
}

impl Serialize for Whitening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.model.serialize(serializer)
    }
}

/// Checks the model and derives the operator from it, for fitted and for loaded ones alike.
impl TryFrom<Model> for Whitening {
    type Error = Error;

    fn try_from(model: Model) -> Result<Self, Error> {
        model.validate()?;
        let gains = model.gains();
        let parts = model.parts(gains.view());
        let (cholesky, operator) = match model.kind {
            WhiteningKind::Cholesky => {
                let cholesky = Cholesky::new(parts.components, parts.gains)?;
                let operator = Operator::dense(parts.frame, cholesky.matrix.view());
                (Some(cholesky), operator)
            }
            kind if kind.yields_components() => (None, Operator::pca(&parts)),
            _ => (None, Operator::zca(&parts)),
        };
        if !operator.is_finite() {
            return Err(Error::Range {
                largest_eigenvalue: model.eigenvalues.first().copied().unwrap_or(0.0),
                smallest_eigenvalue: model.eigenvalues.last().copied().unwrap_or(0.0),
            });
        }
        Ok(Self { model, cholesky, operator })
    }
}
