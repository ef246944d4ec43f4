//! Agreement with keras-preprocessing and PIL, by the figures of `golden/image_files.py`.

use std::fs;
use std::path::{Path, PathBuf};

use mizumashi_data::files::{ColorMode, ImageFolder, ImageLoader, Resampling, Subset, Table};
use ndarray::{Array3, s};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Files {
    lossless: Vec<Loaded>,
    resized: Vec<Loaded>,
    lossy: Vec<Loaded>,
}

#[derive(Deserialize)]
struct Loaded {
    file: String,
    mode: ColorMode,
    size: Option<(usize, usize)>,
    interpolation: Resampling,
    shape: (usize, usize, usize),
    values: Vec<u8>,
}

impl Loaded {
    fn keras(&self) -> Array3<u8> {
        Array3::from_shape_vec(self.shape, self.values.clone()).unwrap()
    }

    fn ours(&self) -> Array3<u8> {
        let mut loader = ImageLoader::new().color_mode(self.mode).resampling(self.interpolation);
        if let Some((height, width)) = self.size {
            loader = loader.target_size(height, width);
        }
        loader.load(golden("files").join(&self.file)).unwrap()
    }

    /// The greatest distance of a value, and the part of the values that differ at all.
    fn distance(&self) -> (u8, f64) {
        let (ours, keras) = (self.ours(), self.keras());
        assert_eq!(ours.dim(), keras.dim(), "{}", self.file);
        let distances = || ours.iter().zip(&keras).map(|(&a, &b)| a.abs_diff(b));
        let differing = distances().filter(|&distance| distance > 0).count();
        (distances().max().unwrap(), differing as f64 / ours.len() as f64)
    }
}

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

fn read<T: DeserializeOwned>(file: &str) -> T {
    serde_json::from_str(&fs::read_to_string(golden(file)).unwrap()).unwrap()
}

#[test]
fn lossless_files_have_the_pixels_of_pil() {
    let cases = read::<Files>("files.json").lossless;
    assert_eq!(cases.len(), 36);
    for case in cases {
        assert_eq!(case.ours(), case.keras(), "{} as {:?}", case.file, case.mode);
    }
}

/// PIL rounds its weights to 22 bits, `fast_image_resize` to as many as fit into 16-bit
/// multiplications; both round once per direction. Measured: 2 levels at most. Colours are weighted
/// by alpha first and divided by it last, which multiplies that rounding by 255 / alpha, so with an
/// alpha channel the weighted colours are compared: at most 3 levels, for one more rounding.
#[test]
fn nearest_has_the_pixels_of_pil_and_the_filters_are_within_their_rounding() {
    for case in read::<Files>("files.json").resized {
        let (ours, keras) = (case.ours(), case.keras());
        let context = format!("{:?} {:?} {:?}", case.mode, case.interpolation, case.size);
        if case.interpolation == Resampling::Nearest {
            assert_eq!(ours, keras, "{context}");
        }
        let (limit, weighted): (f64, bool) = match case.mode {
            ColorMode::Rgba => (3.0, true),
            _ => (2.0, false),
        };
        for (place, &value) in ours.indexed_iter() {
            let (row, column, channel) = place;
            let weight = |image: &Array3<u8>| {
                let alpha = weighted && channel < 3;
                if alpha { f64::from(image[[row, column, 3]]) / 255.0 } else { 1.0 }
            };
            let (a, b) =
                (f64::from(value) * weight(&ours), f64::from(keras[place]) * weight(&keras));
            assert!((a - b).abs() <= limit, "{context} at {place:?}: {a} and {b}");
        }
    }
}

/// libjpeg-turbo and `zune-jpeg` round the inverse transform, the upsampling of the colours and the
/// conversion to RGB in different places. Measured: 1 level in grey, 3 in colour; a wrong
/// upsampling or a wrong colour matrix is 10 and more.
#[test]
fn jpegs_are_within_the_rounding_of_the_decoders() {
    let cases = read::<Files>("files.json").lossy;
    assert_eq!(cases.len(), 14);
    for case in cases {
        let limit = if case.mode == ColorMode::Grayscale { 1 } else { 3 };
        let (greatest, differing) = case.distance();
        assert!(greatest <= limit && differing < 0.3, "{}: {greatest}, {differing}", case.file);
    }
}

