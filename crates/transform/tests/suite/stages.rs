//! Recipes with transforms that want whole batches are cut around them.

use mizumashi_transform::affine::Warp;
use mizumashi_transform::transforms::{RandomAffine, Rescale};
use mizumashi_transform::{
    BatchOperation, Draw, Error, Fidelity, ImageShape, Operation, Program, Recipe, SampleKey,
    Scratch, Stage, Step, Transform,
};
use ndarray::{Array3, Array4, ArrayView3, ArrayViewMut3, ArrayViewMut4, Axis, stack};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Swaps light and dark, in whole batches where it is asked to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Negative;

#[typetag::serde(name = "test_negative")]
impl Transform for Negative {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }

    fn batch_operation(&self) -> Option<&dyn BatchOperation> {
        Some(self)
    }
}

#[typetag::serde(name = "test_negative")]
impl Operation for Negative {
    fn apply(&self, mut image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        image.map_inplace(|value| *value = 255.0 - *value);
        Ok(())
    }
}

impl BatchOperation for Negative {
    fn apply_batch(&self, mut batch: ArrayViewMut4<'_, f32>) -> Result<(), Error> {
        batch.map_inplace(|value| *value = 255.0 - *value);
        Ok(())
    }
}

/// The upper half of the image.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UpperHalf;

#[typetag::serde(name = "test_upper_half")]
impl Transform for UpperHalf {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::geometric(Warp::default(), draw.shape().height / 2, draw.shape().width))
    }
}

fn turn() -> RandomAffine {
    RandomAffine::rotation(30.0).unwrap()
}

fn double() -> Rescale {
    Rescale::new(2.0).unwrap()
}

/// One letter a stage: S for samples, with the number of passes of its first sample, B for batch.
fn cut(recipe: &Recipe) -> String {
    let input = ImageShape::new((4, 4, 1));
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    let letter = |stage: &Stage<'_>| match stage {
        Stage::Samples(samples) => {
            let mut program = Program::new(input, Fidelity::Fused);
            samples.draw_into(key, input, &mut program).unwrap();
            format!("S{}", program.passes())
        }
        Stage::Batch(_) => "B".to_owned(),
    };
    recipe.stages().iter().map(letter).collect()
}

#[test]
fn a_recipe_is_cut_where_a_transform_wants_whole_batches() {
    let new = Recipe::new;
    assert_eq!(cut(&new()), "S0");
    assert_eq!(cut(&new().then(turn()).then(double())), "S1");
    assert_eq!(cut(&new().then(turn()).then(Negative)), "S1B");
    assert_eq!(cut(&new().then(turn()).then(Negative).then(double()).then(turn())), "S1BS1");
    assert_eq!(cut(&new().then(turn()).then(Negative).then(Negative).then(turn())), "S1BBS1");
    assert_eq!(cut(&new().then(Negative)), "S0B");
    assert_eq!(cut(&new().then(Negative).then(turn())), "S0BS1");
    let exact = new().then(turn()).then(double()).fidelity(Fidelity::Exact);
    assert_eq!(cut(&exact), "S2");
}

/// Recipes of up to five transforms, at either fidelity.
fn recipes() -> impl Strategy<Value = Recipe> {
    let transforms = prop::sample::select(vec![
        Recipe::new().then(turn()),
        Recipe::new().then(double()),
        Recipe::new().then(Negative),
        Recipe::new().then(RandomAffine::flip(true, true)),
        Recipe::new().then(UpperHalf),
    ]);
    let fidelities = prop::sample::select(&[Fidelity::Fused, Fidelity::Exact]);
    (vec(transforms, 0..6), fidelities).prop_map(|(parts, fidelity)| {
        parts.into_iter().fold(Recipe::new().fidelity(fidelity), Recipe::append)
    })
}

proptest! {
    #[test]
    fn running_the_stages_gives_the_pixels_of_the_plans(
        recipe in recipes(),
        (seed, epoch, first) in any::<(u64, u64, u32)>(),
    ) {
        // Five times halved, it still has a row.
        let source = Array4::from_shape_fn((3, 33, 9, 3), |(n, row, column, c)| {
            (n * 71 + row * row * 31 + column * 57 + c * 101) as u8
        });
        let key = |sample| SampleKey { seed, epoch, index: u64::from(first) + sample as u64 };

        let mut batch = source.mapv(f32::from);
        let (mut program, mut scratch) = (Program::default(), Scratch::default());
        for stage in recipe.stages() {
            match stage {
                Stage::Samples(stage) => {
                    let mut run = |(sample, image): (usize, ArrayView3<'_, f32>)| {
                        let input = ImageShape::new(image.dim());
                        let shape = stage.draw_into(key(sample), input, &mut program).unwrap();
                        let mut output = Array3::from_elem(shape.dim(), f32::NAN);
                        program.run(image, output.view_mut(), &mut scratch).unwrap();
                        output
                    };
                    let images: Vec<_> = batch.outer_iter().enumerate().map(&mut run).collect();
                    let images: Vec<_> = images.iter().map(|image| image.view()).collect();
                    batch = stack(Axis(0), &images).unwrap();
                }
                Stage::Batch(operation) => operation.apply_batch(batch.view_mut()).unwrap(),
            }
        }

        for (sample, image) in source.outer_iter().enumerate() {
            let plan = recipe.draw(key(sample), image.dim()).unwrap();
            prop_assert_eq!(plan.apply(image).unwrap(), batch.index_axis(Axis(0), sample));
        }
    }
}

#[test]
fn each_transform_sees_the_shape_that_the_one_before_it_leaves() {
    let recipe = Recipe::new().then(UpperHalf).then(UpperHalf).then(Negative).then(UpperHalf);
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    let plan = recipe.draw(key, (16, 5, 1)).unwrap();
    assert_eq!(plan.output_shape().unwrap().dim(), (2, 5, 1));

    let mut shape = ImageShape::new((16, 5, 1));
    let mut heights = Vec::new();
    for stage in recipe.stages() {
        if let Stage::Samples(stage) = stage {
            let mut program = Program::default();
            shape = stage.draw_into(key, shape, &mut program).unwrap();
            assert_eq!(program.output_shape(), shape);
            heights.push(shape.height);
        }
    }
    assert_eq!(heights, [4, 2]);
}

#[test]
fn appending_joins_transforms_and_keeps_the_first_fidelity() {
    let first = Recipe::new().then(turn()).fidelity(Fidelity::Exact);
    let joined = first.append(Recipe::new().then(double()).then(Negative));
    assert_eq!(joined.transforms().len(), 3);
    assert_eq!(cut(&joined), "S2B");
}
