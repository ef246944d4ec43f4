//! What fusing may change, and what it must not.

use std::iter;

use mizumashi_transform::affine::{
    Affine, AffineParameters, Border, Interpolation, RandomAffine, Shift, SplineOrder, Warp,
};
use mizumashi_transform::transforms::{self, BoxBlur, SamplewiseStandardise};
use mizumashi_transform::{
    Fidelity, Geometric, ImageShape, Linear, Plan, Program, Recipe, SampleKey, Scratch, Step,
};
use ndarray::{Array3, ArrayView3, ArrayViewMut3, s};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::strategies::affine_parameters;

const INTERPOLATIONS: [Interpolation; 3] =
    [Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Spline(SplineOrder::Cubic)];

fn borders() -> impl Strategy<Value = Border> {
    prop_oneof![
        (-300.0f32..300.0).prop_map(Border::Constant),
        Just(Border::Nearest),
        Just(Border::Reflect),
        Just(Border::Wrap),
    ]
}

fn shapes() -> impl Strategy<Value = ImageShape> {
    (2usize..20, 2usize..40, 1usize..=5).prop_map(ImageShape::new)
}

/// A rotation, shift, shear and zoom with any flips.
fn parameters() -> impl Strategy<Value = AffineParameters> {
    affine_parameters(-5.0..5.0, -30.0..30.0, 0.5..2.0)
}

/// A resampling of an image of this shape, to any other size.
fn warps(shape: ImageShape) -> impl Strategy<Value = Geometric> {
    let size = (1usize..20, 1usize..40);
    (parameters(), prop::sample::select(&INTERPOLATIONS), borders(), size).prop_map(
        move |(parameters, interpolation, border, (height, width))| Geometric {
            warp: Warp {
                map: parameters.to_affine(shape.height, shape.width),
                interpolation,
                border,
            },
            height,
            width,
        },
    )
}

/// A horizontal flip, a vertical one, or both; with a border that it never shows.
fn flips(shape: ImageShape) -> impl Strategy<Value = Geometric> {
    let across = Affine::flip_horizontal(shape.width);
    let down = Affine::flip_vertical(shape.height);
    (prop::sample::select(vec![across, down, across.then(&down)]), borders()).prop_map(
        move |(map, border)| Geometric {
            warp: Warp { map, interpolation: Interpolation::Bilinear, border },
            height: shape.height,
            width: shape.width,
        },
    )
}

/// Different figures in each channel.
fn linears(channels: usize) -> impl Strategy<Value = Linear> {
    (vec(0.1f32..2.0, channels), vec(-50.0f32..50.0, channels))
        .prop_map(|(scale, shift)| Linear { scale: scale.into(), shift: shift.into() })
}

/// The same figures in all channels.
fn uniform_linears(channels: usize) -> impl Strategy<Value = Linear> {
    (0.1f32..2.0, -50.0f32..50.0).prop_map(move |(scale, shift)| Linear {
        scale: vec![scale; channels].into(),
        shift: vec![shift; channels].into(),
    })
}

