//! What a program does with any chain of steps, whatever the memory looks like.

use std::iter;

use mizumashi_transform::transforms::{
    BoxBlur, BrightnessRule, RandomChannelShift, SamplewiseStandardise, Stretch,
};
use mizumashi_transform::{Fidelity, ImageShape, Plan, Program, Scratch, Step};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, array, s};
use proptest::prelude::*;

use crate::strategies::{flips, linears, shapes, stretches, uniform_linears, warps};

/// Every operation of this crate.
fn operations(channels: usize) -> impl Strategy<Value = Step<'static>> {
    prop_oneof![
        Just(Step::owned_operation(BoxBlur::new(3).unwrap())),
        Just(Step::owned_operation(SamplewiseStandardise::new())),
        stretches().prop_map(Step::owned_operation),
        (-90.0f32..90.0).prop_map(RandomChannelShift::step),
        (0.0f32..3.0).prop_map(move |factor| BrightnessRule::Pil.step(factor, channels)),
    ]
}

/// Any kind of step, with the shape it leaves.
fn steps(shape: ImageShape) -> BoxedStrategy<Step<'static>> {
    prop_oneof![
        3 => warps(shape).prop_map(Step::Geometric),
        2 => flips(shape).prop_map(Step::Geometric),
        2 => linears(shape.channels).prop_map(Step::Linear),
        2 => uniform_linears(shape.channels).prop_map(Step::Linear),
        4 => operations(shape.channels),
    ]
    .boxed()
}

/// Chains of up to `length` steps of any kind.
fn chains(length: usize) -> impl Strategy<Value = (ImageShape, Vec<Step<'static>>)> {
    shapes().prop_flat_map(move |input| {
        let start = (input, Vec::new());
        (0..=length)
            .prop_flat_map(move |length| {
                iter::repeat_n((), length).fold(Just(start.clone()).boxed(), |chain, ()| {
                    chain
                        .prop_flat_map(move |(shape, chain): (ImageShape, Vec<Step<'static>>)| {
                            steps(shape).prop_map(move |step| {
                                let shape = step.output_shape(shape).unwrap();
                                (shape, [chain.clone(), vec![step]].concat())
                            })
                        })
                        .boxed()
                })
            })
            .prop_map(move |(_, chain)| (input, chain))
    })
}

/// Pixels from 0 to 255 with plenty of contrast.
pub(crate) fn image(shape: ImageShape) -> Array3<u8> {
    Array3::from_shape_fn(shape.dim(), |(row, column, channel)| {
        (row * row * 31 + column * 57 + column * row * 13 + channel * 101) as u8
    })
}

pub(crate) fn program(
    input: ImageShape,
    steps: &[Step<'static>],
    fidelity: Fidelity,
) -> Program<'static> {
    Plan::new(input, steps.to_vec(), fidelity).fuse().unwrap()
}

pub(crate) fn run(program: &Program<'_>, image: ArrayView3<'_, u8>) -> Array3<f32> {
    let mut output = Array3::from_elem(program.output_shape().dim(), f32::NAN);
    program.run(image, output.view_mut(), &mut Scratch::default()).unwrap();
    output
}

