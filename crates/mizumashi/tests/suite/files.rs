//! Flows over image files.

use std::fs;
use std::path::{Path, PathBuf};

use mizumashi::data::Error as DataError;
use mizumashi::data::files::{
    ColorMode, ImageFiles, ImageLoader, OnDamage, Resampling, SaveFormat, Subset, Table, save_image,
};
use mizumashi::stats::Layout;
use mizumashi::transform::ImageShape;
use mizumashi::whitening::{Scope, Whitener};
use mizumashi::{Batch, Error, ImageDataGenerator, Source};
use ndarray::{Array2, Array3, Array4, ArrayView3, ArrayView4, Axis, s};
use tempfile::TempDir;

/// `root/{a,b,c}/{0..count}.png`, each a picture of its own and of a size of its own.
fn folder(count: usize) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (class, name) in ["a", "b", "c"].into_iter().enumerate() {
        fs::create_dir(root.path().join(name)).unwrap();
        for index in 0..count {
            let image = Array3::from_shape_fn((10 + index % 3, 12, 3), |(row, column, channel)| {
                (row * (class + 2) + column * (index + 1) * (channel + 3)) as f32 % 251.0
            });
            let path = root.path().join(name).join(format!("{index}.png"));
            save_image(path, image.view(), SaveFormat::Png).unwrap();
        }
    }
    root
}

fn augmenting() -> ImageDataGenerator {
    let builder = ImageDataGenerator::builder().rotation_range(20.0).rescale(1.0 / 255.0);
    builder.horizontal_flip(true).build().unwrap()
}

/// The same pictures as an array.
fn in_memory(root: &Path, generator: &ImageDataGenerator) -> Array4<u8> {
    let flow = generator.flow_from_directory(root).target_size(9, 7).images().unwrap();
    flow.source().load().unwrap()
}

#[test]
fn files_are_served_as_the_array_of_them_is() {
    let (root, generator) = (folder(5), augmenting());
    let x = in_memory(root.path(), &generator);
    for batch_size in [1, 4, 20] {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let options = generator.flow_from_directory(root.path()).target_size(9, 7).seed(5);
                let mut files = options.batch_size(batch_size).sparse().unwrap();
                let labels = files.labels().clone();
                let mut array = generator.flow(&x, labels, batch_size).unwrap().seed(5);
                let mut expected = array.next_batch().unwrap();
                for _ in 0..2 * array.steps_per_epoch() {
                    assert_eq!(files.next_batch().unwrap(), expected);
                    array.next_batch_into(&mut expected).unwrap();
                }
            });
        }
    }
}

#[test]
fn a_flow_over_files_resumes() {
    let (root, generator) = (folder(4), augmenting());
    let flow = || {
        let options = generator.flow_from_directory(root.path()).target_size(9, 7).batch_size(5);
        options.images().unwrap()
    };
    let batches: Vec<Batch<()>> = flow().take(6).map(Result::unwrap).collect();
    for pair in batches.windows(2) {
        let mut resumed = flow().resume_at(pair[0].epoch, pair[0].position).unwrap();
        assert_eq!(resumed.next_batch().unwrap(), pair[1]);
    }
    flow().prefetch(2, |ahead| {
        for expected in &batches {
            assert_eq!(&ahead.next_batch().unwrap(), expected);
        }
    });
}

