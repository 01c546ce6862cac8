use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use nas_evaluate::{EvaluationError, Images, OneShot, OneShotError, perform};
use nas_numerics::{Rng, kendall_tau};
use nas_run::{DataFacts, Job, Outcome, Priced, Problem};
use nas_search::MAX_DRAWS;
use nas_space::Genotype;
use nas_tabulate::KnownTable;
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::{print_json, print_line, run, table_file, threads};

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
    /// A table of `nas tabulate`, `NAME.csv.gz` with `NAME.json` beside it: its networks need no training of their own, and
    /// data, space and recipe are the table's.
    #[arg(long, value_name = "FILE", conflicts_with = "replicates")]
    table: Option<PathBuf>,
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
    let known = arguments.table.as_deref().map(table_file::read).transpose()?;
    let config = run::configuration(&arguments.source, arguments.lenient)?;
    let config = match &known {
        Some(known) => known.configure(&config),
        None => config,
    };
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
    let alone = match &known {
        Some(known) => look_up(&drawn, known),
        None => train_alone(&drawn, &images, arguments.workers)?,
    };
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
fn train_alone(drawn: &[Drawn], images: &Images, workers: Option<u16>) -> Result<Vec<f64>, Failure> {
    let jobs: Vec<&Job> = drawn.iter().flat_map(|drawn| &drawn.jobs).collect();
    let accuracy = |job: u32| -> Result<f64, EvaluationError> {
        Ok(match perform(jobs[job as usize].clone(), images)? {
            Outcome::Trained { curve, .. } => curve.last().map_or(0.0, |score| f64::from(score.accuracy)),
            Outcome::Failed(_) => 0.0,
            Outcome::Scored { .. } | Outcome::Validated { .. } => unreachable!("the job is a training"),
        })
    };
    let accuracies: Vec<f64> =
        threads::share_out(jobs.len() as u32, workers, accuracy).into_iter().collect::<Result<_, _>>()?;
    let replicates = jobs.len() / drawn.len();
    let mean = |of_network: &[f64]| of_network.iter().sum::<f64>() / replicates as f64;
    Ok(accuracies.chunks_exact(replicates).map(mean).collect())
}

/// Mean validation accuracy of each network in a table.
fn look_up(drawn: &[Drawn], known: &KnownTable) -> Vec<f64> {
    let truth = |drawn: &Drawn| known.truth(&drawn.name).expect("a table has every network of its space");
    drawn.iter().map(|drawn| truth(drawn).validation_accuracy).collect()
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
