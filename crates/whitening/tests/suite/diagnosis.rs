//! What a whitening says of itself.

use crate::support::{assert_close, bytes, correlated, on_threads};
use mizumashi_whitening::{
    Centring, Diagnosis, Error, Layout, Method, Patches, Regularisation, Remainder, Scope,
    Shrinkage, Warning, Whitener, WhiteningKind,
};
use ndarray::{Array1, Array2, Array4, Axis, array, s};

const KINDS: [WhiteningKind; 5] = [
    WhiteningKind::Zca,
    WhiteningKind::Pca,
    WhiteningKind::Cholesky,
    WhiteningKind::ZcaCor,
    WhiteningKind::PcaCor,
];

/// Pairs of opposite rows along each axis, so that the variances are 16, 4, 1 and 1/4.
fn axes() -> Array2<f32> {
    let mut rows = Array2::zeros((8, 4));
    for (axis, length) in [8.0, 4.0, 2.0, 1.0].into_iter().enumerate() {
        rows[[2 * axis, axis]] = length;
        rows[[2 * axis + 1, axis]] = -length;
    }
    rows
}

fn of_axes(regularisation: Regularisation) -> Diagnosis {
    Whitener::zca().regularisation(regularisation).fit(axes().view()).unwrap().diagnosis()
}

/// Independent values about a mean, far more rows than values: nothing to warn of.
fn plenty(n: usize, d: usize, seed: u64) -> Array2<f32> {
    correlated(n, d, seed)
}

#[test]
fn the_figures_of_a_known_spectrum() {
    let exact = of_axes(Regularisation::Eigenvalue(0.0));
    assert_eq!((exact.samples(), exact.features(), exact.rank()), (8, 4, 4));
    assert_close(&exact.eigenvalues(), &array![16.0, 4.0, 1.0, 0.25], 1e-12);
    assert!((exact.condition_number() - 64.0).abs() < 1e-9);
    assert!((exact.regularised_condition_number() - 64.0).abs() < 1e-9);
    let explained = array![16.0, 20.0, 21.0, 21.25] / 21.25;
    assert_close(&exact.explained_variance(), &explained, 1e-12);
    assert_close(&exact.output_variances(), &Array1::<f64>::ones(4), 1e-12);
    assert!((exact.effective_directions() - 4.0).abs() < 1e-12);
    let epsilon = exact.effective_epsilon().unwrap();
    assert_eq!((epsilon.variance, epsilon.directions_below), (0.0, 0));
    // 2^-24 of the standard deviation 4, times the gain 2.
    assert!((exact.rounding_error() * f64::from(1 << 24) - 8.0).abs() < 1e-9);
    assert_eq!(exact.held_out(), None);

    let one = of_axes(Regularisation::Eigenvalue(1.0));
    let variances = array![16.0 / 17.0, 0.8, 0.5, 0.2];
    assert_close(&one.output_variances(), &variances, 1e-12);
    assert!((one.effective_directions() - variances.sum()).abs() < 1e-12);
    assert!((one.regularised_condition_number() - 17.0 / 1.25).abs() < 1e-9);
    let epsilon = one.effective_epsilon().unwrap();
    assert_eq!(epsilon.variance, 1.0);
    assert!((epsilon.of_largest - 1.0 / 16.0).abs() < 1e-12);
    assert!((epsilon.of_mean - 4.0 / 21.25).abs() < 1e-12);
    assert!((epsilon.of_smallest - 4.0).abs() < 1e-12);
    // That of exactly 1 may round to either side.
    assert!((1..=2).contains(&epsilon.directions_below));
}

#[test]
fn the_effective_epsilon_is_the_variance_that_is_halved() {
    for regularisation in [
        Regularisation::Eigenvalue(0.7),
        Regularisation::SingularValue(3.0),
        Regularisation::Floor(0.7),
    ] {
        let variance = of_axes(regularisation).effective_epsilon().unwrap().variance;
        let gain = regularisation.gain(variance, 8);
        assert!((gain * gain * variance - 0.5).abs() < 1e-12, "{regularisation:?}");
    }
}

