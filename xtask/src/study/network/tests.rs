//! Gradients against central differences, in `f64`, and training that is the same each time.

use ndarray::{Array1, Array2, Array4};

use super::{Adam, Depth, Network, Plan, cross_entropy, hits};

const CLASSES: usize = 3;

fn batch(samples: usize) -> (Array4<f64>, Array1<usize>) {
    let x = Array4::from_shape_fn((samples, 8, 8, 3), |(sample, row, column, channel)| {
        let place = sample * 311 + row * 89 + column * 53 + channel * 29;
        (place * place % 101) as f64 / 50.0 - 1.0
    });
    (x, Array1::from_shape_fn(samples, |sample| sample % CLASSES))
}

fn plan(depth: Depth, batch_norm: bool) -> Plan {
    Plan { depth, batch_norm, image: [8, 8, 3], classes: CLASSES }
}

fn loss(network: &mut Network<f64>, x: &Array4<f64>, labels: &Array1<usize>) -> f64 {
    let scores = network.forward(x.clone()).unwrap();
    cross_entropy(&scores, labels.view()).0
}

/// The gradient of every parameter, list after list.
fn gradients(network: &mut Network<f64>) -> Vec<Vec<f64>> {
    let mut lists = Vec::new();
    let mut take = |_: &mut [f64], gradient: &[f64]| {
        lists.push(gradient.to_vec());
        Ok(())
    };
    network.visit(&mut take).unwrap();
    lists
}

fn nudge(network: &mut Network<f64>, list: usize, place: usize, by: f64) {
    let mut number = 0;
    let mut add = |values: &mut [f64], _: &[f64]| {
        if number == list {
            values[place] += by;
        }
        number += 1;
        Ok(())
    };
    network.visit(&mut add).unwrap();
}

#[test]
fn gradients_are_those_of_differences() {
    let (x, labels) = batch(5);
    for depth in [Depth::Shallow, Depth::Deep] {
        for batch_norm in [false, true] {
            let mut network = Network::<f64>::new(plan(depth, batch_norm), 3).unwrap();
            let scores = network.forward(x.clone()).unwrap();
            let (_, dscores) = cross_entropy(&scores, labels.view());
            network.backward(dscores).unwrap();
            let gradients = gradients(&mut network);
            let step = 1e-6;
            for (list, gradient) in gradients.iter().enumerate() {
                let scale = gradient.iter().fold(1e-3, |max: f64, slope| max.max(slope.abs()));
                for place in (0..gradient.len()).step_by(1 + gradient.len() / 40) {
                    nudge(&mut network, list, place, step);
                    let above = loss(&mut network, &x, &labels);
                    nudge(&mut network, list, place, -2.0 * step);
                    let below = loss(&mut network, &x, &labels);
                    nudge(&mut network, list, place, step);
                    let difference = (above - below) / (2.0 * step);
                    let error = (difference - gradient[place]).abs() / scale;
                    assert!(
                        error < 1e-6,
                        "{depth:?}, batch norm {batch_norm}, list {list}, place {place}: \
                         {difference} by differences, {} by the network",
                        gradient[place]
                    );
                }
            }
        }
    }
}

#[test]
fn a_small_batch_is_learnt_by_heart_and_in_the_same_way_each_time() {
    let (x, labels) = batch(12);
    for batch_norm in [false, true] {
        let train = || {
            let mut network = Network::<f64>::new(plan(Depth::Deep, batch_norm), 1).unwrap();
            let mut adam = Adam::new();
            let mut losses = Vec::new();
            for _ in 0..150 {
                let scores = network.forward(x.clone()).unwrap();
                let (loss, dscores) = cross_entropy(&scores, labels.view());
                network.backward(dscores).unwrap();
                adam.step(&mut network, 3e-3).unwrap();
                losses.push(loss);
            }
            (losses, network.infer(x.clone()).unwrap())
        };
        let (losses, scores) = train();
        assert!(losses[149] < 0.05 * losses[0], "from {} to {}", losses[0], losses[149]);
        assert_eq!(hits(&scores, labels.view()), 12);
        assert_eq!((losses, scores), train());
    }
}

#[test]
fn scores_that_are_not_numbers_hit_nothing() {
    let scores = Array2::from_elem((4, CLASSES), f32::NAN);
    assert_eq!(hits(&scores, Array1::from(vec![0, 1, 2, 0]).view()), 0);
}