/// Any kind of step, with the shape it leaves.
fn steps(shape: ImageShape) -> BoxedStrategy<Step<'static>> {
    prop_oneof![
        3 => warps(shape).prop_map(Step::Geometric),
        2 => flips(shape).prop_map(Step::Geometric),
        2 => linears(shape.channels).prop_map(Step::Linear),
        2 => uniform_linears(shape.channels).prop_map(Step::Linear),
        1 => Just(Step::owned_operation(BoxBlur::new(3).unwrap())),
        1 => Just(Step::owned_operation(SamplewiseStandardise::new())),
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
fn image(shape: ImageShape) -> Array3<u8> {
    Array3::from_shape_fn(shape.dim(), |(row, column, channel)| {
        (row * row * 31 + column * 57 + column * row * 13 + channel * 101) as u8
    })
}

fn program(input: ImageShape, steps: &[Step<'static>], fidelity: Fidelity) -> Program<'static> {
    Plan::new(input, steps.to_vec(), fidelity).fuse().unwrap()
}

fn run(program: &Program<'_>, image: ArrayView3<'_, u8>) -> Array3<f32> {
    let mut output = Array3::from_elem(program.output_shape().dim(), f32::NAN);
    program.run(image, output.view_mut(), &mut Scratch::default()).unwrap();
    output
}

/// Both fidelities, with the number of passes of the fused one.
fn both(input: ImageShape, steps: &[Step<'static>]) -> (Array3<f32>, Array3<f32>, usize) {
    let image = image(input);
    let fused = program(input, steps, Fidelity::Fused);
    let exact = program(input, steps, Fidelity::Exact);
    (run(&fused, image.view()), run(&exact, image.view()), fused.passes())
}

fn assert_near(
    fused: &Array3<f32>,
    exact: &Array3<f32>,
    tolerance: f32,
    compared: impl Fn(usize, usize) -> bool,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(fused.dim(), exact.dim());
    for ((row, column, channel), fused) in fused.indexed_iter() {
        let exact = exact[[row, column, channel]];
        prop_assert!(
            (fused - exact).abs() <= tolerance || !compared(row, column),
            "{} instead of {} at {:?}",
            fused,
            exact,
            (row, column, channel)
        );
    }
    Ok(())
}

/// Whether rounding may carry this output pixel across a jump of the resampling: the edge of a
/// constant border, a seam of `Wrap`, or the middle between two pixels for the nearest one.
fn is_near_jump(step: &Geometric, input: ImageShape, row: usize, column: usize) -> bool {
    let place =
        step.warp.map.map(mizumashi_transform::affine::Point { x: column as f64, y: row as f64 });
    [(place.x, input.width), (place.y, input.height)].into_iter().any(|(at, side)| {
        let near_multiple = |at: f64, of: f64| (at / of - (at / of).round()).abs() * of < 1e-4;
        let at_tie =
            step.warp.interpolation == Interpolation::Nearest && near_multiple(at - 0.5, 1.0);
        let at_edge = near_multiple(at, (side - 1) as f64);
        at_tie || at_edge
    })
}

/// A few times the rounding of 255 scaled by up to 4.
const ROUNDING: f32 = 1e-3;

proptest! {
    #[test]
    fn two_multiply_adds_are_one_up_to_rounding(
        (input, first, second) in shapes().prop_flat_map(|input| {
            (Just(input), linears(input.channels), linears(input.channels))
        }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Linear(first), Step::Linear(second)]);
        prop_assert_eq!(passes, 1);
        assert_near(&fused, &exact, ROUNDING, |_, _| true)?;
    }

    #[test]
    fn a_resampling_does_the_multiply_add_after_it_bit_for_bit(
        (input, warp, linear) in shapes().prop_flat_map(|input| {
            (Just(input), warps(input), linears(input.channels))
        }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Geometric(warp), Step::Linear(linear)]);
        prop_assert_eq!(passes, 1);
        prop_assert_eq!(fused, exact);
    }

    #[test]
    fn a_multiply_add_goes_through_the_resampling_after_it_at_every_border(
        (input, linear, warp) in shapes().prop_flat_map(|input| {
            (Just(input), uniform_linears(input.channels), warps(input))
        }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Linear(linear), Step::Geometric(warp)]);
        prop_assert_eq!(passes, 1);
        assert_near(&fused, &exact, ROUNDING, |_, _| true)?;
    }

    #[test]
    fn a_multiply_add_that_differs_by_channel_stops_at_a_constant_border_only(
        (input, linear, warp) in shapes().prop_flat_map(|input| {
            (Just(input), linears(input.channels), warps(input))
        }),
    ) {
        let constant = matches!(warp.warp.border, Border::Constant(_));
        let (fused, exact, passes) = both(input, &[Step::Linear(linear), Step::Geometric(warp)]);
        prop_assert_eq!(passes, if constant && input.channels > 1 { 2 } else { 1 });
        assert_near(&fused, &exact, ROUNDING, |_, _| true)?;
    }

    #[test]
    fn a_flip_goes_with_the_resampling_after_it(
        (input, flip, warp) in shapes().prop_flat_map(|input| {
            (Just(input), flips(input), warps(input))
        }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Geometric(flip), Step::Geometric(warp)]);
        prop_assert_eq!(passes, 1);
        assert_near(&fused, &exact, ROUNDING, |row, column| !is_near_jump(&warp, input, row, column))?;
    }

    #[test]
    fn a_flip_goes_with_the_resampling_before_it(
        (input, warp, flip) in shapes().prop_flat_map(|input| (Just(input), warps(input)))
            .prop_flat_map(|(input, warp)| {
                let between = ImageShape { height: warp.height, width: warp.width, ..input };
                (Just(input), Just(warp), flips(between))
            }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Geometric(warp), Step::Geometric(flip)]);
        let mirrored = Geometric {
            warp: Warp { map: flip.warp.map.then(&warp.warp.map), ..warp.warp },
            ..warp
        };
        prop_assert_eq!(passes, 1);
        assert_near(&fused, &exact, ROUNDING, |row, column| {
            !is_near_jump(&mirrored, input, row, column)
        })?;
    }

    #[test]
    fn a_flip_goes_through_any_multiply_add(
        (input, linear, flip) in shapes().prop_flat_map(|input| {
            (Just(input), linears(input.channels), flips(input))
        }),
    ) {
        let (fused, exact, passes) = both(input, &[Step::Linear(linear), Step::Geometric(flip)]);
        prop_assert_eq!(passes, 1);
        prop_assert_eq!(fused, exact);
    }

    #[test]
    fn two_resamplings_alike_are_one_by_the_composed_map(
        (input, first, second) in shapes().prop_flat_map(|input| (Just(input), warps(input)))
            .prop_flat_map(|(input, first)| {
                let between = ImageShape { height: first.height, width: first.width, ..input };
                (Just(input), Just(first), warps(between))
            }),
    ) {
        let second = Geometric { warp: Warp { map: second.warp.map, ..first.warp }, ..second };
        let composed = Geometric {
            warp: Warp { map: second.warp.map.then(&first.warp.map), ..first.warp },
            ..second
        };
        let chain = [Step::Geometric(first), Step::Geometric(second)];
        let fused = program(input, &chain, Fidelity::Fused);
        prop_assert_eq!(fused.passes(), 1);

        let source = image(input);
        let mut expected = Array3::<f32>::zeros(fused.output_shape().dim());
        composed.warp.apply(source.view(), expected.view_mut()).unwrap();
        prop_assert_eq!(run(&fused, source.view()), expected);
    }

    #[test]
    fn resamplings_that_differ_in_border_or_interpolation_stay_apart(
        (input, first, second) in shapes().prop_flat_map(|input| (Just(input), warps(input)))
            .prop_flat_map(|(input, first)| {
                let between = ImageShape { height: first.height, width: first.width, ..input };
                (Just(input), Just(first), warps(between))
            }),
    ) {
        let alike = first.warp.border == second.warp.border
            && first.warp.interpolation == second.warp.interpolation;
        prop_assume!(!alike);
        let (fused, exact, passes) = both(input, &[Step::Geometric(first), Step::Geometric(second)]);
        prop_assert_eq!(passes, 2);
        prop_assert_eq!(fused, exact);
    }

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
        prop_assert_eq!(bits(run(&program, planar.view().permuted_axes([1, 2, 0])).view()), bits(expected.view()));
    }
}

