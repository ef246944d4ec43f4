//! The loops over consecutive values, which run in vector registers.

use std::array::from_fn;

use mizumashi_stats::Kernel;

use crate::Real;

/// Partial sums of a channel that a plane is added up in.
pub(crate) const LANES: usize = 16;

/// Adds each value's term to the sum of its lane: of its position modulo [`LANES`].
pub(crate) struct PlaneSum<'a, T, const INPUTS: usize, P, F> {
    /// Equally long.
    pub(crate) inputs: [&'a [T]; INPUTS],
    pub(crate) parameter: P,
    pub(crate) sums: &'a mut [f64; LANES],
    pub(crate) term: F,
}

impl<T, const INPUTS: usize, P, F> Kernel for PlaneSum<'_, T, INPUTS, P, F>
where
    T: Real,
    P: Copy,
    F: Fn([f64; INPUTS], P) -> f64,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameter, sums, term } = self;
        // In registers until the end.
        let mut lanes = *sums;
        let chunks = inputs.map(|input| input.as_chunks::<LANES>());
        for index in 0..chunks[0].0.len() {
            let values = chunks.map(|(chunks, _)| &chunks[index]);
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += term(values.map(|values| values[lane].into()), parameter);
            }
        }
        for (lane, sum) in lanes[..chunks[0].1.len()].iter_mut().enumerate() {
            *sum += term(chunks.map(|(_, rest)| rest[lane].into()), parameter);
        }
        *sums = lanes;
    }
}

/// Adds each value's term to the sum of its column: of its position modulo the columns.
pub(crate) struct RowSum<'a, T, const INPUTS: usize, P, F> {
    /// Equally long.
    pub(crate) inputs: [&'a [T]; INPUTS],
    /// One per column.
    pub(crate) parameters: &'a [P],
    /// One per column.
    pub(crate) sums: &'a mut [f64],
    pub(crate) term: F,
}

impl<T, const INPUTS: usize, P, F> Kernel for RowSum<'_, T, INPUTS, P, F>
where
    T: Real,
    P: Copy,
    F: Fn([f64; INPUTS], P) -> f64,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameters, sums, term } = self;
        let (width, length) = (sums.len(), inputs[0].len());
        let parameters = &parameters[..width];
        // Four rows at a time, so that sums are fetched and put back once for them.
        let four = length / (4 * width) * 4 * width;
        for start in (0..four).step_by(4 * width) {
            let rows: [_; 4] = from_fn(|row| {
                inputs.map(|input| &input[start + row * width..start + (row + 1) * width])
            });
            for (i, sum) in sums.iter_mut().enumerate() {
                for inputs in rows {
                    *sum += term(inputs.map(|input| input[i].into()), parameters[i]);
                }
            }
        }
        for start in (four..length).step_by(width) {
            let inputs = inputs.map(|input| &input[start..length.min(start + width)]);
            for (i, sum) in sums[..inputs[0].len()].iter_mut().enumerate() {
                *sum += term(inputs.map(|input| input[i].into()), parameters[i]);
            }
        }
    }
}

/// Writes `op(values of the inputs, parameter)`.
pub(crate) struct PlaneMap<'a, T, const INPUTS: usize, P, F> {
    /// As long as `out`.
    pub(crate) inputs: [&'a [T]; INPUTS],
    pub(crate) parameter: P,
    pub(crate) out: &'a mut [T],
    pub(crate) op: F,
}

impl<T, const INPUTS: usize, P, F> Kernel for PlaneMap<'_, T, INPUTS, P, F>
where
    T: Real,
    P: Copy,
    F: Fn([T; INPUTS], P) -> T,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameter, out, op } = self;
        let inputs = inputs.map(|input| &input[..out.len()]);
        for (i, out) in out.iter_mut().enumerate() {
            *out = op(inputs.map(|input| input[i]), parameter);
        }
    }
}

/// Writes `op(values of the inputs, parameters of the column)`, row after row.
pub(crate) struct RowMap<'a, T, const INPUTS: usize, const N: usize, F> {
    /// As long as `out`.
    pub(crate) inputs: [&'a [T]; INPUTS],
    /// Of each parameter one per column.
    pub(crate) parameters: &'a [Vec<T>; N],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [T],
    pub(crate) op: F,
}

impl<T, const INPUTS: usize, const N: usize, F> Kernel for RowMap<'_, T, INPUTS, N, F>
where
    T: Real,
    F: Fn([T; INPUTS], [T; N]) -> T,
{
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { inputs, parameters, width, out, op } = self;
        for (row, out) in out.chunks_mut(width).enumerate() {
            let inputs = inputs.map(|input| &input[row * width..][..out.len()]);
            let parameters: [&[T]; N] = from_fn(|n| &parameters[n][..out.len()]);
            for (i, out) in out.iter_mut().enumerate() {
                *out = op(inputs.map(|input| input[i]), parameters.map(|values| values[i]));
            }
        }
    }
}
