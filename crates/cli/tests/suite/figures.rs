//! What the commands compute, where it is known in closed form.

use crate::support::Place;
use image::{GrayImage, Luma, Rgb, RgbImage};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn near(value: &Value, expected: f64) {
    let found = number(value);
    assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
}

/// Two grey levels, half of the pixels each.
fn halves() -> RgbImage {
    RgbImage::from_fn(8, 6, |x, _| Rgb(if x < 4 { [60, 80, 100] } else { [100, 80, 60] }))
}

#[test]
fn a_fit_is_exact_and_does_not_depend_on_threads() {
    let place = Place::new();
    place.save(&halves(), "set/a.png");
    place.save(&RgbImage::from_pixel(4, 4, Rgb([0, 10, 255])), "set/deeper/b.png");
    let report = place.json("fit set -o one.json --threads 1");
    // 48 pixels of 60 and 100 by halves, and 16 of 0.
    near(&report["channels"][0]["mean"], 60.0);
    let squares = (24.0 * 60.0_f64.powi(2) + 24.0 * 100.0_f64.powi(2)) / 64.0;
    near(&report["channels"][0]["std"], (squares - 3600.0).sqrt());
    near(&report["channels"][2]["max"], 255.0);
    near(&report["channels"][1]["median"], 80.0);
    assert_eq!(report["images"], 2);
    assert_eq!(report["image_shape"], Value::Null);
    place.text("fit set -o two.json --threads 2");
    assert_eq!(place.read("one.json"), place.read("two.json"));
    assert_eq!(place.json("inspect one.json")["channels"], report["channels"]);
}

#[test]
fn parts_of_a_set_merge_into_the_file_of_the_whole() {
    let place = Place::with_photos();
    place.text("fit photos -o whole.json");
    for class in ["ball", "moon", "ring"] {
        place.text(&format!("fit photos/{class} --partial -o {class}.part"));
        place.text(&format!("fit photos/{class} -o {class}.json"));
    }
    place.text("merge ball.part moon.part ring.part -o merged.json");
    assert_eq!(place.read("merged.json"), place.read("whole.json"));
    // In another order, in two steps, and of either kind of file.
    place.text("merge ring.part moon.json --partial -o two.part");
    let report = place.json("merge two.part ball.part -o again.json");
    assert_eq!(place.read("again.json"), place.read("whole.json"));
    assert_eq!((&report["parts"], &report["images"]), (&2.into(), &6.into()));
    assert_eq!(place.json("inspect two.part")["images"], 4);

    let mut damaged = place.read("ball.part");
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(place.path("damaged.part"), damaged).unwrap();
    let (status, line) = place.error("merge moon.part damaged.part");
    assert!(line.contains("damaged.part: ") && line.contains("checksum"), "{line}");
    assert_eq!(status, 1);
    place.save_gray(&GrayImage::from_pixel(4, 4, Luma([9])), "grey.png");
    place.text("fit grey.png --grayscale --partial -o grey.part");
    let (_, line) = place.error("merge moon.part grey.part");
    assert!(line.starts_with("error: grey.part: images have 1 channels"), "{line}");
    let (status, _) = place.error("fit photos --partial");
    assert_eq!(status, 2);
}

#[test]
fn a_stretch_reaches_from_0_to_255() {
    let place = Place::new();
    place.save(&halves(), "a.png");
    let report = place.json("stretch a.png -o out.png");
    let change = &report["pictures"][0];
    near(&change["before"]["ave"], 80.0);
    near(&change["before"]["std"], (2.0_f64 / 3.0 * 400.0).sqrt());
    near(&change["after"]["min"], 0.0);
    near(&change["after"]["max"], 255.0);
    near(&change["after"]["ave"], 127.5);
    let out = place.open("out.png");
    assert_eq!(out[(0, 0)].0, [0, 128, 255]);
    assert_eq!(out[(7, 0)].0, [255, 128, 0]);
}

