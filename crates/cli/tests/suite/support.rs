//! A folder of generated pictures, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{GrayImage, RgbImage};
use mizumashi::data::Synthetic;
use ndarray::Axis;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `photos/CLASS/N.png`, two generated pictures of 32x32 pixels for each of three classes.
    pub(crate) fn with_photos() -> Self {
        let place = Self::new();
        let set = Synthetic { train: 6, test: 0, classes: 3, ..Synthetic::default() };
        let set = set.generate().unwrap().train;
        for (index, image) in set.images().axis_iter(Axis(0)).enumerate() {
            let class = &set.class_names()[set.labels()[index]];
            let (height, width, _) = image.dim();
            let values = image.iter().copied().collect();
            let picture = RgbImage::from_raw(width as u32, height as u32, values).unwrap();
            place.save(&picture, &format!("photos/{class}/{index}.png"));
        }
        place
    }

    pub(crate) fn save(&self, picture: &RgbImage, name: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        picture.save(self.path(name)).unwrap();
    }

    pub(crate) fn save_gray(&self, picture: &GrayImage, name: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        picture.save(self.path(name)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn open(&self, name: &str) -> RgbImage {
        image::open(self.path(name)).unwrap().to_rgb8()
    }

    /// Every file below a folder, with its bytes, in the order of their names.
    pub(crate) fn files(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, files);
                } else {
                    files.push((path.clone(), fs::read(&path).unwrap()));
                }
            }
        }
        let root = self.path(folder);
        let mut files = Vec::new();
        collect(&root, &mut files);
        let named = |(path, bytes): (PathBuf, Vec<u8>)| {
            (path.strip_prefix(&root).unwrap().to_owned(), bytes)
        };
        let mut files: Vec<_> = files.into_iter().map(named).collect();
        files.sort();
        files
    }

    /// Runs the program in this folder.
    pub(crate) fn run(&self, arguments: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_mizumashi"))
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    /// What it prints where it succeeds.
    pub(crate) fn text(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {errors}");
        assert_eq!(errors, "", "{arguments}: progress is for terminals");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it prints with `--json`.
    pub(crate) fn json(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.text(&format!("{arguments} --json"))).unwrap()
    }

    /// Its one line of error, with the exit status.
    pub(crate) fn error(&self, arguments: &str) -> (i32, String) {
        let output = self.run(arguments);
        assert_eq!(output.stdout, b"", "{arguments}");
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), errors)
    }
}
