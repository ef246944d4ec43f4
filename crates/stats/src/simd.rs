//! Plain loops, compiled for the widest registers there are and chosen at run time.

#![allow(unsafe_code)]

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
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        fn avx512<K: Kernel>(kernel: K) -> K::Output {
            kernel.run()
        }

        #[target_feature(enable = "avx2")]
        fn avx2<K: Kernel>(kernel: K) -> K::Output {
            kernel.run()
        }

        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has these instructions.
            return unsafe { avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run()
}
