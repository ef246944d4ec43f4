//! Images as rows: whole, or pixel by pixel.

use crate::support::{assert_close, bits, correlated};
use mizumashi_whitening::WhiteningKind::{Pca, Zca, ZcaCor};
use mizumashi_whitening::{Error, ImageWhitening, Layout, Regularisation, Scope, Whitener};
use ndarray::{Array2, Array4, ArrayView4, s};
use proptest::prelude::{Just, any, prop_oneof, proptest};
use proptest::test_runner::Config;

fn images() -> Array4<f32> {
    correlated(40, 60, 3).into_shape_with_order((40, 5, 4, 3)).unwrap()
}

fn whitener() -> Whitener {
    Whitener::zca().regularisation(Regularisation::Eigenvalue(0.01))
}

fn fit(images: ArrayView4<'_, f32>, scope: Scope) -> ImageWhitening {
    whitener().fit_images(images, Layout::Nhwc, scope).unwrap()
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn images_are_fitted_and_mapped_as_the_rows_they_are_whatever_the_layout(
        n in 2..12_usize, [height, width, channels] in [1..4_usize, 1..4, 1..5],
        kind in prop_oneof![Just(Zca), Just(Pca), Just(ZcaCor)], colours in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let d = height * width * channels;
        let images = correlated(n, d, seed);
        let images = images.into_shape_with_order((n, height, width, channels)).unwrap();
        let first = images.view().permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
        let (scope, features) = match colours {
            true => (Scope::Channels, channels),
            false => (Scope::Pixels, d),
        };
        let rows = images.to_shape((n * d / features, features)).unwrap();
        let whitener = Whitener::new(kind).regularisation(Regularisation::Eigenvalue(0.01));
        let fitted = whitener.fit_images(images.view(), Layout::Nhwc, scope).unwrap();
        assert_eq!(whitener.fit_images(first.view(), Layout::Nchw, scope).unwrap(), fitted);
        let map = fitted.whitening();
        assert_eq!(*map, whitener.fit(rows.view()).unwrap());

        let white = map.apply(rows.view()).unwrap();
        let flat = |images, layout| bits(&fitted.apply_flat(images, layout).unwrap());
        assert_eq!(flat(images.view(), Layout::Nhwc), bits(&white));
        assert_eq!(flat(first.view(), Layout::Nchw), bits(&white));
        let to_images = |rows: Array2<f32>| {
            let channels = rows.len() / (n * height * width);
            rows.into_shape_with_order((n, height, width, channels)).unwrap()
        };
        let back = to_images(map.inverse(white.view()).unwrap());
        if kind == Pca && !colours {
            // Components of whole images are no images, which could be mapped back.
            return Ok(());
        }
        // Each of d products is rounded, and may be spread by as much as gains differ.
        let gains = map.gains();
        let (least, largest) = gains.fold((f64::MAX, 0.0), |(a, b), &x| (x.min(a), x.max(b)));
        let furthest = (rows.mapv(f64::from) - map.mean()).fold(0.0_f64, |a, b| a.max(b.abs()));
        let rounding = 4.0 * d as f64 * f64::from(f32::EPSILON) * largest / least * furthest;
        assert_close(&back, &images, rounding);

        let white = to_images(white);
        for (layout, images) in [(Layout::Nhwc, &images), (Layout::Nchw, &first)] {
            let channels_last = |images: Array4<f32>| match layout {
                Layout::Nchw => bits(&images.permuted_axes([0, 2, 3, 1])),
                _ => bits(&images),
            };
            let mapped = fitted.apply(images.view(), layout).unwrap();
            let returned = fitted.inverse(mapped.view(), layout).unwrap();
            assert_eq!(channels_last(returned), bits(&back));
            assert_eq!(channels_last(mapped), bits(&white));
            if map.outputs() == features {
                let mut inplace = images.clone();
                fitted.apply_inplace(inplace.view_mut(), layout).unwrap();
                assert_eq!(channels_last(inplace), bits(&white));
            }
        }
        if colours {
            // Of images of another height than the fitted.
            let upper = s![.., ..1, .., ..];
            let found = fitted.apply(images.slice(upper), Layout::Nhwc).unwrap();
            assert_eq!(bits(&found), bits(&white.slice(upper).to_owned()));
        }
    }
}

