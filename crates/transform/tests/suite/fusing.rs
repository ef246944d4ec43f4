//! What fusing may change, and what it must not.

use std::iter;

use mizumashi_transform::affine::{
    Affine, AffineParameters, Border, Interpolation, Point, RandomAffine, Shift, Warp,
};
use mizumashi_transform::transforms::{self, BoxBlur};
use mizumashi_transform::{Fidelity, Geometric, ImageShape, Plan, Recipe, SampleKey, Step};
use ndarray::Array3;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::programs::{image, program, run};
use crate::strategies::{flips, linears, shapes, uniform_linears, warps};

/// A resampling with up to three flips and multiply-adds before it and after it.
fn around_a_resampling() -> impl Strategy<Value = (ImageShape, Geometric, Vec<Step<'static>>)> {
    shapes().prop_flat_map(|input| (Just(input), warps(input))).prop_flat_map(|(input, warp)| {
        let output = ImageShape { height: warp.height, width: warp.width, ..input };
        let before = prop_oneof![
            flips(input).prop_map(Step::Geometric),
            uniform_linears(input.channels).prop_map(Step::Linear),
        ];
        let after = prop_oneof![
            flips(output).prop_map(Step::Geometric),
            linears(input.channels).prop_map(Step::Linear),
        ];
        (vec(before, 0..4), vec(after, 0..4)).prop_map(move |(before, after)| {
            (input, warp, [before, vec![Step::Geometric(warp)], after].concat())
        })
    })
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
fn is_near_jump(warp: &Warp, input: ImageShape, row: usize, column: usize) -> bool {
    let place = warp.map.map(Point { x: column as f64, y: row as f64 });
    [(place.x, input.width), (place.y, input.height)].into_iter().any(|(at, side)| {
        let near_multiple = |at: f64, of: f64| (at / of - (at / of).round()).abs() * of < 1e-4;
        let at_tie = warp.interpolation == Interpolation::Nearest && near_multiple(at - 0.5, 1.0);
        let at_edge = near_multiple(at, (side - 1) as f64);
        at_tie || at_edge
    })
}

/// How far apart rounding may carry two ways through one resampling and six multiply-adds.
///
/// What is rounded off is scaled by the steps after it as the greatest value is, so that it counts
/// in units of that value's epsilon: up to 2 for each multiply-add, 9 for the coordinates, which
/// are `f32` numbers below 2, and 11 for the weighted sums.
fn rounding(steps: &[Step<'_>]) -> f32 {
    let greatest = steps.iter().fold(255.0, |greatest: f32, step| match step {
        Step::Linear(linear) => iter::zip(&linear.scale, &linear.shift)
            .map(|(scale, shift)| greatest * scale + shift.abs())
            .fold(0.0, f32::max),
        Step::Geometric(step) => {
            let border = match step.warp.border {
                Border::Constant(value) => value.abs(),
                _ => 0.0,
            };
            // The weights of a cubic sum to 1.375 along an axis, those of a spline to 1.55, where
            // their signs are left out.
            let overshoot = match step.warp.interpolation {
                Interpolation::Nearest | Interpolation::Bilinear => 1.0,
                _ => 2.5,
            };
            overshoot * greatest.max(border)
        }
        _ => unreachable!(),
    });
    32.0 * f32::EPSILON * greatest
}

proptest! {
    #[test]
    fn flips_and_multiply_adds_go_with_the_resampling_among_them(
        (input, warp, steps) in around_a_resampling(),
    ) {
        let (fused, exact, passes) = both(input, &steps);
        prop_assert_eq!(passes, 1);
        let map = Plan::new(input, steps.clone(), Fidelity::Fused).output_to_input();
        let warp = Warp { map, ..warp.warp };
        assert_near(&fused, &exact, rounding(&steps), |row, column| {
            !is_near_jump(&warp, input, row, column)
        })?;
    }

    #[test]
    fn two_multiply_adds_are_one_up_to_rounding(
        (input, first, second) in shapes().prop_flat_map(|input| {
            (Just(input), linears(input.channels), linears(input.channels))
        }),
    ) {
        let steps = [Step::Linear(first), Step::Linear(second)];
        let (fused, exact, passes) = both(input, &steps);
        prop_assert_eq!(passes, 1);
        assert_near(&fused, &exact, rounding(&steps), |_, _| true)?;
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
    fn a_multiply_add_that_differs_by_channel_stops_at_a_constant_border_only(
        (input, linear, warp) in shapes().prop_flat_map(|input| {
            (Just(input), linears(input.channels), warps(input))
        }),
    ) {
        let constant = matches!(warp.warp.border, Border::Constant(_));
        let steps = [Step::Linear(linear), Step::Geometric(warp)];
        let (fused, exact, passes) = both(input, &steps);
        prop_assert_eq!(passes, if constant && input.channels > 1 { 2 } else { 1 });
        assert_near(&fused, &exact, rounding(&steps), |_, _| true)?;
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
