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

/// Installs the wheel and runs its tests, or times it; true when all succeeds.
pub(crate) fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let (program, arguments) = match options.bench {
        true => ("benches/flow.py", &[][..]),
        false => ("tests", &PYTEST[..]),
    };
    let more = &options.more;
    installed(&options.python, "python", "requirements-test.txt", program, arguments, more)
}

/// What `cargo xtask ray` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct RayOptions {
    /// The interpreter that the environment is made with.
    #[arg(long, value_name = "PYTHON", default_value = "python3", env = "PYTHON")]
    python: PathBuf,
    /// Measure the figures of docs/scaling.md instead of running the tests.
    #[arg(long)]
    measure: bool,
    /// What pytest, or the program that measures, is given besides.
    #[arg(last = true, value_name = "ARGUMENTS")]
    more: Vec<String>,
}

/// Installs the wheel beside Ray and runs the tests on local clusters; true when all succeeds.
pub(crate) fn run_ray(options: &RayOptions) -> Result<bool, Box<dyn Error>> {
    let (program, arguments) = match options.measure {
        true => ("ray/measure.py", &[][..]),
        false => ("ray", &PYTEST[..]),
    };
    let more = &options.more;
    installed(&options.python, "ray", "ray/requirements.txt", program, arguments, more)
}

const PYTEST: [&str; 5] = ["-m", "pytest", "--quiet", "-r", "s"];

/// Makes the environment `target/NAME` with these requirements and the wheel, and runs a program of the
/// package in it: prints and runs each command, true when all succeed.
fn installed(
    interpreter: &Path,
    name: &str,
    requirements: &str,
    program: &str,
    arguments: &[&str],
    more: &[String],
) -> Result<bool, Box<dyn Error>> {
    let metadata = MetadataCommand::new().no_deps().exec()?;
    let target = metadata.target_directory.as_std_path();
    let environment = target.join(name);
    let package = metadata.workspace_root.as_std_path().join("crates/python");
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = environment.join(scripts).join("python");

    let mut commands = Vec::new();
    if !python.exists() {
        commands.push(command(interpreter, ["-m", "venv"], &[&environment]));
    }
    let requirements = package.join(requirements);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    commands.push(command(&python, pip.into_iter().chain(["--requirement"]), &[&requirements]));
    let install = pip.into_iter().chain(["--force-reinstall", "--no-deps"]);
    commands.push(command(&python, install, &[&package]));
    let mut last = command(&python, arguments.iter().copied(), &[&package.join(program)]);
    last.args(more);
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
