//! What a fit found, apart from the generator that made it.

use std::sync::Arc;

use mizumashi_whitening::ImageWhitening;
use serde::{Deserialize, Serialize};

/// The figures of a data set that an [`ImageDataGenerator`](crate::ImageDataGenerator) standardises
/// and whitens by: learnt once, stored, and given to generators with the same arguments elsewhere.
///
/// ```
/// use mizumashi::{Fitted, ImageDataGenerator};
/// use ndarray::Array4;
///
/// let x = Array4::from_shape_fn((6, 4, 4, 3), |(n, h, w, c)| (40 * n + 9 * h + 5 * w + c) as u8);
/// let builder = ImageDataGenerator::builder().featurewise_std_normalization(true);
/// let mut trained = builder.clone().build()?;
/// trained.fit(&x)?;
/// let json = serde_json::to_string(trained.fitted().unwrap())?;
///
/// let mut serving = builder.build()?;
/// serving.restore(serde_json::from_str::<Fitted>(&json)?)?;
/// assert_eq!(serving.standardize(&x)?, trained.standardize(&x)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    pub(crate) mean: Vec<f64>,
    pub(crate) std: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whitening: Option<Arc<ImageWhitening>>,
}

impl Fitted {
    /// The means per channel, of images as they arrive at standardisation.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The population standard deviations per channel.
    pub fn std(&self) -> &[f64] {
        &self.std
    }

    /// The whitening, where the generator whitens.
    pub fn whitening(&self) -> Option<&ImageWhitening> {
        self.whitening.as_deref()
    }
}
