//! What stands in for files that cannot be read.

use std::collections::BTreeSet;
use std::fs;

use mizumashi_data::Error;
use mizumashi_data::files::{ImageFiles, OnDamage, SaveFormat, save_image};
use ndarray::Array3;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::files::{grey, level, pictures};

#[test]
fn the_next_readable_file_stands_in_whatever_was_visited_before() {
    let (folder, paths) = pictures(10, &[9]);
    let (damaged, gone) = (&paths[9], folder.path().join("gone.png"));
    let config = ProptestConfig::with_cases(200);
    proptest!(config, |(kinds in vec(0..3, 1..9), visits in vec(any::<Index>(), 1..20))| {
        prop_assume!(kinds.contains(&0));
        let list = kinds.iter().zip(&paths).map(|(kind, path)| match kind {
            0 => path.clone(),
            1 => damaged.clone(),
            _ => gone.clone(),
        });
        let files = ImageFiles::new(list.collect(), grey()).unwrap();
        let files = files.on_damage(OnDamage::Substitute);
        let count = kinds.len();
        let from = |index| (index..).map(|index| index % count);
        let next = |index| from(index).find(|&index| kinds[index] == 0).unwrap();
        let mut met = BTreeSet::new();
        for visit in visits {
            let index = visit.index(count);
            prop_assert_eq!(usize::from(level(&files, index).unwrap()), next(index));
            met.extend(from(index).take_while(|&index| kinds[index] != 0));
            let mut resolved: Vec<_> = (0..count).collect();
            let substitute = |index| if met.contains(&index) { next(index) } else { index };
            let expected: Vec<_> = (0..count).map(substitute).collect();
            // The second time, nothing is left to replace.
            for _ in 0..2 {
                files.resolve(&mut resolved);
                prop_assert_eq!(&resolved, &expected);
            }
        }
        let quarantine = files.quarantine();
        let listed: Vec<_> = quarantine.iter().map(|q| (q.index, q.substitute)).collect();
        prop_assert_eq!(listed, met.iter().map(|&index| (index, next(index))).collect::<Vec<_>>());
        for entry in quarantine {
            prop_assert_eq!(&entry.path, &files.paths()[entry.index]);
            let name = entry.path.file_name().unwrap().to_str().unwrap();
            prop_assert!(entry.reason.contains(name), "{}", entry.reason);
        }
    });
}

#[test]
fn a_run_of_damaged_files_is_listed_at_once() {
    let (_folder, paths) = pictures(6, &[1, 2, 3]);
    let files = ImageFiles::new(paths.clone(), grey()).unwrap().on_damage(OnDamage::Substitute);
    assert_eq!(level(&files, 1).unwrap(), 4);
    let listed = |files: &ImageFiles| -> Vec<_> {
        files.quarantine().iter().map(|q| (q.index, q.substitute)).collect()
    };
    assert_eq!(listed(&files), [(1, 4), (2, 4), (3, 4)]);
    // The substitute is itself substituted where it goes.
    fs::remove_file(&paths[4]).unwrap();
    assert_eq!(level(&files, 2).unwrap(), 5);
    assert_eq!(listed(&files), [(1, 5), (2, 5), (3, 5), (4, 5)]);
    assert!(files.quarantine()[1].reason.contains("002.png"));
}

#[test]
fn a_list_without_readable_files_is_searched_once() {
    let (_folder, paths) = pictures(3, &[0, 1, 2]);
    let files = ImageFiles::new(paths.clone(), grey()).unwrap().on_damage(OnDamage::Substitute);
    assert!(matches!(level(&files, 0), Err(Error::AllDamaged { .. })));
    // Not looked for again, but served where it is asked for.
    save_image(&paths[2], Array3::zeros((8, 8, 1)).view(), SaveFormat::Png).unwrap();
    let Err(Error::AllDamaged { path, .. }) = level(&files, 1) else { panic!("no error") };
    assert_eq!(path, paths[1]);
    assert!(level(&files, 2).is_ok());
    assert!(level(&files, 1).is_ok());
}

#[cfg(unix)]
#[test]
fn what_is_no_damage_of_the_file_is_not_substituted() {
    let (folder, mut paths) = pictures(2, &[]);
    // A name that is too long for any file: the system's refusal says nothing of a file.
    paths[0] = folder.path().join("x".repeat(5000));
    let files = ImageFiles::new(paths.clone(), grey()).unwrap().on_damage(OnDamage::Substitute);
    let error = level(&files, 0).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(files.quarantine().is_empty());

    paths[0] = folder.path().join("gone.png");
    let files = ImageFiles::new(paths, grey()).unwrap().on_damage(OnDamage::Substitute);
    assert_eq!(level(&files, 0).unwrap(), 1);
}
