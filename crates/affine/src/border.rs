use serde::{Deserialize, Serialize};

/// What is seen beyond the edge of an image: the modes of `scipy.ndimage`, with the same names.
///
/// The pictures show a row of four pixels, `a b c d`, and what each mode puts around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Border {
    /// `k k k k | a b c d | k k k k`
    ///
    /// The value is given in the units of the source. It replaces the pixel wherever a coordinate
    /// is below 0 or above the last pixel *centre* on either axis; it is never blended with the
    /// image. A coordinate is known to about a millionth of a pixel: a map that meets the first or
    /// the last centre only up to rounding may show the constant there.
    Constant(f32),
    /// `a a a a | a b c d | d d d d`
    #[default]
    Nearest,
    /// `d c b a | a b c d | d c b a`
    ///
    /// Mirrored at the outer edge of the image, with period 2n.
    Reflect,
    /// `d b c d b c | a b c d | b c a b c a`
    ///
    /// Repeated with period n - 1, not n: the last pixel lies on the first one of the next copy.
    /// This is what scipy does in mode `'wrap'`, kept for parity with it. At the seams to the left
    /// of the image and at its right edge the last pixel is seen, at those further to the right
    /// the first one.
    Wrap,
}

/// The pixels between which a coordinate lies on one axis, `first` having the weight
/// 1 - `weight` and `second` the weight `weight`, from 0 to 1. `second` is
/// `first` or the pixel after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) weight: f32,
}

/// Where a coordinate `index + weight`, `weight` in 0..=1, falls on an axis of `len` pixels.
/// `None` stands for the constant. `len` is at least 1 and at most [`Border::LONGEST_SIDE`].
impl Border {
    /// The longest side for which no index arithmetic leaves `i32`.
    pub(crate) const LONGEST_SIDE: usize = 1 << 29;

    /// What takes the place of a pixel that no pixel of the image stands for.
    pub(crate) fn fill(self) -> f32 {
        match self {
            Self::Constant(value) => value,
            Self::Nearest | Self::Reflect | Self::Wrap => 0.0,
        }
    }

    /// The two neighbours of the coordinate, for interpolation between them.
    #[inline]
    pub(crate) fn pair(self, index: i32, weight: f32, len: i32) -> Option<Pair> {
        let last = len - 1;
        if (0..last).contains(&index) {
            return Some(Pair::new(index, index + 1, weight));
        }
        match self {
            Self::Constant(_) if index == last && weight == 0.0 => {
                Some(Pair::new(last, last, weight))
            }
            Self::Constant(_) => None,
            Self::Nearest => {
                Some(Pair::new(index.clamp(0, last), (index + 1).clamp(0, last), weight))
            }
            Self::Reflect => {
                let (first, second) = (reflect(index, len), reflect(index + 1, len));
                // A mirrored pair is read from left to right like any other.
                let mirrored_weight = 1.0 - weight;
                Some(match first > second {
                    false => Pair::new(first, second, weight),
                    true if mirrored_weight < 1.0 => Pair::new(second, first, mirrored_weight),
                    true => Pair::new(first, first, 0.0),
                })
            }
            Self::Wrap => {
                let index = wrap(index, weight, len);
                Some(Pair::new(index, (index + 1).min(last), weight))
            }
        }
    }

    /// The four neighbours of the coordinate, from the one before the pair to the one after it.
    ///
    /// Within the image, a neighbour beyond the edge is the pixel that the border shows there; the
    /// constant lets the edge pixel stand for it.
    #[inline]
    pub(crate) fn quad(self, index: i32, weight: f32, len: i32) -> Option<[usize; 4]> {
        let last = len - 1;
        let around = |index: i32| [index - 1, index, index + 1, index + 2];
        Some(match self {
            Self::Constant(_) if index < 0 || index > last || (index == last && weight > 0.0) => {
                return None;
            }
            Self::Constant(_) | Self::Nearest => {
                around(index).map(|index| index.clamp(0, last) as usize)
            }
            Self::Reflect => around(index).map(|index| reflect(index, len) as usize),
            Self::Wrap => {
                let inside = (0..last).contains(&index);
                let index = if inside { index } else { wrap(index, weight, len) };
                around(index).map(|index| match index {
                    ..0 => (index + last).max(0) as usize,
                    _ if index > last => (index - last).min(last) as usize,
                    _ => index as usize,
                })
            }
        })
    }

