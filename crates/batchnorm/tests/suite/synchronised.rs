//! Workers that train as if their batches were one.

use std::error::Error as StdError;
use std::ops::Range;
use std::thread;

use crate::properties::noise;
use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Collective, Error, Gradients, Layout, Real, Workers,
};
use ndarray::{Array, Array1, Array4, ArrayView4, Axis, Dimension, Ix4, array, concatenate, s};
use num_traits::cast;
use proptest::prelude::*;

/// A batch, the gradient of its output, and the weights of its samples, if any.
struct Batch<T> {
    layout: Layout,
    x: Array4<T>,
    dy: Array4<T>,
    weights: Option<Array1<T>>,
}

/// A layer after a step, its output and its gradients.
type Trained<T> = (BatchNorm<T>, Array4<T>, Gradients<T, Ix4>);

impl<T: Real> Batch<T> {
    fn rows(&self, cut: Range<usize>) -> Self {
        let mine = |batch: &Array4<T>| batch.slice(s![cut.clone(), .., .., ..]).to_owned();
        let weights =
            self.weights.as_ref().map(|weights| weights.slice(s![cut.clone()]).to_owned());
        Self { layout: self.layout, x: mine(&self.x), dy: mine(&self.dy), weights }
    }

    fn step(&self, worker: Option<&Workers>) -> Trained<T> {
        let Self { layout, x, dy, weights } = self;
        let mut layer = layer(x.len_of(layout.channel_axis()), *layout);
        let mut training = layer.training();
        if let Some(weights) = weights {
            training = training.weights(weights.view());
        }
        if let Some(worker) = worker {
            training = training.across(worker);
        }
        let (y, saved) = training.forward(x.view()).unwrap();
        let mut backward = layer.backpropagation(&saved);
        if let Some(worker) = worker {
            backward = backward.across(worker);
        }
        let gradients = backward.backward(x.view(), dy.view()).unwrap();
        (layer, y, gradients)
    }
}

