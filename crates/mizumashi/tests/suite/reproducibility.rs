//! The table of output hashes: what a seed serves, frozen.
//!
//! `frozen/hashes.txt` has a line for each recipe, type of pixels, layout, border and
//! interpolation: the hash of two epochs. It is the same for any number of threads, any batch size,
//! batches made ahead or not, resumed or not, shared by workers or not, on any machine and any of
//! its instruction sets. A change of it is a breaking change: raise the version of recipe files,
//! say so in the changelog, and write it anew with `MIZUMASHI_WRITE_HASHES=1`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::Hasher;

use fnv::FnvHasher;
use mizumashi::affine::{Border, Interpolation};
use mizumashi::stats::Layout;
use mizumashi::{
    Batch, Error, Flow, FlowState, ImageDataGenerator, ImageDataGeneratorBuilder, Pixel,
};
use ndarray::{Array4, ArrayView4};

/// Images of a set; a prime, so that no batch size and no number of workers divides it.
const SAMPLES: usize = 11;
const EPOCHS: u64 = 2;
const SEED: u64 = 2026;

const TABLE: &str = include_str!("../frozen/hashes.txt");

fn images() -> Array4<u8> {
    Array4::from_shape_fn((SAMPLES, 19, 23, 3), |(n, row, column, channel)| {
        let mixed = row * 89 + column * column * 31 + channel * 57 + row * column * 7 + n * 101;
        (mixed ^ (mixed >> 5)) as u8
    })
}

