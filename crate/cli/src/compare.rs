//! Whole runs compared on a table of known learning curves: what they train is looked up, unless weights are inherited.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::Args;
use nas_evaluate::Images;
use nas_run::{DataFacts, MAX_CANDIDATES, Problem, RunConfig};
use nas_tabulate::{Comparison, Estimate, Found, KnownTable, search};
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::run::checkpoints::Checkpoints;
use crate::run::workers::{Done, perform};
use crate::{print_json, print_line, run, table_file, threads};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Links or configuration files. What the table is about (data, space, epochs, training) it says itself.
    #[arg(required = true)]
    sources: Vec<String>,
    /// A table of `nas tabulate`, `NAME.csv.gz` with `NAME.json` beside it.
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// Seeds of each run: 1 to this.
    #[arg(long, value_name = "SEEDS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// Work that each run may plan, in training MACs, whatever the links say of work and candidates.
    #[arg(long, value_name = "MACS")]
    work: Option<u64>,
    /// Threads; as many as processors, if not given. The result does not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DataArguments,
}

#[derive(Serialize)]
struct CompareJson<'a> {
    best: f64,
    seeds: u32,
    results: Vec<ResultJson<'a>>,
}

#[derive(Serialize)]
struct ResultJson<'a> {
    source: &'a str,
    #[serde(flatten)]
    comparison: Comparison,
}

pub(crate) fn compare(arguments: &Arguments) -> Result<(), Failure> {
    let known = table_file::read(&arguments.table)?;
    let info = data::find(&known.subject().data.id)?;
    let facts = DataFacts::of(info);
    let images = Images::prepare(&arguments.datasets.open(info)?, &known.subject().data)?;
    let configs = arguments.sources.iter().map(|source| configuration(source, &known, arguments.work));
    let configs: Vec<RunConfig> = configs.collect::<Result<_, _>>()?;
    // All are checked before the first one starts.
    for config in &configs {
        known.check(&Problem::new(config, &facts)?)?;
    }
    let search = |config: &RunConfig, seed: u32| -> Result<Found, Failure> {
        let problem = Problem::new(&RunConfig { seed, ..config.clone() }, &facts)?;
        let mut checkpoints = Checkpoints::default();
        search(problem, &known, &mut |job| {
            let checkpoint = job.goes_on_from().and_then(|key| checkpoints.get(key));
            let performed = perform((job, checkpoint), &images, &AtomicBool::new(false))
                .map_err(|error| Failure::Internal(error.to_string()))?;
            let Done { key, outcome, checkpoint } = performed.expect("nobody stops it");
            checkpoints.put(key, checkpoint);
            Ok(outcome)
        })
    };
    let mut searches: Vec<Vec<Found>> = Vec::new();
    for config in &configs {
        let found =
            threads::share_out(arguments.seeds, arguments.workers, |number| search(config, number + 1));
        searches.push(found.into_iter().collect::<Result<_, _>>()?);
    }
    let results = arguments.sources.iter().zip(&searches).enumerate().map(|(place, (source, found))| {
        let others = (place > 0).then(|| searches[0].as_slice());
        ResultJson { source, comparison: Comparison::new(found, others) }
    });
    let json = CompareJson {
        best: known.best().validation_accuracy,
        seeds: arguments.seeds,
        results: results.collect(),
    };
    if arguments.json { print_json(&json) } else { print_table(&json) }
}

fn configuration(source: &str, known: &KnownTable, work: Option<u64>) -> Result<RunConfig, Failure> {
    let config = known.configure(&run::configuration(source, false)?);
    Ok(match work {
        None => config,
        Some(macs) => RunConfig { macs: Some(macs), candidates: MAX_CANDIDATES, ..config },
    })
}

fn print_table(CompareJson { best, seeds, results }: &CompareJson<'_>) -> Result<(), Failure> {
    let percent = |value: f64| 100.0 * value;
    for ResultJson { source, comparison } in results {
        let Comparison { validation_accuracy, test_accuracy, tau, candidates, work_macs, difference } =
            comparison;
        print_line(source)?;
        print_line(&format!(
            "  validation {:.3} ± {:.3} %, test {:.3} %, τ {}, {candidates:.1} candidates, {work_macs:.4e} training MACs",
            percent(validation_accuracy.mean),
            percent(validation_accuracy.se),
            percent(test_accuracy.mean),
            tau.map_or_else(|| "–".to_owned(), |tau| format!("{tau:.3}")),
        ))?;
        if let Some(Estimate { mean, low, high, .. }) = difference {
            print_line(&format!(
                "  {:+.3} points to the first, 95 % interval {:+.3} to {:+.3}",
                percent(*mean),
                percent(*low),
                percent(*high)
            ))?;
        }
    }
    print_line(&format!("{seeds} seeds; the best network has {:.3} %", percent(*best)))
}
