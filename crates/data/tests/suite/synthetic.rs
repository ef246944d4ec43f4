//! The generated data set: reproducible to the bit, and what photographs are like.

use mizumashi_data::{Dataset, Error, Part, Synthetic, to_categorical};
use ndarray::{Array1, Array2, ArrayView3, Axis, s};
use std::collections::HashSet;
use std::f64::consts::TAU;

fn draw(settings: Synthetic) -> Dataset {
    settings.generate().unwrap().train
}

#[test]
fn thread_count_does_not_show() {
    let settings = Synthetic { train: 67, test: 13, seed: 3, ..Synthetic::default() };
    let [one, two, five] = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| settings.generate().unwrap())
    });
    assert_eq!(one, two);
    assert_eq!(one, five);
}

#[test]
fn samples_do_not_depend_on_which_others_are_drawn() {
    let settings = Synthetic { train: 60, ..Synthetic::default() };
    let whole = draw(settings);
    let prefix = draw(Synthetic { train: 17, ..settings });
    assert_eq!(prefix.images(), whole.images().slice(s![..17, .., .., ..]));
    assert_eq!(prefix.labels(), whole.labels().slice(s![..17]));

    let middle = settings.samples(Part::Train, 31..35).unwrap();
    assert_eq!(middle.images(), whole.images().slice(s![31..35, .., .., ..]));
    assert_eq!(middle.labels(), whole.labels().slice(s![31..35]));
    assert!(settings.samples(Part::Train, 8..8).unwrap().is_empty());
    assert_eq!(settings.samples(Part::Test, u64::MAX - 2..u64::MAX).unwrap().len(), 2);
}

#[test]
fn seeds_and_parts_share_no_sample() {
    let pictures = [0, 1, u64::MAX].into_iter().flat_map(|seed| {
        let data = Synthetic { train: 50, test: 50, seed, ..Synthetic::default() };
        let data = data.generate().unwrap();
        [data.train, data.test]
    });
    let mut seen = HashSet::new();
    let mut orders = HashSet::new();
    for data in pictures {
        assert!(data.images().outer_iter().all(|image| seen.insert(image.to_owned())));
        assert!(orders.insert(data.labels().to_vec()));
    }
}

#[test]
fn classes_are_balanced_in_every_run() {
    for classes in 1..=Synthetic::MAX_CLASSES {
        let settings = Synthetic { train: 5 * classes, classes, ..Synthetic::default() };
        let data = draw(settings);
        assert_eq!(data.class_count(), classes);
        for run in data.labels().exact_chunks(classes) {
            assert_eq!(run.iter().collect::<HashSet<_>>().len(), classes);
        }
    }
}

