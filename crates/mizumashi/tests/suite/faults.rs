//! What goes wrong outside: panics of others, sources that fail, slow consumers, full disks, little
//! memory.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mizumashi::data::Error as DataError;
use mizumashi::data::files::SaveFormat;
use mizumashi::transform::{Draw, ImageShape, Step, Transform, typetag};
use mizumashi::{Error, ImageDataGenerator, Source};
use ndarray::{Array3, Array4, ArrayView3};

/// A transform whose author did not think of one sample.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Careless {
    sample: u64,
}

#[typetag::serde(name = "careless")]
impl Transform for Careless {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, mizumashi::transform::Error> {
        assert!(draw.key().index != self.sample, "nobody thought of {}", self.sample);
        Ok(Step::rescale(2.0, 0.0, draw.shape().channels))
    }
}

fn careless(sample: u64) -> ImageDataGenerator {
    ImageDataGenerator::builder().augment(Careless { sample }).build().unwrap()
}

/// Images of their index, one of which fails or panics.
#[derive(Debug)]
struct Faulty {
    fails: usize,
    panics: usize,
}

impl Source for Faulty {
    type Pixel = u8;

    fn samples(&self) -> usize {
        50
    }

    fn image_shape(&self) -> ImageShape {
        ImageShape { height: 4, width: 4, channels: 1 }
    }

