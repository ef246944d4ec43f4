//! Moments of images and patches that come in parts: how they were cut and joined does not show.

use crate::support::{assert_close, bytes, correlated};
use mizumashi_stats::{JointSummary, PartialState};
use mizumashi_whitening::{ImageMoments, Layout, Method, PatchMoments, Patches, Scope, Whitener};
use ndarray::{Array2, Array4, ArrayView4, Axis, concatenate};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, proptest};
use proptest::test_runner::Config;

/// How many images, by how much they are higher and wider than they must be, and whether channels
/// come first.
type Part = (usize, usize, usize, bool);

/// Parts, some of no images but not all, and the order in which they are merged.
fn parts() -> impl Strategy<Value = (Vec<Part>, Vec<usize>)> {
    vec((0..5_usize, 0..4_usize, 0..4_usize, any::<bool>()), 1..6)
        .prop_filter("no images", |parts| parts.iter().any(|part| part.0 > 0))
        .prop_flat_map(|parts| {
            let order: Vec<usize> = (0..parts.len()).collect();
            (Just(parts), Just(order).prop_shuffle())
        })
}

fn scopes() -> impl Strategy<Value = Scope> {
    any::<bool>().prop_map(|colours| if colours { Scope::Channels } else { Scope::Pixels })
}

fn real_images(n: usize, [height, width, channels]: [usize; 3], seed: u64) -> Array4<f32> {
    let rows = correlated(n, height * width * channels, seed);
    rows.into_shape_with_order((n, height, width, channels)).unwrap()
}

fn byte_images(n: usize, [height, width, channels]: [usize; 3], seed: u64) -> Array4<u8> {
    let rows = bytes(&correlated(n, height * width * channels, seed));
    rows.into_shape_with_order((n, height, width, channels)).unwrap()
}

/// Gives the images between cuts, in order, and in either layout.
fn cut<T>(
    images: ArrayView4<'_, T>,
    cuts: &[usize],
    first: bool,
    mut give: impl FnMut(ArrayView4<'_, T>, Layout),
) {
    let n = images.len_of(Axis(0));
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (n + 1)).chain([0, n]).collect();
    cuts.sort_unstable();
    let (images, layout) = match first {
        true => (images.permuted_axes([0, 3, 1, 2]), Layout::Nchw),
        false => (images, Layout::Nhwc),
    };
    for pair in cuts.windows(2) {
        give(images.slice_axis(Axis(0), (pair[0]..pair[1]).into()), layout);
    }
}

/// All states merged from the left, from the right, and from the left in another order.
fn merged<S: Clone>(states: &[S], order: &[usize], merge: impl Fn(&mut S, &S)) -> [S; 3] {
    let both = |mut one: S, other: &S| {
        merge(&mut one, other);
        one
    };
    let mut shuffled = order.iter().map(|&index| &states[index]);
    let (first, last) = (shuffled.next().unwrap().clone(), states.last().unwrap().clone());
    [
        states[1..].iter().fold(states[0].clone(), both),
        states.iter().rev().skip(1).fold(last, |all, state| both(state.clone(), &all)),
        shuffled.fold(first, both),
    ]
}

