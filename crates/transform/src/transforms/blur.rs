//! The box blur.

use ndarray::{ArrayViewMut1, ArrayViewMut3, Axis};
use serde::{Deserialize, Serialize};

use crate::{Draw, Error, Operation, Step, Transform};

/// Replaces each value by the mean of the `size` x `size` values around it, channel by channel:
/// OpenCV's `blur`, with its border (the picture mirrored about its edge pixels, `gfe|defg`) and
/// without its rounding to whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct BoxBlur {
    size: usize,
}

impl BoxBlur {
    /// A blur over windows of `size` x `size` pixels.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the size is even (the window would have no middle) or above
    /// 255.
    pub fn new(size: usize) -> Result<Self, Error> {
        let blur = Self { size };
        blur.validate()?;
        Ok(blur)
    }

    /// Averages along one line, with the line's old values kept in `old`.
    fn blur_line(&self, mut line: ArrayViewMut1<'_, f32>, old: &mut Vec<f32>) {
        let reach = (self.size / 2) as isize;
        old.clear();
        old.extend((-reach..line.len() as isize + reach).map(|at| line[mirrored(at, line.len())]));
        for (value, window) in line.iter_mut().zip(old.windows(self.size)) {
            *value = window.iter().sum::<f32>() / self.size as f32;
        }
    }
}

#[typetag::serde(name = "box_blur")]
impl Transform for BoxBlur {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }

    fn validate(&self) -> Result<(), Error> {
        if self.size % 2 == 1 && self.size <= 255 {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "box_blur",
            parameter: "size",
            value: self.size.to_string(),
            mend: "it must be an odd number of pixels from 1 to 255",
        })
    }
}

#[typetag::serde(name = "box_blur")]
impl Operation for BoxBlur {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, old: &mut Vec<f32>) -> Result<(), Error> {
        if image.is_empty() {
            return Ok(());
        }
        for axis in [Axis(0), Axis(1)] {
            image.lanes_mut(axis).into_iter().for_each(|line| self.blur_line(line, old));
        }
        Ok(())
    }
}

/// A [`BoxBlur`] as stored, before its size is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    size: usize,
}

impl TryFrom<Unchecked> for BoxBlur {
    type Error = Error;

    fn try_from(stored: Unchecked) -> Result<Self, Error> {
        Self::new(stored.size)
    }
}

/// The index within `0..len` that stands at `at` when the line is mirrored about its end values.
fn mirrored(at: isize, len: usize) -> usize {
    if len == 1 {
        return 0;
    }
    let period = 2 * (len - 1);
    let at = at.rem_euclid(period as isize) as usize;
    at.min(period - at)
}
