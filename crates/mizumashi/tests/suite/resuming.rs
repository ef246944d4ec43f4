//! A flow's state: stored, resumed, refused where it is another's.

use mizumashi::data::files::{SaveFormat, Subset, save_image};
use mizumashi::transform::Recipe;
use mizumashi::{Error, Flow, FlowState, ImageDataGenerator, Source};
use ndarray::{Array3, Array4};
use proptest::prelude::*;

fn images(samples: usize) -> Array4<u8> {
    Array4::from_shape_fn((samples, 5, 6, 3), |(n, row, column, channel)| {
        (n * 40 + row * 13 + column * column * 7 + channel * 29) as u8
    })
}

fn generator(degrees: f64) -> ImageDataGenerator {
    let mut generator = ImageDataGenerator::builder()
        .featurewise_std_normalization(true)
        .rotation_range(degrees)
        .horizontal_flip(true)
        .build()
        .unwrap();
    generator.fit(&images(9)).unwrap();
    generator
}

/// What a stored state is read as.
fn stored(state: &FlowState) -> FlowState {
    let json = serde_json::to_string(state).unwrap();
    assert!(json.len() < 300, "a state is small: {json}");
    serde_json::from_str(&json).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_stored_state_goes_on_with_any_batch_size_and_share(
        samples in 3usize..20,
        sizes in (1usize..8, 1usize..8),
        steps in 0usize..12,
        (rank, more) in (0usize..3, 0usize..3),
        (seed, shuffle) in any::<(u64, bool)>(),
    ) {
        let (x, generator) = (images(samples), generator(20.0));
        let flow = |size| generator.flow(&x, (), size).unwrap().shard(rank, rank + 1 + more).unwrap();
        let mut first = flow(sizes.0).seed(seed).shuffle(shuffle);
        for _ in 0..steps {
            first.next_batch().unwrap();
        }
        let state = stored(&first.state().unwrap());
        prop_assert_eq!((state.epoch(), state.position()), (first.epoch(), first.position() as u64));
        // Seed and order come with the state.
        let mut second = flow(sizes.1).resume(&state).unwrap();
        let mut served = [Vec::new(), Vec::new()];
        let end = first.epoch() + 2;
        for (flow, served) in [&mut first, &mut second].into_iter().zip(&mut served) {
            while flow.epoch() < end {
                let batch = flow.next_batch().unwrap();
                let indices = batch.indices.iter().copied();
                served.extend(indices.zip(batch.x.outer_iter().map(|image| image.to_owned())));
            }
        }
        prop_assert!(served[0] == served[1]);
    }
}

#[test]
fn a_state_follows_batches_made_ahead() {
    let (x, generator) = (images(10), generator(20.0));
    let flow = || generator.flow(&x, (), 4).unwrap().seed(5);
    let before = flow().state().unwrap();
    let (state, expected) = flow().prefetch(3, |batches| {
        let second = batches.nth(1).unwrap().unwrap();
        (before.after(&second), batches.next_batch().unwrap())
    });
    assert_eq!(flow().resume(&stored(&state)).unwrap().next_batch().unwrap(), expected);
}

/// What a refused state was found to be of another.
fn refusal<S: Source>(outcome: Result<Flow<'_, S, ()>, Error>) -> &'static str {
    match outcome {
        Err(Error::State { differs }) => differs,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

#[test]
fn a_state_of_something_else_is_refused() {
    let (x, generator_) = (images(10), generator(20.0));
    let flow = || generator_.flow(&x, (), 4).unwrap();
    let state = flow().state().unwrap();

    let other = generator(21.0);
    assert_eq!(refusal(other.flow(&x, (), 4).unwrap().resume(&state)), "recipe");
    // The same arguments, fitted to other images.
    let mut other = generator(20.0);
    other.fit(&images(8)).unwrap();
    assert_eq!(refusal(other.flow(&x, (), 4).unwrap().resume(&state)), "recipe");

    let mut changed = x.clone();
    changed[[0, 0, 0, 0]] ^= 1;
    for other in [changed, images(11)] {
        assert_eq!(refusal(generator_.flow(&other, (), 4).unwrap().resume(&state)), "data set");
    }
    let part = flow().subset(Subset::Training, 0.2).unwrap();
    assert_eq!(refusal(part.resume(&state)), "part of the data set");
    assert_eq!(refusal(flow().shard(0, 2).unwrap().resume(&state)), "shard");

    let mut json = serde_json::to_value(&state).unwrap();
    json["version"] = 2.into();
    assert_eq!(refusal(flow().resume(&serde_json::from_value(json.clone()).unwrap())), "version");
    json["version"] = 1.into();
    json["position"] = 11.into();
    let beyond = flow().resume(&serde_json::from_value(json.clone()).unwrap());
    assert!(matches!(beyond, Err(Error::Position { position: 11, images: 10 })), "{beyond:?}");
    json["colour"] = "blue".into();
    assert!(serde_json::from_value::<FlowState>(json).is_err(), "unknown fields are refused");
}

#[test]
fn files_are_known_by_their_names() {
    let save = |names: [&str; 2]| {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            save_image(path, Array3::zeros((4, 4, 3)).view(), SaveFormat::Png).unwrap();
        }
        folder
    };
    let generator = generator(20.0);
    let flow = |folder: &tempfile::TempDir| {
        let files = generator.flow_from_directory(folder.path()).without_classes();
        files.target_size(4, 4).images().unwrap()
    };
    let (here, there) = (save(["a.png", "b.png"]), save(["a.png", "b.png"]));
    let state = flow(&here).state().unwrap();
    flow(&there).resume(&state).unwrap();
    let refused = flow(&save(["a.png", "c.png"])).resume(&state);
    assert!(matches!(refused, Err(Error::State { differs: "data set" })), "{refused:?}");
}

#[test]
fn a_recipe_with_a_function_has_no_state() {
    let x = images(4);
    let generator = ImageDataGenerator::builder().preprocessing_function(|_| ()).build().unwrap();
    let flow = generator.flow(&x, (), 2).unwrap();
    assert!(matches!(flow.state(), Err(Error::Transform(_))));
    flow.resume_at(3, 2).unwrap().next_batch().unwrap();
}

/// A fingerprint that changed would refuse every state stored before.
#[test]
fn fingerprints_stay_what_they_are() {
    let x = images(3);
    let recipe = Recipe::new();
    let flow = Flow::from_recipe(&recipe, mizumashi::stats::Layout::Nhwc, &x, (), 2).unwrap();
    let json = serde_json::to_string(&flow.seed(7).state().unwrap()).unwrap();
    assert_eq!(json, STATE);
}

const STATE: &str = concat!(
    r#"{"version":1,"seed":7,"shuffle":true,"epoch":0,"position":0,"recipe":1366314996941316862,"#,
    r#""samples":{"source":8821907712647705726,"part":[0,3],"shard":[0,1]}}"#
);
