//! The two solvers agree, on whatever is fitted.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use mizumashi_whitening::{
    Error, Layout, Method, Patches, Regularisation, Remainder, Scope, Shrinkage, Solver, Whitener,
    Whitening, WhiteningKind,
};
use ndarray::{Array2, array, s};
use support::{assert_close, bytes, correlated};

const KINDS: [WhiteningKind; 5] = [
    WhiteningKind::Zca,
    WhiteningKind::Pca,
    WhiteningKind::Cholesky,
    WhiteningKind::ZcaCor,
    WhiteningKind::PcaCor,
];

const CUTS: [fn(Whitener) -> Whitener; 6] = [
    |whitener| whitener,
    |whitener| whitener.directions(Some(7)),
    |whitener| whitener.directions(Some(7)).remainder(Remainder::Average),
    |whitener| whitener.explained_variance(Some(0.8)),
    |whitener| whitener.shrinkage(Shrinkage::LedoitWolf),
    |whitener| whitener.shrinkage(Shrinkage::Fixed(0.2)),
];

/// All that does not depend on how vectors of equal variance are chosen.
fn assert_agree(lapack: &Whitening, faer: &Whitening) {
    assert_eq!(lapack.rank(), faer.rank());
    let largest = faer.eigenvalues()[0];
    assert_close(&lapack.eigenvalues(), &faer.eigenvalues(), 1e-12 * largest);
    let subspace = |fit: &Whitening| fit.components().dot(&fit.components().t());
    assert_close(&subspace(lapack), &subspace(faer), 1e-9);
    let [found, expected] = [lapack, faer].map(|fit| fit.matrix(1 << 20).unwrap());
    let close = |found: Array2<f64>, expected: Array2<f64>| {
        let scale = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        assert_close(&found, &expected, 1e-8 * scale);
    };
    close(found.t().dot(&found), expected.t().dot(&expected));
    // Shrinking gives directions that nothing varies along one variance, and no order.
    if faer.shrinkage() == 0.0 || !faer.kind().yields_components() {
        close(found, expected);
    }
}

#[test]
fn they_agree_on_every_kind_route_regularisation_and_cut() {
    for (n, d) in [(300, 40), (30, 40)] {
        let rows = correlated(n, d, 21);
        let exact = bytes(&rows);
        for kind in KINDS {
            for cut in CUTS {
                for regularisation in [
                    Regularisation::Eigenvalue(0.1),
                    Regularisation::SingularValue(0.5),
                    Regularisation::Floor(0.1),
                ] {
                    for method in [Method::Primal, Method::Dual] {
                        let whitener = cut(Whitener::new(kind)).regularisation(regularisation);
                        let whitener = whitener.method(Some(method));
                        let fit = |solver| {
                            let whitener = whitener.clone().solver(solver);
                            (whitener.fit(rows.view()), whitener.fit(exact.view()))
                        };
                        let ((faer, faer_exact), (lapack, lapack_exact)) =
                            (fit(Solver::Faer), fit(Solver::Lapack));
                        for (faer, lapack) in [(faer, lapack), (faer_exact, lapack_exact)] {
                            match (faer, lapack) {
                                (Ok(faer), Ok(lapack)) => assert_agree(&lapack, &faer),
                                // What does not go together is refused alike.
                                (faer, lapack) => {
                                    let refusal = faer.unwrap_err();
                                    assert_eq!(refusal, lapack.unwrap_err());
                                    let by_kind = kind == WhiteningKind::Cholesky;
                                    let by_rule = matches!(refusal, Error::ShrinkageUnknown { .. });
                                    assert!(by_kind || by_rule, "{kind:?}, {method:?}: {refusal}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn they_agree_on_the_randomised_route() {
    let factors = correlated(400, 12, 22).dot(&correlated(12, 90, 23));
    let whitener = Whitener::zca().directions(Some(6)).method(Some(Method::Randomised));
    for whitener in [whitener.clone(), whitener.remainder(Remainder::Average)] {
        let fit = |solver| whitener.clone().solver(solver).fit(factors.view()).unwrap();
        assert_agree(&fit(Solver::Lapack), &fit(Solver::Faer));
    }
}

#[test]
fn they_agree_on_images_and_patches() {
    let images =
        bytes(&correlated(40, 8 * 9 * 3, 24)).into_shape_with_order((40, 8, 9, 3)).unwrap();
    for scope in [Scope::Pixels, Scope::Channels] {
        let fit = |solver| {
            let whitener = Whitener::zca().solver(solver);
            whitener.fit_images(images.view(), Layout::Nhwc, scope).unwrap()
        };
        assert_agree(fit(Solver::Lapack).whitening(), fit(Solver::Faer).whitening());
    }
    let fit = |solver| {
        let whitener = Whitener::pca().solver(solver);
        whitener.fit_patches(images.view(), Layout::Nhwc, Patches::square(3)).unwrap()
    };
    assert_agree(fit(Solver::Lapack).whitening(), fit(Solver::Faer).whitening());
}

#[test]
fn equal_variances_are_whitened_alike_whatever_vectors_are_chosen() {
    // Eigenvalues 4, 4, 4, 1, 1: the vectors are arbitrary within each group, ZCA is not.
    let mut rows = Array2::zeros((10, 5));
    for axis in 0..5 {
        let length = if axis < 3 { 2.0 } else { 1.0 } * 5_f32.sqrt();
        rows[[2 * axis, axis]] = length;
        rows[[2 * axis + 1, axis]] = -length;
    }
    let turned = rows.dot(&array![
        [0.6, 0.8, 0.0, 0.0, 0.0],
        [-0.8, 0.6, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.28, 0.96, 0.0],
        [0.0, 0.0, -0.96, 0.28, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]);
    let fit = |solver| Whitener::zca().solver(solver).fit(turned.view()).unwrap();
    let (lapack, faer) = (fit(Solver::Lapack), fit(Solver::Faer));
    let matrix = faer.matrix(1 << 10).unwrap();
    assert_close(&lapack.matrix(1 << 10).unwrap(), &matrix, 1e-6);
    let leading = |fit: &Whitening| {
        let three = fit.components().slice(s![.., ..3]).to_owned();
        three.dot(&three.t())
    };
    assert_close(&leading(&lapack), &leading(&faer), 1e-6);
}

#[test]
fn lapack_takes_the_matrix_of_one_value_and_of_none_that_varies() {
    let lapack = Whitener::zca().solver(Solver::Lapack);
    let one = lapack.fit(correlated(9, 1, 22).view()).unwrap();
    assert_close(
        &one.eigenvalues(),
        &Whitener::zca().fit(correlated(9, 1, 22).view()).unwrap().eigenvalues(),
        1e-15,
    );
    let constant = Array2::<u8>::ones((5, 4));
    assert_eq!(lapack.fit(constant.view()).unwrap().rank(), 0);
    let error = lapack.memory_limit(10).fit(constant.view()).unwrap_err();
    assert!(matches!(error, Error::MemoryLimit { limit: 10, .. }));
}
