use super::colour::Colour;
use super::draws::Draws;
use super::noise;
use super::shape::Shape;
use super::things::{THINGS, Thing};
use ndarray::{ArrayViewMut3, aview1};

/// Paints one picture of the thing `class` into `image`, `[height, width, 3]`.
///
/// Everything but the thing's outline is left to chance: its pose, its colours, the surroundings
/// and their horizon, what else lies about, light, shadow, texture and exposure.
pub(super) fn paint(draws: &mut Draws, class: usize, mut image: ArrayViewMut3<u8>) {
    let (height, width, _) = image.dim();
    let thing = &THINGS[class];
    let backdrop = Backdrop::draw(draws, thing);
    let object = Object::draw(draws, thing);
    let light = Light::draw(draws);
    let surroundings_grain = Grain::draw(draws, [height, width]);
    let object_grain = Grain::draw(draws, [height, width]);
    let exposure = Exposure::draw(draws);

    // the shorter side spans -1 to 1, from edge to edge
    let pixel = 2.0 / height.min(width) as f32;
    let centre = |index: usize, length: usize| (index as f32 + 0.5 - 0.5 * length as f32) * pixel;
    for (row, mut line) in image.outer_iter_mut().enumerate() {
        for (column, mut rgb) in line.outer_iter_mut().enumerate() {
            let point = [centre(column, width), centre(row, height)];
            let index = row * width + column;
            let behind = (backdrop.at(point, pixel) + surroundings_grain.at(index))
                * light.shadow(&object, point);
            let colour = object.over(behind, object_grain.at(index), &light, point, pixel);
            rgb.assign(&aview1(&exposure.develop(colour)));
        }
    }
}

/// What lies behind the thing.
struct Backdrop {
    top: Colour,
    bottom: Colour,
    /// Height of the horizon at x = 0, its slope, and how gradually top turns into bottom.
    horizon: f32,
    slope: f32,
    softness: f32,
    clutter: Vec<(Shape, Colour)>,
}

impl Backdrop {
    fn draw(draws: &mut Draws, thing: &Thing) -> Self {
        // where one expects the thing, or anywhere
        let place = if draws.chance(0.45) { thing } else { any_thing(draws) };
        let weather = vary(draws, Colour::BLACK, 0.13, 0.03);
        let [top, bottom] =
            place.surroundings.map(|colour| vary(draws, colour + weather, 0.05, 0.015));
        let horizon = draws.between(-0.5, 0.8);
        let slope = 0.15 * draws.bell();
        let softness = if draws.chance(0.5) { 0.06 } else { draws.between(0.3, 1.5) };
        let clutter = (0..draws.below(5))
            .map(|_| {
                let centre = [draws.between(-1.1, 1.1), draws.between(-1.1, 1.1)];
                let radii = [draws.between(0.08, 0.5), draws.between(0.08, 0.5)];
                let behind = if centre[1] < horizon { top } else { bottom };
                (Shape::Ellipse { centre, radii }, vary(draws, behind, 0.16, 0.03))
            })
            .collect();
        Self { top, bottom, horizon, slope, softness, clutter }
    }

    fn at(&self, [x, y]: [f32; 2], pixel: f32) -> Colour {
        let depth = y - self.horizon - self.slope * x;
        let plain = self.bottom.blend(self.top, coverage(depth, self.softness.max(pixel)));
        self.clutter.iter().fold(plain, |behind, (shape, colour)| {
            behind.blend(*colour, coverage(shape.distance([x, y]), 3.0 * pixel))
        })
    }
}

/// Figures and their shadows end within this distance of the origin, along x and y.
const REACH: f32 = 1.3;

/// How gradually a shadow begins, in units of the thing's size.
const PENUMBRA: f32 = 0.35;

/// The thing as it lies in this picture.
struct Object {
    parts: Vec<(&'static Shape, Colour)>,
    centre: [f32; 2],
    /// Cosine and sine of its turn.
    turn: [f32; 2],
    /// Half its size along its own x (negative: mirrored) and y.
    scale: [f32; 2],
}

impl Object {
    fn draw(draws: &mut Draws, thing: &'static Thing) -> Self {
        let dye = vary(draws, Colour::BLACK, 0.20, 0.03);
        let repainted = draws.chance(0.35);
        let parts = thing
            .parts
            .iter()
            .map(|part| {
                let usual = if repainted { any_thing(draws).parts[0].colour } else { part.colour };
                (&part.shape, vary(draws, usual + dye, 0.06, 0.015))
            })
            .collect();
        let angle = 0.35 * draws.bell();
        let size = draws.between(0.45, 0.85);
        let aspect = draws.between(0.80, 1.25);
        let mirror = if draws.chance(0.5) { -1.0 } else { 1.0 };
        let centre = [0.24 * draws.bell(), 0.20 * draws.bell()];
        Self {
            parts,
            centre,
            turn: [libm::cosf(angle), libm::sinf(angle)],
            scale: [mirror * size * aspect, size / aspect],
        }
    }

