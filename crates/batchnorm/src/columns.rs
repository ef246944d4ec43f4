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

#[cfg(test)]
mod tests {
    use mizumashi_stats::vectorised;
    use proptest::prelude::*;

    use super::*;

    fn term([x, dy]: [f64; 2], mean: f64) -> f64 {
        dy * (x - mean)
    }

    fn op([x, dy]: [f32; 2], [slope, centre]: [f32; 2]) -> f32 {
        slope * (x - centre) + dy
    }

    proptest! {
        #[test]
        fn wide_registers_give_the_bits_of_the_plain_loop(
            values in prop::collection::vec((-1e3_f32..1e3, -1e3_f32..1e3), 1..2000),
            width in 1..70_usize,
        ) {
            let (x, dy): (Vec<f32>, Vec<f32>) = values.into_iter().unzip();
            let inputs = [&x[..], &dy[..]];
            let means: Vec<f64> = (0..width).map(|column| column as f64 / 7.0).collect();
            let of = |scale: f32| (0..width).map(|column| column as f32 * scale).collect();
            let kinds: [Vec<f32>; 2] = [of(0.3), of(-0.7)];

            let [mut fast, mut plain] = [[0.0; LANES]; 2];
            vectorised(PlaneSum { inputs, parameter: 0.1, sums: &mut fast, term });
            PlaneSum { inputs, parameter: 0.1, sums: &mut plain, term }.run();
            prop_assert_eq!(fast.map(f64::to_bits), plain.map(f64::to_bits));

            // A row sum is also that of a loop over the values.
            let (mut fast, mut plain) = (vec![0.0; width], vec![0.0; width]);
            vectorised(RowSum { inputs, parameters: &means, sums: &mut fast, term });
            for (i, (&x, &dy)) in x.iter().zip(&dy).enumerate() {
                plain[i % width] += term([x.into(), dy.into()], means[i % width]);
            }
            prop_assert_eq!(fast, plain);

            let (mut fast, mut plain) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            vectorised(PlaneMap { inputs, parameter: [0.3, 2.0], out: &mut fast, op });
            PlaneMap { inputs, parameter: [0.3, 2.0], out: &mut plain, op }.run();
            prop_assert_eq!(&fast, &plain);

            vectorised(RowMap { inputs, parameters: &kinds, width, out: &mut fast, op });
            for (i, (&x, &dy)) in x.iter().zip(&dy).enumerate() {
                plain[i] = op([x, dy], [kinds[0][i % width], kinds[1][i % width]]);
            }
            prop_assert_eq!(fast, plain);
        }
    }
}
