//! Where `unsafe` stands, and what the crates depend on: both counted, so that more of either is a
//! decision.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use walkdir::WalkDir;

/// Every file with `unsafe` in it, with how many lines have it: SIMD kernels, and the line of the
/// wheel that hands a batch's memory to NumPy. Each has a SAFETY comment, which clippy sees to.
const UNSAFE: [(&str, usize); 7] = [
    ("crates/affine/src/kernel/prefetch.rs", 1),
    ("crates/affine/src/kernel/simd/bytes.rs", 5),
    ("crates/affine/src/kernel/simd/interleave.rs", 1),
    ("crates/affine/src/kernel/simd/nearest.rs", 1),
    ("crates/affine/src/kernel/simd/pixels.rs", 3),
    ("crates/python/src/spare.rs", 1),
    ("crates/stats/src/integer_products/avx512.rs", 3),
];

/// Crates without `unsafe` that deny it, as the whole workspace does, and cannot forbid it: `ndarray`'s
/// `s!`, by which they cut arrays, allows it inside.
const DENIES: [&str; 3] = ["mizumashi-batchnorm", "mizumashi-whitening", "xtask"];

/// The most crates that each of ours may bring along, by what it ships for [`PLATFORM`].
const DEPENDENCIES: [(&str, usize); 9] = [
    ("mizumashi", 139),
    ("mizumashi-affine", 31),
    ("mizumashi-batchnorm", 51),
    ("mizumashi-cli", 177),
    ("mizumashi-data", 73),
    ("mizumashi-python", 147),
    ("mizumashi-stats", 31),
    ("mizumashi-transform", 55),
    ("mizumashi-whitening", 96),
];

/// Other platforms need other crates; the count is of this one, wherever it is taken.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Prints the counts; true when `unsafe` is where it may be and the dependencies are as few.
pub(crate) fn check() -> Result<bool, Box<dyn Error>> {
    let filter = ["--filter-platform".to_owned(), PLATFORM.to_owned()];
    let metadata = MetadataCommand::new().other_options(filter).exec()?;
    let unsafes = check_unsafe(&metadata)?;
    let dependencies = check_dependencies(&metadata)?;
    println!("{}", if unsafes && dependencies { "safety: sound" } else { "safety: broken" });
    Ok(unsafes && dependencies)
}

fn check_unsafe(metadata: &Metadata) -> Result<bool, Box<dyn Error>> {
    let root = metadata.workspace_root.as_std_path();
    let mut sound = true;
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.as_std_path().parent().unwrap_or(root);
        let mut lines = 0;
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry?;
            if entry.path().extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let name = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let found = lines_with_unsafe(&fs::read_to_string(entry.path())?);
            let allowed = UNSAFE.iter().find(|(file, _)| *file == name).map_or(0, |(_, n)| *n);
            if found != allowed {
                println!("  {name} has {found} lines with unsafe where {allowed} are known");
                sound = false;
            }
            lines += found;
        }
        let forbids = forbids(package)?;
        println!(
            "{lines:2} lines with unsafe{}  {}",
            if forbids { ", forbidden" } else { "" },
            package.name
        );
        let must = lines == 0 && !DENIES.contains(&package.name.as_str());
        if must && !forbids {
            println!("  write #![forbid(unsafe_code)] in its root");
            sound = false;
        }
    }
    for (file, _) in UNSAFE {
        if !root.join(file).exists() {
            println!("  {file} is not there any more; strike it off the list");
            sound = false;
        }
    }
    Ok(sound)
}

/// Lines of code with the word, those of lints and comments left out.
fn lines_with_unsafe(text: &str) -> usize {
    let keyword = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == concat!("un", "safe")) && !code.contains('"')
    };
    text.lines().filter(|line| keyword(line)).count()
}

/// Whether every root of a package forbids it.
fn forbids(package: &Package) -> Result<bool, Box<dyn Error>> {
    let roots = package.targets.iter().filter(|target| target.is_lib() || target.is_bin());
    let mut all = true;
    for target in roots {
        let text = fs::read_to_string(Path::new(target.src_path.as_str()))?;
        // The programs of libFuzzer are a line each, of a macro.
        all &= text.contains("#![forbid(unsafe_code)]") || text.contains("fuzz_target!");
    }
    Ok(all)
}

fn check_dependencies(metadata: &Metadata) -> Result<bool, Box<dyn Error>> {
    let resolve = metadata.resolve.as_ref().ok_or("cargo metadata resolved nothing")?;
    let shipped: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let shipped = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            (&node.id, shipped.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let mut sound = true;
    for package in metadata.workspace_packages() {
        let Some((_, most)) = DEPENDENCIES.iter().find(|(name, _)| *name == package.name.as_str())
        else {
            continue;
        };
        let (mut seen, mut open) = (BTreeSet::new(), vec![&package.id]);
        while let Some(next) = open.pop() {
            for &dependency in shipped.get(next).into_iter().flatten() {
                if seen.insert(dependency) {
                    open.push(dependency);
                }
            }
        }
        println!("{:3} of {most:3} crates  {}", seen.len(), package.name);
        if seen.len() > *most {
            println!("  is each worth it? raise the count in xtask/src/safety.rs if so");
            sound = false;
        }
    }
    Ok(sound)
}