#[test]
fn every_class_mode_has_labels_of_its_own_type() {
    let (root, generator) = (folder(2), ImageDataGenerator::builder().build().unwrap());
    let flow = || {
        let options = generator.flow_from_directory(root.path()).target_size(4, 4);
        options.batch_size(6).shuffle(false)
    };
    let sparse = flow().sparse().unwrap().next_batch().unwrap();
    assert_eq!(sparse.y.to_vec(), [0, 0, 1, 1, 2, 2]);
    let categorical = flow().categorical().unwrap().next_batch().unwrap();
    for (row, &label) in categorical.y.outer_iter().zip(&sparse.y) {
        assert_eq!(row.to_vec(), Array2::<f32>::eye(3).row(label).to_vec());
    }
    assert!(matches!(flow().binary(), Err(Error::Argument { argument: "class_mode", .. })));
    let binary = flow().classes(["c", "a"]).binary().unwrap().next_batch().unwrap();
    assert_eq!(binary.y.to_vec(), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(flow().classes(["c", "a"]).class_names().unwrap(), ["c", "a"]);
    let without = flow().without_classes();
    assert_eq!(without.clone().images().unwrap().samples(), 6);
    assert!(matches!(without.sparse(), Err(Error::Argument { .. })));
    let grey = flow().color_mode(ColorMode::Grayscale).images().unwrap().next_batch().unwrap();
    assert_eq!(grey.x.dim(), (6, 4, 4, 1));
    let part = flow().subset(Subset::Validation, 0.5).sparse().unwrap().next_batch().unwrap();
    assert_eq!(part.y.to_vec(), [0, 1, 2]);
    let default = generator.flow_from_directory(root.path()).images().unwrap();
    assert_eq!(default.image_shape().dim(), (256, 256, 3));
}

#[test]
fn channels_first_batches_come_from_files_too() {
    let root = folder(2);
    let serve = |layout| {
        let generator = ImageDataGenerator::builder().data_format(layout).build().unwrap();
        let options = generator.flow_from_directory(root.path()).target_size(9, 7);
        options.images().unwrap().next_batch().unwrap().x
    };
    let (last, first) = (serve(Layout::Nhwc), serve(Layout::Nchw));
    assert_eq!(first.dim(), (6, 3, 9, 7));
    assert_eq!(first.permuted_axes([0, 2, 3, 1]), last);
}

#[test]
fn a_fit_over_files_is_the_fit_over_their_array() {
    let root = folder(20);
    let build = |layout| {
        let builder = ImageDataGenerator::builder().featurewise_std_normalization(true);
        let builder = builder.whitening(Whitener::zca(), Scope::Channels).data_format(layout);
        builder.rescale(0.25).build().unwrap()
    };
    for layout in [Layout::Nhwc, Layout::Nchw] {
        let (mut by_files, mut by_array) = (build(layout), build(layout));
        let plain = ImageDataGenerator::builder().build().unwrap();
        let x = in_memory(root.path(), &plain);
        let files = plain.flow_from_directory(root.path()).target_size(9, 7).images().unwrap();
        assert!(matches!(
            by_files.flow_source(files.source(), (), 4),
            Err(Error::NotFitted { .. })
        ));
        by_files.fit_source(files.source()).unwrap();
        let x: ArrayView4<'_, u8> = match layout {
            Layout::Nhwc => x.view(),
            Layout::Nchw => x.view().permuted_axes([0, 3, 1, 2]),
        };
        by_array.fit(&x).unwrap();
        assert_eq!(by_files.mean(), by_array.mean());
        assert_eq!(by_files.std(), by_array.std());
        let mut served = by_files.flow_source(files.source(), (), 7).unwrap();
        let mut expected = by_array.flow(&x, (), 7).unwrap();
        assert_eq!(served.next_batch().unwrap(), expected.next_batch().unwrap());
    }
}

#[test]
fn a_damaged_file_stops_a_flow_or_is_substituted_label_and_all() {
    let (root, generator) = (folder(3), augmenting());
    let damaged = root.path().join("b/1.png");
    fs::write(&damaged, "no picture").unwrap();
    let flow = |on_damage| {
        let options = generator.flow_from_directory(root.path()).target_size(9, 7).batch_size(9);
        options.shuffle(false).on_damage(on_damage).sparse().unwrap()
    };
    let error = flow(OnDamage::Fail).next_batch().unwrap_err();
    assert!(
        matches!(&error, Error::Data(DataError::Damaged { path, .. }) if *path == damaged),
        "{error}"
    );

    let mut substituting = flow(OnDamage::Substitute);
    let batch = substituting.next_batch().unwrap();
    assert_eq!(batch.indices, [0, 1, 2, 3, 5, 5, 6, 7, 8]);
    assert_eq!(batch.y.to_vec(), [0, 0, 0, 1, 1, 1, 2, 2, 2]);
    assert_eq!(substituting.samples(), 9);
    assert_eq!(substituting.source().quarantine()[0].path, damaged);
    // The others are as they would be without the damage.
    fs::copy(root.path().join("b/2.png"), &damaged).unwrap();
    let whole = flow(OnDamage::Fail).next_batch().unwrap();
    assert_eq!(whole.x, batch.x);
}

