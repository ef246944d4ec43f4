//! Keyed randomness: each number depends on its key and place, and on nothing else.

use std::collections::HashSet;

use mizumashi_transform::transforms::{RandomAffine, Rescale};
use mizumashi_transform::{Draw, Error, ImageShape, Recipe, SampleKey, Step, Transform};
use serde::{Deserialize, Serialize};

const SHAPE: (usize, usize, usize) = (8, 8, 1);

/// Draws `count` numbers and keeps the last one as its factor, 1 if there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Numbers {
    count: usize,
}

#[typetag::serde(name = "test_numbers")]
impl Transform for Numbers {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let mut last = 1.0;
        for _ in 0..self.count {
            last = draw.uniform(0.0, 1.0)?;
        }
        Ok(Step::rescale(last as f32, 0.0, draw.shape().channels))
    }
}

fn draw(key: SampleKey, position: usize) -> Draw {
    Draw::new(key, position, ImageShape::new(SHAPE))
}

fn plan_of(recipe: &Recipe, seed: u64, epoch: u64, index: u64) -> String {
    recipe.draw(SampleKey { seed, epoch, index }, SHAPE).unwrap().to_json().unwrap()
}

/// The factor drawn at `position` of a recipe.
fn factor(recipe: &Recipe, position: usize) -> f32 {
    let plan = recipe.draw(SampleKey { seed: 3, epoch: 1, index: 4 }, SHAPE).unwrap();
    match &plan.steps()[position] {
        Step::Linear(linear) => linear.scale[0],
        other => panic!("{other:?} is not linear"),
    }
}

#[test]
fn the_same_key_gives_the_same_plan_in_any_order() {
    let recipe = Recipe::new()
        .then(RandomAffine::rotation(30.0).unwrap())
        .then(Numbers { count: 2 })
        .then(RandomAffine::flip(true, true));
    let keys = || (0..4).flat_map(|a| (0..4).flat_map(move |b| (0..4).map(move |c| (a, b, c))));
    let forwards: Vec<_> = keys().map(|(a, b, c)| plan_of(&recipe, a, b, c)).collect();
    let keys: Vec<_> = keys().collect();
    let backwards: Vec<_> = keys.iter().rev().map(|&(a, b, c)| plan_of(&recipe, a, b, c)).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
    assert_eq!(forwards.iter().collect::<HashSet<_>>().len(), forwards.len());
}

#[test]
fn how_many_numbers_a_transform_draws_does_not_disturb_the_next_one() {
    let after =
        |count| factor(&Recipe::new().then(Numbers { count }).then(Numbers { count: 1 }), 1);
    assert_eq!(after(0), after(1));
    assert_eq!(after(0), after(100));
}

#[test]
fn the_position_in_the_recipe_is_part_of_the_key() {
    let alone = Recipe::new().then(Numbers { count: 1 });
    let without_chance = Recipe::new().then(Rescale::new(2.0).unwrap());
    let second = without_chance.append(alone.clone());
    assert_ne!(factor(&alone, 0), factor(&second, 1));
    let behind = alone.clone().then(Numbers { count: 5 });
    assert_eq!(factor(&alone, 0), factor(&behind, 0));
}

#[test]
fn changing_a_range_leaves_the_numbers_after_it_alone() {
    let key = SampleKey { seed: 9, epoch: 0, index: 2 };
    let after = |first: &dyn Fn(&mut Draw)| {
        let mut draw = draw(key, 0);
        first(&mut draw);
        draw.uniform(0.0, 1.0).unwrap()
    };
    let one = after(&|draw| assert!(draw.uniform(0.0, 1.0).unwrap() < 1.0));
    assert_eq!(after(&|draw| assert_eq!(draw.uniform(5.0, 5.0).unwrap(), 5.0)), one);
    assert_eq!(after(&|draw| assert!(!draw.chance(0.0))), one);
    assert_eq!(after(&|draw| assert!(draw.chance(1.0))), one);
    let two = after(&|draw| assert!(draw.normal(0.0, 1.0) != 0.0));
    assert_eq!(after(&|draw| assert_eq!(draw.normal(4.0, 0.0), 4.0)), two);
    assert_ne!(one, two);
}

#[test]
fn no_two_keys_share_their_numbers() {
    let small: Vec<u64> = (0..7).chain([u64::MAX, u64::MAX - 1, 1 << 32, 1 << 63]).collect();
    let mut seen = HashSet::new();
    for &seed in &small {
        for &epoch in &small {
            for &index in &small {
                for position in 0..7 {
                    let number = draw(SampleKey { seed, epoch, index }, position).uniform(0.0, 1.0);
                    assert!(seen.insert(number.unwrap().to_bits()), "{seed} {epoch} {index}");
                }
            }
        }
    }
}

const KEYS: u64 = 20_000;

/// For each of many keys, the one at `at` places along an axis: the numbers it draws.
fn series(axis: &str, at: u64, number: impl Fn(&mut Draw) -> f64) -> Vec<f64> {
    (0..KEYS)
        .map(|n| {
            // The other coordinates vary as well, so that no single stream decides.
            let (mut seed, mut epoch, mut index) = (n % 7, n / 7 % 11, n / 77);
            let mut position = n % 5;
            match axis {
                "seed" => seed += at,
                "epoch" => epoch += at,
                "index" => index += at,
                _ => position += at,
            }
            number(&mut draw(SampleKey { seed, epoch, index }, position as usize))
        })
        .collect()
}

