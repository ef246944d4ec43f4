//! The file format: against numpy, round trips, and damaged files.

use mizumashi_data::Error;
use mizumashi_data::cifar::{self, Format, Records};
use ndarray::{Array1, Array4, ArrayView1};
use proptest::prelude::*;
use serde::Deserialize;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

const FORMATS: [Format; 2] = [Format::Cifar10, Format::Cifar100];

/// Records with every byte different from its neighbours, to show any that went astray.
fn sample(format: Format, count: usize) -> Records {
    let images = Array4::from_shape_fn((count, 32, 32, 3), |(n, y, x, c)| {
        (n * 101 + y * 37 + x * 5 + c * 83) as u8
    });
    let cycle = |classes: usize| Array1::from_shape_fn(count, |n| (3 + 7 * n) % classes);
    Records {
        images,
        labels: cycle(format.classes()),
        coarse_labels: format.coarse_classes().map(cycle),
    }
}

fn bytes_of(records: &Records) -> Vec<u8> {
    let mut bytes = Vec::new();
    let coarse = records.coarse_labels.as_ref().map(|labels| labels.view());
    cifar::write(&mut bytes, records.images.view(), records.labels.view(), coarse).unwrap();
    bytes
}

#[derive(Deserialize)]
struct Golden {
    images: Vec<u8>,
    labels: Vec<usize>,
    fine_labels: Vec<usize>,
    coarse_labels: Vec<usize>,
}

#[test]
fn files_are_read_as_numpy_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let json = fs::read_to_string(folder.join("cifar.json")).unwrap();
    let golden: Golden = serde_json::from_str(&json).unwrap();
    let images = Array4::from_shape_vec((2, 32, 32, 3), golden.images).unwrap();

    let ten = cifar::read_files(&[folder.join("cifar10.bin")], Format::Cifar10).unwrap();
    assert_eq!(ten.images, images);
    assert_eq!(ten.labels.to_vec(), golden.labels);
    assert_eq!(ten.coarse_labels, None);
    assert_eq!(bytes_of(&ten), fs::read(folder.join("cifar10.bin")).unwrap());

    let hundred = cifar::read_files(&[folder.join("cifar100.bin")], Format::Cifar100).unwrap();
    assert_eq!(hundred.images, images);
    assert_eq!(hundred.labels.to_vec(), golden.fine_labels);
    assert_eq!(hundred.coarse_labels.as_ref().unwrap().to_vec(), golden.coarse_labels);
    assert_eq!(bytes_of(&hundred), fs::read(folder.join("cifar100.bin")).unwrap());
}

#[test]
fn what_is_written_is_read_back() {
    // around the number of records that are handled at a time
    for count in [1, 1023, 1024, 1025, 2500] {
        for format in FORMATS {
            let records = sample(format, count);
            let bytes = bytes_of(&records);
            assert_eq!(bytes.len(), count * format.record_length());
            assert_eq!(cifar::read(bytes.as_slice(), format).unwrap(), records);
        }
    }
}

#[test]
fn images_in_any_memory_order_are_written_the_same() {
    let records = sample(Format::Cifar10, 5);
    let mut planar = Array4::zeros((5, 3, 32, 32));
    planar.assign(&records.images.view().permuted_axes([0, 3, 1, 2]));
    let interleaved = planar.view().permuted_axes([0, 2, 3, 1]);
    let mut bytes = Vec::new();
    cifar::write(&mut bytes, interleaved, records.labels.view(), None).unwrap();
    assert_eq!(bytes, bytes_of(&records));
}

#[test]
fn files_are_joined_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let whole = sample(Format::Cifar100, 9);
    let bytes = bytes_of(&whole);
    let (first, second) = (folder.path().join("b.bin"), folder.path().join("a.bin"));
    fs::write(&first, &bytes[..4 * 3074]).unwrap();
    fs::write(&second, &bytes[4 * 3074..]).unwrap();
    assert_eq!(cifar::read_files(&[first, second], Format::Cifar100).unwrap(), whole);
}

#[test]
fn no_files_make_no_records() {
    let records = cifar::read_files::<&Path>(&[], Format::Cifar100).unwrap();
    assert_eq!(records.images.dim(), (0, 32, 32, 3));
    assert_eq!(records.coarse_labels.unwrap().len(), 0);
}

/// Hands out a few bytes at a time, and is interrupted now and then.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 += 1;
        if self.1.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1000 + self.1 % 7);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn a_reader_may_hand_out_bytes_as_it_likes() {
    let records = sample(Format::Cifar10, 1030);
    let bytes = bytes_of(&records);
    assert_eq!(cifar::read(Trickle(&bytes, 0), Format::Cifar10).unwrap(), records);
}

#[test]
fn records_survive_json() {
    for format in FORMATS {
        let records = sample(format, 1);
        let json = serde_json::to_string(&records).unwrap();
        assert_eq!(serde_json::from_str::<Records>(&json).unwrap(), records);
        let json = serde_json::to_string(&format).unwrap();
        assert_eq!(serde_json::from_str::<Format>(&json).unwrap(), format);
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = cifar::read_files(&["/no/such/file.bin"], Format::Cifar10).unwrap_err();
    assert!(matches!(&error, Error::Missing { path, .. } if path.ends_with("file.bin")));
    assert_eq!(
        error.to_string(),
        "no file of 3073-byte records at /no/such/file.bin; check the path"
    );
}

#[test]
fn a_damaged_file_is_named_with_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");
    let bytes = bytes_of(&sample(Format::Cifar10, 2));
    for length in [1, 3072, 3074, 6145] {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = cifar::read_files(&[&path], Format::Cifar10).unwrap_err();
        let Error::PartialRecord { input, length: found, record_length: 3073, remainder } = error
        else {
            panic!("{error}");
        };
        assert_eq!(input, path.display().to_string());
        assert_eq!((found, remainder), (length as u64, length as u64 % 3073));
    }
    let error = cifar::read(&bytes[..6145], Format::Cifar10).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the reader is 6145 bytes long, which leaves 3072 bytes over after whole records of 3073; \
         the file is damaged or of another format"
    );
}

