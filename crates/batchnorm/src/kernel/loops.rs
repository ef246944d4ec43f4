//! The loops over lines of consecutive values, which run in vector registers.

use std::array::from_fn;

use mizumashi_stats::Kernel;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::Real;

/// Partial sums that are kept at hand. Too many for the compiler to take their loop apart, which it
/// would put together again with many a shuffle: it is left as a loop, and vectorised.
const LANES: usize = 64;

/// Where they start at a cache line: those that straddle two are slow to fetch after they were put
/// back.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Lanes([f64; LANES]);

/// Lines that are added to the sums of their columns at a time, so that sums are fetched and put back
/// once for them.
const TOGETHER: usize = 8;

/// One of the lines of a matrix whose columns are next to each other.
#[inline(always)]
fn line<'a, T>(matrix: &ArrayView2<'a, T>, index: usize) -> &'a [T] {
    (*matrix).index_axis_move(Axis(0), index).to_slice().unwrap_or_default()
}

/// Adds the terms of values, equally many for each input and at most as many as there are lanes, each to
/// its lane.
#[inline(always)]
fn add<T: Real, const INPUTS: usize, const SUMS: usize, P>(
    lanes: &mut [Lanes; SUMS],
    values: [&[T]; INPUTS],
    parameter: impl Fn(usize) -> P,
    term: impl Fn([f64; INPUTS], P) -> [f64; SUMS],
) {
    let count = values[0].len().min(LANES);
    let values = values.map(|values| &values[..count]);
    for lane in 0..count {
        let terms = term(values.map(|values| values[lane].into()), parameter(lane));
        for (Lanes(sums), term) in lanes.iter_mut().zip(terms) {
            sums[lane] += term;
        }
    }
}

/// The sum of the lanes, halved until one is left.
#[inline(always)]
fn fold(Lanes(mut lanes): Lanes) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        let (left, right) = lanes.split_at_mut(half);
        left.iter_mut().zip(right).for_each(|(left, right)| *left += *right);
        half /= 2;
    }
    lanes[0]
}

/// The sums of terms of all values.
pub(super) struct PlaneSums<'a, T, const INPUTS: usize, P, F> {
    /// Equally large.
    pub(super) inputs: [ArrayView2<'a, T>; INPUTS],
    pub(super) parameter: P,
    pub(super) term: F,
}

impl<T, const INPUTS: usize, const SUMS: usize, P, F> Kernel for PlaneSums<'_, T, INPUTS, P, F>
where
    T: Real,
    P: Copy,
    F: Fn([f64; INPUTS], P) -> [f64; SUMS],
{
    type Output = [f64; SUMS];

    /// Value `i` of a line goes to lane `i % LANES`.
    #[inline(always)]
    fn run(self) -> [f64; SUMS] {
        let Self { inputs, parameter, term } = self;
        let mut lanes = [Lanes([0.0; LANES]); SUMS];
        for index in 0..inputs[0].nrows() {
            let chunks = inputs.each_ref().map(|input| line(input, index).as_chunks::<LANES>());
            for chunk in 0..chunks[0].0.len() {
                let values = chunks.map(|(chunks, _)| &chunks[chunk][..]);
                add(&mut lanes, values, |_| parameter, &term);
            }
            add(&mut lanes, chunks.map(|(_, rest)| rest), |_| parameter, &term);
        }
        lanes.map(fold)
    }
}

/// Adds each value's terms to the sums of its column.
pub(super) struct ColumnSums<'a, T, const INPUTS: usize, const SUMS: usize, P, F> {
    /// Equally large.
    pub(super) inputs: [ArrayView2<'a, T>; INPUTS],
    /// One per column.
    pub(super) parameters: &'a [P],
    /// Of each sum one per column.
    pub(super) sums: &'a mut [Vec<f64>; SUMS],
    pub(super) term: F,
}

impl<T, const INPUTS: usize, const SUMS: usize, P, F> Kernel
    for ColumnSums<'_, T, INPUTS, SUMS, P, F>
