//! What chance made of a recipe, in words.

use mizumashi::affine::{AffineParameters, Point};
use mizumashi::transform::transforms::RandomAffine;
use mizumashi::transform::{Draw, ImageShape, Plan, Recipe, SampleKey, Step, Transform};
use serde_json::Value;

use crate::decimals::decimals;
use crate::error::Error;

/// A recipe drawn for one sample, with a line for each thing that it does.
pub(crate) fn draw<'r>(
    recipe: &'r Recipe,
    key: SampleKey,
    shape: (usize, usize, usize),
) -> Result<(Plan<'r>, Vec<String>), Error> {
    let plan = recipe.draw(key, shape)?;
    let mut before = ImageShape::new(shape);
    let mut lines = Vec::new();
    for (position, (transform, step)) in recipe.transforms().iter().zip(plan.steps()).enumerate() {
        match random_affine(transform.as_ref()) {
            Some(affine) => {
                let drawn = affine.parameters(&mut Draw::new(key, position, before))?;
                lines.extend(affine_lines(&drawn));
            }
            None => lines.push(step_line(step)),
        }
        before = step.output_shape(before)?;
    }
    Ok((plan, lines))
}

/// The transform, where it is that of the library: told by how it is stored.
fn random_affine(transform: &dyn Transform) -> Option<RandomAffine> {
    let Value::Object(mut stored) = serde_json::to_value(transform).ok()? else { return None };
    let name = stored.remove("transform")?;
    (name == "random_affine").then(|| serde_json::from_value(stored.into()).ok())?
}

/// The numbers that change something.
fn affine_lines(drawn: &AffineParameters) -> Vec<String> {
    let AffineParameters { rotation, height_shift, width_shift, shear, .. } = *drawn;
    let zooms = [drawn.height_zoom, drawn.width_zoom];
    let mut lines = Vec::new();
    if rotation != 0.0 {
        lines.push(format!("rotation {}\u{b0}", decimals(rotation, 1)));
    }
    if [height_shift, width_shift] != [0.0; 2] {
        let (high, wide) = (decimals(height_shift, 1), decimals(width_shift, 1));
        lines.push(format!("shift {high} high {wide} wide"));
    }
    if shear != 0.0 {
        lines.push(format!("shear {}\u{b0}", decimals(shear, 1)));
    }
    if zooms != [1.0; 2] {
        lines.push(format!("zoom {:.2} high {:.2} wide", zooms[0], zooms[1]));
    }
    match (drawn.horizontal_flip, drawn.vertical_flip) {
        (true, true) => lines.push("flipped both ways".to_owned()),
        (true, false) => lines.push("flipped left-right".to_owned()),
        (false, true) => lines.push("flipped top-bottom".to_owned()),
        (false, false) => {}
    }
    lines
}

/// A step of a plan by its name and numbers.
pub(crate) fn step_line(step: &Step<'_>) -> String {
    match step {
        Step::Geometric(geometric) => {
            let map = |x, y| geometric.warp.map.map(Point { x, y });
            let (origin, across, down) = (map(0.0, 0.0), map(1.0, 0.0), map(0.0, 1.0));
            let [a, b, c, d] = [across.x, down.x, across.y, down.y];
            let [a, b] = [a, b].map(|x| decimals(x - origin.x, 3));
            let [c, d] = [c, d].map(|y| decimals(y - origin.y, 3));
            let (x, y) = (decimals(origin.x, 1), decimals(origin.y, 1));
            format!("map [{a} {b} {x}; {c} {d} {y}] to {}x{}", geometric.height, geometric.width)
        }
        Step::Linear(linear) => {
            let times = format!("times {}", few(&linear.scale));
            match linear.shift.iter().all(|&shift| shift == 0.0) {
                true => times,
                false => format!("{times}, plus {}", few(&linear.shift)),
            }
        }
        Step::Operation(operation) => match serde_json::to_value(operation) {
            Ok(Value::Object(stored)) => stored
                .iter()
                .map(|(name, fields)| match numbers(fields) {
                    fields if fields.is_empty() => name.replace('_', " "),
                    fields => format!("{} {fields}", name.replace('_', " ")),
                })
                .collect::<Vec<_>>()
                .join(", "),
            _ => "an operation".to_owned(),
        },
        _ => "a step".to_owned(),
    }
}

/// One number where all are the same, else all of them.
fn few(numbers: &[f32]) -> String {
    match numbers {
        [first, rest @ ..] if rest.iter().all(|number| number == first) => {
            decimals(f64::from(*first), 4)
        }
        _ => numbers
            .iter()
            .map(|&number| decimals(f64::from(number), 4))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// The plain fields of an operation: numbers and names, but no tables.
fn numbers(fields: &Value) -> String {
    let Value::Object(fields) = fields else { return String::new() };
    let plain = fields.iter().filter_map(|(name, value)| match value {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let small = number != 0.0 && number.abs() < 1e-3;
            let shown = if small { number } else { (number * 1e3).round() / 1e3 };
            Some(format!("{name} {shown}"))
        }
        Value::Bool(true) => Some(name.clone()),
        _ => None,
    });
    plain.collect::<Vec<_>>().join(", ")
}