#[test]
fn every_file_is_measured_before_any_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (bad_label, bad_length) = (folder.path().join("1.bin"), folder.path().join("2.bin"));
    fs::write(&bad_label, [255; 3073]).unwrap();
    fs::write(&bad_length, [0; 3000]).unwrap();
    let error = cifar::read_files(&[bad_label, bad_length], Format::Cifar10).unwrap_err();
    assert!(matches!(error, Error::PartialRecord { .. }), "{error}");
}

#[test]
fn an_empty_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");
    fs::write(&path, []).unwrap();
    let error = cifar::read_files(&[&path], Format::Cifar100).unwrap_err();
    assert!(matches!(error, Error::EmptyFile { record_length: 3074, .. }), "{error}");
    let error = cifar::read(io::empty(), Format::Cifar10).unwrap_err();
    assert!(matches!(error, Error::EmptyFile { record_length: 3073, .. }), "{error}");
}

#[test]
fn a_label_out_of_range_is_named_with_its_record() {
    for (format, byte, limit, of) in [
        (Format::Cifar10, 0, 10, "the reader"),
        (Format::Cifar100, 0, 20, "the coarse labels of the reader"),
        (Format::Cifar100, 1, 100, "the reader"),
    ] {
        let mut bytes = bytes_of(&sample(format, 1500));
        bytes[1234 * format.record_length() + byte] = limit as u8;
        let error = cifar::read(bytes.as_slice(), format).unwrap_err();
        let Error::LabelOutOfRange { input, index: 1234, label, classes } = error else {
            panic!("{error}");
        };
        assert_eq!((input.as_str(), label, classes), (of, limit, limit));
    }
}

#[test]
fn records_are_counted_within_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("good.bin"), folder.path().join("bad.bin"));
    let mut bytes = bytes_of(&sample(Format::Cifar10, 3));
    fs::write(&good, &bytes).unwrap();
    bytes[2 * 3073] = 10;
    fs::write(&bad, &bytes).unwrap();
    let error = cifar::read_files(&[&good, &bad], Format::Cifar10).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("label 10 at index 2 of {} is out of range; it must be below 10", bad.display())
    );
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_operating_systems_errors_are_passed_on() {
    let error = cifar::read(Broken, Format::Cifar10).unwrap_err();
    let Error::Io { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);

    let records = sample(Format::Cifar10, 1);
    let error = cifar::write(Broken, records.images.view(), records.labels.view(), None);
    let Err(Error::Io { source, .. }) = error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);

    let folder = tempfile::tempdir().unwrap();
    let error = cifar::read_files(&[folder.path().join("not\0a path")], Format::Cifar10);
    assert!(matches!(error, Err(Error::Io { .. })), "{error:?}");
}

#[test]
fn nothing_is_written_unless_everything_can_be() {
    let Records { images, labels, coarse_labels } = sample(Format::Cifar100, 3);
    let coarse = coarse_labels.unwrap();
    let attempt = |images: &Array4<u8>, labels: &[usize], coarse: Option<&[usize]>| {
        let mut bytes = Vec::new();
        let coarse = coarse.map(ArrayView1::from);
        let result = cifar::write(&mut bytes, images.view(), ArrayView1::from(labels), coarse);
        assert!(bytes.is_empty());
        result.unwrap_err()
    };
    let coarse = coarse.as_slice();
    assert!(matches!(
        attempt(&Array4::zeros((3, 32, 33, 3)), &[0; 3], None),
        Error::ImageShape { found: [32, 33, 3], expected: [32, 32, 3] }
    ));
    assert!(matches!(attempt(&images, &[0; 2], None), Error::LabelCount { images: 3, labels: 2 }));
    assert!(matches!(
        attempt(&images, &[0; 3], Some(&[0; 4])),
        Error::LabelCount { images: 3, labels: 4 }
    ));
    assert!(matches!(
        attempt(&images, &[0, 9, 10], None),
        Error::LabelOutOfRange { index: 2, label: 10, classes: 10, .. }
    ));
    assert!(matches!(
        attempt(&images, &[0, 100, 1], coarse),
        Error::LabelOutOfRange { index: 1, label: 100, classes: 100, .. }
    ));
    assert!(matches!(
        attempt(&images, labels.as_slice().unwrap(), Some(&[0, 0, 20])),
        Error::LabelOutOfRange { index: 2, label: 20, classes: 20, .. }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_whole_records_with_good_labels_are_read_and_written_back(
        mut bytes in prop::collection::vec(any::<u8>(), 3074..4 * 3074),
    ) {
        for format in FORMATS {
            let whole = bytes.len() / format.record_length() * format.record_length();
            let bytes = &mut bytes[..whole];
            for record in bytes.chunks_exact_mut(format.record_length()) {
                record[0] %= 10;
                record[1] %= 100;
            }
            let records = cifar::read(&*bytes, format).unwrap();
            prop_assert_eq!(bytes_of(&records), bytes);
        }
    }

    #[test]
    fn any_cut_inside_a_record_is_noticed(cut in 1_usize..3 * 3073) {
        prop_assume!(cut % 3073 != 0);
        let bytes = vec![0; cut];
        let error = cifar::read(bytes.as_slice(), Format::Cifar10).unwrap_err();
        let noticed = matches!(error, Error::PartialRecord { length, .. } if length == cut as u64);
        prop_assert!(noticed, "{}", error);
    }
}
