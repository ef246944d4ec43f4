//! Means, deviations, and whether a difference is more than the spread.

use std::fmt;

/// The mean and the sample standard deviation of one figure over the seeds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) mean: f64,
    /// Not a number for a single seed.
    pub(super) deviation: f64,
    seeds: usize,
}

/// What a difference between two setups amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Better,
    Worse,
    /// The 95 % confidence interval of the mean holds zero.
    WithinSpread,
}

impl Figure {
    pub(super) fn of(values: &[f64]) -> Self {
        let seeds = values.len();
        let mean = values.iter().sum::<f64>() / seeds as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (seeds as f64 - 1.0)).sqrt(), seeds }
    }

    /// Of the differences, seed by seed.
    pub(super) fn of_differences(ours: &[f64], theirs: &[f64]) -> Self {
        let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
        Self::of(&differences)
    }

    /// Judges differences by Student's t for pairs.
    pub(super) fn verdict(&self) -> Verdict {
        let half = self.deviation / (self.seeds as f64).sqrt() * quantile(self.seeds);
        // Without a deviation, of a single seed, nothing can be said.
        match self.mean.abs() > half {
            true if self.mean > 0.0 => Verdict::Better,
            true => Verdict::Worse,
            false => Verdict::WithinSpread,
        }
    }
}

/// In hundredths: "48.3 ± 0.4".
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if f.sign_plus() && self.mean >= 0.0 { "+" } else { "" };
        write!(f, "{sign}{:.1}", 100.0 * self.mean)?;
        if self.deviation.is_nan() {
            Ok(())
        } else {
            write!(f, " ± {:.1}", 100.0 * self.deviation)
        }
    }
}

/// The 0.975 quantile of Student's t for the mean of `count` values, from the table that every
/// textbook prints.
fn quantile(count: usize) -> f64 {
    const TABLE: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    match count {
        0 | 1 => f64::NAN,
        _ => TABLE.get(count - 2).copied().unwrap_or(TABLE[8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_textbook() {
        let figure = Figure::of(&[0.48, 0.50, 0.52]);
        assert_eq!(figure.to_string(), "50.0 ± 2.0");
        assert_eq!(
            format!("{:+}", Figure::of_differences(&[0.5, 0.6], &[0.4, 0.5])),
            "+10.0 ± 0.0"
        );
        assert_eq!(Figure::of(&[0.5]).to_string(), "50.0");
    }

    #[test]
    fn a_difference_counts_beyond_its_confidence_interval() {
        // t = 4.303 for three pairs: mean 1, deviation 1 gives a half width of 2.48.
        assert_eq!(Figure::of(&[0.0, 1.0, 2.0]).verdict(), Verdict::WithinSpread);
        assert_eq!(Figure::of(&[2.0, 3.0, 4.0]).verdict(), Verdict::Better);
        assert_eq!(Figure::of(&[-2.0, -3.0, -4.0]).verdict(), Verdict::Worse);
        assert_eq!(Figure::of(&[9.0]).verdict(), Verdict::WithinSpread);
    }
}
