//! The products for processors with AVX-512 VNNI, whose dot product takes four `u8` values times
//! four `i8` values into an `i32`.
//!
//! One factor has to be signed, so the sum is Σ x (y - 128), and what it has too much, 128 Σ (y -
//! 128), is known for each column y.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512i, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_storeu_si512, _mm512_xor_si512,
};
use std::array;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

/// Columns that lie together when packed: the `i32` lanes of a vector.
const LANES: usize = 16;

/// Vectors, and rows of the Gram matrix, that a tile of it holds in registers: 24 of the 32.
const VECTORS: usize = 3;
const HEIGHT: usize = 8;
const WIDTH: usize = VECTORS * LANES;

/// Rows packed at once: far fewer than the 2³¹ / (255 · 128) at which an `i32` might overflow, so
/// that the packed columns of a tile stay in cache.
const DEPTH: usize = 8192;

/// Panels packed by one parallel task: whole cache lines of each row.
const PANELS: usize = 4 * VECTORS;

/// Adds the products if this processor can; false if it left them alone.
pub(super) fn add(rows: ArrayView2<'_, u8>, gram: &mut Array2<i64>) -> bool {
    if !(is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")) {
        return false;
    }
    let chunks = rows.nrows().div_ceil(DEPTH).max(1);
    let depth = rows.nrows().div_ceil(chunks).max(1);
    for rows in rows.axis_chunks_iter(Axis(0), depth) {
        let packed = Packed::new(rows);
        gram.axis_chunks_iter_mut(Axis(1), WIDTH).into_par_iter().enumerate().for_each(
            |(strip, sums)| {
                // SAFETY: the processor has AVX-512F and AVX-512 VNNI.
                unsafe { add_strip(&packed, strip, sums) }
            },
        );
    }
    true
}

/// Four rows of sixteen columns, the values of a column next to each other.
type Group = [u8; 4 * LANES];

/// Rows as the kernel reads them: panels of sixteen columns, each a list of groups of four rows.
/// Rows and columns that fill up the last groups and panels are 0.
struct Packed {
    rows: usize,
    groups: usize,
    panels: Vec<Group>,
}

impl Packed {
    fn new(rows: ArrayView2<'_, u8>) -> Self {
        let (count, columns) = rows.dim();
        let groups = count.div_ceil(4);
        let mut panels = Vec::new();
        let panel_count = columns.div_ceil(WIDTH) * VECTORS;
        panels.par_extend(rayon::iter::repeat_n([0; 4 * LANES], panel_count * groups));
        panels.par_chunks_mut(PANELS * groups).enumerate().for_each(|(task, panels)| {
            let first = task * PANELS * LANES;
            let end = columns.min(first + PANELS * LANES);
            pack(rows.slice(s![.., first..end]), panels, groups);
        });
        Packed { rows: count, groups, panels }
    }

    fn panel(&self, index: usize) -> &[Group] {
        &self.panels[index * self.groups..][..self.groups]
    }
}

/// Fills the panels of these columns.
fn pack(rows: ArrayView2<'_, u8>, panels: &mut [Group], groups: usize) {
    if rows.columns().into_iter().all(|column| column.as_slice().is_some()) {
        for (index, column) in rows.columns().into_iter().enumerate() {
            let panel = &mut panels[index / LANES * groups..][..groups];
            let place = 4 * (index % LANES);
            for (group, values) in panel.iter_mut().zip(column.as_slice().unwrap_or(&[]).chunks(4))
            {
                group[place..place + values.len()].copy_from_slice(values);
            }
        }
        return;
    }
    let rows = rows.as_standard_layout();
    for (group, four) in rows.axis_chunks_iter(Axis(0), 4).enumerate() {
        let row = |index: usize| match index < four.nrows() {
            true => four.row(index).to_slice().unwrap_or(&[]),
            false => &[],
        };
        let rows: [&[u8]; 4] = array::from_fn(row);
        for (panel, start) in (0..rows[0].len()).step_by(LANES).enumerate() {
            let sixteen: [[u8; LANES]; 4] = rows.map(|row| {
                let mut values = [0; LANES];
                match row.get(start..start + LANES) {
                    Some(row) => values.copy_from_slice(row),
                    None if row.is_empty() => {}
                    None => values[..row.len() - start].copy_from_slice(&row[start..]),
                }
                values
            });
            panels[panel * groups + group] = array::from_fn(|place| sixteen[place % 4][place / 4]);
        }
    }
}

