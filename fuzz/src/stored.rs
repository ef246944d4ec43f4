//! What every stored value must do.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The value in a JSON text, if it is accepted; it is then stored and read again to the same text.
pub(crate) fn read<T: Serialize + DeserializeOwned + Debug>(json: &str) -> Option<T> {
    let value: T = serde_json::from_str(json).ok()?;
    let stored = serde_json::to_string(&value).expect("what was read can be stored");
    let again: T = serde_json::from_str(&stored)
        .unwrap_or_else(|error| panic!("{error}, of what was stored: {stored}"));
    assert_eq!(serde_json::to_string(&again).unwrap(), stored);
    Some(value)
}