/// The recipes by name: the tutorial's, one of every augmentation, and one of preparations alone.
fn recipes() -> [(&'static str, ImageDataGeneratorBuilder); 3] {
    let tutorial = ImageDataGenerator::builder()
        .featurewise_center(true)
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .width_shift_range(0.2)
        .height_shift_range(0.2)
        .horizontal_flip(true);
    let everything = ImageDataGenerator::builder()
        .rotation_range(180.0)
        .shear_range(15.0)
        .zoom_range((0.7, 1.6))
        .width_shift_range(3_u32)
        .vertical_flip(true)
        .channel_shift_range(30.0)
        .brightness_range(0.5, 1.5)
        .rescale(1.0 / 255.0)
        .samplewise_std_normalization(true);
    let flips = ImageDataGenerator::builder()
        .horizontal_flip(true)
        .vertical_flip(true)
        .height_shift_range(vec![-2.0, 3.0])
        .rescale(1.0 / 127.5)
        .featurewise_std_normalization(true);
    [("tutorial", tutorial), ("everything", everything), ("flips", flips)]
}

fn borders() -> [(&'static str, Border); 4] {
    [
        ("constant", Border::Constant(7.5)),
        ("nearest", Border::Nearest),
        ("reflect", Border::Reflect),
        ("wrap", Border::Wrap),
    ]
}

fn interpolations() -> [(&'static str, Interpolation); 5] {
    let order = |order| Interpolation::from_order(order).unwrap();
    [
        ("nearest", Interpolation::Nearest),
        ("bilinear", Interpolation::Bilinear),
        ("bicubic", Interpolation::Bicubic),
        ("spline-3", order(3)),
        ("spline-4", order(4)),
    ]
}

/// One line's generator, fitted, and its images in either type.
struct Case {
    name: String,
    generator: ImageDataGenerator,
    bytes: bool,
    u8s: Array4<u8>,
    f32s: Array4<f32>,
}

/// What each sample came to, whoever served it and when.
type Served = BTreeMap<(u64, usize), u64>;

/// A way to be served.
type Way = fn(&Case) -> Served;

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (recipe, builder) in recipes() {
        for (dtype, bytes) in [("u8", true), ("f32", false)] {
            for (format, layout) in [("nhwc", Layout::Nhwc), ("nchw", Layout::Nchw)] {
                let mut x = images();
                if layout == Layout::Nchw {
                    x = x.permuted_axes([0, 3, 1, 2]).as_standard_layout().into_owned();
                }
                // Values that no byte has.
                let f32s = x.mapv(|value| f32::from(value) * 1.1 - 3.3);
                for (border, fill_mode) in borders() {
                    for (interpolation, method) in interpolations() {
                        let builder = builder.clone().data_format(layout);
                        let mut generator =
                            builder.fill_mode(fill_mode).interpolation(method).build().unwrap();
                        match bytes {
                            true => generator.fit(&x).unwrap(),
                            false => generator.fit(&f32s).unwrap(),
                        }
                        let name = format!("{recipe} {dtype} {format} {border} {interpolation}");
                        let (u8s, f32s) = (x.clone(), f32s.clone());
                        cases.push(Case { name, generator, bytes, u8s, f32s });
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    /// Serves by a way that does not care for the type.
    fn serve(&self, way: &impl Serve) -> Served {
        match self.bytes {
            true => way.serve(&|size| self.generator.flow(&self.u8s, (), size).unwrap().seed(SEED)),
            false => {
                way.serve(&|size| self.generator.flow(&self.f32s, (), size).unwrap().seed(SEED))
            }
        }
    }
}

/// How a flow of some batch size is used.
trait Serve {
    fn serve<'a, P: Pixel>(
        &self,
        flow: &dyn Fn(usize) -> Flow<'a, ArrayView4<'a, P>, ()>,
    ) -> Served;
}

/// Takes up the images of a batch.
fn note(served: &mut Served, batch: &Batch<()>) {
    for (image, &index) in batch.x.outer_iter().zip(&batch.indices) {
        let mut hasher = FnvHasher::default();
        image.iter().for_each(|value| hasher.write(&value.to_bits().to_le_bytes()));
        let twice = served.insert((batch.epoch, index), hasher.finish());
        assert_eq!(twice, None, "sample {index} was served twice in epoch {}", batch.epoch);
    }
}

/// Batches of one size, one after the other.
struct Plain(usize);

impl Serve for Plain {
    fn serve<'a, P: Pixel>(
        &self,
        flow: &dyn Fn(usize) -> Flow<'a, ArrayView4<'a, P>, ()>,
    ) -> Served {
        let (mut flow, mut served) = (flow(self.0), Served::new());
        while flow.epoch() < EPOCHS {
            note(&mut served, &flow.next_batch().unwrap());
        }
        served
    }
}

/// Made ahead on another thread.
struct Prefetched(usize);

impl Serve for Prefetched {
    fn serve<'a, P: Pixel>(
        &self,
        flow: &dyn Fn(usize) -> Flow<'a, ArrayView4<'a, P>, ()>,
    ) -> Served {
        let flow = flow(4);
        let steps = flow.steps_per_epoch() * EPOCHS as usize;
        let take = |batch: Result<_, Error>| batch.unwrap();
        let mut served = Served::new();
        flow.prefetch(self.0, |batches| {
            batches.take(steps).map(take).for_each(|batch| note(&mut served, &batch));
        });
        served
    }
}

/// Stopped after every batch, and resumed in a new flow by what was stored, with another size.
struct Resumed;

impl Serve for Resumed {
    fn serve<'a, P: Pixel>(
        &self,
        flow: &dyn Fn(usize) -> Flow<'a, ArrayView4<'a, P>, ()>,
    ) -> Served {
        let (mut served, mut state, mut size) = (Served::new(), None::<String>, 1);
        loop {
            let mut flow = flow(size);
            if let Some(state) = &state {
                flow = flow.resume(&serde_json::from_str::<FlowState>(state).unwrap()).unwrap();
            }
            if flow.epoch() == EPOCHS {
                return served;
            }
            note(&mut served, &flow.next_batch().unwrap());
            state = Some(serde_json::to_string(&flow.state().unwrap()).unwrap());
            size = size % 4 + 1;
        }
    }
}

/// Shared by so many workers.
struct Shared(usize);

impl Serve for Shared {
    fn serve<'a, P: Pixel>(
        &self,
        flow: &dyn Fn(usize) -> Flow<'a, ArrayView4<'a, P>, ()>,
    ) -> Served {
        let mut served = Served::new();
        for rank in 0..self.0 {
            let mut flow = flow(2).shard(rank, self.0).unwrap();
            while flow.epoch() < EPOCHS {
                note(&mut served, &flow.next_batch().unwrap());
            }
        }
        served
    }
}

/// One hash of all samples, by epoch and index.
fn digest(served: &Served) -> u64 {
    assert_eq!(served.len(), SAMPLES * EPOCHS as usize);
    let mut hasher = FnvHasher::default();
    for ((epoch, index), hash) in served {
        for number in [*epoch, *index as u64, *hash] {
            hasher.write(&number.to_le_bytes());
        }
    }
    hasher.finish()
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn every_way_of_serving_gives_the_hashes_of_the_table() {
    let ways: [(&str, usize, Way); 12] = [
        ("one thread", 1, |case| case.serve(&Plain(4))),
        ("two threads", 2, |case| case.serve(&Plain(4))),
        ("seven threads", 7, |case| case.serve(&Plain(4))),
        ("batches of 1", 2, |case| case.serve(&Plain(1))),
        ("batches of 3", 2, |case| case.serve(&Plain(3))),
        ("whole epochs", 7, |case| case.serve(&Plain(1000))),
        ("handed over ahead", 2, |case| case.serve(&Prefetched(0))),
        ("three made ahead", 2, |case| case.serve(&Prefetched(3))),
        ("resumed at every batch", 2, |case| case.serve(&Resumed)),
        ("one worker", 2, |case| case.serve(&Shared(1))),
        ("two workers", 2, |case| case.serve(&Shared(2))),
        ("three workers", 7, |case| case.serve(&Shared(3))),
    ];
    let cases = cases();
    let mut tables = Vec::new();
    for (way, threads, serve) in ways {
        let table = on_threads(threads, || {
            cases.iter().fold(String::new(), |mut table, case| {
                writeln!(table, "{} {:016x}", case.name, digest(&serve(case))).unwrap();
                table
            })
        });
        tables.push((way, table));
    }
    if std::env::var_os("MIZUMASHI_WRITE_HASHES").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/frozen/hashes.txt");
        std::fs::write(path, &tables[0].1).unwrap();
        println!("written to {path}; look at what changed");
        return;
    }
    for (way, table) in &tables {
        for (found, expected) in table.lines().zip(TABLE.lines()) {
            assert_eq!(found, expected, "{way}");
        }
        assert_eq!(table.lines().count(), TABLE.lines().count());
    }
    println!("{} hashes compared, {} ways each", cases.len(), tables.len());
}
