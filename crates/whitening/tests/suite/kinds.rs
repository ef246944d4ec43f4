//! What tells the whitenings of one covariance apart, and what they share.

use crate::support::{assert_close, correlated};
use mizumashi_whitening::{
    Error, Method, Regularisation, Shrinkage, Whitener, Whitening, WhiteningKind,
};
use ndarray::{Array1, Array2, Axis, s};
use proptest::prelude::{any, proptest};
use proptest::test_runner::Config;

const KINDS: [WhiteningKind; 5] = [
    WhiteningKind::Zca,
    WhiteningKind::Pca,
    WhiteningKind::Cholesky,
    WhiteningKind::ZcaCor,
    WhiteningKind::PcaCor,
];

fn exact(kind: WhiteningKind) -> Whitener {
    Whitener::new(kind).regularisation(Regularisation::Eigenvalue(0.0))
}

pub(crate) fn covariance(rows: &Array2<f32>) -> Array2<f64> {
    let rows = rows.mapv(f64::from);
    let centred = &rows - &rows.mean_axis(Axis(0)).unwrap();
    centred.t().dot(&centred) / rows.nrows() as f64
}

/// Values of unlike units.
pub(crate) fn scaled(n: usize, d: usize, seed: u64) -> Array2<f32> {
    let units = Array1::from_shape_fn(d, |column| 1.0 + (column * column % 7) as f32);
    correlated(n, d, seed) * units
}

fn fits(rows: &Array2<f32>) -> [(WhiteningKind, Whitening); 5] {
    KINDS.map(|kind| (kind, exact(kind).fit(rows.view()).unwrap()))
}

proptest! {
    #![proptest_config(Config::with_cases(32))]

    #[test]
    fn every_kind_whitens_and_comes_back(d in 1..30_usize, more in 5..40_usize, seed in any::<u64>()) {
        let rows = scaled(2 * d + more, d, seed);
        let c = covariance(&rows);
        for (_, whitening) in fits(&rows) {
            let w = whitening.matrix(1 << 20).unwrap();
            assert_close(&w.dot(&c).dot(&w.t()), &Array2::<f64>::eye(d), 1e-8);
            assert_close(&whitening.bias(), &(-w.dot(&whitening.mean())), 1e-8);
            let white = whitening.apply(rows.view()).unwrap();
            assert_close(&whitening.inverse(white.view()).unwrap(), &rows, 1e-3);
        }
    }

    #[test]
    fn they_differ_by_a_rotation(d in 1..20_usize, seed in any::<u64>()) {
        let rows = scaled(3 * d + 5, d, seed);
        let root = exact(WhiteningKind::Zca).fit(rows.view()).unwrap();
        // Q = W C^(1/2), and C^(1/2) = C C^(-1/2).
        let root = covariance(&rows).dot(&root.matrix(1 << 20).unwrap());
        for (_, whitening) in fits(&rows) {
            let q = whitening.matrix(1 << 20).unwrap().dot(&root);
            assert_close(&q.dot(&q.t()), &Array2::<f64>::eye(d), 1e-8);
        }
    }

    #[test]
    fn zca_stays_closest_and_zca_cor_correlates_most(d in 2..20_usize, seed in any::<u64>()) {
        let rows = scaled(3 * d + 5, d, seed);
        let c = covariance(&rows);
        let deviations = c.diag().mapv(f64::sqrt);
        // E |W z - z|^2 = tr(C) + d - 2 tr(W C), and the mean correlation is tr(W C V^(-1/2)) / d.
        let cross = fits(&rows).map(|(kind, fit)| (kind, fit.matrix(1 << 20).unwrap().dot(&c)));
        let distance = |wc: &Array2<f64>| c.diag().sum() + d as f64 - 2.0 * wc.diag().sum();
        let correlation = |wc: &Array2<f64>| (&wc.diag() / &deviations).sum() / d as f64;
        let (_, zca) = &cross[0];
        let (_, zca_cor) = &cross[3];
        for (kind, other) in &cross {
            assert!(distance(zca) <= distance(other) + 1e-9, "{kind:?}");
            assert!(correlation(zca_cor) >= correlation(other) - 1e-9, "{kind:?}");
        }
        assert!(distance(zca) < distance(&cross[1].1) - 1e-6);
        assert!(correlation(zca_cor) > correlation(&cross[1].1) + 1e-6);
    }

    #[test]
    fn cholesky_whitens_a_shrunk_covariance(
        n in 2..40_usize, d in 2..30_usize, rho in 0.01..1.0_f64, seed in any::<u64>(),
    ) {
        let rows = scaled(n, d, seed);
        let c = covariance(&rows);
        let mu = c.diag().sum() / d as f64;
        let expected = c * (1.0 - rho) + Array2::<f64>::eye(d) * (rho * mu);
        let triangle = exact(WhiteningKind::Cholesky).shrinkage(Shrinkage::Fixed(rho));
        let w = triangle.fit(rows.view()).unwrap().matrix(1 << 20).unwrap();
        assert_close(&w.dot(&expected).dot(&w.t()), &Array2::<f64>::eye(d), 1e-7);
    }
}

