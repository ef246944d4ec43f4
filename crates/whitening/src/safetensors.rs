//! Storing whitenings in the format of safetensors: the matrices as tensors of `f64`, and the
//! description as JSON in the header, in one file.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use ::safetensors::tensor::{Dtype, SafeTensors, TensorView};
use ndarray::{Array, Array1, Array2, Dimension};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::frame::Frame;
use crate::model::{Model, VERSION};
use crate::whitening::Solution;
use crate::{
    Convolution, Error, ImageWhitening, PatchWhitening, Patches, Regularisation, Remainder, Scope,
    Whitening, WhiteningKind,
};

/// Bytes of a file that is read at most.
const LIMIT: u64 = 8 << 30;

/// The entry of the header that holds the description.
const DESCRIPTION: &str = "whitening";

/// What a stored whitening is, beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct Description {
    version: u32,
    kind: WhiteningKind,
    regularisation: Regularisation,
    remainder: Remainder,
    shrinkage: f64,
    total: f64,
    solution: Solution,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows_of: Option<RowsOf>,
}

/// What a row is of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RowsOf {
    Images { scope: Scope, shape: [usize; 3] },
    Patches { patches: Patches, channels: usize },
}

/// The version alone, which is looked at before anything else.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

macro_rules! stored {
    ($type:ty, $what:literal) => {
        impl $type {
            #[doc = concat!("Stores ", $what, " in a file, in the format of safetensors.")]
            ///
            /// The tensors `mean`, `eigenvalues` and `components`, and `deviations` for the
            /// whitenings of the correlation, are stored in `f64` to the bit, and the rest as JSON
            /// in the header under `whitening`. The file is complete or not there: it is written
            /// under another name first.
            ///
            /// It takes 8 bytes for each value of the components, 75 MB for the ZCA of 32x32 RGB
            /// images; the JSON of serde takes 190 MB for the same, and suits recipes and small
            /// matrices.
            ///
            /// # Errors
            ///
            /// [`Error::File`].
            pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
                write(path.as_ref(), &self.to_safetensors()?)
            }

            #[doc = concat!("Loads ", $what, " that [`save`](Self::save) stored.")]
            ///
            /// # Errors
            ///
            /// [`Error::File`], [`Error::FileSize`] for more than 8 GiB, and as
            /// [`from_safetensors`](Self::from_safetensors).
            pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
                Self::from_safetensors(&read(path.as_ref())?)
            }

            /// The bytes of such a file.
            ///
            /// # Errors
            ///
            /// [`Error::Format`], which does not occur for a whitening that was fitted or loaded.
            pub fn to_safetensors(&self) -> Result<Vec<u8>, Error> {
                let (whitening, rows_of) = self.parts();
                encode(whitening.model(), rows_of)
            }

            #[doc = concat!("Reads ", $what, " from the bytes of such a file.")]
            ///
            /// Nothing in them is trusted: sizes must agree with each other and with the bytes
            /// there are, values must be finite and directions of unit length.
            ///
            /// # Errors
            ///
            /// [`Error::Format`], [`Error::Version`], [`Error::Stored`], and what the options
            /// stored are refused for, as by a fit.
            pub fn from_safetensors(bytes: &[u8]) -> Result<Self, Error> {
                let (model, rows_of) = decode(bytes)?;
                Self::from_parts(model.try_into()?, rows_of)
            }
        }
    };
}

stored!(Whitening, "the whitening");
stored!(ImageWhitening, "the whitening, and of which images it is,");
stored!(PatchWhitening, "the whitening, and of which patches it is,");

impl Whitening {
    fn parts(&self) -> (&Whitening, Option<RowsOf>) {
        (self, None)
    }

    /// A whitening of images or patches is one of rows, too.
    fn from_parts(whitening: Whitening, _: Option<RowsOf>) -> Result<Self, Error> {
        Ok(whitening)
    }
}

impl ImageWhitening {
    fn parts(&self) -> (&Whitening, Option<RowsOf>) {
        let rows_of = RowsOf::Images { scope: self.scope(), shape: self.shape() };
        (self.whitening(), Some(rows_of))
    }

    fn from_parts(whitening: Whitening, rows_of: Option<RowsOf>) -> Result<Self, Error> {
        match rows_of {
            Some(RowsOf::Images { scope, shape }) => Self::new(whitening, scope, shape),
            _ => Err(Error::Stored {
                reason: "it is not one of images; load it as `Whitening` or `PatchWhitening`",
            }),
        }
    }
}

impl PatchWhitening {
    fn parts(&self) -> (&Whitening, Option<RowsOf>) {
        let rows_of = RowsOf::Patches { patches: self.patches(), channels: self.channels() };
        (self.whitening(), Some(rows_of))
    }

    fn from_parts(whitening: Whitening, rows_of: Option<RowsOf>) -> Result<Self, Error> {
        match rows_of {
            Some(RowsOf::Patches { patches, channels }) => Self::new(whitening, patches, channels),
            _ => Err(Error::Stored {
                reason: "it is not one of patches; load it as `Whitening` or `ImageWhitening`",
            }),
        }
    }
}

impl Convolution {
    /// Stores the tensors `weight` and `bias` in `f32`, as the state of a `torch.nn.Conv2d`, in the
    /// format of safetensors:
    /// `conv.load_state_dict(safetensors.torch.load_file(path))`.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let tensor = |values: &[f32], shape| {
            let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            Tensor { dtype: Dtype::F32, shape, bytes }
        };
        let (weights, bias) = (self.weights(), self.bias());
        let weight = tensor(weights.as_slice().unwrap_or_default(), weights.shape().to_vec());
        let bias = tensor(bias.as_slice().unwrap_or_default(), bias.shape().to_vec());
        let header = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        write(path.as_ref(), &serialise([("weight", weight), ("bias", bias)], header)?)
    }
}

