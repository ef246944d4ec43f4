//! Bad input, each with its error.

use mizumashi_stats::{IntegerCovariance, JointSummary};
use mizumashi_whitening::{
    Centring, Error, Layout, Method, Regularisation, Remainder, Scope, Whitener,
};
use ndarray::{Array1, Array2, Array4, array, s};

fn rows() -> Array2<f32> {
    array![[1.0, 2.0, 0.0], [3.0, 1.0, 5.0], [2.0, 2.0, 2.0], [0.0, 7.0, 1.0]]
}

#[test]
fn an_empty_set_is_refused() {
    for (n, d) in [(0, 3), (5, 0), (0, 0)] {
        let error = Whitener::zca().fit(Array2::<u8>::zeros((n, d)).view()).unwrap_err();
        assert_eq!(error, Error::EmptySet { samples: n as u64, features: d });
    }
    let images = Array4::<f32>::zeros((3, 0, 4, 3));
    let fit = |scope| Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope);
    assert_eq!(fit(Scope::Pixels).unwrap_err(), Error::EmptySet { samples: 3, features: 0 });
    assert_eq!(fit(Scope::Channels).unwrap_err(), Error::EmptySet { samples: 0, features: 3 });
    let error = Whitener::zca().fit_covariance(&IntegerCovariance::new(4)).unwrap_err();
    assert_eq!(error, Error::EmptySet { samples: 0, features: 4 });
}

#[test]
fn a_single_sample_cannot_be_centred() {
    let one = rows().slice(s![..1, ..]).to_owned();
    assert_eq!(Whitener::zca().fit(one.view()).unwrap_err(), Error::SingleSample);
    assert!(Error::SingleSample.to_string().contains("Centring::None"));
    assert!(Whitener::zca().centring(Centring::None).fit(one.view()).is_ok());

    let mut covariance = IntegerCovariance::new(2);
    covariance.update(array![[1_u8, 2]].view()).unwrap();
    assert_eq!(Whitener::zca().fit_covariance(&covariance).unwrap_err(), Error::SingleSample);
}

#[test]
fn a_value_that_is_not_finite_is_named() {
    let whitening = Whitener::zca().fit(rows().view()).unwrap();
    for value in [f32::INFINITY, f32::NEG_INFINITY] {
        let mut damaged = rows();
        damaged[[2, 1]] = value;
        damaged[[3, 0]] = value;
        let expected = Error::NonFinite { row: 2, column: 1, value };
        for method in [Method::Primal, Method::Dual] {
            let whitener = Whitener::zca().method(Some(method));
            assert_eq!(whitener.fit(damaged.view()).unwrap_err(), expected);
        }
        assert_eq!(whitening.apply(damaged.view()).unwrap_err(), expected);
        assert_eq!(whitening.inverse(damaged.view()).unwrap_err(), expected);
        let before = damaged.clone();
        assert_eq!(whitening.apply_inplace(damaged.view_mut()).unwrap_err(), expected);
        assert_eq!(damaged, before);
    }
    let mut damaged = rows();
    damaged[[0, 2]] = f32::NAN;
    let error = Whitener::zca().fit(damaged.view()).unwrap_err();
    assert_eq!(error.to_string(), "row 0, column 2 is NaN; every value must be finite");
}

#[test]
fn a_damaged_pixel_is_named_in_images_of_any_layout() {
    let mut images = Array4::from_shape_fn((400, 2, 100, 200), |(n, c, y, x)| {
        ((n * 37 + c * x + y * y) % 91) as f32
    });
    // Beyond the first block that is copied.
    images[[307, 1, 3, 4]] = f32::INFINITY;
    let fit = |scope| Whitener::zca().fit_images(images.view(), Layout::Nchw, scope);
    let column = (3 * 200 + 4) * 2 + 1;
    let expected = Error::NonFinite { row: 307, column, value: f32::INFINITY };
    assert_eq!(fit(Scope::Pixels).unwrap_err(), expected);
    let row = (307 * 100 + 3) * 200 + 4;
    let expected = Error::NonFinite { row, column: 1, value: f32::INFINITY };
    assert_eq!(fit(Scope::Channels).unwrap_err(), expected);
}

