//! Images as rows: whole, or pixel by pixel.

use crate::support::{assert_close, bits, correlated};
use mizumashi_whitening::{Error, ImageWhitening, Layout, Method, Regularisation, Scope, Whitener};
use ndarray::{Array4, ArrayView4};

fn images() -> Array4<f32> {
    correlated(40, 60, 3).into_shape_with_order((40, 5, 4, 3)).unwrap()
}

fn whitener() -> Whitener {
    Whitener::zca().regularisation(Regularisation::Eigenvalue(0.01))
}

fn fit(images: ArrayView4<'_, f32>, scope: Scope) -> ImageWhitening {
    whitener().fit_images(images, Layout::Nhwc, scope).unwrap()
}

#[test]
fn whole_images_are_rows_of_all_their_values() {
    let images = images();
    let rows = images.to_shape((40, 60)).unwrap();
    let pixels = fit(images.view(), Scope::Pixels);
    assert_eq!(*pixels.whitening(), whitener().fit(rows.view()).unwrap());
    assert_eq!(pixels.whitening().solution().method, Method::Dual);
    let white = pixels.apply_flat(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(white, pixels.whitening().apply(rows.view()).unwrap());
}

#[test]
fn colours_are_the_pixels_of_all_images_pooled() {
    let images = images();
    let rows = images.to_shape((40 * 5 * 4, 3)).unwrap();
    let colours = fit(images.view(), Scope::Channels);
    assert_eq!(*colours.whitening(), whitener().fit(rows.view()).unwrap());
    assert_eq!(colours.whitening().solution().samples, 800);
    let white = colours.apply(images.view(), Layout::Nhwc).unwrap();
    let expected = colours.whitening().apply(rows.view()).unwrap();
    assert_eq!(white, expected.into_shape_with_order((40, 5, 4, 3)).unwrap());
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
    let reversed = images.slice(ndarray::s![..;-1, .., .., ..]);
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
fn images_are_mapped_in_place_in_both_layouts() {
    for scope in [Scope::Pixels, Scope::Channels] {
        let images = images();
        let whitening = fit(images.view(), scope);
        let white = whitening.apply(images.view(), Layout::Nhwc).unwrap();

        let mut inplace = images.clone();
        whitening.apply_inplace(inplace.view_mut(), Layout::Nhwc).unwrap();
        assert_eq!(bits(&inplace), bits(&white));

        let channels_first = images.permuted_axes([0, 3, 1, 2]);
        let mut inplace = channels_first.as_standard_layout().into_owned();
        whitening.apply_inplace(inplace.view_mut(), Layout::Nchw).unwrap();
        assert_eq!(bits(&inplace.permuted_axes([0, 2, 3, 1])), bits(&white));
    }
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
fn the_inverse_brings_images_back_in_both_layouts() {
    let images = images();
    for scope in [Scope::Pixels, Scope::Channels] {
        let whitening = fit(images.view(), scope);
        let white = whitening.apply(images.view(), Layout::Nhwc).unwrap();
        assert_close(&whitening.inverse(white.view(), Layout::Nhwc).unwrap(), &images, 1e-4);
        let channels_first = white.view().permuted_axes([0, 3, 1, 2]);
        let back = whitening.inverse(channels_first, Layout::Nchw).unwrap();
        assert_close(&back.permuted_axes([0, 2, 3, 1]), &images, 1e-4);
    }
    let pca = Whitener::pca().fit_images(images.view(), Layout::Nhwc, Scope::Channels).unwrap();
    let white = pca.apply(images.view(), Layout::Nhwc).unwrap();
    assert_close(&pca.inverse(white.view(), Layout::Nhwc).unwrap(), &images, 1e-4);
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
