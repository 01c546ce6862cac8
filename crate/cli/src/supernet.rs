use std::collections::BTreeSet;
use std::sync::Mutex;

use clap::Args;
use nas_evaluate::{EvaluationError, Images, OneShot, OneShotError, perform};
use nas_numerics::{Rng, kendall_tau};
use nas_run::{DataFacts, Job, Outcome, Priced, Problem};
use nas_search::MAX_DRAWS;
use nas_space::Genotype;
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::threads::available_workers;
use crate::{print_json, print_line, run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A link (its `#…` is enough, in quotes) or a configuration file (`run.json`): its data, space, recipe and seed count.
    source: String,
    /// Epochs that the super-network is trained.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,
    /// Networks, drawn uniformly from those that differ, that are compared; each is trained by itself for the link's epochs.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    networks: u32,
    /// Trainings of each network by itself, whose accuracies are averaged: what one says of it is noisy.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    replicates: u32,
    /// Batches of training images on which a network's batch normalizations learn their statistics.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    calibration_batches: u32,
    /// Threads that train; as many as processors, if not given. The result does not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Takes a link with unknown or unfit items as the page does: puts them right and tells.
    #[arg(long)]
    lenient: bool,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DataArguments,
}

/// The documented JSON.
#[derive(Serialize)]
struct SupernetJson {
    tau: TauJson,
    networks: Vec<ComparedJson>,
}

/// Kendall's τ-b with the accuracies of networks trained one by one; none if all are equal.
#[derive(Serialize)]
struct TauJson {
    supernet: Option<f64>,
    untrained: Option<f64>,
    params: Option<f64>,
}

#[derive(Serialize)]
struct ComparedJson {
    name: String,
    genes: Genotype,
    params: u64,
    /// Trained by itself: mean validation accuracy of the replicates.
    alone: f64,
    /// With the weights of the super-network: validation accuracy.
    supernet: f32,
    /// The same before it was trained.
    untrained: f32,
}

/// A network that is compared.
struct Drawn {
    genotype: Genotype,
    params: u64,
    name: String,
    /// One for each replicate.
    jobs: Vec<Job>,
}

pub(crate) fn supernet(arguments: &Arguments) -> Result<(), Failure> {
    let config = run::configuration(&arguments.source, arguments.lenient)?;
    let info = data::find(&config.data)?;
    let problem = Problem::new(&config, &DataFacts::of(info))?;
    let images = Images::prepare(&arguments.datasets.open(info)?, problem.data())?;
    let mut one_shot = OneShot::new(&problem, &images, arguments.epochs)?;
    let drawn = draw(&problem, arguments)?;
    let scores = |one_shot: &OneShot<'_>| -> Result<Vec<f32>, OneShotError> {
        let score = |drawn: &Drawn| one_shot.score(&drawn.genotype, arguments.calibration_batches);
        drawn.iter().map(|drawn| Ok(score(drawn)?.accuracy)).collect()
    };
    let untrained = scores(&one_shot)?;
    one_shot.train(&mut |epoch, train| {
        if epoch.is_power_of_two() || epoch == arguments.epochs {
            eprintln!("epoch {epoch} of {}: training loss {:.4}", arguments.epochs, train.loss);
        }
    })?;
    let shared = scores(&one_shot)?;
    let workers = arguments.workers.map_or_else(available_workers, usize::from);
    let alone = train_alone(&drawn, &images, workers)?;
    let networks = drawn.into_iter().zip(alone).zip(shared).zip(untrained);
    let networks = networks.map(|(((drawn, alone), supernet), untrained)| ComparedJson {
        name: drawn.name,
        genes: drawn.genotype,
        params: drawn.params,
        alone,
        supernet,
        untrained,
    });
    report(arguments, networks.collect())
}

/// Networks that all differ.
fn draw(problem: &Problem, arguments: &Arguments) -> Result<Vec<Drawn>, Failure> {
    let mut known = BTreeSet::new();
    let mut drawn = Vec::new();
    for number in 0..u64::from(MAX_DRAWS) {
        if drawn.len() == arguments.networks as usize {
            return Ok(drawn);
        }
        let genotype = problem.space().genes().draw(&mut Rng::for_purpose(problem.seed(), "sample", number));
        let Priced { canonical, costs, .. } = problem.price(&genotype)?;
        if known.insert(canonical.digest()) {
            let job = |replicate| problem.training(&canonical, costs.macs, replicate);
            let jobs = (0..arguments.replicates).map(job).collect();
            drawn.push(Drawn { genotype, params: costs.params, name: canonical.name(), jobs });
        }
    }
    let found = drawn.len();
    let problem =
        format!("--networks: {MAX_DRAWS} draws from the space gave {found} different ones: ask for fewer");
    Err(Failure::Input(problem))
}

/// Mean validation accuracy of each network after trainings of its own; one that fails counts 0.
fn train_alone(drawn: &[Drawn], images: &Images, workers: usize) -> Result<Vec<f64>, Failure> {
    let trainings =
        drawn.iter().enumerate().flat_map(|(index, drawn)| drawn.jobs.iter().map(move |job| (index, job)));
    let waiting = Mutex::new(trainings);
    let work = || -> Result<Vec<(usize, f32)>, EvaluationError> {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().expect("no worker panics while it takes a network").next();
            let Some((index, job)) = next else { return Ok(done) };
            let accuracy = match perform(job.clone(), images)? {
                Outcome::Trained { curve, .. } => curve.last().map_or(0.0, |score| score.accuracy),
                Outcome::Scored { .. } | Outcome::Failed(_) => 0.0,
            };
            done.push((index, accuracy));
        }
    };
    // Single-precision shares are added exactly here, so that the order of the workers changes nothing.
    let mut sums = vec![0.0_f64; drawn.len()];
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join().map_err(|_| Failure::Internal("a training broke down".into()))?;
            for (index, accuracy) in done? {
                sums[index] += f64::from(accuracy);
            }
        }
        Ok(drawn.iter().zip(sums).map(|(drawn, sum)| sum / drawn.jobs.len() as f64).collect())
    })
}

fn report(arguments: &Arguments, networks: Vec<ComparedJson>) -> Result<(), Failure> {
    let tau = |value: fn(&ComparedJson) -> f64| {
        let pairs: Vec<_> = networks.iter().map(|network| (network.alone, value(network))).collect();
        kendall_tau(&pairs)
    };
    let tau = TauJson {
        supernet: tau(|network| f64::from(network.supernet)),
        untrained: tau(|network| f64::from(network.untrained)),
        params: tau(|network| network.params as f64),
    };
    if arguments.json {
        return print_json(&SupernetJson { tau, networks });
    }
    print_line("network       parameters   alone %   super-network %   untrained %")?;
    for ComparedJson { name, params, alone, supernet, untrained, .. } in &networks {
        let [supernet, untrained] = [supernet, untrained].map(|accuracy| accuracy * 100.0);
        let alone = alone * 100.0;
        print_line(&format!("{name}  {params:10}  {alone:8.2}  {supernet:16.2}  {untrained:12.2}"))?;
    }
    print_line(&format!(
        "Kendall's τ of {} networks with their accuracy when trained alone",
        networks.len()
    ))?;
    let number = |tau: Option<f64>| tau.map_or_else(|| "–".to_owned(), |tau| format!("{tau:.3}"));
    for (name, tau) in
        [("super-network", tau.supernet), ("untrained", tau.untrained), ("parameters", tau.params)]
    {
        print_line(&format!("{name:14}{:>7}", number(tau)))?;
    }
    Ok(())
}
