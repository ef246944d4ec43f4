//! What shrinkage and a remainder make of the directions that samples leave out, or that are cut.

use crate::kinds::{covariance, scaled};
use crate::support::assert_close;
use mizumashi_whitening::{
    Centring, Method, Regularisation, Remainder, Shrinkage, Whitener, WhiteningKind,
};
use ndarray::{Array1, Array2, Axis};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

/// A whitener by which no direction is lost, for samples that vary along `rank` at the most.
fn whitener(
    kind: WhiteningKind,
    (shrinkage, amplified, few): (Shrinkage, bool, bool),
    rank: usize,
    epsilon: f64,
) -> Whitener {
    // The average of nothing is no variance, and stays at zero.
    let few = few || (shrinkage == Shrinkage::None && !amplified);
    Whitener::new(kind)
        .shrinkage(shrinkage)
        .remainder(if amplified { Remainder::Amplified } else { Remainder::Average })
        .directions(few.then_some(1 + rank / 3))
        .regularisation(Regularisation::Eigenvalue(epsilon))
}

/// Shrinkage, whether the remainder is amplified, and whether few directions are kept.
fn rules() -> impl Strategy<Value = (Shrinkage, bool, bool)> {
    let shrinkages = prop_oneof![
        Just(Shrinkage::None),
        Just(Shrinkage::LedoitWolf),
        Just(Shrinkage::Oas),
        (0.01..=1.0).prop_map(Shrinkage::Fixed),
    ];
    (shrinkages, any::<bool>(), any::<bool>())
}

fn kinds() -> impl Strategy<Value = WhiteningKind> {
    use WhiteningKind::{Pca, PcaCor, Zca, ZcaCor};
    prop_oneof![Just(Zca), Just(ZcaCor), Just(Pca), Just(PcaCor)]
}

