//! What makes a map a whitening, on data of any shape.

use crate::support::{assert_close, bytes, correlated, noise};
use mizumashi_stats::{Covariance, IntegerCovariance};
use mizumashi_whitening::{
    Centring, Error, Method, Regularisation, Whitener, Whitening, WhiteningKind,
};
use ndarray::{Array1, Array2, ArrayView2, Axis, array};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

fn whitener(kind: WhiteningKind, regularisation: Regularisation) -> Whitener {
    Whitener::new(kind).regularisation(regularisation)
}

/// Those that do with any number of samples.
fn kinds() -> impl Strategy<Value = WhiteningKind> {
    use WhiteningKind::{Pca, PcaCor, Zca, ZcaCor};
    prop_oneof![Just(Zca), Just(Pca), Just(ZcaCor), Just(PcaCor)]
}

fn regularisations() -> impl Strategy<Value = Regularisation> {
    prop_oneof![
        (0.0..2.0).prop_map(Regularisation::Eigenvalue),
        (0.0..9.0).prop_map(Regularisation::SingularValue),
        (0.0..2.0).prop_map(Regularisation::Floor),
    ]
}

fn covariance(rows: ArrayView2<'_, f32>) -> Array2<f64> {
    let rows = rows.mapv(f64::from);
    let centred = &rows - &rows.mean_axis(Axis(0)).unwrap();
    centred.t().dot(&centred) / rows.nrows() as f64
}

