//! The kernel for processors with AVX-512: sixteen pixels at a time, with the bits of
//! [`scalar`](super::scalar).
//!
//! It takes what training batches are made of: bilinear resampling of `u8` pixels with one to four
//! channels next to each other into `f32`, with a constant border or the nearest one.

#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m512, __m512i, __mmask16, _CMP_EQ_OQ, _CMP_GE_OQ, _mm512_add_epi32, _mm512_add_ps,
    _mm512_and_si512, _mm512_cmp_ps_mask, _mm512_cmpeq_epi32_mask, _mm512_cmpge_epi32_mask,
    _mm512_cmplt_epi32_mask, _mm512_cvtepi32_ps, _mm512_loadu_epi32, _mm512_loadu_epi64,
    _mm512_loadu_ps, _mm512_mask_add_epi32, _mm512_mask_blend_epi32, _mm512_mask_blend_ps,
    _mm512_mask_permutexvar_ps, _mm512_mask_storeu_ps, _mm512_mask_sub_ps, _mm512_max_epi32,
    _mm512_min_epi32, _mm512_mul_ps, _mm512_mullo_epi32, _mm512_permutex2var_epi32,
    _mm512_permutex2var_ps, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_set1_ps,
    _mm512_setr_epi32, _mm512_srlv_epi32, _mm512_srlv_epi64, _mm512_storeu_epi32, _mm512_sub_ps,
};
use std::array;

use super::Scaling;
use super::block::{Axis, BLOCK, Coordinates};
use super::pixels::{Layout, Packed, PackedMut};
use crate::{Border, Interpolation, PixelValue, Warp};

/// Fills the destination if this kernel can; false if it left it alone.
pub(super) fn warp<S: PixelValue, D: PixelValue>(
    warp: &Warp,
    source: &Packed<'_, S>,
    destination: &mut PackedMut<'_, D>,
    scaling: Option<Scaling<'_>>,
) -> bool {
    if warp.interpolation != Interpolation::Bilinear
        || !matches!(warp.border, Border::Constant(_) | Border::Nearest)
        || !is_x86_feature_detected!("avx512f")
    {
        return false;
    }
    let Some(source) = Source::new(source) else { return false };
    let Some((floats, &Layout { dim, strides })) = destination.floats() else { return false };
    let mut target = Target { floats, width: dim.1, strides };
    // SAFETY: the processor has AVX-512F.
    unsafe {
        match dim.2 {
            1 => run::<1>(warp, &source, &mut target, dim.0, scaling),
            2 => run::<2>(warp, &source, &mut target, dim.0, scaling),
            3 => run::<3>(warp, &source, &mut target, dim.0, scaling),
            4 => run::<4>(warp, &source, &mut target, dim.0, scaling),
            _ => return false,
        }
    }
    true
}

/// Pixels that lie next to each other in a row, so that one load fetches two of them.
struct Source<'a> {
    bytes: &'a [u8],
    height: i32,
    width: i32,
    row_stride: i32,
    column_stride: i32,
}

impl<'a> Source<'a> {
    /// `None` where the pixels are not `u8`, not packed, or their places are beyond `i32`.
    fn new<S: PixelValue>(source: &Packed<'a, S>) -> Option<Self> {
        let (bytes, layout) = source.bytes()?;
        let (height, width, channels) = layout.dim;
        let [row_stride, column_stride, channel_stride] = layout.strides;
        let packed = column_stride == channels && (channels == 1 || channel_stride == 1);
        let in_reach = (8..=i32::MAX as usize).contains(&bytes.len());
        (packed && in_reach).then_some(Self {
            bytes,
            height: height as i32,
            width: width as i32,
            row_stride: row_stride as i32,
            column_stride: column_stride as i32,
        })
    }

