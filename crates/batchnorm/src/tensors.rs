//! Layers in safetensors files, under the names that PyTorch and Keras give their parts.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, View};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::{BatchNorm, Error, Real};

/// The names of a layer's parts in a file.
///
/// ```
/// use mizumashi_batchnorm::TensorNames;
///
/// assert_eq!(TensorNames::pytorch("layer1.0.bn1.").gamma, "layer1.0.bn1.weight");
/// assert_eq!(TensorNames::keras("batch_normalization/").mean, "batch_normalization/moving_mean");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorNames {
    /// The learnt scale.
    pub gamma: String,
    /// The learnt shift.
    pub beta: String,
    /// The running mean.
    pub mean: String,
    /// The running variance.
    pub variance: String,
    /// The number of batches, an `I64` without axes; `None` where it is not stored.
    pub batches: Option<String>,
}

impl TensorNames {
    /// Those of a PyTorch state dictionary after this prefix: `weight`, `bias`, `running_mean`,
    /// `running_var` and `num_batches_tracked`.
    pub fn pytorch(prefix: &str) -> Self {
        let name = |name: &str| format!("{prefix}{name}");
        Self {
            gamma: name("weight"),
            beta: name("bias"),
            mean: name("running_mean"),
            variance: name("running_var"),
            batches: Some(name("num_batches_tracked")),
        }
    }

    /// Those of Keras' weights after this prefix: `gamma`, `beta`, `moving_mean` and
    /// `moving_variance`.
    pub fn keras(prefix: &str) -> Self {
        let name = |name: &str| format!("{prefix}{name}");
        Self {
            gamma: name("gamma"),
            beta: name("beta"),
            mean: name("moving_mean"),
            variance: name("moving_variance"),
            batches: None,
        }
    }
}

/// A part of a layer, as [`safetensors`] stores it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}

impl<T: Real> BatchNorm<T> {
    /// The layer as a safetensors file of its own.
    ///
    /// The running statistics are rounded to the layer's type, which is what both frameworks store
    /// and read; serde keeps all of their digits, and the configuration.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when two names are the same.
    pub fn to_safetensors(&self, names: &TensorNames) -> Result<Vec<u8>, Error> {
        // What libraries on top of PyTorch ask for before they read a file.
        let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let tensors = self.tensors(names);
        let mut known = HashSet::new();
        if let Some((name, _)) = tensors.iter().find(|(name, _)| !known.insert(name)) {
            return Err(Error::DuplicateTensor { name: name.clone() });
        }
        safetensors::serialize(tensors, names.batches.is_some().then_some(format))
            .map_err(file_error)
    }

