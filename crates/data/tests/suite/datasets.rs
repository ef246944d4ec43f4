//! Data sets in memory and one-hot labels.

use mizumashi_data::{Dataset, Error, TrainTest, class_count, to_categorical};
use ndarray::{Array1, Array4, array};
use proptest::prelude::*;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

fn small() -> Dataset {
    let images = Array4::from_shape_fn((3, 2, 4, 1), |(n, y, x, _)| (100 * n + 10 * y + x) as u8);
    Dataset::new(images, array![1, 0, 1], names(3)).unwrap()
}

#[test]
fn a_dataset_says_what_it_holds() {
    let data = small();
    assert_eq!(data.len(), 3);
    assert!(!data.is_empty());
    assert_eq!(data.image_shape(), [2, 4, 1]);
    assert_eq!(data.class_count(), 3);
    assert_eq!(data.label_counts(), [1, 2, 0]);
    assert_eq!(data.labels(), array![1, 0, 1]);
    assert_eq!(data.class_names(), names(3));
    let (images, labels, class_names) = data.clone().into_parts();
    assert_eq!(Dataset::new(images, labels, class_names).unwrap(), data);
}

#[test]
fn a_dataset_may_be_empty() {
    let data = Dataset::new(Array4::zeros((0, 32, 32, 3)), array![], names(10)).unwrap();
    assert!(data.is_empty());
    assert_eq!(data.image_shape(), [32, 32, 3]);
    assert_eq!(data.label_counts(), [0; 10]);
}

#[test]
fn every_image_needs_one_label() {
    let error = Dataset::new(Array4::zeros((2, 1, 1, 1)), array![0, 0, 0], names(1)).unwrap_err();
    assert!(matches!(error, Error::LabelCount { images: 2, labels: 3 }));
    assert_eq!(error.to_string(), "there are 2 images but 3 labels; each image needs one label");
}

#[test]
fn every_label_needs_a_name() {
    let error = Dataset::new(Array4::zeros((2, 1, 1, 1)), array![0, 4], names(4)).unwrap_err();
    assert!(matches!(error, Error::LabelOutOfRange { index: 1, label: 4, classes: 4, .. }));
    assert_eq!(
        error.to_string(),
        "label 4 at index 1 of the labels is out of range; it must be below 4"
    );
}

#[test]
fn datasets_survive_json() {
    let data = TrainTest { train: small(), test: small() };
    let json = serde_json::to_string(&data).unwrap();
    assert_eq!(serde_json::from_str::<TrainTest>(&json).unwrap(), data);
}

#[test]
fn json_cannot_make_an_invalid_dataset() {
    let json = serde_json::to_string(&small()).unwrap();
    let broken =
        json.replace(r#""class_names":["class 0","class 1","class 2"]"#, r#""class_names":[]"#);
    assert_ne!(broken, json);
    let error = serde_json::from_str::<Dataset>(&broken).unwrap_err();
    assert!(error.to_string().contains("label 1 at index 0"), "{error}");
}

#[test]
fn one_hot_rows_of_known_labels() {
    let rows = to_categorical(array![2, 0, 1, 2].view(), 4).unwrap();
    assert_eq!(
        rows,
        array![
            [0.0, 0.0, 1.0, 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0]
        ]
    );
}

#[test]
fn no_labels_make_no_rows() {
    assert_eq!(to_categorical(array![].view(), 7).unwrap().dim(), (0, 7));
    assert_eq!(to_categorical(array![].view(), 0).unwrap().dim(), (0, 0));
    assert_eq!(class_count(array![].view()), 0);
}

#[test]
fn a_label_beyond_the_classes_is_refused() {
    let error = to_categorical(array![0, 1, 3, 9].view(), 3).unwrap_err();
    assert!(matches!(error, Error::LabelOutOfRange { index: 2, label: 3, classes: 3, .. }));
}

#[test]
fn one_hot_rows_that_do_not_fit_in_memory_are_refused() {
    let labels = array![0, 1];
    for classes in [usize::MAX, usize::MAX / 16] {
        let error = to_categorical(labels.view(), classes).unwrap_err();
        assert!(matches!(error, Error::TooLarge { ref shape } if *shape == [2, classes]));
    }
    assert_eq!(class_count(array![usize::MAX].view()), usize::MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_row_has_its_one_where_the_label_says(
        labels in prop::collection::vec(0_usize..20, 1..40),
        spare in 0_usize..5,
    ) {
        let labels = Array1::from(labels);
        let classes = class_count(labels.view()) + spare;
        let rows = to_categorical(labels.view(), classes).unwrap();
        prop_assert_eq!(rows.dim(), (labels.len(), classes));
        prop_assert_eq!(rows.sum(), labels.len() as f32);
        for (row, &label) in rows.outer_iter().zip(&labels) {
            prop_assert_eq!(row[label], 1.0);
        }
    }
}
