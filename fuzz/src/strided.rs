//! Arrays of any strides.

use arbitrary::{Arbitrary, Result, Unstructured};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, Slice};

/// How an image lies in memory: any order of axes, steps to either side, and gaps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strides {
    axes: [usize; 3],
    steps: [isize; 3],
}

impl Arbitrary<'_> for Strides {
    fn arbitrary(input: &mut Unstructured<'_>) -> Result<Self> {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut steps = [1; 3];
        for step in &mut steps {
            *step = *input.choose(&[1, 1, -1, 2, -3])?;
        }
        Ok(Self { axes: *input.choose(&orders)?, steps })
    }
}

impl Strides {
    /// Memory that holds an image of this shape, filled with `value`.
    pub(crate) fn memory<T: Clone>(&self, shape: [usize; 3], value: T) -> Array3<T> {
        let lengths: [usize; 3] = std::array::from_fn(|axis| {
            let of = self.axes[axis];
            shape[of] * self.steps[of].unsigned_abs()
        });
        Array3::from_elem(lengths, value)
    }

    /// The image in that memory.
    pub(crate) fn view<'a, T>(&self, memory: &'a Array3<T>) -> ArrayView3<'a, T> {
        let mut view = memory.view().permuted_axes(self.places());
        for (axis, &step) in self.steps.iter().enumerate() {
            view.slice_axis_inplace(Axis(axis), Slice::new(0, None, step));
        }
        view
    }

    /// The image in that memory, to be written to.
    pub(crate) fn view_mut<'a, T>(&self, memory: &'a mut Array3<T>) -> ArrayViewMut3<'a, T> {
        let mut view = memory.view_mut().permuted_axes(self.places());
        for (axis, &step) in self.steps.iter().enumerate() {
            view.slice_axis_inplace(Axis(axis), Slice::new(0, None, step));
        }
        view
    }

    /// Where in memory each axis of the image is.
    fn places(&self) -> [usize; 3] {
        let mut places = [0; 3];
        for (place, &axis) in self.axes.iter().enumerate() {
            places[axis] = place;
        }
        places
    }
}