    /// The pixel nearest to the coordinate. As in scipy, the border moves the *coordinate* into
    /// the image before it is rounded half up; where `Reflect` mirrors it, a tie hence goes down.
    #[inline]
    pub(crate) fn nearest(self, index: i32, weight: f32, len: i32) -> Option<usize> {
        let last = len - 1;
        let half_up = index + i32::from(weight >= 0.5);
        if (0..last).contains(&index) {
            return Some(half_up as usize);
        }
        let nearest = match self {
            Self::Constant(_) if index == last && weight == 0.0 => last,
            Self::Constant(_) => return None,
            Self::Nearest => half_up.clamp(0, last),
            Self::Reflect if index.rem_euclid(2 * len) < len => reflect(half_up, len),
            Self::Reflect => reflect(index + i32::from(weight > 0.5), len),
            Self::Wrap => (wrap(index, weight, len) + i32::from(weight >= 0.5)).min(last),
        };
        Some(nearest as usize)
    }
}

impl Pair {
    #[inline]
    fn new(first: i32, second: i32, weight: f32) -> Self {
        Self { first: first as usize, second: second as usize, weight }
    }
}

/// d c b a | a b c d | d c b a
#[inline]
pub(crate) fn reflect(index: i32, len: i32) -> i32 {
    // The copies next to the image need no division.
    match index {
        _ if (0..len).contains(&index) => index,
        _ if (-len..0).contains(&index) => -1 - index,
        _ if (len..2 * len).contains(&index) => 2 * len - 1 - index,
        _ => {
            let index = index.rem_euclid(2 * len);
            if index < len { index } else { 2 * len - 1 - index }
        }
    }
}

/// d c b | a b c d | c b a
#[inline]
pub(crate) fn mirror(index: i32, len: i32) -> i32 {
    if (0..len).contains(&index) {
        return index;
    }
    match 2 * (len - 1) {
        0 => 0,
        period => {
            let index = index.rem_euclid(period);
            index.min(period - index)
        }
    }
}

