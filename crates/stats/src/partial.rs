//! States as bytes: what travels between threads of different programs, machines and engines.

use std::mem::size_of;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    BinnedHistogram, Covariance, Error, Histogram, IntegerCovariance, IntegerMoments, Moments,
    Statistics, WeightedMoments,
};

/// The version of the bytes that [`PartialState::to_bytes`] writes, and the only one that is read.
pub const FORMAT_VERSION: u8 = 1;

/// What every state begins with.
const MAGIC: [u8; 4] = *b"mzst";

/// Bytes of the checksum at the end.
const CHECKSUM: usize = size_of::<u32>();

/// The statistics of a part of a set, which can be sent elsewhere and merged with those of the rest.
///
/// A state of `u8` data is the same whichever way the set was parted, in whichever order the parts
/// were merged, and so are its bytes: two of them are compared as they are. (Statistics per sample
/// are a list in the order of the samples, and keep the order of merging.) States of real data agree
/// up to rounding.
///
/// The bytes are, one after the other,
/// * `mzst` and the [version](FORMAT_VERSION), a byte;
/// * the length of [`KIND`](Self::KIND), a byte, and its text;
/// * the fields as serde has them, in the [format of postcard](https://postcard.jamesmunns.com):
///   integers take as many bytes as they need, seven bits in each, and real numbers eight;
/// * the CRC-32 of all before it, four bytes, least significant first.
///
/// ```
/// use mizumashi_stats::{Accumulator, Histogram, PartialState};
///
/// let sent = Histogram::from_slice(&[3, 3, 200]).to_bytes()?;
/// assert_eq!(sent.len(), 277);
///
/// let mut here = Histogram::from_slice(&[7]);
/// here.merge(&Histogram::from_bytes(&sent)?);
/// assert_eq!(here, Histogram::from_slice(&[200, 3, 7, 3]));
/// assert!(Histogram::from_bytes(&sent[1..]).is_err());
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
pub trait PartialState: Serialize + DeserializeOwned {
    /// The name of the state in its bytes, in ASCII and of at most 255 characters, so that those of
    /// another kind are refused.
    const KIND: &'static str;

    /// Bytes that the state takes in memory, with all that it has allocated.
    fn memory(&self) -> usize;

    /// The state as bytes, to be read by [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    ///
    /// [`Error::Bytes`] where the type's own serialisation fails, which that of none in this crate
    /// does.
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = header::<Self>();
        bytes = postcard::to_extend(self, bytes)
            .map_err(|error| refused::<Self>(0, format!("it cannot be written, {error}"), TYPE))?;
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// Nothing is taken for granted of the bytes: memory is given as they are read, not as they ask
    /// for it, and a state must be one that data can lead to, as when it is read by serde.
    ///
    /// # Errors
    ///
    /// [`Error::Bytes`] for anything else: another kind or version, damage, bytes that are missing or
    /// left over, figures that contradict themselves.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let fail = |reason: &str, mend| refused::<Self>(bytes.len(), reason.to_owned(), mend);
        let (sealed, checksum) = bytes
            .len()
            .checked_sub(CHECKSUM)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or_else(|| fail("they are cut short", AGAIN))?;
        let after_magic =
            sealed.strip_prefix(&MAGIC).ok_or_else(|| fail("they do not begin as one", WRITTEN))?;
        let (&version, after_version) =
            after_magic.split_first().ok_or_else(|| fail("they are cut short", AGAIN))?;
        if version != FORMAT_VERSION {
            let reason = format!("they are of version {version}, not {FORMAT_VERSION}");
            return Err(refused::<Self>(bytes.len(), reason, RELEASE));
        }
        if crc32fast::hash(sealed).to_le_bytes() != checksum {
            return Err(fail("their checksum is another", AGAIN));
        }
        let (kind, body) = after_version
            .split_first()
            .and_then(|(&length, rest)| rest.split_at_checked(length.into()))
            .ok_or_else(|| fail("they are cut short", AGAIN))?;
        if kind != Self::KIND.as_bytes() {
            let reason = format!("they are one of {}", String::from_utf8_lossy(kind));
            return Err(refused::<Self>(bytes.len(), reason, TYPE));
        }
        match postcard::take_from_bytes(body) {
            Ok((state, [])) => Ok(state),
            Ok((_, rest)) => Err(fail(&format!("{} of them are left over", rest.len()), AGAIN)),
            Err(error) => {
                Err(fail(&format!("their figures are missing or contradictory, {error}"), AGAIN))
            }
        }
    }
}

/// The [kind](PartialState::KIND) that bytes of a state say they are of; `None` where they do not
/// begin as one.
///
/// ```
/// use mizumashi_stats::{Moments, PartialState, state_kind};
///
/// assert_eq!(state_kind(&Moments::default().to_bytes()?), Some("moments"));
/// assert_eq!(state_kind(b"PK"), None);
/// # Ok::<(), mizumashi_stats::Error>(())
/// ```
pub fn state_kind(bytes: &[u8]) -> Option<&str> {
    let (_version, rest) = bytes.strip_prefix(&MAGIC)?.split_first()?;
    let (&length, rest) = rest.split_first()?;
    std::str::from_utf8(rest.get(..length.into())?).ok()
}

const AGAIN: &str = "send or gather the state again";
const WRITTEN: &str = "pass what to_bytes or `mizumashi fit --partial` wrote";
const RELEASE: &str = "use the same release of mizumashi on both sides";
const TYPE: &str = "read it as the type that it was written from";

fn header<S: PartialState>() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(FORMAT_VERSION);
    bytes.push(S::KIND.len() as u8);
    bytes.extend(S::KIND.bytes());
    bytes
}

fn refused<S: PartialState>(length: usize, reason: String, mend: &'static str) -> Error {
    Error::Bytes { expected: S::KIND, length, reason, mend }
}

/// A state that is all in one place.
macro_rules! flat {
    ($($state:ty: $kind:literal),*) => {$(
        impl PartialState for $state {
            const KIND: &'static str = $kind;

            fn memory(&self) -> usize {
                size_of::<Self>()
            }
        }
    )*};
}

flat!(
    Moments: "moments",
    IntegerMoments: "integer moments",
    Histogram: "histogram",
    WeightedMoments: "weighted moments"
);

/// A list of states, one per group of a [`Statistics`] or channel of a layer.
macro_rules! grouped {
    ($($group:ty: $kind:literal),*) => {$(
        impl PartialState for Statistics<$group> {
            const KIND: &'static str = $kind;

            fn memory(&self) -> usize {
                size_of::<Self>() + self.groups_capacity() * size_of::<$group>()
            }
        }
    )*};
}

grouped!(
    Moments: "grouped moments",
    IntegerMoments: "grouped integer moments",
    Histogram: "grouped histograms"
);

/// Of the channels of a layer: what workers exchange in synchronised batch normalisation.
impl PartialState for Vec<WeightedMoments> {
    const KIND: &'static str = "weighted moments of channels";

    fn memory(&self) -> usize {
        size_of::<Self>() + self.capacity() * size_of::<WeightedMoments>()
    }
}

impl PartialState for BinnedHistogram {
    const KIND: &'static str = "binned histogram";

    fn memory(&self) -> usize {
        size_of::<Self>() + self.allocated()
    }
}

impl PartialState for Covariance {
    const KIND: &'static str = "covariance";

    fn memory(&self) -> usize {
        size_of::<Self>() + self.allocated()
    }
}

impl PartialState for IntegerCovariance {
    const KIND: &'static str = "integer covariance";

    fn memory(&self) -> usize {
        size_of::<Self>() + self.allocated()
    }
}
