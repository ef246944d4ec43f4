use crate::Affine;

/// How many columns share one coordinate computed in `f64`.
pub(super) const BLOCK: usize = 16;

/// Where the pixels of a block lie in the source along one axis: at `index` + `weight`.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) index: [i32; BLOCK],
    pub(super) weight: [f32; BLOCK],
}

/// The coordinates of an output image, block by block.
#[derive(Debug)]
pub(super) struct Coordinates {
    x: Axis,
    y: Axis,
}

/// One source coordinate as a function of the output column and row.
#[derive(Debug)]
pub(super) struct Axis {
    step: f64,
    slope: f64,
    offset: f64,
    lanes: Lanes,
}

/// Where blocks begin along one axis: at `index` + `rest`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bases<const N: usize> {
    pub(super) index: [i32; N],
    pub(super) rest: [f32; N],
}

impl Coordinates {
    pub(super) fn new(map: &Affine) -> Self {
        let [x, y] = map.rows().map(Axis::new);
        Self { x, y }
    }

    /// The x and the y axis.
    #[inline]
    pub(super) fn axes(&self) -> (&Axis, &Axis) {
        (&self.x, &self.y)
    }

    /// The x and the y coordinates of the block of a row that begins at a column.
    #[inline]
    pub(super) fn block(&self, row: usize, column: usize) -> (Lanes, Lanes) {
        let (row, column) = (row as f64, column as f64);
        (self.x.block(row, column), self.y.block(row, column))
    }
}

impl Axis {
    /// The lane offsets of every block: whole pixels and the rest.
    #[inline]
    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Where blocks lie that begin at these rows and columns: whole pixels and the rest. Several at
    /// a time, which the compiler turns into vectors.
    #[inline(always)]
    pub(super) fn bases<const N: usize>(&self, rows: &[f64; N], columns: &[f64; N]) -> Bases<N> {
        let mut bases = Bases { index: [0; N], rest: [0.0; N] };
        for block in 0..N {
            let coordinate = self.step * columns[block] + (self.slope * rows[block] + self.offset);
            (bases.index[block], bases.rest[block]) = split(coordinate);
        }
        bases
    }

    fn new(coefficients: [f64; 3]) -> Self {
        let [step, slope, offset] = coefficients.map(|v| v.clamp(-FAR, FAR));
        let lane_step = step.clamp(-LONGEST_STEP, LONGEST_STEP);
        let mut lanes = Lanes { index: [0; BLOCK], weight: [0.0; BLOCK] };
        for lane in 0..BLOCK {
            let (index, weight) = split(lane as f64 * lane_step);
            lanes.index[lane] = index;
            lanes.weight[lane] = weight;
        }
        Self { step, slope, offset, lanes }
    }

    #[inline]
    fn block(&self, row: f64, column: f64) -> Lanes {
        let Bases { index: [index], rest: [weight] } = self.bases(&[row], &[column]);
        let mut lanes = Lanes { index: [0; BLOCK], weight: [0.0; BLOCK] };
        for lane in 0..BLOCK {
            let t = weight + self.lanes.weight[lane];
            let carries = t >= 1.0;
            lanes.index[lane] = index + self.lanes.index[lane] + i32::from(carries);
            lanes.weight[lane] = if carries { t - 1.0 } else { t };
        }
        lanes
    }
}

/// The floor of a coordinate, within reach of `i32`, and the rest.
#[inline(always)]
fn split(coordinate: f64) -> (i32, f32) {
    let floor = coordinate.floor();
    (floor.clamp(-FARTHEST, FARTHEST) as i32, (coordinate - floor) as f32)
}

/// 2^200: no sum of three products with it overflows.
const FAR: f64 = 1.606_938_044_258_990_3e60;
/// 2^26 and 2^30: together they keep every pixel index within `i32`.
const LONGEST_STEP: f64 = (1u32 << 26) as f64;
const FARTHEST: f64 = (1u32 << 30) as f64;
