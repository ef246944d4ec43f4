//! Fits from batches and from shards, and from values of either precision.

use crate::support::{assert_close, bits, bytes, correlated};
use mizumashi_stats::{IntegerCovariance, PartialState};
use mizumashi_whitening::{Error, ImageMoments, Layout, Method, Scope, Whitener, WhiteningKind};
use ndarray::{Array2, Array4, Axis, s};

fn images() -> Array4<u8> {
    bytes(&correlated(120, 60, 1)).into_shape_with_order((120, 4, 5, 3)).unwrap()
}

#[test]
fn shards_of_images_and_colours_are_fitted_as_the_whole_to_the_bit() {
    let images = images();
    let channels_first = images.view().permuted_axes([0, 3, 1, 2]);
    for scope in [Scope::Pixels, Scope::Channels] {
        for kind in [WhiteningKind::Zca, WhiteningKind::Pca, WhiteningKind::ZcaCor] {
            let whitener = Whitener::new(kind);
            let at_once = whitener.fit_images(images.view(), Layout::Nhwc, scope).unwrap();
            let mut shards = [(); 3].map(|()| ImageMoments::new(scope));
            // In another order than they lie in, and another layout.
            shards[2].update(images.slice(s![70.., .., .., ..]), Layout::Nhwc).unwrap();
            for batch in images.slice(s![..50, .., .., ..]).axis_chunks_iter(Axis(0), 7) {
                shards[1].update(batch, Layout::Nhwc).unwrap();
            }
            let middle = channels_first.slice(s![50..70, .., .., ..]);
            shards[0].update(middle, Layout::Nchw).unwrap();
            let [mut all, second, third] = shards;
            all.merge(&third).unwrap();
            let text = serde_json::to_string(&second).unwrap();
            all.merge(&serde_json::from_str(&text).unwrap()).unwrap();
            let streamed = whitener.fit_image_moments(&all).unwrap();
            assert_eq!(streamed, at_once);
            let white = |fit: &mizumashi_whitening::ImageWhitening| {
                bits(&fit.apply_flat(images.view(), Layout::Nhwc).unwrap())
            };
            assert_eq!(white(&streamed), white(&at_once));
        }
    }
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
fn batches_of_real_values_do_not_show_and_shards_hardly() {
    let images = images().mapv(|x| f32::from(x) / 7.0);
    for scope in [Scope::Pixels, Scope::Channels] {
        let at_once = Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope).unwrap();
        let mut batches = ImageMoments::new(scope);
        for batch in images.axis_chunks_iter(Axis(0), 11) {
            batches.update(batch, Layout::Nhwc).unwrap();
        }
        assert_eq!(Whitener::zca().fit_image_moments(&batches).unwrap(), at_once);
        let mut shards = ImageMoments::new(scope);
        for shard in images.axis_chunks_iter(Axis(0), 40) {
            let mut moments = ImageMoments::new(scope);
            moments.update(shard, Layout::Nhwc).unwrap();
            shards.merge(&moments).unwrap();
        }
        let merged = Whitener::zca().fit_image_moments(&shards).unwrap();
        let expected = at_once.whitening().matrix(1 << 20).unwrap();
        assert_close(&merged.whitening().matrix(1 << 20).unwrap(), &expected, 1e-9);
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
fn bytes_of_moments_are_the_same_in_whichever_order_they_were_merged() {
    let images = images();
    // Colours of pictures of several sizes, too.
    let small = images.slice(s![..9, ..2, 1.., ..]);
    for scope in [Scope::Pixels, Scope::Channels] {
        let mut parts: Vec<ImageMoments<u8>> = images
            .axis_chunks_iter(Axis(0), 23)
            .chain((scope == Scope::Channels).then_some(small))
            .map(|part| {
                let mut moments = ImageMoments::new(scope);
                moments.update(part, Layout::Nhwc).unwrap();
                moments
            })
            .collect();
        let merged = |parts: &[ImageMoments<u8>]| {
            let mut all = ImageMoments::<u8>::new(scope);
            for part in parts {
                let bytes = part.to_bytes().unwrap();
                all.merge(&ImageMoments::<u8>::from_bytes(&bytes).unwrap()).unwrap();
            }
            all.to_bytes().unwrap()
        };
        let forwards = merged(&parts);
        parts.reverse();
        assert_eq!(merged(&parts), forwards);
        parts.swap(0, 2);
        assert_eq!(merged(&parts), forwards);
        assert!(ImageMoments::<f32>::from_bytes(&forwards).is_err());
        for end in 0..forwards.len() {
            assert!(ImageMoments::<u8>::from_bytes(&forwards[..end]).is_err());
        }
    }
    let mut pixels = ImageMoments::<u8>::new(Scope::Pixels);
    let before = pixels.memory();
    pixels.update(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(pixels.memory() - before, (60 * 60 + 60) * 8);
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
