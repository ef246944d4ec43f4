use serde::{Deserialize, Serialize};

use crate::{Error, SplineOrder};

/// How a value is read between pixel centres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Interpolation {
    /// The value of the pixel whose centre is nearest, the one to the right or below in a tie:
    /// scipy's `order=0`. For masks and labels.
    Nearest,
    /// A straight line between neighbouring pixel centres, along x and then along y: scipy's
    /// `order=1`.
    #[default]
    Bilinear,
    /// Cubic convolution over 4x4 pixel centres (Keys 1981) with a = -3/4, as OpenCV and PyTorch
    /// have it. Sharper than bilinear; may overshoot the values around it.
    ///
    /// Neighbours beyond the edge are what the border shows; with a constant border, which sets
    /// in outside the pixel centres, the edge pixel stands for them.
    Bicubic,
    /// The B-spline of an order from 2 to 5 through the pixels (Unser, Aldroubi and Eden 1993;
    /// Unser 1999; Thévenaz, Blu and Unser 2000): scipy's `order=2` to `order=5` with its
    /// prefilter. The sharpest of all, and may overshoot the values around it.
    ///
    /// Every value depends on all pixels, which are filtered first: this takes several times as
    /// long as `Bicubic`, and memory for an `f64` per pixel and up to four channels, allocated for
    /// each image. A pixel that is NaN or infinite spoils its whole channel.
    ///
    /// Between the pixel centres the spline goes on beyond the edge as if the picture were
    /// mirrored, with the edge pixel seen twice for `Reflect` and once for `Constant` and `Wrap`,
    /// or as if the edge pixel were repeated, for `Nearest`. `Wrap` has scipy's mode `'wrap'` here
    /// too, with the period n - 1, and not `'grid-wrap'`: the spline is not smooth at the seams.
    Spline(SplineOrder),
}

impl Interpolation {
    /// The interpolation that scipy and Keras call by its order: 0 is [`Nearest`](Self::Nearest),
    /// 1 is [`Bilinear`](Self::Bilinear), and 2 to 5 are a [`Spline`](Self::Spline).
    ///
    /// # Errors
    /// [`Error::InterpolationOrder`] for orders above 5.
    pub fn from_order(order: u8) -> Result<Self, Error> {
        match order {
            0 => Ok(Self::Nearest),
            1 => Ok(Self::Bilinear),
            _ => SplineOrder::try_from(order)
                .map(Self::Spline)
                .map_err(|_| Error::InterpolationOrder { order }),
        }
    }
}

/// The weights of the four pixels around a place `t` in 0..=1 between the middle two.
#[inline]
pub(crate) fn cubic_weights(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    [-0.75 * t * s * s, near(t), near(s), -0.75 * s * t * t]
}

/// The kernel within one pixel of its centre: (a + 2)·t³ - (a + 3)·t² + 1.
#[inline]
fn near(t: f32) -> f32 {
    (1.25 * t - 2.25) * t * t + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubic_weights_sum_to_one_and_keep_pixels() {
        assert_eq!(cubic_weights(0.0).map(f32::abs), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(cubic_weights(0.5), [-0.09375, 0.59375, 0.59375, -0.09375]);
        for step in 0..=64 {
            let sum: f32 = cubic_weights(step as f32 / 64.0).iter().sum();
            assert!((sum - 1.0).abs() < 3e-7, "{sum}");
        }
    }
}
