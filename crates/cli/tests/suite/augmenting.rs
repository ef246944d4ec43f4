//! Random variants: what decides them, and what goes along.

use crate::support::Place;
use image::{GrayImage, Luma, Rgb, RgbImage};
use mizumashi::transform::{Plan, Recipe, SampleKey};
use ndarray::Array3;

#[test]
fn the_seed_alone_decides() {
    let place = Place::with_photos();
    place.text("augment photos --copies 3 --seed 5 -o one --threads 1");
    place.text("augment photos --copies 3 --seed 5 -o two --threads 2");
    let (one, two) = (place.files("one"), place.files("two"));
    assert_eq!(one.len(), 18);
    assert_eq!(one, two);
    place.text("augment photos --copies 3 --seed 6 -o other");
    assert_ne!(one, place.files("other"));
    let bytes: std::collections::BTreeSet<_> = one.iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(bytes.len(), 18, "no two variants are alike");
}

#[test]
fn variants_are_what_the_library_makes() {
    let place = Place::with_photos();
    place.text("augment photos --rotation-range 30 --zoom-range 0.8,1.2 --copies 2 -o out --plans --save-recipe r.json");
    let recipe = Recipe::from_json(&String::from_utf8(place.read("r.json")).unwrap()).unwrap();
    let first = place.files("photos")[0].0.clone();
    let picture = place.open(&format!("photos/{}", first.display()));
    let image = Array3::from_shape_vec((32, 32, 3), picture.into_raw()).unwrap();
    for copy in 0..2 {
        let key = SampleKey { seed: 0, epoch: copy, index: 0 };
        let expected = recipe.draw(key, image.dim()).unwrap().apply(image.view()).unwrap();
        let stem = format!("out/{}_{copy}", first.with_extension("").display());
        let plan = String::from_utf8(place.read(&format!("{stem}.json"))).unwrap();
        let replayed = Plan::from_json(&plan).unwrap().apply(image.view()).unwrap();
        assert_eq!(replayed, expected);
        let found = place.open(&format!("{stem}.png")).into_raw();
        let bytes: Vec<u8> = expected.iter().map(|value| value.round() as u8).collect();
        assert_eq!(found, bytes);
    }
    place.text("augment photos --recipe r.json --copies 2 -o again");
    let pictures = |folder: &str| -> Vec<_> {
        let files = place.files(folder).into_iter();
        files.filter(|(path, _)| path.extension().unwrap() == "png").collect()
    };
    assert_eq!(pictures("again"), pictures("out"));
}

#[test]
fn masks_move_with_their_pictures_and_keep_their_labels() {
    let place = Place::new();
    let inside = |x: u32, y: u32| (10..20).contains(&x) && (8..30).contains(&y);
    let picture = RgbImage::from_fn(40, 32, |x, y| Rgb([if inside(x, y) { 200 } else { 0 }; 3]));
    let mask = GrayImage::from_fn(40, 32, |x, y| Luma([if inside(x, y) { 7 } else { 1 }]));
    place.save(&picture, "images/a.png");
    place.save_gray(&mask, "masks/a.png");
    place.text("augment images --masks masks --mask-fill 255 --fill-mode constant --width-shift-range 9.0 --horizontal-flip --copies 4 -o out");
    let mut moved = 0;
    for copy in 0..4 {
        let picture = place.open(&format!("out/images/a_{copy}.png"));
        let mask = image::open(place.path(&format!("out/masks/a_{copy}.png"))).unwrap();
        assert_eq!(mask.color(), image::ColorType::L8);
        let mask = mask.to_luma8();
        for (x, y, label) in mask.enumerate_pixels() {
            assert!([1, 7, 255].contains(&label.0[0]), "{}", label.0[0]);
            let bright = picture[(x, y)].0[0];
            // Interpolated edges are between the two.
            assert!(bright != 200 || label.0[0] == 7, "at {x}, {y}");
            assert!(label.0[0] != 7 || bright >= 100, "at {x}, {y}");
        }
        moved += usize::from(mask[(10, 15)].0[0] != 7 || mask[(19, 15)].0[0] != 7);
    }
    assert!(moved > 0);
}

#[test]
fn a_preview_tells_what_was_drawn() {
    let place = Place::with_photos();
    let report = place.json("preview photos --rotation-range 30 --channel-shift-range 20 --draws 3 -o sheet.png --seed 2");
    let draws = report["draws"].as_array().unwrap();
    assert_eq!(draws.len(), 3);
    let first = place.files("photos")[0].0.clone();
    place.text("augment photos --rotation-range 30 --channel-shift-range 20 --copies 3 --seed 2 --limit 1 --plans -o out");
    for (copy, draw) in draws.iter().enumerate() {
        let stem = first.with_extension("");
        let plan = place.read(&format!("out/{}_{copy}.json", stem.display()));
        let plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
        assert_eq!(draw["plan"], plan);
        let intensity = &plan["steps"][1]["operation"]["channel_shift"]["intensity"];
        let words = draw["words"].to_string();
        let rounded = (intensity.as_f64().unwrap() * 1e3).round() / 1e3;
        assert!(words.contains(&format!("channel shift intensity {rounded}")), "{words}");
        assert!(words.contains("rotation "), "{words}");
    }
    assert!(place.open("sheet.png").width() > 4 * 192);
}
