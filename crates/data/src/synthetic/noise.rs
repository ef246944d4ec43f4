use super::draws::Draws;

/// Fractal value noise of mean 0 and variance near 1, `height * width` values in row order.
///
/// It is a sum of octaves. Each is a random lattice, smoothly interpolated, with cells half the
/// size of the octave before and `persistence` times its amplitude, from cells of `coarsest`
/// pixels down to cells of `finest` pixels. Equal amplitudes have an amplitude spectrum near 1/f;
/// smaller `persistence` is smoother.
pub(super) fn fractal(
    draws: &mut Draws,
    [height, width]: [usize; 2],
    [coarsest, finest]: [usize; 2],
    persistence: f32,
) -> Vec<f32> {
    let mut sum = vec![0.0; height * width];
    let (mut amplitude, mut variance) = (1.0, 0.0);
    let mut cell = coarsest;
    while cell >= finest.max(1) {
        add_octave(draws, [height, width], cell, amplitude, &mut sum);
        variance += amplitude * amplitude * if cell == 1 { 1.0 } else { INTERPOLATED_VARIANCE };
        amplitude *= persistence;
        cell /= 2;
    }
    if variance > 0.0 {
        let scale = 1.0 / variance.sqrt();
        sum.iter_mut().for_each(|value| *value *= scale);
    }
    sum
}

/// What interpolation leaves of the lattice's variance, averaged over a cell: the mean of
/// s² + (1-s)² for s = smoothstep(t) is 26/35 along each axis.
const INTERPOLATED_VARIANCE: f32 = (26.0 / 35.0) * (26.0 / 35.0);

/// Adds one octave: a lattice of random nodes `cell` pixels apart, laid at a random
/// phase so that no pixel is special, interpolated between nodes.
fn add_octave(
    draws: &mut Draws,
    [height, width]: [usize; 2],
    cell: usize,
    amplitude: f32,
    sum: &mut [f32],
) {
    let rows = axis(draws, height, cell);
    let columns = axis(draws, width, cell);
    let nodes_across = width.div_ceil(cell) + 2;
    let nodes_down = height.div_ceil(cell) + 2;
    let lattice: Vec<f32> =
        (0..nodes_down * nodes_across).map(|_| amplitude * draws.flat()).collect();
    let mut line = vec![0.0; nodes_across];
    for (sum_row, &(node, blend)) in sum.chunks_exact_mut(width).zip(&rows) {
        let above = &lattice[node * nodes_across..][..nodes_across];
        let below = &lattice[(node + 1) * nodes_across..][..nodes_across];
        for ((value, &above), &below) in line.iter_mut().zip(above).zip(below) {
            *value = above + (below - above) * blend;
        }
        for (sum, &(node, blend)) in sum_row.iter_mut().zip(&columns) {
            *sum += line[node] + (line[node + 1] - line[node]) * blend;
        }
    }
}

/// For each pixel of an axis: the lattice node before it, and how far to blend to the next.
fn axis(draws: &mut Draws, length: usize, cell: usize) -> Vec<(usize, f32)> {
    let phase = draws.below(cell as u32) as usize;
    (phase..phase + length)
        .map(|position| {
            let t = (position % cell) as f32 / cell as f32;
            (position / cell, t * t * (3.0 - 2.0 * t))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fractal;
    use crate::synthetic::draws::Draws;

    /// Variance about 0, and correlation of neighbours in a row, over many fields.
    fn figures(octaves: [usize; 2], persistence: f32) -> [f32; 2] {
        let (mut squares, mut products) = (0.0, 0.0);
        for index in 0..400 {
            let mut draws = Draws::new([9; 4], index);
            let field = fractal(&mut draws, [20, 33], octaves, persistence);
            squares += field.iter().map(|value| value * value).sum::<f32>() / field.len() as f32;
            let pairs = field.chunks_exact(33).flat_map(|row| row.windows(2));
            products += pairs.map(|pair| pair[0] * pair[1]).sum::<f32>() / (20.0 * 32.0);
        }
        [squares / 400.0, products / squares]
    }

    #[test]
    fn variance_is_near_1_for_any_octaves() {
        for (octaves, persistence) in [([32, 1], 0.8), ([32, 4], 1.0), ([8, 8], 0.5), ([1, 1], 1.0)]
        {
            let [variance, _] = figures(octaves, persistence);
            assert!((0.9..1.1).contains(&variance), "{octaves:?}: {variance}");
        }
    }

    #[test]
    fn fine_octaves_are_rough_and_coarse_ones_smooth() {
        let [rough, middle, smooth] =
            [[1, 1], [32, 1], [32, 8]].map(|octaves| figures(octaves, 0.8)[1]);
        assert!(rough.abs() < 0.02, "{rough}");
        assert!((0.5..0.95).contains(&middle), "{middle}");
        assert!(smooth > 0.95, "{smooth}");
    }
}