fn uniform(draw: &mut Draw) -> f64 {
    draw.uniform(0.0, 1.0).unwrap()
}

fn moment(values: &[f64], power: i32, about: f64) -> f64 {
    values.iter().map(|value| (value - about).powi(power)).sum::<f64>() / values.len() as f64
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (moment(a, 1, 0.0), moment(b, 1, 0.0));
    let common: f64 = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
    common / (moment(a, 2, mean_a) * moment(b, 2, mean_b)).sqrt() / a.len() as f64
}

// The bounds below are four and a half standard errors wide.

#[test]
fn uniform_numbers_have_their_mean_and_variance_along_every_axis() {
    let error = 4.5 / (KEYS as f64).sqrt();
    // One axis alone from 0 on, as a run would see it.
    let axes: [fn(u64) -> (SampleKey, usize); 4] = [
        |n| (SampleKey { seed: n, epoch: 0, index: 0 }, 0),
        |n| (SampleKey { seed: 0, epoch: n, index: 0 }, 0),
        |n| (SampleKey { seed: 0, epoch: 0, index: n }, 0),
        |n| (SampleKey { seed: 0, epoch: 0, index: 0 }, n as usize),
    ];
    for key in axes {
        let values: Vec<f64> =
            (0..KEYS).map(key).map(|(key, position)| uniform(&mut draw(key, position))).collect();
        assert!((moment(&values, 1, 0.0) - 0.5).abs() < error * (1.0 / 12.0f64).sqrt());
        assert!((moment(&values, 2, 0.5) - 1.0 / 12.0).abs() < error * (1.0 / 180.0f64).sqrt());
        assert!(correlation(&values[1..], &values[..values.len() - 1]).abs() < error);
    }
}

#[test]
fn neighbouring_keys_and_numbers_are_not_correlated() {
    let error = 4.5 / (KEYS as f64).sqrt();
    let second = |draw: &mut Draw| {
        uniform(draw);
        uniform(draw)
    };
    for axis in ["seed", "epoch", "index", "position"] {
        let (here, later) = (series(axis, 0, uniform), series(axis, 0, second));
        let found = correlation(&here, &later);
        assert!(found.abs() < error, "first and second number: {found}");
        for step in [1, 2, 3] {
            let there = series(axis, step, uniform);
            for numbers in [&here, &later] {
                let found = correlation(numbers, &there);
                assert!(found.abs() < error, "{axis} + {step}: {found}");
            }
        }
    }
}

#[test]
fn normal_numbers_have_the_moments_and_the_tails_of_the_normal_distribution() {
    let error = 4.5 / (KEYS as f64).sqrt();
    let values = series("index", 0, |draw| draw.normal(10.0, 2.0));
    let standard: Vec<f64> = values.iter().map(|value| (value - 10.0) / 2.0).collect();
    for (power, expected, variance) in
        [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
    {
        let found = moment(&standard, power, 0.0);
        assert!((found - expected).abs() < error * f64::sqrt(variance), "{power}: {found}");
    }
    for (bound, share) in [(0.5, 0.382_925), (1.0, 0.682_689), (2.0, 0.954_500), (3.0, 0.997_300)] {
        let found = standard.iter().filter(|z| z.abs() < bound).count() as f64 / KEYS as f64;
        assert!((found - share).abs() < error * f64::sqrt(share * (1.0 - share)), "{bound}");
    }
}

#[test]
fn chances_come_true_as_often_as_they_should() {
    for probability in [0.0, 0.1, 0.5, 0.9, 1.0] {
        let hits: f64 = series("index", 0, |draw| f64::from(draw.chance(probability))).iter().sum();
        let error = 4.5 * (probability * (1.0 - probability) / KEYS as f64).sqrt();
        assert!((hits / KEYS as f64 - probability).abs() <= error);
    }
    let key = SampleKey { seed: 0, epoch: 0, index: 0 };
    assert!(!draw(key, 0).chance(-1.0) && !draw(key, 0).chance(f64::NAN));
}

#[test]
fn the_numbers_are_those_of_an_independent_chacha() {
    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        key: SampleKey,
        position: usize,
        uniform: Vec<f64>,
        units: Vec<f64>,
        normal: Vec<f64>,
    }
    let golden: Golden = serde_json::from_str(include_str!("../golden/stream.json")).unwrap();
    for Case { key, position, uniform, units, normal } in golden.cases {
        let mut numbers = draw(key, position);
        for expected in uniform {
            assert_eq!(numbers.uniform(-3.0, 5.0).unwrap(), expected);
        }
        let (mut below, mut above) = (draw(key, position), draw(key, position));
        for unit in units {
            assert!(!below.chance(unit) && above.chance(unit.next_up()));
        }
        let mut normals = draw(key, position);
        for expected in normal {
            let number = normals.normal(0.0, 1.0);
            assert!((number - expected).abs() <= 1e-14 * expected.abs().max(1.0));
        }
    }
}
