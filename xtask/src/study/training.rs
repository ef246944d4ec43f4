//! Training everything that a design asks for and has no outcome yet, on all cores.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use indicatif::ProgressBar;
use rayon::ThreadPoolBuilder;

use super::Result;
use super::design::Design;
use super::input::Input;
use super::material::Material;
use super::results::Results;
use super::trial::Trial;

/// What a run works with.
pub(super) struct Training<'a> {
    pub(super) design: &'a Design,
    pub(super) material: &'a Material,
    /// After which no training is begun any more.
    pub(super) deadline: Option<Instant>,
    pub(super) progress: &'a ProgressBar,
}

impl Training<'_> {
    /// Trains, as long as there is time; true when nothing is left to do. What takes longest, images
    /// that are augmented, comes last.
    pub(super) fn run(&self, results: &mut Results) -> Result<bool> {
        let design = self.design;
        for &input in design.inputs {
            let setups = design.setups(input).into_iter().filter(|setup| !setup.augmented);
            let searches = setups.flat_map(|setup| design.searches(setup)).collect();
            if !self.all(input, design.sizes.train, searches, results)?
                || !self.all_that_count(input, false, results)?
            {
                return Ok(false);
            }
        }
        for &images in design.scarce {
            let mut trials = Vec::new();
            for setup in Design::scarce_setups() {
                let rate = results.rate(design, setup).ok_or(NO_RATE)?;
                trials.extend(design.trials_with(setup, rate, images));
            }
            if !self.all(Input::Featurewise, images, trials, results)? {
                return Ok(false);
            }
        }
        for &input in design.inputs {
            if !self.all_that_count(input, true, results)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Trains the networks of one input, with augmentation or without, at the rates that were chosen.
    fn all_that_count(&self, input: Input, augmented: bool, results: &mut Results) -> Result<bool> {
        let mut trials = Vec::new();
        for setup in self.design.setups(input) {
            if setup.augmented == augmented {
                let rate = results.rate(self.design, setup).ok_or(NO_RATE)?;
                trials.extend(self.design.trials(setup, rate));
            }
        }
        self.all(input, self.design.sizes.train, trials, results)
    }

    /// Trains those of the trials, all of one input and number of images, that have no outcome.
    fn all(
        &self,
        input: Input,
        images: usize,
        mut trials: Vec<Trial>,
        results: &mut Results,
    ) -> Result<bool> {
        trials.retain(|trial| results.get(trial).is_none());
        if trials.is_empty() {
            return Ok(true);
        }
        if self.is_late() {
            return Ok(false);
        }
        self.progress.set_message(format!("{}: prepared for {images} images", input.name()));
        let prepared = self.material.prepare(input, images)?;
        let queue = Mutex::new(trials.into_iter());
        let results = Mutex::new(results);
        // A training runs on one thread, and as many trainings at once as there are threads.
        let work = || -> Result<bool> {
            let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
            loop {
                if self.is_late() {
                    return Ok(locked(&queue).len() == 0);
                }
                let Some(trial) = locked(&queue).next() else { return Ok(true) };
                self.progress.set_message(trial.to_string());
                let outcome = pool.install(|| trial.run(&prepared, self.material.classes()))?;
                locked(&results).add(outcome)?;
                self.progress.inc(1);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> =
                (0..rayon::current_num_threads()).map(|_| scope.spawn(work)).collect();
            let mut finished = true;
            for worker in workers {
                finished &= worker.join().map_err(|_| "a training panicked")??;
            }
            Ok(finished)
        })
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

const NO_RATE: &str = "no learning rate was chosen";

/// What a mutex guards, even after a panic elsewhere.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
