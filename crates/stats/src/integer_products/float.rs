//! The products by way of `f32`, on any processor.

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::symmetric;

/// Rows multiplied at once. No sum over them can exceed 1024 · 128 · 128 = 2²⁴, up to which `f32`
/// holds every integer: the products are exact in whatever order they are added.
const BLOCK: usize = 1024;

pub(super) fn add(rows: ArrayView2<'_, u8>, gram: &mut Array2<i64>) {
    let blocks: Vec<_> = rows.axis_chunks_iter(Axis(0), BLOCK).collect();
    symmetric::add_products(
        gram,
        blocks.len(),
        |index, left, right| {
            let panel = |columns| {
                blocks[index].slice(s![.., columns]).mapv(|value| f32::from(value) - 128.0)
            };
            panel(left).t().dot(&panel(right))
        },
        |sum, &product| *sum += product as i64,
    );
}
