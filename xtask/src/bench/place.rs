//! Where the benchmark finds and leaves its files, and what machine it runs on.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;

use cargo_metadata::MetadataCommand;
use serde::Serialize;

use super::case::Result;

/// Folders.
pub(crate) struct Place {
    /// The workspace.
    pub(crate) root: PathBuf,
    /// `target/bench`: environments, inputs, answers.
    pub(crate) bench: PathBuf,
}

impl Place {
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec()?;
        let bench = metadata.target_directory.join("bench").into_std_path_buf();
        fs::create_dir_all(&bench)?;
        Ok(Self { root: metadata.workspace_root.into_std_path_buf(), bench })
    }
}

/// What figures depend on beside the code.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: Option<u64>,
    pub(crate) simd: Vec<&'static str>,
    pub(crate) system: String,
    pub(crate) rustc: String,
    pub(crate) mizumashi: String,
}

impl Machine {
    pub(crate) fn look(place: &Place) -> Self {
        let said_by = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).current_dir(&place.root).output();
            output.ok().filter(|output| output.status.success()).map_or_else(
                || "unknown".to_owned(),
                |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            )
        };
        let kibibytes = || field("/proc/meminfo", "MemTotal")?.split(' ').next()?.parse().ok();
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
            cores: available_parallelism().map_or(1, usize::from),
            memory_gib: kibibytes().map(|kibibytes: u64| kibibytes.div_ceil(1 << 20)),
            simd: simd(),
            system: said_by("uname", &["-srm"]),
            rustc: said_by("rustc", &["--version"]),
            mizumashi: format!(
                "{} ({})",
                env!("CARGO_PKG_VERSION"),
                said_by("git", &["describe", "--always", "--dirty"])
            ),
        }
    }
}

/// The value of the first line `field : value` of a file.
fn field(path: &str, field: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim() == field).map(|(_, value)| value.trim().to_owned())
}

/// The vector instructions there are, among those that kernels ask for.
fn simd() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    for (name, there) in [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ] {
        if there {
            found.push(name);
        }
    }
    #[cfg(target_arch = "aarch64")]
    found.push("neon");
    found
}
