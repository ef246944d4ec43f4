//! Neither the batch a row comes in nor the number of threads shows in any bit.

use crate::support::{bits, bytes, correlated, on_threads};
use mizumashi_whitening::{Layout, Method, Pixel, Scope, Whitener, Whitening};
use ndarray::{Array2, ArrayView2, Axis, s};

/// Dense, thin and projecting maps, of short and of long rows.
fn whitenings() -> Vec<(Array2<f32>, Whitening)> {
    [(60, 3), (300, 40), (20, 200), (40, 1100), (2, 17)]
        .into_iter()
        .flat_map(|(n, d)| {
            [Whitener::zca(), Whitener::pca()].map(|whitener| {
                let rows = correlated(n, d, 5);
                let whitening = whitener.fit(rows.view()).unwrap();
                (correlated(100, d, 6), whitening)
            })
        })
        .collect()
}

fn in_batches<T: Pixel>(
    whitening: &Whitening,
    rows: ArrayView2<'_, T>,
    size: usize,
) -> Array2<f32> {
    let mut out = Array2::zeros((rows.nrows(), whitening.outputs()));
    for (rows, out) in
        rows.axis_chunks_iter(Axis(0), size).zip(out.axis_chunks_iter_mut(Axis(0), size))
    {
        whitening.apply_into(rows, out).unwrap();
    }
    out
}

#[test]
fn a_row_is_mapped_alike_in_any_batch() {
    for (rows, whitening) in whitenings() {
        let all = whitening.apply(rows.view()).unwrap();
        for size in [1, 7, 32] {
            assert_eq!(bits(&in_batches(&whitening, rows.view(), size)), bits(&all));
        }
        let rows = bytes(&rows);
        let all = whitening.apply(rows.view()).unwrap();
        assert_eq!(bits(&in_batches(&whitening, rows.view(), 7)), bits(&all));
    }
}

#[test]
fn a_row_is_mapped_alike_wherever_it_lies_in_memory() {
    for (rows, whitening) in whitenings() {
        let all = whitening.apply(rows.view()).unwrap();
        let columns_first = rows.t().as_standard_layout().into_owned().reversed_axes();
        assert_eq!(bits(&whitening.apply(columns_first.view()).unwrap()), bits(&all));

        let mut sparse = Array2::zeros((rows.nrows(), 2 * whitening.outputs()));
        whitening.apply_into(rows.view(), sparse.slice_mut(s![.., ..;2])).unwrap();
        assert_eq!(bits(&sparse.slice(s![.., ..;2]).to_owned()), bits(&all));

        if whitening.outputs() == whitening.features() {
            let mut inplace = rows.clone();
            whitening.apply_inplace(inplace.view_mut()).unwrap();
            assert_eq!(bits(&inplace), bits(&all));
        }
    }
}

#[test]
fn many_short_rows_are_mapped_alike_in_any_batch() {
    // More than one parallel block.
    let rows = correlated(400_000, 3, 7);
    let whitening = Whitener::zca().fit(rows.view()).unwrap();
    let all = whitening.apply(rows.view()).unwrap();
    assert_eq!(bits(&in_batches(&whitening, rows.view(), 99_999)), bits(&all));
}

#[test]
fn one_thread_maps_like_three() {
    for (rows, whitening) in whitenings() {
        let map = || whitening.apply(rows.view()).unwrap();
        assert_eq!(bits(&on_threads(1, map)), bits(&on_threads(3, map)));
    }
}

#[test]
fn one_thread_fits_like_two_and_like_five() {
    // Long enough for faer to cut its reduction into parts.
    let rows = correlated(700, 420, 8);
    let exact = bytes(&rows);
    for method in [Method::Primal, Method::Dual] {
        let whitener = Whitener::pca().method(Some(method));
        let fit = || (whitener.fit(rows.view()).unwrap(), whitener.fit(exact.view()).unwrap());
        let one = on_threads(1, fit);
        assert_eq!(on_threads(2, fit), one);
        assert_eq!(on_threads(5, fit), one);
        let back = |threads| {
            on_threads(threads, || one.0.inverse(rows.slice(s![.., ..one.0.outputs()])).unwrap())
        };
        assert_eq!(bits(&back(1)), bits(&back(3)));
    }
}

#[test]
fn the_layout_of_images_does_not_show() {
    let channels_last = correlated(30, 60, 9).into_shape_with_order((30, 4, 5, 3)).unwrap();
    let channels_first = channels_last.view().permuted_axes([0, 3, 1, 2]);
    let channels_first = channels_first.as_standard_layout();
    for (whitener, scope) in [
        (Whitener::zca(), Scope::Pixels),
        (Whitener::zca(), Scope::Channels),
        (Whitener::pca(), Scope::Channels),
    ] {
        let last = whitener.fit_images(channels_last.view(), Layout::Nhwc, scope).unwrap();
        let first = whitener.fit_images(channels_first.view(), Layout::Nchw, scope).unwrap();
        assert_eq!(last, first);
        let white = last.apply(channels_last.view(), Layout::Nhwc).unwrap();
        let white_first = last.apply(channels_first.view(), Layout::Nchw).unwrap();
        assert!(white_first.is_standard_layout());
        assert_eq!(bits(&white_first.permuted_axes([0, 2, 3, 1])), bits(&white));
    }
}