/// The projection onto the kept directions.
fn projection(whitening: &Whitening) -> Array2<f64> {
    whitening.components().dot(&whitening.components().t())
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn white_rows_have_identity_covariance_on_the_kept_subspace(
        n in 2..50_usize, d in 1..40_usize, kind in kinds(), seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let whitening = whitener(kind, Regularisation::Eigenvalue(0.0)).fit(rows.view()).unwrap();
        assert_eq!(whitening.rank(), d.min(n - 1));
        let expected = match kind {
            kind if kind.yields_components() => Array2::eye(whitening.rank()),
            _ => projection(&whitening),
        };
        let white = whitening.apply(rows.view()).unwrap();
        assert_close(&covariance(white.view()), &expected, 2e-3);
        assert_close(&white.mapv(f64::from).mean_axis(Axis(0)).unwrap(), &Array1::<f64>::zeros(white.ncols()), 1e-3);
    }

    #[test]
    fn every_rule_without_epsilon_whitens_what_every_cut_keeps(
        n in 2..50_usize, d in 1..40_usize, kind in kinds(), rule in 0..3_usize, cut in 0..4_usize,
        seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let regularisation = [
            Regularisation::Eigenvalue(0.0),
            Regularisation::SingularValue(0.0),
            Regularisation::Floor(0.0),
        ][rule];
        let whitener = whitener(kind, regularisation);
        let whitener = match cut {
            0 => whitener,
            1 => whitener.directions(Some(1 + d / 3)),
            2 => whitener.explained_variance(Some(0.9)),
            _ => whitener.rank_tolerance(0.05),
        };
        for method in [Method::Primal, Method::Dual] {
            let whitening = whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
            let white = whitening.apply(rows.view()).unwrap().mapv(f64::from);
            let expected = match kind {
                kind if kind.yields_components() => Array2::eye(whitening.rank()),
                _ => projection(&whitening),
            };
            assert_close(&(white.t().dot(&white) / n as f64), &expected, 2e-3);
            // And what was kept comes back.
            let kept = whitening.inverse(whitening.apply(rows.view()).unwrap().view()).unwrap();
            let again = whitening.apply(kept.view()).unwrap();
            assert_close(&again, &white, 2e-3);
        }
    }

    #[test]
    fn no_rotation_of_it_is_closer_than_zca(d in 2..16_usize, seed in any::<u64>()) {
        let rows = correlated(3 * d + 5, d, seed);
        let c = covariance(rows.view());
        let exact = |kind| whitener(kind, Regularisation::Eigenvalue(0.0)).fit(rows.view()).unwrap();
        let zca = exact(WhiteningKind::Zca).matrix(1 << 20).unwrap();
        let zca_cor = exact(WhiteningKind::ZcaCor).matrix(1 << 20).unwrap();
        let deviations = c.diag().mapv(f64::sqrt);
        // E |W z - z|^2 and the mean correlation of outputs with inputs, of any whitening.
        let distance = |w: &Array2<f64>| c.diag().sum() + d as f64 - 2.0 * w.dot(&c).diag().sum();
        let correlation = |w: &Array2<f64>| (&w.dot(&c).diag() / &deviations).mean().unwrap();
        // A rotation by any angle in the plane of any two values, and a reflection.
        let mut noise = noise(seed);
        for _ in 0..8 {
            let angle = 3.0 * f64::from(noise());
            let (i, j) = (0, 1 + (noise().abs() * (d - 1) as f32) as usize % (d - 1));
            let mut rotation = Array2::<f64>::eye(d);
            rotation[[i, i]] = angle.cos();
            rotation[[j, j]] = angle.cos();
            rotation[[i, j]] = angle.sin();
            rotation[[j, i]] = -angle.sin();
            for (best, of) in [(&zca, 0), (&zca_cor, 1)] {
                let other = rotation.dot(best);
                let white = other.dot(&c).dot(&other.t());
                assert_close(&white, &Array2::<f64>::eye(d), 1e-8);
                match of {
                    0 => assert!(distance(best) <= distance(&other) + 1e-9),
                    _ => assert!(correlation(best) >= correlation(&other) - 1e-9),
                }
            }
        }
    }

    #[test]
    fn the_inverse_undoes_the_map_of_fitted_rows(
        n in 2..50_usize, d in 1..40_usize, kind in kinds(), regularisation in regularisations(),
        seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let whitening = whitener(kind, regularisation).fit(rows.view()).unwrap();
        let white = whitening.apply(rows.view()).unwrap();
        assert_close(&whitening.inverse(white.view()).unwrap(), &rows, 2e-4);
    }

    #[test]
    fn the_zca_matrix_is_symmetric_and_is_what_rows_are_multiplied_by(
        n in 2..50_usize, d in 1..40_usize, kind in kinds(), regularisation in regularisations(),
        seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let whitening = whitener(kind, regularisation).fit(rows.view()).unwrap();
        let matrix = whitening.matrix(1 << 20).unwrap();
        if kind == WhiteningKind::Zca {
            assert_eq!(matrix, matrix.t());
        }
        let probe = correlated(5, d, !seed);
        let expected = (probe.mapv(f64::from) - whitening.mean()).dot(&matrix.t());
        let scale = 1.0 + matrix.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        assert_close(&whitening.apply(probe.view()).unwrap(), &expected, 1e-5 * scale);
    }

    #[test]
    fn the_dual_equals_the_primal(
        n in 2..30_usize, d in 1..30_usize, kind in kinds(), regularisation in regularisations(),
        centring in prop_oneof![Just(Centring::Mean), Just(Centring::None)], seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let exact = bytes(&rows);
        let fit = |method| {
            let whitener = whitener(kind, regularisation).centring(centring).method(Some(method));
            [whitener.fit(rows.view()).unwrap(), whitener.fit(exact.view()).unwrap()]
        };
        for (primal, dual) in fit(Method::Primal).iter().zip(fit(Method::Dual)) {
            assert_eq!(dual.solution().method, Method::Dual);
            let eigenvalues = primal.eigenvalues();
            assert_close(&dual.eigenvalues(), &eigenvalues, 1e-12 * eigenvalues.sum());
            if !kind.yields_components() {
                let matrix = primal.matrix(1 << 20).unwrap();
                let scale = matrix.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
                assert_close(&dual.matrix(1 << 20).unwrap(), &matrix, 1e-7 * scale);
            }
        }
    }

    #[test]
    fn a_covariance_fits_like_the_rows_it_came_from(
        n in 2..50_usize, d in 1..20_usize, centring in prop_oneof![Just(Centring::Mean), Just(Centring::None)],
        seed in any::<u64>(),
    ) {
        let rows = correlated(n, d, seed);
        let exact = bytes(&rows);
        let whitener = Whitener::zca().centring(centring).method(Some(Method::Primal));
        let mut covariance = Covariance::new(d);
        covariance.update(rows.view()).unwrap();
        assert_eq!(whitener.fit_covariance(&covariance).unwrap(), whitener.fit(rows.view()).unwrap());
        let mut covariance = IntegerCovariance::new(d);
        covariance.update(exact.slice(ndarray::s![1.., ..])).unwrap();
        covariance.update(exact.slice(ndarray::s![..1, ..])).unwrap();
        assert_eq!(whitener.fit_covariance(&covariance).unwrap(), whitener.fit(exact.view()).unwrap());
    }

    #[test]
    fn the_largest_entry_of_each_component_is_positive(
        n in 2..50_usize, d in 1..20_usize, seed in any::<u64>(),
    ) {
        let whitening = Whitener::pca().fit(correlated(n, d, seed).view()).unwrap();
        for column in whitening.components().columns() {
            let largest = column.iter().fold(0.0_f64, |a, &b| if b.abs() > a.abs() { b } else { a });
            assert!(largest > 0.0);
        }
    }
}

