//! Sums over interleaved `u8` values, column by column.

use crate::IntegerMoments;
use crate::simd::{Kernel, vectorised};

/// Columns that are summed side by side: three vectors of 64 values, so that any number of channels
/// which divides it keeps to its own columns, three among them.
pub(crate) const WIDTH: usize = 192;

/// Rows that are summed in registers.
const FEW: usize = 8;

/// Rows whose sum of squares fits in 32 bits.
const MOST: usize = 1 << 16;

/// Adds value `i` to state `i` modulo their number, which divides [`WIDTH`]; the values beyond the
/// last whole `FEW * WIDTH` of them are left to the caller.
pub(crate) fn add<'a>(states: &mut [IntegerMoments], values: &'a [u8]) -> &'a [u8] {
    let (rows, _) = values.as_chunks::<WIDTH>();
    let (rows, _) = rows.as_chunks::<FEW>();
    for rows in rows.chunks(MOST / FEW) {
        let Columns { sums, squares, min, max } = vectorised(Sum(rows));
        for column in 0..WIDTH {
            states[column % states.len()].add(
                (rows.len() * FEW) as u64,
                sums[column].into(),
                squares[column].into(),
                [min[column], max[column]],
            );
        }
    }
    &values[rows.len() * FEW * WIDTH..]
}

struct Columns {
    sums: [u32; WIDTH],
    squares: [u32; WIDTH],
    min: [u8; WIDTH],
    max: [u8; WIDTH],
}

struct Sum<'a>(&'a [[[u8; WIDTH]; FEW]]);

impl Kernel for Sum<'_> {
    type Output = Columns;

    #[inline(always)]
    fn run(self) -> Columns {
        let mut columns = Columns {
            sums: [0; WIDTH],
            squares: [0; WIDTH],
            min: [u8::MAX; WIDTH],
            max: [u8::MIN; WIDTH],
        };
        let Columns { sums, squares, min, max } = &mut columns;
        for few in self.0 {
            for column in 0..WIDTH {
                let (mut sum, mut square) = (0_u16, 0_u32);
                for row in few {
                    let value = u16::from(row[column]);
                    sum += value;
                    square += u32::from(value * value);
                }
                sums[column] += u32::from(sum);
                squares[column] += square;
            }
            for row in few {
                for column in 0..WIDTH {
                    min[column] = min[column].min(row[column]);
                    max[column] = max[column].max(row[column]);
                }
            }
        }
        columns
    }
}
