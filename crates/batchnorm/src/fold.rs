//! Inference without the layer: as a scale and a shift per channel, or folded into a neighbour's
//! weight.

use std::ops::Range;

use ndarray::{Array, Array1, ArrayView, ArrayView1, Axis, Dimension, RemoveAxis};

use crate::{BatchNorm, Error, Real};

/// What a layer does at inference, `y = scale * x + shift` in each channel.
///
/// ```
/// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, WeightLayout};
/// use ndarray::array;
///
/// let mut norm = BatchNorm::<f64>::new(2, BatchNormConfig::pytorch())?;
/// norm.set_running(&[1.0, -1.0], &[4.0, 0.25])?;
/// let weight = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]; // of a linear layer: (outputs, inputs)
///
/// let x = array![[0.5, -1.0, 2.0]];
/// let expected = norm.infer(x.dot(&weight.t()).view())?;
/// let folded =
///     norm.scale_shift()?.into_preceding(weight.view(), WeightLayout::OutputFirst, None)?;
/// let y = x.dot(&folded.weight.t()) + &folded.bias;
/// assert!((&y - &expected).iter().all(|error| error.abs() < 1e-12));
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleShift {
    /// What each channel is multiplied by.
    pub scale: Array1<f64>,
    /// What is then added to it.
    pub shift: Array1<f64>,
}

/// The order of the axes of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeightLayout {
    /// Outputs, inputs, then the kernel's own: PyTorch's `Linear` and `Conv1d`, `2d` and `3d`.
    OutputFirst,
    /// The kernel's own, then inputs, outputs: Keras' `Dense` and `Conv1D`, `2D` and `3D`.
    OutputLast,
}

/// A linear or convolutional layer that has taken in a batch normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded<T, D: Dimension> {
    /// The new weight, in the layout of the old one.
    pub weight: Array<T, D>,
    /// The new bias, one per output.
    pub bias: Array1<T>,
}

impl<T: Real> BatchNorm<T> {
    /// What the layer does at inference.
    ///
    /// # Errors
    ///
    /// [`Error::Untracked`] when the layer has no running statistics.
    pub fn scale_shift(&self) -> Result<ScaleShift, Error> {
        if !self.is_tracking() {
            return Err(Error::Untracked);
        }
        let (scale, shift): (Vec<f64>, Vec<f64>) = (0..)
            .zip(self.running())
            .map(|(channel, by)| {
                let scale = by.scale(self.gamma_of(channel));
                (scale, self.beta_of(channel) - scale * by.mean)
            })
            .unzip();
        Ok(ScaleShift { scale: scale.into(), shift: shift.into() })
    }
}

impl ScaleShift {
    /// Folds this into the layer before it, whose outputs are the channels:
    /// `scale * (W x + b) + shift = (scale W) x + (scale b + shift)`. Always exact, whatever the
    /// padding, stride or grouping.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`] when the weight has no two axes, [`Error::WeightChannels`] or
    /// [`Error::Length`] when weight or bias have not as many outputs as there are channels.
    pub fn into_preceding<T: Real, D: RemoveAxis>(
        &self,
        weight: ArrayView<'_, T, D>,
        layout: WeightLayout,
        bias: Option<ArrayView1<'_, T>>,
    ) -> Result<Folded<T, D>, Error> {
        let [output, _] = layout.axes(weight.ndim())?;
        let outputs = weight.len_of(output);
        if outputs != self.scale.len() {
            let (axis, found, expected) = (output.index(), outputs, self.scale.len());
            return Err(Error::WeightChannels { axis, found, expected });
        }
        let old = checked(bias, outputs)?;
        let mut weight = weight.to_owned();
        for (mut weight, &scale) in weight.axis_iter_mut(output).zip(&self.scale) {
            weight.mapv_inplace(|value| T::of(scale * value.into()));
        }
        let bias = old.iter().zip(&self.scale).zip(&self.shift);
        Ok(Folded {
            weight,
            bias: bias.map(|((bias, scale), shift)| T::of(scale * bias + shift)).collect(),
        })
    }

    /// Folds this into the layer after it, whose inputs are the channels:
    /// `W (scale * x + shift) + b = (W scale) x + (b + W shift)`. Fewer inputs in the weight than
    /// channels are those of a grouped convolution.
    ///
    /// **Exact for linear layers and for convolutions without padding.** Zeros that a convolution pads
    /// with stand for the outputs of this, and after folding for its inputs: at the border, results
    /// then differ by the padded part of `W shift`, unless `-shift / scale` is padded instead of 0.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`] when the weight has no two axes, [`Error::WeightChannels`] when its inputs do
    /// not divide the channels into groups, or its outputs cannot be divided into as many, and
    /// [`Error::Length`] when the bias is not one per output.
    pub fn into_following<T: Real, D: RemoveAxis>(
        &self,
        weight: ArrayView<'_, T, D>,
        layout: WeightLayout,
        bias: Option<ArrayView1<'_, T>>,
    ) -> Result<Folded<T, D>, Error> {
        let [output, input] = layout.axes(weight.ndim())?;
        let (outputs, inputs, channels) =
            (weight.len_of(output), weight.len_of(input), self.scale.len());
        let groups = channels.checked_div(inputs).unwrap_or(0);
        if groups == 0 || groups * inputs != channels || outputs % groups != 0 {
            let (axis, found, expected) = (input.index(), inputs, channels);
            return Err(Error::WeightChannels { axis, found, expected });
        }
        let mut bias = checked(bias, outputs)?;
        let mut weight = weight.to_owned();
        let mut by_output = weight.view_mut().into_dyn();
        for (index, mut weight) in by_output.axis_iter_mut(output).enumerate() {
            let channels = seen_channels(index, outputs / groups, inputs);
            // The output's own axis is gone; only where it was the first, this moves the next.
            let input = Axis(input.index() - usize::from(output.index() < input.index()));
            for (channel, mut weight) in channels.zip(weight.axis_iter_mut(input)) {
                let sum: f64 = weight.iter().map(|&value| value.into()).sum();
                bias[index] += sum * self.shift[channel];
                weight.mapv_inplace(|value| T::of(self.scale[channel] * value.into()));
            }
        }
        Ok(Folded { weight, bias: bias.into_iter().map(T::of).collect() })
    }
}

impl WeightLayout {
    /// The axes of outputs and of inputs.
    fn axes(self, rank: usize) -> Result<[Axis; 2], Error> {
        match self {
            _ if rank < 2 => Err(Error::Rank { rank }),
            Self::OutputFirst => Ok([Axis(0), Axis(1)]),
            Self::OutputLast => Ok([Axis(rank - 1), Axis(rank - 2)]),
        }
    }
}

/// The channels that an output sees, of so many outputs and inputs in a group.
fn seen_channels(output: usize, outputs: usize, inputs: usize) -> Range<usize> {
    let group = output / outputs;
    group * inputs..(group + 1) * inputs
}

/// The bias in `f64`; zeros if there is none.
fn checked<T: Real>(bias: Option<ArrayView1<'_, T>>, outputs: usize) -> Result<Vec<f64>, Error> {
    match bias {
        None => Ok(vec![0.0; outputs]),
        Some(bias) if bias.len() == outputs => Ok(bias.iter().map(|&bias| bias.into()).collect()),
        Some(bias) => Err(Error::Length { list: "bias", found: bias.len(), expected: outputs }),
    }
}
