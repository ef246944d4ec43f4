//! `cargo xtask bench`: how fast we are, beside those that users would pick instead.
//!
//! Every case is done by us and by each peer on the same bytes with the same number of threads;
//! what the peer makes of the first samples is compared with ours before anything is timed, and
//! a peer whose result is not ours is not timed. Then the two take turns, and the medians count.

mod case;
mod cases;
mod cores;
mod growth;
mod inputs;
mod memory;
mod peers;
mod place;
mod plot;
mod report;
pub(crate) mod timing;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;

use case::{Case, Ready, Result};
use inputs::Inputs;
use peers::{Peer, Peers, Prepared, Process};
use place::{Machine, Place};
use report::{Report, Row};
use timing::{Schedule, Side, median, on, take_turns};

/// What `cargo xtask bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Cases to run, by name or by how it begins; all but `growth` when none is named.
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// Time the peers beside ours; they are installed into target/bench first (6 GB).
    #[arg(long)]
    peers: bool,
    /// Time those of the second environment, too: tf.data with Keras layers, and DALI.
    #[arg(long, requires = "peers")]
    extras: bool,
    /// A folder with CIFAR-10 in its binary format; without it, a generated set is used.
    #[arg(long, value_name = "DIR")]
    cifar: Option<PathBuf>,
    /// A folder of JPEG photographs, a class per subfolder; without it, mosaics are made.
    #[arg(long, value_name = "DIR")]
    photos: Option<PathBuf>,
    /// Write header and rows to this file as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the curves of `growth` into this SVG file.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Numbers of threads to run on.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// Rounds in which ours and theirs take turns.
    #[arg(long, value_name = "N", default_value_t = 9)]
    rounds: usize,
    /// Name the cases and their peers, and run nothing.
    #[arg(long)]
    list: bool,
    /// Small inputs and hardly any time: to see that everything works.
    #[arg(long, hide = true)]
    quick: bool,
    /// Measure the memory of a flow over these inputs in this process, and do nothing else.
    #[arg(long, hide = true, value_name = "JSON")]
    measure_flow: Option<String>,
}

/// Runs what was asked for; true when every result that was compared is within its tolerance.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if let Some(parameters) = &options.measure_flow {
        println!("{}", memory::of_flow(&serde_json::from_str(parameters)?)?);
        return Ok(true);
    }
    let cases = cases::all();
    if options.list {
        list(&cases);
        return Ok(true);
    }
    let chosen = Chosen::among(&cases, &options.cases)?;
    let place = Place::find()?;
    let photos = options.photos.clone().map(std::fs::canonicalize).transpose()?;
    let directory = place.bench.join("inputs");
    let inputs = Inputs::open(options.cifar.as_deref(), photos, directory, options.quick)?;
    let progress = ProgressBar::new(chosen.cases.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let schedule = Schedule {
        rounds: if options.quick { 2 } else { options.rounds },
        repetition: Duration::from_millis(if options.quick { 5 } else { 250 }),
    };
    let peers = options.peers.then(|| Peers::new(&place, progress.clone()));
    let mut bench = Bench { options, inputs: &inputs, schedule, peers, progress };

    let mut rows = Vec::new();
    for case in chosen.cases {
        bench.progress.set_message(case.name());
        rows.extend(bench.rows_of(case)?);
        bench.progress.inc(1);
    }
    if chosen.memory {
        bench.progress.set_message(memory::NAME);
        rows.extend(memory::rows(&inputs, bench.peers.as_ref())?);
    }
    let growth = chosen
        .growth
        .then(|| growth::measure(&inputs, &options.threads, &bench.progress))
        .transpose()?;
    let peers = bench.peers.as_mut().map(Peers::about).transpose()?.unwrap_or_default();
    bench.progress.finish_and_clear();

    let report = Report {
        machine: Machine::look(&place),
        data: inputs.description.clone(),
        settings: settings(options, schedule),
        peers,
        rows,
        growth,
    };
    report.print_header();
    report.print_rows();
    if let Some(growth) = &report.growth {
        println!("{growth}");
        if let Some(path) = &options.plot {
            plot::draw(growth, path)?;
        }
    }
    if let Some(path) = &options.json {
        report.write(path)?;
    }
    Ok(report.rows.iter().filter_map(|row| row.parity.as_ref()).all(|parity| parity.passed))
}

/// What is to be run.
struct Chosen<'a> {
    cases: Vec<&'a dyn Case>,
    memory: bool,
    growth: bool,
}

impl<'a> Chosen<'a> {
    fn among(cases: &'a [Box<dyn Case>], names: &[String]) -> Result<Self> {
        // A name in full means that case alone, though others may begin like it.
        let known: Vec<String> = cases.iter().map(|case| case.name()).collect();
        let chosen = |case: &str| {
            names.iter().any(|name| {
                case == name || (!known.contains(name) && case.starts_with(name.as_str()))
            })
        };
        let all = names.is_empty();
        let chosen = Self {
            cases: cases
                .iter()
                .map(Box::as_ref)
                .filter(|case| all || chosen(&case.name()))
                .collect(),
            memory: all || chosen(memory::NAME),
            growth: chosen(growth::NAME),
        };
        if chosen.cases.is_empty() && !chosen.memory && !chosen.growth {
            return Err(format!("no case is called {}; see --list", names.join(" or ")).into());
        }
        Ok(chosen)
    }
}