#[test]
fn served_images_are_saved_on_request() {
    let (root, target) = (folder(1), tempfile::tempdir().unwrap());
    let generator = ImageDataGenerator::builder().build().unwrap();
    let options = generator.flow_from_directory(root.path()).target_size(12, 12);
    let options = options.save_to_dir(target.path(), "seen", SaveFormat::Png);
    let batch = options.images().unwrap().next_batch().unwrap();
    for (image, index) in batch.x.axis_iter(Axis(0)).zip(batch.indices) {
        let path = target.path().join(format!("seen_{index}_0.png"));
        let saved = ImageLoader::new().load(path).unwrap().mapv(f32::from);
        let (least, greatest) = image.iter().fold((f32::MAX, 0f32), |(least, greatest), &value| {
            (least.min(value), greatest.max(value))
        });
        let stretched = image.mapv(|value| ((value - least) / (greatest - least) * 255.0).floor());
        assert_eq!(saved, stretched);
    }
    let nowhere = generator.flow_from_directory(root.path()).target_size(12, 12);
    let nowhere = nowhere.save_to_dir(target.path().join("no"), "x", SaveFormat::Jpeg);
    let error = nowhere.images().unwrap().next_batch().unwrap_err();
    assert!(matches!(error, Error::Data(DataError::Save { .. })), "{error}");
}

#[test]
fn rows_are_served_with_the_labels_that_they_hold() {
    let (root, generator) = (folder(2), ImageDataGenerator::builder().build().unwrap());
    let csv = "file,kind,height,width\na/0.png,dog,1,2\nb/1.png,cat;dog,3,4\nc/0.png,cat,5,6\n\
               gone.png,cat,7,8\nc/1.png,emu,9,10\n";
    let table = Table::read(csv.as_bytes()).unwrap();
    let flow = || {
        let options = generator.flow_from_rows(table.clone()).directory(root.path());
        let options = options.x_col("file").y_col("kind").separator(';').target_size(4, 4);
        options.shuffle(false).drop_missing(true)
    };
    let error = flow().drop_missing(false).images().unwrap_err();
    assert!(
        matches!(&error, Error::Data(DataError::Missing { path, .. }) if path.ends_with("gone.png"))
    );
    let raw = flow().raw(&["height", "width"]).unwrap().next_batch().unwrap();
    assert_eq!(raw.y, ndarray::array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [9.0, 10.0]]);
    let outputs = flow().multi_output(&["width", "height"]).unwrap().next_batch().unwrap();
    assert_eq!(outputs.y[0], raw.y.column(1));
    assert_eq!(outputs.y[1], raw.y.column(0));
    let classes = flow().classes(["dog", "cat"]);
    assert_eq!(classes.class_names().unwrap(), ["cat", "dog"]);
    let categorical = classes.clone().categorical().unwrap().next_batch().unwrap();
    assert_eq!(categorical.y, ndarray::array![[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]);
    assert!(matches!(classes.clone().sparse(), Err(Error::Argument { .. })));
    let validation = classes.subset(Subset::Validation, 0.34).binary().unwrap();
    assert_eq!(validation.labels().to_vec(), [1.0]);
    assert_eq!(flow().images().unwrap().samples(), 4);
}

#[test]
fn weights_are_those_of_the_rows_that_are_served() {
    let root = folder(1);
    let csv = "filename,class,weight\na/0.png,cat,0.5\nb/0.png,dog,2\nc/0.png,fox,4\n";
    let table = Table::read(csv.as_bytes()).unwrap();
    let generator = augmenting();
    let rows = || {
        let rows = generator.flow_from_rows(table.clone()).directory(root.path());
        rows.target_size(4, 4).batch_size(3)
    };
    let weights = rows().weight_col("weight").unwrap();
    let mut flow = rows().sparse().unwrap().with_weights(weights.clone()).unwrap();
    for _ in 0..5 {
        let batch = flow.next_batch().unwrap();
        assert_eq!(batch.y.0.to_vec(), batch.indices);
        assert_eq!(batch.y.1, weights.select(Axis(0), &batch.indices));
    }
    // Only the rows of the classes that were asked for, in their order.
    let some = rows().classes(["fox", "dog"]);
    let weights = some.weight_col("weight").unwrap();
    assert_eq!(weights.to_vec(), [2.0, 4.0]);
    assert!(some.clone().sparse().unwrap().with_weights(weights.clone()).is_ok());
    let error = some.images().unwrap().with_weights(weights).unwrap_err();
    assert!(matches!(error, Error::LabelCount { images: 3, labels: 2 }), "{error}");
}

