//! Directories in the official layout, and the official CIFAR-10 where it is.

use mizumashi_data::cifar::{self, Cifar100Labels};
use mizumashi_data::{Dataset, Error, Synthetic, TrainTest};
use ndarray::{Array1, Array4, s};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn generated(train: usize, test: usize) -> TrainTest {
    Synthetic { train, test, ..Synthetic::default() }.generate().unwrap()
}

fn saved(data: &TrainTest) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    cifar::save_cifar10(folder.path(), data).unwrap();
    folder
}

#[test]
fn a_saved_set_opens_as_it_was() {
    for (train, test) in [(23, 7), (5, 1), (3, 0)] {
        let data = generated(train, test);
        assert_eq!(cifar::open_cifar10(saved(&data).path()).unwrap(), data);
    }
}

#[test]
fn training_samples_are_divided_evenly_over_five_batches() {
    let folder = saved(&generated(23, 7));
    let records = |file: &str| fs::metadata(folder.path().join(file)).unwrap().len() / 3073;
    let batches: Vec<u64> = (1..=5).map(|n| records(&format!("data_batch_{n}.bin"))).collect();
    assert_eq!(batches, [5, 5, 4, 5, 4]);
    assert_eq!(records("test_batch.bin"), 7);
}

#[test]
fn the_batches_that_are_there_are_taken_in_order() {
    let data = generated(25, 5);
    let folder = saved(&data);
    for file in ["data_batch_2.bin", "data_batch_4.bin", "test_batch.bin"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    let opened = cifar::open_cifar10(folder.path()).unwrap();
    assert!(opened.test.is_empty());
    assert_eq!(opened.train.len(), 15);
    for (range, start) in [(0..5, 0), (5..10, 10), (10..15, 20)] {
        assert_eq!(
            opened.train.images().slice(s![range, .., .., ..]),
            data.train.images().slice(s![start..start + 5, .., .., ..])
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = saved(&generated(1, 1));
    let message = |path: &Path| cifar::open_cifar10(path).unwrap_err().to_string();
    let at = folder.path().display();

    let absent = folder.path().join("absent");
    assert_eq!(
        message(&absent),
        format!("no directory of CIFAR-10 (binary version) at {at}/absent; check the path")
    );
    let file = folder.path().join("batches.meta.txt");
    assert!(matches!(cifar::open_cifar10(&file), Err(Error::Missing { path, .. }) if path == file));

    fs::rename(&file, folder.path().join("elsewhere")).unwrap();
    assert_eq!(
        message(folder.path()),
        format!("no file of class names at {at}/batches.meta.txt; check the path")
    );
    fs::remove_file(folder.path().join("data_batch_1.bin")).unwrap();
    assert_eq!(
        message(folder.path()),
        format!("no training batch (data_batch_1.bin and so on) at {at}; check the path")
    );
}

#[test]
fn class_names_must_be_ten() {
    let folder = saved(&generated(1, 0));
    let path = folder.path().join("batches.meta.txt");
    for (text, count) in [("one\ntwo\n\n", 2), ("", 0), (&"name\n".repeat(11), 11)] {
        fs::write(&path, text).unwrap();
        let error = cifar::open_cifar10(folder.path()).unwrap_err();
        assert!(matches!(error, Error::ClassNames { found, expected: 10, .. } if found == count));
    }
    fs::write(&path, [b'a', 0xFF]).unwrap();
    assert!(matches!(cifar::open_cifar10(folder.path()), Err(Error::Io { .. })));
}

#[test]
fn class_names_may_end_lines_as_windows_does() {
    let data = generated(1, 0);
    let folder = saved(&data);
    let text = data.train.class_names().join("\r\n") + "\r\n\r\n";
    fs::write(folder.path().join("batches.meta.txt"), text).unwrap();
    assert_eq!(cifar::open_cifar10(folder.path()).unwrap(), data);
}

#[test]
fn a_damaged_batch_is_named() {
    let folder = saved(&generated(10, 0));
    let path = folder.path().join("data_batch_3.bin");
    fs::write(&path, [0; 100]).unwrap();
    let error = cifar::open_cifar10(folder.path()).unwrap_err();
    let Error::PartialRecord { input, length: 100, .. } = error else { panic!("{error}") };
    assert_eq!(input, path.display().to_string());
}

#[test]
fn saving_never_overwrites() {
    let data = generated(1, 0);
    for file in ["data_batch_5.bin", "test_batch.bin", "batches.meta.txt"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), "mine").unwrap();
        let error = cifar::save_cifar10(folder.path(), &data).unwrap_err();
        assert!(matches!(error, Error::AlreadyExists { path } if path.ends_with(file)));
        assert_eq!(fs::read(folder.path().join(file)).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn saving_refuses_what_would_not_open() {
    let save = |data: &TrainTest| {
        let folder = tempfile::tempdir().unwrap();
        cifar::save_cifar10(folder.path().join("new"), data).unwrap_err()
    };
    let rename = |data: &Dataset, names: Vec<String>| {
        Dataset::new(data.images().clone(), data.labels().clone(), names).unwrap()
    };
    let good = generated(3, 1);

    let small = Synthetic { train: 3, test: 0, classes: 3, ..Synthetic::default() };
    let error = save(&small.generate().unwrap());
    assert!(matches!(error, Error::ClassNames { found: 3, expected: 10, .. }), "{error}");

    let mut names = good.train.class_names().to_vec();
    names[4] = "two\nlines".to_owned();
    let [train, test] = [&good.train, &good.test].map(|part| rename(part, names.clone()));
    let error = save(&TrainTest { train, test });
    assert!(matches!(error, Error::ClassNames { found: 11, expected: 10, .. }), "{error}");

    let train = rename(&good.train, names);
    let error = save(&TrainTest { train, test: good.test.clone() });
    assert!(matches!(error, Error::PartsDiffer), "{error}");

    let error = save(&generated(0, 1));
    assert!(matches!(error, Error::EmptyFile { .. }), "{error}");

    let large = Synthetic { train: 1, test: 0, width: 40, ..Synthetic::default() };
    let error = save(&large.generate().unwrap());
    assert!(matches!(error, Error::ImageShape { found: [32, 40, 3], .. }), "{error}");
}

fn cifar100_directory() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, count) in [("train.bin", 30), ("test.bin", 12)] {
        let images = Array4::from_shape_fn((count, 32, 32, 3), |(n, y, x, c)| {
            (n + 2 * y + 3 * x + 5 * c) as u8
        });
        let fine = Array1::from_shape_fn(count, |n| 99 - n);
        let coarse = Array1::from_shape_fn(count, |n| n % 20);
        let file = fs::File::create(folder.path().join(file)).unwrap();
        cifar::write(file, images.view(), fine.view(), Some(coarse.view())).unwrap();
    }
    for (file, count) in [("fine_label_names.txt", 100), ("coarse_label_names.txt", 20)] {
        let names: String = (0..count).map(|n| format!("{file} {n}\n")).collect();
        fs::write(folder.path().join(file), names).unwrap();
    }
    folder
}

#[test]
fn cifar100_opens_with_either_kind_of_label() {
    let folder = cifar100_directory();
    let fine = cifar::open_cifar100(folder.path(), Cifar100Labels::Fine).unwrap();
    assert_eq!((fine.train.len(), fine.test.len()), (30, 12));
    assert_eq!(fine.train.class_count(), 100);
    assert_eq!(fine.train.labels()[29], 70);
    assert_eq!(fine.test.class_names()[7], "fine_label_names.txt 7");

    let coarse = cifar::open_cifar100(folder.path(), Cifar100Labels::Coarse).unwrap();
    assert_eq!(coarse.train.class_count(), 20);
    assert_eq!(coarse.train.labels()[29], 9);
    assert_eq!(coarse.test.class_names()[7], "coarse_label_names.txt 7");
    assert_eq!(coarse.train.images(), fine.train.images());
}

#[test]
fn cifar100_needs_its_training_file_and_names() {
    let folder = cifar100_directory();
    fs::remove_file(folder.path().join("test.bin")).unwrap();
    let open = || cifar::open_cifar100(folder.path(), Cifar100Labels::Fine);
    assert!(open().unwrap().test.is_empty());

    let names = folder.path().join("fine_label_names.txt");
    fs::write(&names, "apple\n").unwrap();
    assert!(matches!(open(), Err(Error::ClassNames { found: 1, expected: 100, .. })));
    fs::remove_file(&names).unwrap();
    assert!(matches!(open(), Err(Error::Missing { path, .. }) if path == names));
    fs::remove_file(folder.path().join("train.bin")).unwrap();
    assert!(matches!(open(), Err(Error::Missing { .. })));
    let absent = cifar::open_cifar100("/no/such/directory", Cifar100Labels::Coarse);
    assert!(matches!(absent, Err(Error::Missing { .. })));
}

#[derive(Deserialize)]
struct Official {
    class_names: Vec<String>,
    data_batch_1: Figures,
    test_batch: Figures,
}

#[derive(Deserialize)]
struct Figures {
    count: usize,
    label_counts: Vec<usize>,
    mean: [f64; 3],
    std: [f64; 3],
}

/// Where the official CIFAR-10 is on this machine, if it is.
fn official_cifar10() -> Option<PathBuf> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cifar-10-batches-bin");
    let path = std::env::var_os("MIZUMASHI_CIFAR10").map_or(beside, PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no CIFAR-10 at {}; set MIZUMASHI_CIFAR10 to its directory", path.display());
    None
}

#[test]
fn the_official_cifar10_has_the_figures_that_numpy_finds() {
    let Some(path) = official_cifar10() else { return };
    let json = include_str!("../golden/cifar10_official.json");
    let official: Official = serde_json::from_str(json).unwrap();

    let data = cifar::open_cifar10(path).unwrap();
    assert_eq!(data.train.class_names(), official.class_names);
    assert_eq!(data.test.label_counts(), [1000; 10]);
    assert!(data.train.len().is_multiple_of(10_000), "{} samples", data.train.len());
    for (part, figures) in
        [(&data.train, &official.data_batch_1), (&data.test, &official.test_batch)]
    {
        let batch = part.images().slice(s![..figures.count, .., .., ..]);
        let mut counts = [0; 10];
        part.labels().slice(s![..figures.count]).for_each(|&label| counts[label] += 1);
        assert_eq!(counts.as_slice(), figures.label_counts);
        for channel in 0..3 {
            let values = batch.slice(s![.., .., .., channel]);
            let count = values.len() as f64;
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            let squares = values.iter().map(|&value| (f64::from(value) - mean).powi(2));
            let std = (squares.sum::<f64>() / count).sqrt();
            assert!((mean - figures.mean[channel]).abs() < 1e-9, "channel {channel}: {mean}");
            assert!((std - figures.std[channel]).abs() < 1e-9, "channel {channel}: {std}");
        }
    }
}