proptest! {
    #[test]
    fn the_exact_fidelity_runs_every_step_alone((input, chain) in chains(6)) {
        let mut expected = image(input).mapv(f32::from);
        for step in &chain {
            expected = match step {
                Step::Geometric(step) => {
                    let channels = expected.dim().2;
                    let mut warped = Array3::zeros((step.height, step.width, channels));
                    step.warp.apply(expected.view(), warped.view_mut()).unwrap();
                    warped
                }
                Step::Linear(linear) => Array3::from_shape_fn(expected.dim(), |at| {
                    expected[at] * linear.scale[at.2] + linear.shift[at.2]
                }),
                Step::Operation(operation) => {
                    operation.apply(expected.view_mut(), &mut Vec::new()).unwrap();
                    expected
                }
                _ => unreachable!(),
            };
        }
        let exact = program(input, &chain, Fidelity::Exact);
        prop_assert_eq!(run(&exact, image(input).view()), expected);
    }

    #[test]
    fn a_restarted_program_equals_a_fresh_one(
        (before, first) in chains(6),
        (input, second) in chains(6),
        fidelity in prop::sample::select(&[Fidelity::Fused, Fidelity::Exact]),
    ) {
        let mut scratch = Scratch::default();
        let mut reused = program(before, &first, Fidelity::Fused);
        let mut output = Array3::zeros(reused.output_shape().dim());
        reused.run(image(before).view(), output.view_mut(), &mut scratch).unwrap();

        reused.restart(input, fidelity);
        second.iter().for_each(|step| reused.push(step.clone()).unwrap());
        let fresh = program(input, &second, fidelity);
        prop_assert_eq!(reused.passes(), fresh.passes());
        let mut output = Array3::from_elem(reused.output_shape().dim(), f32::NAN);
        reused.run(image(input).view(), output.view_mut(), &mut scratch).unwrap();
        prop_assert_eq!(output, run(&fresh, image(input).view()));
    }

    #[test]
    fn outputs_and_sources_of_any_strides_hold_the_same_bits(
        (input, chain) in chains(6),
        fidelity in prop::sample::select(&[Fidelity::Fused, Fidelity::Exact]),
    ) {
        let program = program(input, &chain, fidelity);
        let source = image(input);
        let expected = run(&program, source.view());
        let (height, width, channels) = expected.dim();

        // A slot of an NCHW batch.
        let mut planes = Array3::from_elem((channels, height, width), f32::NAN);
        let slot = planes.view_mut().permuted_axes([1, 2, 0]);
        program.run(source.view(), slot, &mut Scratch::default()).unwrap();
        prop_assert_eq!(bits(planes.view().permuted_axes([1, 2, 0])), bits(expected.view()));

        // Gaps between the pixels, and axes that run backwards.
        let mut sparse = Array3::from_elem((2 * height, 3 * width, channels), f32::NAN);
        let slot: ArrayViewMut3<f32> = sparse.slice_mut(s![..;-2, ..;3, ..;-1]);
        program.run(source.view(), slot, &mut Scratch::default()).unwrap();
        prop_assert_eq!(bits(sparse.slice(s![..;-2, ..;3, ..;-1])), bits(expected.view()));

        // A planar source.
        let mut planar = Array3::zeros((input.channels, input.height, input.width));
        planar.view_mut().permuted_axes([1, 2, 0]).assign(&source);
        let found = run(&program, planar.view().permuted_axes([1, 2, 0]));
        prop_assert_eq!(bits(found.view()), bits(expected.view()));
    }
}

fn bits(image: ArrayView3<'_, f32>) -> Array3<u32> {
    image.mapv(f32::to_bits)
}

#[test]
fn a_step_that_is_refused_leaves_the_program_as_it_was() {
    let input = ImageShape::new((4, 4, 3));
    let mut program = Program::new(input, Fidelity::Fused);
    program.push(Step::rescale(2.0, 0.0, 3)).unwrap();
    program.push(Step::rescale(2.0, 0.0, 1)).unwrap_err();
    assert_eq!((program.passes(), program.output_shape()), (1, input));
}

#[test]
fn zeros_of_either_sign_do_not_let_the_layout_of_the_memory_show() {
    let image = array![[[1.0_f32, 0.0]], [[-0.0, 2.0]]];
    let stretch = Step::owned_operation(Stretch::new(-0.0, 1.0).unwrap());
    for step in [RandomChannelShift::step(-5.0), stretch] {
        let program = program(ImageShape::new(image.dim()), &[step], Fidelity::Fused);
        let mut pixels = Array3::zeros(image.dim());
        program.run(image.view(), pixels.view_mut(), &mut Scratch::default()).unwrap();
        let mut planes = Array3::zeros((2, 2, 1));
        let slot = planes.view_mut().permuted_axes([1, 2, 0]);
        program.run(image.view(), slot, &mut Scratch::default()).unwrap();
        assert_eq!(bits(planes.view().permuted_axes([1, 2, 0])), bits(pixels.view()));
    }
}
