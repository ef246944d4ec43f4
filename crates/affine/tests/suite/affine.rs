//! The algebra of maps, and the targets that follow them.

use mizumashi_affine::{Affine, BoundingBox, Error, Point};
use proptest::prelude::*;

fn coefficient() -> impl Strategy<Value = f64> {
    -4.0..4.0f64
}

fn map() -> impl Strategy<Value = Affine> {
    prop::array::uniform2(prop::array::uniform3(coefficient())).prop_map(Affine::new)
}

fn point() -> impl Strategy<Value = Point> {
    (-50.0..50.0, -50.0..50.0).prop_map(|(x, y)| Point { x, y })
}

/// Height and width.
fn size() -> impl Strategy<Value = (usize, usize)> {
    (1..60_usize, 1..60_usize)
}

fn bounding_box() -> impl Strategy<Value = BoundingBox> {
    (point(), 0.0..70.0, 0.0..70.0).prop_map(|(low, width, height)| BoundingBox {
        x_min: low.x,
        y_min: low.y,
        x_max: low.x + width,
        y_max: low.y + height,
    })
}

fn whole_image((height, width): (usize, usize)) -> BoundingBox {
    BoundingBox { x_max: width as f64, y_max: height as f64, ..BoundingBox::default() }
}

fn distance(p: Point, q: Point) -> f64 {
    (p.x - q.x).abs().max((p.y - q.y).abs())
}

