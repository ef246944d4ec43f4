use super::colour::Colour;
use super::shape::Shape;

/// What a class looks like before chance has its say.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) name: &'static str,
    /// Painted in order, later over earlier.
    pub(super) parts: &'static [Part],
    /// The usual colours behind it: at the top of the picture and at the bottom.
    pub(super) surroundings: [Colour; 2],
}

/// One figure of a thing, in one colour.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) shape: Shape,
    pub(super) colour: Colour,
}

const fn part(shape: Shape, colour: Colour) -> Part {
    Part { shape, colour }
}

const fn ellipse(centre: [f32; 2], radii: [f32; 2]) -> Shape {
    Shape::Ellipse { centre, radii }
}

const SKY: Colour = Colour::new(0.68, -0.08, 0.00);
const DUSK: Colour = Colour::new(0.34, -0.04, -0.02);
const NIGHT: Colour = Colour::new(0.27, -0.05, -0.01);
const GRASS: Colour = Colour::new(0.40, 0.05, 0.06);
const LEAVES: Colour = Colour::new(0.33, 0.03, 0.05);
const SAND: Colour = Colour::new(0.62, 0.08, 0.00);
const EARTH: Colour = Colour::new(0.32, 0.06, 0.00);
const WATER: Colour = Colour::new(0.40, -0.08, 0.02);
const WALL: Colour = Colour::new(0.56, 0.03, 0.00);

const WHITE: Colour = Colour::new(0.86, 0.02, 0.00);
const YELLOW: Colour = Colour::new(0.68, 0.16, 0.05);
const ORANGE: Colour = Colour::new(0.54, 0.17, -0.04);
const RED: Colour = Colour::new(0.42, 0.15, -0.10);
const BROWN: Colour = Colour::new(0.34, 0.08, -0.01);
const GREEN: Colour = Colour::new(0.44, 0.05, 0.11);
const BLACK: Colour = Colour::new(0.12, 0.01, 0.00);

/// Ten things that a child would draw, in the order of their labels.
pub(super) static THINGS: [Thing; 10] = [
    Thing {
        name: "ball",
        surroundings: [WALL, GRASS],
        parts: &[
            part(Shape::disc(0.80), RED),
            part(
                Shape::Both(
                    &Shape::disc(0.80),
                    &Shape::Polygon(&[[-0.9, -0.2], [0.9, -0.2], [0.9, 0.2], [-0.9, 0.2]]),
                ),
                WHITE,
            ),
        ],
    },
    Thing {
        name: "ring",
        surroundings: [WALL, WALL],
        parts: &[part(Shape::Without(&Shape::disc(0.85), &Shape::disc(0.52)), YELLOW)],
    },
    Thing {
        name: "moon",
        surroundings: [NIGHT, DUSK],
        parts: &[part(
            Shape::Without(&Shape::disc(0.90), &ellipse([0.42, -0.10], [0.75, 0.75])),
            WHITE,
        )],
    },
    Thing {
        name: "leaf",
        surroundings: [LEAVES, EARTH],
        parts: &[
            part(
                Shape::Both(
                    &ellipse([-0.55, 0.0], [1.05, 1.05]),
                    &ellipse([0.55, 0.0], [1.05, 1.05]),
                ),
                GREEN,
            ),
            part(Shape::Polygon(&[[-0.05, 1.1], [0.0, -0.7], [0.05, 1.1]]), BROWN),
        ],
    },
    Thing {
        name: "star",
        surroundings: [NIGHT, SAND],
        parts: &[part(
            Shape::Polygon(&[
                [0.000, -0.950],
                [0.247, -0.340],
                [0.904, -0.294],
                [0.399, 0.130],
                [0.558, 0.769],
                [0.000, 0.420],
                [-0.558, 0.769],
                [-0.399, 0.130],
                [-0.904, -0.294],
                [-0.247, -0.340],
            ]),
            ORANGE,
        )],
    },
    Thing {
        name: "house",
        surroundings: [SKY, GRASS],
        parts: &[
            part(Shape::Polygon(&[[-0.65, -0.1], [0.65, -0.1], [0.65, 0.9], [-0.65, 0.9]]), SAND),
            part(Shape::Polygon(&[[0.0, -0.9], [0.9, -0.1], [-0.9, -0.1]]), RED),
            part(Shape::Polygon(&[[-0.35, 0.3], [0.05, 0.3], [0.05, 0.9], [-0.35, 0.9]]), BLACK),
        ],
    },
    Thing {
        name: "tree",
        surroundings: [SKY, GRASS],
        parts: &[
            part(Shape::Polygon(&[[-0.12, 0.0], [0.12, 0.0], [0.18, 1.0], [-0.18, 1.0]]), BROWN),
            part(ellipse([0.0, -0.30], [0.72, 0.62]), LEAVES),
        ],
    },
    Thing {
        name: "boat",
        surroundings: [SKY, WATER],
        parts: &[
            part(Shape::Polygon(&[[0.0, -0.95], [0.65, 0.25], [0.0, 0.25]]), WHITE),
            part(Shape::Polygon(&[[-0.08, -0.6], [-0.08, 0.25], [-0.6, 0.25]]), WHITE),
            part(Shape::Polygon(&[[-0.9, 0.35], [0.9, 0.35], [0.6, 0.8], [-0.6, 0.8]]), BROWN),
        ],
    },
    Thing {
        name: "fish",
        surroundings: [WATER, WATER],
        parts: &[
            part(Shape::Polygon(&[[0.35, 0.0], [0.95, -0.45], [0.95, 0.45]]), ORANGE),
            part(ellipse([-0.15, 0.0], [0.75, 0.42]), ORANGE),
            part(ellipse([-0.58, -0.10], [0.09, 0.09]), BLACK),
        ],
    },
    Thing {
        name: "mushroom",
        surroundings: [LEAVES, EARTH],
        parts: &[
            part(Shape::Polygon(&[[-0.2, -0.1], [0.2, -0.1], [0.28, 0.9], [-0.28, 0.9]]), WHITE),
            part(
                Shape::Both(
                    &ellipse([0.0, 0.0], [0.85, 0.85]),
                    &Shape::Polygon(&[[-1.0, -1.0], [1.0, -1.0], [1.0, 0.05], [-1.0, 0.05]]),
                ),
                RED,
            ),
            part(ellipse([-0.3, -0.35], [0.14, 0.12]), WHITE),
            part(ellipse([0.3, -0.4], [0.14, 0.12]), WHITE),
        ],
    },
];
