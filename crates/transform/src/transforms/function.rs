//! A function of the user's own.

use std::fmt;
use std::sync::Arc;

use ndarray::ArrayViewMut3;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Draw, Error, Operation, Step, Transform};

/// Changes every image by a function: Keras' `preprocessing_function`.
///
/// The function gets the image as `f32`, indexed (height, width, channels) and of any strides, and
/// changes it in place; it must do the same to the same image whenever it is called. A recipe with
/// one runs like any other but cannot be stored, since code cannot: for that, and for random numbers,
/// write a [`Transform`].
///
/// ```
/// use mizumashi_transform::{Recipe, SampleKey, transforms::Function};
/// use ndarray::Array3;
///
/// let recipe = Recipe::new().then(Function::new(|mut image| image.map_inplace(|x| *x = 255.0 - *x)));
/// let image = Array3::from_elem((4, 4, 3), 5_u8);
/// let negative = recipe.draw(SampleKey { seed: 0, epoch: 0, index: 0 }, image.dim())?.apply(image.view())?;
/// assert_eq!(negative[[0, 0, 0]], 250.0);
/// assert!(recipe.to_json().unwrap_err().to_string().contains("write a Transform"));
/// # Ok::<(), mizumashi_transform::Error>(())
/// ```
#[derive(Clone)]
pub struct Function {
    change: Arc<Change>,
}

type Change = dyn Fn(ArrayViewMut3<'_, f32>) + Send + Sync;

impl Function {
    /// The transform that calls `change` on each image.
    pub fn new(change: impl Fn(ArrayViewMut3<'_, f32>) + Send + Sync + 'static) -> Self {
        Self { change: Arc::new(change) }
    }
}

#[typetag::serde(name = "function")]
impl Transform for Function {
    fn draw(&self, _: &mut Draw) -> Result<Step<'_>, Error> {
        Ok(Step::operation(self))
    }
}

#[typetag::serde(name = "function")]
impl Operation for Function {
    fn apply(&self, image: ArrayViewMut3<'_, f32>, _: &mut Vec<f32>) -> Result<(), Error> {
        (self.change)(image);
        Ok(())
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Function")
    }
}

const NOT_STORED: &str = "a function cannot be stored; write a Transform in its place";

/// Always an error: code cannot be written to a file.
impl Serialize for Function {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom(NOT_STORED))
    }
}

/// Always an error: code cannot be read from a file.
impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(NOT_STORED))
    }
}
