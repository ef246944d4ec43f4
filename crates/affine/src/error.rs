use crate::Affine;

/// What can be wrong with a map, a range or the images given to a warp.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A coefficient of the map is NaN or infinite.
    #[error("the map {map} has a coefficient that is NaN or infinite; all six must be finite")]
    NotFinite {
        /// The offending map.
        map: Affine,
    },
    /// The map sends the plane onto a line or a point, or its inverse overflows.
    #[error(
        "the map {map} has determinant {determinant} and no finite inverse; \
         its first two columns must be linearly independent"
    )]
    NotInvertible {
        /// The offending map.
        map: Affine,
        /// Its determinant.
        determinant: f64,
    },
    /// The source image holds no pixel to read.
    #[error("the source image is {height}x{width}x{channels}; each side must be at least 1")]
    EmptySource {
        /// Rows of the source.
        height: usize,
        /// Columns of the source.
        width: usize,
        /// Channels of the source.
        channels: usize,
    },
    /// A side of the source is longer than the kernels can address.
    #[error("the source image is {height}x{width}; each side must be at most {limit}")]
    SourceTooLarge {
        /// Rows of the source.
        height: usize,
        /// Columns of the source.
        width: usize,
        /// The longest side allowed.
        limit: usize,
    },
    /// No B-spline is of this order.
    #[error("the order of the spline is {order}; it must be 2, 3, 4 or 5")]
    SplineOrder {
        /// The order given.
        order: u8,
    },
    /// No interpolation is of this order.
    #[error(
        "the order of interpolation is {order}; it must be 0 (nearest pixel), 1 (bilinear), or \
         2 to 5 (B-splines)"
    )]
    InterpolationOrder {
        /// The order given.
        order: u8,
    },
    /// The coefficients of a spline do not fit into memory.
    #[error(
        "the spline through an image of {height}x{width} takes {coefficients} coefficients of 8 \
         bytes, more than there is memory for; choose another interpolation or cut the image"
    )]
    SplineMemory {
        /// Rows of the source.
        height: usize,
        /// Columns of the source.
        width: usize,
        /// How many coefficients are needed at a time.
        coefficients: usize,
    },
    /// Source and destination differ in the number of channels.
    #[error(
        "the source has {source_channels} channels and the destination {destination_channels}; \
         a warp keeps the number of channels, so they must be equal"
    )]
    ChannelMismatch {
        /// Channels (axis 2) of the source.
        source_channels: usize,
        /// Channels (axis 2) of the destination.
        destination_channels: usize,
    },
    /// The per-channel factors do not match the number of channels.
    #[error("{name} has {given} values for {channels} channels; give one value per channel")]
    FactorCount {
        /// `"scale"` or `"shift"`.
        name: &'static str,
        /// How many values were given.
        given: usize,
        /// How many channels the images have.
        channels: usize,
    },
    /// An angle range is negative, NaN, infinite or too wide.
    #[error("{name} is {degrees} degrees; it must be at least 0 and at most {limit}")]
    InvalidAngle {
        /// The field of [`RandomAffine`](crate::RandomAffine).
        name: &'static str,
        /// The value given.
        degrees: f64,
        /// The largest value allowed.
        limit: f64,
    },
    /// A shift is NaN or infinite, or a range of shifts is negative.
    #[error("{name} has the value {value}; it must be finite, and at least 0 when it is a range")]
    InvalidShift {
        /// The field of [`RandomAffine`](crate::RandomAffine).
        name: &'static str,
        /// The value given.
        value: f64,
    },
    /// A list of shifts to choose from is empty.
    #[error("{name} is an empty list of choices; give at least one value, or no shift at all")]
    EmptyChoice {
        /// The field of [`RandomAffine`](crate::RandomAffine).
        name: &'static str,
    },
    /// A zoom range is reversed, not finite, or reaches 0.
    #[error("{name} is {low}..{high}; it must be finite, with 0 < low <= high")]
    InvalidZoom {
        /// The field of [`RandomAffine`](crate::RandomAffine).
        name: &'static str,
        /// The lower end given.
        low: f64,
        /// The upper end given.
        high: f64,
    },
}
