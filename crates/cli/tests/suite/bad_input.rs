//! Bad input: one clear line, the right exit status, and nothing half-written.

use std::fs;

use crate::support::Place;

#[track_caller]
fn refuses(place: &Place, command: &str, status: i32, told: &[&str]) {
    let (found, text) = place.error(command);
    assert_eq!(found, status, "{command}: {text}");
    assert!(text.starts_with("error: "), "{text}");
    for told in told {
        assert!(text.contains(told), "{command}: no {told:?} in {text}");
    }
    if status == 1 {
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn a_path_that_is_not_there() {
    let place = Place::with_photos();
    refuses(&place, "hist nowhere.png", 1, &["nothing at nowhere.png"]);
    refuses(&place, "augment photos --masks nomasks -o out", 1, &["nomasks"]);
    refuses(&place, "augment photos --recipe no.json -o out", 1, &["nothing at no.json"]);
    refuses(&place, "whiten photos --matrix no.safetensors", 1, &["nothing at no.safetensors"]);
    fs::create_dir(place.path("empty")).unwrap();
    refuses(&place, "fit empty", 1, &["no images in empty"]);
}

#[test]
fn a_damaged_picture_among_others_is_named_or_left_out() {
    let place = Place::with_photos();
    let whole = place.files("photos").len();
    let (first, bytes) = place.files("photos")[1].clone();
    fs::write(place.path("photos").join(&first), &bytes[..bytes.len() / 2]).unwrap();
    let name = first.display().to_string();
    refuses(&place, "fit photos", 1, &[&name, "cannot be decoded"]);
    refuses(&place, "stretch photos", 1, &[&name]);

    let report = place.json("fit photos --skip-damaged");
    assert_eq!(report["images"], whole - 1);
    assert_eq!(report["skipped"].as_array().unwrap().len(), 1);
    assert!(report["skipped"][0]["path"].as_str().unwrap().ends_with(&name));
    let text = place.text("stretch photos --skip-damaged -o out");
    assert!(text.contains("left out, since they cannot be read: 1"), "{text}");
    assert_eq!(place.files("out").len(), whole - 1);

    for (file, _) in place.files("photos") {
        fs::write(place.path("photos").join(file), "no picture").unwrap();
    }
    refuses(&place, "fit photos --skip-damaged", 1, &["no picture of 6 can be read"]);
    refuses(&place, "preview photos -o a.png --skip-damaged", 1, &["no picture of 6 can be read"]);
}

#[test]
fn a_preview_is_of_the_first_picture_that_can_be_read() {
    let place = Place::with_photos();
    let [damaged, second] = [0, 1].map(|at| place.files("photos")[at].0.display().to_string());
    place.write(&format!("photos/{damaged}"), "no picture");
    refuses(&place, "preview photos --horizontal-flip -o a.png", 1, &[&damaged]);
    let report = place.json("preview photos --horizontal-flip -o a.png --skip-damaged");
    assert_eq!(report["path"], format!("photos/{second}"));
    assert_eq!(report["skipped"][0]["path"], format!("photos/{damaged}"));

    let recipe = "--rotation-range 30 --skip-damaged";
    let shown = place.json(&format!("preview photos {recipe} --draws 1 -o b.png"));
    place.text(&format!("augment photos {recipe} --plans -o out"));
    let plan = place.files("out").into_iter().find(|(path, _)| path.extension().unwrap() == "json");
    let plan: serde_json::Value = serde_json::from_slice(&plan.unwrap().1).unwrap();
    assert_eq!(shown["draws"][0]["plan"], plan, "its place in the list decides");
}

#[test]
fn a_damaged_picture_is_the_same_one_for_any_number_of_threads() {
    let place = Place::with_photos();
    for (file, _) in place.files("photos").iter().skip(2) {
        fs::write(place.path("photos").join(file), "no picture").unwrap();
    }
    let one = place.error("fit photos --threads 1");
    for _ in 0..5 {
        assert_eq!(place.error("fit photos --threads 4"), one);
    }
}

#[test]
fn an_output_that_is_there_needs_force() {
    let place = Place::with_photos();
    place.write("out.json", "precious");
    refuses(&place, "fit photos -o out.json", 1, &["out.json is there already", "--force"]);
    assert_eq!(place.read("out.json"), b"precious");
    place.text("fit photos -o out.json --force");
    assert!(place.read("out.json").starts_with(b"{"));

    place.text("stretch photos -o out");
    let (last, _) = place.files("out").pop().unwrap();
    for (file, _) in place.files("out") {
        if file != last {
            fs::remove_file(place.path("out").join(file)).unwrap();
        }
    }
    // The last of six is there: the first five are not written either.
    refuses(&place, "stretch photos -o out", 1, &[&last.display().to_string(), "--force"]);
    assert_eq!(place.files("out").len(), 1);
}

#[test]
fn what_is_read_is_not_written_over() {
    let place = Place::with_photos();
    let before = place.files("photos");
    refuses(&place, "stretch photos -o photos --force", 2, &["written over while it is read"]);
    assert_eq!(place.files("photos"), before);
}

#[test]
fn two_pictures_of_one_name_are_not_written_over_each_other() {
    let place = Place::with_photos();
    let first = place.files("photos")[0].0.display().to_string();
    let command = format!("stretch photos/{first} photos/{first} -o out");
    refuses(&place, &command, 1, &["two pictures would be written to"]);
    assert!(!place.path("out").exists());
}

#[test]
#[cfg(unix)]
fn a_folder_that_may_not_be_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_photos();
    fs::create_dir(place.path("locked")).unwrap();
    fs::set_permissions(place.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.path("locked/probe"), "").is_ok() {
        // The superuser may write anywhere; a file in the way of a folder stops everybody.
        println!("skipped the locked folder: this user may write to it");
    } else {
        refuses(&place, "fit photos -o locked/a.json", 1, &["cannot write locked/a.json"]);
        assert!(place.files("locked").is_empty());
    }
    place.write("file", "");
    refuses(&place, "fit photos -o file/a.json", 1, &["cannot write file/a.json"]);
    refuses(&place, "stretch photos -o file/out", 1, &["cannot write file/out"]);
    assert_eq!(place.read("file"), b"");
}

#[test]
fn misspelt_recipes_have_a_hint() {
    let place = Place::with_photos();
    let recipe = |transform: &str| format!(r#"{{"version": 1, "transforms": [{transform}]}}"#);
    place.write("transform.json", &recipe(r#"{"transform": "random_afine", "ranges": {}}"#));
    refuses(
        &place,
        "augment photos --recipe transform.json -o out",
        1,
        &["transform.json", "`random_afine`", "did you mean `random_affine`?"],
    );
    place.write(
        "field.json",
        &recipe(r#"{"transform": "random_affine", "ranges": {"rotaton": 3}}"#),
    );
    refuses(
        &place,
        "preview photos --recipe field.json -o out.png",
        1,
        &["field.json", "`rotaton`", "did you mean `rotation`?"],
    );
    place.write(
        "range.json",
        &recipe(r#"{"transform": "random_affine", "ranges": {"rotation": -3}}"#),
    );
    refuses(&place, "inspect range.json", 1, &["range.json", "-3"]);
    place.write("half.json", r#"{"version": 1, "transfo"#);
    refuses(&place, "inspect half.json", 1, &["half.json", "EOF"]);
    place.write("half.json", "\n{\"transforms\": [");
    refuses(&place, "inspect half.json", 1, &["half.json", "line 2"]);
    place.write("other.json", "[1, 2, 3, 4, 5]");
    refuses(&place, "inspect other.json", 1, &["other.json", "no statistics"]);
    place.write("other.json", "{}");
    refuses(&place, "inspect other.json", 1, &["other.json", "no statistics"]);
    place.write("other.safetensors", "{}");
    refuses(&place, "inspect other.safetensors", 1, &["other.safetensors"]);
    assert!(!place.path("out").exists());
}

#[test]
fn a_file_of_another_kind_is_told_for_what_it_is() {
    let place = Place::with_photos();
    place.json("fit photos -o set.json");
    place.json("fit photos --partial -o set.part");
    place.json("augment photos --rotation-range 9 -o out --save-recipe recipe.json");
    place.json("whiten photos --over channels --save set.safetensors");
    let statistics = "this is a file of statistics, where a recipe is wanted";
    for command in ["preview photos --recipe set.json -o a.png", "hist photos --recipe set.part"] {
        refuses(&place, command, 1, &["set.", statistics]);
    }
    let recipe = "recipe.json: this is a recipe, where a whitening is wanted";
    refuses(&place, "whiten photos --matrix recipe.json", 1, &[recipe]);
    let whitening = "set.safetensors: this is a whitening, where a file of statistics is wanted";
    refuses(&place, "standardize photos --statistics set.safetensors", 1, &[whitening]);
    refuses(&place, "merge set.part set.safetensors -o all.json", 1, &[whitening]);
    let photo = "photos/ball/2.png";
    let neither = "no statistics, fit, recipe, plan or whitening of mizumashi";
    refuses(&place, &format!("inspect {photo}"), 1, &[photo, neither]);
    refuses(&place, &format!("preview photos --recipe {photo} -o a.png"), 1, &[photo, "no JSON"]);
}

#[test]
fn options_out_of_range_are_usage() {
    let place = Place::with_photos();
    let out_of_range = [
        ("augment photos --rotation-range 400 -o out", "400"),
        ("augment photos --zoom-range 2,1 -o out", "2"),
        ("augment photos --zoom-range wide -o out", "wide"),
        ("augment photos --brightness-range -1,2 -o out", "-1"),
        ("augment photos --copies 0 -o out", "0"),
        ("augment photos --cval 3 --fill-mode wrap -o out", "--cval"),
        ("augment photos", "--output"),
        ("augment photos --rotation-range 3 --recipe r.json -o out", "--recipe"),
        ("stretch photos --percentiles 90,10", "90,10"),
        ("stretch photos --percentiles 1,101", "0 to 100"),
        ("stretch photos --blur=4", "4"),
        ("standardize photos --offset 0 -o out", "above 0"),
        ("whiten photos --epsilon nan", "epsilon"),
        ("whiten photos --over patches --patch 4", "--patch"),
        ("whiten photos --kind pca", "--over channels"),
        ("whiten photos --kind zka", "zca"),
        ("whiten photos --limit 1", "--over patches"),
        ("hist photos --size 0", "32768"),
        ("hist photos -o plot.txt", ".svg"),
        ("hist photos --threads 0", "0"),
        ("preview photos -o sheet", "sheet"),
        ("man nonsense", "nonsense"),
        ("strech photos", "stretch"),
    ];
    for (command, told) in out_of_range {
        refuses(&place, command, 2, &[told]);
    }
    assert!(!place.path("out").exists());
}

#[test]
fn sizes_must_agree_where_pixels_are_whitened() {
    let place = Place::with_photos();
    place.save(&image::RgbImage::new(20, 30), "photos/zz.png");
    refuses(&place, "whiten photos --epsilon 1", 1, &["30x20x3", "32x32x3", "--size"]);
    place.text("whiten photos --epsilon 1 --size 16");
}

#[test]
fn no_command_writes_over_its_input() {
    let place = Place::with_photos();
    let (first, bytes) = place.files("photos")[0].clone();
    let photo = format!("photos/{}", first.display());
    for command in [
        format!("preview {photo} --rotation-range 9 -o {photo} --force"),
        format!("hist {photo} -o {photo} --force"),
        format!("fit {photo} -o {photo} --force"),
        format!("whiten photos --over channels --save {photo} --force"),
        format!("augment photos --masks photos -o out --save-recipe {photo} --force"),
    ] {
        refuses(&place, &command, 2, &[&photo, "written over while it is read"]);
        assert_eq!(place.read(&photo), bytes, "{command}");
    }
}

#[test]
fn what_a_fit_leaves_out_is_told() {
    let place = Place::with_photos();
    place.write("photos/broken.png", "no picture");
    let (first, _) = place.files("photos")[1].clone();
    let command = format!("whiten photos/{} --fit photos --over channels", first.display());
    refuses(&place, &command, 1, &["photos/broken.png"]);
    let report = place.json(&format!("{command} --skip-damaged"));
    assert_eq!(report["skipped"][0]["path"], "photos/broken.png");
}

#[test]
fn an_output_that_is_there_is_refused_before_the_fit() {
    let place = Place::with_photos();
    place.write("photos/broken.png", "no picture");
    place.write("w.safetensors", "precious");
    // A fit would meet the damaged picture first.
    let command = "whiten photos --over channels --save w.safetensors";
    refuses(&place, command, 1, &["w.safetensors is there already"]);
}

#[test]
fn masks_whose_labels_would_be_lost() {
    let place = Place::with_photos();
    for (file, _) in place.files("photos") {
        place.save_gray(&image::GrayImage::new(32, 32), &format!("masks/{}", file.display()));
    }
    let third = format!("masks/{}", place.files("masks")[2].0.display());
    let labels = image::ImageBuffer::from_pixel(32, 32, image::Luma([300_u16]));
    labels.save(place.path(&third)).unwrap();
    let command = "augment photos --masks masks --skip-damaged -o out";
    refuses(&place, command, 1, &[&third, "16 bits per channel"]);
    // Pictures of 16 bits are taken, by the upper eight.
    place.text(&format!("stretch {third}"));
}

#[test]
fn two_masks_of_one_name() {
    let place = Place::with_photos();
    let (first, bytes) = place.files("photos")[0].clone();
    for extension in ["png", "jpg"] {
        let mask = place.path("masks").join(&first).with_extension(extension);
        fs::create_dir_all(mask.parent().unwrap()).unwrap();
        fs::write(mask, &bytes).unwrap();
    }
    refuses(&place, "augment photos --masks masks -o out", 1, &["a mask of the same name"]);
}

#[test]
fn several_pictures_are_not_given_the_name_of_one() {
    let place = Place::with_photos();
    refuses(&place, "stretch photos -o out.png", 2, &["out.png", "name a folder"]);
}