    /// The pixels at these places and, in the lanes of `adjacent`, those to the right of them, else
    /// the same ones again; the first channel in the lowest byte.
    ///
    /// Plain loads of eight bytes, which hold both pixels, outrun gathers of four.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn pairs(&self, rows: __m512i, x: &Neighbours) -> (__m512i, __m512i) {
        let mut offsets = [0_i32; BLOCK];
        // SAFETY: the array holds sixteen values.
        unsafe { _mm512_storeu_epi32(offsets.as_mut_ptr(), _mm512_add_epi32(rows, x.first)) };
        let last = self.bytes.len() - 8;
        let mut words = [0_i64; BLOCK];
        for (word, offset) in words.iter_mut().zip(offsets) {
            // A pixel at the very end is reached from up to seven bytes before it.
            let offset = offset as usize;
            let within = offset.min(last);
            let mut eight = [0; 8];
            eight.copy_from_slice(&self.bytes[within..within + 8]);
            *word = (u64::from_le_bytes(eight) >> (8 * (offset - within))) as i64;
        }
        // SAFETY: the array holds twice eight values.
        let (low, high) = unsafe {
            (_mm512_loadu_epi64(words.as_ptr()), _mm512_loadu_epi64(words[8..].as_ptr()))
        };
        let pixel = _mm512_set1_epi64(8 * i64::from(self.column_stride));
        let left = lower_halves(low, high);
        let right = lower_halves(_mm512_srlv_epi64(low, pixel), _mm512_srlv_epi64(high, pixel));
        (left, _mm512_mask_blend_epi32(x.adjacent, left, right))
    }
}

/// The lower 32 bits of twice eight words.
#[target_feature(enable = "avx512f")]
#[inline]
fn lower_halves(low: __m512i, high: __m512i) -> __m512i {
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    _mm512_permutex2var_epi32(low, even, high)
}

/// Where the values go.
struct Target<'a> {
    floats: &'a mut [f32],
    width: usize,
    strides: [usize; 3],
}

#[target_feature(enable = "avx512f")]
fn run<const C: usize>(
    warp: &Warp,
    source: &Source<'_>,
    target: &mut Target<'_>,
    height: usize,
    scaling: Option<Scaling<'_>>,
) {
    let coordinates = Coordinates::new(&warp.map);
    let factors: Option<([f32; C], [f32; C])> = scaling.map(|scaling| scaling.of(0));
    let fill = _mm512_set1_ps(warp.border.fill());
    let constant = matches!(warp.border, Border::Constant(_));
    for row in 0..height {
        for start in (0..target.width).step_by(BLOCK) {
            let (x_axis, y_axis) = coordinates.axes();
            let x = Neighbours::new(x_axis, row, start, source.width, source.column_stride);
            let y = Neighbours::new(y_axis, row, start, source.height, source.row_stride);
            let (upper_left, upper_right) = source.pairs(y.first, &x);
            let (lower_left, lower_right) = source.pairs(y.second, &x);
            let values: [__m512; C] = array::from_fn(|channel| {
                let top = lerp(of(upper_left, channel), of(upper_right, channel), x.weight);
                let bottom = lerp(of(lower_left, channel), of(lower_right, channel), x.weight);
                let value = lerp(top, bottom, y.weight);
                let value = if constant {
                    _mm512_mask_blend_ps(x.within & y.within, fill, value)
                } else {
                    value
                };
                match &factors {
                    Some((scale, shift)) => _mm512_add_ps(
                        _mm512_mul_ps(value, _mm512_set1_ps(scale[channel])),
                        _mm512_set1_ps(shift[channel]),
                    ),
                    None => value,
                }
            });
            target.store(row, start, values);
        }
    }
}