#[test]
fn options_out_of_range_are_refused() {
    for value in [-1e-9, f64::INFINITY, f64::NEG_INFINITY] {
        for regularisation in
            [Regularisation::Eigenvalue(value), Regularisation::SingularValue(value)]
        {
            let error =
                Whitener::zca().regularisation(regularisation).fit(rows().view()).unwrap_err();
            assert_eq!(error, Error::Epsilon { value });
        }
    }
    let nan = Whitener::zca().regularisation(Regularisation::Eigenvalue(f64::NAN));
    assert!(matches!(nan.fit(rows().view()), Err(Error::Epsilon { value }) if value.is_nan()));
    for value in [-0.1, 1.0, f64::INFINITY] {
        let error = Whitener::zca().rank_tolerance(value).fit(rows().view()).unwrap_err();
        assert_eq!(error, Error::RankTolerance { value });
    }
    let nan = Whitener::zca().rank_tolerance(f64::NAN).fit(rows().view());
    assert!(matches!(nan, Err(Error::RankTolerance { .. })));
}

#[test]
fn rows_of_another_length_are_refused() {
    let zca = Whitener::zca().fit(rows().view()).unwrap();
    let four = Array2::<f32>::zeros((2, 4));
    let expected = Error::FeatureCount { found: 4, expected: 3 };
    assert_eq!(zca.apply(four.view()).unwrap_err(), expected);
    assert_eq!(zca.apply_inplace(four.clone().view_mut()).unwrap_err(), expected);
    assert_eq!(zca.inverse(four.view()).unwrap_err(), expected);
    let pca = Whitener::pca().fit(rows().slice(s![..2, ..])).unwrap();
    let error = pca.inverse(four.view()).unwrap_err();
    assert_eq!(error, Error::FeatureCount { found: 4, expected: 1 });
}

#[test]
fn an_output_of_another_shape_is_refused() {
    let pca = Whitener::pca().fit(rows().slice(s![..2, ..])).unwrap();
    for shape in [(4, 3), (3, 1)] {
        let error = pca.apply_into(rows().view(), Array2::zeros(shape).view_mut()).unwrap_err();
        assert_eq!(error, Error::OutputShape { found: shape.into(), expected: [4, 1] });
    }
    let error = pca.apply_inplace(rows().view_mut()).unwrap_err();
    assert_eq!(error, Error::NotInPlace { features: 3, outputs: 1 });
}

#[test]
fn images_of_another_shape_are_refused() {
    let images = Array4::from_shape_fn((5, 2, 3, 3), |(n, y, x, c)| (n * n + y * c + x) as f32);
    let other = Array4::<f32>::zeros((5, 3, 2, 3));
    let fit = |scope| Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope).unwrap();
    let expected = Error::ImageShape { found: [3, 2, 3], expected: [2, 3, 3] };
    let pixels = fit(Scope::Pixels);
    assert_eq!(pixels.apply(other.view(), Layout::Nhwc).unwrap_err(), expected);
    assert_eq!(pixels.apply_flat(other.view(), Layout::Nhwc).unwrap_err(), expected);
    assert_eq!(pixels.inverse(other.view(), Layout::Nhwc).unwrap_err(), expected);
    let error = pixels.apply_inplace(other.clone().view_mut(), Layout::Nhwc).unwrap_err();
    assert_eq!(error, expected);

    let colours = fit(Scope::Channels);
    assert!(colours.apply(other.view(), Layout::Nhwc).is_ok());
    let four = Array4::<f32>::zeros((5, 2, 3, 4));
    let error = colours.apply(four.view(), Layout::Nhwc).unwrap_err();
    assert_eq!(error, Error::ImageShape { found: [2, 3, 4], expected: [2, 3, 3] });
}

#[test]
fn components_of_whole_images_are_no_image() {
    let images = Array4::from_shape_fn((5, 2, 3, 3), |(n, y, x, c)| (n * n + y * c * n + x) as f32);
    let pca = Whitener::pca().fit_images(images.view(), Layout::Nhwc, Scope::Pixels).unwrap();
    let outputs = pca.whitening().rank();
    let expected = Error::NotAnImage { outputs };
    assert_eq!(pca.apply(images.view(), Layout::Nhwc).unwrap_err(), expected);
    assert_eq!(pca.inverse(images.view(), Layout::Nhwc).unwrap_err(), expected);
    let error = pca.apply_inplace(images.clone().view_mut(), Layout::Nhwc).unwrap_err();
    assert_eq!(error, expected);
    assert_eq!(pca.apply_flat(images.view(), Layout::Nhwc).unwrap().dim(), (5, outputs));
}

