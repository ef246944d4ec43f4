//! The rule of the floors: a crate may depend only on crates of a lower floor.
//!
//! Each crate states its floor in its manifest, under `[package.metadata.mizumashi]`.

use std::collections::BTreeMap;
use std::error::Error;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Prints every crate with its floor and every dependency that leads upward or sideways; true
/// when there is none.
pub(crate) fn check() -> Result<bool, Box<dyn Error>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let floors: BTreeMap<&str, u64> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| floor(package).map(|floor| (package.name.as_str(), floor)))
        .collect::<Result<_, _>>()?;

    let mut sound = true;
    for package in metadata.workspace_packages() {
        let own = floors[package.name.as_str()];
        println!("floor {own}  {}", package.name);
        // A crate's tests may look upward; what it ships may not.
        let shipped =
            package.dependencies.iter().filter(|dep| dep.kind != DependencyKind::Development);
        for dependency in shipped {
            if let Some(&other) = floors.get(dependency.name.as_str())
                && other >= own
            {
                println!("  depends on {} of floor {other}, which is not lower", dependency.name);
                sound = false;
            }
        }
    }
    println!("{}", if sound { "layers: sound" } else { "layers: broken" });
    Ok(sound)
}

fn floor(package: &Package) -> Result<u64, String> {
    package.metadata["mizumashi"]["floor"].as_u64().ok_or_else(|| {
        format!(
            "{} states no floor; add `floor = N` under [package.metadata.mizumashi] in {}",
            package.name, package.manifest_path
        )
    })
}
