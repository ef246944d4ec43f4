//! Tables in CSV.

use std::path::Path;

use mizumashi::data::files::{Subset, Table};

/// The first two bytes are a separator and a split; the rest is the file.
pub fn run(data: &[u8]) {
    let [separator, split, file @ ..] = data else { return };
    let separator = separator.is_ascii().then_some(char::from(*separator));
    let Ok(mut table) = Table::read(file) else { return };
    let rows = table.len();
    for column in table.columns().to_vec() {
        assert_eq!(table.paths(&column, Path::new("photos")).unwrap().len(), rows);
        let names = table.class_names(&column, separator).unwrap();
        if let Ok(labels) = table.labels(&column, separator, &names) {
            assert_eq!(labels.len(), rows);
            assert!(labels.iter().flatten().all(|&label| label < names.len()));
        }
        if let Ok(numbers) = table.numbers(&[&column, &column]) {
            assert_eq!(numbers.dim(), (rows, 2));
            assert!(numbers.iter().all(|number| number.is_finite()));
        }
        let keep = names.len() / 2;
        let dropped = table.clone().retain_classes(&column, separator, &names[..keep]).unwrap();
        assert!(dropped <= rows);
    }
    let fraction = f64::from(*split) / 255.0;
    let part = |subset| table.clone().subset(subset, fraction).map(|part| part.len());
    if let (Ok(training), Ok(validation)) = (part(Subset::Training), part(Subset::Validation)) {
        assert_eq!(training + validation, rows);
    }
    let column = table.columns().first().cloned().unwrap_or_default();
    if let Ok(missing) = table.drop_missing(&column, Path::new("/nowhere")) {
        assert_eq!(missing.len() + table.len(), rows);
    }
}
