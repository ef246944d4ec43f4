use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::Error;
use crate::error::io_error;

/// The extensions that count as pictures unless others are given, in lower case. Keras has neither
/// `gif` nor `webp`.
pub const EXTENSIONS: [&str; 9] =
    ["png", "jpg", "jpeg", "bmp", "gif", "ppm", "tif", "tiff", "webp"];

/// Which part of a list a validation split keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subset {
    /// What the fraction leaves over.
    Training,
    /// The first fraction.
    Validation,
}

/// Lists the pictures of a folder with a subfolder per class: `root/class/**/picture`.
///
/// Classes are numbered in the order of their sorted names, or in a given order. Files are found at
/// any depth below a class folder, whatever their case, and sorted: by their folder's path, then by
/// name, as Keras has them. What is not a picture by its extension is skipped and listed.
///
/// ```
/// use mizumashi_data::files::{ImageFolder, Subset};
/// use std::fs;
///
/// let root = tempfile::tempdir()?;
/// for file in ["cat/1.png", "cat/2.png", "cat/notes.txt", "dog/old/1.png", "dog/2.png"] {
///     let path = root.path().join(file);
///     fs::create_dir_all(path.parent().unwrap())?;
///     fs::write(path, "")?;
/// }
/// let list = ImageFolder::new(root.path()).list()?;
/// assert_eq!(list.class_names, ["cat", "dog"]);
/// assert_eq!(list.labels, [0, 0, 1, 1]);
/// assert_eq!(list.paths[3], root.path().join("dog/old/1.png"));
/// assert_eq!(list.skipped, [root.path().join("cat/notes.txt")]);
///
/// let validation = ImageFolder::new(root.path()).subset(Subset::Validation, 0.5).list()?;
/// assert_eq!(validation.labels, [0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct ImageFolder {
    root: PathBuf,
    classes: Classes,
    extensions: Vec<String>,
    follow_links: bool,
    subset: Option<(Subset, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Classes {
    Found,
    Given(Vec<String>),
    None,
}

/// Pictures that were listed, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// The pictures, below the root that was given.
    pub paths: Vec<PathBuf>,
    /// The class of each, an index into the names; empty for a folder without classes.
    pub labels: Vec<usize>,
    /// The names of the classes, whether or not they have pictures; empty for a folder without
    /// classes.
    pub class_names: Vec<String>,
    /// Files that are no pictures by their extension, and links that lead nowhere.
    pub skipped: Vec<PathBuf>,
}

impl ImageFolder {
    /// The folder `root`, its subfolders being the classes.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            classes: Classes::Found,
            extensions: EXTENSIONS.map(str::to_owned).to_vec(),
            follow_links: false,
            subset: None,
        }
    }

    /// The classes in the order of their numbers; subfolders of other names are left out.
    pub fn classes<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        Self { classes: Classes::Given(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Takes all pictures below the root, without classes.
    pub fn without_classes(self) -> Self {
        Self { classes: Classes::None, ..self }
    }

    /// The extensions that count as pictures, in any case, with or without a leading dot;
    /// [`EXTENSIONS`] unless set.
    pub fn extensions<S: Into<String>>(self, extensions: impl IntoIterator<Item = S>) -> Self {
        let bare =
            |extension: String| extension.strip_prefix('.').unwrap_or(&extension).to_lowercase();
        let extensions = extensions.into_iter().map(|extension| bare(extension.into())).collect();
        Self { extensions, ..self }
    }

    /// Whether links to folders below a class are entered; off unless set. A loop is entered once.
    /// Links to files, and class folders that are links, are always followed.
    pub fn follow_links(self, follow_links: bool) -> Self {
        Self { follow_links, ..self }
    }

    /// Keeps one part of each class: of its sorted files, the first `validation_split` is for
    /// validation (rounded down), the rest for training.
    pub fn subset(self, subset: Subset, validation_split: f64) -> Self {
        Self { subset: Some((subset, validation_split)), ..self }
    }

    /// Reads the folder.
    ///
    /// # Errors
    /// - [`Error::Missing`] when the root or a given class is no folder;
    /// - [`Error::DuplicateClass`] when a class is given twice;
    /// - [`Error::Split`] when the fraction is not between 0 and 1;
    /// - [`Error::Io`] when a folder cannot be read, or a class's name is no Unicode;
    /// - [`Error::NoImages`] when nothing is left to serve.
    pub fn list(&self) -> Result<FileList, Error> {
        require_folder(&self.root, "folder of images")?;
        let mut list = FileList::default();
        match &self.classes {
            Classes::None => {
                let (pictures, skipped) = self.find(&self.root)?;
                list.paths = pictures;
                list.skipped = skipped;
            }
            Classes::Given(names) => {
                number_classes(names)?;
                list.class_names.clone_from(names);
            }
            Classes::Found => list.class_names = subfolders(&self.root)?,
        }
        for (label, name) in list.class_names.iter().enumerate() {
            let folder = self.root.join(name);
            require_folder(&folder, "folder of a class")?;
            let (pictures, skipped) = self.find(&folder)?;
            list.labels.extend(vec![label; pictures.len()]);
            list.paths.extend(pictures);
            list.skipped.extend(skipped);
        }
        if list.paths.is_empty() {
            return Err(Error::NoImages { input: self.root.display().to_string() });
        }
        Ok(list)
    }

    /// The pictures below a folder, cut to the subset, and the other files.
    fn find(&self, folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let (mut pictures, mut skipped) = (Vec::new(), Vec::new());
        for entry in WalkDir::new(folder).follow_links(self.follow_links) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.loop_ancestor().is_some() => continue,
                Err(error) => match (error.path().map(Path::to_owned), error.into_io_error()) {
                    (Some(path), _) if path.is_symlink() => {
                        skipped.push(path);
                        continue;
                    }
                    (path, Some(source)) => {
                        return Err(io_error(path.as_deref().unwrap_or(folder), source));
                    }
                    (_, None) => continue,
                },
            };
            let path = entry.path();
            if path.is_dir() {
                continue;
            }
            let is_picture = path.is_file() && has_extension(path, &self.extensions);
            if is_picture { &mut pictures } else { &mut skipped }.push(entry.into_path());
        }
        pictures.sort_by_cached_key(|path| sorting_key(path));
        skipped.sort_by_cached_key(|path| sorting_key(path));
        if let Some((subset, fraction)) = self.subset {
            pictures = subset.of(pictures, fraction)?;
        }
        Ok((pictures, skipped))
    }
}