/// 64-bit FNV-1a of images and labels.
fn fingerprint(data: &Dataset) -> u64 {
    let labels = data.labels().iter().map(|&label| label as u8);
    data.images().iter().copied().chain(labels).fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// A change here changes everyone's data: it needs a new version of the crate, and a note.
#[test]
fn pictures_are_frozen_to_the_bit() {
    let square = draw(Synthetic { train: 50, ..Synthetic::default() });
    let wide = Synthetic { train: 9, classes: 3, height: 20, width: 51, seed: 12, test: 0 };
    assert_eq!(fingerprint(&square), 0x9A8F_F642_9AD7_1CA3, "32x32");
    assert_eq!(fingerprint(&draw(wide)), 0x7BFA_E01A_EC98_F371, "20x51");
}

#[test]
fn pictures_come_in_any_size() {
    for (height, width) in
        [(Synthetic::MIN_SIDE, Synthetic::MIN_SIDE), (8, 100), (65, 9), (128, 96)]
    {
        let data = draw(Synthetic { train: 4, height, width, ..Synthetic::default() });
        assert_eq!(data.image_shape(), [height, width, 3]);
        for image in data.images().outer_iter() {
            assert!(image.iter().collect::<HashSet<_>>().len() > 20, "a flat picture");
        }
    }
}

#[test]
fn settings_outside_their_limits_are_refused() {
    let refused = |settings: Synthetic| settings.generate().unwrap_err();
    for classes in [0, Synthetic::MAX_CLASSES + 1] {
        let error = refused(Synthetic { classes, ..Synthetic::default() });
        assert!(matches!(error, Error::ClassCount { classes: found, .. } if found == classes));
    }
    let error = refused(Synthetic { height: 7, ..Synthetic::default() });
    assert!(matches!(error, Error::ImageSize { height: 7, width: 32, limit: 8 }));
    let error = refused(Synthetic { width: 0, ..Synthetic::default() });
    assert!(matches!(error, Error::ImageSize { width: 0, .. }));
    for train in [usize::MAX, usize::MAX / 3072, usize::MAX / 3072 / 16] {
        let error = refused(Synthetic { train, ..Synthetic::default() });
        assert!(matches!(error, Error::TooLarge { ref shape } if *shape == [train, 32, 32, 3]));
    }
}

#[test]
fn settings_survive_json_and_may_be_left_out() {
    let settings = Synthetic { train: 7, seed: u64::MAX, ..Synthetic::default() };
    let json = serde_json::to_string(&settings).unwrap();
    assert_eq!(serde_json::from_str::<Synthetic>(&json).unwrap(), settings);
    let settings = serde_json::from_str::<Synthetic>(r#"{"train": 7}"#).unwrap();
    assert_eq!(settings, Synthetic { train: 7, ..Synthetic::default() });
    assert!(serde_json::from_str::<Synthetic>(r#"{"trian": 7}"#).is_err());
}

/// Correlation of two channels over all pixels.
fn correlation(data: &Dataset, a: usize, b: usize) -> f64 {
    let [x, y] = [a, b].map(|channel| {
        let values = data.images().index_axis(Axis(3), channel).mapv(f64::from);
        let mean = values.sum() / values.len() as f64;
        values - mean
    });
    (&x * &y).sum() / ((&x * &x).sum() * (&y * &y).sum()).sqrt()
}

/// CIFAR-10 has 0.92, 0.91 and 0.80.
#[test]
fn colour_channels_are_correlated_as_in_photographs() {
    let data = draw(Synthetic { train: 1000, ..Synthetic::default() });
    for (a, b, window) in [(0, 1, 0.90..0.97), (1, 2, 0.90..0.97), (0, 2, 0.79..0.88)] {
        let found = correlation(&data, a, b);
        println!("correlation of channels {a} and {b}: {found:.3}");
        assert!(window.contains(&found), "channels {a} and {b}: {found}");
    }
}

/// |DFT|² of the image's lightness, `[size, size]`, by the definition.
fn power(image: ArrayView3<u8>) -> Array2<f64> {
    let size = image.dim().0;
    let grey = image.mapv(f64::from).sum_axis(Axis(2)) / 3.0;
    let wave = |phase: f64| {
        Array2::from_shape_fn((size, size), |(k, x)| {
            (TAU * (k * x % size) as f64 / size as f64 + phase).cos()
        })
    };
    let (cos, sin) = (wave(0.0), wave(-TAU / 4.0));
    let (rows_cos, rows_sin) = (cos.dot(&grey), sin.dot(&grey));
    let real = rows_cos.dot(&cos) - rows_sin.dot(&sin);
    let imaginary = rows_cos.dot(&sin) + rows_sin.dot(&cos);
    &real * &real + &imaginary * &imaginary
}

/// The least-squares line through (x, y) points: its slope.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / count;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / count;
    let products = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum::<f64>();
    products / points.iter().map(|p| (p.0 - mean_x).powi(2)).sum::<f64>()
}

/// Measured alike, CIFAR-10 has a slope of -1.46.
#[test]
fn amplitudes_fall_off_as_in_photographs() {
    let data = draw(Synthetic { train: 500, ..Synthetic::default() });
    let size = data.image_shape()[0];
    let mut mean = Array2::<f64>::zeros((size, size));
    for image in data.images().outer_iter() {
        mean += &power(image);
    }
    let signed = |k: usize| if k < size / 2 { k as f64 } else { k as f64 - size as f64 };
    let rings: Vec<(f64, f64)> = (2..size / 2)
        .map(|radius| {
            let ring = mean.indexed_iter().filter(|&((row, column), _)| {
                signed(row).hypot(signed(column)).round() as usize == radius
            });
            let powers: Vec<f64> = ring.map(|(_, &power)| power).collect();
            let amplitude = (powers.iter().sum::<f64>() / powers.len() as f64).sqrt();
            ((radius as f64).ln(), amplitude.ln())
        })
        .collect();
    let found = slope(&rings);
    println!("slope of the amplitude spectrum: {found:.3}");
    assert!((-1.45..-1.10).contains(&found), "{found}");
}

/// Rows of pixels from 0 to 1, less the training mean.
fn rows(data: &Dataset, mean: Option<&Array1<f32>>) -> (Array2<f32>, Array1<f32>) {
    let pixels = data.images().mapv(|value| f32::from(value) / 255.0);
    let rows = pixels.into_shape_with_order((data.len(), 3072)).unwrap();
    let mean = mean.cloned().unwrap_or_else(|| rows.mean_axis(Axis(0)).unwrap());
    (rows - &mean, mean)
}

/// The share of rows whose largest score is at their label.
fn accuracy(scores: &Array2<f32>, labels: &Array1<usize>) -> f64 {
    let hits = scores.outer_iter().zip(labels).filter(|(row, label)| {
        row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0 == **label
    });
    hits.count() as f64 / labels.len() as f64
}

/// Ridge regression of the targets on the rows, by conjugate gradients, a column per class.
fn ridge(rows: &Array2<f32>, targets: &Array2<f32>, penalty: f32) -> Array2<f32> {
    let mut weights = Array2::<f32>::zeros((rows.ncols(), targets.ncols()));
    let mut residual = rows.t().dot(targets);
    let mut direction = residual.clone();
    let squares = |a: &Array2<f32>| (a * a).sum_axis(Axis(0));
    for _ in 0..40 {
        let image = rows.t().dot(&rows.dot(&direction)) + &direction * penalty;
        let before = squares(&residual);
        let step = &before / (&direction * &image).sum_axis(Axis(0));
        weights += &(&direction * &step);
        residual -= &(&image * &step);
        direction = &residual + &direction * (squares(&residual) / before);
    }
    weights
}

/// On 4,000 images of CIFAR-10 the same regression has an accuracy of 0.37.
#[test]
fn a_linear_classifier_learns_something_but_far_from_everything() {
    let data = Synthetic::default().generate().unwrap();
    let (train, mean) = rows(&data.train, None);
    let (test, _) = rows(&data.test, Some(&mean));
    let targets = to_categorical(data.train.labels().view(), 10).unwrap() - 0.1;

    let weights = ridge(&train, &targets, 1000.0);
    let linear = accuracy(&test.dot(&weights), data.test.labels());
    let own = accuracy(&train.dot(&weights), data.train.labels());
    println!("accuracy of ridge regression: {linear:.3}, on its own training set {own:.3}");
    assert!((0.35..0.50).contains(&linear), "{linear}");
    assert!(own < 0.75, "{own}");

    // nearest centroid: |row - centroid|² less |row|², negated and halved
    let centroids =
        targets.mapv(|target| if target > 0.5 { 1.0 / 400.0 } else { 0.0 }).t().dot(&train);
    let scores = test.dot(&centroids.t()) - (&centroids * &centroids).sum_axis(Axis(1)) * 0.5;
    let nearest = accuracy(&scores, data.test.labels());
    println!("accuracy of the nearest centroid: {nearest:.3}");
    assert!((0.18..0.32).contains(&nearest), "{nearest}");
}
