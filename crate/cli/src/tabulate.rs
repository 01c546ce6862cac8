//! Trains every network of a small space: the journal of trainings is kept here, and they are shared out to threads.

mod journal;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};

use clap::Args;
use nas_evaluate::{EvaluationError, Images, perform_and_test};
use nas_run::{DEFAULT_SEED, DataFacts, Outcome, RunConfig, evaluations};
use nas_space::spaces;
use nas_tabulate::Tabulation;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::threads::available_workers;
use crate::{print_json, settings, table_file};
use journal::Journal;

/// Trainings between two messages of how far it has come.
const TRAININGS_BETWEEN_MESSAGES: usize = 1000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The search space.
    space: String,
    /// The dataset.
    #[arg(long = "data", value_name = "ID")]
    data: String,
    /// Training images to use, from the beginning of the training split; all, if not given.
    #[arg(long)]
    samples: Option<u32>,
    /// Epochs of each training: the schedule ends with the last one.
    #[arg(long, default_value_t = 9)]
    epochs: u32,
    /// Trainings of each network.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    replicates: u32,
    /// A setting of the space or of training, as in a link: `cell.channels=4`.
    #[arg(long = "set", value_name = "MEMBER.NAME=VALUE")]
    settings: Vec<String>,
    /// Seed of the trainings, as that of a run.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u32,
    /// The table to write, `NAME.csv.gz`; what it is about goes to `NAME.json`, and trainings as they end to
    /// `NAME.journal`, from which the same command goes on where it was stopped.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Threads; as many as processors, if not given. The table does not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    #[command(flatten)]
    datasets: DataArguments,
}

pub(crate) fn tabulate(arguments: &Arguments) -> Result<(), Failure> {
    let stem = table_file::stem(&arguments.out)?;
    let info = data::find(&arguments.data)?;
    let members = [spaces(), evaluations()].concat();
    let config = RunConfig {
        data: arguments.data.clone(),
        samples: arguments.samples,
        space: arguments.space.clone(),
        epochs: arguments.epochs,
        seed: arguments.seed,
        settings: settings::parse(
            &arguments.settings,
            &members,
            "no space and no evaluation has such a setting",
        )?
        .into_iter()
        .collect(),
        ..RunConfig::default()
    };
    let tabulation = Tabulation::new(&config, &DataFacts::of(info), arguments.replicates)?;
    let images = Images::prepare(&arguments.datasets.open(info)?, tabulation.problem().data())?;
    let journal = Journal::open(&stem.with_extension("journal"), &tabulation)?;
    let workers = arguments.workers.map_or_else(available_workers, usize::from);
    let outcomes = train(&tabulation, &images, journal, workers)?;
    let facts = table_file::write(&arguments.out, &tabulation, &outcomes)?;
    print_json(&facts)
}

/// Performs the trainings that the journal does not have; the outcomes of all.
fn train(
    tabulation: &Tabulation,
    images: &Images,
    mut journal: Journal,
    workers: usize,
) -> Result<Vec<Outcome>, Failure> {
    let missing = journal.missing();
    let next = AtomicUsize::new(0);
    let is_stopped = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..workers.min(missing.len()) {
            let (sender, missing, next, is_stopped) = (sender.clone(), &missing, &next, &is_stopped);
            scope.spawn(move || {
                while let Some(&training) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = perform_and_test(tabulation.job(training), images);
                    if is_stopped.load(Ordering::Relaxed) || sender.send((training, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let result = collect(&receiver, &mut journal);
        is_stopped.store(true, Ordering::Relaxed);
        result
    })?;
    journal.into_outcomes()
}

fn collect(
    trainings: &Receiver<(u32, Result<Outcome, EvaluationError>)>,
    journal: &mut Journal,
) -> Result<(), Failure> {
    for (done, (training, outcome)) in trainings.iter().enumerate() {
        journal.enter(training, outcome?)?;
        if (done + 1) % TRAININGS_BETWEEN_MESSAGES == 0 {
            eprintln!("nas: {} of {} trainings", journal.entered(), journal.trainings());
        }
    }
    Ok(())
}