/// One channel of gathered pixels.
#[target_feature(enable = "avx512f")]
#[inline]
fn of(pixels: __m512i, channel: usize) -> __m512 {
    let bytes = _mm512_srlv_epi32(pixels, _mm512_set1_epi32(8 * channel as i32));
    _mm512_cvtepi32_ps(_mm512_and_si512(bytes, _mm512_set1_epi32(255)))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn lerp(from: __m512, to: __m512, weight: __m512) -> __m512 {
    _mm512_add_ps(from, _mm512_mul_ps(_mm512_sub_ps(to, from), weight))
}

/// The two neighbours of sixteen coordinates on one axis, as offsets into the source.
struct Neighbours {
    first: __m512i,
    second: __m512i,
    weight: __m512,
    /// Where the two are different pixels of the image.
    adjacent: __mmask16,
    /// Where the coordinate is within the image.
    within: __mmask16,
}

impl Neighbours {
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn new(axis: &Axis, row: usize, column: usize, len: i32, stride: i32) -> Self {
        let (base, rest) = axis.base(row as f64, column as f64);
        let lanes = axis.lanes();
        // SAFETY: both arrays hold sixteen values.
        let (offsets, rests) = unsafe {
            (_mm512_loadu_epi32(lanes.index.as_ptr()), _mm512_loadu_ps(lanes.weight.as_ptr()))
        };
        let (zero, one) = (_mm512_set1_epi32(0), _mm512_set1_epi32(1));
        let whole = _mm512_set1_ps(1.0);
        let t = _mm512_add_ps(_mm512_set1_ps(rest), rests);
        let carries = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(t, whole);
        let weight = _mm512_mask_sub_ps(t, carries, t, whole);
        let index = _mm512_add_epi32(_mm512_set1_epi32(base), offsets);
        let index = _mm512_mask_add_epi32(index, carries, index, one);

        let last = _mm512_set1_epi32(len - 1);
        let on_last = _mm512_cmpeq_epi32_mask(index, last)
            & _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(weight, _mm512_set1_ps(0.0));
        let between = _mm512_cmpge_epi32_mask(index, zero) & _mm512_cmplt_epi32_mask(index, last);
        let place = |index| {
            let index = _mm512_min_epi32(_mm512_max_epi32(index, zero), last);
            _mm512_mullo_epi32(index, _mm512_set1_epi32(stride))
        };
        Self {
            first: place(index),
            second: place(_mm512_add_epi32(index, one)),
            weight,
            adjacent: between,
            within: between | on_last,
        }
    }
}

impl Target<'_> {
    /// Stores the values of up to sixteen pixels, as many as the row has from `start` on.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn store<const C: usize>(&mut self, row: usize, start: usize, values: [__m512; C]) {
        let [row_stride, column_stride, channel_stride] = self.strides;
        let count = BLOCK.min(self.width - start);
        let offset = row * row_stride + start * column_stride;
        if column_stride == 1 {
            for (channel, value) in values.into_iter().enumerate() {
                put(&mut self.floats[offset + channel * channel_stride..][..count], value);
            }
        } else if let ([red, green, blue], 3, 1) = (&values[..], column_stride, channel_stride) {
            let pixels = &mut self.floats[offset..][..3 * count];
            for (third, values) in pixels.chunks_mut(BLOCK).enumerate() {
                put(values, interleaved(third, *red, *green, *blue));
            }
        } else {
            for (channel, value) in values.into_iter().enumerate() {
                let mut lanes = [0.0; BLOCK];
                put(&mut lanes, value);
                for (lane, value) in lanes[..count].iter().enumerate() {
                    self.floats[offset + lane * column_stride + channel * channel_stride] = *value;
                }
            }
        }
    }
}

/// Stores the first lanes, as many as `values` has room for; at most sixteen.
#[target_feature(enable = "avx512f")]
#[inline]
fn put(values: &mut [f32], lanes: __m512) {
    let count = values.len().min(BLOCK);
    let mask = (u32::from(u16::MAX) >> (BLOCK - count)) as __mmask16;
    // SAFETY: only the first `count` lanes are written, and the slice is at least as long.
    unsafe { _mm512_mask_storeu_ps(values.as_mut_ptr(), mask, lanes) }
}

/// A third of sixteen pixels with their channels next to each other.
#[target_feature(enable = "avx512f")]
#[inline]
fn interleaved(third: usize, red: __m512, green: __m512, blue: __m512) -> __m512 {
    let order = &INTERLEAVED[third];
    // SAFETY: both arrays hold sixteen values.
    let (of_both, of_blue) = unsafe {
        (_mm512_loadu_epi32(order.red_and_green.as_ptr()), _mm512_loadu_epi32(order.blue.as_ptr()))
    };
    let both = _mm512_permutex2var_ps(red, of_both, green);
    _mm512_mask_permutexvar_ps(both, order.is_blue, of_blue, blue)
}

/// Which lane of which channel comes to each place of a third.
struct Order {
    /// Lanes of red from 0, of green from 16.
    red_and_green: [i32; BLOCK],
    blue: [i32; BLOCK],
    is_blue: __mmask16,
}

static INTERLEAVED: [Order; 3] = [Order::of(0), Order::of(1), Order::of(2)];