#[test]
fn unvalidated_file_names_are_missed_when_their_turn_comes() {
    let root = folder(1);
    let csv = "filename,class\na/0.png,cat\ngone.png,dog\n";
    let table = Table::read(csv.as_bytes()).unwrap();
    let generator = augmenting();
    let rows = || {
        let rows = generator.flow_from_rows(table.clone()).directory(root.path());
        rows.target_size(4, 4).batch_size(1).shuffle(false)
    };
    assert!(rows().sparse().is_err());
    let mut flow = rows().validate_filenames(false).sparse().unwrap();
    assert!(flow.next_batch().is_ok());
    let error = flow.next_batch().unwrap_err();
    assert!(error.to_string().contains("gone.png"), "{error}");
}

/// Pictures that are computed, of which those from `odd` on are of another shape, and those from
/// `broken` on cannot be read.
#[derive(Debug)]
struct Computed {
    odd: usize,
    broken: usize,
}

impl Source for Computed {
    type Pixel = u8;

    fn samples(&self) -> usize {
        64
    }

    fn image_shape(&self) -> ImageShape {
        ImageShape { height: 4, width: 4, channels: 3 }
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        if index >= self.broken {
            // Later ones fail sooner.
            std::thread::sleep(std::time::Duration::from_micros(64 * (64 - index) as u64));
            return Err(DataError::Index { index, images: 64 }.into());
        }
        let channels = if index >= self.odd { 1 } else { 3 };
        Ok(work(Array3::zeros((4, 4, channels)).view()))
    }
}

#[test]
fn a_fit_reports_the_first_image_that_fails() {
    let builder = ImageDataGenerator::builder().featurewise_center(true);
    let mut generator = builder.build().unwrap();
    let mut fit = |odd, broken| generator.fit_source(&Computed { odd, broken });
    assert!(fit(64, 64).is_ok());
    // One channel would be broadcast to three, and be none of the source's pictures.
    let outcome = fit(9, 64);
    assert!(matches!(outcome, Err(Error::MixedShapes { sample: 9, .. })), "{outcome:?}");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    for _ in 0..8 {
        let outcome = pool.install(|| fit(64, 5));
        let first = matches!(outcome, Err(Error::Data(DataError::Index { index: 5, .. })));
        assert!(first, "{outcome:?}");
    }
}

#[test]
fn a_size_that_no_memory_holds_is_an_error() {
    let (root, generator) = (folder(1), ImageDataGenerator::builder().build().unwrap());
    for side in [usize::MAX, 1 << 32] {
        let outcome = generator.flow_from_directory(root.path()).target_size(side, side).images();
        assert!(matches!(outcome, Err(Error::Data(DataError::TooLarge { .. }))), "{outcome:?}");
        let files = vec![root.path().join("a/0.png")];
        let files = ImageFiles::new(files, ImageLoader::new().target_size(side, side)).unwrap();
        let outcome = files.with_image(0, |_| ());
        assert!(matches!(outcome, Err(DataError::TooLarge { .. })), "{outcome:?}");
    }
    let flow = generator.flow_from_directory(root.path()).target_size(1 << 29, 1 << 29);
    let outcome = flow.images().unwrap().next_batch();
    assert!(matches!(outcome, Err(Error::Data(DataError::TooLarge { .. }))), "{outcome:?}");
}

/// The photographs that real figures are measured on, where they are.
fn photographs() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/photos");
    let folder = std::env::var_os("MIZUMASHI_PHOTOS").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no photographs at {}; set MIZUMASHI_PHOTOS", folder.display());
    None
}

#[test]
fn photographs_flow() {
    let Some(folder) = photographs() else { return };
    let mut generator = ImageDataGenerator::builder()
        .featurewise_std_normalization(true)
        .horizontal_flip(true)
        .build()
        .unwrap();
    let plain = ImageDataGenerator::builder().build().unwrap();
    let files = plain.flow_from_directory(&folder).target_size(64, 64);
    let flow = files.interpolation(Resampling::Bilinear).categorical().unwrap();
    let files: &ImageFiles = flow.source();
    generator.fit_source(files).unwrap();
    let mut flow = generator.flow_source(files, flow.labels(), 32).unwrap();
    let mut sum = 0.0;
    for _ in 0..flow.steps_per_epoch() {
        let batch = flow.next_batch().unwrap();
        assert!(batch.y.sum_axis(Axis(1)).iter().all(|&sum| sum == 1.0));
        sum += f64::from(batch.x.slice(s![.., .., .., 0]).sum());
    }
    let mean = sum / (files.len() * 64 * 64) as f64;
    assert!(mean.abs() < 1e-3, "the served mean is {mean}");
}
