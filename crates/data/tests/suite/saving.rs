//! Pictures that are saved, and what is loaded of them.

use mizumashi_data::files::{ColorMode, ImageLoader, SaveFormat, save_image};
use ndarray::Array3;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Values of any scale, subnormal ones too, away from zero or around it; some are no numbers.
fn images() -> impl Strategy<Value = (ColorMode, Array3<f32>)> {
    let modes = vec![ColorMode::Grayscale, ColorMode::Rgb, ColorMode::Rgba];
    let value = prop_oneof![9 => -1.0..1.0, 1 => Just(f64::NAN)];
    (select(modes), 1usize..6, 1usize..6).prop_flat_map(move |(mode, height, width)| {
        let shape = (height, width, mode.channels());
        let values = vec(value.clone(), height * width * mode.channels());
        (values, -3.0..3.0, -145..=125).prop_map(move |(values, centre, exponent)| {
            let scale = 2.0_f64.powi(exponent);
            let values = values.into_iter().map(|value| ((centre + value) * scale) as f32);
            (mode, Array3::from_shape_vec(shape, values.collect()).unwrap())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_saved_picture_is_loaded_as_its_values_stretched_and_cut_off((mode, image) in images()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        save_image(&path, image.view(), SaveFormat::Png).unwrap();
        let loaded = ImageLoader::new().color_mode(mode).load(&path).unwrap();
        prop_assert_eq!(loaded.dim(), image.dim());
        let numbers = || image.iter().map(|&x| f64::from(x)).filter(|x| !x.is_nan());
        let least = numbers().fold(f64::INFINITY, f64::min);
        let greatest = numbers().fold(f64::NEG_INFINITY, f64::max);
        for (&value, &loaded) in image.iter().zip(&loaded) {
            if value.is_nan() || greatest == least {
                prop_assert_eq!(loaded, 0);
                continue;
            }
            let value = f64::from(value);
            let stretched = (value - least) / (greatest - least) * 255.0;
            // Two differences, a quotient and a product are rounded to `f32`, each by at most half
            // an epsilon: two epsilons, and one to spare for the products of these.
            let bound = 3.0 * f64::from(f32::EPSILON) * stretched;
            let whole = f64::from(loaded);
            prop_assert!(whole <= stretched + bound, "{whole} of {stretched}");
            prop_assert!(stretched < whole + 1.0 + bound, "{whole} of {stretched}");
            prop_assert!(value < greatest || loaded == 255);
        }
    }
}

#[test]
fn the_far_ends_of_the_type_and_beyond_are_stretched_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    for (values, levels) in [
        ([-2e38, 0.0, 2e38], [0, 127, 255]),
        ([f32::NEG_INFINITY, 1.0, 2.0], [0, 0, 255]),
        ([0.0, 1.0, f32::INFINITY], [0, 255, 255]),
        ([f32::NEG_INFINITY, f32::NAN, f32::INFINITY], [0, 0, 255]),
    ] {
        let image = Array3::from_shape_vec((1, 3, 1), values.to_vec()).unwrap();
        save_image(&path, image.view(), SaveFormat::Png).unwrap();
        let loaded = ImageLoader::new().color_mode(ColorMode::Grayscale).load(&path).unwrap();
        assert_eq!(loaded.into_raw_vec_and_offset().0, levels);
    }
}