#[test]
fn cholesky_is_upper_triangular_with_a_positive_diagonal() {
    let whitening = exact(WhiteningKind::Cholesky).fit(scaled(60, 17, 5).view()).unwrap();
    for ((row, column), &x) in whitening.matrix(1 << 20).unwrap().indexed_iter() {
        assert!(if row > column { x == 0.0 } else { row != column || x > 0.0 });
    }
}

#[test]
fn cholesky_of_a_singular_covariance_is_refused() {
    let error = Whitener::new(WhiteningKind::Cholesky).fit(scaled(5, 9, 1).view()).unwrap_err();
    assert_eq!(error, Error::CholeskyRank { rank: 4, features: 9 });
    assert!(error.to_string().contains("not unique"));
}

#[test]
fn units_do_not_matter_to_the_whitenings_of_the_correlation() {
    let (plain, scaled) = (correlated(50, 8, 3), scaled(50, 8, 3));
    for kind in [WhiteningKind::ZcaCor, WhiteningKind::PcaCor] {
        let [a, b] = [&plain, &scaled]
            .map(|rows| exact(kind).fit(rows.view()).unwrap().apply(rows.view()).unwrap());
        assert_close(&a, &b, 1e-4);
    }
}

#[test]
fn a_value_that_never_varies_is_mapped_to_zero_by_every_kind_that_can() {
    let mut rows = scaled(40, 6, 4);
    rows.column_mut(2).fill(7.0);
    for kind in [WhiteningKind::Zca, WhiteningKind::ZcaCor] {
        let whitening = exact(kind).fit(rows.view()).unwrap();
        assert_eq!(whitening.rank(), 5);
        let mut probe = rows.clone();
        probe.column_mut(2).fill(1e6);
        let white = whitening.apply(probe.view()).unwrap();
        assert_close(&white, &whitening.apply(rows.view()).unwrap(), 1e-2);
        assert_close(&whitening.inverse(white.view()).unwrap(), &rows, 1e-2);
    }
}

#[test]
fn directions_are_cut_by_number_and_by_what_they_explain() {
    let rows = scaled(90, 12, 6);
    let all = exact(WhiteningKind::Pca).fit(rows.view()).unwrap();
    let (variances, total) = (all.eigenvalues(), all.total_variance());
    assert!((variances.sum() / total - 1.0).abs() < 1e-12);
    let four = exact(WhiteningKind::Pca).directions(Some(4)).fit(rows.view()).unwrap();
    assert_eq!(four.components(), all.components().slice(s![.., ..4]));
    let explained = variances.slice(s![..4]).sum() / total;
    for (fraction, kept) in [(explained - 1e-9, 4), (explained + 1e-9, 5), (1e-9, 1)] {
        let whitener = exact(WhiteningKind::Pca).explained_variance(Some(fraction));
        assert_eq!(whitener.fit(rows.view()).unwrap().rank(), kept);
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let rows = scaled(9, 4, 8);
    let zca = Whitener::zca;
    for value in [0.0, -1.0, 1.1] {
        let error = zca().explained_variance(Some(value)).fit(rows.view()).unwrap_err();
        assert_eq!(error, Error::ExplainedVariance { value });
    }
    assert_eq!(zca().directions(Some(0)).fit(rows.view()).unwrap_err(), Error::NoDirections);
    let error = zca().shrinkage(Shrinkage::Fixed(1.5)).fit(rows.view()).unwrap_err();
    assert_eq!(error, Error::Shrinkage { value: 1.5 });
    let randomised = zca().method(Some(Method::Randomised));
    assert_eq!(randomised.fit(rows.view()).unwrap_err(), Error::DirectionsUnknown);
    let error = randomised.directions(Some(2)).shrinkage(Shrinkage::Oas).fit(rows.view());
    assert!(matches!(error, Err(Error::ShrinkageUnknown { .. })));
    let mut covariance = mizumashi_stats::Covariance::new(4);
    covariance.update(rows.view()).unwrap();
    let error = zca().shrinkage(Shrinkage::LedoitWolf).fit_covariance(&covariance).unwrap_err();
    assert!(error.to_string().contains("Shrinkage::Oas"), "{error}");
    assert!(zca().shrinkage(Shrinkage::Oas).fit_covariance(&covariance).is_ok());
}
