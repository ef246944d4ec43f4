//! Shell listings, run in a folder with pictures in it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::Metadata;
use image::{GrayImage, Luma, Rgb, RgbImage};
use mizumashi::data::{Part, Synthetic};
use ndarray::{ArrayView3, Axis};

use super::page::{Listing, Page};

/// The package of the program that listings call, and its name.
const PROGRAM: (&str, &str) = ("mizumashi-cli", "mizumashi");

/// Runs the listings of all pages; returns how many, and what failed.
///
/// A line that stands in `.ci/run`, too, is run there and not again. A listing after a comment
/// `<!-- not run: REASON -->` is not run; the reason is printed. The listings of a page are run one
/// after the other in the same folder, which has [`scene`] in it.
pub(super) fn run(
    root: &Path,
    metadata: &Metadata,
    pages: &[Page],
) -> Result<(usize, Vec<String>), Box<dyn Error>> {
    let ci = fs::read_to_string(root.join(".ci/run"))?;
    let target = metadata.target_directory.as_std_path();
    let (mut run, mut failures) = (0, Vec::new());
    let mut programs = None;
    for page in pages {
        let name = page.path.display();
        let mut folder = None;
        for listing in page.listings.iter().filter(|listing| listing.is_in("sh")) {
            if let Some(reason) = &listing.not_run {
                println!("{name}:{}: not run: {reason}", listing.line);
                continue;
            }
            let script = script(listing, &ci);
            if script.is_empty() {
                continue;
            }
            if programs.is_none() {
                programs = Some(build(metadata)?);
            }
            let folder = match &folder {
                Some(folder) => folder,
                None => folder.insert(scene(target, &page.path)?),
            };
            let path = std::env::var_os("PATH").unwrap_or_default();
            let paths = programs.iter().cloned().chain(std::env::split_paths(&path));
            let output = Command::new("bash")
                .args(["-euo", "pipefail", "-c", &script])
                .current_dir(folder)
                .env("PATH", std::env::join_paths(paths)?)
                .output()?;
            run += 1;
            if !output.status.success() {
                failures.push(format!(
                    "{name}:{}: {}\n{script}{}",
                    listing.line,
                    output.status,
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
    }
    Ok((run, failures))
}

/// The lines of a listing, but for calls of cargo that `.ci/run` has.
fn script(listing: &Listing, ci: &str) -> String {
    let joined = listing.code.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.split("  #").next().unwrap_or_default().trim_end())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|line| !(line.contains("cargo ") && ci.contains(line)))
        .filter(|line| *line != "bash .ci/run")
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Builds the program that listings call, and returns the folder that it is in.
fn build(metadata: &Metadata) -> Result<PathBuf, Box<dyn Error>> {
    let (package, program) = PROGRAM;
    if !metadata.packages.iter().any(|found| found.name.as_str() == package) {
        return Err(format!("listings call {program}, but there is no package {package}").into());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "--quiet", "--bin", program]).status()?;
    if !status.success() {
        return Err(format!("cannot build {package}").into());
    }
    Ok(metadata.target_directory.as_std_path().join("debug"))
}

/// An empty folder for the listings of a page, but for what they work on: `picture.png` and `photo.jpg`; `photos`,
/// with a folder of pictures for each class; and `masks`, named as `photos` are.
fn scene(target: &Path, page: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let folder = target.join("docs").join(page.to_string_lossy().replace(['/', '\\', '.'], "-"));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let set = Synthetic { height: 128, width: 128, ..Synthetic::default() };
    let pictures = set.samples(Part::Train, 0..1)?;
    for name in ["picture.png", "photo.jpg"] {
        picture(pictures.images().index_axis(Axis(0), 0)).save(folder.join(name))?;
    }

    let set = Synthetic { height: 64, width: 64, ..Synthetic::default() };
    let photos = set.samples(Part::Train, 0..30)?;
    for (index, image) in photos.images().axis_iter(Axis(0)).enumerate() {
        let class = &photos.class_names()[photos.labels()[index]];
        let name = Path::new(class).join(format!("{index:02}.png"));
        for folder in ["photos", "masks"].map(|kind| folder.join(kind).join(class)) {
            fs::create_dir_all(folder)?;
        }
        let photo = picture(image);
        let mask = GrayImage::from_fn(photo.width(), photo.height(), |x, y| {
            Luma([u8::from(photo[(x, y)].0[1] > 127)])
        });
        photo.save(folder.join("photos").join(&name))?;
        mask.save(folder.join("masks").join(&name))?;
    }
    Ok(folder)
}

fn picture(pixels: ArrayView3<'_, u8>) -> RgbImage {
    let (height, width, _) = pixels.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([0, 1, 2].map(|channel| pixels[[y as usize, x as usize, channel]]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_not_run_elsewhere_are_left() {
        let listing = Listing {
            line: 1,
            language: "sh".into(),
            code: "cargo test --workspace    # the tests\n# words\nmizumashi fit photos \\\n  -o a.json\ndone\n".into(),
            not_run: None,
        };
        assert_eq!(
            script(&listing, "step cargo test --workspace\ndone\n"),
            "mizumashi fit photos    -o a.json\ndone\n"
        );
    }
}