where
    T: Real,
    P: Copy,
    F: Fn([f64; INPUTS], P) -> [f64; SUMS],
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameters, sums, term } = self;
        let (lines, width) = inputs[0].dim();
        for first in (0..lines).step_by(TOGETHER) {
            let count = TOGETHER.min(lines - first);
            let lines: [[&[T]; INPUTS]; TOGETHER] = from_fn(|index| {
                inputs.each_ref().map(|input| line(input, first + index.min(count - 1)))
            });
            for start in (0..width).step_by(LANES) {
                let tile = start..width.min(start + LANES);
                // What loops write to is at hand, and can be nothing that they read.
                let mut by = [parameters[start]; LANES];
                by[..tile.len()].copy_from_slice(&parameters[tile.clone()]);
                let mut lanes = [Lanes([0.0; LANES]); SUMS];
                for (Lanes(lanes), sums) in lanes.iter_mut().zip(&*sums) {
                    lanes[..tile.len()].copy_from_slice(&sums[tile.clone()]);
                }
                for line in &lines[..count] {
                    let values = line.map(|line| &line[tile.clone()]);
                    if tile.len() == LANES {
                        // The same, of a length that is known beforehand.
                        add(
                            &mut lanes,
                            values.map(|values| &values[..LANES]),
                            |lane| by[lane],
                            &term,
                        );
                    } else {
                        add(&mut lanes, values, |lane| by[lane], &term);
                    }
                }
                for (sums, Lanes(lanes)) in sums.iter_mut().zip(&lanes) {
                    sums[tile.clone()].copy_from_slice(&lanes[..tile.len()]);
                }
            }
        }
    }
}

/// Writes `op(values of the inputs, value that was there, parameter of the plane)`, over planes next to
/// each other in every line.
pub(super) struct PlaneMap<'a, T, U, const INPUTS: usize, P, F> {
    /// As large as `out`, or of one plane that stands for all.
    pub(super) inputs: [ArrayView2<'a, T>; INPUTS],
    /// One per plane, equally wide.
    pub(super) parameters: &'a [P],
    pub(super) out: ArrayViewMut2<'a, U>,
    pub(super) op: F,
}

impl<T, U, const INPUTS: usize, P, F> Kernel for PlaneMap<'_, T, U, INPUTS, P, F>
where
    T: Real,
    U: Real,
    P: Copy,
    F: Fn([T; INPUTS], U, P) -> U,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameters, mut out, op } = self;
        let width = (out.ncols() / parameters.len()).max(1);
        for (index, mut out) in out.outer_iter_mut().enumerate() {
            let out = out.as_slice_mut().unwrap_or_default();
            let lines = inputs.each_ref().map(|input| line(input, index));
            for (plane, (out, &parameter)) in out.chunks_mut(width).zip(parameters).enumerate() {
                let values: [&[T]; INPUTS] = from_fn(|input| {
                    let line = lines[input];
                    let first = if line.len() == width { 0 } else { plane * width };
                    &line[first..first + out.len()]
                });
                for (i, out) in out.iter_mut().enumerate() {
                    *out = op(values.map(|values| values[i]), *out, parameter);
                }
            }
        }
    }
}

/// Writes `op(values of the inputs, value that was there, parameters of the column)`.
pub(super) struct ColumnMap<'a, T, const INPUTS: usize, const N: usize, F> {
    /// As large as `out`.
    pub(super) inputs: [ArrayView2<'a, T>; INPUTS],
    /// Of each parameter one per column.
    pub(super) parameters: &'a [Vec<T>; N],
    pub(super) out: ArrayViewMut2<'a, T>,
    pub(super) op: F,
}