fn list(cases: &[Box<dyn Case>]) {
    for case in cases {
        let peers: Vec<_> = case.peers().iter().map(|peer| peer.name).collect();
        println!("{:28} {}\n{:28} beside {}", case.name(), case.work(), "", peers.join(", "));
    }
    println!("{:28} {}", memory::NAME, memory::WORK);
    println!("{:28} {}", growth::NAME, growth::WORK);
}

fn settings(options: &Options, schedule: Schedule) -> String {
    let quick = if options.quick { "; QUICK: not figures to quote" } else { "" };
    format!(
        "medians of {} rounds in turn (3 or more where they take 20 s), repetitions of {} ms or one \
         run; threads {:?}, the busiest pinned to a core each{quick}",
        schedule.rounds,
        schedule.repetition.as_millis(),
        options.threads
    )
}

/// What all cases are run with.
struct Bench<'a> {
    options: &'a Options,
    inputs: &'a Inputs,
    schedule: Schedule,
    peers: Option<Peers<'a>>,
    progress: ProgressBar,
}

impl Bench<'_> {
    fn rows_of(&mut self, case: &dyn Case) -> Result<Vec<Row>> {
        let mut ready = case.prepare(self.inputs)?;
        let mut rows = Vec::new();
        let parameters = match self.peers {
            Some(_) => ready.parameters()?,
            None => Value::Null,
        };
        for &threads in &self.options.threads {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
            if case.floor().is_some() || self.peers.is_none() {
                rows.push(self.alone(case, ready.as_mut(), &pool)?);
            }
            let Some(peers) = &mut self.peers else { continue };
            for peer in case.peers() {
                if peer.is_extra() && !self.options.extras {
                    continue;
                }
                self.progress.set_message(format!("{}, {threads}: {}", case.name(), peer.name));
                let process = peers.process(peer.environment, threads)?;
                let duel = Duel { case, peer, parameters: &parameters, pool: &pool };
                rows.push(duel.row(ready.as_mut(), process, self.schedule));
            }
        }
        Ok(rows)
    }

    /// Ours by itself, or beside the least work that there is.
    fn alone(&self, case: &dyn Case, ready: &mut dyn Ready, pool: &ThreadPool) -> Result<Row> {
        let (unit, items) = (case.unit(), ready.items());
        let mut row = Row::new(case.name(), pool.current_num_threads(), unit.name());
        match case.floor() {
            None => {
                let [ours] = take_turns([on(pool, items, || ready.run())], self.schedule)?;
                row.ours = Some(median(&unit.figures(&ours)));
            }
            Some(floor) => {
                // Both need the whole of `ready`, though never at once.
                let ready = Mutex::new(ready);
                let lock = || ready.lock().map_err(|_| "a run panicked");
                let work = on(pool, items, || lock()?.run());
                let least = on(pool, items, || lock()?.run_floor());
                let [ours, theirs] = take_turns([work, least], self.schedule)?;
                row.set_both(&ours, &theirs, unit);
                (row.peer, row.is_floor) = (Some(floor.into()), true);
            }
        }
        Ok(row)
    }
}

/// One case, one peer, one number of threads.
struct Duel<'a> {
    case: &'a dyn Case,
    peer: Peer,
    parameters: &'a Value,
    pool: &'a ThreadPool,
}

impl Duel<'_> {
    /// A peer that fails is a row that says so: the others are still worth knowing.
    fn row(&self, ready: &mut dyn Ready, process: &mut Process, schedule: Schedule) -> Row {
        let threads = self.pool.current_num_threads();
        let mut row = Row::new(self.case.name(), threads, self.case.unit().name());
        row.peer = Some(self.peer.name.into());
        if let Err(error) = self.fill(&mut row, ready, process, schedule) {
            row.note = format!("not timed: {error}");
        }
        row
    }

    fn fill(
        &self,
        row: &mut Row,
        ready: &mut dyn Ready,
        process: &mut Process,
        schedule: Schedule,
    ) -> Result<()> {
        let (Prepared { items, settings, .. }, theirs) =
            process.prepare(self.case.family(), &self.peer, self.parameters)?;
        let parity = self.pool.install(|| ready.compare(&self.peer, theirs))?;
        let passed = parity.passed;
        row.parity = Some(parity);
        if !passed {
            process.release()?;
            return Err("its result is not ours".into());
        }
        let ours = on(self.pool, ready.items(), || ready.run());
        let (child, threads) = (Some(process.id()), self.pool.current_num_threads());
        let time = Box::new(|runs| process.time(runs));
        let theirs = Side { child, threads, items, time };
        let [ours, theirs] = take_turns([ours, theirs], schedule)?;
        row.set_both(&ours, &theirs, self.case.unit());
        row.note = settings;
        process.release()
    }
}
