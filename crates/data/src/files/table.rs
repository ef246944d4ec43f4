use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::Subset;
use super::folder::number_classes;
use crate::Error;
use crate::error::io_error;

/// Rows with named columns: a file name, and whatever else is known of the picture.
///
/// It is read from CSV, with a header line, or put together from strings. What Keras'
/// `flow_from_dataframe` does to its rows are calls here, made in this order:
///
/// ```
/// use mizumashi_data::files::{Subset, Table};
///
/// let csv = "file,animal,weight\na.png,dog,31\nb.png,cat;small,4\nc.png,cat,5\nd.png,emu,40\n";
/// let mut table = Table::read(csv.as_bytes())?;
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// assert_eq!(table.retain_classes("animal", Some(';'), &classes)?, 1); // the emu goes
/// let training = table.subset(Subset::Training, 0.4)?; // the first of three was for validation
/// assert_eq!(training.labels("animal", Some(';'), &classes)?, [[0], [0]]);
/// assert_eq!(training.numbers(&["weight"])?, ndarray::array![[4.0], [5.0]]);
/// assert_eq!(training.paths("file", "photos")?[0], std::path::Path::new("photos/b.png"));
/// # Ok::<(), mizumashi_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file's path, or what else the rows come from.
    input: String,
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// The line of the file that it begins in, or its number, from 1.
    number: u64,
    cells: Vec<String>,
}