impl Order {
    const fn of(third: usize) -> Self {
        let mut order = Self { red_and_green: [0; BLOCK], blue: [0; BLOCK], is_blue: 0 };
        let mut place = 0;
        while place < BLOCK {
            let value = third * BLOCK + place;
            let (pixel, channel) = ((value / 3) as i32, value % 3);
            order.red_and_green[place] = pixel + if channel == 1 { BLOCK as i32 } else { 0 };
            order.blue[place] = pixel;
            if channel == 2 {
                order.is_blue |= 1 << place;
            }
            place += 1;
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, ArrayView3, ArrayViewMut3};
    use proptest::prelude::*;

    use super::*;
    use crate::Affine;
    use crate::kernel::in_groups_of_channels;

    /// Rotations, shears, zooms, flips, whole and half pixels, and places far outside.
    fn maps() -> impl Strategy<Value = Affine> {
        let step = || prop_oneof![-8.0..8.0, Just(1.0), Just(-1.0), Just(0.0), Just(0.5)];
        let offset = || {
            prop_oneof![-60.0..60.0, (-40..80_i32).prop_map(|n| f64::from(n) / 2.0), -1e12..1e12]
        };
        (step(), step(), offset(), step(), step(), offset())
            .prop_map(|(a, b, c, d, e, f)| Affine::new([[a, b, c], [d, e, f]]))
    }

    /// The bits that both kernels give, where this one runs at all.
    fn both(
        warp: &Warp,
        source: ArrayView3<'_, u8>,
        mut fast: ArrayViewMut3<'_, f32>,
        mut slow: ArrayViewMut3<'_, f32>,
        scaling: Option<Scaling<'_>>,
    ) -> bool {
        let source = Packed::new(&source).unwrap();
        in_groups_of_channels(warp, &source, PackedMut::new(&mut slow).unwrap(), scaling);
        super::warp(warp, &source, &mut PackedMut::new(&mut fast).unwrap(), scaling)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_bits_are_those_of_the_scalar_kernel(
            map in maps(),
            (height, width, channels) in (1usize..40, 1usize..40, 1usize..5),
            (rows, columns) in (1usize..8, 1usize..71),
            constant: bool,
            channels_first: bool,
            scaled: bool,
            seed: u8,
        ) {
            let source = Array3::from_shape_fn((height, width, channels), |(y, x, c)| {
                (y * 89 + x * x * 31 + c * 57 + y * x * 7).wrapping_mul(usize::from(seed) + 1) as u8
            });
            let border = if constant { Border::Constant(7.25) } else { Border::Nearest };
            let warp = Warp { map, interpolation: Interpolation::Bilinear, border };
            let (scale, shift) = ([0.37, -1.1, 2.5, 1e-3], [5.0, 0.1, -3.3, 1e4]);
            let scaling = Scaling { scale: &scale[..channels], shift: &shift[..channels] };
            let empty = || if channels_first {
                Array3::<f32>::zeros((channels, rows, columns)).permuted_axes([1, 2, 0])
            } else {
                Array3::zeros((rows, columns, channels))
            };
            let (mut fast, mut slow) = (empty(), empty());
            let ran = both(
                &warp, source.view(), fast.view_mut(), slow.view_mut(), scaled.then_some(scaling),
            );
            prop_assert_eq!(ran, is_x86_feature_detected!("avx512f") && source.len() >= 8);
            if ran {
                let bits = |image: &Array3<f32>| image.mapv(f32::to_bits);
                prop_assert_eq!(bits(&fast), bits(&slow));
            }
        }
    }

    #[test]
    fn what_it_cannot_do_it_leaves_alone() {
        let source = Array3::<u8>::zeros((4, 4, 3));
        let map = Affine::rotation(10.0);
        let refused = |interpolation, border, source: ArrayView3<'_, u8>| {
            let mut untouched = Array3::from_elem((4, 4, source.dim().2), 0.5_f32);
            let ran = super::warp(
                &Warp { map, interpolation, border },
                &Packed::new(&source).unwrap(),
                &mut PackedMut::new(&mut untouched.view_mut()).unwrap(),
                None,
            );
            !ran && untouched.iter().all(|&value| value == 0.5)
        };
        assert!(refused(Interpolation::Nearest, Border::Nearest, source.view()));
        assert!(refused(Interpolation::Bilinear, Border::Reflect, source.view()));
        let planar = source.view().permuted_axes([2, 1, 0]);
        assert!(refused(Interpolation::Bilinear, Border::Nearest, planar));
        let many = Array3::<u8>::zeros((4, 4, 5));
        assert!(refused(Interpolation::Bilinear, Border::Nearest, many.view()));
    }
}
