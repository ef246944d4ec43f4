//! Two transforms written outside mizumashi, in one recipe with transforms that come with it.
//!
//! - [`Cutout`] shows an [`Operation`](mizumashi_transform::Operation): any change of the pixels.
//! - [`RandomCrop`] shows a geometric step, which is fused with its neighbours and which masks,
//!   points and boxes follow.
//!
//! Both are stored in recipe files, both are keyed by (seed, epoch, index), and their plans can
//! be stored and replayed. `cargo run -p custom-transform` prints such a recipe and such a plan.

#![forbid(unsafe_code)]

mod cutout;
mod random_crop;

use mizumashi_transform::affine::Point;
use mizumashi_transform::ndarray::Array3;
use mizumashi_transform::transforms::{RandomAffine, Rescale};
use mizumashi_transform::{Error, Plan, Recipe, SampleKey};

use cutout::Cutout;
use random_crop::RandomCrop;

fn main() -> Result<(), Error> {
    let recipe = Recipe::new()
        .then(RandomAffine::rotation(15.0)?)
        .then(RandomCrop { height: 24, width: 24, smallest: 0.6 })
        .then(Rescale::new(1.0 / 255.0)?)
        .then(Cutout { largest: 0.5, value: 0.0 });

    // A recipe is a file; reading it back finds the types by their names.
    let file = recipe.to_json()?;
    println!("recipe: {file}");
    let recipe = Recipe::from_json(&file)?;

    // Drawing fixes the chance for one sample.
    let image = Array3::from_shape_fn((32, 48, 3), |(row, column, channel)| {
        (row * 5 + column * 3 + channel * 40) as u8
    });
    let plan = recipe.draw(SampleKey { seed: 42, epoch: 0, index: 7 }, image.dim())?;
    println!("plan: {}", plan.to_json()?);

    // Rotation, crop and rescaling take one pass over the pixels, the cutout another.
    let program = plan.fuse()?;
    println!("{} steps run in {} passes", plan.steps().len(), program.passes());
    assert_eq!((plan.steps().len(), program.passes()), (4, 2));

    // A stored plan gives the same pixels again, without the recipe.
    let pixels = plan.apply(image.view())?;
    let replayed = Plan::from_json(&plan.to_json()?)?;
    assert_eq!(replayed.apply(image.view())?, pixels);
    assert_eq!(pixels.dim(), (24, 24, 3));

    // The targets come for free.
    let centre = Point::center_of(32, 48);
    let moved = plan.map_points(&[centre])?[0];
    println!("the centre of the picture is now at x = {:.1}, y = {:.1}", moved.x, moved.y);
    Ok(())
}

#[cfg(test)]
#[test]
fn what_main_asserts_holds() -> Result<(), Error> {
    main()
}
