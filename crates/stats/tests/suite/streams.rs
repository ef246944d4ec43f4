//! Ways to run the same work: cut into batches, on so many threads.

use std::ops::Range;

/// `samples` cut at these places, without empty batches.
pub(crate) fn batches(samples: usize, cuts: &[usize]) -> Vec<Range<usize>> {
    let mut ends = [cuts, &[0, samples]].concat();
    ends.sort_unstable();
    ends.dedup();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}