/// Checks what workers make of the rows between these cuts against what one makes of all.
fn check<T: Real>(batch: &Batch<T>, cuts: &[usize], limit: f64) {
    let parts: Vec<Trained<T>> = thread::scope(|scope| {
        let workers = Workers::group(cuts.len() - 1).into_iter();
        let threads: Vec<_> = workers
            .zip(cuts.windows(2))
            .map(|(worker, cut)| {
                let mine = batch.rows(cut[0]..cut[1]);
                scope.spawn(move || mine.step(Some(&worker)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (layer, y, gradients) = batch.step(None);
    let joined = |part: fn(&Trained<T>) -> ArrayView4<T>| {
        concatenate(Axis(0), &parts.iter().map(part).collect::<Vec<_>>()).unwrap()
    };
    assert!(near(&joined(|part| part.1.view()), &y, limit));
    assert!(near(&joined(|part| part.2.dx.view()), &gradients.dx, limit));
    let (first, _, by_first) = &parts[0];
    assert!(near(&by_first.dgamma, &gradients.dgamma, limit));
    assert!(near(&by_first.dbeta, &gradients.dbeta, limit));
    let running = |layer: &BatchNorm<T>| {
        concatenate![Axis(0), layer.running_mean(), layer.running_variance()]
    };
    assert!(near(&running(first), &running(&layer), 1e-12));
    for (other, _, by) in &parts {
        // To the bit.
        assert!(other == first);
        assert!((&by.dgamma, &by.dbeta) == (&by_first.dgamma, &by_first.dbeta));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn however_a_batch_is_cut_its_workers_give_what_one_gives(
        [n, c, h, w] in [2..12_usize, 1..20, 2..6, 2..6],
        cuts in prop::collection::btree_set(1..11_usize, 0..5),
        weights in prop::option::of(prop::collection::vec(prop_oneof![Just(0.0), 0.5..3.0], 12)),
        layout in prop::sample::select(vec![Layout::Nchw, Layout::Nhwc]),
        seed: u32,
    ) {
        let shape = layout.batch_shape(n, [h, w, c]);
        let weights = weights.map(|weights| Array1::from(weights[..n].to_vec()));
        prop_assume!(weights.as_ref().is_none_or(|weights| weights.sum() > 0.0));
        let batch = Batch { layout, x: noise(shape, seed), dy: noise(shape, !seed), weights };
        let cuts: Vec<_> =
            [0].into_iter().chain(cuts.into_iter().filter(|&cut| cut < n)).chain([n]).collect();
        // An inv_std, of 4 values at the least, hardly reaches 50. A gradient multiplies a rounding
        // by its square, or by it and is summed over at most 275 values.
        check::<f64>(&batch, &cuts, 1e-11);
    }
}

#[test]
fn single_precision_loses_no_more_than_its_last_digit() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let (x, dy) = (noise([9, 6, 7, 5], 1), noise([9, 6, 7, 5], 2));
        // The last digit of what is below 32.
        check::<f32>(&Batch { layout, x, dy, weights: None }, &[0, 3, 4, 9], 2e-6);
    }
}

#[test]
fn a_worker_whose_batch_is_masked_takes_part() {
    let x = noise::<f64>([4, 3, 2, 2], 1);
    let mut expected = layer::<f64>(3, Layout::Nchw);
    let (y, _) = expected.forward(x.slice(s![..2, .., .., ..])).unwrap();
    let layer = layer::<f64>(3, Layout::Nchw);
    thread::scope(|scope| {
        for worker in Workers::group(2) {
            let (mut layer, x, y, expected) = (layer.clone(), &x, &y, &expected);
            scope.spawn(move || {
                let first = 2 * worker.rank();
                let weights = Array1::from_elem(2, if first == 0 { 1.0 } else { 0.0 });
                let training = layer.training().weights(weights.view()).across(&worker);
                let (found, _) =
                    training.forward(x.slice(s![first..first + 2, .., .., ..])).unwrap();
                if first == 0 {
                    assert!(near(&found, y, 1e-12));
                }
                let (found, expected) = (layer.running_mean(), expected.running_mean());
                assert!(near(&found.to_owned(), &expected.to_owned(), 1e-12));
            });
        }
    });
}

#[test]
fn a_value_that_is_not_finite_stops_all_workers_alike() {
    let layer = layer::<f64>(2, Layout::Nchw);
    thread::scope(|scope| {
        for worker in Workers::group(2) {
            let mut layer = layer.clone();
            scope.spawn(move || {
                let bad = if worker.rank() == 1 { f64::NAN } else { 2.0 };
                let (x, before) = (array![[1.0, bad], [0.0, 5.0]], layer.clone());
                let mut y = x.clone();
                let training = layer.training().across(&worker);
                let error = training.forward_into(x.view(), y.view_mut()).unwrap_err();
                assert!(matches!(error, Error::NonFinite { channel: 1, .. }), "{error}");
                assert_eq!(layer, before);
            });
        }
    });
}

#[test]
fn a_worker_that_leaves_does_not_keep_the_others_waiting() {
    let mut workers = Workers::group(3);
    let left = workers.remove(1);
    thread::scope(|scope| {
        for worker in workers {
            scope.spawn(move || {
                let error = worker.all_gather(&[1.0]).unwrap_err();
                assert_eq!(error.to_string(), "worker 1 has left the group");
            });
        }
        drop(left);
    });
}

#[test]
fn one_who_leaves_after_the_exchange_has_taken_part() {
    for _ in 0..100 {
        thread::scope(|scope| {
            for worker in Workers::group(3) {
                scope.spawn(move || {
                    let mine = [worker.rank() as f64];
                    assert_eq!(worker.all_gather(&mine).unwrap(), [0.0, 1.0, 2.0]);
                });
            }
        });
    }
}

#[test]
fn layers_of_other_sizes_cannot_agree() {
    thread::scope(|scope| {
        for worker in Workers::group(2) {
            scope.spawn(move || {
                let channels = 2 + worker.rank();
                let x = Array4::<f64>::ones((2, channels, 1, 1));
                let mut layer = layer::<f64>(channels, Layout::Nchw);
                let error = layer.training().across(&worker).forward(x.view()).unwrap_err();
                assert!(error.to_string().contains("brought [6, 9] numbers"), "{error}");
            });
        }
    });
}

#[test]
fn both_passes_are_made_across_workers_or_none() {
    let mut layer = layer::<f64>(1, Layout::Nchw);
    let x = array![[1.0], [2.0]];
    let alone = Workers::group(1).remove(0);
    let (_, saved) = layer.training().across(&alone).forward(x.view()).unwrap();
    let error = layer.backward(&saved, x.view(), x.view()).unwrap_err();
    assert_eq!(error, Error::Synchronisation { saved: true });
    let (_, saved) = layer.forward(x.view()).unwrap();
    let error = layer.backpropagation(&saved).across(&alone).backward(x.view(), x.view());
    assert_eq!(error.unwrap_err(), Error::Synchronisation { saved: false });
}

#[test]
fn a_collective_that_fails_is_quoted() {
    struct Broken;

    impl Collective for Broken {
        fn all_gather(&self, mine: &[f64]) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> {
            if mine.len() == 3 { Err("the cable is cut".into()) } else { Ok(vec![1.0]) }
        }
    }

    let mut one = layer::<f64>(1, Layout::Nchw);
    let error = one.training().across(&Broken).forward(array![[1.0], [2.0]].view()).unwrap_err();
    assert_eq!(error, Error::Collective { reason: "the cable is cut".into() });
    let mut two = layer::<f64>(2, Layout::Nchw);
    let error = two.training().across(&Broken).forward(array![[1.0, 2.0], [3.0, 5.0]].view());
    assert!(error.is_err());
}

fn layer<T: Real>(channels: usize, layout: Layout) -> BatchNorm<T> {
    let config = BatchNormConfig { layout, ..BatchNormConfig::pytorch() };
    let mut layer = BatchNorm::new(channels, config).unwrap();
    for channel in 0..channels {
        layer.gamma_mut()[channel] = cast(0.5 + channel as f64 / 7.0).unwrap();
    }
    layer
}

fn near<T: Real, D: Dimension>(found: &Array<T, D>, expected: &Array<T, D>, limit: f64) -> bool {
    assert_eq!(found.shape(), expected.shape());
    found.iter().zip(expected).all(|(&a, &b)| (a.into() - b.into()).abs() < limit)
}
