use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::finite::check_finite;
use crate::{Error, integer_products, symmetric};

/// Gram matrix X Xᵀ of `n` x `d` rows of `f32` or `f64`: the `n` x `n` inner products, summed in
/// `f64`.
///
/// No copy of the rows is made; see [`centred_gram`].
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NonFinite`], or [`Error::TooLarge`] when the matrix does not fit in
/// memory.
pub fn gram<T>(rows: ArrayView2<'_, T>) -> Result<Array2<f64>, Error>
where
    T: Copy + Into<f64> + Sync,
{
    check(&rows)?;
    real_gram(rows, &Array1::zeros(rows.ncols()))
}

/// Mean row, and Gram matrix of the rows less it: the entries are (xᵢ - mean) · (xⱼ - mean).
///
/// This is the dual of the [`scatter`](crate::JointSummary::scatter): both have the same non-zero
/// eigenvalues, and this one is `n` x `n` however long the rows are. Rows are converted to `f64`
/// a block at a time, so beyond the result memory is bounded. The number of threads does not show;
/// a machine without fused multiply-add may round the last bits otherwise.
///
/// ```
/// use mizumashi_stats::centred_gram;
/// use ndarray::array;
///
/// let (mean, gram) = centred_gram(array![[1.0, 5.0, 0.0], [3.0, 5.0, 4.0]].view())?;
/// assert_eq!(mean, array![2.0, 5.0, 2.0]);
/// assert_eq!(gram, array![[5.0, -5.0], [-5.0, 5.0]]);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
///
/// # Errors
///
/// As for [`gram`].
pub fn centred_gram<T>(rows: ArrayView2<'_, T>) -> Result<(Array1<f64>, Array2<f64>), Error>
where
    T: Copy + Into<f64> + Sync,
{
    check(&rows)?;
    let mean = column_means(rows);
    let gram = real_gram(rows, &mean)?;
    Ok((mean, gram))
}

/// Gram matrix X Xᵀ of `n` x `d` rows of `u8`, exact.
///
/// # Errors
///
/// [`Error::Empty`], or [`Error::TooLarge`] when the matrix does not fit in memory.
pub fn gram_u8(rows: ArrayView2<'_, u8>) -> Result<Array2<i64>, Error> {
    check(&rows)?;
    let mut gram = symmetric::zeros(rows.nrows())?;
    integer_products::add(rows.t(), &mut gram);
    // x y = (x - 128)(y - 128) + 128 (x + y - 128)
    let sums = integer_products::column_sums(rows.t());
    let offset = 128 * rows.ncols() as i64;
    symmetric::for_each_upper(&mut gram, |entry, row, column| {
        *entry += 128 * (sums[row] + sums[column] - offset);
    });
    symmetric::mirror(gram.view_mut());
    Ok(gram)
}

/// Mean row, and Gram matrix of the rows less it, of `u8` rows: [`centred_gram`] in integers up to
/// one final division.
///
/// # Errors
///
/// As for [`gram_u8`].
pub fn centred_gram_u8(rows: ArrayView2<'_, u8>) -> Result<(Array1<f64>, Array2<f64>), Error> {
    check(&rows)?;
    let mut gram = symmetric::zeros(rows.nrows())?;
    integer_products::add(rows.t(), &mut gram);
    // Less the means of row and column, plus the mean of all: times n², an integer.
    let size = rows.nrows();
    let mut sums = vec![0_i128; size];
    for (row, products) in gram.outer_iter().enumerate() {
        for (column, &product) in products.iter().enumerate().skip(row) {
            sums[row] += i128::from(product);
            if column > row {
                sums[column] += i128::from(product);
            }
        }
    }
    let total: i128 = sums.iter().sum();
    let count = size as i128;
    let centred = symmetric::mirrored(&gram, |product, row, column| {
        let sum = count * (count * i128::from(product) - sums[row] - sums[column]) + total;
        sum as f64 / (count * count) as f64
    });
    Ok((column_means(rows), centred))
}

/// Means of the columns, each summed in `f64` from the first row to the last.
pub(crate) fn column_means<T: Copy + Into<f64>>(rows: ArrayView2<'_, T>) -> Array1<f64> {
    let mut mean = Array1::zeros(rows.ncols());
    for row in rows.outer_iter() {
        mean.zip_mut_with(&row, |sum: &mut f64, &value| *sum += value.into());
    }
    mean / rows.nrows() as f64
}

/// Gram matrix of the rows less `centre`.
fn real_gram<T>(rows: ArrayView2<'_, T>, centre: &Array1<f64>) -> Result<Array2<f64>, Error>
where
    T: Copy + Into<f64> + Sync,
{
    const BLOCK: usize = 512;
    let mut gram = symmetric::zeros(rows.nrows())?;
    let blocks: Vec<_> = rows
        .axis_chunks_iter(Axis(1), BLOCK)
        .zip(centre.axis_chunks_iter(Axis(0), BLOCK))
        .collect();
    symmetric::add_products(
        &mut gram,
        blocks.len(),
        |index, left, right| {
            let (block, centre) = &blocks[index];
            let panel = |rows| block.slice(s![rows, ..]).mapv(Into::into) - centre;
            panel(left).dot(&panel(right).t())
        },
        |sum, &product| *sum += product,
    );
    symmetric::mirror(gram.view_mut());
    Ok(gram)
}

fn check<T: Copy + Into<f64> + Sync>(rows: &ArrayView2<'_, T>) -> Result<(), Error> {
    if rows.is_empty() {
        return Err(Error::Empty { shape: rows.shape().to_vec() });
    }
    check_finite(rows)
}
