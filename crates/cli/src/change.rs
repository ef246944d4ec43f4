//! What the commands that change pictures share: every picture is read, changed, measured, and
//! written where that is asked for.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use mizumashi::transform::{ImageShape, Recipe, SampleKey};
use ndarray::{Array3, ArrayView3};
use serde::Serialize;

use crate::display::{Display, encode, format_of, picture};
use crate::error::Error;
use crate::figures::Figures;
use crate::output::Output;
use crate::pictures::{Entry, Pictures, Skipped};

/// Pictures of which the text tells figures of their own.
const TOLD: usize = 10;

/// Where changed pictures go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
pub(crate) struct Destination {
    /// Write the picture to this file, or every picture to a file of its name in this folder; without
    /// it, figures are printed alone
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    writing: Output,
}

/// Where each picture will be written, if it will.
#[derive(Debug)]
pub(crate) struct Planned {
    files: Vec<Option<PathBuf>>,
    writing: Output,
}

/// What a command did to its pictures.
#[derive(Debug, Serialize)]
pub(crate) struct Changes {
    pub(crate) pictures: Vec<Change>,
    /// Of all values of all pictures.
    before: Figures,
    after: Figures,
    skipped: Vec<Skipped>,
}

/// What became of one picture.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    path: PathBuf,
    shape: [usize; 3],
    before: Figures,
    after: Figures,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<PathBuf>,
}

impl Destination {
    /// The file of each picture. Before work is put into them, those that are there already are
    /// refused, and names that no picture can have; with them, what is written `beside` them.
    pub(crate) fn plan(
        &self,
        pictures: &Pictures,
        beside: Option<&Path>,
    ) -> Result<Planned, Error> {
        let entries = pictures.entries();
        let files: Vec<Option<PathBuf>> = match (&self.output, entries) {
            (None, _) => vec![None; entries.len()],
            (Some(output), [_]) if output.extension().is_some() && !output.is_dir() => {
                format_of(output)?;
                vec![Some(output.clone())]
            }
            (Some(output), _) if entries.len() > 1 && format_of(output).is_ok() => {
                let (output, count) = (output.display(), entries.len());
                return Err(Error::Usage(format!(
                    "{output} is the name of a picture; for {count} pictures, name a folder"
                )));
            }
            (Some(output), _) => {
                let file = |entry: &Entry| output.join(entry.name.with_extension("png"));
                entries.iter().map(|entry| Some(file(entry))).collect()
            }
        };
        let all = || files.iter().flatten().map(PathBuf::as_path).chain(beside);
        self.writing.check(all())?;
        pictures.refuse_outputs(all())?;
        Ok(Planned { files, writing: self.writing })
    }

    /// Whether an existing file may be replaced.
    pub(crate) fn writing(&self) -> Output {
        self.writing
    }
}

impl Planned {
    /// All that will be written.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().flatten().map(PathBuf::as_path)
    }

    /// Changes every picture, of the list that was planned for.
    pub(crate) fn change(
        &self,
        pictures: &mut Pictures,
        display: Display,
        change: impl Fn(usize, ArrayView3<'_, u8>) -> Result<Array3<f32>, Error> + Sync,
    ) -> Result<Changes, Error> {
        let files = &self.files;
        let (mut before, mut after, mut all) =
            (Figures::default(), Figures::default(), Vec::with_capacity(files.len()));
        let work = |index: usize, entry: &Entry, image: ArrayView3<'_, u8>| {
            let changed = change(index, image)?;
            if let Some(file) = &files[index] {
                let bytes = display.bytes(changed.view());
                self.writing.write(file, &encode(file, &picture(bytes.view())?)?)?;
            }
            let ImageShape { height, width, channels } = ImageShape::new(image.dim());
            Ok(Change {
                path: entry.path().to_owned(),
                shape: [height, width, channels],
                before: Figures::of(&image.mapv(f32::from)),
                after: Figures::of(&changed),
                output: files[index].clone(),
            })
        };
        pictures.each("changing", work, |_, change| {
            before.merge(&change.before);
            after.merge(&change.after);
            all.push(change);
            Ok(())
        })?;
        Ok(Changes { pictures: all, before, after, skipped: pictures.skipped().to_vec() })
    }
}

/// Changes a picture, of this place in the list, by a recipe: what is random in it is drawn as for the
/// first copy that `augment` makes with seed 0.
pub(crate) fn by_recipe(
    recipe: &Recipe,
) -> impl Fn(usize, ArrayView3<'_, u8>) -> Result<Array3<f32>, Error> + Sync {
    |index, image| {
        let key = SampleKey { seed: 0, epoch: 0, index: index as u64 };
        Ok(recipe.draw(key, image.dim())?.apply(image)?)
    }
}

impl Changes {
    /// Tells of pictures, too, that were left out before.
    pub(crate) fn also_skipped(&mut self, skipped: &[Skipped]) {
        self.skipped.splice(0..0, skipped.iter().cloned());
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in self.pictures.iter().take(TOLD) {
            let [height, width, channels] = change.shape;
            writeln!(f, "{} ({height}x{width}x{channels})", change.path.display())?;
            writeln!(f, "  before  {}", change.before)?;
            writeln!(f, "  after   {}", change.after)?;
        }
        if self.pictures.len() > TOLD {
            writeln!(f, "and {} more, which --json tells of", self.pictures.len() - TOLD)?;
        }
        if self.pictures.len() > 1 {
            writeln!(f, "all {} pictures", self.pictures.len())?;
            writeln!(f, "  before  {}", self.before)?;
            writeln!(f, "  after   {}", self.after)?;
        }
        if let Some(file) = self.pictures.first().and_then(|change| change.output.as_deref()) {
            match self.pictures.len() {
                1 => writeln!(f, "written: {}", file.display())?,
                count => writeln!(f, "written: {count} pictures, {} the first", file.display())?,
            }
        }
        write_skipped(f, &self.skipped)
    }
}

/// Lists the pictures that were left out.
pub(crate) fn write_skipped(f: &mut fmt::Formatter<'_>, skipped: &[Skipped]) -> fmt::Result {
    if skipped.is_empty() {
        return Ok(());
    }
    writeln!(f, "left out, since they cannot be read: {}", skipped.len())?;
    skipped.iter().try_for_each(|one| writeln!(f, "  {}: {}", Path::display(&one.path), one.reason))
}
