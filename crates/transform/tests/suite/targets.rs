//! Masks, points and boxes stay on the picture.

use mizumashi_transform::affine::{
    self, Affine, AffineParameters, Border, BoundingBox, Error as AffineError, Interpolation,
    Point, Warp,
};
use mizumashi_transform::transforms::{BoxBlur, Center, RandomAffine};
use mizumashi_transform::{Error, Fidelity, ImageShape, Plan, Recipe, SampleKey, Step};
use ndarray::{Array3, s};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::strategies::affine_parameters;

const SIDE: usize = 64;

/// Maps about the centre that change sizes by at most a quarter, with every flip and turn.
fn parameters() -> impl Strategy<Value = AffineParameters> {
    affine_parameters(-8.0..8.0, -20.0..20.0, 0.8..1.25)
}

/// A map about the centre, or a crop, to another size.
fn geometries() -> impl Strategy<Value = (Affine, usize, usize)> {
    prop_oneof![
        parameters().prop_map(|parameters| (parameters.to_affine(SIDE, SIDE), SIDE, SIDE)),
        (0.0..6.0, 0.0..6.0, 50usize..80, 50usize..80).prop_map(|(x, y, height, width)| (
            Affine::translation(x, y),
            height,
            width
        )),
        (48usize..80, 48usize..80).prop_map(|(height, width)| {
            (Affine::resize((height, width), (SIDE, SIDE)), height, width)
        }),
    ]
}

/// Plans of one to three geometric steps with other steps between them.
fn plans(interpolation: Interpolation, border: Border) -> impl Strategy<Value = Plan<'static>> {
    vec(geometries(), 1..=3).prop_map(move |geometries| {
        let steps = geometries.into_iter().flat_map(|(map, height, width)| {
            let warp = Warp { map, interpolation, border };
            [Step::geometric(warp, height, width), Step::rescale(2.0, 0.0, 1)]
        });
        Plan::new(ImageShape::new((SIDE, SIDE, 1)), steps.collect(), Fidelity::Fused)
    })
}

/// A cone of light around a point, black elsewhere.
fn dot(at: Point) -> Array3<f32> {
    const RADIUS: f64 = 3.0;
    Array3::from_shape_fn((SIDE, SIDE, 1), |(row, column, _)| {
        let distance = (column as f64 - at.x).hypot(row as f64 - at.y);
        (RADIUS - distance).max(0.0) as f32
    })
}

/// The point about which the light of an image balances.
fn centre_of_light(image: &Array3<f32>) -> Point {
    let (mut x, mut y, mut light) = (0.0, 0.0, 0.0);
    for ((row, column, _), &value) in image.indexed_iter() {
        let value = f64::from(value);
        (x, y, light) = (x + value * column as f64, y + value * row as f64, light + value);
    }
    Point { x: x / light, y: y / light }
}

/// Whether a point is further within the output than the radius of the dot can reach.
fn well_inside(plan: &Plan<'_>, point: Point) -> bool {
    let output = plan.output_shape().unwrap();
    let inside = |at: f64, side: usize| at > 8.0 && at < side as f64 - 9.0;
    inside(point.x, output.width) && inside(point.y, output.height)
}

