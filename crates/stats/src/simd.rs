//! Plain loops, compiled for the widest registers there are and chosen at run time.

use fearless_simd::{Level, dispatch};

/// A loop to be compiled more than once. A trait instead of a closure, because only a method can be
/// told to be inlined, without which it is not compiled for what calls it.
#[doc(hidden)]
pub trait Kernel {
    /// What the loop computes.
    type Output;

    /// The loop; to be marked `#[inline(always)]`, as all that it calls.
    fn run(self) -> Self::Output;
}

/// Runs a kernel with the vector instructions of this processor.
///
/// The code is the same for all of them, and Rust neither reorders nor fuses what it computes: so
/// are the results, to the bit.
#[doc(hidden)]
#[inline]
pub fn vectorised<K: Kernel>(kernel: K) -> K::Output {
    dispatch!(Level::new(), _ => kernel.run())
}
