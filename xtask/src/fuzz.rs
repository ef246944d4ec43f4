//! Fuzzing by coverage: every target of `fuzz/` under libFuzzer for some time, and a table of what
//! came of it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::MetadataCommand;
use comfy_table::{Table, presets};

/// What `cargo xtask fuzz` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The targets; all of them unless named.
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Where inputs that reach new code are kept from one run to the next.
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
}

/// Builds the targets with the address sanitizer and runs them one by one; true when nothing was
/// found. Without cargo-fuzz or a nightly toolchain it says so and is true: `cargo test -p
/// mizumashi-fuzz` replays what is known on any toolchain.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    for (arguments, mend) in [
        (["+nightly", "--version"], "rustup toolchain install nightly"),
        (["fuzz", "--version"], "cargo install cargo-fuzz"),
    ] {
        if !cargo(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
            println!("skipped: fuzzing, for which `{mend}` is needed");
            return Ok(true);
        }
    }
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let root = metadata.workspace_root.as_std_path();
    let work = metadata.target_directory.as_std_path().join("fuzz");
    let corpus = options.corpus.clone().unwrap_or_else(|| work.join("corpus"));
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["target", "inputs", "edges reached", "found"]);
    let mut clean = true;
    for target in targets(root, &options.targets)? {
        let seconds = format!("-max_total_time={}", options.seconds);
        let found = work.join("found").join(&target);
        let corpus = corpus.join(&target);
        fs::create_dir_all(&found)?;
        fs::create_dir_all(&corpus)?;
        let mut command = cargo(&["+nightly", "fuzz", "run", "--features", "libfuzzer"]);
        command.args(["--fuzz-dir", "fuzz", "--target-dir"]).arg(&work).arg(&target);
        command.arg(&corpus).arg(root.join("fuzz/seeds").join(&target));
        let known = root.join("fuzz/findings").join(&target);
        command.args(known.is_dir().then_some(&known));
        command.args(["--", &seconds, "-max_len=9300", "-rss_limit_mb=4096", "-timeout=20"]);
        command.arg(format!("-artifact_prefix={}/", found.display()));
        // Thin link-time optimisation of thirteen programs would take longer than a short run.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").current_dir(root);
        // A giant request is refused, as by a system without the memory, and must be an error.
        command.env("ASAN_OPTIONS", "allocator_may_return_null=1:max_allocation_size_mb=2000");
        let output = command.stderr(Stdio::piped()).output()?;
        let log = String::from_utf8_lossy(&output.stderr);
        let sound = output.status.success();
        clean &= sound;
        let verdict = if sound { "nothing".to_owned() } else { format!("see {}", found.display()) };
        table.add_row([&target, &inputs(&log), &last(&log, "cov: "), &verdict]);
        if !sound {
            let lines: Vec<_> = log.lines().collect();
            println!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
    println!("{table}");
    Ok(clean)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    // Run by `cargo xtask`, which has chosen a toolchain already.
    command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}

/// The targets asked for, or all of them: a file each.
fn targets(root: &Path, wanted: &[String]) -> Result<Vec<String>, Box<dyn Error>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/targets"))? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    if let Some(unknown) = wanted.iter().find(|name| !targets.contains(name)) {
        return Err(format!("no target {unknown}; there are {}", targets.join(", ")).into());
    }
    Ok(if wanted.is_empty() { targets } else { wanted.to_vec() })
}

/// How many inputs libFuzzer says it ran.
fn inputs(log: &str) -> String {
    let done = log.lines().rev().find_map(|line| line.strip_prefix("Done "));
    let number = done.and_then(|rest| rest.split(' ').next());
    number.map_or_else(|| last(log, "#"), str::to_owned)
}

/// The word behind the last occurrence of a mark.
fn last(log: &str, mark: &str) -> String {
    let behind = log.rfind(mark).map(|at| &log[at + mark.len()..]);
    behind.and_then(|rest| rest.split_whitespace().next()).unwrap_or("?").to_owned()
}
