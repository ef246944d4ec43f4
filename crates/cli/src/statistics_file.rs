//! The statistics of a data set as a file: figures to read, and the state they come from.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use comfy_table::{CellAlignment, Table, presets};
use mizumashi::stats::{
    Grouping, Histogram, Layout, PartialState, Statistics, Summary, state_kind,
};
use ndarray::{ArrayView3, Axis};
use serde::{Deserialize, Serialize};

use crate::counted::counted;
use crate::error::Error;
use crate::file_kind::FileKind;
use crate::output::Output;
use crate::pictures::{Entry, Pictures};
use crate::{file, json_file};

/// Exact statistics per channel.
///
/// The histograms are the whole state: files of parts of a set hold all that is needed to get the
/// file of the whole. The figures repeat what follows from them, for other programs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatisticsFile {
    format: Format,
    pub(crate) images: u64,
    /// Height, width, channels, where all images agree.
    image_shape: Option<[usize; 3]>,
    channels: Vec<Channel>,
    histograms: Statistics<Histogram>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "mizumashi statistics 1")]
    Version1,
}

/// The figures of a channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Channel {
    mean: f64,
    std: f64,
    min: f64,
    median: f64,
    max: f64,
}

impl StatisticsFile {
    pub(crate) fn new(histograms: Statistics<Histogram>) -> Self {
        let channel = |histogram: &Histogram| Channel {
            mean: histogram.mean(),
            std: histogram.std(),
            min: histogram.min(),
            median: histogram.median(),
            max: histogram.max(),
        };
        Self {
            format: Format::Version1,
            images: histograms.samples(),
            image_shape: histograms.image_shape(),
            channels: histograms.groups().iter().map(channel).collect(),
            histograms,
        }
    }

    /// Learns from pictures.
    pub(crate) fn learn(pictures: &mut Pictures) -> Result<Self, Error> {
        let mut histograms = Statistics::<Histogram>::new(Grouping::Channel);
        let work = |_: usize, _: &Entry, image: ArrayView3<'_, u8>| {
            let batch = image.insert_axis(Axis(0));
            Ok(Statistics::<Histogram>::of(batch, Layout::Nhwc, Grouping::Channel)?)
        };
        pictures.each("fitting", work, |_, one| Ok(histograms.merge(&one)?))?;
        Ok(Self::new(histograms))
    }

    pub(crate) fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        use serde::de::Error;
        let file: Self = serde_json::from_str(json)?;
        if file.histograms.grouping() != Grouping::Channel || file.histograms.samples() == 0 {
            return Err(Error::custom("its statistics are not by channel, or of no images"));
        }
        // The figures are those of the state, whatever the file says.
        Ok(Self::new(file.histograms))
    }

    /// The statistics in a file: JSON, or the bytes of a part.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = file::bytes(path)?;
        FileKind::Statistics.expect(path, &bytes)?;
        Self::parsed(path, &bytes)
    }

    /// The same of a file whose bytes were read.
    pub(crate) fn parsed(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        if state_kind(bytes).is_none() {
            return json_file::parsed(path, bytes, Self::from_json);
        }
        let refuse = |message| Error::File { path: path.to_owned(), message };
        let histograms = Statistics::<Histogram>::from_bytes(bytes)
            .map_err(|error| refuse(error.to_string()))?;
        match histograms.grouping() == Grouping::Channel && histograms.samples() > 0 {
            true => Ok(Self::new(histograms)),
            false => Err(refuse("its statistics are not by channel, or of no images".to_owned())),
        }
    }

    /// The statistics of all pictures that the files are of.
    pub(crate) fn merge(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut histograms = Statistics::<Histogram>::new(Grouping::Channel);
        for path in paths {
            histograms.merge(&Self::open(path)?.histograms).map_err(|error| Error::File {
                path: path.to_owned(),
                message: error.to_string(),
            })?;
        }
        Ok(Self::new(histograms))
    }

    /// Writes a file of JSON, or the bytes of a part.
    pub(crate) fn save(&self, path: &Path, partial: bool, writing: Output) -> Result<(), Error> {
        writing.write_with(path, |file| match partial {
            true => Ok(file.write_all(&self.histograms.to_bytes()?)?),
            false => Ok(serde_json::to_writer(file, self)?),
        })
    }

    pub(crate) fn histograms(&self) -> &Statistics<Histogram> {
        &self.histograms
    }
}

impl fmt::Display for StatisticsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pictures = counted(self.images, "picture");
        match self.image_shape {
            Some([height, width, channels]) => {
                writeln!(f, "{pictures} of {height}x{width}x{channels}")?;
            }
            None => writeln!(f, "{pictures} of different sizes")?,
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["channel", "mean", "std", "min", "median", "max", "mean/255", "std/255"]);
        for (name, channel) in channel_names(self.channels.len()).iter().zip(&self.channels) {
            let Channel { mean, std, min, median, max } = channel;
            table.add_row([
                name.clone(),
                format!("{mean:.4}"),
                format!("{std:.4}"),
                format!("{min}"),
                format!("{median}"),
                format!("{max}"),
                format!("{:.6}", mean / 255.0),
                format!("{:.6}", std / 255.0),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{}", table.trim_fmt())
    }
}

/// What the channels of a picture are called.
pub(crate) fn channel_names(channels: usize) -> Vec<String> {
    let names: &[&str] = match channels {
        1 => &["grey"],
        3 => &["red", "green", "blue"],
        4 => &["red", "green", "blue", "alpha"],
        _ => return (0..channels).map(|channel| channel.to_string()).collect(),
    };
    names.iter().map(|&name| name.to_owned()).collect()
}