proptest! {
    #![proptest_config(Config::with_cases(48))]

    #[test]
    fn byte_images_in_parts_are_the_whole_to_the_bit(
        (parts, order) in parts(), [height, width, channels] in [1..4_usize, 1..4, 1..4],
        scope in scopes(), seed in any::<u64>(),
    ) {
        let features = if scope == Scope::Channels { channels } else { height * width * channels };
        let mut rows = Array2::<u8>::default((0, features));
        let mut whole = ImageMoments::new(scope);
        let mut states = Vec::new();
        for (index, (n, taller, wider, first)) in parts.into_iter().enumerate() {
            // Colours may be those of images of any size.
            let more = if scope == Scope::Channels { [taller, wider] } else { [0, 0] };
            let shape = [height + more[0], width + more[1], channels];
            let images = byte_images(n, shape, seed ^ index as u64);
            whole.update(images.view(), Layout::Nhwc).unwrap();
            let mut state = ImageMoments::new(scope);
            let update = |batch: ArrayView4<'_, u8>, layout| state.update(batch, layout).unwrap();
            cut(images.view(), &[n / 2], first, update);
            states.push(state);
            let count = images.len() / features;
            rows.append(Axis(0), images.to_shape((count, features)).unwrap().view()).unwrap();
        }
        let stored = whole.to_bytes().unwrap();
        for state in merged(&states, &order, |one, other| one.merge(other).unwrap()) {
            assert_eq!(state, whole);
            assert_eq!(state.to_bytes().unwrap(), stored);
        }
        assert_eq!(ImageMoments::<u8>::from_bytes(&stored).unwrap(), whole);
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<ImageMoments<u8>>(&text).unwrap(), whole);

        let whitener = Whitener::zca().method(Some(Method::Primal));
        let fitted = whitener.fit_image_moments(&whole).map(|fitted| fitted.whitening().clone());
        assert_eq!(fitted, whitener.fit(rows.view()));
    }

    #[test]
    fn real_images_in_batches_are_the_whole_to_the_bit_and_in_shards_nearly(
        n in 1..40_usize, shape in [1..6_usize, 1..6, 1..4], scope in scopes(),
        cuts in vec(any::<usize>(), 0..4), first in any::<bool>(), seed in any::<u64>(),
    ) {
        let images = real_images(n, shape, seed);
        let [mut whole, mut batches, mut shards] = [(); 3].map(|()| ImageMoments::new(scope));
        whole.update(images.view(), Layout::Nhwc).unwrap();
        cut(images.view(), &cuts, first, |batch, layout| {
            batches.update(batch, layout).unwrap();
            let mut shard = ImageMoments::new(scope);
            shard.update(batch, layout).unwrap();
            shards.merge(&shard).unwrap();
        });
        assert_eq!(batches, whole);
        assert_eq!(shards.count(), whole.count());
        // Each of the products that are summed is rounded at most as often as there are sums.
        let largest = f64::from(images.fold(0.0_f32, |a, b| a.max(b.abs())));
        let rounding = whole.count() as f64 * f64::EPSILON * largest * largest;
        let [expected, found] = [&whole, &shards].map(|all| all.moments().unwrap().covariance());
        assert_close(&found, &expected, rounding);
    }

    #[test]
    fn patches_of_byte_images_in_parts_are_those_of_the_whole_to_the_bit(
        (parts, order) in parts(), [height, width, channels] in [1..4_usize, 1..4, 1..4],
        sample in option::of((1..9_usize, any::<u64>())), varied in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let all = Patches::new(height, width);
        let patches = sample.map_or(all, |(count, seed)| all.sampled(count, seed));
        let mut whole = PatchMoments::new(patches);
        let (mut images, mut states, mut start) = (Vec::new(), Vec::new(), 0);
        for (index, (n, taller, wider, first)) in parts.into_iter().enumerate() {
            let more = if varied { [taller, wider] } else { [3, 2] };
            let shape = [height + more[0], width + more[1], channels];
            let part = byte_images(n, shape, seed ^ index as u64);
            whole.update(part.view(), Layout::Nhwc).unwrap();
            let mut state = PatchMoments::new(patches).starting_at(start);
            let update = |batch: ArrayView4<'_, u8>, layout| state.update(batch, layout).unwrap();
            cut(part.view(), &[n / 2], first, update);
            states.push(state);
            start += n as u64;
            images.push(part);
        }
        for state in merged(&states, &order, |one, other| one.merge(other).unwrap()) {
            assert_eq!(state, whole);
        }
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<PatchMoments<u8>>(&text).unwrap(), whole);
        if !varied {
            let images: Vec<_> = images.iter().map(|images| images.view()).collect();
            let images = concatenate(Axis(0), &images).unwrap();
            let at_once = Whitener::zca().fit_patches(images.view(), Layout::Nhwc, patches);
            assert_eq!(Whitener::zca().fit_patch_moments(&whole), at_once);
        }
    }

    #[test]
    fn patches_of_real_images_in_batches_are_those_of_the_whole_to_the_bit(
        n in 1..9_usize, [height, width, channels] in [1..4_usize, 1..4, 1..4],
        more in 0..9_usize, sample in option::of((1..99_usize, any::<u64>())),
        cuts in vec(any::<usize>(), 0..4), first in any::<bool>(), seed in any::<u64>(),
    ) {
        let images = real_images(n, [height + more, width + more, channels], seed);
        let all = Patches::new(height, width);
        let patches = sample.map_or(all, |(count, seed)| all.sampled(count, seed));
        let [mut whole, mut batches] = [(); 2].map(|()| PatchMoments::new(patches));
        whole.update(images.view(), Layout::Nhwc).unwrap();
        cut(images.view(), &cuts, first, |batch, layout| batches.update(batch, layout).unwrap());
        assert_eq!(batches, whole);
    }
}

#[test]
fn an_empty_shard_that_starts_further_on_merges_in_either_order() {
    let images = byte_images(5, [6, 6, 3], 1);
    let mut full = PatchMoments::new(Patches::square(2).sampled(3, 1));
    let empty = full.clone().starting_at(10);
    full.update(images.view(), Layout::Nhwc).unwrap();
    let (mut one, mut other) = (full.clone(), empty.clone());
    one.merge(&empty).unwrap();
    other.merge(&full).unwrap();
    assert_eq!(one, other);
}
