//! Stored and loaded in the format of safetensors; damaged files do not load.

use std::collections::HashMap;

use crate::support::{bits, bytes, correlated};
use mizumashi_whitening::{
    Error, ImageWhitening, Layout, PatchWhitening, Patches, Regularisation, Remainder, Scope,
    Shrinkage, Whitener, Whitening, WhiteningKind,
};
use ndarray::Array2;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Value, json};

fn whitenings() -> Vec<Whitening> {
    let tall = correlated(60, 7, 1);
    let wide = correlated(6, 40, 2);
    let tall_kinds = [
        WhiteningKind::Zca,
        WhiteningKind::Pca,
        WhiteningKind::Cholesky,
        WhiteningKind::ZcaCor,
        WhiteningKind::PcaCor,
    ];
    let mut all: Vec<_> =
        tall_kinds.iter().map(|&kind| Whitener::new(kind).fit(tall.view()).unwrap()).collect();
    for whitener in [
        Whitener::zca().regularisation(Regularisation::SingularValue(0.1 + 0.2)),
        Whitener::pca().regularisation(Regularisation::Floor(1e-3)),
        Whitener::zca().remainder(Remainder::Average).directions(Some(3)),
        Whitener::zca().shrinkage(Shrinkage::Oas),
    ] {
        all.push(whitener.fit(wide.view()).unwrap());
    }
    all.push(Whitener::zca().fit(Array2::<u8>::ones((4, 3)).view()).unwrap());
    all
}

#[test]
fn a_loaded_whitening_equals_the_stored_one_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whitening.safetensors");
    for whitening in whitenings() {
        whitening.save(&path).unwrap();
        let loaded = Whitening::load(&path).unwrap();
        assert_eq!(loaded, whitening);
        let exact =
            |all: &Whitening| all.components().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(exact(&loaded), exact(&whitening));
        let rows = correlated(5, whitening.features(), 3);
        let (white, again) = (whitening.apply(rows.view()), loaded.apply(rows.view()));
        assert_eq!(bits(&again.unwrap()), bits(&white.unwrap()));
        let size = std::fs::metadata(&path).unwrap().len() as usize;
        let values = whitening.components().len() + 2 * whitening.features() + whitening.rank();
        assert!(size <= 8 * values + 1500, "{size}");
    }
    // Nothing is left of the files that were renamed.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_stored_file_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (stored, plain) = (folder.path().join("stored"), folder.path().join("plain"));
    whitenings()[0].save(&stored).unwrap();
    std::fs::write(&plain, "").unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&stored), mode(&plain));
}

#[test]
fn images_and_patches_are_stored_with_their_shape() {
    let images = bytes(&correlated(9, 60, 4)).into_shape_with_order((9, 4, 5, 3)).unwrap();
    for scope in [Scope::Pixels, Scope::Channels] {
        let fitted = Whitener::zca().fit_images(images.view(), Layout::Nhwc, scope).unwrap();
        let stored = fitted.to_safetensors().unwrap();
        assert_eq!(ImageWhitening::from_safetensors(&stored).unwrap(), fitted);
        // It is one of rows as well, but none of patches.
        assert_eq!(Whitening::from_safetensors(&stored).unwrap(), *fitted.whitening());
        let error = PatchWhitening::from_safetensors(&stored).unwrap_err();
        assert!(error.to_string().contains("not one of patches"), "{error}");
    }
    let patches = Patches::new(2, 3).sampled(4, 5);
    let fitted = Whitener::pca().fit_patches(images.view(), Layout::Nhwc, patches).unwrap();
    let stored = fitted.to_safetensors().unwrap();
    assert_eq!(PatchWhitening::from_safetensors(&stored).unwrap(), fitted);
    let error = ImageWhitening::from_safetensors(&stored).unwrap_err();
    assert!(error.to_string().contains("not one of images"), "{error}");
    assert_eq!(serde_json::from_value::<PatchWhitening>(json!(fitted)).unwrap(), fitted);
}

#[test]
fn a_convolution_is_stored_as_the_state_of_a_layer() {
    let images = bytes(&correlated(9, 60, 6)).into_shape_with_order((9, 4, 5, 3)).unwrap();
    let fitted = Whitener::pca().fit_patches(images.view(), Layout::Nhwc, Patches::square(2));
    let convolution = fitted.unwrap().convolution().unwrap().doubled();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.safetensors");
    convolution.save(&path).unwrap();
    let stored = std::fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&stored).unwrap();
    let weight = tensors.tensor("weight").unwrap();
    assert_eq!((weight.dtype(), weight.shape()), (Dtype::F32, &[24, 3, 2, 2][..]));
    let values: Vec<_> = convolution.weights().iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(weight.data(), values);
    let bias: Vec<_> = convolution.bias().iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(tensors.tensor("bias").unwrap().data(), bias);
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("whitening.safetensors");
    let whitening = &whitenings()[0];
    for (action, error) in [
        ("written", whitening.save(&path).unwrap_err()),
        ("read", Whitening::load(&path).unwrap_err()),
    ] {
        assert!(matches!(error, Error::File { action: found, .. } if found == action));
        assert!(error.to_string().contains("whitening.safetensors"), "{error}");
    }
    // A file that stands where it should be written stays as it is.
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(whitening.save(folder.path().join("folder")).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let vast = folder.path().join("vast");
    std::fs::File::create(&vast).unwrap().set_len((8 << 30) + 1).unwrap();
    let error = Whitening::load(&vast).unwrap_err();
    assert!(matches!(error, Error::FileSize { bytes, limit, .. } if bytes == limit + 1));
}

