//! Image files: listed from folders or tables, decoded when they are needed.
//!
//! - [`ImageFolder`] lists the files of a folder, a class per subfolder; [`Table`] lists them from
//!   the rows of a CSV file. Both do what Keras' `flow_from_directory` and `flow_from_dataframe`
//!   do (keras-preprocessing 1.1.2).
//! - [`ImageLoader`] makes an array of a file: u8, `[height, width, channels]`, in a
//!   [`ColorMode`], resized by a [`Resampling`], within [`Limits`].
//! - [`ImageFiles`] is a list of files with a loader: a data set that stays on disk, with a rule
//!   for damaged files ([`OnDamage`]).
//! - [`save_image`] writes an array where people can look at it.
//!
//! Formats are told by their content: PNG, JPEG, BMP, GIF (its first picture), PNM, TIFF, WebP.

mod atomic;
mod color;
mod decode;
mod folder;
mod limits;
mod loader;
mod resampling;
mod save;
mod set;
mod table;

pub use color::ColorMode;
pub use folder::{EXTENSIONS, FileList, ImageFolder, Subset};
pub use limits::Limits;
pub use loader::ImageLoader;
pub use resampling::Resampling;
pub use save::{SaveFormat, save_image};
pub use set::{ImageFiles, OnDamage, Quarantined};
pub use table::Table;