/// The products of all pairs.
fn outer(values: &Array1<f64>) -> Array2<f64> {
    let column = values.view().insert_axis(Axis(1));
    column.dot(&column.t())
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn every_direction_is_whitened_and_comes_back(
        n in 3..40_usize, d in 1..40_usize, kind in kinds(), rules in rules(),
        epsilon in 0.01..1.0_f64, seed in any::<u64>(),
    ) {
        let (rows, probe) = (scaled(n, d, seed), scaled(6, d, !seed));
        let shrinkage = rules.0;
        let epsilon = if shrinkage == Shrinkage::None || rules.1 { epsilon } else { 0.0 };
        let whitener = whitener(kind, rules, d.min(n - 1), epsilon);
        for method in [Method::Primal, Method::Dual] {
            let fitted = whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
            let rho = fitted.shrinkage();
            match shrinkage {
                Shrinkage::None => assert_eq!(rho, 0.0),
                Shrinkage::Fixed(fixed) => assert_eq!(rho, fixed),
                _ => assert!((0.0..=1.0).contains(&rho), "{rho}"),
            }
            let units = fitted.deviations().map_or(Array1::ones(d), |units| units.to_owned());
            let second = covariance(&rows) / outer(&units);
            let (eye, total) = (Array2::<f64>::eye(d), second.diag().sum());
            let shrunk = second * (1.0 - rho) + &eye * (rho * total / d as f64);
            let (u, variances, rank) = (fitted.components(), fitted.eigenvalues(), fitted.rank());
            // The dual finds a direction the worse the less of the largest variance it has, down
            // to the rank cut: by 2^-53 / sqrt(1e-10).
            let along = u.t().dot(&shrunk).dot(&u);
            assert_close(&along, &Array2::from_diag(&variances), 1e-10 * total);
            let spread = if rules.2 || (shrinkage == Shrinkage::None && !rules.1) {
                // As they are along the few that are kept, equal along all others.
                let kept = (&u * &variances).dot(&u.t());
                let mean = (total - variances.sum()) / (d - rank).max(1) as f64;
                kept + (&eye - &u.dot(&u.t())) * mean
            } else {
                shrunk
            };
            let w = fitted.matrix(1 << 20).unwrap();
            let white = (&w * &units).dot(&(spread + &eye * epsilon)).dot(&(&w * &units).t());
            assert_close(&white, &Array2::<f64>::eye(fitted.outputs()), 1e-7);
            assert_close(&fitted.bias(), &(-w.dot(&fitted.mean())), 1e-9);

            let found = fitted.apply(probe.view()).unwrap();
            let z = probe.mapv(f64::from) - fitted.mean();
            // Sums of d and then of k products, each rounded to 24 bits, of factors that are as
            // long as the largest gain; the inverse divides what this adds up to by the least.
            let length = (&z / &units).map_axis(Axis(1), |z| z.dot(&z).sqrt());
            let length = length.fold(0.0_f64, |a, &b| a.max(b));
            let gains = fitted.gains();
            let largest = gains.fold(fitted.rest_gain(), |a, &b| a.max(b));
            let least = gains.fold(largest, |a, &b| a.min(b));
            let rounding = 3.0 * (d + 2) as f64 * f64::from(f32::EPSILON) * largest * length;
            assert_close(&found, &z.dot(&w.t()), rounding);
            let whole = rank == d || fitted.rest_gain() > 0.0;
            assert!(whole || kind.yields_components());
            if whole {
                let unit = units.fold(0.0_f64, |a, &b| a.max(b));
                let rounding = rounding * (d as f64).sqrt() / least * unit;
                let last = f64::from(probe.fold(0.0_f32, |a, b| a.max(b.abs())) * f32::EPSILON);
                let back = fitted.inverse(found.view()).unwrap();
                assert_close(&back, &probe, rounding + last);
            }
        }
    }

    #[test]
    fn the_dual_shrinks_and_shares_out_as_the_primal_does(
        n in 3..30_usize, d in 1..40_usize, correlations in any::<bool>(), rules in rules(),
        centring in prop_oneof![Just(Centring::Mean), Just(Centring::None)], seed in any::<u64>(),
    ) {
        let rows = scaled(n, d, seed);
        let kind = if correlations { WhiteningKind::ZcaCor } else { WhiteningKind::Zca };
        let whitener = whitener(kind, rules, d.min(n - 1), 0.01).centring(centring);
        let fit = |method| whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
        let (primal, dual) = (fit(Method::Primal), fit(Method::Dual));
        assert!((primal.shrinkage() - dual.shrinkage()).abs() < 1e-10);
        let matrix = primal.matrix(1 << 20).unwrap();
        let scale = matrix.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        assert_close(&dual.matrix(1 << 20).unwrap(), &matrix, 1e-7 * scale);
    }

    /// Two samples lie on either side of their mean: nothing tells how far off its covariance is.
    #[test]
    fn two_samples_are_not_shrunk_by_rounding(d in 1..40_usize, seed in any::<u64>()) {
        let whitener = Whitener::zca().shrinkage(Shrinkage::LedoitWolf);
        let rows = scaled(2, d, seed);
        for method in [Method::Primal, Method::Dual] {
            let fitted = whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
            assert_eq!((fitted.shrinkage(), fitted.rank()), (0.0, 1));
        }
    }

    #[test]
    fn a_little_shrinkage_leaves_no_direction_null_by_either_method(
        exponent in 6.0..11.0_f64, seed in any::<u64>(),
    ) {
        let rows = scaled(3, 20, seed);
        let whitener = Whitener::zca()
            .shrinkage(Shrinkage::Fixed(10_f64.powf(-exponent)))
            .regularisation(Regularisation::Eigenvalue(0.0));
        let fit = |method| whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
        let (primal, dual) = (fit(Method::Primal), fit(Method::Dual));
        let greatest = primal.gains().fold(0.0_f64, |a, &b| a.max(b));
        // The primal's null variances are rounding: up to 1e-14 of the trace beside 1e-11 of the mean.
        assert!((dual.rest_gain() / greatest - 1.0).abs() < 1e-2, "{greatest}");
    }
}
