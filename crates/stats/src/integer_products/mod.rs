//! Sums of products of `u8` values, exact: by integer dot products where the processor has them,
//! by a matrix product in `f32` elsewhere.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod float;

use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Adds Σ (x - 128)(y - 128) over the rows to the upper half of `gram`, for each pair of columns x
/// and y; every way to it gives the same integers.
pub(crate) fn add(rows: ArrayView2<'_, u8>, gram: &mut Array2<i64>) {
    #[cfg(target_arch = "x86_64")]
    if avx512::add(rows, gram) {
        return;
    }
    float::add(rows, gram);
}

/// Sums of the columns.
pub(crate) fn column_sums(rows: ArrayView2<'_, u8>) -> Array1<i64> {
    // As many rows as 16 bits hold the sums of, for the sake of SIMD.
    const BLOCK: usize = 256;
    let mut sums = Array1::zeros(rows.ncols());
    for block in rows.axis_chunks_iter(Axis(0), BLOCK) {
        if block.column(0).as_slice().is_some() {
            let few = block.columns().into_iter().map(|column| column.fold(0, add_short));
            sums.iter_mut().zip(few).for_each(|(sum, few): (&mut i64, u16)| *sum += i64::from(few));
            continue;
        }
        let mut few = Array1::zeros(rows.ncols());
        for row in block.outer_iter() {
            few.zip_mut_with(&row, |sum, value| *sum = add_short(*sum, value));
        }
        sums.zip_mut_with(&few, |sum, &few| *sum += i64::from(few));
    }
    sums
}

fn add_short(sum: u16, &value: &u8) -> u16 {
    sum + u16::from(value)
}
