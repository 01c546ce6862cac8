pub(crate) mod checkpoints;
pub(crate) mod workers;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use nas_arch::Network;
use nas_cost::{OWN_DEVICE, Table};
use nas_evaluate::Images;
use nas_numerics::sha256;
use nas_run::{CandidateCosts, DataFacts, FrontMember, LogLine, Phase, Problem, Run, RunConfig, link};
use nas_search::MAX_DRAWS;
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::threads::available_workers;
use crate::{network, print_json, print_line};

/// The largest configuration file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The largest table of measurements that is read, in bytes.
const MAX_TABLE_BYTES: u64 = 16 << 20;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A link (its `#…` is enough, in quotes) or a configuration file (`run.json`).
    source: String,
    /// The file of the space `custom`; a link can hold it too.
    #[arg(long, value_name = "FILE")]
    space_file: Option<PathBuf>,
    /// The file of the device `own` (docs/adding-a-device.md), which the run is then priced on; a link can hold it too.
    #[arg(long, value_name = "FILE")]
    device_file: Option<PathBuf>,
    /// Threads that train; as many as processors, if not given. The result does not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Writes the log to a file, line by line.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Takes a link with unknown or unfit items as the page does: puts them right and tells.
    #[arg(long)]
    lenient: bool,
    /// Stops early after so many seconds (exit code 4). The log is the undisturbed one up to there, and one line.
    #[arg(long, value_name = "SECONDS")]
    time_limit: Option<f64>,
    /// The table of measurements (CSV) that the run names, of `nas measure` for `this-browser`.
    #[arg(long, value_name = "FILE")]
    table: Option<String>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DataArguments,
}

#[derive(Serialize)]
struct RunJson<'a> {
    config: &'a RunConfig,
    front: Vec<FrontJson<'a>>,
    log_sha256: String,
}

#[derive(Serialize)]
struct FrontJson<'a> {
    name: &'a str,
    network: &'a Network,
    val_accuracy: f32,
    /// Score of the untrained network, where candidates were scored instead of trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    test_accuracy: Option<f32>,
    /// Cost in the run's second objective, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    second_cost: Option<f64>,
    /// Probability that it is on the front in truth, where each candidate was trained several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    front_probability: Option<f32>,
    costs: &'a CandidateCosts,
    /// The array it runs on, where hardware was searched too.
    #[serde(skip_serializing_if = "Option::is_none")]
    accelerator: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut config = configuration(&arguments.source, arguments.lenient)?;
    let read = |path: &PathBuf| network::read_text(&path.display().to_string(), MAX_FILE_BYTES);
    if let Some(path) = &arguments.space_file {
        config.custom = Some(read(path)?);
    }
    if let Some(path) = &arguments.device_file {
        config.own_device = Some(read(path)?);
        OWN_DEVICE.clone_into(&mut config.device);
    }
    let info = data::find(&config.data)?;
    let time_limit = arguments
        .time_limit
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|error| Failure::Input(format!("--time-limit: {error}")))
        })
        .transpose()?;
    let table = arguments.table.as_ref().map(|path| read_table(path, &config)).transpose()?;
    let mut run = Run::of(Problem::with_table(&config, &DataFacts::of(info), table.as_ref())?)?;
    let images = Images::prepare(&arguments.datasets.open(info)?, run.problem().data())?;
    let mut log = Log::new(arguments.log.clone())?;
    let workers = arguments.workers.map_or_else(available_workers, usize::from);
    workers::drive(&mut run, &images, workers, time_limit, &mut |lines| log.write(lines))?;
    report(arguments, &run, &config, &log.text)?;
    match run.progress() {
        progress if progress.phase == Phase::Stopped => Err(why_stopped(&log.text)),
        progress if progress.told == 0 => {
            Err(Failure::Infeasible(format!("no candidate was found within the limits in {MAX_DRAWS} draws")))
        }
        _ => Ok(()),
    }
}

/// The table that a run prices with.
fn read_table(path: &str, config: &RunConfig) -> Result<Table, Failure> {
    let text = network::read_text(path, MAX_TABLE_BYTES)?;
    config.read_table(&text).map_err(|error| Failure::in_file(path, error))
}

/// Reads the configuration; every item that cannot be taken as it stands is an error, unless lenient.
pub(crate) fn configuration(source: &str, lenient: bool) -> Result<RunConfig, Failure> {
    let is_file = std::path::Path::new(source).extension().is_some_and(|extension| extension == "json");
    if is_file && !source.contains('#') {
        let text = network::read_text(source, MAX_FILE_BYTES)?;
        return serde_json::from_str(&text).map_err(|error| Failure::in_file(source, error));
    }
    if !source.contains('=') && source != "#" {
        let problem = format!("'{source}' is neither a link (#v=1&…) nor a .json file");
        return Err(Failure::Input(problem));
    }
    let reading = link::read(source, &data::all_facts());
    let messages: Vec<String> = reading.notices.into_iter().map(|notice| notice.message).collect();
    if !messages.is_empty() && !lenient {
        let list = messages.join("\nnas: ");
        return Err(Failure::Input(format!("{list}\nnas: put the link right, or add --lenient")));
    }
    for message in messages {
        eprintln!("nas: {message}");
    }
    Ok(reading.config)
}

