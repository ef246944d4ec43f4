//! Programs: a plan after fusing, and the pass over the pixels.

use std::borrow::Cow;

use mizumashi_affine::{Affine, Border, Interpolation, PixelValue, Warp};
use ndarray::{ArrayView3, ArrayViewMut3, Axis};

use crate::{Error, Fidelity, Geometric, ImageShape, Linear, Operation, Step};

/// A plan whose steps are merged into as few passes over the pixels as possible.
///
/// Steps are merged as they are pushed, with the same result up to rounding save for the first
/// rule, whose effect [`Fidelity::Fused`] describes:
/// - two resamplings with the same border and interpolation become one map; a flip goes with any
///   resampling, since it needs neither (of two equally near pixels, though, a nearest-neighbour
///   resampling after a flip takes the other one);
/// - two multiply-adds become one;
/// - a multiply-add is done by the resampling before it, on the interpolated value;
/// - a multiply-add before a resampling changes places with it, which linear interpolation
///   allows; a constant border is moved through it where all channels agree on the constant;
/// - an operation is a wall.
///
/// With [`Fidelity::Exact`] nothing is merged.
#[derive(Debug, Clone, Default)]
pub struct Program<'r> {
    input: ImageShape,
    output: ImageShape,
    fidelity: Fidelity,
    passes: Vec<Pass<'r>>,
}

#[derive(Debug, Clone)]
enum Pass<'r> {
    Warp { from: ImageShape, step: Geometric, linear: Option<Linear> },
    Linear(Linear),
    Operation(Cow<'r, dyn Operation + 'static>),
}

/// Memory for [`Program::run`], kept between samples so that none is allocated for each.
#[derive(Debug, Default)]
pub struct Scratch {
    images: [Vec<f32>; 2],
    operation: Vec<f32>,
}

impl<'r> Program<'r> {
    /// A program that copies images of the shape `input`.
    pub fn new(input: ImageShape, fidelity: Fidelity) -> Self {
        Self { input, output: input, fidelity, passes: Vec::new() }
    }

    /// Empties the program for another image, keeping its memory.
    pub fn restart(&mut self, input: ImageShape, fidelity: Fidelity) {
        self.passes.clear();
        (self.input, self.output, self.fidelity) = (input, input, fidelity);
    }

    /// The shape of the images it makes.
    pub fn output_shape(&self) -> ImageShape {
        self.output
    }

    /// How many passes over the pixels it takes; 0 where it only copies the image.
    pub fn passes(&self) -> usize {
        self.passes.len()
    }

    /// Appends a step, merged with those before it by the rules above.
    ///
    /// # Errors
    /// What [`Step::output_shape`] reports; the program is then as before.
    pub fn push(&mut self, step: Step<'r>) -> Result<(), Error> {
        let from = self.output;
        self.output = step.output_shape(from)?;
        match step {
            Step::Geometric(step) => self.push_geometric(from, step),
            Step::Linear(linear) => self.push_linear(linear),
            Step::Operation(operation) => self.passes.push(Pass::Operation(operation)),
        }
        Ok(())
    }

    fn push_geometric(&mut self, from: ImageShape, next: Geometric) {
        if next.warp.map.is_identity() && (next.height, next.width) == (from.height, from.width) {
            return;
        }
        if self.fidelity == Fidelity::Fused {
            match self.passes.last_mut() {
                Some(Pass::Warp { from: original, step, linear }) => {
                    let moved = match linear {
                        Some(linear) => before_linear(from, next, linear),
                        None => Some(next),
                    };
                    if let Some(merged) = moved.and_then(|next| merge(*original, *step, next)) {
                        *step = merged;
                        return;
                    }
                }
                Some(Pass::Linear(linear)) => {
                    if let Some(moved) = before_linear(from, next, linear) {
                        let linear = linear.clone();
                        self.passes.pop();
                        self.push_geometric(from, moved);
                        self.push_linear(linear);
                        return;
                    }
                }
                _ => {}
            }
        }
        self.passes.push(Pass::Warp { from, step: next, linear: None });
    }

    fn push_linear(&mut self, next: Linear) {
        if self.fidelity == Fidelity::Fused {
            match self.passes.last_mut() {
                Some(Pass::Warp { linear: Some(linear), .. } | Pass::Linear(linear)) => {
                    *linear = linear.then(&next);
                    return;
                }
                Some(Pass::Warp { linear, .. }) => {
                    *linear = Some(next);
                    return;
                }
                _ => {}
            }
        }
        self.passes.push(Pass::Linear(next));
    }

