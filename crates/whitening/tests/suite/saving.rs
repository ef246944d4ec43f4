//! Stored and loaded, in JSON; damaged files do not load.

use crate::support::{bits, correlated};
use mizumashi_whitening::{ImageWhitening, Layout, Scope, Whitener, Whitening};
use ndarray::Array2;
use serde_json::{Value, from_value, json, to_value};

#[test]
fn a_loaded_whitening_equals_the_stored_one_to_the_bit() {
    for (n, d) in [(30, 5), (6, 40)] {
        for whitener in [Whitener::zca(), Whitener::pca()] {
            let rows = correlated(n, d, 11);
            let whitening = whitener.fit(rows.view()).unwrap();
            let text = serde_json::to_string(&whitening).unwrap();
            let loaded: Whitening = serde_json::from_str(&text).unwrap();
            assert_eq!(loaded, whitening);
            let (white, again) = (whitening.apply(rows.view()), loaded.apply(rows.view()));
            assert_eq!(bits(&again.unwrap()), bits(&white.unwrap()));
        }
    }
    let constant = Whitener::zca().fit(Array2::<u8>::ones((4, 3)).view()).unwrap();
    assert_eq!(from_value::<Whitening>(to_value(&constant).unwrap()).unwrap(), constant);
}

#[test]
fn a_whitening_of_images_is_stored_with_its_shape() {
    let images = correlated(9, 24, 12).into_shape_with_order((9, 4, 2, 3)).unwrap();
    for scope in [Scope::Pixels, Scope::Channels] {
        let whitening = Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope).unwrap();
        let mut stored = to_value(&whitening).unwrap();
        assert_eq!(from_value::<ImageWhitening>(stored.clone()).unwrap(), whitening);
        stored["shape"] = json!([4, 3, 4]);
        let error = from_value::<ImageWhitening>(stored).unwrap_err().to_string();
        assert!(
            error.contains(&format!("this whitening takes {}", whitening.whitening().features())),
            "{error}"
        );
    }
}

#[test]
fn options_are_stored_and_those_left_out_are_the_defaults() {
    let options: Whitener =
        from_value(json!({"kind": "pca", "regularisation": {"singular_value": 0.5}})).unwrap();
    assert_eq!(from_value::<Whitener>(to_value(&options).unwrap()).unwrap(), options);
    assert_eq!(from_value::<Whitener>(json!({})).unwrap(), Whitener::zca());
    assert!(from_value::<Whitener>(json!({"epsilon": 1.0})).is_err());
}

type Damage = fn(&mut Value);

#[test]
fn a_damaged_whitening_does_not_load() {
    let whitening = Whitener::zca().fit(correlated(4, 6, 13).view()).unwrap();
    let stored = to_value(&whitening).unwrap();
    assert!(from_value::<Whitening>(stored.clone()).is_ok());
    let damages: [(&str, Damage); 9] = [
        ("epsilon is -1", |v| v["regularisation"]["eigenvalue"] = json!(-1.0)),
        ("no samples", |v| v["solution"]["samples"] = json!(0)),
        ("disagree in length", |v| v["mean"] = json!({"v": 1, "dim": [1], "data": [0.5]})),
        ("not one eigenvalue per component", |v| {
            v["eigenvalues"] = json!({"v": 1, "dim": [1], "data": [0.5]});
        }),
        ("not positive", |v| v["eigenvalues"]["data"][2] = json!(0.0)),
        ("descending", |v| v["eigenvalues"]["data"][1] = json!(1e9)),
        ("unit length", |v| v["components"]["data"][4] = json!(0.9)),
        ("more directions", |v| v["components"]["dim"] = json!([3, 6])),
        ("no values", |v| {
            v["components"] = json!({"v": 1, "dim": [0, 3], "data": []});
        }),
    ];
    for (reason, damage) in damages {
        let mut damaged = stored.clone();
        damage(&mut damaged);
        let error = from_value::<Whitening>(damaged).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}
