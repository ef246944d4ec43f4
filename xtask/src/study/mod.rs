//! `cargo xtask study`: what each technique of the tutorial is worth to a small network.

mod input;
mod material;
mod network;
mod trial;

use std::error::Error;
use std::path::PathBuf;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What `cargo xtask study` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long, value_name = "DIR", env = "MIZUMASHI_CIFAR10")]
    cifar: Option<PathBuf>,
    #[arg(long, default_value_t = 2000)] train: usize,
    #[arg(long, default_value_t = 3)] epochs: usize,
    #[arg(long, value_delimiter=',')] rates: Vec<f64>,
    #[arg(long, value_delimiter=',')] inputs: Vec<usize>,
    #[arg(long, default_value_t = 1)] seeds: u64,
}

pub(crate) fn run(options: &Options) -> Result<bool> {
    use network::Depth;
    let m = material::Material::open(options.cifar.as_deref(), material::Sizes{train: options.train, validation: 2000, test: 10000})?;
    for &i in &options.inputs {
        let t = std::time::Instant::now();
        let p = m.prepare(input::Input::ALL[i])?;
        println!("{} prepared {:.2}", input::Input::ALL[i].name(), t.elapsed().as_secs_f64());
        let mut trials = vec![];
        for depth in [Depth::Shallow, Depth::Deep] { for batch_norm in [false, true] { for augmented in [false, true] { for &rate in &options.rates { for seed in 1..=options.seeds {
            trials.push(trial::Trial{setup: trial::Setup{input: input::Input::ALL[i], depth, batch_norm, augmented}, rate, seed, epochs: options.epochs, tested: true});
        }}}}}
        let queue = std::sync::Mutex::new(trials.into_iter());
        std::thread::scope(|s| { for _ in 0..2 { s.spawn(|| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            loop { let Some(t) = queue.lock().unwrap().next() else { break };
                match pool.install(|| t.run(&p, m.classes())) { Ok(o) => println!("{:?} bn {} aug {} rate {} seed {}: loss {:?} val {:?} test {:.3} {:.1}s", t.setup.depth, t.setup.batch_norm, t.setup.augmented, t.rate, t.seed, o.loss.last().unwrap(), o.validation.iter().map(|v| (v*1000.0).round()/1000.0).collect::<Vec<_>>(), o.test.unwrap(), o.seconds), Err(e) => println!("{t:?} {e}") }
            }
        }); }});
    }
    Ok(true)
}
