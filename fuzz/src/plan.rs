//! Plans in JSON.

use mizumashi::affine::{BoundingBox, Point};
use mizumashi::transform::Plan;

use crate::{images, stored};

/// All of it is the file.
pub fn run(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    let read = stored::read::<Plan<'static>>(json).is_some();
    let Ok(plan) = Plan::from_json(json) else { return };
    assert!(read, "both ways in agree");
    let output = plan.output_shape().expect("a plan that was read has a shape");
    plan.fuse().expect("a plan that was read fuses");
    let bounds = BoundingBox { x_min: 0.0, y_min: 1.0, x_max: 4.0, y_max: 3.0 };
    if let Ok(boxes) = plan.map_boxes(&[bounds]) {
        assert_eq!(boxes.len(), 1);
    }
    if let Ok(points) = plan.map_points(&[Point { x: 1.0, y: -2.0 }]) {
        assert_eq!(points.len(), 1);
    }
    if images::is_small(&plan) {
        let image = images::bytes(plan.input_shape().dim(), 1);
        if let Ok(made) = plan.apply(image.view()) {
            assert_eq!(made.dim(), output.dim());
        }
        let _ = plan.apply_mask(image.view(), 3);
    }
}