proptest! {
    #[test]
    fn turns_shears_and_zooms_leave_their_centre_where_it_is(
        (height, width) in (1usize..60, 1usize..60),
        seed: u64,
    ) {
        let ranges = affine::RandomAffine {
            rotation: 180.0,
            shear: 40.0,
            height_zoom: (0.5, 2.0),
            width_zoom: (0.5, 2.0),
            ..Default::default()
        };
        for (center, beyond_half) in [(Center::Image, -0.5), (Center::Keras, 0.5)] {
            let transform = RandomAffine::new(ranges.clone()).unwrap().center(center);
            let recipe = Recipe::new().then(transform);
            let key = SampleKey { seed, epoch: 0, index: 0 };
            let plan = recipe.draw(key, (height, width, 1)).unwrap();
            let centre = Point {
                x: width as f64 / 2.0 + beyond_half,
                y: height as f64 / 2.0 + beyond_half,
            };
            let seen = plan.output_to_input().map(centre);
            // A few roundings of products below 200.
            let distance = (seen.x - centre.x).hypot(seen.y - centre.y);
            prop_assert!(distance < 1e-12, "{:?} instead of {:?}", seen, centre);
        }
    }

    #[test]
    fn points_follow_a_bright_dot(
        plan in plans(Interpolation::Bilinear, Border::Constant(0.0)),
        (x, y) in (8.0..55.0, 8.0..55.0),
    ) {
        let point = Point { x, y };
        let moved = plan.map_points(&[point]).unwrap()[0];
        prop_assume!(well_inside(&plan, moved));
        let seen = centre_of_light(&plan.apply(dot(point).view()).unwrap());
        let distance = (seen.x - moved.x).hypot(seen.y - moved.y);
        prop_assert!(distance < 0.1, "{:?} is said to be at {:?}", seen, moved);
    }

    #[test]
    fn boxes_follow_a_bright_rectangle(
        plan in plans(Interpolation::Bilinear, Border::Constant(0.0)),
        (left, top, width, height) in (8usize..40, 8usize..40, 2usize..16, 2usize..16),
    ) {
        let mut image = Array3::zeros((SIDE, SIDE, 1));
        image.slice_mut(s![top..top + height, left..left + width, ..]).fill(1.0f32);
        let bounds = BoundingBox {
            x_min: left as f64,
            y_min: top as f64,
            x_max: (left + width) as f64,
            y_max: (top + height) as f64,
        };
        let moved = plan.map_boxes(&[bounds]).unwrap()[0];
        let output = plan.apply(image.view()).unwrap();
        // What is more than half as bright as the rectangle has its centre within it.
        let brightness = 2.0f32.powi(plan.steps().len() as i32 / 2);
        for ((row, column, _), &value) in output.indexed_iter() {
            if value > 0.501 * brightness {
                let moved = moved.expect("some of the rectangle is in the picture");
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                let inside = x > moved.x_min - 1e-3
                    && x < moved.x_max + 1e-3
                    && y > moved.y_min - 1e-3
                    && y < moved.y_max + 1e-3;
                prop_assert!(inside, "light at ({}, {}) outside {:?}", x, y, moved);
            }
        }
    }

    #[test]
    fn a_mask_equals_an_image_of_its_labels_taken_by_nearest_neighbour(
        plan in plans(Interpolation::Nearest, Border::Constant(77.0)),
    ) {
        let labels = Array3::from_shape_fn((SIDE, SIDE, 1), |(row, column, _)| {
            (1 + row * 5 + column * 3) as u8
        });
        let unscaled = Plan::new(
            plan.input_shape(),
            plan.steps().iter().filter(|step| matches!(step, Step::Geometric(_))).cloned().collect(),
            Fidelity::Fused,
        );
        let expected = unscaled.apply(labels.view()).unwrap();
        let mask = plan.apply_mask(labels.view(), 77).unwrap();
        prop_assert_eq!(mask.dim(), expected.dim());
        let map = plan.output_to_input();
        for ((row, column, _), &label) in mask.indexed_iter() {
            let place = map.map(Point { x: column as f64, y: row as f64 });
            let near_tie = |at: f64| (at - at.floor() - 0.5).abs() < 1e-4;
            // In the half pixel around the outermost centres the border has begun in the image.
            let on_rim = |at: f64| {
                (-0.51..1e-4).contains(&at) || (SIDE as f64 - 1.0001..SIDE as f64 - 0.49).contains(&at)
            };
            if ![place.x, place.y].iter().any(|&at| near_tie(at) || on_rim(at)) {
                prop_assert_eq!(f32::from(label), expected[[row, column, 0]]);
            }
        }
    }

    #[test]
    fn targets_do_not_depend_on_the_fidelity(
        plan in plans(Interpolation::Bilinear, Border::Reflect),
    ) {
        let exact = Plan::new(plan.input_shape(), plan.steps().to_vec(), Fidelity::Exact);
        let mask = Array3::from_shape_fn((SIDE, SIDE, 2), |(row, column, _)| (row ^ column) as u8);
        prop_assert_eq!(exact.output_to_input(), plan.output_to_input());
        prop_assert_eq!(
            exact.apply_mask(mask.view(), 0).unwrap(),
            plan.apply_mask(mask.view(), 0).unwrap()
        );
    }
}

#[test]
fn steps_on_values_leave_targets_alone() {
    let steps = vec![Step::rescale(0.0, 1.0, 3), Step::owned_operation(BoxBlur::new(3).unwrap())];
    let plan = Plan::new(ImageShape::new((4, 6, 3)), steps, Fidelity::Fused);
    let mask = Array3::from_shape_fn((4, 6, 1), |(row, column, _)| (row * 6 + column) as u8);
    let (point, bounds) = (Point { x: 1.25, y: 3.5 }, rectangle(0.0, 1.0, 6.0, 4.0));
    assert_eq!(plan.apply_mask(mask.view(), 255).unwrap(), mask);
    assert_eq!(plan.map_points(&[point]).unwrap(), [point]);
    assert_eq!(plan.map_boxes(&[bounds]).unwrap(), [Some(bounds)]);
}

