/// A flat figure. Coordinates are x to the right and y down; the picture spans about -1 to 1.
#[derive(Debug)]
pub(super) enum Shape {
    /// An ellipse with axes along x and y.
    Ellipse { centre: [f32; 2], radii: [f32; 2] },
    /// A simple polygon, its corners in order.
    Polygon(&'static [[f32; 2]]),
    /// What two figures share.
    Both(&'static Shape, &'static Shape),
    /// The first figure without the second.
    Without(&'static Shape, &'static Shape),
}

impl Shape {
    /// A disc around the origin.
    pub(super) const fn disc(radius: f32) -> Self {
        Self::Ellipse { centre: [0.0; 2], radii: [radius; 2] }
    }

    /// The signed distance from a point to the outline, negative inside. It is exact for polygons
    /// and discs and close, near the outline, for the rest.
    pub(super) fn distance(&self, point: [f32; 2]) -> f32 {
        match self {
            Self::Ellipse { centre, radii } => ellipse_distance(*centre, *radii, point),
            Self::Polygon(corners) => polygon_distance(corners, point),
            Self::Both(a, b) => a.distance(point).max(b.distance(point)),
            Self::Without(a, b) => a.distance(point).max(-b.distance(point)),
        }
    }
}

/// First-order distance: the implicit function over the length of its gradient.
fn ellipse_distance(centre: [f32; 2], radii: [f32; 2], point: [f32; 2]) -> f32 {
    let (x, y) = ((point[0] - centre[0]) / radii[0], (point[1] - centre[1]) / radii[1]);
    let level = (x * x + y * y).sqrt();
    let (gx, gy) = (x / radii[0], y / radii[1]);
    let gradient = (gx * gx + gy * gy).sqrt();
    if gradient > 0.0 { level * (level - 1.0) / gradient } else { -radii[0].min(radii[1]) }
}

/// Distance to the nearest edge; the sign from the number of edges that a ray crosses.
fn polygon_distance(corners: &[[f32; 2]], [x, y]: [f32; 2]) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let ends = corners.iter().cycle().skip(1);
    for (&[x0, y0], &[x1, y1]) in corners.iter().zip(ends) {
        let (ex, ey) = (x1 - x0, y1 - y0);
        let (px, py) = (x - x0, y - y0);
        let along = ((px * ex + py * ey) / (ex * ex + ey * ey)).clamp(0.0, 1.0);
        let (dx, dy) = (px - along * ex, py - along * ey);
        nearest = nearest.min(dx * dx + dy * dy);
        if (y0 > y) != (y1 > y) && x < x0 + (y - y0) / ey * ex {
            inside = !inside;
        }
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    const LEFT: Shape = Shape::Polygon(&[[-2.0, -1.0], [0.0, -1.0], [0.0, 1.0], [-2.0, 1.0]]);
    const DISC: Shape = Shape::disc(1.0);

    #[track_caller]
    fn check(shape: &Shape, point: [f32; 2], expected: f32) {
        let found = shape.distance(point);
        assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
    }

    #[test]
    fn distances_to_a_polygon_are_exact() {
        check(&LEFT, [-1.0, 0.0], -1.0);
        check(&LEFT, [-0.25, 0.5], -0.25);
        check(&LEFT, [3.0, 0.0], 3.0);
        check(&LEFT, [3.0, 5.0], 5.0);
        check(&LEFT, [-2.0, -1.0], 0.0);
    }

    #[test]
    fn distances_to_a_disc_are_exact() {
        check(&DISC, [0.0, 0.0], -1.0);
        check(&DISC, [0.3, 0.4], -0.5);
        check(&DISC, [0.0, -3.0], 2.0);
    }

    #[test]
    fn distances_to_an_ellipse_are_exact_on_its_axes_and_outline() {
        let ellipse = Shape::Ellipse { centre: [1.0, 0.0], radii: [2.0, 1.0] };
        check(&ellipse, [4.0, 0.0], 1.0);
        check(&ellipse, [1.0, 0.5], -0.5);
        check(&ellipse, [2.2, 0.8], 0.0);
        check(&ellipse, [1.0, 0.0], -1.0);
    }

    #[test]
    fn figures_combine() {
        check(&Shape::Both(&LEFT, &DISC), [-0.25, 0.0], -0.25);
        check(&Shape::Both(&LEFT, &DISC), [0.25, 0.0], 0.25);
        check(&Shape::Without(&LEFT, &DISC), [-0.25, 0.0], 0.75);
        check(&Shape::Without(&LEFT, &DISC), [-1.5, 0.0], -0.5);
    }
}
