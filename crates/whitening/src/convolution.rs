use ndarray::{
    Array1, Array2, Array4, ArrayView1, ArrayView2, ArrayView3, ArrayView4, ArrayViewMut3,
    ArrayViewMut4, Axis, concatenate,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::filters::{Filters, Strip};
use crate::observations::Observations;
use crate::{Error, Layout, Patches, Pixel, Scope};

/// Values of a strip of an image, centred, that one parallel task works on: what a core's second
/// cache holds with room to spare.
const STRIP_VALUES: usize = 1 << 15;

/// What stands for the pixels outside of an image.
///
/// With a padding that adds pixels, `(size - 1) / 2` rows and columns, rounded down, come before
/// the image, and as many after it as make the output of size `image / stride`, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Padding {
    /// Nothing: only patches that lie within the image whole, so the output has `size - 1` rows
    /// and columns less.
    #[default]
    Valid,
    /// Zeros, as PyTorch's `conv2d` pads with `padding="same"` and, with a stride, with
    /// `padding=(k - 1) // 2` for odd sizes k. (TensorFlow's `SAME` divides otherwise with a
    /// stride.) Zero is black, not the mean, so the border of a whitened image shows.
    Zeros,
    /// The mean of each channel over the fitted patches: where nothing is known, nothing is added.
    /// Zeros where the fit was not centred.
    Mean,
    /// The nearest pixel of the image.
    Nearest,
}

/// A convolution (in the field's sense: a correlation, filters are not flipped) that whitens
/// patches: weights and a bias to be put into a network, and a fast way to apply them here.
///
/// Made by [`PatchWhitening::convolution`](crate::PatchWhitening::convolution) and
/// [`centre_convolution`](crate::PatchWhitening::centre_convolution). The output at a position is
/// `y = W x + b`, with the patch `x` there and `b = -W m`, so images need no centring.
///
/// Applied here, each output is computed from its own patch, by fused multiply-adds in a fixed
/// order: the same bits whatever the batch, the threads, the layout and the processor. Images are
/// taken as they are, `u8` too, and memory beside the output is a strip of an image per thread.
///
/// ```
/// use mizumashi_whitening::{Layout, Padding, Patches, Whitener};
/// use ndarray::Array4;
///
/// let images = Array4::from_shape_fn((4, 16, 20, 3), |(n, y, x, c)| {
///     ((n * n * 31 + y * x * 13 + x * x * 7 + c * y * 5) % 251) as u8
/// });
/// let patches = Whitener::zca().fit_patches(images.view(), Layout::Nhwc, Patches::square(3))?;
/// let zca = patches.centre_convolution()?.padding(Padding::Mean);
/// assert_eq!(zca.weights().dim(), (3, 3, 3, 3)); // out, in, height, width
/// assert_eq!(zca.apply(images.view(), Layout::Nhwc)?.dim(), images.dim());
/// # Ok::<(), mizumashi_whitening::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Convolution {
    /// One row per output, of the values of a patch in its order.
    matrix: Array2<f64>,
    bias: Array1<f64>,
    /// What is subtracted from each channel before the products, and given back by the bias: near
    /// the mean, so that nothing is lost where large terms cancel.
    centre: Vec<f32>,
    size: [usize; 2],
    doubled: bool,
    stride: usize,
    padding: Padding,
}

impl Convolution {
    pub(crate) fn new(
        matrix: Array2<f64>,
        bias: Array1<f64>,
        mean: ArrayView1<'_, f64>,
        size: [usize; 2],
        channels: usize,
    ) -> Self {
        let pixels = (size[0] * size[1]).max(1) as f64;
        let centre = (0..channels)
            .map(|channel| {
                let of_channel = mean.iter().skip(channel).step_by(channels);
                (of_channel.sum::<f64>() / pixels) as f32
            })
            .collect();
        Self { matrix, bias, centre, size, doubled: false, stride: 1, padding: Padding::Valid }
    }

    /// Adds each filter with the opposite sign, and the opposite bias, after all others: twice as
    /// many outputs. A rectifier after it then loses no sign.
    #[must_use]
    pub fn doubled(self) -> Self {
        Self { doubled: true, ..self }
    }

