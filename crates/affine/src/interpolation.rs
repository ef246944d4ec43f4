use serde::{Deserialize, Serialize};

/// How a value is read between pixel centres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Interpolation {
    /// The value of the pixel whose centre is nearest, the one to the right or below in a tie:
    /// scipy's `order=0`. For masks and labels.
    Nearest,
    /// A straight line between neighbouring pixel centres, along x and then along y: scipy's
    /// `order=1`.
    #[default]
    Bilinear,
}
