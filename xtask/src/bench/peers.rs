//! The peers: where they are installed, and the processes that run them.
//!
//! A process of `xtask/peers/peers.py` answers requests line by line; it is told its number of
//! threads at the start, in the environment too, and lives as long as the benchmark.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;
use ndarray::ArrayD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::case::Result;
use super::inputs::RawFile;
use super::place::Place;

/// Someone else who does the work of a case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// As `xtask/peers` and the table call it.
    pub(crate) name: &'static str,
    pub(crate) environment: Environment,
    /// Whether its border is black where ours repeats the edge.
    pub(crate) black_border: bool,
}

impl Peer {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, environment: Environment::Core, black_border: false }
    }

    pub(crate) const fn extra(self) -> Self {
        Self { environment: Environment::Extras, ..self }
    }

    pub(crate) fn is_extra(&self) -> bool {
        self.environment == Environment::Extras
    }

    pub(crate) const fn black_border(self) -> Self {
        Self { black_border: true, ..self }
    }
}

/// A virtual environment with pinned packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    Core,
    Extras,
}

impl Environment {
    fn requirements(self) -> &'static str {
        match self {
            Self::Core => include_str!("../../peers/requirements.txt"),
            Self::Extras => include_str!("../../peers/requirements-extras.txt"),
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Core => "venv",
            Self::Extras => "venv-extras",
        }
    }

    /// The names of the packages that it pins.
    fn packages(self) -> Vec<&'static str> {
        self.requirements().lines().filter_map(|line| Some(line.split_once("==")?.0)).collect()
    }

    /// The Python of this environment, which is made and filled where it is not there yet.
    fn python(self, place: &Place) -> Result<PathBuf> {
        let folder = place.bench.join(self.folder());
        let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == self.requirements()) {
            return Ok(python);
        }
        println!("installing the peers into {}", folder.display());
        let requirements = folder.join("requirements.txt");
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        fs::write(&requirements, self.requirements())?;
        succeed(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--requirement"])
                .arg(&requirements),
        )?;
        fs::rename(requirements, stamp)?;
        Ok(python)
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// All processes of peers that have been needed so far.
pub(crate) struct Peers<'a> {
    place: &'a Place,
    progress: ProgressBar,
    processes: Vec<(Environment, usize, Process)>,
}

impl<'a> Peers<'a> {
    pub(crate) fn new(place: &'a Place, progress: ProgressBar) -> Self {
        Self { place, progress, processes: Vec::new() }
    }

    /// The process of an environment that works on this number of threads.
    pub(crate) fn process(
        &mut self,
        environment: Environment,
        threads: usize,
    ) -> Result<&mut Process> {
        // One that died of an error is replaced.
        self.processes.retain_mut(|(_, _, process)| process.is_alive());
        let known = |(e, t, _): &(Environment, usize, _)| *e == environment && *t == threads;
        let position = match self.processes.iter().position(known) {
            Some(position) => position,
            None => {
                let process = self.start(environment, threads)?;
                self.processes.push((environment, threads, process));
                self.processes.len() - 1
            }
        };
        Ok(&mut self.processes[position].2)
    }

    /// A process of its own, for figures that the past of another would disturb.
    pub(crate) fn start(&self, environment: Environment, threads: usize) -> Result<Process> {
        let python = self.progress.suspend(|| environment.python(self.place))?;
        Process::start(&python, self.place, threads)
    }

    /// What each process says of itself.
    pub(crate) fn about(&mut self) -> Result<Vec<About>> {
        let ask = |(environment, threads, process): &mut (Environment, usize, Process)| {
            let packages = environment.packages();
            let mut about: About = process.ask(&json!({ "do": "about", "packages": packages }))?;
            about.threads = *threads;
            Ok(about)
        };
        self.processes.iter_mut().map(ask).collect()
    }
}

