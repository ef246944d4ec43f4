//! Two numbers on the command line.

use std::str::FromStr;

/// A lower and an upper number, written with a comma between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds(pub(crate) f64, pub(crate) f64);

impl FromStr for Bounds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bounds = text.split_once(',').map(|(low, high)| (low.parse(), high.parse()));
        match bounds {
            Some((Ok(low), Ok(high))) => Ok(Self(low, high)),
            _ => Err("it must be two numbers with a comma between them".to_owned()),
        }
    }
}
