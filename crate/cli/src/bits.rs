use clap::Args;
use nas_arch::Optimizer;
use nas_evaluate::{MOMENTUM, WORKLOADS, Workload};
use nas_nn::{Level, with_level};
use serde::Serialize;

use crate::failure::Failure;
use crate::{print_json, print_line};

/// Images in a batch.
const BATCH: u32 = 32;
const SEED: u32 = 7;
const OPTIMIZERS: [(&str, Optimizer); 2] = [("sgd", MOMENTUM), ("adamw", Optimizer::adam_w())];

#[derive(Args)]
pub(crate) struct Arguments {
    /// Batches to train on.
    #[arg(long, default_value_t = 10)]
    steps: u32,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct TrainingJson {
    id: &'static str,
    optimizer: &'static str,
    level: String,
    weights_sha256: String,
}

pub(crate) fn bits(arguments: &Arguments) -> Result<(), Failure> {
    let mut trainings = Vec::new();
    for (id, _) in WORKLOADS {
        for (name, optimizer) in OPTIMIZERS {
            for level in Level::available() {
                let weights_sha256 = with_level(level, || train(id, optimizer, arguments.steps))?;
                let level = format!("{level:?}").to_lowercase();
                trainings.push(TrainingJson { id, optimizer: name, level, weights_sha256 });
            }
        }
    }
    if arguments.json {
        return print_json(&trainings);
    }
    trainings.iter().try_for_each(|TrainingJson { id, optimizer, level, weights_sha256 }| {
        print_line(&format!("{id} {optimizer:5} {level:8} {weights_sha256}"))
    })
}

/// SHA-256 of the weights after these steps.
fn train(id: &str, optimizer: Optimizer, steps: u32) -> Result<String, Failure> {
    let mut workload = Workload::new(id, BATCH, optimizer, SEED)?;
    for _ in 0..steps {
        workload.step();
    }
    Ok(workload.weights_digest().to_string())
}
