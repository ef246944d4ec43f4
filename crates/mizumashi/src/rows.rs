//! The arguments of Keras' `flow_from_dataframe` that are about the rows.

use std::path::PathBuf;

use mizumashi_data::Error as DataError;
use mizumashi_data::files::{ImageFiles, Subset, Table};
use ndarray::{Array1, Array2, Axis};

use crate::from_files::{Classified, Listing};
use crate::{Error, Flow, FlowFromFiles};

/// The rows of a table as a list of files, with the arguments of Keras' `flow_from_dataframe`.
#[derive(Debug, Clone)]
pub struct Rows {
    table: Table,
    directory: PathBuf,
    x: String,
    y: String,
    separator: Option<char>,
    classes: Option<Vec<String>>,
    validate_filenames: bool,
    drop_missing: bool,
    subset: Option<(Subset, f64)>,
}

impl Rows {
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            directory: PathBuf::new(),
            x: "filename".into(),
            y: "class".into(),
            separator: None,
            classes: None,
            validate_filenames: true,
            drop_missing: false,
            subset: None,
        }
    }

    /// The rows to serve, before the classes are looked at, and after the split.
    fn present(&self) -> Result<Table, Error> {
        let mut table = self.table.clone();
        if !self.validate_filenames {
            return Ok(table);
        }
        let missing = table.drop_missing(&self.x, &self.directory)?;
        match missing.first() {
            Some(path) if !self.drop_missing => {
                let looked_for = format!("file of the table ({} are missing)", missing.len());
                Err(DataError::Missing { path: path.clone(), looked_for }.into())
            }
            _ => Ok(table),
        }
    }

    fn split(&self, table: Table) -> Result<Table, Error> {
        Ok(match self.subset {
            Some((subset, fraction)) => table.subset(subset, fraction)?,
            None => table,
        })
    }

    /// The rows of the [`classes`](FlowFromFiles::classes) that were asked for, before the split.
    fn of_classes(&self, mut table: Table) -> Result<(Table, Option<Vec<String>>), Error> {
        let Some(names) = &self.classes else { return Ok((table, None)) };
        let mut names = names.clone();
        names.sort();
        names.dedup();
        table.retain_classes(&self.y, self.separator, &names)?;
        Ok((table, Some(names)))
    }

    fn numbers(&self, columns: &[&str]) -> Result<(Vec<PathBuf>, Array2<f64>), Error> {
        let table = self.split(self.present()?)?;
        Ok((table.paths(&self.x, &self.directory)?, table.numbers(columns)?))
    }
}

impl Listing for Rows {
    fn list(&self, classes: bool) -> Result<Classified, Error> {
        let mut table = self.present()?;
        let (mut labels, mut class_names) = (Vec::new(), Vec::new());
        if classes {
            let named;
            (table, named) = self.of_classes(table)?;
            class_names = match named {
                Some(names) => names,
                None => table.class_names(&self.y, self.separator)?,
            };
        }
        let table = self.split(table)?;
        if classes {
            labels = table.labels(&self.y, self.separator, &class_names)?;
        }
        Ok(Classified { paths: table.paths(&self.x, &self.directory)?, labels, class_names })
    }
}

impl<'a> FlowFromFiles<'a, Rows> {
    /// What the file names are relative to; the current directory unless set.
    pub fn directory(self, directory: impl Into<PathBuf>) -> Self {
        self.map_list(|rows| Rows { directory: directory.into(), ..rows })
    }

    /// The column of file names; `filename` unless set.
    pub fn x_col(self, column: impl Into<String>) -> Self {
        self.map_list(|rows| Rows { x: column.into(), ..rows })
    }

    /// The column of classes; `class` unless set.
    pub fn y_col(self, column: impl Into<String>) -> Self {
        self.map_list(|rows| Rows { y: column.into(), ..rows })
    }

    /// What separates several classes in one cell; none unless set.
    pub fn separator(self, separator: char) -> Self {
        self.map_list(|rows| Rows { separator: Some(separator), ..rows })
    }

    /// The classes to serve, which are sorted, as Keras does here; rows without any of them are
    /// dropped. Unless set, all that occur.
    pub fn classes<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.map_list(|rows| Rows { classes: Some(names), ..rows })
    }

    /// Whether rows whose file is missing are dropped, as in Keras. Unless set, they are an error;
    /// how many they are is what [`Table::drop_missing`] tells.
    pub fn drop_missing(self, drop_missing: bool) -> Self {
        self.map_list(|rows| Rows { drop_missing, ..rows })
    }

    /// Whether the files are looked up before anything is served (the default): a list of millions
    /// on a slow disk can do without, and a missing file is then found when its turn comes.
    pub fn validate_filenames(self, validate: bool) -> Self {
        self.map_list(|rows| Rows { validate_filenames: validate, ..rows })
    }

    /// The weights of the samples, Keras' `weight_col`, for [`Flow::with_weights`]: the numbers of a
    /// column, in the rows that a flow with classes serves.
    ///
    /// ```no_run
    /// use mizumashi::ImageDataGenerator;
    /// use mizumashi::data::files::Table;
    ///
    /// let generator = ImageDataGenerator::builder().build()?;
    /// let rows = generator.flow_from_rows(Table::open("train.csv")?);
    /// let weights = rows.weight_col("weight")?;
    /// let flow = rows.categorical()?.with_weights(weights)?;
    /// # Ok::<(), mizumashi::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the column is missing or holds something else than numbers, and those of
    /// [`images`](Self::images).
    pub fn weight_col(&self, column: &str) -> Result<Array1<f64>, Error> {
        let (table, _) = self.list.of_classes(self.list.present()?)?;
        Ok(self.list.split(table)?.numbers(&[column])?.remove_axis(Axis(1)))
    }

    /// Keeps one part of the rows; see [`Table::subset`].
    pub fn subset(self, subset: Subset, validation_split: f64) -> Self {
        self.map_list(|rows| Rows { subset: Some((subset, validation_split)), ..rows })
    }

    /// The numbers of some columns, `[samples, columns]`.
    ///
    /// # Errors
    /// When a column is missing or holds something else than numbers, and those of
    /// [`images`](Self::images).
    pub fn raw(self, columns: &[&str]) -> Result<Flow<'a, ImageFiles, Array2<f64>>, Error> {
        let (paths, numbers) = self.list.numbers(columns)?;
        self.flow(paths, numbers)
    }

    /// The numbers of some columns, each by itself: a model's several outputs.
    ///
    /// # Errors
    /// Those of [`raw`](Self::raw).
    pub fn multi_output(
        self,
        columns: &[&str],
    ) -> Result<Flow<'a, ImageFiles, Vec<Array1<f64>>>, Error> {
        let (paths, numbers) = self.list.numbers(columns)?;
        let outputs = numbers.columns().into_iter().map(|column| column.to_owned()).collect();
        self.flow(paths, outputs)
    }
}