/// The parts of a stored whitening, to be put together again.
struct Parts {
    description: Value,
    tensors: HashMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn of(whitening: &Whitening) -> Self {
        let bytes = whitening.to_safetensors().unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let description = &metadata.metadata().as_ref().unwrap()["whitening"];
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = tensors.tensors().into_iter().map(|(name, view)| {
            (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        });
        Self { description: serde_json::from_str(description).unwrap(), tensors: tensors.collect() }
    }

    fn bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        let header = HashMap::from([("whitening".to_owned(), self.description.to_string())]);
        safetensors::serialize(views, Some(header)).unwrap()
    }

    fn set(&mut self, name: &str, index: usize, value: f64) {
        self.tensors.get_mut(name).unwrap().2[8 * index..8 * index + 8]
            .copy_from_slice(&value.to_le_bytes());
    }
}

type Damage = fn(&mut Parts);

#[test]
fn a_damaged_whitening_does_not_load() {
    let whitening = Whitener::new(WhiteningKind::ZcaCor).fit(correlated(4, 6, 5).view()).unwrap();
    assert_eq!(Whitening::from_safetensors(&Parts::of(&whitening).bytes()).unwrap(), whitening);
    let damages: [(&str, Damage); 17] = [
        ("version 2; this crate reads version 1", |p| p.description["version"] = json!(2)),
        ("version 9000000000", |p| p.description["version"] = json!(9_000_000_000_u64)),
        ("missing field `kind`", |p| {
            p.description.as_object_mut().unwrap().remove("kind");
        }),
        ("unknown field `surprise`", |p| p.description["surprise"] = json!(1)),
        ("epsilon is -1", |p| p.description["regularisation"]["eigenvalue"] = json!(-1.0)),
        ("no samples", |p| p.description["solution"]["samples"] = json!(0)),
        ("shrinkage is not from 0 to 1", |p| p.description["shrinkage"] = json!(1.5)),
        ("do not fit the kind", |p| p.description["kind"] = json!("zca")),
        ("`components` not found", |p| {
            p.tensors.remove("components");
        }),
        ("do not fit the kind", |p| {
            p.tensors.remove("deviations");
        }),
        ("`mean` is of F32, not F64", |p| {
            let (dtype, shape, _) = p.tensors.get_mut("mean").unwrap();
            (*dtype, shape[0]) = (Dtype::F32, 12);
        }),
        ("`components` has the shape [18], not two axes", |p| {
            p.tensors.get_mut("components").unwrap().1 = vec![18];
        }),
        ("`mean` has the shape [6, 1], not one axis", |p| {
            p.tensors.get_mut("mean").unwrap().1 = vec![6, 1];
        }),
        ("deviations do not fit", |p| {
            p.tensors.get_mut("components").unwrap().1 = vec![3, 6];
        }),
        ("mean is not finite", |p| p.set("mean", 2, f64::NAN)),
        ("not positive", |p| p.set("eigenvalues", 1, f64::INFINITY)),
        ("unit length", |p| p.set("components", 4, 0.99)),
    ];
    for (reason, damage) in damages {
        let mut parts = Parts::of(&whitening);
        damage(&mut parts);
        let error = Whitening::from_safetensors(&parts.bytes()).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn bytes_that_are_cut_short_or_lie_about_sizes_do_not_load() {
    let bytes = whitenings()[0].to_safetensors().unwrap();
    for length in 0..bytes.len() {
        let error = Whitening::from_safetensors(&bytes[..length]).unwrap_err();
        assert!(matches!(error, Error::Format { .. }), "{length}: {error}");
    }
    for size in [0, 1, bytes.len() as u64, u64::MAX, 1 << 40] {
        let mut lie = bytes.clone();
        lie[..8].copy_from_slice(&size.to_le_bytes());
        assert!(matches!(Whitening::from_safetensors(&lie), Err(Error::Format { .. })), "{size}");
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("\"shape\":[7,7]"), "{text}");
    for shape in ["[9,9]", "[7,6]"] {
        let at = bytes.windows(5).position(|window| window == b"[7,7]").unwrap();
        let mut lie = bytes.clone();
        lie[at..at + 5].copy_from_slice(shape.as_bytes());
        assert!(matches!(Whitening::from_safetensors(&lie), Err(Error::Format { .. })));
    }
    let plain = safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap();
    let error = Whitening::from_safetensors(&plain).unwrap_err().to_string();
    assert!(error.contains("has no `whitening`"), "{error}");
}
