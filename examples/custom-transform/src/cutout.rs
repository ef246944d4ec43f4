//! Random erasing: a transform with an operation of its own.

use mizumashi_transform::ndarray::{ArrayViewMut3, Axis};
use mizumashi_transform::serde::{Deserialize, Serialize};
use mizumashi_transform::{Draw, Error, Operation, Step, Transform, typetag};

/// Fills a random rectangle with one value (Zhong et al., "Random Erasing Data Augmentation").
///
/// This is the line of a recipe: ranges, no chance yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "mizumashi_transform::serde", deny_unknown_fields)]
pub struct Cutout {
    /// The greatest height and width of the rectangle, in shares of the picture's, 0 to 1.
    pub largest: f64,
    /// What it is filled with.
    pub value: f32,
}

#[typetag::serde(name = "cutout")] // the name in recipe files: never change it
impl Transform for Cutout {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        // The shape is that of the image as it arrives here, after the transforms before.
        let shape = draw.shape();
        let (top, height) = self.draw_span(draw, shape.height)?;
        let (left, width) = self.draw_span(draw, shape.width)?;
        // What was drawn goes into the step, so that the plan can be stored and replayed.
        Ok(Step::owned_operation(Rectangle { top, left, height, width, value: self.value }))
    }

    fn validate(&self) -> Result<(), Error> {
        if (0.0..=1.0).contains(&self.largest) {
            return Ok(());
        }
        Err(Error::Parameter {
            transform: "cutout",
            parameter: "largest",
            value: self.largest.to_string(),
            mend: "it must be from 0 to 1",
        })
    }
}

impl Cutout {
    /// The start and the length of a random part of a side.
    fn draw_span(&self, draw: &mut Draw, side: usize) -> Result<(usize, usize), Error> {
        let length = draw.uniform(0.0, self.largest * side as f64)?.round();
        let start = draw.uniform(0.0, side as f64 - length)?.round();
        Ok((start as usize, length as usize))
    }
}

/// A rectangle to fill: the step of a plan, with nothing left to chance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "mizumashi_transform::serde", deny_unknown_fields)]
struct Rectangle {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
    value: f32,
}

#[typetag::serde(name = "rectangle")] // the name in plan files
impl Operation for Rectangle {
    // The image may have any strides: here it is walked along its axes. The buffer is not needed.
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        for mut row in image.axis_iter_mut(Axis(0)).skip(self.top).take(self.height) {
            for mut pixel in row.axis_iter_mut(Axis(0)).skip(self.left).take(self.width) {
                pixel.fill(self.value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mizumashi_transform::ndarray::Array3;
    use mizumashi_transform::{Recipe, SampleKey};

    #[test]
    fn one_rectangle_is_filled_and_the_rest_is_kept() -> Result<(), Error> {
        let recipe = Recipe::new().then(Cutout { largest: 0.5, value: -1.0 });
        let image = Array3::from_elem((20, 30, 3), 7u8);
        let mut filled = 0;
        for index in 0..100 {
            let plan = recipe.draw(SampleKey { seed: 1, epoch: 0, index }, image.dim())?;
            let pixels = plan.apply(image.view())?;
            assert!(pixels.iter().all(|&value| value == 7.0 || value == -1.0));
            filled += pixels.iter().filter(|&&value| value == -1.0).count();
        }
        // Each side is a quarter of the picture's on average, hence a sixteenth of the pixels.
        let share = filled as f64 / (100 * image.len()) as f64;
        assert!((share - 1.0 / 16.0).abs() < 0.02, "{share}");
        Ok(())
    }

    #[test]
    fn a_recipe_with_an_impossible_size_is_refused() {
        let recipe = Recipe::new().then(Cutout { largest: 1.5, value: 0.0 });
        assert!(matches!(recipe.validate(), Err(Error::Parameter { .. })));
    }
}
