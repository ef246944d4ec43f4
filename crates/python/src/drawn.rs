//! Affine maps whose numbers were drawn elsewhere: by NumPy, in Keras' order.

use mizumashi::affine::{AffineParameters, Border, Interpolation, Warp};
use mizumashi::transform::transforms::Center;
use mizumashi::transform::{Draw, Error, Step, Transform, serde, typetag};

/// One map per sample of a batch, about [`Center::Keras`].
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(crate = "mizumashi::transform::serde")]
pub(crate) struct Drawn {
    /// Indexed by the sample's place in the batch.
    pub(crate) parameters: Vec<AffineParameters>,
    pub(crate) interpolation: Interpolation,
    pub(crate) border: Border,
    /// (height, width) whose centre is meant, where it is not the picture's own.
    pub(crate) centre_of: Option<(usize, usize)>,
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
        let (height, width) = self.centre_of.unwrap_or((shape.height, shape.width));
        let centre = Center::Keras.of(height, width);
        let map = parameters.to_affine_about(centre, shape.height, shape.width);
        let warp = Warp { map, interpolation: self.interpolation, border: self.border };
        Ok(Step::geometric(warp, shape.height, shape.width))
    }
}