proptest! {
    #[test]
    fn then_applies_the_first_map_first(first in map(), second in map(), at in point()) {
        let in_turn = second.map(first.map(at));
        prop_assert!(distance(first.then(&second).map(at), in_turn) < 1e-10);
    }

    #[test]
    fn the_inverse_undoes_the_map(map in map(), at in point()) {
        prop_assume!(map.determinant().abs() > 0.1);
        let inverse = map.inverse().unwrap();
        prop_assert!(distance(inverse.map(map.map(at)), at) < 1e-9);
        prop_assert!((inverse.determinant() * map.determinant() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn areas_grow_by_the_determinant(f in map(), g in map(), bounds in bounding_box()) {
        // Products of two determinants below 32, in terms below 2048.
        let both = f.then(&g).determinant();
        prop_assert!((both - f.determinant() * g.determinant()).abs() < 1e-11);

        // Of a map that keeps boxes upright: areas below 16 * 70 * 70, between edges below 500.
        let [[a, _, c], [_, e, f]] = f.rows();
        let upright = Affine::new([[a, 0.0, c], [0.0, e, f]]);
        let expected = upright.determinant().abs() * bounds.area();
        prop_assert!((bounds.mapped(&upright).area() - expected).abs() < 1e-9);
    }

    #[test]
    fn resizing_takes_edges_to_edges_in_one_step_or_two(
        (a, b, c) in (size(), size(), size()), at in point(),
    ) {
        let one = Affine::resize(a, b);
        // Numbers below 60 * 60.
        let in_turn = one.then(&Affine::resize(b, c)).map(at);
        prop_assert!(distance(in_turn, Affine::resize(a, c).map(at)) < 1e-11);
        let inverse = one.inverse().unwrap();
        prop_assert!(distance(inverse.map(at), Affine::resize(b, a).map(at)) < 1e-11);

        let (found, expected) = (whole_image(a).mapped(&one), whole_image(b));
        prop_assert!(found.x_min.abs().max(found.y_min.abs()) < 1e-13);
        let high = |bounds: BoundingBox| Point { x: bounds.x_max, y: bounds.y_max };
        prop_assert!(distance(high(found), high(expected)) < 1e-12);
        prop_assert_eq!(expected.area(), (b.0 * b.1) as f64);
    }

    #[test]
    fn a_clipped_box_holds_what_both_the_box_and_the_image_hold(
        bounds in bounding_box(), (height, width) in size(),
        points in prop::collection::vec(point(), 20),
    ) {
        let holds = |bounds: BoundingBox, at: Point| {
            (bounds.x_min..bounds.x_max).contains(&at.x)
                && (bounds.y_min..bounds.y_max).contains(&at.y)
        };
        let clipped = bounds.clipped(height, width);
        for at in points {
            let expected = holds(bounds, at) && holds(whole_image((height, width)), at);
            prop_assert_eq!(clipped.is_some_and(|clipped| holds(clipped, at)), expected);
        }
        if let Some(clipped) = clipped {
            prop_assert_eq!(clipped.clipped(height, width), Some(clipped));
            prop_assert!(0.0 < clipped.area() && clipped.area() <= bounds.area());
        }
    }

    #[test]
    fn about_moves_the_origin_to_the_center(map in map(), center in point(), at in point()) {
        let there = Affine::translation(-center.x, -center.y);
        let back = Affine::translation(center.x, center.y);
        let in_steps = there.then(&map).then(&back);
        prop_assert!(distance(map.about(center).map(at), in_steps.map(at)) < 1e-9);
    }

    #[test]
    fn translations_are_not_rounded_by_the_center(dx in coefficient(), center in point()) {
        let translation = Affine::translation(dx, -dx);
        prop_assert_eq!(translation.about(center), translation);
    }

    #[test]
    fn rotations_keep_lengths_and_orientation(degrees in -1e4..1e4f64) {
        let rotation = Affine::rotation(degrees);
        prop_assert!((rotation.determinant() - 1.0).abs() < 1e-15);
        let radians = degrees.to_radians();
        let expected = Point { x: radians.cos(), y: radians.sin() };
        let found = rotation.map(Point { x: 1.0, y: 0.0 });
        prop_assert!(distance(found, expected) < 1e-12);
    }

    #[test]
    fn a_mapped_box_holds_every_point_of_the_box(
        map in map(), low in point(), width in 0.0..9.0f64, height in 0.0..9.0f64,
        u in 0.0..=1.0f64, v in 0.0..=1.0f64,
    ) {
        let bounds = BoundingBox {
            x_min: low.x, y_min: low.y, x_max: low.x + width, y_max: low.y + height,
        };
        let inside = Point { x: low.x + u * width - 0.5, y: low.y + v * height - 0.5 };
        let found = map.map(inside);
        let hull = bounds.mapped(&map);
        prop_assert!(hull.x_min - 1e-9 <= found.x + 0.5 && found.x + 0.5 <= hull.x_max + 1e-9);
        prop_assert!(hull.y_min - 1e-9 <= found.y + 0.5 && found.y + 0.5 <= hull.y_max + 1e-9);
    }
}

#[test]
fn quarter_turns_are_exact() {
    let quarter = Affine::new([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]);
    assert_eq!(Affine::rotation(90.0), quarter);
    assert_eq!(Affine::rotation(-270.0), quarter);
    assert_eq!(Affine::rotation(450.0), quarter);
    assert_eq!(Affine::rotation(180.0), Affine::scale(-1.0, -1.0));
    assert_eq!(Affine::rotation(-90.0), quarter.inverse().unwrap());
    assert!(Affine::rotation(-360.0).is_identity());
}

#[test]
fn constructors_move_points_as_they_say() {
    let at = Point { x: 3.0, y: 5.0 };
    let images = [
        (Affine::default(), (3.0, 5.0)),
        (Affine::translation(10.0, 20.0), (13.0, 25.0)),
        (Affine::scale(2.0, 3.0), (6.0, 15.0)),
        (Affine::shear(2.0, 1.0), (13.0, 8.0)),
        (Affine::flip_horizontal(10), (6.0, 5.0)),
        (Affine::flip_vertical(10), (3.0, 4.0)),
        (Affine::resize((8, 4), (16, 4)), (3.0, 10.5)),
    ];
    for (map, (x, y)) in images {
        assert_eq!(map.map(at), Point { x, y }, "{map}");
    }
}

#[test]
fn the_center_of_an_image_stays_where_it_is_under_flips() {
    let center = Point::center_of(6, 9);
    assert_eq!(center, Point { x: 4.0, y: 2.5 });
    assert_eq!(Affine::flip_horizontal(9).then(&Affine::flip_vertical(6)).map(center), center);
}

#[test]
fn maps_without_an_inverse_are_refused() {
    let onto_a_line = Affine::new([[1.0, 2.0, 0.0], [2.0, 4.0, 1.0]]);
    let error = Error::NotInvertible { map: onto_a_line, determinant: 0.0 };
    assert_eq!(onto_a_line.inverse(), Err(error));
    assert!(Affine::scale(1e-200, 1e-200).inverse().is_err());
    assert!(Affine::translation(f64::NAN, 0.0).inverse().is_err());
    assert!(!Affine::translation(0.0, f64::INFINITY).is_finite());
}

#[test]
fn maps_print_as_their_rows() {
    let map = Affine::new([[1.0, 0.5, -2.0], [0.0, 1.25, 3.0]]);
    assert_eq!(map.to_string(), "[[1, 0.5, -2], [0, 1.25, 3]]");
    assert_eq!(format!("{map:.1}"), "[[1.0, 0.5, -2.0], [0.0, 1.2, 3.0]]");
}

#[test]
fn maps_and_targets_survive_serialisation() {
    let map = Affine::rotation(33.0).about(Point { x: 0.1, y: 7.0 });
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, serde_json::to_string(&map.rows()).unwrap());
    assert_eq!(serde_json::from_str::<Affine>(&text).unwrap(), map);

    let bounds = BoundingBox { x_min: 0.5, y_min: 1.0, x_max: 2.0, y_max: 3.0 };
    let text = serde_json::to_string(&bounds).unwrap();
    assert_eq!(text, r#"{"x_min":0.5,"y_min":1.0,"x_max":2.0,"y_max":3.0}"#);
    assert_eq!(serde_json::from_str::<BoundingBox>(&text).unwrap(), bounds);
}

#[test]
fn clipping_keeps_what_lies_in_the_image() {
    let bounds = BoundingBox { x_min: -2.0, y_min: 1.0, x_max: 3.0, y_max: 9.0 };
    let clipped = bounds.clipped(4, 10).unwrap();
    assert_eq!(clipped, BoundingBox { x_min: 0.0, y_min: 1.0, x_max: 3.0, y_max: 4.0 });
    assert_eq!(clipped.area(), 9.0);
    assert_eq!(bounds.clipped(1, 10), None, "it only touches");
    assert_eq!(BoundingBox { x_min: f64::NAN, x_max: f64::NAN, ..bounds }.clipped(4, 0), None);
}
