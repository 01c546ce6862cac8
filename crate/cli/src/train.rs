use std::path::{Path, PathBuf};

use clap::Args;
use nas_arch::{Network, canonical};
use nas_evaluate::{Evaluation, EvaluationError, Images, MACS_AT_ONCE};
use nas_nn::{NamedTensor, fold_batch_norms};
use nas_run::{DEFAULT_SEED, DataFacts, EpochScore, Job, Outcome};
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::network::NetworkArguments;
use crate::{print_json, print_line};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// The dataset. Images are brought to the size of the network's input.
    #[arg(long = "data", value_name = "ID")]
    data: String,
    /// Epochs to train: the schedule ends with the last one.
    #[arg(long)]
    epochs: u32,
    /// Seed of the initial weights and of the order of the images.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u32,
    /// Writes the initial weights to a JSON file: `[{path, shape, values}]`, shapes as in PyTorch.
    #[arg(long, value_name = "FILE")]
    export_init: Option<PathBuf>,
    /// Writes the trained weights, likewise.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Writes the trained network as a device runs it, `{network, weights}`: batch normalizations are folded into the layers
    /// before them.
    #[arg(long, value_name = "FILE")]
    export_folded: Option<PathBuf>,
    /// Writes the job (`job.json`) and a checkpoint of each epoch's end (`epoch-1.checkpoint`, …) into a folder: any
    /// of them can be finished elsewhere, with the same weights.
    #[arg(long, value_name = "DIR")]
    checkpoints: Option<PathBuf>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DataArguments,
}

#[derive(Serialize)]
struct TrainJson<'a> {
    val_accuracy: f32,
    test_accuracy: Option<f32>,
    curve: &'a [EpochScore],
    weights_sha256: &'a str,
}

#[derive(Serialize)]
struct FoldedJson<'a> {
    network: &'a Network,
    weights: &'a [NamedTensor],
}

pub(crate) fn train(arguments: &Arguments) -> Result<(), Failure> {
    let canonical = canonical(&arguments.network.read()?.resolve()?);
    let graph = &canonical.graph;
    let info = data::find(&arguments.data)?;
    let job = Job::standalone(&canonical, &DataFacts::of(info), arguments.seed, arguments.epochs)?;
    let images = Images::prepare(&arguments.datasets.open(info)?, &job.data)?;
    let mut evaluation = match Evaluation::new(job, &images)? {
        Ok(evaluation) => evaluation,
        Err(outcome) => return report(arguments, &outcome),
    };
    if let Some(path) = &arguments.export_init {
        write(path, &to_json(&evaluation.trainer().export_weights())?)?;
    }
    if let Some(folder) = &arguments.checkpoints {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::in_file(&folder.display().to_string(), error))?;
        write(&folder.join("job.json"), &to_json(evaluation.job())?)?;
    }
    let mut epochs = 0;
    loop {
        let outcome = evaluation.step(&images, MACS_AT_ONCE);
        if let Some(folder) = &arguments.checkpoints
            && evaluation.progress().curve.len() > epochs
        {
            epochs += 1;
            let checkpoint = evaluation.checkpoint().map_err(EvaluationError::from)?;
            write(&folder.join(format!("epoch-{epochs}.checkpoint")), &checkpoint)?;
        }
        if let Some(outcome) = outcome {
            if let Some(path) = &arguments.export {
                write(path, &to_json(&evaluation.trainer().export_weights())?)?;
            }
            if let Some(path) = &arguments.export_folded {
                let weights = evaluation.trainer().export_weights();
                let (network, weights) = fold_batch_norms(graph, &weights)
                    .map_err(|error| Failure::Internal(error.to_string()))?;
                write(path, &to_json(&FoldedJson { network: &network, weights: &weights })?)?;
            }
            return report(arguments, &outcome);
        }
    }
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::Internal(error.to_string()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::in_file(&path.display().to_string(), error))
}

fn report(arguments: &Arguments, outcome: &Outcome) -> Result<(), Failure> {
    let (curve, test_accuracy, weights_sha256) = match outcome {
        Outcome::Trained { curve, test_accuracy, weights_sha256 } => (curve, test_accuracy, weights_sha256),
        Outcome::Scored { .. } | Outcome::Validated { .. } => unreachable!("the job is a training"),
        Outcome::Failed(failure) => {
            return Err(Failure::Input(format!("{}: {failure}", arguments.network.name())));
        }
    };
    let val_accuracy = curve.last().map_or(0.0, |score| score.accuracy);
    if arguments.json {
        return print_json(&TrainJson { val_accuracy, test_accuracy: *test_accuracy, curve, weights_sha256 });
    }
    for (epoch, EpochScore { loss, accuracy }) in curve.iter().enumerate() {
        print_line(&format!(
            "epoch {:3}  training loss {loss:.4}  validation accuracy {:.2} %",
            epoch + 1,
            accuracy * 100.0
        ))?;
    }
    let test = test_accuracy.map_or_else(|| "–".to_owned(), |accuracy| format!("{:.2} %", accuracy * 100.0));
    print_line(&format!("test accuracy {test}\nweights {weights_sha256}"))?;
    Ok(())
}
