#![allow(unsafe_code)]

use ndarray::ArrayView3;

use crate::PixelValue;

/// Asks the processor to load an image into its cache, and does not wait for it.
///
/// Small images that are picked from a large set in random order are not in the cache, and nothing
/// foretells where the next one is. Worth a call where one is about to be resampled soon. Images
/// with gaps in memory are left alone, and so are all on processors other than x86-64.
///
/// ```
/// use ndarray::Array3;
///
/// let image = Array3::<u8>::zeros((32, 32, 3));
/// mizumashi_affine::prefetch(image.view());
/// ```
#[inline]
pub fn prefetch<P: PixelValue>(image: ArrayView3<'_, P>) {
    #[cfg(target_arch = "x86_64")]
    if let Some(values) = image.as_slice_memory_order() {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        /// Bytes of a cache line.
        const LINE: usize = 64;
        /// Bytes fetched at the most: longer images are read in an order that the processor foresees.
        const MOST: usize = 1 << 14;

        let bytes = size_of_val(values).min(MOST);
        for line in (0..bytes).step_by(LINE) {
            // SAFETY: the address is within the image; a prefetch changes nothing but the cache.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().cast::<i8>().add(line)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = image;
}