impl<T, const INPUTS: usize, const N: usize, F> Kernel for ColumnMap<'_, T, INPUTS, N, F>
where
    T: Real,
    F: Fn([T; INPUTS], T, [T; N]) -> T,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameters, mut out, op } = self;
        let width = out.ncols();
        let parameters: [&[T]; N] = from_fn(|n| &parameters[n][..width]);
        for (index, mut out) in out.outer_iter_mut().enumerate() {
            let out = &mut out.as_slice_mut().unwrap_or_default()[..width];
            let lines: [&[T]; INPUTS] = from_fn(|input| &line(&inputs[input], index)[..width]);
            let (chunks, rest) = out.as_chunks_mut::<LANES>();
            let count = chunks.len();
            for (chunk, out) in chunks.iter_mut().enumerate() {
                let part = chunk * LANES..(chunk + 1) * LANES;
                let lines = lines.map(|line| &line[part.clone()]);
                let parameters = parameters.map(|values| &values[part.clone()]);
                // Made where nothing that is read can be, which the loop need not ask then.
                let mut new = *out;
                for (i, new) in new.iter_mut().enumerate() {
                    *new = op(lines.map(|line| line[i]), *new, parameters.map(|values| values[i]));
                }
                *out = new;
            }
            for (i, out) in (count * LANES..).zip(rest) {
                *out = op(lines.map(|line| line[i]), *out, parameters.map(|values| values[i]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mizumashi_stats::vectorised;
    use ndarray::{Array2, ArrayView2, Axis};
    use proptest::prelude::*;

    use super::*;

    fn term([x, dy]: [f64; 2], mean: f64) -> [f64; 2] {
        [dy, dy * (x - mean)]
    }

    fn op([x, dy]: [f32; 2], old: f32, [slope, centre]: [f32; 2]) -> f32 {
        slope * (x - centre) + dy * old
    }

    /// Part of every line of a wider matrix, as planes and tiles are.
    fn part(matrix: &Array2<f32>) -> ArrayView2<'_, f32> {
        let mut part = matrix.view();
        part.slice_axis_inplace(Axis(1), (1..matrix.ncols() - 1).into());
        part
    }

    proptest! {
        #[test]
        fn wide_registers_give_the_bits_of_the_plain_loop(
            [lines, width] in [1..12_usize, 1..200],
            seed: u32,
        ) {
            let mut state = seed;
            let mut noise = || Array2::from_shape_simple_fn((lines, width + 2), || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 4096.0 - 2048.0
            });
            let (x, dy, old) = (noise(), noise(), noise());
            let inputs = [part(&x), part(&dy)];
            let means: Vec<f64> = (0..width).map(|column| column as f64 / 7.0).collect();
            let of = |scale: f32| (0..width).map(|column| column as f32 * scale).collect();
            let kinds: [Vec<f32>; 2] = [of(0.3), of(-0.7)];

            let plane = || PlaneSums { inputs, parameter: 0.1, term };
            let (fast, plain) = (vectorised(plane()), plane().run());
            prop_assert_eq!(fast.map(f64::to_bits), plain.map(f64::to_bits));
            let exact: f64 = inputs[1].iter().map(|&dy| f64::from(dy)).sum();
            prop_assert!((plain[0] - exact).abs() < 1e-9 * (1.0 + exact.abs()));

            // A column's sums are also those of a loop over its values.
            let mut fast = [vec![0.0; width], vec![0.0; width]];
            let sums = &mut fast;
            vectorised(ColumnSums { inputs, parameters: &means, sums, term });
            let mut plain = [vec![0.0; width], vec![0.0; width]];
            for ((line, column), &x) in inputs[0].indexed_iter() {
                let terms = term([x.into(), inputs[1][[line, column]].into()], means[column]);
                plain[0][column] += terms[0];
                plain[1][column] += terms[1];
            }
            prop_assert_eq!(fast, plain);

            let start = part(&old).to_owned();
            let expected = |by: &dyn Fn(usize) -> [f32; 2]| {
                Array2::from_shape_fn(start.dim(), |at| {
                    op(inputs.map(|input| input[at]), start[at], by(at.1))
                })
            };
            let mut fast = start.clone();
            let out = fast.view_mut();
            vectorised(PlaneMap { inputs, parameters: &[[0.3, 2.0]], out, op });
            prop_assert_eq!(&fast, &expected(&|_| [0.3, 2.0]));

            let mut fast = start.clone();
            let out = fast.view_mut();
            vectorised(ColumnMap { inputs, parameters: &kinds, out, op });
            prop_assert_eq!(&fast, &expected(&|column| [kinds[0][column], kinds[1][column]]));
        }
    }
}
