//! A transform of your own in a recipe, fused, stored and served like those that come along.
//!
//! Solarising: what is brighter than a random level is turned into its negative. The package
//! `examples/custom-transform` shows more, and that `mizumashi-transform` alone is enough for it.
//!
//! ```sh
//! cargo run --release -p mizumashi --example custom_transform
//! ```

use std::error::Error;

use mizumashi::Flow;
use mizumashi::data::{Part, Synthetic};
use mizumashi::ndarray::ArrayViewMut3;
use mizumashi::stats::Layout;
use mizumashi::transform::serde::{Deserialize, Serialize};
use mizumashi::transform::transforms::{RandomAffine, Rescale};
use mizumashi::transform::{Draw, Error as TransformError, Operation, Recipe, SampleKey};
use mizumashi::transform::{Step, Transform, typetag};

/// The line of the recipe: a range, no chance yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "mizumashi::transform::serde", deny_unknown_fields)]
struct RandomSolarise {
    lowest: f64,
}

#[typetag::serde(name = "random_solarise")] // the name in recipe files
impl Transform for RandomSolarise {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, TransformError> {
        let level = draw.uniform(self.lowest, 255.0)? as f32;
        Ok(Step::owned_operation(Solarise { level }))
    }
}

/// The step of a plan: nothing left to chance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(crate = "mizumashi::transform::serde", deny_unknown_fields)]
struct Solarise {
    level: f32,
}

#[typetag::serde(name = "solarise")] // the name in plan files
impl Operation for Solarise {
    fn apply(
        &self,
        mut image: ArrayViewMut3<'_, f32>,
        _: &mut Vec<f32>,
    ) -> Result<(), TransformError> {
        image.map_inplace(|value| {
            if *value > self.level {
                *value = 255.0 - *value;
            }
        });
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let recipe = Recipe::new()
        .then(RandomAffine::rotation(20.0)?)
        .then(RandomSolarise { lowest: 64.0 })
        .then(Rescale::new(1.0 / 255.0)?);
    let recipe = Recipe::from_json(&recipe.to_json()?)?; // as from a file
    println!("recipe: {}", recipe.to_json()?);

    let set = Synthetic::default().samples(Part::Train, 0..256)?;
    let plan = recipe.draw(SampleKey { seed: 1, epoch: 0, index: 0 }, (32, 32, 3))?;
    println!("drawn for image 0: {}", plan.to_json()?);

    let mut flow = Flow::from_recipe(&recipe, Layout::Nhwc, set.images(), set.labels(), 32)?;
    let batch = flow.next_batch()?;
    let greatest = batch.x.fold(0.0_f32, |greatest, &value| greatest.max(value));
    println!("a batch {:?}, greatest value {greatest:.3}", batch.x.dim());
    Ok(())
}