    /// The layer's parts with their names, to be stored by [`safetensors::serialize`] together with
    /// those of other layers.
    pub fn tensors(&self, names: &TensorNames) -> Vec<(String, Tensor)> {
        let running = |values: &[f64]| values.iter().map(|&value| T::of(value)).collect();
        let lists: [(&str, Vec<T>); 4] = [
            (&names.gamma, self.gamma.clone()),
            (&names.beta, self.beta.clone()),
            (&names.mean, running(&self.running_mean)),
            (&names.variance, running(&self.running_variance)),
        ];
        let mut tensors: Vec<_> = lists
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| {
                let (shape, data) = (vec![values.len()], T::to_bytes(&values));
                (name.to_owned(), Tensor { dtype: T::DTYPE, shape, data })
            })
            .collect();
        if let Some(name) = &names.batches
            && self.is_tracking()
        {
            let batches = i64::try_from(self.batches).unwrap_or(i64::MAX);
            let data = batches.to_le_bytes().to_vec();
            tensors.push((name.clone(), Tensor { dtype: Dtype::I64, shape: vec![], data }));
        }
        tensors
    }

    /// Takes gamma, beta and running statistics from a safetensors file, which may hold more; the
    /// configuration, which such files do not hold, stays.
    ///
    /// ```
    /// use mizumashi_batchnorm::{BatchNorm, BatchNormConfig, TensorNames};
    ///
    /// let names = TensorNames::pytorch("bn1.");
    /// let trained = BatchNorm::<f32>::new(3, BatchNormConfig::pytorch())?;
    /// let file = trained.to_safetensors(&names)?;
    ///
    /// let mut layer = BatchNorm::<f32>::new(3, BatchNormConfig::pytorch())?;
    /// layer.load_safetensors(&file, &names)?;
    /// assert_eq!(layer, trained);
    /// # Ok::<(), mizumashi_batchnorm::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::File`] or [`Error::DuplicateTensor`]; [`Error::MissingTensor`] or
    /// [`Error::UnexpectedTensor`] when the file has not the parts that the layer has;
    /// [`Error::Dtype`] or [`Error::TensorShape`] when one has another element type or number of
    /// channels; [`Error::RunningStatistics`] or [`Error::BatchCount`] when no data can have them. The
    /// layer is then as it was.
    pub fn load_safetensors(&mut self, file: &[u8], names: &TensorNames) -> Result<(), Error> {
        if let Some(name) = duplicate(file) {
            return Err(Error::DuplicateTensor { name });
        }
        let file = SafeTensors::deserialize(file).map_err(file_error)?;
        let (channels, tracking) = (self.channels, self.is_tracking());
        let list = |name: &str, wanted: bool| -> Result<Vec<T>, Error> {
            match find(&file, name, wanted, T::DTYPE, &[channels])? {
                Some(tensor) => Ok(T::from_bytes(tensor.data())),
                None => Ok(Vec::new()),
            }
        };
        let running = |name: &str| -> Result<Vec<f64>, Error> {
            Ok(list(name, tracking)?.into_iter().map(T::into).collect())
        };
        let mut loaded = Self {
            gamma: list(&names.gamma, self.config.scale)?,
            beta: list(&names.beta, self.config.center)?,
            running_mean: running(&names.mean)?,
            running_variance: running(&names.variance)?,
            ..self.clone()
        };
        if let Some(name) = &names.batches
            && let Some(tensor) = find(&file, name, tracking, Dtype::I64, &[])?
            && let Ok(bytes) = tensor.data().try_into()
        {
            let found = i64::from_le_bytes(bytes);
            loaded.batches = u64::try_from(found)
                .map_err(|_| Error::BatchCount { name: name.clone(), found })?;
        }
        *self = loaded.checked()?;
        Ok(())
    }
}

/// The tensor of this name, element type and shape, if there is to be one.
fn find<'a>(
    file: &SafeTensors<'a>,
    name: &str,
    wanted: bool,
    dtype: Dtype,
    shape: &[usize],
) -> Result<Option<TensorView<'a>>, Error> {
    let name = || name.to_owned();
    let tensor = match (file.tensor(&name()), wanted) {
        (Ok(tensor), true) => tensor,
        (Ok(_), false) => return Err(Error::UnexpectedTensor { name: name() }),
        (Err(_), false) => return Ok(None),
        (Err(_), true) => {
            let mut present: Vec<_> = file.names().into_iter().map(str::to_owned).collect();
            present.sort();
            return Err(Error::MissingTensor { name: name(), present });
        }
    };
    if tensor.dtype() != dtype {
        let (found, expected) = (tensor.dtype().to_string(), dtype.to_string());
        return Err(Error::Dtype { name: name(), found, expected });
    }
    if tensor.shape() != shape {
        let (found, expected) = (tensor.shape().to_vec(), shape.to_vec());
        return Err(Error::TensorShape { name: name(), found, expected });
    }
    Ok(Some(tensor))
}

fn file_error(error: safetensors::SafeTensorError) -> Error {
    Error::File { reason: error.to_string() }
}

/// A name that the file's header has twice. The crate that reads the file keeps the last.
fn duplicate(file: &[u8]) -> Option<String> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let header = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let Names(names) = serde_json::from_slice(header).ok()?;
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(name.clone()))
}

/// The names in a header, in order.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}
