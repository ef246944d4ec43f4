//! A random crop, resized: a geometric transform in a few lines.

use mizumashi_transform::affine::{Affine, Border, Interpolation, Point, Warp};
use mizumashi_transform::serde::{Deserialize, Serialize};
use mizumashi_transform::{Draw, Error, Step, Transform, typetag};

/// Takes a random part of the picture to a fixed size.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "mizumashi_transform::serde", deny_unknown_fields)]
pub struct RandomCrop {
    /// Rows of the output.
    pub height: usize,
    /// Columns of the output.
    pub width: usize,
    /// The least height and width of the part, in shares of the picture's, above 0 and at most 1.
    pub smallest: f64,
}

#[typetag::serde(name = "random_crop")]
impl Transform for RandomCrop {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let shape = draw.shape();
        let share = draw.uniform(self.smallest, 1.0)?;
        let left = draw.uniform(0.0, (1.0 - share) * shape.width as f64)?;
        let top = draw.uniform(0.0, (1.0 - share) * shape.height as f64)?;

        // A resampling asks where each *output* pixel comes from, so the map goes backwards: from
        // the output to the whole picture, to the part at its upper left, to the part.
        let corner = Point { x: -0.5, y: -0.5 }; // pixel centres are whole numbers
        let map = Affine::resize((self.height, self.width), (shape.height, shape.width))
            .then(&Affine::scale(share, share).about(corner))
            .then(&Affine::translation(left, top));
        // Steps with the same interpolation and border are fused.
        let warp = Warp { map, interpolation: Interpolation::Bilinear, border: Border::Nearest };
        Ok(Step::geometric(warp, self.height, self.width))
    }

    fn validate(&self) -> Result<(), Error> {
        let refuse = |parameter, value: String, mend| {
            Err(Error::Parameter { transform: "random_crop", parameter, value, mend })
        };
        if self.height == 0 || self.width == 0 {
            let size = format!("{}x{}", self.height, self.width);
            return refuse("height and width", size, "both must be at least 1");
        }
        if !(self.smallest > 0.0 && self.smallest <= 1.0) {
            return refuse("smallest", self.smallest.to_string(), "it must be above 0, at most 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mizumashi_transform::affine::BoundingBox;
    use mizumashi_transform::ndarray::Array3;
    use mizumashi_transform::{Recipe, SampleKey};

    #[test]
    fn the_whole_picture_is_only_resized() -> Result<(), Error> {
        let recipe = Recipe::new().then(RandomCrop { height: 2, width: 2, smallest: 1.0 });
        let image = Array3::from_shape_fn((4, 4, 1), |(row, column, _)| (row * 4 + column) as u8);
        let plan = recipe.draw(SampleKey { seed: 0, epoch: 0, index: 0 }, image.dim())?;
        // Each output pixel lies in the middle of four input pixels.
        assert_eq!(plan.apply(image.view())?.into_raw_vec_and_offset().0, [2.5, 4.5, 10.5, 12.5]);
        Ok(())
    }

    #[test]
    fn the_part_lies_within_the_picture() -> Result<(), Error> {
        let recipe = Recipe::new().then(RandomCrop { height: 8, width: 16, smallest: 0.3 });
        let output = BoundingBox { x_min: 0.0, y_min: 0.0, x_max: 16.0, y_max: 8.0 };
        for index in 0..100 {
            let plan = recipe.draw(SampleKey { seed: 3, epoch: 0, index }, (20, 30, 3))?;
            let part = output.mapped(&plan.output_to_input());
            assert!(part.x_min >= -1e-9 && part.x_max <= 30.0 + 1e-9, "{part:?}");
            assert!(part.y_min >= -1e-9 && part.y_max <= 20.0 + 1e-9, "{part:?}");
            assert!(part.area() >= 0.09 * 600.0, "{part:?}");
        }
        Ok(())
    }

    #[test]
    fn a_recipe_with_an_impossible_crop_is_refused() {
        for (height, smallest) in [(0, 0.5), (8, 0.0), (8, 1.5), (8, f64::NAN)] {
            let recipe = Recipe::new().then(RandomCrop { height, width: 8, smallest });
            assert!(matches!(recipe.validate(), Err(Error::Parameter { .. })));
        }
    }
}