fn bits(image: ArrayView3<'_, f32>) -> Array3<u32> {
    image.mapv(f32::to_bits)
}

#[test]
fn fusing_takes_as_few_passes_as_documented() {
    let input = ImageShape::new((8, 6, 3));
    let turn = |degrees, border| {
        let parameters = AffineParameters { rotation: degrees, ..Default::default() };
        let map = parameters.to_affine(8, 6);
        Step::geometric(Warp { map, interpolation: Interpolation::Bilinear, border }, 8, 6)
    };
    let turned = || turn(20.0, Border::Nearest);
    let flipped = || {
        let map = Affine::flip_horizontal(6);
        Step::geometric(Warp { map, ..Default::default() }, 8, 6)
    };
    let scaled = || Step::rescale(0.5, 3.0, 3);
    let coloured = || Step::linear(vec![1.0, 2.0, 3.0].into(), vec![0.0, 1.0, 2.0].into());
    let blurred = || Step::owned_operation(BoxBlur::new(3).unwrap());
    let black = || turn(20.0, Border::Constant(0.0));

    // Flips by their maps, but they leave some of the picture out or add some to it.
    let cropped = || Step::geometric(Warp::default(), 7, 6);
    let extended = |map| Step::geometric(Warp { map, ..Warp::default() }, 8, 7);

    let cases: [(&[Step<'static>], usize); 19] = [
        (&[], 0),
        (&[turn(0.0, Border::Wrap)], 0),
        (&[scaled(), scaled(), scaled()], 1),
        (&[turned(), turned(), turned()], 1),
        (&[scaled(), turned(), coloured(), flipped(), turned(), scaled()], 1),
        (&[blurred(), scaled(), turned(), scaled()], 2),
        (&[turned(), blurred(), turned()], 3),
        (&[turned(), blurred(), scaled(), scaled()], 3),
        (&[turned(), black()], 2),
        (&[turned(), flipped(), black()], 2),
        (&[flipped(), black(), flipped()], 1),
        (&[cropped(), turned()], 1),
        (&[cropped(), black()], 2),
        (&[black(), cropped()], 2),
        (&[black(), extended(Affine::flip_horizontal(6))], 2),
        (&[scaled(), black()], 1),
        (&[coloured(), black()], 2),
        // Outside the first turn is 0 · 0.5 + 3, outside the second 0: two different borders.
        (&[black(), scaled(), black()], 2),
        // Outside both is 3.
        (&[black(), scaled(), turn(20.0, Border::Constant(3.0))], 1),
    ];
    for (index, (steps, passes)) in cases.into_iter().enumerate() {
        assert_eq!(program(input, steps, Fidelity::Fused).passes(), passes, "case {index}");
    }
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
fn what_leaves_the_frame_and_returns_is_kept_by_the_fused_fidelity_alone() {
    let shift = |pixels| {
        let ranges =
            RandomAffine { width_shift: Shift::Choice(vec![pixels]), ..Default::default() };
        transforms::RandomAffine::new(ranges).unwrap().border(Border::Constant(-1.0))
    };
    let source = image(ImageShape::new((3, 8, 1)));
    let opposite = |fidelity| {
        let recipe = Recipe::new().then(shift(4.0)).then(shift(4.0)).fidelity(fidelity);
        (0..).find_map(|index| {
            let plan = recipe.draw(SampleKey { seed: 1, epoch: 0, index }, source.dim()).unwrap();
            plan.output_to_input().is_identity().then(|| plan.apply(source.view()).unwrap())
        })
    };
    let original = source.mapv(f32::from);
    assert_eq!(opposite(Fidelity::Fused).unwrap(), original);
    let exact = opposite(Fidelity::Exact).unwrap();
    assert_eq!(exact.iter().filter(|value| **value == -1.0).count(), 3 * 4);
}