impl Subset {
    /// Which of `len` samples belong to this part, when the first `validation_split` of them are for
    /// validation: Keras' cut, which rounds down.
    ///
    /// ```
    /// use mizumashi_data::files::Subset;
    ///
    /// assert_eq!(Subset::Validation.range(10, 0.25)?, 0..2);
    /// assert_eq!(Subset::Training.range(10, 0.25)?, 2..10);
    /// # Ok::<(), mizumashi_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Split`] when the fraction is not between 0 and 1.
    pub fn range(self, len: usize, validation_split: f64) -> Result<Range<usize>, Error> {
        if !(validation_split > 0.0 && validation_split < 1.0) {
            return Err(Error::Split { fraction: validation_split });
        }
        let validation = (validation_split * len as f64) as usize;
        Ok(match self {
            Self::Training => validation..len,
            Self::Validation => 0..validation,
        })
    }

    /// The part of a list, cut by position.
    pub(super) fn of<T>(self, mut list: Vec<T>, validation_split: f64) -> Result<Vec<T>, Error> {
        let part = self.range(list.len(), validation_split)?;
        list.truncate(part.end);
        Ok(list.split_off(part.start))
    }
}

/// By the text of the folder's path, then by name: not the order of paths, in which a folder `a-b`
/// comes after what is in `a`.
fn sorting_key(path: &Path) -> (OsString, OsString) {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().to_owned();
    (part(path.parent().map(Path::as_os_str)), part(path.file_name()))
}

fn has_extension(path: &Path, extensions: &[String]) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    extensions.contains(&extension)
}

/// The number of each class by its name: its position among `names`, in whatever order they are.
pub(super) fn number_classes(names: &[String]) -> Result<BTreeMap<&str, usize>, Error> {
    let mut numbers = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        if let Some(first) = numbers.insert(name.as_str(), number) {
            return Err(Error::DuplicateClass { name: name.clone(), first, second: number });
        }
    }
    Ok(numbers)
}

fn require_folder(path: &Path, what: &str) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    Err(Error::Missing { path: path.to_owned(), looked_for: what.to_owned() })
}

/// The sorted names of the folders in a folder, links to folders among them.
fn subfolders(root: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root).map_err(|source| io_error(root, source))? {
        let entry = entry.map_err(|source| io_error(root, source))?;
        if entry.path().is_dir() {
            let unreadable = |_| {
                let problem = "its name is no Unicode; rename it, or give the classes by name";
                io_error(&entry.path(), std::io::Error::other(problem))
            };
            names.push(entry.file_name().into_string().map_err(unreadable)?);
        }
    }
    names.sort();
    Ok(names)
}
