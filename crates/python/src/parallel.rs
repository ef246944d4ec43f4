//! Work done while the interpreter is free.

use std::process;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use pyo3::Python;
use rayon::ThreadPool;

/// The process that rayon's own pool belongs to.
static ORIGIN: LazyLock<u32> = LazyLock::new(process::id);

/// The pool of a process that was forked from it, and which one that is.
static FORKED: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Notes which process this is; called when the module is imported.
pub(crate) fn remember_process() {
    LazyLock::force(&ORIGIN);
}

/// Does some work while other Python threads may run.
///
/// A process that was forked, as `multiprocessing` and data loaders do it, has none of the threads
/// that rayon began before: it gets a pool of its own, where it would else wait for them for ever.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(|| match pool_after_fork() {
        Some(pool) => pool.install(work),
        None => work(),
    })
}

fn pool_after_fork() -> Option<Arc<ThreadPool>> {
    let process = process::id();
    if process == *ORIGIN {
        return None;
    }
    let mut forked = FORKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((owner, pool)) = &*forked
        && *owner == process
    {
        return Some(Arc::clone(pool));
    }
    let builder = rayon::ThreadPoolBuilder::new;
    let pool = match builder().build().or_else(|_| builder().num_threads(1).build()) {
        Ok(pool) => Arc::new(pool),
        // The work cannot be done here: it would wait for threads that this process does not have.
        Err(error) => panic!("no thread can be started in this forked process: {error}"),
    };
    *forked = Some((process, Arc::clone(&pool)));
    Some(pool)
}
