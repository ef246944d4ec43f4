//! The leading directions of large sets, found without the d x d and the n x n matrix.

use crate::support::{assert_close, bytes, correlated, on_threads};
use mizumashi_whitening::{Method, Regularisation, Remainder, Shrinkage, Whitener, WhiteningKind};
use ndarray::{Array2, s};
use proptest::prelude::{Just, any, prop_oneof, proptest};
use proptest::test_runner::Config;

/// Rows whose variances fall off as those of pictures do.
fn rows(n: usize, d: usize) -> Array2<f32> {
    let (left, right) = (correlated(n, 24, 1), correlated(24, d, 2));
    let weights = Array2::from_shape_fn((1, 24), |(_, i)| 0.8_f32.powi(i as i32) * 9.0);
    (left * weights).dot(&right) + correlated(n, d, 3) * 0.01
}

#[test]
fn it_finds_what_the_exact_ways_find() {
    for (n, d) in [(300, 500), (500, 300)] {
        let rows = rows(n, d);
        for kind in [WhiteningKind::Zca, WhiteningKind::Pca, WhiteningKind::ZcaCor] {
            let whitener = Whitener::new(kind).directions(Some(8)).remainder(Remainder::Average);
            let fit = |method| whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
            let (exact, found) = (fit(Method::Primal), fit(Method::Randomised));
            assert_eq!(found.solution().method, Method::Randomised);
            let largest = exact.eigenvalues()[0];
            assert_close(&found.eigenvalues(), &exact.eigenvalues(), 1e-7 * largest);
            let overlap = exact.components().t().dot(&found.components());
            assert_close(&overlap, &Array2::<f64>::eye(8), 1e-4);
            assert!(
                (found.rest_gain() / exact.rest_gain().max(1e-300) - 1.0).abs() < 1e-6
                    || kind == WhiteningKind::Pca
            );
        }
    }
}

proptest! {
    #![proptest_config(Config::with_cases(48))]

    #[test]
    fn rows_along_no_more_directions_than_are_kept_are_fitted_as_the_primal_does(
        rank in 1..8_usize, spare in 0..4_usize, [more, wider] in [2..40_usize, 0..40],
        correlations in any::<bool>(), rho in prop_oneof![Just(0.0), 0.01..1.0_f64],
        remainder in prop_oneof![
            Just(Remainder::Zero), Just(Remainder::Average), Just(Remainder::Amplified),
        ],
        seed in any::<u64>(),
    ) {
        let left = correlated(2 * rank + more, rank, seed).mapv(f64::from);
        let rows = left.dot(&correlated(rank, 2 * rank + wider, !seed).mapv(f64::from)) + 5.0;
        let kind = if correlations { WhiteningKind::ZcaCor } else { WhiteningKind::Zca };
        let whitener = Whitener::new(kind)
            .directions(Some(rank + spare))
            .regularisation(Regularisation::Eigenvalue(0.01))
            .shrinkage(Shrinkage::Fixed(rho))
            .remainder(remainder);
        let fit = |method| whitener.clone().method(Some(method)).fit(rows.view()).unwrap();
        let (exact, found) = (fit(Method::Primal), fit(Method::Randomised));
        assert_eq!(found.rank(), rank);
        // The primal keeps directions without samples, too, where shrinkage gives them a variance.
        let variances = exact.eigenvalues();
        let variances = variances.slice(s![..rank]);
        assert_close(&found.eigenvalues(), &variances, 1e-10 * variances[0]);
        let matrix = exact.matrix(1 << 20).unwrap();
        let scale = matrix.fold(0.0_f64, |a, b| a.max(b.abs()));
        assert_close(&found.matrix(1 << 20).unwrap(), &matrix, 1e-7 * scale);
        assert_close(&found.bias(), &(-matrix.dot(&exact.mean())), 1e-6 * scale);
    }
}

#[test]
fn it_is_chosen_where_few_directions_of_many_matter() {
    let method = |whitener: Whitener, n, d| whitener.solution(n, d).unwrap().method;
    let few = Whitener::zca().directions(Some(20));
    assert_eq!(method(few.clone(), 2000, 150_528), Method::Randomised);
    assert_eq!(method(few.clone(), 150_528, 2000), Method::Randomised);
    assert_eq!(method(few.clone(), 100, 150_528), Method::Dual);
    assert_eq!(method(few.clone(), 5000, 300), Method::Primal);
    assert_eq!(method(Whitener::zca(), 300, 5000), Method::Dual);
    // Slower, but within the limit.
    assert_eq!(method(few.memory_limit(10 << 20), 3000, 400), Method::Primal);
    let few = Whitener::zca().directions(Some(60));
    assert_eq!(method(few.clone(), 900, 3000), Method::Dual);
    assert_eq!(method(few.memory_limit(26 << 20), 900, 3000), Method::Randomised);
}

#[test]
fn threads_do_not_show() {
    let rows = bytes(&rows(300, 2100));
    let whitener = Whitener::zca().directions(Some(4)).method(Some(Method::Randomised));
    let fit = |threads| on_threads(threads, || whitener.fit(rows.view()).unwrap());
    let one = fit(1);
    assert_eq!(fit(3), one);
    assert_eq!(fit(5), one);
}
