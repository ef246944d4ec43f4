use std::collections::{BTreeMap, BTreeSet};

use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;

use crate::Error;
use crate::finite::check_finite;

/// Exact quantiles of real values, by numpy's `linear` rule, without copying or sorting them.
///
/// `values` may have any shape and strides; `qs` are from 0 to 1 in any order, and the result
/// follows it. Values are counted by the upper half of their bit patterns and then, where a
/// quantile lies, by the lower half; so memory does not depend on their number.
///
/// ```
/// use mizumashi_stats::quantiles;
/// use ndarray::array;
///
/// let image = array![[4.0, 1.0], [2.0, 3.0]];
/// assert_eq!(quantiles(image.view(), &[0.5, 0.0, 0.75])?, [2.5, 1.0, 3.25]);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Quantile`] when one of `qs` is out of range, [`Error::Empty`] when there are no values,
/// [`Error::NonFinite`] when one is NaN or infinite.
pub fn quantiles<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    qs: &[f64],
) -> Result<Vec<f64>, Error> {
    qs.iter().try_for_each(|&q| check(q))?;
    if values.is_empty() {
        return Err(Error::Empty { shape: values.shape().to_vec() });
    }
    check_finite(&values)?;

    let count = values.len() as u64;
    let ranks: BTreeSet<u64> = qs
        .iter()
        .map(|&q| position(q, count).0)
        .flat_map(|rank| [rank, (rank + 1).min(count - 1)])
        .collect();
    let value_of_rank = values_of_ranks(&values, &ranks);
    Ok(qs.iter().map(|&q| interpolate(q, count, |rank| value_of_rank[&rank].into())).collect())
}

/// Refuses a quantile outside 0 to 1, NaN included.
pub(crate) fn check(q: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&q) { Ok(()) } else { Err(Error::Quantile { value: q }) }
}

/// numpy's `linear` rule, operation by operation: the value at position q (count - 1) of the
/// sorted set, whose entries `value_of_rank` tells.
pub(crate) fn interpolate(q: f64, count: u64, value_of_rank: impl Fn(u64) -> f64) -> f64 {
    let (rank, weight) = position(q, count);
    let low = value_of_rank(rank);
    let high = value_of_rank((rank + 1).min(count - 1));
    let span = high - low;
    if weight < 0.5 { low + span * weight } else { high - span * (1.0 - weight) }
}

/// Whole and fractional part of q (count - 1).
fn position(q: f64, count: u64) -> (u64, f64) {
    let position = q * (count - 1) as f64;
    (position as u64, position.fract())
}

/// Values of one half of a bit pattern.
const HALF: usize = 1 << 16;

/// The values at these ranks (from 0) of the sorted set.
fn values_of_ranks<D: Dimension>(
    values: &ArrayView<'_, f32, D>,
    ranks: &BTreeSet<u64>,
) -> BTreeMap<u64, f32> {
    // How many upper halves are looked into during one pass: bounds the counters to 4 MB.
    const UPPER_AT_ONCE: usize = 8;

    let upper_counts = count_by(values, HALF, |key| Some(upper(key)));
    let mut ranks_of_upper: BTreeMap<usize, Vec<(u64, u64)>> = BTreeMap::new();
    for &rank in ranks {
        let (upper, rank_within) = find(&upper_counts, rank);
        ranks_of_upper.entry(upper).or_default().push((rank, rank_within));
    }

    let mut found = BTreeMap::new();
    for wanted in Vec::from_iter(ranks_of_upper).chunks(UPPER_AT_ONCE) {
        let mut slots = vec![None; HALF];
        for (slot, (upper, _)) in wanted.iter().enumerate() {
            slots[*upper] = Some(slot * HALF);
        }
        let counts = count_by(values, wanted.len() * HALF, |key| {
            slots[upper(key)].map(|slot| slot + lower(key))
        });
        for ((upper, ranks), lower_counts) in wanted.iter().zip(counts.chunks(HALF)) {
            for &(rank, rank_within) in ranks {
                let (lower, _) = find(lower_counts, rank_within);
                found.insert(rank, value_of((upper * HALF + lower) as u32));
            }
        }
    }
    found
}

/// How often each index occurs among the keys of the values.
fn count_by<D: Dimension>(
    values: &ArrayView<'_, f32, D>,
    len: usize,
    index: impl Fn(u32) -> Option<usize> + Sync,
) -> Vec<u64> {
    let count = |mut counts: Vec<u64>, value: &f32| {
        if let Some(index) = index(key_of(*value)) {
            counts[index] += 1;
        }
        counts
    };
    match values.as_slice_memory_order() {
        Some(values) => values
            .par_chunks(1 << 20)
            .fold(|| vec![0; len], |counts, chunk| chunk.iter().fold(counts, count))
            .reduce_with(|left, right| left.iter().zip(&right).map(|(l, r)| l + r).collect())
            .unwrap_or_default(),
        None => values.iter().fold(vec![0; len], count),
    }
}

/// The entry in which `rank` falls when the entries are laid end to end, and the rank within it.
pub(crate) fn find(counts: &[u64], rank: u64) -> (usize, u64) {
    let mut rank = rank;
    let entry = counts.iter().take_while(|&&count| {
        let beyond = rank >= count;
        if beyond {
            rank -= count;
        }
        beyond
    });
    (entry.count(), rank)
}

/// Bits that order as the values do.
fn key_of(value: f32) -> u32 {
    let bits = value.to_bits();
    if value.is_sign_negative() { !bits } else { bits | 1 << 31 }
}

fn value_of(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 0 { !key } else { key & !(1 << 31) })
}

fn upper(key: u32) -> usize {
    key as usize / HALF
}

fn lower(key: u32) -> usize {
    key as usize % HALF
}