    /// Steps of so many pixels from patch to patch, in both directions; 1 by default.
    #[must_use]
    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// What stands for the pixels outside of an image; [`Padding::Valid`] by default.
    #[must_use]
    pub fn padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// The weights: outputs x channels x height x width, as `torch.nn.Conv2d` has them.
    pub fn weights(&self) -> Array4<f32> {
        let [height, width] = self.size;
        let channels = self.centre.len();
        let weights = Array4::from_shape_fn(
            (self.matrix.nrows(), channels, height, width),
            |(output, channel, y, x)| {
                self.matrix[[output, (y * width + x) * channels + channel]] as f32
            },
        );
        self.with_opposites(weights.view(), |weights| weights.mapv(|x| -x))
    }

    /// The bias, `-W m`: one value per output.
    pub fn bias(&self) -> Array1<f32> {
        // Not minus zero.
        let bias = self.bias.mapv(|x| x as f32 + 0.0);
        self.with_opposites(bias.view(), |bias| bias.mapv(|x| 0.0 - x))
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.matrix.nrows() * if self.doubled { 2 } else { 1 }
    }

    /// Input channels.
    pub fn channels(&self) -> usize {
        self.centre.len()
    }

    /// Height and width of the filters.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Height and width of what becomes of an image.
    ///
    /// # Errors
    ///
    /// [`Error::NoStride`], and [`Error::PatchSize`] where no patch fits into an image that is not
    /// padded.
    pub fn output_size(&self, image: [usize; 2]) -> Result<[usize; 2], Error> {
        if self.stride == 0 {
            return Err(Error::NoStride);
        }
        let positions = match self.padding {
            Padding::Valid => Patches::new(self.size[0], self.size[1]).positions(image)?,
            _ => image,
        };
        Ok(positions.map(|count| count.div_ceil(self.stride)))
    }