/// Values as bytes, the lowest first.
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    fn of<D: Dimension>(values: &Array<f64, D>) -> Self {
        let mut bytes = Vec::with_capacity(8 * values.len());
        values.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        Self { dtype: Dtype::F64, shape: values.shape().to_vec(), bytes }
    }
}

fn encode(model: &Model, rows_of: Option<RowsOf>) -> Result<Vec<u8>, Error> {
    let description = Description {
        version: model.version,
        kind: model.kind,
        regularisation: model.regularisation,
        remainder: model.remainder,
        shrinkage: model.shrinkage,
        total: model.total,
        solution: model.solution,
        rows_of,
    };
    let description = serde_json::to_string(&description).map_err(format_error)?;
    let header = HashMap::from([(DESCRIPTION.to_owned(), description)]);
    let mut tensors = vec![
        ("mean", Tensor::of(&model.frame.mean)),
        ("eigenvalues", Tensor::of(&model.eigenvalues)),
        ("components", Tensor::of(&model.components)),
    ];
    tensors.extend(model.deviations().map(|all| ("deviations", Tensor::of(all))));
    serialise(tensors, header)
}

fn serialise(
    tensors: impl IntoIterator<Item = (&'static str, Tensor)>,
    header: HashMap<String, String>,
) -> Result<Vec<u8>, Error> {
    let tensors: Vec<_> = tensors.into_iter().collect();
    let views = tensors
        .iter()
        .map(|(name, tensor)| {
            let shape = tensor.shape.clone();
            Ok((name, TensorView::new(tensor.dtype, shape, &tensor.bytes).map_err(format_error)?))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    ::safetensors::serialize(views.iter().map(|(name, view)| (name, view)), Some(header))
        .map_err(format_error)
}

fn decode(bytes: &[u8]) -> Result<(Model, Option<RowsOf>), Error> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(format_error)?;
    let header = metadata.metadata().as_ref();
    let description = header
        .and_then(|header| header.get(DESCRIPTION))
        .ok_or_else(|| format_error(format!("its header has no `{DESCRIPTION}`")))?;
    let Versioned { version } = serde_json::from_str(description).map_err(format_error)?;
    if version != u64::from(VERSION) {
        return Err(Error::Version { found: version, supported: VERSION });
    }
    let description: Description = serde_json::from_str(description).map_err(format_error)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(format_error)?;
    // Whether the kind has them is checked with all the rest.
    let deviations = match tensors.names().contains(&"deviations") {
        true => Some(vector(&tensors, "deviations")?),
        false => None,
    };
    let model = Model {
        version: description.version,
        kind: description.kind,
        regularisation: description.regularisation,
        remainder: description.remainder,
        shrinkage: description.shrinkage,
        total: description.total,
        solution: description.solution,
        frame: Frame { mean: vector(&tensors, "mean")?, deviations },
        eigenvalues: vector(&tensors, "eigenvalues")?,
        components: matrix(&tensors, "components")?,
    };
    Ok((model, description.rows_of))
}

fn vector(tensors: &SafeTensors<'_>, name: &str) -> Result<Array1<f64>, Error> {
    let (shape, values) = values(tensors, name)?;
    match shape[..] {
        [_] => Ok(values.into()),
        _ => {
            Err(format_error(format!("the tensor `{name}` has the shape {shape:?}, not one axis")))
        }
    }
}

fn matrix(tensors: &SafeTensors<'_>, name: &str) -> Result<Array2<f64>, Error> {
    let (shape, values) = values(tensors, name)?;
    match shape[..] {
        [rows, columns] => Array2::from_shape_vec((rows, columns), values).map_err(format_error),
        _ => {
            Err(format_error(format!("the tensor `{name}` has the shape {shape:?}, not two axes")))
        }
    }
}

/// Shape and values of a tensor; the format guarantees that the bytes are there.
fn values(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f64>), Error> {
    let tensor = tensors.tensor(name).map_err(format_error)?;
    if tensor.dtype() != Dtype::F64 {
        let reason = format!("the tensor `{name}` is of {:?}, not F64", tensor.dtype());
        return Err(format_error(reason));
    }
    let (values, _) = tensor.data().as_chunks::<8>();
    let values = values.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect();
    Ok((tensor.shape().to_vec(), values))
}

fn format_error(reason: impl ToString) -> Error {
    Error::Format { reason: reason.to_string() }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let error = |error: std::io::Error| file_error(path, "read", &error);
    let check = |bytes: u64| match bytes > LIMIT {
        true => Err(Error::FileSize { path: path.to_owned(), bytes, limit: LIMIT }),
        false => Ok(()),
    };
    let file = std::fs::File::open(path).map_err(error)?;
    check(file.metadata().map_err(error)?.len())?;
    // A file may be longer than it says, or no end be known, as of a device.
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(error)?;
    check(bytes.len() as u64)?;
    Ok(bytes)
}

/// Writes beside the file and renames, so that no reader ever sees half of it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let error = |error: std::io::Error| file_error(path, "written", &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = beside(folder.unwrap_or(Path::new("."))).map_err(error)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(error)?;
    file.persist(path).map_err(|failed| error(failed.error))?;
    Ok(())
}

/// An unnamed file of the permissions that any new file has here.
fn beside(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".whitening-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

fn file_error(path: &Path, action: &'static str, error: &std::io::Error) -> Error {
    Error::File { path: path.to_owned(), action, reason: error.to_string() }
}