#[test]
fn percentiles_cut_what_lies_beyond_them() {
    let place = Place::new();
    // 0, 1, ..., 100: the percentiles are the values.
    place.save_gray(&GrayImage::from_fn(101, 1, |x, _| Luma([x as u8])), "ramp.png");
    let report = place.json("stretch ramp.png --grayscale --percentiles 10,90 -o out.png");
    near(&report["after"]["ave"], 127.5);
    let out = image::open(place.path("out.png")).unwrap().to_luma8();
    assert_eq!([0, 10, 50, 90, 100].map(|x| out[(x, 0)].0[0]), [0, 0, 128, 255, 255]);
}

#[test]
fn a_blur_comes_before_the_stretch() {
    let place = Place::new();
    let mut dot = GrayImage::from_pixel(9, 9, Luma([0]));
    dot.put_pixel(4, 4, Luma([90]));
    place.save_gray(&dot, "dot.png");
    place.text("stretch dot.png --grayscale --blur -o out.png");
    let out = image::open(place.path("out.png")).unwrap().to_luma8();
    let white = out.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] == 255);
    // The dot has become a square of 3x3 tens.
    assert_eq!(white.count(), 9);
    assert_eq!(out[(2, 4)].0[0], 0);
}

#[test]
fn standardised_pictures_have_mean_0_and_deviation_1() {
    let place = Place::with_photos();
    let report = place.json("standardize photos -o out");
    for change in report["pictures"].as_array().unwrap() {
        near(&change["after"]["ave"], 0.0);
        near(&change["after"]["std"], 1.0);
    }
    assert_eq!(place.files("out").len(), 6);

    place.text("fit photos -o set.json");
    let by_file = place.json("standardize photos --statistics set.json");
    let at_once = place.json("standardise photos --featurewise");
    assert_eq!(by_file["pictures"], at_once["pictures"]);
    near(&by_file["after"]["ave"], 0.0);
    near(&by_file["after"]["std"], 1.0);
}

#[test]
fn signed_values_are_shown_around_the_middle() {
    let place = Place::new();
    place.save_gray(
        &GrayImage::from_fn(4, 1, |x, _| Luma([[0, 100, 100, 200][x as usize]])),
        "a.png",
    );
    place.text("standardize a.png --grayscale --center-only --offset 200 -o out.png");
    let out = image::open(place.path("out.png")).unwrap().to_luma8();
    // (d + 200) / 400 * 255 of -100, 0, 100.
    assert_eq!([0, 1, 2, 3].map(|x| out[(x, 0)].0[0]), [64, 128, 128, 191]);
}

#[test]
fn one_picture_in_keras_manner_is_divided_by_its_norm() {
    let place = Place::new();
    let picture = RgbImage::from_fn(128, 128, |x, y| {
        let wave = ((x * 3 + y * 5) as f64 / 17.0).sin() + ((x * y) as f64 / 301.0).cos();
        Rgb([0.0, 40.0, -30.0].map(|shift| (128.0 + 40.0 * wave + shift).clamp(0.0, 255.0) as u8))
    });
    place.save(&picture, "a.png");
    let report = place.json("whiten a.png --keras -o out.png");
    let after = &report["after"];
    assert_eq!(format!("{:.7}", number(&after["std"])), "0.0045105");
    assert!(number(&after["ave"]).abs() < 1e-9);
    let text = place.text("whiten a.png --keras");
    assert!(text.contains("std: 0.0045105  ave: 0.0000000"), "{text}");
}

#[test]
fn whitened_colours_are_uncorrelated() {
    let place = Place::with_photos();
    let report = place.json("whiten photos --over channels --epsilon 0 --save colours.safetensors");
    near(&report["after"]["std"], 1.0);
    near(&report["after"]["ave"], 0.0);
    let stored = place.json("whiten photos --matrix colours.safetensors");
    assert_eq!(stored["pictures"], report["pictures"]);
    let told = place.text("inspect colours.safetensors");
    assert!(told.starts_with("of the 3 channels of pictures of any size\nZca"), "{told}");
    std::fs::copy(place.path("colours.safetensors"), place.path("colours")).unwrap();
    assert_eq!(place.text("inspect colours"), told, "a file is known by its contents");
    let bytes = place.read("colours");
    std::fs::write(place.path("cut"), &bytes[..bytes.len() / 2]).unwrap();
    let (status, error) = place.error("inspect cut");
    assert!(status == 1 && error.starts_with("error: cut: "), "{error}");
}

