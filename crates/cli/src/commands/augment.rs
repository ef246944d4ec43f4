//! `mizumashi augment`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use image::DynamicImage;
use mizumashi::data::files::ImageLoader;
use mizumashi::transform::{Plan, Recipe, SampleKey};
use ndarray::ArrayView3;
use serde::Serialize;

use crate::change::write_skipped;
use crate::counted::counted;
use crate::display::{DARK, Display, Offset, encode, format_of, narrowed, picture, rgb};
use crate::error::Error;
use crate::figures::Figures;
use crate::inputs::{self, Inputs};
use crate::output::{Output, refuse_inputs};
use crate::pictures::{Entry, Pictures, Skipped};
use crate::recipe_options::RecipeOptions;
use crate::sheet::{self, Cell};

/// Rows and columns of a contact sheet.
const ROWS: usize = 8;
const COLUMNS: u64 = 10;

/// Make random variants of pictures, and move masks along with them
///
/// Copy N of a picture depends on the seed, N, and the picture's place in the list alone.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Variants of each picture
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    copies: u64,
    /// Chooses the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    recipe: RecipeOptions,
    #[command(flatten)]
    destination: Destination,
}

/// Where the variants go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing")]
struct Destination {
    /// Write NAME_0.png, NAME_1.png and so on to this folder
    #[arg(short, long, value_name = "DIR", required_unless_present = "sheet")]
    output: Option<PathBuf>,
    /// Move the masks of this folder along, which are named as their pictures are and have at most 8
    /// bits per channel; the folder of outputs then has folders images and masks
    #[arg(long, value_name = "DIR", requires = "output")]
    masks: Option<PathBuf>,
    /// The value of masks where a picture ends
    #[arg(long, value_name = "VALUE", default_value_t = 0, requires = "masks")]
    mask_fill: u8,
    /// Write the plan of each variant beside it, as JSON
    #[arg(long, requires = "output")]
    plans: bool,
    /// Write a contact sheet of the first pictures and their variants to this file
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Write the recipe to this file, as the library stores it
    #[arg(long, value_name = "FILE")]
    save_recipe: Option<PathBuf>,
    #[command(flatten)]
    offset: Offset,
    #[command(flatten)]
    writing: Output,
}

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Augmented {
    pictures: usize,
    copies: u64,
    seed: u64,
    recipe: Recipe,
    after: Figures,
    /// Whether values had to be cut to become bytes.
    cut: bool,
    /// Whether all values are at most 1, of 255.
    dark: bool,
    skipped: Vec<Skipped>,
    outputs: Vec<PathBuf>,
}

/// The files of one variant.
struct Files {
    image: PathBuf,
    mask: Option<PathBuf>,
    plan: Option<PathBuf>,
}

pub(crate) fn run(options: Options) -> Result<Augmented, Error> {
    let recipe = options.recipe.recipe()?;
    let mut pictures = options.inputs.list()?;
    if options.destination.output.is_none() {
        pictures.truncate(ROWS);
    }
    let masks = options.masks()?;
    let files = options.files(&pictures);
    options.check(&pictures, &files, masks.as_ref())?;

    let made = options.make(&recipe, &mut pictures, &files, masks.as_ref())?;
    let mut outputs: Vec<PathBuf> = made.written;
    let Destination { writing, sheet, save_recipe, .. } = &options.destination;
    if let Some(path) = sheet {
        let columns = 1 + options.copies.min(COLUMNS - 1) as usize;
        writing.write(path, &encode(path, &sheet::draw(&made.cells, columns)?)?)?;
        outputs.push(path.clone());
    }
    if let Some(path) = save_recipe {
        writing.write(path, recipe.to_json()?.as_bytes())?;
        outputs.push(path.clone());
    }
    let as_they_are = options.destination.offset.offset.is_none();
    let beyond = made.figures.min() < -0.5 || made.figures.max() > 255.5;
    Ok(Augmented {
        pictures: made.pictures,
        copies: options.copies,
        seed: options.seed,
        cut: beyond && as_they_are,
        dark: made.figures.max() <= 1.0 && as_they_are,
        recipe,
        after: made.figures,
        skipped: pictures.skipped().to_vec(),
        outputs,
    })
}

