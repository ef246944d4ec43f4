//! Every listing of `docs/command-line.md` is run, and prints what it says.

use std::fs;
use std::path::Path;

use crate::support::Place;

#[test]
fn the_page_on_the_command_line_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command-line.md");
    let place = Place::new();
    let copy = place.path("command-line.md");
    fs::copy(&page, &copy).unwrap();
    // Beside the page, what stands in the folder of its commands.
    let photos = Place::with_photos();
    for (file, bytes) in photos.files("photos") {
        let path = place.path("command-line.in/photos").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir(place.path("command-line.out")).unwrap();
    trycmd::TestCases::new().case(&copy).run();
    // `TRYCMD=overwrite` mends the copy.
    if std::env::var_os("TRYCMD").is_some_and(|value| value == "overwrite") {
        fs::copy(&copy, &page).unwrap();
    }
}

#[test]
fn every_command_has_a_manual_and_completions_name_it() {
    let place = Place::new();
    let commands = [
        "hist",
        "stretch",
        "standardize",
        "whiten",
        "augment",
        "preview",
        "fit",
        "merge",
        "inspect",
    ];
    let page = place.text("man");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.text(&format!("completions {shell}"));
        for command in commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    for command in commands {
        assert!(page.contains(command), "{command}");
        assert!(place.text(&format!("man {command}")).contains(".TH mizumashi-"), "{command}");
    }
}