#[test]
fn fitted_rows_come_out_as_the_spectrum_says() {
    for (n, d) in [(90, 12), (9, 30)] {
        let rows = correlated(n, d, 1);
        for kind in KINDS {
            if kind == WhiteningKind::Cholesky && n < d {
                continue;
            }
            for centring in [Centring::Mean, Centring::None] {
                let regularisation = Regularisation::Eigenvalue(0.2);
                let whitener =
                    Whitener::new(kind).centring(centring).regularisation(regularisation);
                let whitening = whitener.fit(rows.view()).unwrap();
                let diagnosis = whitening.diagnosis_on(rows.view()).unwrap();
                let held_out = diagnosis.held_out().unwrap();
                assert_eq!(held_out.rows(), n as u64);
                assert_close(&held_out.variances(), &diagnosis.output_variances(), 1e-9);
                assert_close(&held_out.fitted_variances(), &diagnosis.output_variances(), 1e-12);
                assert!(held_out.max_off_diagonal() < 1e-9);
                assert!(held_out.rms_off_diagonal() <= held_out.max_off_diagonal());
                assert!((held_out.variance_ratio() - 1.0).abs() < 1e-9);
                assert!(held_out.outside() < 1e-9);
            }
        }
    }
}

#[test]
fn held_out_rows_come_out_as_the_matrix_maps_them() {
    let (rows, held_out) = (correlated(40, 10, 2), correlated(25, 10, 3));
    for kind in KINDS {
        let whitening = Whitener::new(kind).fit(rows.view()).unwrap();
        let w = whitening.matrix(1 << 20).unwrap();
        let white = (held_out.mapv(f64::from) - whitening.mean()).dot(&w.t());
        let second = white.t().dot(&white) / 25.0;
        let diagnosis = whitening.diagnosis_on(held_out.view()).unwrap();
        let found = diagnosis.held_out().unwrap();
        // Sums of squares do not depend on the rotation that tells the kinds apart.
        let beside = found.rms_off_diagonal().powi(2) * 90.0;
        let squares = found.variances().mapv(|x| x * x).sum() + beside;
        assert!((squares / second.mapv(|x| x * x).sum() - 1.0).abs() < 1e-6, "{kind:?}");
        assert!((found.variances().sum() / second.diag().sum() - 1.0).abs() < 1e-6);
        if kind == WhiteningKind::Pca {
            assert_close(&found.variances(), &second.diag(), 1e-6);
            let largest = second
                .indexed_iter()
                .filter(|((i, j), _)| i != j)
                .fold(0.0, |a: f64, (_, b)| a.max(b.abs()));
            assert!((found.max_off_diagonal() / largest - 1.0).abs() < 1e-6);
            let deviation = second.diag().fold(0.0, |a: f64, b| a.max((b - 1.0).abs()));
            assert!((found.max_diagonal_deviation() / deviation - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn what_lies_outside_of_the_kept_directions_is_counted() {
    let (rows, held_out) = (correlated(6, 30, 4), correlated(9, 30, 5));
    let whitening = Whitener::pca().fit(rows.view()).unwrap();
    let z = held_out.mapv(f64::from) - whitening.mean();
    let u = whitening.components();
    let outside = &z - &z.dot(&u).dot(&u.t());
    let expected = outside.mapv(|x| x * x).sum() / z.mapv(|x| x * x).sum();
    let diagnosis = whitening.diagnosis_on(held_out.view()).unwrap();
    assert!((diagnosis.held_out().unwrap().outside() - expected).abs() < 1e-9);
    assert!(expected > 0.1);
    let fraction = diagnosis.held_out().unwrap().outside();
    assert!(diagnosis.warnings().contains(&Warning::HeldOutOutside { fraction }));
}

#[test]
fn of_many_directions_some_are_examined_and_threads_do_not_show() {
    let rows = correlated(1300, 600, 6);
    let whitening = Whitener::zca().fit(rows.view()).unwrap();
    let diagnosis = on_threads(1, || whitening.diagnosis_on(rows.view()).unwrap());
    let held_out = diagnosis.held_out().unwrap();
    let directions = held_out.directions();
    assert_eq!((directions.len(), directions[0], directions[511]), (512, 0, 599));
    assert!(directions.windows(2).all(|pair| pair[0] < pair[1]));
    let expected = diagnosis.output_variances().select(Axis(0), directions);
    assert_close(&held_out.variances(), &expected, 1e-8);
    assert_eq!(on_threads(3, || whitening.diagnosis_on(rows.view()).unwrap()), diagnosis);
}

#[test]
fn images_and_patches_are_diagnosed_as_their_rows() {
    let images = bytes(&correlated(60, 4 * 5 * 3, 7)).into_shape_with_order((60, 4, 5, 3)).unwrap();
    let more = bytes(&correlated(11, 4 * 5 * 3, 8)).into_shape_with_order((11, 4, 5, 3)).unwrap();
    let first = more.view().permuted_axes([0, 3, 1, 2]);
    for (scope, length) in [(Scope::Pixels, 60), (Scope::Channels, 3)] {
        let fitted = Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope).unwrap();
        let rows = more.to_shape((more.len() / length, length)).unwrap();
        let expected = fitted.whitening().diagnosis_on(rows.view()).unwrap();
        assert_eq!(fitted.diagnosis_on(more.view(), Layout::Nhwc).unwrap(), expected);
        assert_eq!(fitted.diagnosis_on(first, Layout::Nchw).unwrap(), expected);
        assert_eq!(fitted.diagnosis(), fitted.whitening().diagnosis());
    }
    let patches = Patches::new(4, 5);
    let fitted = Whitener::zca().fit_patches(images.view(), Layout::Nhwc, patches).unwrap();
    let rows = more.to_shape((11, 60)).unwrap();
    let expected = fitted.whitening().diagnosis_on(rows.view()).unwrap();
    assert_eq!(fitted.diagnosis_on(first, Layout::Nchw).unwrap(), expected);
    let grey = more.slice(s![.., .., .., ..1]);
    let error = fitted.diagnosis_on(grey, Layout::Nhwc).unwrap_err();
    assert_eq!(error, Error::Channels { found: 1, expected: 3 });
}

#[test]
fn nothing_is_warned_of_where_all_is_well() {
    let rows = plenty(4000, 6, 9);
    for kind in KINDS {
        let whitening = Whitener::new(kind).fit(rows.view()).unwrap();
        let diagnosis = whitening.diagnosis_on(plenty(1000, 6, 10).view()).unwrap();
        // The mean of the two sets differs, as `correlated` draws it: centre both.
        let centred = |rows: Array2<f32>| &rows - &rows.mean_axis(Axis(0)).unwrap();
        let whitening = Whitener::new(kind).fit(centred(rows.clone()).view()).unwrap();
        let well = whitening.diagnosis_on(centred(plenty(1000, 6, 10)).view()).unwrap();
        assert_eq!(well.warnings(), [], "{well}");
        assert_eq!(whitening.diagnosis().warnings(), []);
        // A mean elsewhere is variance about the fitted one.
        assert!(
            matches!(diagnosis.warnings()[..], [Warning::HeldOutVariance { ratio }, ..] if ratio > 2.0)
        );
    }
}

fn warnings(whitener: &Whitener, rows: &Array2<f32>) -> Vec<Warning> {
    whitener.fit(rows.view()).unwrap().diagnosis().warnings()
}

#[test]
fn a_single_picture_is_explained() {
    let picture =
        Array4::from_shape_fn((1, 128, 128, 3), |(_, y, x, c)| ((y * x + c) % 7) as f32 - 3.0);
    let whitener = Whitener::zca().centring(Centring::None);
    let fitted = whitener.fit_images(picture.view(), Layout::Nhwc, Scope::Pixels).unwrap();
    let diagnosis = fitted.diagnosis();
    assert_eq!(diagnosis.warnings(), [Warning::SingleSample { features: 49_152 }]);
    let words = diagnosis.to_string();
    assert!(words.contains("0.0045105") && words.contains("single sample"), "{words}");
}

#[test]
fn each_weakness_is_named() {
    let zca = Whitener::zca();
    let few = warnings(&zca, &correlated(5, 9, 11));
    assert_eq!(few, [Warning::FewerSamplesThanValues { samples: 5, features: 9 }]);
    assert_eq!(warnings(&zca.clone().shrinkage(Shrinkage::Fixed(0.1)), &correlated(5, 9, 11)), []);
    let square = warnings(&zca, &correlated(9, 9, 11));
    assert_eq!(square, [Warning::FewerSamplesThanValues { samples: 9, features: 9 }]);
    let scarce = warnings(&zca, &correlated(40, 9, 12));
    assert_eq!(scarce, [Warning::FewSamples { samples: 40, features: 9 }]);
    // (1 -+ sqrt(9 / 40))^2
    assert!(scarce[0].to_string().contains("from 0.28 to 2.17 times"), "{}", scarce[0]);
    assert_eq!(warnings(&zca, &Array2::ones((90, 4))), [Warning::NothingVaries]);

    let mut constant = plenty(900, 4, 13);
    constant.column_mut(2).fill(3.0);
    let dropped = warnings(&zca, &constant);
    assert!(
        matches!(dropped[..], [Warning::DirectionsDropped { rank: 3, features: 4, lost }] if lost < 1e-9)
    );
    let cut = zca.clone().directions(Some(1));
    assert!(matches!(
        warnings(&cut, &axes().broadcast((100, 8, 4)).unwrap().to_shape((800, 4)).unwrap().to_owned())[..],
        [Warning::DirectionsDropped { rank: 1, features: 4, lost }] if (lost - 5.25 / 21.25).abs() < 1e-9
    ));
    assert_eq!(warnings(&cut.remainder(Remainder::Average), &plenty(900, 4, 13)), []);

    let heavy = zca.clone().regularisation(Regularisation::Eigenvalue(1e6));
    assert_eq!(
        warnings(&heavy, &plenty(900, 4, 14)),
        [Warning::DominatedByEpsilon { below: 4, rank: 4 }]
    );
    let amplified = zca.clone().remainder(Remainder::Amplified);
    let found = warnings(&amplified, &constant);
    assert!(
        matches!(found[..], [Warning::NullDirectionsAmplified { gain, .. }] if (gain - 1e3).abs() < 1.0),
        "{found:?}"
    );

    let mut steep = plenty(900, 4, 15);
    steep.column_mut(0).mapv_inplace(|x| x * 1e6);
    let whitener = zca.rank_tolerance(0.0).regularisation(Regularisation::Eigenvalue(0.0));
    let steep = warnings(&whitener, &steep);
    assert!(
        matches!(steep[..], [Warning::BeyondSinglePrecision { error }] if error > 0.01),
        "{steep:?}"
    );
}

#[test]
fn held_out_rows_of_another_kind_are_told() {
    let rows = plenty(2000, 5, 16);
    let rows = &rows - &rows.mean_axis(Axis(0)).unwrap();
    let whitening = Whitener::pca().fit(rows.view()).unwrap();
    let larger = whitening.diagnosis_on((&rows * 2.0).view()).unwrap();
    let [Warning::HeldOutVariance { ratio }] = larger.warnings()[..] else { panic!("{larger}") };
    assert!((ratio - 4.0).abs() < 1e-3);
    // The same variances, but the first two components are always equal.
    let mut white = whitening.apply(rows.view()).unwrap();
    let first = white.column(0).to_owned();
    white.column_mut(1).assign(&first);
    let tied = whitening.inverse(white.view()).unwrap();
    let tied = whitening.diagnosis_on(tied.view()).unwrap();
    let [Warning::HeldOutCorrelation { rms, chance }] = tied.warnings()[..] else {
        panic!("{tied}")
    };
    assert!((rms - (2.0_f64 / 20.0).sqrt()).abs() < 1e-2, "{rms}");
    assert!((chance - 0.001_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn too_few_samples_show_in_held_out_rows() {
    let rows = correlated(60, 50, 17);
    let whitening = Whitener::zca().fit(rows.view()).unwrap();
    let more = correlated(4000, 50, 18);
    // About the same mean.
    let mean = rows.mean_axis(Axis(0)).unwrap() - more.mean_axis(Axis(0)).unwrap();
    let diagnosis = whitening.diagnosis_on((more + mean).view()).unwrap();
    let ratio = diagnosis.held_out().unwrap().variance_ratio();
    // n / (n - d - 1), for the mean over normal samples.
    assert!(ratio > 3.0, "{ratio}");
    assert!(diagnosis.warnings().contains(&Warning::HeldOutVariance { ratio }));
}

#[test]
fn the_report_says_all_of_it() {
    let rows = correlated(300, 6, 19);
    let whitening =
        Whitener::zca().shrinkage(Shrinkage::Oas).method(Some(Method::Dual)).fit(rows.view());
    let report = whitening.unwrap().diagnosis_on(rows.view()).unwrap().to_string();
    for words in [
        "Zca whitening of 6 values, Dual",
        "300 samples",
        "6 of 6",
        "condition number",
        "epsilon",
        "whitened in effect",
        "shrinkage",
        "rounding",
        "held-out            300 rows",
        "by chance alone",
        "outside",
    ] {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert!(report.lines().all(|line| !line.contains("NaN") && !line.contains("inf")), "{report}");
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let whitening = Whitener::zca().fit(correlated(9, 4, 20).view()).unwrap();
    let none = Array2::<f32>::zeros((0, 4));
    let error = whitening.diagnosis_on(none.view()).unwrap_err();
    assert_eq!(error, Error::EmptySet { samples: 0, features: 4 });
    let error = whitening.diagnosis_on(correlated(3, 5, 21).view()).unwrap_err();
    assert_eq!(error, Error::FeatureCount { found: 5, expected: 4 });
    let error = whitening.diagnosis_on(array![[1.0, f64::NAN, 0.0, 0.0]].view()).unwrap_err();
    assert!(matches!(error, Error::NonFinite { row: 0, column: 1, .. }));
    let constant = Whitener::zca().fit(Array2::<u8>::ones((4, 3)).view()).unwrap();
    let diagnosis = constant.diagnosis_on(Array2::<u8>::ones((4, 3)).view()).unwrap();
    assert_eq!(diagnosis.warnings(), [Warning::NothingVaries]);
    assert_eq!(diagnosis.effective_epsilon(), None);
    assert!(!diagnosis.to_string().contains("NaN"), "{diagnosis}");
}