/// The index after a coordinate has moved by whole periods of `len` - 1, into 0..=len-1 when it
/// comes from the left, into 0..len-1 when it comes from the right.
pub(crate) fn wrap(index: i32, weight: f32, len: i32) -> i32 {
    let last = len - 1;
    if last == 0 {
        return 0;
    }
    let wrapped = index.rem_euclid(last);
    let at_seam = wrapped == 0 && weight == 0.0;
    if at_seam && index <= last { last } else { wrapped }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// scipy's rule in `f64`: the coordinate within the image that stands for `coordinate`. It
    /// may lie up to one pixel beyond either end, where the outermost pixel is seen.
    fn moved(border: Border, coordinate: f64, len: i32) -> Option<f64> {
        let n = f64::from(len);
        let last = n - 1.0;
        if (0.0..=last).contains(&coordinate) {
            return Some(coordinate);
        }
        let left = coordinate < 0.0;
        match border {
            Border::Constant(_) => None,
            Border::Nearest => Some(coordinate.clamp(0.0, last)),
            _ if len == 1 => Some(0.0),
            Border::Reflect => {
                let rest = coordinate % (2.0 * n);
                Some(match rest {
                    _ if left && rest < -n => rest + 2.0 * n,
                    _ if left => -1.0 - rest,
                    _ if rest >= n => 2.0 * n - 1.0 - rest,
                    _ => rest,
                })
            }
            Border::Wrap if left => Some(coordinate + last * ((-coordinate / last).trunc() + 1.0)),
            Border::Wrap => Some(coordinate - last * (coordinate / last).trunc()),
        }
    }

    fn border() -> impl Strategy<Value = Border> {
        prop_oneof![
            Just(Border::Constant(0.0)),
            Just(Border::Nearest),
            Just(Border::Reflect),
            Just(Border::Wrap)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_nearest_pixel_is_that_of_the_moved_coordinate_rounded_half_up(
            border in border(), index in -40..40, eighths in 0u8..8, len in 1..9,
        ) {
            let weight = f32::from(eighths) / 8.0;
            let expected = moved(border, f64::from(index) + f64::from(weight), len)
                .map(|coordinate| (coordinate + 0.5).floor().clamp(0.0, f64::from(len - 1)));
            let found = border.nearest(index, weight, len).map(|index| index as f64);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_pair_interpolates_at_the_moved_coordinate(
            border in border(), index in -40..40, eighths in 0u8..8, len in 1..9,
        ) {
            let weight = f32::from(eighths) / 8.0;
            let pixel = |index: f64| {
                let index = index.clamp(0.0, f64::from(len - 1));
                index * index
            };
            let between = |first: f64, second: f64, weight: f64| {
                pixel(first) + (pixel(second) - pixel(first)) * weight
            };
            let expected = moved(border, f64::from(index) + f64::from(weight), len)
                .map(|at| between(at.floor(), at.floor() + 1.0, at - at.floor()));
            let found = border
                .pair(index, weight, len)
                .map(|pair| between(pair.first as f64, pair.second as f64, pair.weight.into()));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_middle_of_four_neighbours_is_the_pair(
            border in border(), index in -40..40, eighths in 0u8..8, len in 1..9,
        ) {
            let weight = f32::from(eighths) / 8.0;
            let pair = border.pair(index, weight, len);
            let quad = border.quad(index, weight, len);
            prop_assert_eq!(pair.is_some(), quad.is_some());
            if let (Some(pair), Some([before, first, second, after])) = (pair, quad) {
                let last = len as usize - 1;
                prop_assert!(before <= last && first <= last && second <= last && after <= last);
                // A neighbour of no weight may be any pixel.
                let weighted: f64 = [(first, 1.0 - weight), (second, weight)]
                    .map(|(pixel, weight)| pixel as f64 * f64::from(weight)).iter().sum();
                let expected = pair.first as f64 * f64::from(1.0 - pair.weight)
                    + pair.second as f64 * f64::from(pair.weight);
                prop_assert_eq!(weighted, expected);
            }
        }

        #[test]
        fn neighbours_within_the_image_are_the_next_pixels(index in 1..6, border in border()) {
            let index_of = |offset: i32| (index + offset) as usize;
            prop_assert_eq!(border.quad(index, 0.5, 9), Some([-1, 0, 1, 2].map(index_of)));
        }
    }

    #[test]
    fn mirrored_signals_show_their_ends_once_and_reflected_ones_twice() {
        let shown = |sample: fn(i32, i32) -> i32, len| -> Vec<i32> {
            (-7..=9).map(|index| sample(index, len)).collect()
        };
        assert_eq!(shown(mirror, 3), [1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1]);
        assert_eq!(shown(reflect, 3), [0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2]);
        assert_eq!(shown(mirror, 2), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(shown(mirror, 1), [0; 17]);
        assert_eq!(shown(reflect, 1), [0; 17]);
    }

    #[test]
    fn no_index_overflows() {
        for index in [i32::MIN / 2, 1 << 30, 2_080_374_785] {
            for border in [Border::Constant(0.0), Border::Nearest, Border::Reflect, Border::Wrap] {
                let len = Border::LONGEST_SIDE as i32;
                border.pair(index, 0.5, len);
                border.nearest(index, 0.5, len);
                border.quad(index, 0.5, len);
            }
        }
    }
}