/// What a process of peers is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct About {
    #[serde(default)]
    threads: usize,
    python: String,
    versions: BTreeMap<String, String>,
    /// The thread pools that it found, with their sizes.
    pools: Vec<String>,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, python, versions, pools } = self;
        let versions: Vec<_> = versions.iter().map(|(name, v)| format!("{name} {v}")).collect();
        let (pools, versions) = (pools.join(", "), versions.join(", "));
        write!(f, "{threads} thread(s) ({pools}): Python {python}, {versions}")
    }
}

/// A Python process that answers requests.
pub(crate) struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    output: PathBuf,
}

/// What a peer says once its work is prepared.
#[derive(Debug, Deserialize)]
pub(crate) struct Prepared {
    /// Units of the case in one run.
    pub(crate) items: usize,
    /// How the peer was set up.
    pub(crate) settings: String,
    shape: Vec<usize>,
}

#[derive(Deserialize)]
struct Seconds {
    seconds: f64,
}

#[derive(Deserialize)]
struct Bytes {
    bytes: f64,
}

/// Longer than any preparation takes; a peer that is still silent then has hung.
const PATIENCE: Duration = Duration::from_secs(900);

impl Process {
    fn start(python: &PathBuf, place: &Place, threads: usize) -> Result<Self> {
        let log = File::options().create(true).append(true).open(place.bench.join("peers.log"))?;
        let threads = threads.to_string();
        let mut command = Command::new(python);
        command.arg(place.root.join("xtask/peers/peers.py")).arg(&threads);
        for pool in ["OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB", "RAYON"] {
            command.env(format!("{pool}_NUM_THREADS"), &threads);
        }
        // Where a machine sets these, they make a current OpenBLAS slower than it is.
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command.env("CUDA_VISIBLE_DEVICES", "").env("TF_CPP_MIN_LOG_LEVEL", "3");
        command.env("NO_ALBUMENTATIONS_UPDATE", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let requests = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let (sender, answers) = channel();
        thread::spawn(move || {
            lines.map_while(std::result::Result::ok).try_for_each(|line| sender.send(line))
        });
        let output = place.bench.join(format!("answer-{}.float32", child.id()));
        Ok(Self { child, requests, answers, output })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &Value) -> Result<T> {
        let requests = self.requests.as_mut().ok_or("the peer has ended")?;
        writeln!(requests, "{request}")?;
        let Ok(answer) = self.answers.recv_timeout(PATIENCE) else {
            let _ = self.child.kill();
            return Err("the peer ended or hung; see target/bench/peers.log".into());
        };
        let answer: Value = serde_json::from_str(&answer)?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.into()),
            None => Ok(serde_json::from_value(answer)?),
        }
    }

    /// Prepares a peer's work; returns how, and what it makes of the first samples.
    pub(crate) fn prepare(
        &mut self,
        family: &str,
        peer: &Peer,
        parameters: &Value,
    ) -> Result<(Prepared, ArrayD<f32>)> {
        let prepared: Prepared = self.ask(&json!({
            "do": "prepare",
            "case": family,
            "peer": peer.name,
            "params": parameters,
            "output": self.output,
        }))?;
        let file = RawFile::new::<f32>(self.output.clone(), prepared.shape.clone());
        let result = ArrayD::from_shape_vec(prepared.shape.clone(), file.read()?)?;
        Ok((prepared, result))
    }

    /// The seconds that this number of runs of the prepared work takes.
    pub(crate) fn time(&mut self, runs: usize) -> Result<f64> {
        Ok(self.ask::<Seconds>(&json!({ "do": "time", "loops": runs }))?.seconds)
    }

    /// The bytes by which one run raises the peak resident memory.
    pub(crate) fn memory(&mut self) -> Result<f64> {
        Ok(self.ask::<Bytes>(&json!({ "do": "memory" }))?.bytes)
    }

    /// Lets go of the prepared work.
    pub(crate) fn release(&mut self) -> Result<()> {
        self.ask::<Map<String, Value>>(&json!({ "do": "release" })).map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its requests ends it, workers and all; one that does not listen is ended.
        self.requests = None;
        for _ in 0..50 {
            if !self.is_alive() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.output);
    }
}
