//! Batch renormalisation ([Ioffe 2017](https://arxiv.org/abs/1702.03275)).

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::saved::Standardisation;

/// How far batch renormalisation may correct a training batch towards the running statistics:
///
/// ```text
/// y = gamma * (r * x_hat + d) + beta
/// r = clip(std of the batch / running std, 1 / r_max, r_max)
/// d = clip((mean of the batch - running mean) / running std, -d_max, d_max)
/// ```
///
/// where a std is the root of a variance plus epsilon. The running statistics are those from before
/// the batch, and gradients do not flow through `r` and `d`. Within the limits the layer gives in
/// training what it would at inference, whatever else is in a small batch; with `r_max` 1 and `d_max`
/// 0 it is plain batch normalisation. The paper starts so, and widens them to 3 and 5 once the running
/// statistics have settled: see
/// [`BatchNorm::set_renormalisation`](crate::BatchNorm::set_renormalisation).
///
/// ```
/// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, Renormalisation};
/// use ndarray::array;
///
/// let mut layer = BatchNorm::<f64>::new(1, BatchNormConfig::keras())?;
/// layer.set_running(&[0.0], &[1.0])?;
/// layer.set_renormalisation(Some(Renormalisation { r_max: 3.0, d_max: 5.0 }))?;
/// let x = array![[0.5], [1.5]]; // two values are hardly a sample
/// let inferred = layer.infer(x.view())?;
/// let (y, _) = layer.forward(x.view())?;
/// assert!((&y - &inferred).iter().all(|difference| difference.abs() < 1e-12));
/// # Ok::<(), mizumashi_batchnorm::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renormalisation {
    /// The greatest factor, finite and at least 1.
    pub r_max: f64,
    /// The greatest shift in standard deviations, finite and at least 0.
    pub d_max: f64,
}

impl Renormalisation {
    pub(crate) fn check(self) -> Result<(), Error> {
        let Self { r_max, d_max } = self;
        let limits = (1.0..f64::INFINITY).contains(&r_max) && (0.0..f64::INFINITY).contains(&d_max);
        if limits { Ok(()) } else { Err(Error::Renormalisation { r_max, d_max }) }
    }

    /// The batch's numbers, corrected towards the running ones.
    pub(crate) fn correct(
        self,
        batch: Standardisation,
        running: Standardisation,
    ) -> Standardisation {
        let Self { r_max, d_max } = self;
        Standardisation {
            r: (running.inv_std / batch.inv_std).clamp(1.0 / r_max, r_max),
            d: ((batch.mean - running.mean) * running.inv_std).clamp(-d_max, d_max),
            ..batch
        }
    }
}