    /// Runs the program from `source` into `output`, both indexed (height, width, channels) and
    /// of any strides. Only the last resampling and what follows it touch `output`.
    ///
    /// # Errors
    /// [`Error::Shape`] when an array has another shape than the program was made for, and what
    /// an operation reports.
    pub fn run<P: PixelValue>(
        &self,
        source: ArrayView3<'_, P>,
        mut output: ArrayViewMut3<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        check_shape("image", self.input, ImageShape::new(source.dim()))?;
        check_shape("output", self.output, ImageShape::new(output.dim()))?;

        let Scratch { images: [front, back], operation: buffer } = scratch;
        let (mut front, mut back) = (front, back);
        let mut resamplings =
            self.passes.iter().filter(|pass| matches!(pass, Pass::Warp { .. })).count();
        let mut shape = self.input;
        let mut place = Place::Source;

        for pass in &self.passes {
            match pass {
                Pass::Warp { step, linear, .. } => {
                    resamplings -= 1;
                    let next = ImageShape { height: step.height, width: step.width, ..shape };
                    let target =
                        if resamplings == 0 { output.view_mut() } else { image_in(back, next)? };
                    if place == Place::Source {
                        resample(&step.warp, linear.as_ref(), source, target)?;
                    } else {
                        let current = image_in(front, shape)?;
                        resample(&step.warp, linear.as_ref(), current.view(), target)?;
                    }
                    std::mem::swap(&mut front, &mut back);
                    place = if resamplings == 0 { Place::Output } else { Place::Front };
                    shape = next;
                }
                Pass::Linear(_) | Pass::Operation(_) => {
                    let mut current =
                        if resamplings == 0 { output.view_mut() } else { image_in(front, shape)? };
                    let linear = match pass {
                        Pass::Linear(linear) => Some(linear),
                        _ => None,
                    };
                    if place == Place::Source {
                        resample(&COPY, linear, source, current.view_mut())?;
                        place = if resamplings == 0 { Place::Output } else { Place::Front };
                    } else if let Some(linear) = linear {
                        multiply_add(current.view_mut(), linear);
                    }
                    if let Pass::Operation(operation) = pass {
                        operation.apply(current, buffer)?;
                    }
                }
            }
        }
        if place == Place::Source {
            resample(&COPY, None, source, output)?;
        }
        Ok(())
    }
}

/// Where the image is between two passes.
#[derive(PartialEq)]
enum Place {
    Source,
    Front,
    Output,
}

const COPY: Warp =
    Warp { map: Affine::IDENTITY, interpolation: Interpolation::Nearest, border: Border::Nearest };

/// The one resampling that equals `first` (of an image of the shape `from`) and then `next`.
fn merge(from: ImageShape, first: Geometric, next: Geometric) -> Option<Geometric> {
    let between = ImageShape { height: first.height, width: first.width, ..from };
    let settings = if is_flip(from, &first) {
        next.warp
    } else if is_flip(between, &next) || same_settings(&first.warp, &next.warp) {
        first.warp
    } else {
        return None;
    };
    let warp = Warp { map: next.warp.map.then(&first.warp.map), ..settings };
    Some(Geometric { warp, ..next })
}

fn same_settings(a: &Warp, b: &Warp) -> bool {
    a.border == b.border && a.interpolation == b.interpolation
}

/// Whether a step only reorders the pixels of an image of the shape `from`.
fn is_flip(from: ImageShape, step: &Geometric) -> bool {
    let across = Affine::flip_horizontal(from.width);
    let down = Affine::flip_vertical(from.height);
    (step.height, step.width) == (from.height, from.width)
        && [Affine::IDENTITY, across, down, across.then(&down)].contains(&step.warp.map)
}

/// `step`, of an image of the shape `from`, as it must be to run before `linear` instead of after
/// it, if it can.
fn before_linear(from: ImageShape, step: Geometric, linear: &Linear) -> Option<Geometric> {
    let border = match step.warp.border {
        Border::Constant(value) if !is_flip(from, &step) => {
            Border::Constant(linear.preimage(value)?)
        }
        unchanged => unchanged,
    };
    Some(Geometric { warp: Warp { border, ..step.warp }, ..step })
}

fn resample<P: PixelValue>(
    warp: &Warp,
    linear: Option<&Linear>,
    source: ArrayView3<'_, P>,
    target: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    match linear {
        Some(linear) => warp.apply_scaled(source, target, &linear.scale, &linear.shift)?,
        None => warp.apply(source, target)?,
    }
    Ok(())
}

/// `value * scale[c] + shift[c]` in place, in the order of the memory.
fn multiply_add(mut image: ArrayViewMut3<'_, f32>, linear: &Linear) {
    let channels = linear.scale.len();
    if let Some(values) = image.as_slice_mut() {
        for pixel in values.chunks_exact_mut(channels) {
            for (value, (scale, shift)) in
                pixel.iter_mut().zip(linear.scale.iter().zip(&linear.shift))
            {
                *value = *value * scale + shift;
            }
        }
    } else {
        for (mut plane, (scale, shift)) in
            image.axis_iter_mut(Axis(2)).zip(linear.scale.iter().zip(&linear.shift))
        {
            plane.map_inplace(|value| *value = *value * scale + shift);
        }
    }
}

/// A view of the first values of `buffer` as an image, growing it where it is too small.
#[allow(clippy::expect_used)] // the slice has just the length of the shape
fn image_in(buffer: &mut Vec<f32>, shape: ImageShape) -> Result<ArrayViewMut3<'_, f32>, Error> {
    let len = shape.height * shape.width * shape.channels;
    if let Some(more) = len.checked_sub(buffer.len()) {
        buffer.try_reserve_exact(more).map_err(|_| Error::TooLarge { shape })?;
        buffer.resize(len, 0.0);
    }
    let image = ArrayViewMut3::from_shape(shape.dim(), &mut buffer[..len]);
    Ok(image.expect("a slice of the right length"))
}

pub(crate) fn check_shape(
    what: &'static str,
    expected: ImageShape,
    found: ImageShape,
) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Shape { what, expected, found }) }
}