/// What becomes of all pictures.
#[derive(Default)]
struct Made {
    pictures: usize,
    figures: Figures,
    written: Vec<PathBuf>,
    cells: Vec<Cell>,
}

impl Options {
    fn display(&self) -> Display {
        match self.destination.offset.offset {
            Some(offset) => Display::Signed(Some(offset)),
            None => Display::Bytes,
        }
    }

    /// The masks by the name of their pictures, without extension.
    fn masks(&self) -> Result<Option<Masks>, Error> {
        let Some(folder) = &self.destination.masks else { return Ok(None) };
        let list = inputs::folder(folder).list()?;
        let mut files = BTreeMap::new();
        for file in list.paths {
            let name = file.strip_prefix(folder).unwrap_or(&file).with_extension("");
            if let Some(other) = files.insert(name, file.clone()) {
                return Err(Error::File {
                    path: file,
                    message: format!("a mask of the same name is {}; leave one", other.display()),
                });
            }
        }
        Ok(Some(Masks {
            folder: folder.clone(),
            files,
            loader: self.inputs.reading().mask_loader(),
            outside: self.destination.mask_fill,
        }))
    }

    /// The files of each variant of each picture; none for a sheet alone.
    fn files(&self, pictures: &Pictures) -> Vec<Vec<Files>> {
        let Destination { output, masks, plans, .. } = &self.destination;
        let Some(output) = output else { return Vec::new() };
        let images = if masks.is_some() { output.join("images") } else { output.clone() };
        let of_copy = |entry: &Entry, copy: u64| {
            let stem = entry.name.with_extension("");
            let named = |folder: &Path, extension: &str| {
                let mut name = folder.join(&stem).into_os_string();
                name.push(format!("_{copy}.{extension}"));
                PathBuf::from(name)
            };
            Files {
                image: named(&images, "png"),
                mask: masks.as_ref().map(|_| named(&output.join("masks"), "png")),
                plan: plans.then(|| named(&images, "json")),
            }
        };
        let entries = pictures.entries().iter();
        entries.map(|entry| (0..self.copies).map(|copy| of_copy(entry, copy)).collect()).collect()
    }

    /// Refuses outputs before anything is made.
    fn check(
        &self,
        pictures: &Pictures,
        files: &[Vec<Files>],
        masks: Option<&Masks>,
    ) -> Result<(), Error> {
        let Destination { writing, sheet, save_recipe, .. } = &self.destination;
        if let Some(path) = sheet {
            format_of(path)?;
        }
        let of_variants = files.iter().flatten();
        let all: Vec<PathBuf> = of_variants
            .flat_map(|files| [Some(&files.image), files.mask.as_ref(), files.plan.as_ref()])
            .chain([sheet.as_ref(), save_recipe.as_ref()])
            .flatten()
            .cloned()
            .collect();
        let all = || all.iter().map(PathBuf::as_path);
        writing.check(all())?;
        pictures.refuse_outputs(all())?;
        refuse_inputs(
            masks.iter().flat_map(|masks| masks.files.values()).map(PathBuf::as_path),
            all(),
        )
    }