#[test]
fn colours_of_bytes_are_fitted_in_integers() {
    let images = images().mapv(|x| (x * 40.0 + 128.0) as u8);
    let exact = whitener().fit_images(images.view(), Layout::Nhwc, Scope::Channels).unwrap();
    let real = fit(images.mapv(f32::from).view(), Scope::Channels);
    assert_close(&exact.whitening().eigenvalues(), &real.whitening().eigenvalues(), 1e-10);
    let white = exact.apply(images.view(), Layout::Nhwc).unwrap();
    assert_close(&white, &real.apply(images.view(), Layout::Nhwc).unwrap(), 1e-5);
    // The order of images does not show in the integers.
    let reversed = images.slice(s![..;-1, .., .., ..]);
    let again = whitener().fit_images(reversed, Layout::Nhwc, Scope::Channels).unwrap();
    assert_eq!(again, exact);
}

#[test]
fn a_map_of_rows_becomes_one_of_images_whose_rows_fit() {
    let images = images();
    let colours = fit(images.view(), Scope::Channels);
    let rows = colours.whitening().clone();
    let shape = [5, 4, 3];
    assert_eq!(ImageWhitening::new(rows.clone(), Scope::Channels, shape).unwrap(), colours);
    assert_eq!(colours.shape(), shape);
    let error = ImageWhitening::new(rows, Scope::Pixels, shape).unwrap_err();
    assert_eq!(error, Error::FeatureCount { found: 60, expected: 3 });
}

#[test]
fn images_copied_in_blocks_stay_in_order() {
    // More values than are copied at a time.
    let images = correlated(120, 64 * 64 * 3, 4).into_shape_with_order((120, 64, 64, 3)).unwrap();
    let channels_first = images.view().permuted_axes([0, 3, 1, 2]);
    let channels_first = channels_first.as_standard_layout();
    let colours = fit(images.view(), Scope::Channels);
    let expected = colours.apply_flat(images.view(), Layout::Nhwc).unwrap();
    let white = colours.apply_flat(channels_first.view(), Layout::Nchw).unwrap();
    assert_eq!(bits(&white), bits(&expected));

    let expected = colours.apply(images.view(), Layout::Nhwc).unwrap();
    let white = colours.apply(channels_first.view(), Layout::Nchw).unwrap();
    assert_eq!(bits(&white.permuted_axes([0, 2, 3, 1])), bits(&expected));
    let mut inplace = channels_first.into_owned();
    colours.apply_inplace(inplace.view_mut(), Layout::Nchw).unwrap();
    assert_eq!(bits(&inplace.permuted_axes([0, 2, 3, 1])), bits(&expected));
}

#[test]
fn grey_images_have_one_principal_colour() {
    let mut images = images();
    for mut pixel in images.lanes_mut(ndarray::Axis(3)) {
        let grey = pixel[0];
        pixel.fill(grey);
    }
    let pca = Whitener::pca().fit_images(images.view(), Layout::Nhwc, Scope::Channels).unwrap();
    let white = pca.apply(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(white.dim(), (40, 5, 4, 1));
    assert_close(&pca.inverse(white.view(), Layout::Nhwc).unwrap(), &images, 1e-4);
}

#[test]
fn a_batch_of_no_images_stays_one() {
    let none = Array4::<f32>::zeros((0, 5, 4, 3));
    for scope in [Scope::Pixels, Scope::Channels] {
        let whitening = fit(images().view(), scope);
        assert_eq!(whitening.apply(none.view(), Layout::Nhwc).unwrap(), none);
        assert_eq!(whitening.inverse(none.view(), Layout::Nhwc).unwrap(), none);
        whitening.apply_inplace(none.clone().view_mut(), Layout::Nhwc).unwrap();
    }
}