    /// Maps images in `layout` to `f32` images in the same layout.
    ///
    /// # Errors
    ///
    /// As [`apply_into`](Self::apply_into).
    pub fn apply<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
    ) -> Result<Array4<f32>, Error> {
        let (samples, height, width, _) = layout.to_nhwc(images).dim();
        let [rows, columns] = self.output_size([height, width])?;
        let mut out = Array4::zeros(layout.batch_shape(samples, [rows, columns, self.outputs()]));
        self.apply_into(images, layout, out.view_mut())?;
        Ok(out)
    }

    /// [`apply`](Self::apply) into an array of the caller's, in the same layout and with any
    /// strides.
    ///
    /// # Errors
    ///
    /// [`Error::Channels`], [`Error::NoStride`], [`Error::PatchSize`] as
    /// [`output_size`](Self::output_size), [`Error::OutputImages`], and [`Error::NonFinite`] for NaN
    /// and infinity, named by image and position in it.
    pub fn apply_into<T: Pixel>(
        &self,
        images: ArrayView4<'_, T>,
        layout: Layout,
        out: ArrayViewMut4<'_, f32>,
    ) -> Result<(), Error> {
        let images = layout.to_nhwc(images);
        let (samples, height, width, found) = images.dim();
        if found != self.channels() {
            return Err(Error::Channels { found, expected: self.channels() });
        }
        let [rows, columns] = self.output_size([height, width])?;
        let expected = layout.batch_shape(samples, [rows, columns, self.outputs()]);
        if out.shape() != expected {
            let (a, b, c, d) = out.dim();
            return Err(Error::OutputImages { found: [a, b, c, d], expected });
        }
        Observations::of_images(images, Scope::Pixels).check_finite()?;
        if out.is_empty() {
            return Ok(());
        }
        let filters = Filters::new(&self.matrix, &self.shifted_bias(), self.size[0], self.doubled);
        let frame = self.strip_frame(width, columns);
        // A longer stride than the image has no second position either.
        let stride = self.stride.min(height.max(width)).max(1);
        let height = (STRIP_VALUES / (stride * frame.len())).clamp(1, rows);
        layout
            .to_nhwc(out)
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(images.axis_iter(Axis(0)))
            .for_each(|(mut out, image)| {
                out.axis_chunks_iter_mut(Axis(0), height)
                    .into_par_iter()
                    .enumerate()
                    .for_each_init(
                        || (Vec::new(), Vec::new()),
                        |(strip, row), (index, out)| {
                            self.fill(image, index * height, out.len_of(Axis(0)), &frame, strip);
                            let strip = Strip {
                                values: strip,
                                row: frame.len(),
                                down: stride * frame.len(),
                                across: stride * self.channels(),
                            };
                            convolve(&filters, &strip, out, row);
                        },
                    );
            });
        Ok(())
    }

    /// What the bias is for values less the centre of their channel.
    fn shifted_bias(&self) -> Array1<f64> {
        let pixels = self.size[0] * self.size[1];
        let centres = self.centre.iter().map(|&x| f64::from(x));
        let patch: Array1<f64> = centres.cycle().take(pixels * self.channels()).collect();
        &self.bias + &self.matrix.dot(&patch)
    }

    /// A row of a strip: the centre of each value.
    fn strip_frame(&self, width: usize, columns: usize) -> Vec<f32> {
        let needed = (columns - 1) * self.stride + self.size[1];
        debug_assert!(self.padding != Padding::Valid || needed <= width);
        self.centre.iter().copied().cycle().take(needed * self.channels()).collect()
    }

    /// Rows and columns before the image.
    fn before(&self, axis: usize) -> usize {
        if self.padding == Padding::Valid { 0 } else { (self.size[axis] - 1) / 2 }
    }

    /// Fills a strip with what the output rows from `first` on are computed from, less the centre.
    fn fill<T: Pixel>(
        &self,
        image: ArrayView3<'_, T>,
        first: usize,
        rows: usize,
        frame: &[f32],
        strip: &mut Vec<f32>,
    ) {
        let (top, height) = (self.before(0), image.len_of(Axis(0)));
        let needed = (rows - 1) * self.stride + self.size[0];
        strip.clear();
        strip.resize(needed * frame.len(), 0.0);
        for (index, to) in strip.chunks_exact_mut(frame.len()).enumerate() {
            let y = first * self.stride + index;
            let inside = (top..top + height).contains(&y);
            match self.padding {
                Padding::Zeros if !inside => {
                    to.iter_mut().zip(frame).for_each(|(to, centre)| *to = -centre);
                }
                Padding::Mean if !inside => {}
                _ => {
                    let y = y.saturating_sub(top).min(height - 1);
                    self.fill_row(image.index_axis(Axis(0), y), frame, to);
                }
            }
        }
    }

    fn fill_row<T: Pixel>(&self, row: ArrayView2<'_, T>, frame: &[f32], to: &mut [f32]) {
        let (width, channels) = row.dim();
        let begin = self.before(1) * channels;
        let end = to.len().min(begin + width * channels);
        let inside = begin..end;
        let target = &mut to[inside.clone()];
        match row.as_slice() {
            Some(row) => {
                for ((to, &x), &centre) in target.iter_mut().zip(row).zip(frame) {
                    *to = x.less(centre);
                }
            }
            None => {
                for (channel, (from, &centre)) in
                    row.columns().into_iter().zip(&self.centre).enumerate()
                {
                    let to = target.iter_mut().skip(channel).step_by(channels);
                    to.zip(from).for_each(|(to, x)| *to = x.less(centre));
                }
            }
        }
        match self.padding {
            Padding::Valid | Padding::Mean => {}
            Padding::Zeros => {
                for i in (0..begin).chain(end..to.len()) {
                    to[i] = -frame[i];
                }
            }
            Padding::Nearest => {
                for i in (0..begin).rev() {
                    to[i] = to[i + channels];
                }
                for i in end..to.len() {
                    to[i] = to[i - channels];
                }
            }
        }
    }

    fn with_opposites<D: ndarray::RemoveAxis>(
        &self,
        values: ndarray::ArrayView<'_, f32, D>,
        opposite: impl FnOnce(&ndarray::ArrayView<'_, f32, D>) -> ndarray::Array<f32, D>,
    ) -> ndarray::Array<f32, D> {
        let kept = values.to_owned();
        if !self.doubled {
            return kept;
        }
        let opposite = opposite(&values);
        // Only shapes that differ fail.
        concatenate(Axis(0), &[values, opposite.view()]).unwrap_or(kept)
    }
}

/// Fills rows of the output, directly where its channels lie side by side, else through `line`.
fn convolve(
    filters: &Filters,
    strip: &Strip<'_>,
    mut out: ArrayViewMut3<'_, f32>,
    line: &mut Vec<f32>,
) {
    for (index, mut out) in out.axis_iter_mut(Axis(0)).enumerate() {
        match out.as_slice_mut() {
            Some(out) => filters.apply(strip, index, out),
            None => {
                line.resize(out.len(), 0.0);
                filters.apply(strip, index, line);
                let channels = out.len_of(Axis(1));
                for (channel, column) in out.columns_mut().into_iter().enumerate() {
                    let from = line.iter().skip(channel).step_by(channels);
                    column.into_iter().zip(from).for_each(|(to, &x)| *to = x);
                }
            }
        }
    }
}
