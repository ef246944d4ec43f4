//! The Python wheel: built, installed and tested in a virtual environment of its own.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;

/// What `cargo xtask python` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The interpreter that the environment is made with.
    #[arg(long, value_name = "PYTHON", default_value = "python3", env = "PYTHON")]
    python: PathBuf,
    /// Time the wheel beside keras-preprocessing instead of running the tests, on the images of
    /// `MIZUMASHI_CIFAR10` where that is set.
    #[arg(long)]
    bench: bool,
    /// What pytest, or the benchmark, is given besides.
    #[arg(last = true, value_name = "ARGUMENTS")]
    more: Vec<String>,
}

/// Prints and runs each command; true when all succeed.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let target = metadata.target_directory.as_std_path();
    let environment = target.join("python");
    let package = metadata.workspace_root.as_std_path().join("crates/python");
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = environment.join(scripts).join("python");

    let mut commands = Vec::new();
    if !python.exists() {
        commands.push(command(&options.python, ["-m", "venv"], &[&environment]));
    }
    let requirements = package.join("requirements-test.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    commands.push(command(&python, pip.into_iter().chain(["--requirement"]), &[&requirements]));
    let install = pip.into_iter().chain(["--force-reinstall", "--no-deps"]);
    commands.push(command(&python, install, &[&package]));
    let mut last = if options.bench {
        command(&python, [], &[&package.join("benches/flow.py")])
    } else {
        command(&python, ["-m", "pytest", "--quiet", "-r", "s"], &[&package.join("tests")])
    };
    last.args(&options.more);
    commands.push(last);

    for command in &mut commands {
        let arguments: Vec<_> =
            command.get_args().map(|argument| argument.to_string_lossy()).collect();
        println!("{} {}", command.get_program().to_string_lossy(), arguments.join(" "));
        if !command.env("CARGO_TARGET_DIR", target).status()?.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn command<'a>(
    program: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
    paths: &[&Path],
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).args(paths);
    command
}
