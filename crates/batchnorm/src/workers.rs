//! Workers that are threads of one process.

use std::error::Error;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::Collective;

/// A worker of a group within this process, to be moved to a thread of its own.
///
/// Exchanges block, so do not run workers as tasks of a pool that may have fewer threads than there
/// are workers, such as rayon's. A worker that is dropped leaves the group, and exchanges that it has
/// not taken part in fail for the others.
///
/// ```
/// use std::thread;
///
/// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Workers};
/// use ndarray::{Axis, array};
///
/// let x = array![[1.0], [2.0], [3.0], [10.0]];
/// let mut whole = BatchNorm::<f64>::new(1, BatchNormConfig::keras())?;
/// let layer = whole.clone();
/// let (expected, _) = whole.forward(x.view())?;
///
/// thread::scope(|scope| {
///     for (worker, rows) in Workers::group(2).into_iter().zip([0..2, 2..4]) {
///         let (mut layer, x, expected) = (layer.clone(), &x, &expected);
///         scope.spawn(move || {
///             let mine = x.slice_axis(Axis(0), rows.clone().into());
///             let (y, _) = layer.training().across(&worker).forward(mine).unwrap();
///             let expected = expected.slice_axis(Axis(0), rows.into());
///             assert!((&y - &expected).iter().all(|difference| difference.abs() < 1e-12));
///         });
///     }
/// });
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
#[derive(Debug)]
pub struct Workers {
    rank: usize,
    table: Arc<Table>,
}

/// Where the workers of a group meet.
#[derive(Debug)]
struct Table {
    round: Mutex<Round>,
    changed: Condvar,
}

#[derive(Debug)]
struct Round {
    number: u64,
    /// What each worker has brought to this round.
    brought: Vec<Option<Vec<f64>>>,
    /// What all brought to the last one.
    last: Result<Arc<[f64]>, String>,
    /// The first who left.
    left: Option<usize>,
}

impl Workers {
    /// A group of so many workers, in the order of their ranks.
    pub fn group(workers: usize) -> Vec<Self> {
        let brought = vec![None; workers];
        let round = Round { number: 0, brought, last: Ok(Arc::default()), left: None };
        let table = Arc::new(Table { round: Mutex::new(round), changed: Condvar::new() });
        (0..workers).map(|rank| Self { rank, table: Arc::clone(&table) }).collect()
    }

    /// This worker's place in the order, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        // What it guards is whole after every statement.
        self.table.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collective for Workers {
    fn all_gather(&self, mine: &[f64]) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let mut round = self.round();
        let number = round.number;
        round.brought[self.rank] = Some(mine.to_vec());
        if round.brought.iter().all(Option::is_some) {
            round.close();
            self.table.changed.notify_all();
        }
        while round.number == number {
            if let Some(left) = round.left
                && round.brought[left].is_none()
            {
                return Err(format!("worker {left} has left the group").into());
            }
            round = self.table.changed.wait(round).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(round.last.clone()?.to_vec())
    }
}

impl Round {
    fn close(&mut self) {
        let brought: Vec<Vec<f64>> = self.brought.iter_mut().filter_map(Option::take).collect();
        let lengths: Vec<usize> = brought.iter().map(Vec::len).collect();
        self.last = if lengths.iter().all(|&length| length == lengths[0]) {
            Ok(brought.concat().into())
        } else {
            Err(format!("the workers, in order, brought {lengths:?} numbers, not as many each"))
        };
        self.number += 1;
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.round().left.get_or_insert(self.rank);
        self.table.changed.notify_all();
    }
}
