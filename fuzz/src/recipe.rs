//! Recipes in JSON.

use mizumashi::transform::{ImageShape, Program, Recipe, SampleKey, Stage};
use ndarray::Array3;

use crate::{images, stored};

/// The first bytes are an image's shape and a key; the rest is the file.
pub fn run(data: &[u8]) {
    let [height, width, channels, index, file @ ..] = data else { return };
    let Ok(json) = std::str::from_utf8(file) else { return };
    let read = stored::read::<Recipe>(json).is_some();
    let Ok(recipe) = Recipe::from_json(json) else { return };
    assert!(read, "both ways in agree");
    let shape = (usize::from(height % 24), usize::from(width % 24), usize::from(channels % 6));
    let key = SampleKey { seed: 1, epoch: 2, index: u64::from(*index) };
    let image = images::bytes(shape, *index);
    let mut program = Program::new(ImageShape::new(shape), Default::default());
    if let Some(Stage::Samples(stage)) = recipe.stages().first() {
        let _ = stage.draw_into(key, ImageShape::new(shape), &mut program);
    }
    let Ok(plan) = recipe.draw(key, shape) else { return };
    plan.output_shape().expect("a drawn plan has a shape");
    if images::is_small(&plan) {
        let first = plan.apply(image.view());
        let second = plan.apply(image.mapv(f32::from).view());
        if let (Ok(first), Ok(second)) = (first, second) {
            assert_eq!(first.dim(), second.dim());
        }
        let _ = plan.apply_mask(Array3::zeros(shape).view(), 3);
    }
}
