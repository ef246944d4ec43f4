//! Affine maps whose numbers were drawn elsewhere: by NumPy, in Keras' order.

use mizumashi::affine::{AffineParameters, Border, Interpolation, Point, Warp};
use mizumashi::transform::{Draw, Error, Step, Transform, serde, typetag};

/// One map per sample of a batch, about the point that Keras 1.1.2 turns pictures about: half a
/// pixel to the right of and below the middle of the last two of an even number of pixels.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde")]
pub(crate) struct Drawn {
    /// Indexed by the sample's place in the batch.
    pub(crate) parameters: Vec<AffineParameters>,
    pub(crate) interpolation: Interpolation,
    pub(crate) border: Border,
    /// (height, width) whose centre is meant, where it is not the picture's own.
    pub(crate) centre_of: Option<(f64, f64)>,
}

#[typetag::serde(name = "python_drawn_affine")]
impl Transform for Drawn {
    fn draw(&self, draw: &mut Draw) -> Result<Step<'_>, Error> {
        let shape = draw.shape();
        let index = draw.key().index as usize;
        let parameters = self.parameters.get(index).ok_or_else(|| Error::Parameter {
            transform: "drawn affine",
            parameter: "parameters",
            value: format!("{} rows", self.parameters.len()),
            mend: "give one row per image",
        })?;
        let (height, width) = self.centre_of.unwrap_or((shape.height as f64, shape.width as f64));
        let centre = Point { x: width / 2.0 + 0.5, y: height / 2.0 + 0.5 };
        let flips = AffineParameters {
            horizontal_flip: parameters.horizontal_flip,
            vertical_flip: parameters.vertical_flip,
            ..AffineParameters::default()
        };
        let map =
            flips.to_affine(shape.height, shape.width).then(&parameters.matrix().about(centre));
        let warp = Warp { map, interpolation: self.interpolation, border: self.border };
        Ok(Step::geometric(warp, shape.height, shape.width))
    }
}