#[test]
fn a_fit_beyond_the_memory_limit_is_refused_before_it_starts() {
    let needed = Whitener::zca().fit(rows().view()).unwrap().solution().bytes;
    assert!(Whitener::zca().memory_limit(needed).fit(rows().view()).is_ok());
    let limit = needed - 1;
    let error = Whitener::zca().memory_limit(limit).fit(rows().view()).unwrap_err();
    assert_eq!(error, Error::MemoryLimit { samples: 4, features: 3, needed, limit });

    // The covariance of 224x224 RGB images, by default; the samples themselves are one value.
    let tall = array![[0_u8]];
    let tall = tall.broadcast((200_000, 224 * 224 * 3)).unwrap();
    let error = Whitener::zca().fit(tall).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { needed, .. } if needed > 8 * 150_528 * 150_528));
    let vast = array![[0_u8]];
    for (n, d) in [(1 << 31, 1 << 31), (1 << 31, 1 << 30), (1 << 30, 1 << 31)] {
        let error = Whitener::zca().fit(vast.broadcast((n, d)).unwrap()).unwrap_err();
        assert!(matches!(error, Error::MemoryLimit { needed: u64::MAX, .. }));
    }
    let images = tall.slice(s![..300, ..]);
    let error = Whitener::zca().method(Some(Method::Primal)).fit(images).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { .. }));
}

#[test]
fn a_matrix_beyond_the_limit_is_refused() {
    let zca = Whitener::zca().fit(rows().view()).unwrap();
    assert_eq!(zca.matrix(72).unwrap().dim(), (3, 3));
    let expected = Error::MatrixLimit { rows: 3, columns: 3, needed: 72, limit: 71 };
    assert_eq!(zca.matrix(71).unwrap_err(), expected);
    let pca = Whitener::pca().fit(rows().slice(s![..2, ..])).unwrap();
    assert_eq!(pca.matrix(24).unwrap().dim(), (1, 3));
    let expected = Error::MatrixLimit { rows: 1, columns: 3, needed: 24, limit: 23 };
    assert_eq!(pca.matrix(23).unwrap_err(), expected);
}

#[test]
fn variation_beyond_the_range_of_f32_is_refused() {
    let whitener = Whitener::pca().regularisation(Regularisation::Eigenvalue(0.0));
    let tiny = (rows() - 2.0) * 1e-42;
    assert!(matches!(whitener.fit(tiny.view()), Err(Error::Range { .. })));
    assert!(Whitener::pca().fit(tiny.view()).is_ok());
}

/// Moments as another crate might hand them over.
struct Foreign {
    mean: Array1<f64>,
    covariance: Array2<f64>,
}

impl JointSummary for Foreign {
    fn count(&self) -> u64 {
        10
    }

    fn dims(&self) -> usize {
        2
    }

    fn mean(&self) -> Array1<f64> {
        self.mean.clone()
    }

    fn scatter(&self) -> Array2<f64> {
        self.covariance.clone() * 10.0
    }

    fn covariance(&self) -> Array2<f64> {
        self.covariance.clone()
    }

    fn sample_covariance(&self) -> Array2<f64> {
        self.scatter() / 9.0
    }
}

#[test]
fn moments_that_disagree_are_refused() {
    let fit = |mean, covariance| Whitener::zca().fit_covariance(&Foreign { mean, covariance });
    assert!(fit(array![0.0, 1.0], Array2::eye(2)).is_ok());
    for (mean, covariance) in [
        (array![0.0], Array2::eye(2)),
        (array![0.0, 1.0], Array2::eye(3)),
        (array![0.0, 1.0], Array2::ones((2, 3))),
        (array![0.0, f64::NAN], Array2::eye(2)),
        (array![0.0, 1.0], Array2::eye(2) * f64::INFINITY),
    ] {
        let expected = Error::Moments { mean: mean.len(), covariance: covariance.dim().into() };
        assert_eq!(fit(mean, covariance).unwrap_err(), expected);
    }
}

#[test]
fn null_directions_are_not_multiplied_by_infinity() {
    let rows = array![[1.0_f32, 2.0, 0.0], [3.0, 1.0, 0.0], [0.0, 5.0, 0.0]];
    let whitener = Whitener::zca().remainder(Remainder::Amplified);
    let none = whitener.clone().regularisation(Regularisation::Eigenvalue(0.0));
    assert!(matches!(none.fit(rows.view()), Err(Error::InfiniteGain)));
    let some = whitener.regularisation(Regularisation::Eigenvalue(0.25)).fit(rows.view()).unwrap();
    assert_eq!(some.rest_gain(), 2.0);
    let outside = array![[0.0_f32, 0.0, 7.0]];
    let white = some.apply(outside.view()).unwrap() - some.apply((&outside * 0.0).view()).unwrap();
    assert!((white[[0, 2]] - 14.0).abs() < 1e-4, "{white}");
    let back = some.inverse(some.apply(rows.view()).unwrap().view()).unwrap();
    assert!((back - rows).iter().all(|error| error.abs() < 1e-4));
}