    fn make(
        &self,
        recipe: &Recipe,
        pictures: &mut Pictures,
        files: &[Vec<Files>],
        masks: Option<&Masks>,
    ) -> Result<Made, Error> {
        let (display, writing) = (self.display(), self.destination.writing);
        let wants_sheet = self.destination.sheet.is_some();
        let work = |index: usize, entry: &Entry, image: ArrayView3<'_, u8>| {
            let on_sheet = wants_sheet && index < ROWS;
            let mut one = Made { pictures: 1, ..Made::default() };
            if on_sheet {
                one.cells.push(Cell::new(&rgb(image)?, vec![short(entry)]));
            }
            let mask = masks.map(|masks| masks.load(entry)).transpose()?;
            for copy in 0..self.copies {
                let key = SampleKey { seed: self.seed, epoch: copy, index: index as u64 };
                let plan = recipe.draw(key, image.dim())?;
                let augmented = plan.apply(image)?;
                one.figures.merge(&Figures::of(&augmented));
                let bytes = display.bytes(augmented.view());
                if let Some(files) = files.get(index).map(|files| &files[copy as usize]) {
                    write(writing, &files.image, &picture(bytes.view())?, &mut one.written)?;
                    if let (Some(file), Some(mask), Some(masks)) = (&files.mask, &mask, masks) {
                        let moved = masks.moved(&plan, mask, entry)?;
                        write(writing, file, &moved, &mut one.written)?;
                    }
                    if let Some(file) = &files.plan {
                        writing.write(file, plan.to_json()?.as_bytes())?;
                        one.written.push(file.clone());
                    }
                }
                if on_sheet && copy < COLUMNS - 1 {
                    one.cells.push(Cell::new(&rgb(bytes.view())?, Vec::new()));
                }
            }
            Ok(one)
        };
        let mut made = Made::default();
        pictures.each("augmenting", work, |_, one| {
            made.pictures += one.pictures;
            made.figures.merge(&one.figures);
            made.written.extend(one.written);
            made.cells.extend(one.cells);
            Ok(())
        })?;
        Ok(made)
    }
}

fn write(
    writing: Output,
    path: &Path,
    picture: &DynamicImage,
    written: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    writing.write(path, &encode(path, picture)?)?;
    written.push(path.to_owned());
    Ok(())
}

/// The end of a name, as much as fits under a picture.
fn short(entry: &Entry) -> String {
    let name = entry.name.display().to_string();
    let letters = name.chars().count();
    let end: String = name.chars().skip(letters.saturating_sub(24)).collect();
    if letters > 24 { format!("…{end}") } else { end }
}

/// A folder of masks.
struct Masks {
    folder: PathBuf,
    files: BTreeMap<PathBuf, PathBuf>,
    loader: ImageLoader,
    outside: u8,
}

impl Masks {
    fn load(&self, entry: &Entry) -> Result<ndarray::Array3<u8>, Error> {
        let file = self.files.get(&entry.name.with_extension("")).ok_or_else(|| Error::File {
            path: self.folder.clone(),
            message: format!("no mask for {}; it must have the same name", entry.name.display()),
        })?;
        // A damaged mask is no damaged picture, which might be left out.
        let mask = self.loader.load(file).map_err(|error| Error::Generator(error.into()))?;
        Ok(narrowed(mask))
    }

    fn moved(
        &self,
        plan: &Plan<'_>,
        mask: &ndarray::Array3<u8>,
        entry: &Entry,
    ) -> Result<DynamicImage, Error> {
        let moved = plan.apply_mask(mask.view(), self.outside).map_err(|error| Error::File {
            path: entry.path().to_owned(),
            message: error.to_string(),
        })?;
        picture(moved.view())
    }
}

impl fmt::Display for Augmented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, {} of each, seed {}",
            counted(self.pictures as u64, "picture"),
            counted(self.copies, "variant"),
            self.seed
        )?;
        writeln!(f, "  after   {}", self.after)?;
        if self.cut {
            writeln!(
                f,
                "  values beyond 0 to 255 were cut to it; show signed data by --offset OFS"
            )?;
        }
        if self.dark {
            writeln!(f, "  {DARK}")?;
        }
        match self.outputs.as_slice() {
            [] => {}
            [file] => writeln!(f, "written: {}", file.display())?,
            [first, ..] => {
                writeln!(
                    f,
                    "written: {} files, {} the first",
                    self.outputs.len(),
                    first.display()
                )?;
            }
        }
        write_skipped(f, &self.skipped)
    }
}