#[test]
fn panels_of_large_matrices_meet_without_a_seam() {
    // Beyond 512 columns and 256 rows, of a dense map and of a thin one.
    for (n, d) in [(900, 600), (270, 1200)] {
        let rows = correlated(n, d, 2);
        let whitening =
            whitener(WhiteningKind::Zca, Regularisation::Eigenvalue(0.0)).fit(rows.view()).unwrap();
        let matrix = whitening.matrix(1 << 30).unwrap();
        assert_eq!(matrix, matrix.t());
        let white = matrix.dot(&covariance(rows.view())).dot(&matrix);
        assert_close(&white, &projection(&whitening), 1e-9);
        let expected = (rows.mapv(f64::from) - whitening.mean()).dot(&matrix);
        assert_close(&whitening.apply(rows.view()).unwrap(), &expected, 1e-4);
        assert_close(&whitening.inverse(expected.mapv(|x| x as f32).view()).unwrap(), &rows, 1e-4);
    }
}

#[test]
fn the_solution_is_known_before_the_samples_are_there() {
    for (n, d) in [(9, 4), (4, 9)] {
        for whitener in [Whitener::zca(), Whitener::pca().method(Some(Method::Dual))] {
            let fitted = whitener.fit(correlated(n, d, 3).view()).unwrap();
            assert_eq!(whitener.solution(n, d).unwrap(), fitted.solution());
            assert_eq!(whitener.kind(), fitted.kind());
        }
    }
    assert_eq!(Whitener::zca().solution(1, 4).unwrap_err(), Error::SingleSample);
}

#[test]
fn null_directions_are_mapped_to_zero_and_come_back_as_the_mean() {
    let rows = array![[1.0_f32, 5.0, 2.0], [3.0, 5.0, 4.0], [2.0, 5.0, 3.0]];
    let whitening = Whitener::zca().fit(rows.view()).unwrap();
    assert_eq!(whitening.rank(), 1);
    // Along the second axis, and across the line on which the first and the third lie.
    let probe = array![[2.0_f32, 9.0, 3.0], [4.0, 5.0, 1.0]];
    let white = whitening.apply(probe.view()).unwrap();
    assert_close(&white, &Array2::<f32>::zeros((2, 3)), 1e-6);
    let mean = array![[2.0, 5.0, 3.0], [2.0, 5.0, 3.0]];
    assert_close(&whitening.inverse(white.view()).unwrap(), &mean, 1e-6);
}

#[test]
fn constant_data_are_mapped_to_zeros_and_back_to_the_constant() {
    for (n, d) in [(1000, 5), (3, 700)] {
        let rows = Array2::from_elem((n, d), 0.1_f32);
        for whitener in [Whitener::zca(), Whitener::zca().rank_tolerance(0.0)] {
            let whitening = whitener.fit(rows.view()).unwrap();
            assert_eq!(whitening.rank(), 0);
            let white = whitening.apply((&rows + 1.0).view()).unwrap();
            assert_eq!(white, Array2::<f32>::zeros((n, d)));
            assert_eq!(whitening.inverse(white.view()).unwrap(), rows);
        }
        let whitening = Whitener::pca().fit(rows.view()).unwrap();
        assert_eq!(whitening.apply(rows.view()).unwrap().dim(), (n, 0));
        assert_eq!(whitening.inverse(Array2::zeros((n, 0)).view()).unwrap(), rows);
    }
}

#[test]
fn epsilon_of_either_rule_shrinks_the_gain_as_documented() {
    let rows = correlated(20, 4, 1);
    let gains =
        |regularisation| Whitener::zca().regularisation(regularisation).fit(rows.view()).unwrap();
    let fitted = gains(Regularisation::Eigenvalue(0.3));
    let expected = fitted.eigenvalues().mapv(|lambda| 1.0 / (lambda + 0.3).sqrt());
    assert_close(&fitted.gains(), &expected, 1e-15);
    let fitted = gains(Regularisation::SingularValue(0.3));
    let expected = fitted.eigenvalues().mapv(|lambda| 1.0 / (lambda.sqrt() + 0.3 / 20_f64.sqrt()));
    assert_close(&fitted.gains(), &expected, 1e-14);
}