impl Table {
    /// Reads a CSV file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened, and those of [`read`](Self::read).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| io_error(path, source))?;
        Self::read_named(file, path.display().to_string())
    }

    /// Reads CSV: comma-separated, quoted with `"` where need be, the first line names the columns.
    ///
    /// # Errors
    /// [`Error::Csv`] when it cannot be read, is no UTF-8, or has rows of different lengths.
    pub fn read(reader: impl Read) -> Result<Self, Error> {
        Self::read_named(reader, "the reader".into())
    }

    fn read_named(reader: impl Read, input: String) -> Result<Self, Error> {
        let mut reader = csv::Reader::from_reader(reader);
        let parse = |reader: &mut csv::Reader<_>| {
            let columns = reader.headers()?.iter().map(str::to_owned).collect();
            let mut rows = Vec::new();
            for record in reader.records() {
                let record = record?;
                let number = record.position().map_or(0, csv::Position::line);
                rows.push(Row { number, cells: record.iter().map(str::to_owned).collect() });
            }
            Ok((columns, rows))
        };
        match parse(&mut reader) {
            Ok((columns, rows)) => Ok(Self { input, columns, rows }),
            Err(source) => Err(Error::Csv { input, source }),
        }
    }

    /// A table of these rows, each with a cell per column.
    ///
    /// # Errors
    /// [`Error::Row`] for a row of another length.
    pub fn new(columns: Vec<String>, rows: Vec<Vec<String>>) -> Result<Self, Error> {
        let rows = rows.into_iter().zip(1..).map(|(cells, number)| Row { number, cells });
        let table = Self { input: "the rows".into(), columns, rows: rows.collect() };
        match table.rows.iter().find(|row| row.cells.len() != table.columns.len()) {
            None => Ok(table),
            Some(row) => Err(Error::Row {
                row: row.number,
                cells: row.cells.len(),
                columns: table.columns.len(),
            }),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The files that a column names, below `directory`; an empty one leaves names as they are.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column.
    pub fn paths(&self, column: &str, directory: impl AsRef<Path>) -> Result<Vec<PathBuf>, Error> {
        let column = self.column(column)?;
        let directory = directory.as_ref();
        Ok(self.rows.iter().map(|row| directory.join(&row.cells[column])).collect())
    }

    /// Drops the rows whose file is not there, as Keras does, and returns those paths.
    ///
    /// # Errors
    /// Those of [`paths`](Self::paths).
    pub fn drop_missing(
        &mut self,
        column: &str,
        directory: impl AsRef<Path>,
    ) -> Result<Vec<PathBuf>, Error> {
        let mut paths = self.paths(column, directory)?.into_iter();
        let mut missing = Vec::new();
        self.rows.retain(|_| match paths.next() {
            Some(path) if !path.is_file() => {
                missing.push(path);
                false
            }
            _ => true,
        });
        Ok(missing)
    }

    /// The sorted names of all classes in a column; with a separator, a cell may hold several. An
    /// empty cell names none.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column.
    pub fn class_names(&self, column: &str, separator: Option<char>) -> Result<Vec<String>, Error> {
        let column = self.column(column)?;
        let names: BTreeSet<&str> =
            self.rows.iter().flat_map(|row| classes_in(&row.cells[column], separator)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// Drops the rows that have none of the classes `names`, and returns how many they were.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column, and [`Error::DuplicateClass`] when a name is
    /// given twice.
    pub fn retain_classes(
        &mut self,
        column: &str,
        separator: Option<char>,
        names: &[String],
    ) -> Result<usize, Error> {
        let (column, before) = (self.column(column)?, self.len());
        let numbers = number_classes(names)?;
        self.rows.retain(|row| {
            classes_in(&row.cells[column], separator).any(|class| numbers.contains_key(class))
        });
        Ok(before - self.len())
    }

    /// The classes of each row as indices into `names`, which may have any order; others are left
    /// out.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column, [`Error::DuplicateClass`] when a name is
    /// given twice, and [`Error::Class`] for a row without any of the classes.
    pub fn labels(
        &self,
        column: &str,
        separator: Option<char>,
        names: &[String],
    ) -> Result<Vec<Vec<usize>>, Error> {
        let position = self.column(column)?;
        let numbers = number_classes(names)?;
        let labels_of = |row: &Row| {
            let cell = &row.cells[position];
            let numbers = classes_in(cell, separator).filter_map(|class| numbers.get(class));
            let labels: Vec<usize> = numbers.copied().collect();
            if labels.is_empty() {
                let (input, column) = (self.input.clone(), column.to_owned());
                return Err(Error::Class { input, row: row.number, column, value: cell.clone() });
            }
            Ok(labels)
        };
        self.rows.iter().map(labels_of).collect()
    }

    /// The numbers in some columns, `[rows, columns]`.
    ///
    /// # Errors
    /// [`Error::Column`] when there is no such column, and [`Error::Number`] for a cell that is not
    /// a finite number.
    pub fn numbers(&self, columns: &[&str]) -> Result<Array2<f64>, Error> {
        let positions: Vec<usize> =
            columns.iter().map(|column| self.column(column)).collect::<Result<_, _>>()?;
        let mut numbers = crate::allocate::zeros((self.len(), columns.len()))?;
        for (row, mut target) in self.rows.iter().zip(numbers.outer_iter_mut()) {
            for (slot, (&position, &column)) in positions.iter().zip(columns).enumerate() {
                let cell = &row.cells[position];
                let number: Option<f64> = cell.trim().parse().ok().filter(|n: &f64| n.is_finite());
                target[slot] = number.ok_or_else(|| Error::Number {
                    input: self.input.clone(),
                    row: row.number,
                    column: column.to_owned(),
                    value: cell.clone(),
                })?;
            }
        }
        Ok(numbers)
    }

    /// Keeps one part of the rows: the first `validation_split` (rounded down) is for validation,
    /// the rest for training.
    ///
    /// # Errors
    /// [`Error::Split`] when the fraction is not between 0 and 1.
    pub fn subset(self, subset: Subset, validation_split: f64) -> Result<Self, Error> {
        Ok(Self { rows: subset.of(self.rows, validation_split)?, ..self })
    }

    fn column(&self, name: &str) -> Result<usize, Error> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| Error::Column {
            input: self.input.clone(),
            column: name.to_owned(),
            columns: self.columns.join(", "),
        })
    }
}

fn classes_in(cell: &str, separator: Option<char>) -> impl Iterator<Item = &str> {
    let mut whole = Some(cell).filter(|_| separator.is_none());
    let mut parts = separator.map(|separator| cell.split(separator).map(str::trim));
    std::iter::from_fn(move || match &mut parts {
        Some(parts) => parts.next(),
        None => whole.take(),
    })
    .filter(|class| !class.is_empty())
}
