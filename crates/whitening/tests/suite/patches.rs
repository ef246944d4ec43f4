//! Whitening of patches: what is fitted, and the convolution that comes of it.

use crate::support::{assert_close, bits, bytes, correlated, on_threads};
use mizumashi_whitening::{
    Centring, Convolution, Error, Layout, Method, Padding, PatchMoments, PatchWhitening, Patches,
    Pixel, Regularisation, Shrinkage, Whitener, WhiteningKind,
};
use ndarray::{Array2, Array4, ArrayView4, Axis, s};
use proptest::prelude::{any, proptest};
use proptest::test_runner::Config;

const PADDINGS: [Padding; 4] = [Padding::Valid, Padding::Zeros, Padding::Mean, Padding::Nearest];

/// Smooth along both axes, and of correlated channels.
fn images(n: usize, height: usize, width: usize, channels: usize, seed: u64) -> Array4<f32> {
    let noise = correlated(n * height, width * channels, seed);
    let noise = noise.into_shape_with_order((n, height, width, channels)).unwrap();
    let mut images = noise.clone();
    for y in 1..height {
        let above = images.slice(s![.., y - 1, .., ..]).to_owned();
        images.slice_mut(s![.., y, .., ..]).scaled_add(0.7, &above);
    }
    images
}

fn byte_images(n: usize, height: usize, width: usize, channels: usize, seed: u64) -> Array4<u8> {
    let images = images(n, height, width, channels, seed);
    let rows = images.to_shape((n, height * width * channels)).unwrap().to_owned();
    bytes(&(rows * 0.3)).into_shape_with_order(images.dim()).unwrap()
}

fn exact(kind: WhiteningKind) -> Whitener {
    Whitener::new(kind).regularisation(Regularisation::Eigenvalue(0.0))
}

/// All patches as rows, one value at a time.
fn patch_rows<T: Copy>(images: ArrayView4<'_, T>, [height, width]: [usize; 2]) -> Array2<T> {
    let (n, rows, columns, channels) = images.dim();
    let mut values = Vec::new();
    for i in 0..n {
        for y in 0..=rows - height {
            for x in 0..=columns - width {
                for dy in 0..height {
                    for dx in 0..width {
                        for c in 0..channels {
                            values.push(images[[i, y + dy, x + dx, c]]);
                        }
                    }
                }
            }
        }
    }
    let features = height * width * channels;
    Array2::from_shape_vec((values.len() / features, features), values).unwrap()
}

/// The pixels of all images as rows.
fn pooled(images: &Array4<f32>) -> Array2<f64> {
    let channels = images.len_of(Axis(3));
    let rows = images.to_shape((images.len() / channels, channels)).unwrap();
    rows.mapv(f64::from)
}

fn second_moments(rows: &Array2<f64>) -> Array2<f64> {
    rows.t().dot(rows) / rows.nrows() as f64
}

