//! `mizumashi inspect`.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use mizumashi::Fitted;
use mizumashi::transform::{Plan, Recipe, Transform};
use mizumashi::whitening::Diagnosis;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::counted::counted;
use crate::decimals::decimals;
use crate::drawn::step_line;
use crate::error::Error;
use crate::file_kind::{FileKind, is_object};
use crate::statistics_file::{StatisticsFile, channel_names};
use crate::whitening_file::WhiteningFile;
use crate::{file, json_file};

/// Tell what is in a file: statistics or a part of them, a fit, a whitening, a recipe or a plan
#[derive(Debug, Args)]
pub(crate) struct Options {
    file: PathBuf,
}

/// What a file is.
#[derive(Debug, Serialize)]
#[serde(tag = "file", rename_all = "snake_case")]
pub(crate) enum Inspected {
    Statistics(Box<StatisticsFile>),
    Fit { fitted: Box<Fitted> },
    Recipe { recipe: Recipe },
    Plan { plan: Plan<'static> },
    Whitening { of: String, diagnosis: Box<Diagnosis> },
}

pub(crate) fn run(options: Options) -> Result<Inspected, Error> {
    let path = options.file.as_path();
    let bytes = file::bytes(path)?;
    Ok(match FileKind::of(&bytes) {
        Some(FileKind::Statistics) => {
            Inspected::Statistics(Box::new(StatisticsFile::parsed(path, &bytes)?))
        }
        Some(FileKind::Fit) => {
            let parse = |text: &str| serde_json::from_str(text);
            Inspected::Fit { fitted: json_file::parsed(path, &bytes, parse)? }
        }
        Some(FileKind::Recipe) => {
            Inspected::Recipe { recipe: json_file::parsed(path, &bytes, Recipe::from_json)? }
        }
        Some(FileKind::Plan) => {
            Inspected::Plan { plan: json_file::parsed(path, &bytes, Plan::from_json)? }
        }
        Some(FileKind::Whitening) => {
            let whitening = WhiteningFile::parsed(path, &bytes)?;
            let (of, diagnosis) = (whitening.subject(), Box::new(whitening.diagnosis()));
            Inspected::Whitening { of, diagnosis }
        }
        None => return Err(refusal(path, &bytes)),
    })
}

/// What is wrong with a file of no kind: JSON that breaks off, for one.
fn refusal(path: &Path, bytes: &[u8]) -> Error {
    let parse = |text: &str| serde_json::from_str::<IgnoredAny>(text);
    let broken = is_object(bytes).then(|| json_file::parsed(path, bytes, parse));
    match broken {
        Some(Err(error)) => error,
        _ => Error::File {
            path: path.to_owned(),
            message: "no statistics, fit, recipe, plan or whitening of mizumashi".to_owned(),
        },
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statistics(statistics) => writeln!(f, "statistics of {statistics}"),
            Self::Fit { fitted } => {
                writeln!(f, "the fit of a generator")?;
                let names = channel_names(fitted.mean().len());
                for ((name, mean), std) in names.iter().zip(fitted.mean()).zip(fitted.std()) {
                    let [mean, std] = [mean, std].map(|&figure| decimals(figure, 4));
                    writeln!(f, "  {name}  mean {mean}  std {std}")?;
                }
                match fitted.whitening() {
                    Some(whitening) => write!(f, "{}", whitening.diagnosis()),
                    None => Ok(()),
                }
            }
            Self::Recipe { recipe } => {
                let transforms = counted(recipe.transforms().len() as u64, "transform");
                writeln!(f, "a recipe of {transforms}")?;
                recipe
                    .transforms()
                    .iter()
                    .enumerate()
                    .try_for_each(|(number, one)| writeln!(f, "  {number}  {}", told(one.as_ref())))
            }
            Self::Plan { plan } => {
                let steps = counted(plan.steps().len() as u64, "step");
                writeln!(f, "a plan of {steps} for pictures of {}", plan.input_shape())?;
                for (number, step) in plan.steps().iter().enumerate() {
                    writeln!(f, "  {number}  {}", step_line(step))?;
                }
                match plan.output_shape() {
                    Ok(shape) => writeln!(f, "  which makes pictures of {shape}"),
                    Err(error) => writeln!(f, "  which makes none: {error}"),
                }
            }
            Self::Whitening { of, diagnosis } => write!(f, "of {of}\n{diagnosis}"),
        }
    }
}

/// The greatest length of a transform's fields that are told in full.
const TOLD: usize = 400;

/// A transform by its name and fields.
fn told(transform: &dyn Transform) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(transform) else {
        return format!("{transform:?}");
    };
    let name = match fields.remove("transform") {
        Some(Value::String(name)) => name,
        _ => "a transform".to_owned(),
    };
    let fields = match fields.is_empty() {
        true => String::new(),
        false => format!("  {}", Value::Object(fields)),
    };
    match fields.len() {
        ..=TOLD => format!("{name}{fields}"),
        length => format!("{name}  ({length} bytes of fields)"),
    }
}