    /// A point of the picture in the coordinates of the thing's figures.
    fn to_local(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [cos, sin] = self.turn;
        let (x, y) = (x - self.centre[0], y - self.centre[1]);
        [(cos * x + sin * y) / self.scale[0], (cos * y - sin * x) / self.scale[1]]
    }

    /// The colour at a point where `behind` is what the thing may cover.
    fn over(
        &self,
        behind: Colour,
        grain: Colour,
        light: &Light,
        point: [f32; 2],
        pixel: f32,
    ) -> Colour {
        let local = self.to_local(point);
        if local[0].abs().max(local[1].abs()) > REACH {
            return behind;
        }
        let edge = pixel / self.scale[1];
        self.parts.iter().fold(behind, |behind, (shape, colour)| {
            let share = coverage(shape.distance(local), edge);
            if share > 0.0 {
                behind.blend(light.shade(*colour, point, self.centre) + grain, share)
            } else {
                behind
            }
        })
    }
}

/// A lamp far away to one side.
struct Light {
    /// Towards the lamp, in the picture's plane.
    direction: [f32; 2],
    contrast: f32,
    shadow: f32,
}

impl Light {
    fn draw(draws: &mut Draws) -> Self {
        Self {
            direction: [draws.between(-0.7, 0.7), draws.between(-0.9, -0.3)],
            contrast: draws.between(0.0, 0.35),
            shadow: draws.between(0.0, 0.5),
        }
    }

    /// The thing's side towards the lamp is lighter.
    fn shade(&self, colour: Colour, point: [f32; 2], centre: [f32; 2]) -> Colour {
        let facing =
            (point[0] - centre[0]) * self.direction[0] + (point[1] - centre[1]) * self.direction[1];
        colour * (1.0 + self.contrast * facing)
    }

    /// What the thing's shadow leaves of the light behind it.
    fn shadow(&self, object: &Object, [x, y]: [f32; 2]) -> f32 {
        let caster = [x + 0.22 * self.direction[0], y + 0.22 * self.direction[1]];
        let local = object.to_local(caster);
        if local[0].abs().max(local[1].abs()) > REACH {
            return 1.0;
        }
        let nearest = object.parts.iter().map(|(shape, _)| shape.distance(local));
        1.0 - self.shadow * coverage(nearest.fold(f32::INFINITY, f32::min), PENUMBRA)
    }
}

/// The texture of a surface: rich in lightness, faint and coarse in colour.
struct Grain {
    light: Vec<f32>,
    warm: Vec<f32>,
    green: Vec<f32>,
}

impl Grain {
    fn draw(draws: &mut Draws, size: [usize; 2]) -> Self {
        let coarsest = size[0].max(size[1]).next_power_of_two();
        let persistence = draws.between(0.75, 1.0);
        let strength = draws.between(0.06, 0.18);
        let mut field = |finest, strength: f32| {
            let mut values = noise::fractal(draws, size, [coarsest, finest], persistence);
            values.iter_mut().for_each(|value| *value *= strength);
            values
        };
        Self {
            light: field(1, strength),
            warm: field(4, 0.2 * strength),
            green: field(4, 0.1 * strength),
        }
    }

    fn at(&self, index: usize) -> Colour {
        Colour::new(self.light[index], self.warm[index], self.green[index])
    }
}

/// How the camera turns light into numbers.
struct Exposure {
    gain: f32,
    offset: f32,
}

impl Exposure {
    fn draw(draws: &mut Draws) -> Self {
        Self { gain: draws.between(0.70, 1.10), offset: 0.04 * draws.bell() }
    }

    fn develop(&self, colour: Colour) -> [u8; 3] {
        let level = |value: f32| self.gain * (value - 0.45) + 0.45 + self.offset;
        // the cast rounds towards 0 and saturates
        colour.to_rgb().map(|value| (level(value) * 255.0 + 0.5) as u8)
    }
}

/// How much of a pixel a figure covers, for an outline `distance` away and blurred over `edge`.
fn coverage(distance: f32, edge: f32) -> f32 {
    (0.5 - distance / edge).clamp(0.0, 1.0)
}

/// A colour near another: lightness spread by `light`, the differences by `tint`.
fn vary(draws: &mut Draws, colour: Colour, light: f32, tint: f32) -> Colour {
    colour + Colour::new(light * draws.bell(), tint * draws.bell(), 0.5 * tint * draws.bell())
}

fn any_thing(draws: &mut Draws) -> &'static Thing {
    &THINGS[draws.below(THINGS.len() as u32) as usize]
}

#[cfg(test)]
mod tests {
    use super::{PENUMBRA, REACH, THINGS};

    #[test]
    fn every_thing_and_its_shadow_end_within_reach() {
        let sides = (-130..=130).flat_map(|step| {
            let along = REACH * step as f32 / 130.0;
            [[along, -REACH], [along, REACH], [-REACH, along], [REACH, along]]
        });
        for point in sides {
            for part in THINGS.iter().flat_map(|thing| thing.parts) {
                let distance = part.shape.distance(point);
                assert!(distance > 0.5 * PENUMBRA, "{:?} at {point:?}: {distance}", part.shape);
            }
        }
    }
}