fn fit<T: Pixel>(whitener: &Whitener, images: &Array4<T>, patches: Patches) -> PatchWhitening {
    whitener.fit_patches(images.view(), Layout::Nhwc, patches).unwrap()
}

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn it_fits_the_rows_that_patches_are_and_maps_as_they_are_mapped(
        n in 2..5_usize, height in 1..5_usize, width in 1..5_usize, more in 4..9_usize,
        channels in 1..4_usize, seed in any::<u64>(),
    ) {
        let images = byte_images(n, height + more, width + more + 1, channels, seed);
        let patches = Patches::new(height, width);
        let rows = patch_rows(images.view(), patches.size());
        for kind in [WhiteningKind::Zca, WhiteningKind::Pca, WhiteningKind::ZcaCor] {
            let whitener = Whitener::new(kind).regularisation(Regularisation::Eigenvalue(0.5));
            let fitted = fit(&whitener, &images, patches);
            let by_rows = whitener.clone().method(Some(Method::Primal)).fit(rows.view()).unwrap();
            assert_eq!(*fitted.whitening(), by_rows);
            let white = fitted.convolution().unwrap().apply(images.view(), Layout::Nhwc).unwrap();
            assert_eq!(white.dim(), (n, more + 1, more + 2, by_rows.outputs()));
            let expected = by_rows.apply(rows.view()).unwrap();
            assert_close(&pooled(&white), &expected.mapv(f64::from), 2e-5);
        }
    }

    #[test]
    fn padding_is_what_padded_images_give_and_stride_leaves_out(
        height in 1..6_usize, width in 1..6_usize, rows in 1..9_usize, columns in 1..9_usize,
        stride in 1..4_usize, seed in any::<u64>(),
    ) {
        let train = byte_images(3, 9, 9, 3, 1);
        let patches = Patches::new(height, width);
        let fitted = fit(&Whitener::pca(), &train, patches);
        let images = byte_images(2, rows, columns, 3, seed);
        let mean = fitted.whitening().mean().to_owned();
        for padding in [Padding::Zeros, Padding::Mean, Padding::Nearest] {
            let by_channel: Vec<f64> = (0..3)
                .map(|c| mean.iter().skip(c).step_by(3).sum::<f64>() / (height * width) as f64)
                .collect();
            let (top, left) = ((height - 1) / 2, (width - 1) / 2);
            let padded = Array4::from_shape_fn(
                (2, rows + height - 1, columns + width - 1, 3),
                |(i, y, x, c)| {
                    let inside = (top..top + rows).contains(&y) && (left..left + columns).contains(&x);
                    let nearest = images[[
                        i,
                        y.saturating_sub(top).min(rows - 1),
                        x.saturating_sub(left).min(columns - 1),
                        c,
                    ]];
                    match padding {
                        Padding::Mean if !inside => by_channel[c],
                        Padding::Zeros if !inside => 0.0,
                        _ => f64::from(nearest),
                    }
                },
            );
            let convolution = fitted.convolution().unwrap();
            // Both are rounded to `f32`, by less than a unit of the sum of the magnitudes.
            let magnitudes = convolution.weights().mapv(f32::abs);
            let largest = magnitudes.outer_iter().map(|filter| filter.sum()).fold(0.0, f32::max);
            let rounding = f64::from(255.0 * f32::EPSILON * largest);
            let expected = convolution.apply(padded.view(), Layout::Nhwc).unwrap();
            let convolution = convolution.padding(padding);
            let found = convolution.apply(images.view(), Layout::Nhwc).unwrap();
            assert_close(&found, &expected, rounding);
            let stepped = convolution.stride(stride).apply(images.view(), Layout::Nhwc).unwrap();
            assert_eq!(stepped.dim().1, rows.div_ceil(stride));
            let step = stride as isize;
            assert_eq!(stepped, found.slice(s![.., ..;step, ..;step, ..]));
        }
    }
}

#[test]
fn all_outputs_are_white_over_all_patches() {
    let images = byte_images(5, 20, 24, 3, 3);
    for kind in [
        WhiteningKind::Zca,
        WhiteningKind::Pca,
        WhiteningKind::Cholesky,
        WhiteningKind::ZcaCor,
        WhiteningKind::PcaCor,
    ] {
        let fitted = fit(&exact(kind), &images, Patches::square(3));
        assert_eq!(fitted.whitening().rank(), 27);
        let white = fitted.convolution().unwrap().apply(images.view(), Layout::Nhwc).unwrap();
        let rows = pooled(&white);
        assert!(rows.mean_axis(Axis(0)).unwrap().iter().all(|x| x.abs() < 1e-5));
        assert_close(&second_moments(&rows), &Array2::<f64>::eye(27), 1e-4);
    }
}

