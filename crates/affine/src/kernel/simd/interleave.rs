#![allow(unsafe_code)]

use fearless_simd::{Level, Simd, f32x16};

use super::super::block::BLOCK;

/// Puts the values of three channels by turns, where the processor's permutations of two whole
/// vectors do it in six instructions; false where it has none.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn three<S: Simd>(
    simd: S,
    channels: [f32x16<S>; 3],
    target: &mut [f32; 3 * BLOCK],
) -> bool {
    use std::arch::x86_64::{
        _mm512_loadu_ps, _mm512_loadu_si512, _mm512_permutex2var_ps, _mm512_storeu_ps,
    };

    let Level::Avx512(_) = simd.level() else { return false };
    let channels: [[f32; BLOCK]; 3] = channels.map(Into::into);
    // SAFETY: the level says that the processor has AVX-512; the arrays are of whole vectors.
    unsafe {
        let [red, green, blue] = channels.map(|values| _mm512_loadu_ps(values.as_ptr()));
        for (third, order) in target.as_chunks_mut::<BLOCK>().0.iter_mut().zip(&ORDER) {
            let [of_two, of_three] =
                [&order[0], &order[1]].map(|lanes| _mm512_loadu_si512(lanes.as_ptr().cast()));
            let two = _mm512_permutex2var_ps(red, of_two, green);
            _mm512_storeu_ps(third.as_mut_ptr(), _mm512_permutex2var_ps(two, of_three, blue));
        }
    }
    true
}

/// Puts the values of three channels by turns; false where the processor has no instruction for it.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn three<S: Simd>(_: S, _: [f32x16<S>; 3], _: &mut [f32; 3 * BLOCK]) -> bool {
    false
}

/// For each third of the result: which lanes of red and, from 16 on, of green it takes; then which of
/// these and, from 16 on, of blue.
#[cfg(target_arch = "x86_64")]
const ORDER: [[[i32; BLOCK]; 2]; 3] = {
    let mut order = [[[0; BLOCK]; 2]; 3];
    let mut place = 0;
    while place < 3 * BLOCK {
        let (third, lane) = (place / BLOCK, place % BLOCK);
        let pixel = (place / 3) as i32;
        let [of_two, of_three] = &mut order[third];
        of_three[lane] = lane as i32;
        match place % 3 {
            0 => of_two[lane] = pixel,
            1 => of_two[lane] = BLOCK as i32 + pixel,
            _ => of_three[lane] = BLOCK as i32 + pixel,
        }
        place += 1;
    }
    order
};
