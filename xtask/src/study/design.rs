//! What is trained: the grid of the full study and of the quick one, and their budget.

use super::input::Input;
use super::material::Sizes;
use super::network::Depth;
use super::trial::{Setup, Trial};

/// A study.
#[derive(Debug, Clone)]
pub(super) struct Design {
    pub(super) inputs: &'static [Input],
    pub(super) depths: &'static [Depth],
    /// Whether to train with the tutorial's augmentation, too, on inputs where that is affordable.
    pub(super) augmentation: bool,
    /// The learning rates that are tried.
    pub(super) rates: &'static [f64],
    /// How many trainings of each setup, with seeds from 1 on.
    pub(super) seeds: u64,
    pub(super) sizes: Sizes,
    /// Times that a training goes through all training images.
    pub(super) epochs: usize,
    /// The same for a training that only tries a learning rate.
    pub(super) search_epochs: usize,
    /// Numbers of training images, with and without augmentation, in as many steps: how the worth of
    /// augmentation depends on them.
    pub(super) scarce: &'static [usize],
}

/// The seed of the trainings that try a learning rate; those that count have others.
const SEARCH_SEED: u64 = 0;

impl Design {
    /// The study of `docs/study.md`.
    pub(super) fn full(seeds: u64) -> Self {
        Self {
            inputs: &Input::ALL,
            depths: &[Depth::Shallow, Depth::Deep],
            augmentation: true,
            rates: &[3e-4, 1e-3, 3e-3, 1e-2, 3e-2],
            seeds,
            sizes: Sizes { train: 4_000, validation: 1_000, test: 10_000 },
            epochs: 8,
            search_epochs: 3,
            scarce: &[250, 1_000],
        }
    }

    /// A study of a few seconds, at one learning rate, whose plain results are far apart.
    pub(super) fn quick(seeds: u64) -> Self {
        Self {
            inputs: &[Input::Raw, Input::Rescaled, Input::Featurewise],
            depths: &[Depth::Shallow],
            augmentation: false,
            rates: &[3e-3],
            seeds,
            sizes: Sizes { train: 1_900, validation: 100, test: 2_000 },
            epochs: 4,
            search_epochs: 0,
            scarce: &[],
        }
    }

    /// Whether an input is trained on with augmentation, too.
    pub(super) fn augments(&self, input: Input) -> bool {
        self.augmentation && !input.whitens_pixels()
    }

    /// The setups of one input; those without augmentation come first.
    pub(super) fn setups(&self, input: Input) -> Vec<Setup> {
        let augmented: &[bool] = if self.augments(input) { &[false, true] } else { &[false] };
        let mut setups = Vec::new();
        for &augmented in augmented {
            for &depth in self.depths {
                for batch_norm in [false, true] {
                    setups.push(Setup { input, depth, batch_norm, augmented });
                }
            }
        }
        setups
    }

    /// The short trainings that choose a learning rate for this setup; none where there is no choice.
    /// Augmentation takes the rate that was best without it.
    pub(super) fn searches(&self, setup: Setup) -> Vec<Trial> {
        if let [_] = self.rates {
            return Vec::new();
        }
        let setup = Setup { augmented: false, ..setup };
        let trial = |&rate: &f64| Trial {
            setup,
            images: self.sizes.train,
            epochs: self.search_epochs,
            rate,
            seed: SEARCH_SEED,
            tested: false,
        };
        self.rates.iter().map(trial).collect()
    }

    /// The trainings of this setup that count.
    pub(super) fn trials(&self, setup: Setup, rate: f64) -> Vec<Trial> {
        self.trials_with(setup, rate, self.sizes.train)
    }

    /// The same with fewer images, in as many steps.
    pub(super) fn trials_with(&self, setup: Setup, rate: f64, images: usize) -> Vec<Trial> {
        let epochs = self.epochs * self.sizes.train / images;
        (1..=self.seeds)
            .map(|seed| Trial { setup, images, epochs, rate, seed, tested: true })
            .collect()
    }

    /// The setups that are trained with fewer images: the deep network with batch normalisation on
    /// featurewise standardised images, without augmentation and with it.
    pub(super) fn scarce_setups() -> [Setup; 2] {
        [false, true].map(|augmented| Setup {
            input: Input::Featurewise,
            depth: Depth::Deep,
            batch_norm: true,
            augmented,
        })
    }

    /// How many trainings there are in all.
    pub(super) fn length(&self) -> u64 {
        let setups = self.inputs.iter().flat_map(|&input| self.setups(input));
        let of = |setup: Setup| {
            let searches = if setup.augmented { 0 } else { self.searches(setup).len() };
            searches as u64 + self.seeds
        };
        setups.map(of).sum::<u64>() + 2 * self.seeds * self.scarce.len() as u64
    }
}
