//! Work done while the interpreter is free.

use std::fmt::Display;
use std::process;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::{PyErr, PyResult, Python};
use rayon::{ThreadPool, ThreadPoolBuildError};

use crate::error::value_error;

/// The process that rayon's own pool belongs to.
static ORIGIN: LazyLock<u32> = LazyLock::new(process::id);

/// The pool of a process that was forked from it, and which one that is.
static FORKED: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Notes which process this is; called when the module is imported.
pub(crate) fn remember_process() {
    LazyLock::force(&ORIGIN);
}

/// Does some work while other Python threads may run; its error becomes a `ValueError`.
///
/// A process that was forked, as `multiprocessing` and data loaders do it, has none of the threads
/// that rayon began before: it gets a pool of its own, where it would else wait for them for ever.
/// Where that pool cannot have a single thread, a `RuntimeError` says so.
pub(crate) fn detached<T: Send, E: Display + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    py.detach(|| match pool_after_fork().map_err(no_threads)? {
        Some(pool) => pool.install(work).map_err(value_error),
        None => work().map_err(value_error),
    })
}

fn pool_after_fork() -> Result<Option<Arc<ThreadPool>>, ThreadPoolBuildError> {
    let process = process::id();
    if process == *ORIGIN {
        return Ok(None);
    }
    let mut forked = FORKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((owner, pool)) = &*forked
        && *owner == process
    {
        return Ok(Some(Arc::clone(pool)));
    }
    let builder = rayon::ThreadPoolBuilder::new;
    let pool = Arc::new(builder().build().or_else(|_| builder().num_threads(1).build())?);
    *forked = Some((process, Arc::clone(&pool)));
    Ok(Some(pool))
}

fn no_threads(error: ThreadPoolBuildError) -> PyErr {
    PyRuntimeError::new_err(format!("no thread can be started in this forked process: {error}"))
}
