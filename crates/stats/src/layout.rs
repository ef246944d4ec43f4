use ndarray::{ArrayBase, Axis, Ix3, Ix4, RawData};
use serde::{Deserialize, Serialize};

/// Order of the axes of a batch of images.
///
/// ```
/// use mizumashi_stats::Layout;
/// use ndarray::Array4;
///
/// let batch = Array4::<u8>::zeros((8, 3, 32, 48));
/// assert_eq!(Layout::Nchw.to_nhwc(batch.view()).dim(), (8, 32, 48, 3));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Samples, height, width, channels: channels last, as in TensorFlow, Keras and image files.
    #[default]
    Nhwc,
    /// Samples, channels, height, width: channels first, as in PyTorch.
    Nchw,
}

impl Layout {
    /// The axis of a four-dimensional batch along which the channels lie.
    pub fn channel_axis(self) -> Axis {
        match self {
            Layout::Nhwc => Axis(3),
            Layout::Nchw => Axis(1),
        }
    }

    /// Shape, in this layout, of a batch of `samples` images of `[height, width, channels]`.
    pub fn batch_shape(self, samples: usize, image: [usize; 3]) -> [usize; 4] {
        let [height, width, channels] = image;
        match self {
            Layout::Nhwc => [samples, height, width, channels],
            Layout::Nchw => [samples, channels, height, width],
        }
    }

    /// Reads a batch of this layout as samples, height, width, channels, by permuting its axes.
    ///
    /// Takes views, mutable views and owned arrays alike; no value moves in memory.
    pub fn to_nhwc<S: RawData>(self, batch: ArrayBase<S, Ix4>) -> ArrayBase<S, Ix4> {
        match self {
            Layout::Nhwc => batch,
            Layout::Nchw => batch.permuted_axes([0, 2, 3, 1]),
        }
    }

    /// Reads one image of this layout (HWC or CHW) as height, width, channels, by permuting its
    /// axes; see [`to_nhwc`](Layout::to_nhwc).
    pub fn to_hwc<S: RawData>(self, image: ArrayBase<S, Ix3>) -> ArrayBase<S, Ix3> {
        match self {
            Layout::Nhwc => image,
            Layout::Nchw => image.permuted_axes([1, 2, 0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Array4};

    use super::Layout;

    #[test]
    fn batches_are_read_channels_last_from_either_layout() {
        for layout in [Layout::Nhwc, Layout::Nchw] {
            let shape = layout.batch_shape(2, [3, 4, 5]);
            assert_eq!(shape[layout.channel_axis().index()], 5);

            let mut batch = Array4::zeros(shape);
            layout.to_nhwc(batch.view_mut())[[1, 2, 3, 4]] = 7;
            assert_eq!(batch.iter().position(|&value| value == 7), Some(119));
            assert_eq!(layout.to_nhwc(batch).dim(), (2, 3, 4, 5));
        }
    }

    #[test]
    fn images_are_read_channels_last_from_either_layout() {
        let image = Array3::from_shape_fn((2, 3, 4), |index| index);
        assert_eq!(Layout::Nhwc.to_hwc(image.view())[[1, 2, 3]], (1, 2, 3));
        assert_eq!(Layout::Nchw.to_hwc(image.view())[[2, 3, 1]], (1, 2, 3));
    }
}
