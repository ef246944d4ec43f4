//! Writes the seeds that fuzzing begins with, in `fuzz/seeds/TARGET/`: a few inputs that each
//! target accepts.

use std::error::Error;
use std::fs;
use std::path::Path;

use mizumashi::affine::{RandomAffine, Shift};
use mizumashi::batchnorm::{BatchNorm, BatchNormConfig, SampleNorm, SampleNormConfig, TensorNames};
use mizumashi::data::cifar;
use mizumashi::stats::{
    Accumulator, BinnedHistogram, Covariance, Grouping, Histogram, IntegerCovariance,
    IntegerMoments, Layout, Moments, Statistics,
};
use mizumashi::transform::{Fidelity, Recipe, SampleKey, transforms as t};
use mizumashi::whitening::{Patches, Regularisation, Remainder, Scope, Whitener, WhiteningKind};
use mizumashi::{ImageDataGenerator, Whiten};
use ndarray::{Array1, Array2, Array4};
use serde::Serialize;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    cifar()?;
    recipes()?;
    statistics()?;
    whitenings()?;
    layers()?;
    pictures()?;
    let table = b";\x40file,class,weight\n\"a, b.png\",cat;dog,3.5\nc.png,dog,-1e-3\n";
    seed("table", "quoted", table)?;
    // The others read numbers off the bytes: any bytes will do.
    for target in ["affine", "generator", "normalise", "warp", "whiten"] {
        for number in 0..4_u64 {
            let mix =
                |at: u64| (at * at * 31 + at * 7 + number * 89).wrapping_mul(0x9e37_79b9) >> 13;
            seed(
                target,
                &number.to_string(),
                &(0..400).map(|at| mix(at) as u8).collect::<Vec<_>>(),
            )?;
        }
    }
    Ok(())
}

/// Writes one seed.
fn seed(target: &str, name: &str, bytes: &[u8]) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// A selector and a value in JSON.
fn json(target: &str, name: &str, selector: &[u8], value: &impl Serialize) -> Outcome {
    seed(target, name, &[selector, &serde_json::to_vec(value)?].concat())
}

fn images() -> Array4<u8> {
    Array4::from_shape_fn((5, 4, 3, 2), |(n, row, column, channel)| {
        (n * 50 + row * 23 + column * column * 11 + channel * 5) as u8
    })
}

fn cifar() -> Outcome {
    let x =
        Array4::from_shape_fn((1, 32, 32, 3), |(_, row, column, c)| (row * 8 + column + c) as u8);
    let labels = Array1::from_elem(1, 3_usize);
    for (name, selector, coarse) in [("cifar10", 0, None), ("cifar100", 1, Some(labels.view()))] {
        let mut file = vec![selector];
        cifar::write(&mut file, x.view(), labels.view(), coarse)?;
        seed("cifar", name, &file)?;
    }
    Ok(())
}

fn recipes() -> Outcome {
    let ranges = RandomAffine {
        rotation: 20.0,
        width_shift: Shift::Fraction(0.2),
        height_shift: Shift::Choice(vec![1.0, 2.0]),
        height_zoom: (0.5, 1.5),
        horizontal_flip: true,
        ..RandomAffine::default()
    };
    let fitted = Whitener::zca().fit_images(images().view(), Layout::Nhwc, Scope::Channels)?;
    let recipes = [
        Recipe::new().then(t::RandomAffine::new(ranges)?).then(t::Rescale::new(0.5)?),
        Recipe::new()
            .fidelity(Fidelity::Exact)
            .then(t::RandomBrightness::new(0.5, 1.5)?)
            .then(t::RandomChannelShift::new(9.0)?)
            .then(t::SamplewiseStandardise::new()),
        Recipe::new()
            .then(t::FeaturewiseStandardise::new(Some(vec![1.0, 2.0]), Some(vec![3.0, 4.0]))?)
            .then(Whiten::new(fitted)),
        Recipe::new().then(t::Stretch::new(0.0, 1.0)?).then(t::BoxBlur::new(1)?),
    ];
    for (number, recipe) in recipes.iter().enumerate() {
        json("recipe", &number.to_string(), &[4, 3, 2, 7], recipe)?;
        let plan = recipe.draw(SampleKey { seed: 1, epoch: 0, index: 7 }, (4, 3, 2))?;
        json("plan", &number.to_string(), &[], &plan)?;
    }
    Ok(())
}

