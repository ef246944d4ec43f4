use std::array;

use ndarray::{ArrayView3, ArrayViewMut3};

use crate::PixelValue;

/// An image that pixels are read from.
pub(super) trait Pixels {
    /// Height, width, channels.
    fn dim(&self) -> (usize, usize, usize);
    /// `C` channels of a pixel from channel `first` on.
    fn read<const C: usize>(&self, row: usize, column: usize, first: usize) -> [f32; C];
}

/// An image that pixels are written to.
pub(super) trait PixelsMut {
    /// Height, width, channels.
    fn dim(&self) -> (usize, usize, usize);
    /// Stores `C` channels of a pixel from channel `first` on.
    fn write<const C: usize>(&mut self, row: usize, column: usize, first: usize, pixel: [f32; C]);
}

/// An image in contiguous memory, its axes in any order.
#[derive(Debug)]
pub(super) struct Packed<'a, S> {
    data: &'a [S],
    layout: Layout,
}

/// A destination in contiguous memory, its axes in any order.
#[derive(Debug)]
pub(super) struct PackedMut<'a, D> {
    data: &'a mut [D],
    layout: Layout,
}

/// Shape and strides, in (row, column, channel).
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) dim: (usize, usize, usize),
    pub(super) strides: [usize; 3],
}

impl<'a, S> Packed<'a, S> {
    /// `None` when the memory has gaps or an axis runs backwards.
    pub(super) fn new(view: &'a ArrayView3<'_, S>) -> Option<Self> {
        let layout = Layout::new(view.dim(), view.strides())?;
        Some(Self { data: view.as_slice_memory_order()?, layout })
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All values, as they lie in memory.
    pub(super) fn values(&self) -> &'a [S] {
        self.data
    }

    /// The values where they are `u8`.
    pub(super) fn bytes(&self) -> Option<&'a [u8]>
    where
        S: PixelValue,
    {
        S::as_bytes(self.data)
    }
}

impl<'a, D> PackedMut<'a, D> {
    /// `None` when the memory has gaps or an axis runs backwards.
    pub(super) fn new(view: &'a mut ArrayViewMut3<'_, D>) -> Option<Self> {
        let layout = Layout::new(view.dim(), view.strides())?;
        Some(Self { data: view.as_slice_memory_order_mut()?, layout })
    }

    #[inline]
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All values, as they lie in memory.
    #[inline]
    pub(super) fn values(&mut self) -> &mut [D] {
        self.data
    }

    /// The values where they are `u8`.
    #[inline]
    pub(super) fn bytes(&mut self) -> Option<&mut [u8]>
    where
        D: PixelValue,
    {
        D::as_bytes_mut(self.data)
    }

    /// The values where they are `f32`.
    #[inline]
    pub(super) fn floats(&mut self) -> Option<&mut [f32]>
    where
        D: PixelValue,
    {
        D::as_floats_mut(self.data)
    }
}

impl Layout {
    fn new(dim: (usize, usize, usize), strides: &[isize]) -> Option<Self> {
        let mut forward = [0; 3];
        for ((forward, stride), len) in forward.iter_mut().zip(strides).zip([dim.0, dim.1, dim.2]) {
            // The stride of an axis of one element may be anything, and must mean nothing.
            *forward = if len == 1 { 0 } else { usize::try_from(*stride).ok()? };
        }
        Some(Self { dim, strides: forward })
    }

    #[inline]
    fn offset(&self, row: usize, column: usize, channel: usize) -> usize {
        row * self.strides[0] + column * self.strides[1] + channel * self.strides[2]
    }
}

impl<S: PixelValue> Pixels for Packed<'_, S> {
    fn dim(&self) -> (usize, usize, usize) {
        self.layout.dim
    }

    #[inline]
    fn read<const C: usize>(&self, row: usize, column: usize, first: usize) -> [f32; C] {
        let pixel = &self.data[self.layout.offset(row, column, first)..];
        match self.layout.strides[2] {
            1 => {
                let pixel = &pixel[..C];
                array::from_fn(|channel| pixel[channel].to_f32())
            }
            stride => array::from_fn(|channel| pixel[channel * stride].to_f32()),
        }
    }
}

impl<D: PixelValue> PixelsMut for PackedMut<'_, D> {
    fn dim(&self) -> (usize, usize, usize) {
        self.layout.dim
    }

    #[inline]
    fn write<const C: usize>(&mut self, row: usize, column: usize, first: usize, pixel: [f32; C]) {
        let offset = self.layout.offset(row, column, first);
        let stride = self.layout.strides[2];
        for (channel, value) in pixel.into_iter().enumerate() {
            self.data[offset + channel * stride] = D::from_f32(value);
        }
    }
}

impl<S: PixelValue> Pixels for ArrayView3<'_, S> {
    fn dim(&self) -> (usize, usize, usize) {
        (**self).dim()
    }

    fn read<const C: usize>(&self, row: usize, column: usize, first: usize) -> [f32; C] {
        array::from_fn(|channel| self[[row, column, first + channel]].to_f32())
    }
}

impl<D: PixelValue> PixelsMut for ArrayViewMut3<'_, D> {
    fn dim(&self) -> (usize, usize, usize) {
        (**self).dim()
    }

    fn write<const C: usize>(&mut self, row: usize, column: usize, first: usize, pixel: [f32; C]) {
        for (channel, value) in pixel.into_iter().enumerate() {
            self[[row, column, first + channel]] = D::from_f32(value);
        }
    }
}