/// Adds to a strip of 48 columns of the Gram matrix what is above the diagonal and on it.
#[target_feature(enable = "avx512f,avx512vnni")]
fn add_strip(packed: &Packed, strip: usize, mut sums: ArrayViewMut2<'_, i64>) {
    let right = array::from_fn(|vector| packed.panel(VECTORS * strip + vector));
    let first_column = strip * WIDTH;
    let excess = column_sums(right).map(|sum| 128 * (i64::from(sum) - 128 * packed.rows as i64));
    let end = sums.nrows().min(first_column + WIDTH);
    for top in (0..end).step_by(HEIGHT) {
        let tile = multiply(packed.panel(top / LANES), top % LANES / HEIGHT, right);
        for (row, products) in (top..end).zip(&tile) {
            // Entries below the diagonal stay 0.
            let skip = row.saturating_sub(first_column);
            let entries = products.iter().zip(&excess).skip(skip);
            let mut sums = sums.slice_mut(s![row, skip..]);
            match sums.as_slice_mut() {
                Some(sums) => sums.iter_mut().zip(entries).for_each(add_entry),
                None => sums.iter_mut().zip(entries).for_each(add_entry),
            }
        }
    }
}

fn add_entry((sum, (&product, excess)): (&mut i64, (&i32, &i64))) {
    *sum += i64::from(product) - excess;
}

/// Σ x (y - 128) for eight columns x, half of the left panel, and the 48 columns y of the right
/// ones.
#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
fn multiply(left: &[Group], half: usize, right: [&[Group]; VECTORS]) -> [[i32; WIDTH]; HEIGHT] {
    let [first, second, third] = right;
    let mut sums = [[_mm512_setzero_si512(); VECTORS]; HEIGHT];
    for (((left, first), second), third) in left.iter().zip(first).zip(second).zip(third) {
        let signed = [signed(first), signed(second), signed(third)];
        let left = &left.as_chunks::<4>().0[half * HEIGHT..][..HEIGHT];
        for (sums, &four) in sums.iter_mut().zip(left) {
            let unsigned = _mm512_set1_epi32(i32::from_le_bytes(four));
            for (sum, signed) in sums.iter_mut().zip(signed) {
                *sum = _mm512_dpbusd_epi32(*sum, unsigned, signed);
            }
        }
    }
    sums.map(|sums| lanes(sums))
}

/// Σ y for each of the 48 columns.
#[target_feature(enable = "avx512f,avx512vnni")]
fn column_sums(panels: [&[Group]; VECTORS]) -> [i32; WIDTH] {
    let ones = _mm512_set1_epi8(1);
    lanes(panels.map(|panel| {
        panel
            .iter()
            .fold(_mm512_setzero_si512(), |sum, group| _mm512_dpbusd_epi32(sum, load(group), ones))
    }))
}

/// The values less 128, as `i8`.
#[target_feature(enable = "avx512f")]
#[inline]
fn signed(group: &Group) -> __m512i {
    _mm512_xor_si512(load(group), _mm512_set1_epi8(i8::MIN))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load(group: &Group) -> __m512i {
    // SAFETY: the array holds 64 bytes.
    unsafe { _mm512_loadu_si512(group.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn lanes(vectors: [__m512i; VECTORS]) -> [i32; WIDTH] {
    let mut values = [0; WIDTH];
    for (values, vector) in values.as_chunks_mut::<LANES>().0.iter_mut().zip(vectors) {
        // SAFETY: the array holds sixteen values.
        unsafe { _mm512_storeu_si512(values.as_mut_ptr().cast(), vector) }
    }
    values
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView2, s};
    use proptest::prelude::*;

    fn products(
        rows: ArrayView2<'_, u8>,
        add: impl Fn(ArrayView2<'_, u8>, &mut Array2<i64>),
    ) -> Array2<i64> {
        let mut gram = Array2::zeros((rows.ncols(), rows.ncols()));
        add(rows, &mut gram);
        add(rows, &mut gram);
        gram
    }

    fn check(rows: ArrayView2<'_, u8>) {
        if !is_x86_feature_detected!("avx512vnni") {
            return;
        }
        let fast = products(rows, |rows, gram| assert!(super::add(rows, gram)));
        assert_eq!(fast, products(rows, super::super::float::add));
    }

    proptest! {
        #[test]
        fn the_integers_are_those_of_the_float_products(
            (rows, columns) in (1usize..70, 1usize..130),
            seed: u64,
        ) {
            let mut state = seed | 1;
            let wide = Array2::from_shape_simple_fn((2 * rows, columns + 3), || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            });
            check(wide.slice(s![..rows, 1..=columns]));
            check(wide.slice(s![..;2, ..columns]));
            check(wide.slice(s![.., ..;2]));
            check(wide.t());
        }
    }

    /// The largest sums there are, over more rows than are packed at once.
    #[test]
    fn extreme_values_do_not_overflow() {
        for value in [0, 255] {
            check(Array2::from_elem((2 * super::DEPTH + 5, 17), value).view());
        }
    }
}
