//! Panics of code that is not ours, as errors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;

/// Runs the work for one sample; a panic in it, of a transform or a source, is an error. The panic's
/// message has then gone to stderr already, as any does.
///
/// What the work leaves half done must be overwritten before it is read again: here the sample's
/// slot in its batch, and a worker's program and scratch memory, which begin anew each time.
pub(crate) fn guarded<T>(
    sample: Option<usize>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Error::Panicked { sample, message: message(&*payload) }))
}

/// What a panic said.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is no text".to_owned())
}