    fn with_image<T>(
        &self,
        index: usize,
        work: impl FnOnce(ArrayView3<'_, u8>) -> T,
    ) -> Result<T, Error> {
        assert_ne!(index, self.panics, "the disk caught fire");
        if index == self.fails {
            return Err(DataError::Index { index, images: 0 }.into());
        }
        Ok(work(Array3::from_elem((4, 4, 1), index as u8).view()))
    }
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn a_transform_that_panics_is_an_error_that_names_the_sample() {
    let x = Array4::from_shape_fn((40, 4, 4, 1), |(n, ..)| n as u8);
    let generator = careless(13);
    for threads in [1, 2, 7] {
        on_threads(threads, || {
            let mut flow = generator.flow(&x, (), 8).unwrap().shuffle(false);
            for batch in 0..10 {
                match flow.next_batch() {
                    Err(Error::Panicked { sample, message }) => {
                        assert_eq!((batch % 5, sample), (1, Some(13)));
                        assert_eq!(message, "nobody thought of 13");
                    }
                    // The flow goes on, and the others are as they should be.
                    Ok(made) => {
                        assert_ne!(batch % 5, 1);
                        let values = made.x.outer_iter().map(|image| image[[3, 3, 0]]);
                        assert!(values.eq(made.indices.iter().map(|&n| 2.0 * n as f32)));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let error = generator.flow(&x, (), 40).unwrap().next_batch().unwrap_err().to_string();
    assert!(error.starts_with("making sample 13 panicked: nobody thought of 13; "), "{error}");
}

#[test]
fn batches_made_ahead_go_on_after_a_panic() {
    let x = Array4::<u8>::zeros((40, 4, 4, 1));
    let generator = careless(13);
    let flow = generator.flow(&x, (), 8).unwrap().shuffle(false);
    let outcomes: Vec<bool> =
        flow.prefetch(3, |batches| batches.take(10).map(|batch| batch.is_ok()).collect());
    assert_eq!(outcomes, [true, false, true, true, true, true, false, true, true, true]);
}

#[test]
fn a_source_that_panics_is_an_error_in_flows_and_fits() {
    let generator = ImageDataGenerator::builder().build().unwrap();
    let mut flow = generator.flow_source(Faulty { fails: 99, panics: 20 }, (), 16).unwrap();
    flow = flow.shuffle(false);
    flow.next_batch().unwrap();
    let failed = flow.next_batch();
    assert!(matches!(failed, Err(Error::Panicked { sample: Some(20), .. })), "{failed:?}");
    flow.next_batch().unwrap();

    let builder = ImageDataGenerator::builder().featurewise_center(true);
    for mut fitted in
        [builder.clone().build().unwrap(), builder.samplewise_center(true).build().unwrap()]
    {
        let failed = fitted.fit_source(&Faulty { fails: 99, panics: 20 });
        assert!(matches!(failed, Err(Error::Panicked { sample: Some(20), .. })), "{failed:?}");
        assert!(fitted.fitted().is_none());
    }
}

#[test]
fn a_source_that_fails_at_one_sample_costs_its_batch_alone() {
    let generator = ImageDataGenerator::builder().build().unwrap();
    for threads in [1, 2, 7] {
        on_threads(threads, || {
            let source = Faulty { fails: 37, panics: 99 };
            let mut flow = generator.flow_source(source, (), 7).unwrap().seed(3);
            let mut failures = 0;
            for _ in 0..8 * 3 {
                let (epoch, position) = (flow.epoch(), flow.position());
                match flow.next_batch() {
                    Ok(batch) => assert!(!batch.indices.contains(&37)),
                    Err(error) => {
                        failures += 1;
                        assert!(matches!(error, Error::Data(DataError::Index { index: 37, .. })));
                    }
                }
                assert_ne!((flow.epoch(), flow.position()), (epoch, position), "it moves on");
            }
            assert_eq!(failures, 3, "once an epoch");
        });
    }
}

/// A consumer that sleeps holds no more batches than documented, and the rest waits for it.
#[test]
fn a_slow_consumer_is_waited_for() {
    static DRAWN: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    struct Counting;

    #[typetag::serde(name = "counting")]
    impl Transform for Counting {
        fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, mizumashi::transform::Error> {
            DRAWN.fetch_add(1, Ordering::SeqCst);
            Ok(Step::rescale(1.0, 0.0, draw.shape().channels))
        }
    }

    let x = Array4::<u8>::zeros((40, 4, 4, 1));
    let generator = ImageDataGenerator::builder().augment(Counting).build().unwrap();
    let flow = generator.flow(&x, (), 4).unwrap();
    DRAWN.store(0, Ordering::SeqCst);
    let ahead = 2;
    flow.prefetch(ahead, |batches| {
        for used in 1..6 {
            batches.next_batch().unwrap();
            thread::sleep(Duration::from_millis(30));
            let made = DRAWN.load(Ordering::SeqCst) / 4;
            assert!(made <= used + 2 * ahead + 1, "{made} batches made when {used} were used");
        }
    });
}

/// Threads of this process, by the kernel's list of them.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(target_os = "linux")]
#[test]
fn leaving_in_the_middle_ends_the_threads() {
    under("-c 0", "no_thread_is_left"); // a process of its own, so that no other test starts any
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "runs alone, by leaving_in_the_middle_ends_the_threads"]
fn no_thread_is_left() {
    let x = Array4::<u8>::zeros((4000, 8, 8, 3));
    let generator = ImageDataGenerator::builder().rotation_range(20.0).build().unwrap();
    let leave = || {
        let flow = generator.flow(&x, (), 64).unwrap();
        flow.prefetch(4, |batches| batches.next_batch().unwrap().epoch)
    };
    leave(); // rayon's threads are there from now on
    let before = threads();
    // A thread that has ended is in the kernel's list for a moment longer.
    let left = || {
        (0..500).all(|_| {
            thread::sleep(Duration::from_millis(10));
            threads() > before
        })
    };
    for _ in 0..50 {
        leave();
    }
    assert!(!left(), "{} threads where {before} were", threads());
    let gives_up = || {
        let flow = generator.flow(&x, (), 64).unwrap();
        flow.prefetch(2, |_| panic!("the consumer gave up"))
    };
    let passed_on = std::panic::catch_unwind(std::panic::AssertUnwindSafe(gives_up));
    assert!(passed_on.is_err(), "the consumer's own panic passes through, and nothing hangs");
    assert!(!left(), "{} threads where {before} were", threads());
}

/// Runs one ignored test of this module in a process of its own, under a limit of the shell.
#[cfg(target_os = "linux")]
fn under(limit: &str, test: &str) {
    after(Command::new("bash"), &format!("trap '' XFSZ; ulimit {limit}"), test);
}

/// The same after some commands of a shell.
#[cfg(target_os = "linux")]
fn after(mut shell: Command, commands: &str, test: &str) {
    let program = std::env::current_exe().unwrap();
    let script = format!("{commands} && exec \"$0\" --ignored --exact faults::{test}");
    let output = shell.arg("-c").arg(script).arg(program).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{commands}: {text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_write_cut_short_keeps_the_old_file() {
    under("-f 4", "saving_fails_and_changes_nothing"); // files of at most 4 KiB
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_old_file() {
    // A disk of 16 KiB that this process alone sees.
    let alone = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "bash"]);
        command
    };
    let disk = tempfile::tempdir().unwrap();
    let disk = disk.path().display();
    let mount = format!("mount -t tmpfs -o size=16k none '{disk}'");
    if !alone().args(["-c", &mount]).output().is_ok_and(|output| output.status.success()) {
        println!("skipped the full disk: this user may not mount one");
        return;
    }
    let commands = format!("{mount} && export TMPDIR='{disk}'");
    after(alone(), &commands, "saving_fails_and_changes_nothing");
}

#[test]
#[ignore = "runs where writing fails, by the two tests above"]
fn saving_fails_and_changes_nothing() {
    let noise = |side: usize| {
        Array4::from_shape_fn((1, side, side, 3), |(_, row, column, channel)| {
            (row * row * 31 + column * 77 + channel * row * 13 + row * column * 7) as u8
        })
    };
    let generator = ImageDataGenerator::builder().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a_0_0.png");
    let save = |side| {
        let x = noise(side);
        let flow = generator.flow(&x, (), 1).unwrap();
        flow.save_to_dir(folder.path(), "a", SaveFormat::Png).next_batch().map(drop)
    };
    save(8).unwrap();
    let old = std::fs::read(&path).unwrap();
    let failed = save(200);
    assert!(matches!(failed, Err(Error::Data(DataError::Save { .. }))), "{failed:?}");
    assert_eq!(std::fs::read(&path).unwrap(), old);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
}

#[cfg(target_os = "linux")]
#[test]
fn little_memory_is_an_error_where_it_does_not_suffice() {
    under("-v 600000", "served_in_little_memory"); // KiB of address space
}

#[test]
#[ignore = "runs under a limit, by little_memory_is_an_error_where_it_does_not_suffice"]
fn served_in_little_memory() {
    let x = Array4::<u8>::zeros((2000, 32, 32, 3));
    let mut generator = ImageDataGenerator::builder()
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .build()
        .unwrap();
    generator.fit(&x).unwrap();
    let flow = generator.flow(&x, (), 128).unwrap();
    flow.prefetch(2, |batches| {
        for _ in 0..64 {
            let batch = batches.next_batch().unwrap();
            batches.recycle(batch);
        }
    });
    // 600 MB as one batch: more than there is.
    let x = ndarray::Array4::<u8>::zeros((1, 1, 1, 3));
    let many = x.broadcast((50_000, 32, 32, 3)).unwrap();
    let generator = ImageDataGenerator::builder().build().unwrap();
    let mut flow = generator.flow(&many, (), 50_000).unwrap();
    let refused = flow.next_batch();
    assert!(matches!(refused, Err(Error::Data(DataError::TooLarge { .. }))), "{refused:?}");
    let image = Array3::<u8>::zeros((4, 4, 3));
    let plan = format!(
        r#"{{"version": 1, "input": {{"height": 4, "width": 4, "channels": 3}}, "steps": [
            {{"geometric": {{"warp": {{"map": [[1, 0, 0], [0, 1, 0]], "interpolation": "nearest",
              "border": "nearest"}}, "height": {0}, "width": {0}}}}}]}}"#,
        30_000
    );
    let plan = mizumashi::transform::Plan::from_json(&plan).unwrap();
    for refused in [plan.apply(image.view()).map(drop), plan.apply_mask(image.view(), 0).map(drop)]
    {
        let too_large = matches!(refused, Err(mizumashi::transform::Error::TooLarge { .. }));
        assert!(too_large, "{refused:?}");
    }
}

/// Resident memory in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_epochs_take_no_more_memory_than_a_hundred() {
    under("-c 0", "a_long_run"); // a process of its own, so that nothing else allocates
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "runs alone, by ten_thousand_epochs_take_no_more_memory_than_a_hundred"]
fn a_long_run() {
    let x = Array4::from_shape_fn((8, 6, 6, 3), |(n, row, column, _)| (n * 9 + row * column) as u8);
    let mut generator = ImageDataGenerator::builder()
        .featurewise_std_normalization(true)
        .rotation_range(20.0)
        .horizontal_flip(true)
        .build()
        .unwrap();
    generator.fit(&x).unwrap();
    let flow = generator.flow(&x, (), 3).unwrap();
    let steps = flow.steps_per_epoch();
    flow.prefetch(2, |batches| {
        let mut after = [0; 2];
        for (epochs, resident_after) in [100, 10_000].into_iter().zip(&mut after) {
            let mut last = 0;
            while last < epochs {
                last = batches.nth(steps - 1).unwrap().unwrap().epoch + 1;
            }
            *resident_after = resident();
        }
        println!("resident after 100 epochs {}, after 10,000 {}", after[0], after[1]);
        assert!(after[1] < after[0] + (1 << 20), "{after:?} bytes");
    });
}