/// PIL makes 255 of all that is more, which turns most of a 16-bit picture white.
#[test]
fn of_sixteen_bits_the_upper_eight_are_kept() {
    let path = golden("files/grey16.png");
    let deep = image::open(&path).unwrap().into_luma16();
    let ours = ImageLoader::new().color_mode(ColorMode::Grayscale).load(&path).unwrap();
    assert!(deep.iter().zip(&ours).all(|(&deep, &value)| (deep >> 8) as u8 == value));
}

#[test]
fn pictures_are_turned_only_on_request() {
    let path = golden("files/turned.jpg");
    let stored = ImageLoader::new().load(&path).unwrap();
    let turned = ImageLoader::new().apply_orientation(true).load(&path).unwrap();
    assert_eq!((stored.dim(), turned.dim()), ((19, 29, 3), (29, 19, 3)));
    // Orientation 6: the stored top row is the right-hand column.
    assert_eq!(stored.slice(s![0, .., ..]), turned.slice(s![.., -1, ..]));
}

#[derive(Deserialize)]
struct Lists {
    folders: Vec<Folder>,
    tables: Vec<TableCase>,
}

#[derive(Deserialize)]
struct Folder {
    tree: Vec<String>,
    classes: Option<Vec<String>>,
    split: Option<f64>,
    subset: Option<Subset>,
    filenames: Vec<String>,
    labels: Vec<usize>,
    names: Vec<String>,
}

#[test]
fn folders_are_listed_as_keras_lists_them() {
    for case in read::<Lists>("lists.json").folders {
        let root = tempfile::tempdir().unwrap();
        for file in &case.tree {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut folder = ImageFolder::new(root.path());
        if let Some(classes) = case.classes {
            folder = folder.classes(classes);
        }
        if let Some(subset) = case.subset {
            folder = folder.subset(subset, case.split.unwrap());
        }
        let list = folder.list().unwrap();
        let keras: Vec<PathBuf> = case.filenames.iter().map(|f| root.path().join(f)).collect();
        assert_eq!(list.paths, keras);
        assert_eq!(list.labels, case.labels);
        assert_eq!(list.class_names, case.names);
    }
}

#[derive(Deserialize)]
struct TableCase {
    csv: String,
    missing: Vec<String>,
    class_mode: Option<String>,
    classes: Option<Vec<String>>,
    split: Option<f64>,
    subset: Option<Subset>,
    filenames: Vec<String>,
    names: Vec<String>,
    y: serde_json::Value,
}

#[test]
fn tables_are_read_as_keras_reads_them() {
    for case in read::<Lists>("lists.json").tables {
        let mut table = Table::read(case.csv.as_bytes()).unwrap();
        let root = tempfile::tempdir().unwrap();
        for path in table.paths("file", root.path()).unwrap() {
            if !case.missing.iter().any(|missing| path.ends_with(missing)) {
                fs::write(path, "").unwrap();
            }
        }
        let dropped = table.drop_missing("file", root.path()).unwrap();
        assert_eq!(dropped, case.missing.iter().map(|f| root.path().join(f)).collect::<Vec<_>>());

        let with_classes = !matches!(case.class_mode.as_deref(), None | Some("raw"));
        let names = if with_classes {
            let mut names = case.classes.unwrap_or(table.class_names("class", None).unwrap());
            names.sort();
            table.retain_classes("class", None, &names).unwrap();
            assert_eq!(names, case.names);
            names
        } else {
            vec![]
        };
        if let Some(subset) = case.subset {
            table = table.subset(subset, case.split.unwrap()).unwrap();
        }
        let files: Vec<PathBuf> = case.filenames.iter().map(|f| root.path().join(f)).collect();
        assert_eq!(table.paths("file", root.path()).unwrap(), files);

        let y = case.y.as_array().unwrap();
        match case.class_mode.as_deref() {
            Some("raw") => {
                let numbers = table.numbers(&["weight"]).unwrap();
                let keras: Vec<f64> = y.iter().map(|value| value.as_f64().unwrap()).collect();
                assert_eq!(numbers.column(0).to_vec(), keras);
            }
            Some("categorical") => {
                let labels = table.labels("class", None, &names).unwrap();
                for (labels, row) in labels.iter().zip(y) {
                    let hot = row.as_array().unwrap().iter().position(|v| v.as_f64() == Some(1.0));
                    assert_eq!(labels, &[hot.unwrap()]);
                }
                assert_eq!(labels.len(), y.len());
            }
            Some(_) => {
                let labels = table.labels("class", None, &names).unwrap();
                let keras: Vec<_> = y.iter().map(|v| vec![v.as_f64().unwrap() as usize]).collect();
                assert_eq!(labels, keras);
            }
            None => assert!(y.is_empty()),
        }
    }
}
