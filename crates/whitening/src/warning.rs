use std::fmt;

use serde::Serialize;

/// What a [`Diagnosis`](crate::Diagnosis) warns of. [`Display`](fmt::Display) says what it means
/// and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// All samples are equal, and everything is mapped to zeros.
    NothingVaries,

    /// One sample was fitted: a single picture.
    SingleSample {
        /// Values of the sample.
        features: usize,
    },

    /// n <= d: the covariance is singular, and whitening makes all fitted samples alike.
    FewerSamplesThanValues {
        /// Samples fitted.
        samples: u64,
        /// Values of each.
        features: usize,
    },

    /// n < 10 d: the spectrum of the samples is spread further than that of what they stand for.
    FewSamples {
        /// Samples fitted.
        samples: u64,
        /// Values of each.
        features: usize,
    },

    /// With more samples than values, some directions are mapped to zero.
    DirectionsDropped {
        /// Directions kept.
        rank: usize,
        /// Values of each sample.
        features: usize,
        /// The fraction of the variance that is lost.
        lost: f64,
    },

    /// Most kept directions vary less than epsilon, and come out with less than half the variance.
    DominatedByEpsilon {
        /// Directions that vary less.
        below: usize,
        /// Directions kept.
        rank: usize,
    },

    /// What the fitted samples did not vary along is multiplied by more than anything else.
    NullDirectionsAmplified {
        /// What null directions are multiplied by.
        gain: f64,
        /// The largest gain of a kept direction.
        largest_gain: f64,
    },

    /// Rounding errors of 32-bit numbers show in the output.
    BeyondSinglePrecision {
        /// Of an output of variance 1.
        error: f64,
    },

    /// Held-out rows vary much more, or less, than the fitted ones.
    HeldOutVariance {
        /// Their variance over that of the fitted rows, on average.
        ratio: f64,
    },

    /// Held-out rows are still correlated.
    HeldOutCorrelation {
        /// Root mean square beside the diagonal of their covariance.
        rms: f64,
        /// What it is by chance, for so many fitted and held-out rows.
        chance: f64,
    },

    /// Part of what held-out rows hold is mapped to zero.
    HeldOutOutside {
        /// The fraction of their variance.
        fraction: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NothingVaries => write!(
                f,
                "all samples are equal: nothing can be whitened, and everything is mapped to zeros"
            ),
            Self::SingleSample { features } => write!(
                f,
                "fitted on a single sample: its only direction is itself, and whitening divides it \
                 by its own norm, which leaves a picture of standard deviation {:.7}; no \
                 correlation between its {features} values was learnt or removed; fit many \
                 pictures, or the colours or patches of this one",
                1.0 / (features as f64).sqrt()
            ),
            Self::FewerSamplesThanValues { samples, features } => write!(
                f,
                "{samples} samples of {features} values: without epsilon all of them come out \
                 equally far from each other, whatever they show, and what new samples hold \
                 beside them is lost; fit many times {features} samples, whiten colours or \
                 patches, shrink the covariance, or keep few directions"
            ),
            Self::FewSamples { samples, features } => {
                let root = (features as f64 / samples as f64).sqrt();
                write!(
                    f,
                    "{:.1} samples for each of {features} values: by chance alone, variances that \
                     are equal are found from {:.2} to {:.2} times what they are, so the smallest \
                     are amplified too much; fit more samples, shrink the covariance, or raise \
                     epsilon",
                    samples as f64 / features as f64,
                    (1.0 - root).powi(2),
                    (1.0 + root).powi(2)
                )
            }
            Self::DirectionsDropped { rank, features, lost } => write!(
                f,
                "{} of {features} directions, with {:.4} % of the variance, are mapped to zero: \
                 they were cut, or some values are constant or depend on others; `inverse` does \
                 not bring them back",
                features - rank,
                100.0 * lost
            ),
            Self::DominatedByEpsilon { below, rank } => write!(
                f,
                "{below} of {rank} directions vary less than epsilon, and come out with less than \
                 half the variance: this is far from white; lower epsilon, or keep fewer directions"
            ),
            Self::NullDirectionsAmplified { gain, largest_gain } => write!(
                f,
                "directions that no fitted sample varies along are multiplied by {gain:.3e}, all \
                 others by {largest_gain:.3e} at most: what a new sample holds along them, and \
                 rounding errors, become its largest values; use `Remainder::Zero`"
            ),
            Self::BeyondSinglePrecision { error } => write!(
                f,
                "the gains differ so much that rounding errors of 32-bit numbers are about \
                 {error:.1e} of an output; raise epsilon or the rank tolerance"
            ),
            Self::HeldOutVariance { ratio } => write!(
                f,
                "held-out rows vary {ratio:.3} times as much as the fitted ones along the kept \
                 directions: too few samples were fitted, or these are of another kind"
            ),
            Self::HeldOutCorrelation { rms, chance } => write!(
                f,
                "held-out rows are still correlated, by {rms:.3} where chance makes {chance:.3}: \
                 too few samples were fitted, or these are of another kind"
            ),
            Self::HeldOutOutside { fraction } => write!(
                f,
                "{:.2} % of the variance of held-out rows lies outside of the kept directions, and \
                 is mapped to zero",
                100.0 * fraction
            ),
        }
    }
}
