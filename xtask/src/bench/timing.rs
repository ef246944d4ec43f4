//! Taking turns: A B A B, one repetition each a round, after a warm-up.

use std::thread;
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::case::Result;
use super::cores::CpuTimes;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) rounds: usize,
    /// What a repetition should take; work is repeated until it does.
    pub(crate) repetition: Duration,
}

/// Work that takes seconds is given fewer rounds: after this long, [`FEWEST`] are enough.
const ENOUGH: Duration = Duration::from_secs(20);
const FEWEST: usize = 3;

/// Threads that wait for more work spin for a while after a parallel region (OpenBLAS for some 25
/// ms). They are given time to fall asleep before it is another's turn.
const SETTLE: Duration = Duration::from_millis(50);

/// One who takes turns.
pub(crate) struct Side<'a> {
    /// The child process that does the work; this one, unless there is one.
    pub(crate) child: Option<u32>,
    /// How many threads do it.
    pub(crate) threads: usize,
    /// How many items one run does.
    pub(crate) items: usize,
    /// The seconds that this number of runs takes.
    pub(crate) time: Box<dyn FnMut(usize) -> Result<f64> + 'a>,
}

/// Work of ours as a side, on a pool's threads.
pub(crate) fn on<'a>(
    pool: &'a ThreadPool,
    items: usize,
    mut run: impl FnMut() -> Result<()> + Send + 'a,
) -> Side<'a> {
    let time = Box::new(move |runs| {
        pool.install(|| {
            let start = Instant::now();
            for _ in 0..runs {
                run()?;
            }
            Ok(start.elapsed().as_secs_f64())
        })
    });
    Side { child: None, threads: pool.current_num_threads(), items, time }
}

/// The seconds per item of each side in each round.
pub(crate) fn take_turns<const N: usize>(
    mut sides: [Side<'_>; N],
    schedule: Schedule,
) -> Result<[Vec<f64>; N]> {
    let mut runs = [1; N];
    let mut pinned = Vec::new();
    for (side, runs) in sides.iter_mut().zip(&mut runs) {
        let times = CpuTimes::of(side.child);
        // Twice where that is quick: the first run of all meets memory that was never touched.
        for _ in 0..2 {
            thread::sleep(SETTLE);
            let seconds = (side.time)(*runs)? / *runs as f64;
            *runs = (schedule.repetition.as_secs_f64() / seconds).clamp(1.0, 1e6) as usize;
            if seconds > 1.0 {
                break;
            }
        }
        pinned.push(times.pin(side.threads));
    }
    let mut times = [const { Vec::new() }; N];
    let start = Instant::now();
    for round in 0..schedule.rounds {
        if round >= FEWEST && start.elapsed() > ENOUGH {
            break;
        }
        for ((side, runs), times) in sides.iter_mut().zip(runs).zip(&mut times) {
            thread::sleep(SETTLE);
            times.push((side.time)(runs)? / (runs * side.items) as f64);
        }
    }
    Ok(times)
}

/// The middle value, or the mean of the two in the middle; NaN for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// The least and the greatest value.
pub(crate) fn range(values: &[f64]) -> [f64; 2] {
    let fold = |start, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
    [fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max)]
}
