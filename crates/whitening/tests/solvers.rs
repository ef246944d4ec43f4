//! The two solvers agree.

#![cfg(feature = "lapack")]

mod support;

use mizumashi_whitening::{Method, Regularisation, Solver, Whitener};
use support::{assert_close, bytes, correlated};

#[test]
fn lapack_agrees_with_faer() {
    let rows = bytes(&correlated(300, 120, 21));
    for (whitener, method) in [
        (Whitener::zca(), Method::Primal),
        (Whitener::zca(), Method::Dual),
        (Whitener::pca(), Method::Primal),
        (Whitener::pca(), Method::Dual),
    ] {
        let fit = |solver| {
            let regularisation = Regularisation::Eigenvalue(0.1);
            let whitener = whitener.clone().regularisation(regularisation).method(Some(method));
            whitener.solver(solver).fit(rows.view()).unwrap()
        };
        let (faer, lapack) = (fit(Solver::Faer), fit(Solver::Lapack));
        assert_eq!(lapack.rank(), 120);
        assert_close(&lapack.eigenvalues(), &faer.eigenvalues(), 1e-8);
        assert_close(&lapack.matrix(1 << 20).unwrap(), &faer.matrix(1 << 20).unwrap(), 1e-9);
        let (white, expected) = (lapack.apply(rows.view()), faer.apply(rows.view()));
        assert_close(&white.unwrap(), &expected.unwrap(), 1e-4);
    }
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
    let constant = ndarray::Array2::<u8>::ones((5, 4));
    assert_eq!(lapack.fit(constant.view()).unwrap().rank(), 0);
}
