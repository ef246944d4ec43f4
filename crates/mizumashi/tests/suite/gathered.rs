//! A fit from states of the parts of a set.

use mizumashi::ImageDataGenerator;
use mizumashi::stats::{Grouping, Histogram, Layout, Statistics};
use mizumashi::whitening::{ImageMoments, Scope, Whitener};
use ndarray::{Array4, Axis};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Images and the part that each is in; so many that their pixels vary along every direction.
fn images_and_parts() -> impl Strategy<Value = (Array4<u8>, Vec<usize>)> {
    let drawn = |samples| (vec(any::<u8>(), samples * 12), vec(0usize..4, samples));
    (36usize..72).prop_flat_map(drawn).prop_map(|(values, parts)| {
        (Array4::from_shape_vec((parts.len(), 2, 2, 3), values).unwrap(), parts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn parts_are_fitted_as_the_whole_in_whichever_order_they_were_merged(
        (x, parts) in images_and_parts(),
        factor in select(vec![1.0_f32, 1.0 / 255.0, -0.7]),
        (center, normalise) in any::<(bool, bool)>(),
        scope in select(vec![None, Some(Scope::Pixels), Some(Scope::Channels)]),
    ) {
        let mut builder = ImageDataGenerator::builder()
            .rescale(factor)
            .featurewise_center(center)
            .featurewise_std_normalization(normalise);
        if let Some(scope) = scope {
            builder = builder.whitening(Whitener::zca(), scope);
        }
        let mut fitted = builder.clone().build().unwrap();
        fitted.fit(&x).unwrap();

        let gathered = |order: [usize; 4]| {
            let mut figures = Statistics::<Histogram>::new(Grouping::Channel);
            let mut moments = scope.map(ImageMoments::<u8>::new);
            for part in order {
                let own: Vec<usize> = (0..parts.len()).filter(|&n| parts[n] == part).collect();
                if own.is_empty() {
                    continue;
                }
                let (x, layout) = (x.select(Axis(0), &own), Layout::Nhwc);
                let more = Statistics::of(x.view(), layout, Grouping::Channel).unwrap();
                figures.merge(&more).unwrap();
                if let Some(moments) = &mut moments {
                    let mut more = ImageMoments::new(moments.scope());
                    more.update(x.view(), layout).unwrap();
                    moments.merge(&more).unwrap();
                }
            }
            let mut generator = builder.clone().build().unwrap();
            generator.fit_moments(&figures, moments.as_ref()).unwrap();
            generator
        };
        let (forwards, backwards) = (gathered([0, 1, 2, 3]), gathered([3, 2, 1, 0]));
        for gathered in [&forwards, &backwards] {
            prop_assert_eq!(gathered.mean(), fitted.mean());
            prop_assert_eq!(gathered.std(), fitted.std());
        }
        prop_assert_eq!(forwards.whitening(), backwards.whitening());

        // The values that `fit` sums were rounded to `f32`: factors, product and sum, at most six
        // times, by half an epsilon of how far a value reaches. The covariance is off by twice that
        // times the root of its largest eigenvalue, its inverse root by 1 / (2 l^1.5) times that, l
        // being the least. Both whitenings then round their matrix and their sums to `f32`.
        let Some(whitening) = fitted.whitening().map(|fitted| fitted.whitening()) else {
            return Ok(());
        };
        let dims = whitening.features();
        prop_assume!(whitening.rank() == dims);
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        let l = least(&whitening.eigenvalues().to_vec());
        let largest = whitening.eigenvalues().iter().copied().fold(0.0, f64::max);
        let divisor = if normalise { least(fitted.std().unwrap()) } else { 1.0 };
        let reach = 255.0 * f64::from(factor.abs()) / divisor;
        let (half, root) = (f64::from(f32::EPSILON) / 2.0, (dims as f64).sqrt());
        let (off, length) = (6.0 * half * reach, root * reach);
        let bound = length * largest.sqrt() * root * off / l.powf(1.5)
            + root * off / l.sqrt()
            + 2.0 * (dims + 2) as f64 * half * length / l.sqrt();
        let found = forwards.standardize(&x).unwrap();
        for (found, expected) in found.iter().zip(&fitted.standardize(&x).unwrap()) {
            let difference = f64::from((found - expected).abs());
            prop_assert!(difference <= bound, "{found} is not {expected} within {bound}");
        }
    }
}