/// The log: kept whole for its digest and the report, and written to a file if one is wanted.
struct Log {
    text: String,
    file: Option<(PathBuf, std::fs::File)>,
}

impl Log {
    fn new(path: Option<PathBuf>) -> Result<Self, Failure> {
        let open = |path: PathBuf| match std::fs::File::create(&path) {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(Failure::in_file(&path.display().to_string(), error)),
        };
        Ok(Self { text: String::new(), file: path.map(open).transpose()? })
    }

    fn write(&mut self, lines: &str) -> Result<(), Failure> {
        self.text.push_str(lines);
        match &mut self.file {
            None => Ok(()),
            Some((path, file)) => file
                .write_all(lines.as_bytes())
                .map_err(|error| Failure::in_file(&path.display().to_string(), error)),
        }
    }
}

/// Why a run ended before its budget was used.
fn why_stopped(log: &str) -> Failure {
    let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
    let failure = lines.into_iter().find_map(|line| match line {
        LogLine::SuperNetwork { failure, .. } => failure,
        _ => None,
    });
    failure.map_or(Failure::Stopped, |failure| {
        Failure::Input(format!(
            "there is no super-network to inherit from: {failure}: choose a lower train.learning_rate"
        ))
    })
}

fn report(arguments: &Arguments, run: &Run, config: &RunConfig, log: &str) -> Result<(), Failure> {
    let lines: Vec<LogLine> = log
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Internal(format!("the log cannot be read back: {error}")))?;
    let front = front(run, &lines);
    if arguments.json {
        return print_json(&RunJson { config, front, log_sha256: sha256(log.as_bytes()).to_string() });
    }
    let found = match config.eval.as_str() {
        "score" => "score",
        "supernet" => "inherited",
        _ => "validation",
    };
    print_line(&format!(
        "{:14} {:>11} {:>7} {:>9} {:>9} {:>10} {:>9}",
        "network", found, "test", "RAM", "flash", "MACs", "latency"
    ))?;
    let percent = |accuracy: f32| format!("{:.1} %", accuracy * 100.0);
    for member in front {
        let CandidateCosts { ram_bytes, flash_bytes, macs, latency_ms, .. } = member.costs;
        print_line(&format!(
            "{:14} {:>11} {:>7} {ram_bytes:>7} B {flash_bytes:>7} B {macs:>10} {latency_ms:>6.2} ms",
            member.name,
            member.score.map_or_else(|| percent(member.val_accuracy), |score| format!("{score:.4}")),
            member.test_accuracy.map_or_else(|| "–".to_owned(), percent)
        ))?;
        if let Some((objective, cost)) = config.objective2.zip(member.second_cost) {
            let line = format!("  {}: {cost} {}", objective.title().en, objective.unit());
            print_line(line.trim_end())?;
        }
        if let Some(probability) = member.front_probability {
            print_line(&format!("  on the front with a probability of {}", percent(probability)))?;
        }
        if let Some(accelerator) = member.accelerator {
            print_line(&format!("  on {accelerator}"))?;
        }
    }
    print_line(&format!("log {}", sha256(log.as_bytes())))?;
    Ok(())
}

/// The last front, by ascending cost, with the test accuracies of the final trainings.
fn front<'a>(run: &'a Run, lines: &'a [LogLine]) -> Vec<FrontJson<'a>> {
    let members = lines.iter().rev().find_map(|line| match line {
        LogLine::Front { members, .. } => Some(members),
        _ => None,
    });
    let asked = |wanted: u32| {
        lines.iter().find_map(|line| match line {
            LogLine::Asked { ask, genes, name, costs, .. } if *ask == wanted => {
                Some((genes, name.as_str(), costs))
            }
            _ => None,
        })
    };
    let tested = |wanted: u32| {
        lines.iter().find_map(|line| match line {
            LogLine::Final { ask, result, .. } if *ask == wanted => result.test_accuracy,
            _ => None,
        })
    };
    let json = |&FrontMember {
                    ask,
                    validation_accuracy: val_accuracy,
                    score,
                    second_cost,
                    probability,
                    ..
                }: &FrontMember| {
        let ((genes, name, costs), network) = (asked(ask)?, run.network(ask)?);
        let accelerator = run.problem().price(genes).ok()?.accelerator;
        Some(FrontJson {
            name,
            network,
            val_accuracy,
            score,
            test_accuracy: tested(ask),
            second_cost,
            front_probability: probability,
            costs,
            accelerator: accelerator.map(|(accelerator, _)| accelerator.to_string()),
        })
    };
    members.into_iter().flatten().filter_map(json).collect()
}
