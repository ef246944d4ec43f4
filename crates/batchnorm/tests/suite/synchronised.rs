//! Workers that train as if their batches were one.

use std::error::Error as StdError;
use std::thread;

use mizumashi_batchnorm::{
    BatchNorm, BatchNormConfig, Collective, Error, Gradients, Layout, Real, Workers,
};
use ndarray::{Array, Array1, Array4, ArrayView4, Axis, Dimension, Ix4, array, concatenate, s};
use num_traits::cast;

/// Rows of the workers: not equally many.
const CUTS: [usize; 4] = [0, 3, 4, 9];

/// A layer after a step, its output and its gradients.
type Trained<T> = (BatchNorm<T>, Array4<T>, Gradients<T, Ix4>);

fn whole<T: Real>(layout: Layout, x: &Array4<T>, dy: &Array4<T>) -> Trained<T> {
    let mut layer = layer(x.len_of(layout.channel_axis()), layout);
    let (y, saved) = layer.forward(x.view()).unwrap();
    let gradients = layer.backward(&saved, x.view(), dy.view()).unwrap();
    (layer, y, gradients)
}

/// What the workers make of their parts, in order.
fn parts<T: Real>(layout: Layout, x: &Array4<T>, dy: &Array4<T>) -> Vec<Trained<T>> {
    let layer = layer::<T>(x.len_of(layout.channel_axis()), layout);
    thread::scope(|scope| {
        let threads: Vec<_> = Workers::group(CUTS.len() - 1)
            .into_iter()
            .map(|worker| {
                let (mut layer, cut) =
                    (layer.clone(), CUTS[worker.rank()]..CUTS[worker.rank() + 1]);
                let mine = |batch: &Array4<T>| batch.slice(s![cut.clone(), .., .., ..]).to_owned();
                let (x, dy) = (mine(x), mine(dy));
                scope.spawn(move || {
                    let (y, saved) = layer.training().across(&worker).forward(x.view()).unwrap();
                    let backward = layer.backpropagation(&saved).across(&worker);
                    let gradients = backward.backward(x.view(), dy.view()).unwrap();
                    (layer, y, gradients)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn workers_give_what_one_batch_gives() {
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let (x, dy) = (noise::<f32>([9, 6, 7, 5], 1), noise([9, 6, 7, 5], 2));
        let (layer, y, gradients) = whole(layout, &x, &dy);
        let parts = parts(layout, &x, &dy);
        let joined = |part: fn(&Trained<f32>) -> ArrayView4<f32>| {
            concatenate(Axis(0), &parts.iter().map(part).collect::<Vec<_>>()).unwrap()
        };
        assert!(near(&joined(|part| part.1.view()), &y, 1e-6));
        assert!(near(&joined(|part| part.2.dx.view()), &gradients.dx, 1e-6));
        for (theirs, _, by) in &parts {
            assert!(near(&by.dgamma, &gradients.dgamma, 1e-5 * 30.0));
            assert!(near(&by.dbeta, &gradients.dbeta, 1e-5 * 30.0));
            assert_eq!(theirs, &parts[0].0); // to the bit
            let (found, expected) = (theirs.running_variance(), layer.running_variance());
            assert!(near(&found.to_owned(), &expected.to_owned(), 1e-12));
        }
    }
}

#[test]
fn exact_types_agree_to_rounding() {
    let (x, dy) = (noise::<f64>([9, 6, 7, 5], 1), noise([9, 6, 7, 5], 2));
    let (_, _, gradients) = whole(Layout::Nchw, &x, &dy);
    for (_, _, by) in parts(Layout::Nchw, &x, &dy) {
        assert!(near(&by.dgamma, &gradients.dgamma, 1e-11));
        assert!(near(&by.dbeta, &gradients.dbeta, 1e-11));
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

/// Values in [-1, 1), by a linear congruential generator.
fn noise<T: Real>(shape: [usize; 4], seed: u32) -> Array4<T> {
    let mut state = seed;
    Array4::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        cast(f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0).unwrap()
    })
}