#[test]
fn the_centre_pixel_is_white_and_an_image() {
    let images = byte_images(5, 20, 24, 3, 4);
    for kind in [WhiteningKind::Zca, WhiteningKind::ZcaCor] {
        let fitted = fit(&exact(kind), &images, Patches::new(3, 5));
        let centre = fitted.centre_convolution().unwrap();
        let white = centre.apply(images.view(), Layout::Nhwc).unwrap();
        assert_eq!(white.dim(), (5, 18, 20, 3));
        assert_close(&second_moments(&pooled(&white)), &Array2::<f64>::eye(3), 1e-4);
        let all = fitted.convolution().unwrap().apply(images.view(), Layout::Nhwc).unwrap();
        assert_close(&white, &all.slice(s![.., .., .., 7 * 3..8 * 3]), 1e-6);
        // An output resembles the pixel it stands for more than any beside it.
        let input = images.slice(s![.., 1..19, 2..22, ..]).mapv(f64::from);
        let like = |white: ArrayView4<'_, f32>| {
            let centred = &input - input.mean().unwrap();
            (&white.mapv(f64::from) * &centred).sum()
        };
        for other in 0..15 {
            let white = all.slice(s![.., .., .., 3 * other..3 * other + 3]);
            assert!(other == 7 || like(all.slice(s![.., .., .., 21..24])) > like(white));
        }
        assert_eq!(centre.padding(Padding::Nearest).output_size([20, 24]).unwrap(), [20, 24]);
    }
}

#[test]
fn doubled_filters_come_negated_after_all_others() {
    let images = byte_images(3, 10, 11, 3, 5);
    let fitted = fit(&Whitener::pca(), &images, Patches::square(3));
    let (single, double) = (fitted.convolution().unwrap(), fitted.convolution().unwrap().doubled());
    assert_eq!((single.outputs(), double.outputs()), (27, 54));
    for (single, double) in [
        (
            single.apply(images.view(), Layout::Nhwc).unwrap(),
            double.apply(images.view(), Layout::Nhwc).unwrap(),
        ),
        (
            single.weights().permuted_axes([1, 2, 3, 0]),
            double.weights().permuted_axes([1, 2, 3, 0]),
        ),
    ] {
        assert_eq!(single, double.slice(s![.., .., .., ..27]));
        assert_eq!(single.mapv(|x| -x), double.slice(s![.., .., .., 27..]));
    }
    let bias = double.bias();
    assert_eq!(bias.slice(s![..27]), bias.slice(s![27..]).mapv(|x| -x));
}

/// In the batches, threads, layouts and strides that must not show.
#[test]
fn only_the_patch_shows_in_an_output() {
    let images = images(7, 21, 33, 3, 6);
    let fitted = fit(&Whitener::zca(), &images, Patches::square(3));
    let channels_first = images.view().permuted_axes([0, 3, 1, 2]);
    let channels_first = channels_first.as_standard_layout();
    let all = fitted.convolution().unwrap();
    let centre = fitted.centre_convolution().unwrap();
    let strided = centre.clone().stride(2).doubled();
    for convolution in [all, centre, strided] {
        for padding in PADDINGS {
            let convolution = convolution.clone().padding(padding);
            let apply =
                |images: ArrayView4<'_, f32>| convolution.apply(images, Layout::Nhwc).unwrap();
            let expected = on_threads(1, || apply(images.view()));
            assert_eq!(bits(&on_threads(3, || apply(images.view()))), bits(&expected));
            for size in [1, 3] {
                for (images, expected) in images
                    .axis_chunks_iter(Axis(0), size)
                    .zip(expected.axis_chunks_iter(Axis(0), size))
                {
                    assert_eq!(bits(&apply(images)), bits(&expected.to_owned()));
                }
            }
            let first = convolution.apply(channels_first.view(), Layout::Nchw).unwrap();
            assert!(first.is_standard_layout());
            let first = first.permuted_axes([0, 2, 3, 1]);
            assert_eq!(bits(&first.as_standard_layout().into_owned()), bits(&expected));
        }
    }
    // Taller than one strip: the upper half knows nothing of the lower.
    let tall = self::images(1, 300, 200, 3, 7);
    let whole = fitted.convolution().unwrap().apply(tall.view(), Layout::Nhwc).unwrap();
    let upper = tall.slice(s![.., ..77, .., ..]);
    let upper = fitted.convolution().unwrap().apply(upper, Layout::Nhwc).unwrap();
    assert_eq!(bits(&whole.slice(s![.., ..75, .., ..]).to_owned()), bits(&upper));
}

