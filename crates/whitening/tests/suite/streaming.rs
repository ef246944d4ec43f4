//! Fits from batches and from shards, and from values of either precision.

use crate::support::{assert_close, bits, bytes, correlated};
use mizumashi_stats::{IntegerCovariance, PartialState};
use mizumashi_whitening::{Error, ImageMoments, Layout, Method, Scope, Whitener, WhiteningKind};
use ndarray::{Array2, Array4, Axis, s};

fn images() -> Array4<u8> {
    bytes(&correlated(120, 60, 1)).into_shape_with_order((120, 4, 5, 3)).unwrap()
}

#[test]
fn shards_of_rows_are_fitted_as_the_whole_to_the_bit() {
    let rows = bytes(&correlated(90, 12, 2));
    for kind in [WhiteningKind::Zca, WhiteningKind::Cholesky, WhiteningKind::PcaCor] {
        let whitener = Whitener::new(kind);
        let mut merged = IntegerCovariance::new(12);
        for shard in rows.axis_chunks_iter(Axis(0), 37) {
            let mut covariance = IntegerCovariance::new(12);
            covariance.update(shard).unwrap();
            merged.merge(&covariance).unwrap();
        }
        assert_eq!(whitener.fit_covariance(&merged).unwrap(), whitener.fit(rows.view()).unwrap());
    }
}

#[test]
fn images_that_do_not_belong_are_refused() {
    let images = images();
    let mut moments = ImageMoments::new(Scope::Pixels);
    let error = Whitener::zca().fit_image_moments(&moments).unwrap_err();
    assert!(matches!(error, Error::EmptySet { samples: 0, .. }));
    moments.update(images.view(), Layout::Nhwc).unwrap();
    let before = moments.clone();
    let smaller = images.slice(s![.., ..3, .., ..]);
    let expected = Error::ImageShape { found: [3, 5, 3], expected: [4, 5, 3] };
    assert_eq!(moments.update(smaller, Layout::Nhwc).unwrap_err(), expected);
    assert_eq!(moments.merge(&ImageMoments::new(Scope::Channels)), Err(Error::ScopesDiffer));
    let mut other = ImageMoments::new(Scope::Pixels);
    other.update(smaller, Layout::Nhwc).unwrap();
    assert_eq!(moments.merge(&other).unwrap_err(), expected);
    assert_eq!(moments, before);
    assert_eq!(moments.count(), 120);

    let mut colours = ImageMoments::new(Scope::Channels);
    colours.update(images.view(), Layout::Nhwc).unwrap();
    colours.update(smaller, Layout::Nhwc).unwrap();
    assert_eq!(colours.count(), 120 * 20 + 120 * 15);
    let mut damaged = ImageMoments::new(Scope::Channels);
    let image = Array4::from_elem((1, 2, 2, 3), f32::NAN);
    assert!(matches!(damaged.update(image.view(), Layout::Nhwc), Err(Error::NonFinite { .. })));
    assert_eq!(damaged, ImageMoments::new(Scope::Channels));
}

#[test]
fn single_and_double_precision_are_fitted_and_mapped_alike() {
    for (n, d) in [(60, 9), (8, 30)] {
        let single = correlated(n, d, 3);
        let double = single.mapv(f64::from);
        for kind in [WhiteningKind::Zca, WhiteningKind::Pca, WhiteningKind::ZcaCor] {
            for method in [Method::Primal, Method::Dual, Method::Randomised] {
                let whitener = Whitener::new(kind).method(Some(method)).directions(Some(5));
                let fitted = whitener.fit(single.view()).unwrap();
                assert_eq!(whitener.fit(double.view()).unwrap(), fitted);
                let white = fitted.apply(single.view()).unwrap();
                assert_eq!(bits(&fitted.apply(double.view()).unwrap()), bits(&white));
            }
        }
    }
    // What `f32` cannot tell apart: the last bits of values far from zero.
    let fine = correlated(50, 3, 4).mapv(f64::from);
    let far = &fine * 1e-3 + 1e6;
    let fitted = Whitener::zca().fit(far.view()).unwrap();
    let expected = Whitener::zca().fit((&fine * 1e-3).view()).unwrap();
    let ratio = &fitted.eigenvalues() / &expected.eigenvalues();
    assert!(ratio.iter().all(|x| (x - 1.0).abs() < 1e-3), "{ratio}");
    let (white, expected) = (fitted.apply(far.view()), expected.apply((&fine * 1e-3).view()));
    assert_close(&white.unwrap(), &expected.unwrap(), 1e-2);
    let damaged = Array2::from_elem((3, 2), f64::INFINITY);
    assert!(matches!(
        Whitener::zca().fit(damaged.view()),
        Err(Error::NonFinite { row: 0, column: 0, value }) if value == f32::INFINITY
    ));
}

#[test]
fn bytes_of_moments_are_refused_when_cut_or_of_other_values() {
    for scope in [Scope::Pixels, Scope::Channels] {
        let mut moments = ImageMoments::<u8>::new(scope);
        let before = moments.memory();
        moments.update(images().view(), Layout::Nhwc).unwrap();
        let stored = moments.to_bytes().unwrap();
        assert!(ImageMoments::<f32>::from_bytes(&stored).is_err());
        for end in 0..stored.len() {
            assert!(ImageMoments::<u8>::from_bytes(&stored[..end]).is_err());
        }
        if scope == Scope::Pixels {
            assert_eq!(moments.memory() - before, (60 * 60 + 60) * 8);
        }
    }
}

#[test]
fn stored_moments_of_another_shape_than_they_say_are_refused() {
    let mut moments = ImageMoments::<u8>::new(Scope::Pixels);
    moments.update(images().view(), Layout::Nhwc).unwrap();
    let mut stored = serde_json::to_value(&moments).unwrap();
    for shape in [serde_json::json!([4, 5, 4]), serde_json::json!(null)] {
        stored["shape"] = shape;
        assert!(serde_json::from_value::<ImageMoments<u8>>(stored.clone()).is_err());
    }
}