#[test]
fn a_flip_moves_every_target_exactly() {
    let plan = plan((4, 6), Affine::flip_horizontal(6), (4, 6));
    let mask = Array3::from_shape_fn((4, 6, 1), |(row, column, _)| (row * 6 + column) as u8);
    assert_eq!(plan.apply_mask(mask.view(), 255).unwrap(), mask.slice(s![.., ..;-1, ..]));
    assert_eq!(plan.map_points(&[Point { x: 0.0, y: 1.0 }]).unwrap(), [Point { x: 5.0, y: 1.0 }]);
    let moved = plan.map_boxes(&[rectangle(0.0, 1.0, 2.0, 3.0)]).unwrap();
    assert_eq!(moved, [Some(rectangle(4.0, 1.0, 6.0, 3.0))]);
}

#[test]
fn the_outermost_pixels_of_a_mask_are_seen_to_their_outer_edges() {
    let mask = Array3::from_shape_fn((3, 3, 1), |(row, column, _)| (1 + row * 3 + column) as u8);

    let doubled = plan((3, 3), Affine::resize((6, 6), (3, 3)), (6, 6));
    let expected =
        Array3::from_shape_fn((6, 6, 1), |(row, column, _)| mask[[row / 2, column / 2, 0]]);
    assert_eq!(doubled.apply_mask(mask.view(), 0).unwrap(), expected);

    let slightly = AffineParameters { rotation: 0.1, ..Default::default() }.to_affine(3, 3);
    assert_eq!(plan((3, 3), slightly, (3, 3)).apply_mask(mask.view(), 0).unwrap(), mask);

    let beyond = plan((3, 3), Affine::translation(-0.75, 0.0), (3, 4));
    let moved = beyond.apply_mask(mask.view(), 9).unwrap();
    assert_eq!(moved.slice(s![0, .., 0]).to_vec(), [9, 1, 2, 3]);
}

#[test]
fn a_box_that_leaves_the_picture_is_none_and_keeps_its_place() {
    // Columns 5 to 9, and a column of border on the right.
    let plan = plan((10, 10), Affine::translation(5.0, 0.0), (9, 6));
    let cases = [
        (rectangle(0.0, 0.0, 5.0, 10.0), None),
        (rectangle(-3.0, 0.0, 0.0, 1.0), None),
        (rectangle(4.0, 2.0, 7.0, 4.0), Some(rectangle(0.0, 2.0, 2.0, 4.0))),
        (rectangle(6.0, 2.0, 8.0, 4.0), Some(rectangle(1.0, 2.0, 3.0, 4.0))),
        (rectangle(8.0, 5.0, 15.0, 10.0), Some(rectangle(3.0, 5.0, 6.0, 9.0))),
        (rectangle(8.0, 9.0, 10.0, 10.0), None),
        (rectangle(11.0, 2.0, 12.0, 4.0), None),
    ];
    let moved = plan.map_boxes(&cases.map(|(before, _)| before)).unwrap();
    assert_eq!(moved, cases.map(|(_, after)| after));
}

#[test]
fn a_flattened_picture_has_no_place_for_points() {
    let plan = plan((4, 4), Affine::scale(0.0, 1.0), (4, 4));
    let not_invertible = |error| matches!(error, Error::Affine(AffineError::NotInvertible { .. }));
    assert!(not_invertible(plan.map_points(&[Point::default()]).unwrap_err()));
    assert!(not_invertible(plan.map_boxes(&[rectangle(0.0, 0.0, 1.0, 1.0)]).unwrap_err()));
}

#[test]
fn a_recipe_of_this_crate_moves_the_targets_of_every_sample() {
    let recipe = Recipe::new()
        .then(RandomAffine::rotation(40.0).unwrap().border(Border::Constant(0.0)))
        .then(RandomAffine::flip(true, true).border(Border::Constant(0.0)));
    let point = Point { x: 40.0, y: 25.0 };
    let image = dot(point);
    for index in 0..50 {
        let plan = recipe.draw(SampleKey { seed: 8, epoch: 0, index }, image.dim()).unwrap();
        let moved = plan.map_points(&[point]).unwrap()[0];
        let seen = centre_of_light(&plan.apply(image.view()).unwrap());
        assert!((seen.x - moved.x).hypot(seen.y - moved.y) < 0.1, "{seen:?} {moved:?}");
    }
}

fn plan(input: (usize, usize), map: Affine, output: (usize, usize)) -> Plan<'static> {
    let warp = Warp { map, ..Default::default() };
    let steps = vec![Step::geometric(warp, output.0, output.1)];
    Plan::new(ImageShape::new((input.0, input.1, 1)), steps, Fidelity::Fused)
}

fn rectangle(x_min: f64, y_min: f64, x_max: f64, y_max: f64) -> BoundingBox {
    BoundingBox { x_min, y_min, x_max, y_max }
}