#[test]
fn bytes_and_reals_of_either_precision_are_mapped_alike() {
    let images = byte_images(3, 12, 13, 3, 8);
    let (single, double) = (images.mapv(f32::from), images.mapv(f64::from));
    let patches = Patches::square(3);
    let fitted = fit(&Whitener::zca(), &images, patches);
    let convolution = fitted.convolution().unwrap().padding(Padding::Zeros);
    let white = convolution.apply(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(bits(&convolution.apply(single.view(), Layout::Nhwc).unwrap()), bits(&white));
    assert_close(&convolution.apply(double.view(), Layout::Nhwc).unwrap(), &white, 1e-6);
    assert_eq!(fit(&Whitener::zca(), &single, patches), fit(&Whitener::zca(), &double, patches));
    let found = fit(&Whitener::zca(), &single, patches);
    let expected = fitted.whitening().matrix(1 << 20).unwrap();
    assert_close(&found.whitening().matrix(1 << 20).unwrap(), &expected, 1e-9);
}

#[test]
fn threads_do_not_show_in_a_fit() {
    let images = byte_images(23, 14, 15, 3, 9);
    for patches in [Patches::square(3), Patches::new(4, 2).sampled(9, 5)] {
        let at_once = fit(&Whitener::zca(), &images, patches);
        assert_eq!(on_threads(1, || fit(&Whitener::zca(), &images, patches)), at_once);
        assert_eq!(on_threads(5, || fit(&Whitener::zca(), &images, patches)), at_once);
    }
}

#[test]
fn a_sample_follows_from_its_seed_and_stands_for_all() {
    let images = byte_images(60, 16, 16, 3, 10);
    let all = fit(&Whitener::zca(), &images, Patches::square(2));
    let sample = |seed| fit(&Whitener::zca(), &images, Patches::square(2).sampled(50, seed));
    assert_eq!(sample(1), sample(1));
    assert_ne!(sample(1), sample(2));
    assert_eq!(sample(1).whitening().solution().samples, 60 * 50);
    let ratio = &sample(1).whitening().eigenvalues() / &all.whitening().eigenvalues();
    assert!(ratio.iter().all(|x| (x - 1.0).abs() < 0.25), "{ratio}");
    // Every position comes up, up to the last.
    let mut marked = Array4::<u8>::zeros((60, 16, 16, 1));
    marked.slice_mut(s![.., 15, 15, ..]).fill(255);
    let corner = fit(&Whitener::zca(), &marked, Patches::square(2).sampled(90, 3));
    assert!(corner.whitening().mean()[3] > 0.0);
    assert_eq!(corner.whitening().mean()[0], 0.0);
}

#[test]
fn patches_are_centred_or_not() {
    let images = byte_images(4, 12, 12, 3, 11);
    let origin = Whitener::pca().centring(Centring::None);
    let convolution = fit(&origin, &images, Patches::square(2)).convolution().unwrap();
    assert!(convolution.bias().iter().all(|&x| x == 0.0 && x.is_sign_positive()));
    let centred = fit(&Whitener::pca(), &images, Patches::square(2)).convolution().unwrap();
    assert!(centred.bias().iter().any(|&x| x.abs() > 0.1));
}

#[test]
fn what_cannot_be_is_refused() {
    let images = byte_images(3, 6, 7, 3, 12);
    let zca = Whitener::zca();
    let refused = |patches| zca.fit_patches(images.view(), Layout::Nhwc, patches).unwrap_err();
    for patch in [[7, 3], [3, 8], [0, 3], [3, 0]] {
        let expected = Error::PatchSize { patch, image: [6, 7] };
        assert_eq!(refused(Patches::new(patch[0], patch[1])), expected);
    }
    for found in [0, (1 << 20) + 1, usize::MAX] {
        let expected = Error::PatchSample { found, limit: 1 << 20 };
        assert_eq!(refused(Patches::square(2).sampled(found, 1)), expected);
    }
    let none = images.slice(s![..0, .., .., ..]);
    let error = zca.fit_patches(none, Layout::Nhwc, Patches::square(2)).unwrap_err();
    assert_eq!(error, Error::EmptySet { samples: 0, features: 12 });
    let limited = zca.clone().memory_limit(100);
    let error = limited.fit_patches(images.view(), Layout::Nhwc, Patches::square(2)).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { limit: 100, .. }));
    let shrunk = zca.clone().shrinkage(Shrinkage::LedoitWolf);
    let error = shrunk.fit_patches(images.view(), Layout::Nhwc, Patches::square(2)).unwrap_err();
    assert!(matches!(error, Error::ShrinkageUnknown { .. }));

    let mut damaged = images.mapv(f32::from);
    damaged[[1, 2, 3, 1]] = f32::NAN;
    let error = zca.fit_patches(damaged.view(), Layout::Nhwc, Patches::square(2)).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 1, column: 52, .. }), "{error}");

    let mut moments = PatchMoments::new(Patches::square(2));
    let error = zca.fit_patch_moments(&moments).unwrap_err();
    assert!(matches!(error, Error::EmptySet { samples: 0, .. }));
    moments.update(images.view(), Layout::Nhwc).unwrap();
    let before = moments.clone();
    let grey = images.slice(s![.., .., .., ..1]);
    let expected = Error::Channels { found: 1, expected: 3 };
    assert_eq!(moments.update(grey, Layout::Nhwc).unwrap_err(), expected);
    assert_eq!(moments.merge(&PatchMoments::new(Patches::square(3))), Err(Error::PatchesDiffer));
    assert_eq!(moments, before);

    let fitted = zca.fit_patch_moments(&moments).unwrap();
    let error = fitted.centre_convolution().unwrap_err();
    assert_eq!(error, Error::NoCentre { size: [2, 2], kind: WhiteningKind::Zca });
    let pca = fit(&Whitener::pca(), &images, Patches::square(3));
    assert!(matches!(pca.centre_convolution(), Err(Error::NoCentre { .. })));
    let convolution = fitted.convolution().unwrap();
    let apply = |convolution: &Convolution, images| convolution.apply(images, Layout::Nhwc);
    assert_eq!(apply(&convolution, grey).unwrap_err(), expected);
    let strip = images.slice(s![.., ..1, .., ..]);
    let expected = Error::PatchSize { patch: [2, 2], image: [1, 7] };
    assert_eq!(apply(&convolution, strip).unwrap_err(), expected);
    assert_eq!(apply(&convolution.clone().stride(0), images.view()).unwrap_err(), Error::NoStride);
    for stride in [1 << 63, usize::MAX] {
        let first = apply(&convolution.clone().stride(stride), images.view()).unwrap();
        let all = apply(&convolution, images.view()).unwrap();
        assert_eq!(first, all.slice(s![.., ..1, ..1, ..]));
    }
    assert!(convolution.apply(damaged.view(), Layout::Nhwc).is_err());
    let mut out = Array4::zeros((3, 5, 6, 11));
    let error = convolution.apply_into(images.view(), Layout::Nhwc, out.view_mut()).unwrap_err();
    assert_eq!(error, Error::OutputImages { found: [3, 5, 6, 11], expected: [3, 5, 6, 12] });

    let rows = fitted.whitening().clone();
    let error = PatchWhitening::new(rows, Patches::square(3), 3).unwrap_err();
    assert_eq!(error, Error::FeatureCount { found: 27, expected: 12 });
}

#[test]
fn empty_batches_and_flat_images_are_mapped() {
    let images = byte_images(3, 6, 7, 3, 13);
    let convolution =
        fit(&Whitener::zca(), &images, Patches::square(3)).centre_convolution().unwrap();
    let none = images.slice(s![..0, .., .., ..]);
    assert_eq!(convolution.apply(none, Layout::Nhwc).unwrap().dim(), (0, 4, 5, 3));
    let flat = Array4::from_elem((2, 6, 7, 3), 9_u8);
    let fitted = fit(&Whitener::pca(), &flat, Patches::square(3));
    let white = fitted.convolution().unwrap().apply(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(white.dim(), (3, 4, 5, 0));
    let zca = fit(&Whitener::zca(), &flat, Patches::square(3)).centre_convolution().unwrap();
    let white = zca.apply(images.view(), Layout::Nhwc).unwrap();
    assert_eq!(white, Array4::<f32>::zeros((3, 4, 5, 3)));
    for padding in PADDINGS {
        let one = byte_images(1, 1, 1, 3, 14);
        let found = convolution.clone().padding(padding).apply(one.view(), Layout::Nhwc);
        assert_eq!(found.is_ok(), padding != Padding::Valid);
    }
}