fn statistics() -> Outcome {
    let x = images();
    let reals = x.mapv(f32::from);
    let rows = reals.to_shape((5, 24))?.to_owned();
    let few = rows.slice(ndarray::s![.., ..3]).to_owned();
    let mut moments = Moments::default();
    moments.push_all(rows.as_slice().unwrap_or_default());
    json("statistics", "moments", &[0], &moments)?;
    json("statistics", "integer_moments", &[1], &IntegerMoments::of(&[1, 2, 250]))?;
    json("statistics", "histogram", &[2], &Histogram::from_slice(&[1, 2, 250]))?;
    let layout = Layout::Nhwc;
    let grouped = Statistics::<Moments>::of(reals.view(), layout, Grouping::Channel)?;
    json("statistics", "grouped_moments", &[3], &grouped)?;
    let grouped = Statistics::<IntegerMoments>::of(x.view(), layout, Grouping::Pixel)?;
    json("statistics", "grouped_integer_moments", &[4], &grouped)?;
    let grouped = Statistics::<Histogram>::of(x.view(), layout, Grouping::Whole)?;
    json("statistics", "grouped_histogram", &[5], &grouped)?;
    let mut binned = BinnedHistogram::new(0.0, 255.0, 4)?;
    binned.update(rows.view())?;
    json("statistics", "binned", &[6], &binned)?;
    let mut covariance = Covariance::new(3);
    covariance.update(few.view())?;
    json("statistics", "covariance", &[7], &covariance)?;
    let mut covariance = IntegerCovariance::new(3);
    covariance.update(few.mapv(|value| value as u8).view())?;
    json("statistics", "integer_covariance", &[8], &covariance)?;
    let builder = ImageDataGenerator::builder().featurewise_std_normalization(true);
    let mut generator = builder.build()?;
    generator.fit(&x)?;
    json("statistics", "fitted", &[9], &generator.fitted())?;
    Ok(())
}

fn whitenings() -> Outcome {
    let rows = Array2::from_shape_fn((7, 3), |(row, column)| {
        (row * row * 5 + column * 3 + row * column) as f32
    });
    let kinds = [("zca", WhiteningKind::Zca), ("pca_cor", WhiteningKind::PcaCor)];
    for (name, kind) in kinds {
        let whitener = Whitener::new(kind)
            .regularisation(Regularisation::SingularValue(1e-3))
            .remainder(Remainder::Average);
        let whitening = whitener.fit(rows.view())?;
        json("whitening", &format!("{name}_json"), &[0], &whitening)?;
        let file = [&[3][..], &whitening.to_safetensors()?].concat();
        seed("whitening", &format!("{name}_safetensors"), &file)?;
    }
    let fitted = Whitener::zca().fit_images(images().view(), Layout::Nhwc, Scope::Channels)?;
    json("whitening", "images_json", &[1], &fitted)?;
    let file = [&[4][..], &fitted.to_safetensors()?].concat();
    seed("whitening", "images_safetensors", &file)?;
    let patches = Patches::new(1, 3);
    let fitted = Whitener::zca().fit_patches(images().view(), Layout::Nhwc, patches)?;
    json("whitening", "patches_json", &[2], &fitted)?;
    let file = [&[5][..], &fitted.to_safetensors()?].concat();
    seed("whitening", "patches_safetensors", &file)
}

fn layers() -> Outcome {
    let layer = BatchNorm::<f32>::new(2, BatchNormConfig::pytorch())?;
    json("batch_norm", "f32", &[0], &layer)?;
    let double = BatchNorm::<f64>::new(3, BatchNormConfig::keras())?;
    json("batch_norm", "f64", &[1], &double)?;
    json("batch_norm", "config", &[2], &BatchNormConfig::keras())?;
    let group = SampleNorm::<f32>::group(2, 4, SampleNormConfig::pytorch())?;
    json("batch_norm", "group", &[3], &group)?;
    let pytorch = layer.to_safetensors(&TensorNames::pytorch("bn1."))?;
    seed("batch_norm", "pytorch", &[&[4][..], &pytorch].concat())?;
    let keras = double.to_safetensors(&TensorNames::keras("bn/"))?;
    seed("batch_norm", "keras", &[&[7][..], &keras].concat())
}

/// The pictures of the golden tests, of every format.
fn pictures() -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/data/tests/golden/files");
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        seed("image", &name, &[&[0x41][..], &fs::read(path)?].concat())?;
    }
    Ok(())
}