#[test]
fn one_picture_is_enough_for_patches() {
    let place = Place::with_photos();
    let picture = place.files("photos")[0].0.clone();
    let command =
        format!("whiten photos/{} --over patches --patch 3 -o out.png", picture.display());
    let report = place.json(&command);
    assert_eq!(report["pictures"][0]["shape"], serde_json::json!([32, 32, 3]));
    assert_eq!(place.open("out.png").dimensions(), (32, 32));
    // Of pixels at the edge nothing is promised.
    let std = number(&report["after"]["std"]);
    assert!((0.8..1.5).contains(&std), "{std}");
}

#[test]
fn histograms_count_every_value_before_and_after() {
    let place = Place::new();
    place.save(&halves(), "a.png");
    let report = place.json("hist a.png --step stretch");
    let counts = |side: &str, channel: usize| -> Vec<u64> {
        serde_json::from_value(report[side]["channels"][channel]["counts"].clone()).unwrap()
    };
    let red = counts("before", 0);
    assert_eq!((red[60], red[100], red.iter().sum::<u64>()), (24, 24, 48));
    let red = counts("after", 0);
    assert_eq!((red[0], red[127], red.iter().sum::<u64>()), (24, 24, 48));
    assert_eq!(counts("after", 1)[64], 48);
    near(&report["after"]["ave"], 127.5);

    for plot in ["a.svg", "a.plot.png"] {
        place.text(&format!("hist a.png --step stretch -o {plot}"));
    }
    let plot = String::from_utf8(place.read("a.svg")).unwrap();
    for told in ["std: 16.3299316", "% of values in a bin of 1\n", "% of values in a bin of 1.99"] {
        assert!(plot.contains(told), "{told}");
    }
    assert_eq!(place.open("a.plot.png").dimensions(), (640, 720));
    let bars = place.text("hist a.png");
    assert_eq!(bars.matches('█').count(), 6 * (2 + 1 + 2), "{bars}");
}

#[test]
fn a_random_recipe_is_drawn_for_each_picture() {
    let place = Place::new();
    for name in ["a", "b"] {
        place.save(&RgbImage::from_pixel(4, 4, Rgb([100; 3])), &format!("grey/{name}.png"));
    }
    place.text("augment grey -o out --brightness-range 0.5,1.5 --save-recipe recipe.json");
    let report = place.json("hist grey --recipe recipe.json");
    let made = place
        .files("out")
        .into_iter()
        .map(|(_, bytes)| image::load_from_memory(&bytes).unwrap().to_rgb8()[(0, 0)].0[0]);
    let mut made: Vec<u8> = made.collect();
    made.sort_unstable();
    let rounded = |value: &Value| number(value).round() as u8;
    assert!(made[0] < made[1], "{made:?}");
    assert_eq!([rounded(&report["after"]["min"]), rounded(&report["after"]["max"])], made[..]);
}

#[test]
fn the_formats_that_are_written_are_read_from_folders() {
    let place = Place::new();
    place.save(&RgbImage::from_pixel(4, 4, Rgb([10, 20, 30])), "photos/a.ppm");
    place.save_gray(&GrayImage::from_pixel(4, 4, Luma([7])), "photos/b.pgm");
    assert_eq!(place.json("fit photos")["images"], 2);
}

#[test]
fn black_pictures_are_remarked_upon() {
    let place = Place::with_photos();
    let text = place.text("augment photos -o out --rescale 0.00392");
    assert!(text.contains("the pictures are black"), "{text}");
    let text = place.text("preview photos -o p.png --rescale 0.00392 --offset 1");
    assert!(!text.contains("black"), "{text}");
}
