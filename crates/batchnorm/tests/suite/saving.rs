//! Layers, configurations and saved statistics through JSON and back.

use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Gradients, Layout, RunningVariance, Saved};
use ndarray::{Array2, Array4, Ix4};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};

#[test]
fn a_layer_survives_the_round_trip_and_trains_on_to_the_same_bits() {
    let x = Array4::from_shape_fn((3, 2, 4, 5), |(n, c, h, w)| {
        ((n * 7 + c * 3 + h * 5 + w * 11) % 13) as f32 / 7.0
    });
    let mut layer = BatchNorm::<f32>::new(2, BatchNormConfig::pytorch()).unwrap();
    layer.gamma_mut()[1] = 0.1;
    let (_, saved) = layer.forward(x.view()).unwrap();
    let gradients = layer.backward(&saved, x.view(), x.view()).unwrap();

    let mut loaded: BatchNorm<f32> = from_str(&to_string(&layer).unwrap()).unwrap();
    let loaded_saved: Saved = from_str(&to_string(&saved).unwrap()).unwrap();
    let loaded_gradients: Gradients<f32, Ix4> = from_str(&to_string(&gradients).unwrap()).unwrap();
    assert_eq!(loaded, layer);
    assert_eq!(loaded_saved, saved);
    assert_eq!(loaded_gradients, gradients);
    assert_eq!(loaded.forward(x.view()).unwrap(), layer.forward(x.view()).unwrap());
    assert_eq!(loaded, layer);
}

#[test]
fn the_names_in_the_file_are_stable() {
    let layer = BatchNorm::<f64>::new(1, BatchNormConfig::keras()).unwrap();
    let expected = json!({
        "version": 1,
        "config": {
            "layout": "nhwc",
            "epsilon": 1e-3,
            "momentum": 0.01,
            "variance": "biased",
            "average": "exponential",
            "scale": true,
            "center": true,
            "renormalisation": null,
        },
        "channels": 1,
        "gamma": [1.0],
        "beta": [0.0],
        "running_mean": [0.0],
        "running_variance": [1.0],
        "batches": 0,
        "frozen": false,
    });
    assert_eq!(to_value(&layer).unwrap(), expected);
}

#[test]
fn an_invalid_layer_is_not_loaded() {
    let good = to_value(BatchNorm::<f32>::new(2, BatchNormConfig::pytorch()).unwrap()).unwrap();
    let reason = |path: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        from_value::<BatchNorm<f32>>(bad).unwrap_err().to_string()
    };
    assert!(reason("/config/epsilon", json!(0.0)).starts_with("epsilon is 0"));
    assert!(reason("/config/momentum", json!(2.0)).contains("is 2; it must be between 0 and 1"));
    assert!(reason("/version", json!(2)).starts_with("the stored layer has version 2"));
    assert!(reason("/channels", json!(0)).starts_with("the layer has 0 channels"));
    assert!(reason("/gamma", json!([])).starts_with("gamma has 0 values; it must have 2"));
    assert!(reason("/beta", json!([1.0])).starts_with("beta has 1 values"));
    assert!(reason("/running_mean", json!([1.0, 2.0, 3.0])).starts_with("running_mean has 3"));
    assert!(reason("/running_variance", json!([1.0])).starts_with("running_variance has 1"));
    assert!(reason("/running_variance", json!([1.0, -2.0])).contains("running variance -2"));
}

#[test]
fn unknown_settings_are_not_ignored() {
    let config = r#"{"layout":"nhwc","epsilon":1e-3,"momentum":0.01,"variance":"biased","axis":1}"#;
    assert!(from_str::<BatchNormConfig>(config).unwrap_err().to_string().contains("axis"));
}

#[test]
fn saved_statistics_of_the_wrong_length_are_refused_when_used() {
    let saved: Saved = from_str(r#"{"channels":[],"source":"running"}"#).unwrap();
    let layer = BatchNorm::<f32>::new(2, BatchNormConfig::pytorch()).unwrap();
    let x = Array2::zeros((2, 2));
    assert!(layer.backward(&saved, x.view(), x.view()).is_err());
}

#[test]
fn the_presets_are_those_of_the_frameworks() {
    let (keras, pytorch) = (BatchNormConfig::keras(), BatchNormConfig::pytorch());
    assert_eq!((keras.layout, keras.epsilon, keras.momentum), (Layout::Nhwc, 1e-3, 0.01));
    assert_eq!((pytorch.layout, pytorch.epsilon, pytorch.momentum), (Layout::Nchw, 1e-5, 0.1));
    assert_eq!(keras.variance, RunningVariance::Biased);
    assert_eq!(pytorch.variance, RunningVariance::Unbiased);
}
