use ndarray::{Array2, ArrayView2, ArrayView4, ArrayViewMut2, ArrayViewMut4, Axis, CowArray, Ix2};
use rayon::prelude::*;

use crate::pixel::Pixel;
use crate::{Error, Scope};

/// Values copied at a time when images do not lie in memory as rows.
const BLOCK_VALUES: usize = 1 << 20;

/// Values checked by one parallel task.
const CHECKED_VALUES: usize = 1 << 16;

/// Images read as the rows of a matrix: one row an image, or one a pixel.
pub(crate) struct Observations<'a, T> {
    /// Samples, height, width, channels; any strides.
    images: ArrayView4<'a, T>,
    scope: Scope,
}

impl<'a, T: Pixel> Observations<'a, T> {
    /// `images` as samples, height, width, channels.
    pub(crate) fn of_images(images: ArrayView4<'a, T>, scope: Scope) -> Self {
        Self { images, scope }
    }

    pub(crate) fn of_rows(rows: ArrayView2<'a, T>) -> Self {
        let images = rows.insert_axis(Axis(1)).insert_axis(Axis(1));
        Self { images, scope: Scope::Pixels }
    }

    /// Number of images, height and width.
    pub(crate) fn images(&self) -> (usize, usize, usize) {
        let (samples, height, width, _) = self.images.dim();
        (samples, height, width)
    }

    /// Number of rows and their length.
    pub(crate) fn dim(&self) -> (usize, usize) {
        flat_dim(self.images.dim(), self.scope)
    }

    /// All rows at once, copied only where they do not lie in memory as such.
    pub(crate) fn rows(&self) -> CowArray<'_, T, Ix2> {
        flatten(self.images.view(), self.scope)
    }

    /// All rows in order, in blocks of [`images_per_block`](Self::images_per_block) images.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = CowArray<'_, T, Ix2>> {
        self.images
            .axis_chunks_iter(Axis(0), self.images_per_block())
            .map(|images| flatten(images, self.scope))
    }

    /// All images where they lie in memory as rows, else so few that copying them takes little
    /// memory.
    pub(crate) fn images_per_block(&self) -> usize {
        let samples = self.images.len_of(Axis(0)).max(1);
        let values = (self.images.len() / samples).max(1);
        let few = (BLOCK_VALUES / values).max(1);
        if self.images.is_standard_layout() { samples } else { few }
    }

    /// An error that names the first value that is NaN or infinite.
    pub(crate) fn check_finite(&self) -> Result<(), Error> {
        // In the order of memory, whatever it is.
        if self.images.as_slice_memory_order().is_some_and(all_finite) {
            return Ok(());
        }
        let mut first_row = 0;
        for rows in self.blocks() {
            check_finite(rows.view(), first_row)?;
            first_row += rows.nrows();
        }
        Ok(())
    }
}

/// Checks rows of which the first is called `first_row`.
pub(crate) fn check_finite<T: Pixel>(
    rows: ArrayView2<'_, T>,
    first_row: usize,
) -> Result<(), Error> {
    let height = (CHECKED_VALUES / rows.ncols().max(1)).max(1);
    let damaged = |rows: &ArrayView2<'_, T>| match rows.as_slice() {
        Some(values) => !all_finite(values),
        None => rows.iter().any(|x| !x.finite()),
    };
    let error = rows
        .axis_chunks_iter(Axis(0), height)
        .into_par_iter()
        .enumerate()
        .filter(|(_, rows)| damaged(rows))
        .find_map_first(|(chunk, rows)| {
            let ((row, column), &value) = rows.indexed_iter().find(|(_, x)| !x.finite())?;
            let row = first_row + chunk * height + row;
            Some(Error::NonFinite { row, column, value: Into::<f64>::into(value) as f32 })
        });
    error.map_or(Ok(()), Err)
}

fn all_finite<T: Pixel>(values: &[T]) -> bool {
    values.par_chunks(CHECKED_VALUES).all(|values| {
        // Without an early exit, so that it runs in vector registers.
        values.iter().fold(true, |finite, x| finite & x.finite())
    })
}

/// Lets `change` work on images (samples, height, width, channels) as on the rows of a matrix,
/// through a copy where they do not lie in memory as such.
pub(crate) fn write_rows(
    mut images: ArrayViewMut4<'_, f32>,
    scope: Scope,
    change: impl FnOnce(ArrayViewMut2<'_, f32>),
) {
    let dim = flat_dim(images.dim(), scope);
    if let Ok(rows) = images.view_mut().into_shape_with_order(dim) {
        return change(rows);
    }
    let mut rows = flatten(images.view(), scope).into_owned();
    change(rows.view_mut());
    images.iter_mut().zip(&rows).for_each(|(to, &from)| *to = from);
}

fn flat_dim(
    (samples, height, width, channels): (usize, usize, usize, usize),
    scope: Scope,
) -> (usize, usize) {
    match scope {
        Scope::Pixels => (samples, height * width * channels),
        Scope::Channels => (samples * height * width, channels),
    }
}

fn flatten<T: Pixel>(images: ArrayView4<'_, T>, scope: Scope) -> CowArray<'_, T, Ix2> {
    let dim = flat_dim(images.dim(), scope);
    match images.into_shape_with_order(dim) {
        Ok(rows) => rows.into(),
        Err(_) => {
            let mut rows = Array2::default(dim);
            rows.iter_mut().zip(images).for_each(|(to, &from)| *to = from);
            rows.into()
        }
    }
}
