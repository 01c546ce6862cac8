//! Writes the initial weights of a reference network as JSON, for `tests/goldens/generators/traces.py`, which goes on with
//! them in `PyTorch`:
//!
//! `cargo run --release -p nas-nn --example initial_weights -- NETWORK KEY FILE`
//!
//! They are drawn from the SHA-256 of the key.

use std::error::Error;

use nas_arch::{Optimizer, Recipe, Schedule, reference};
use nas_nn::{SampleSizes, Seeds, Trainer};
use nas_numerics::sha256;

/// Of the data only what the network demands plays a part.
const LEAST_IMAGES: u32 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, key, file] = arguments.as_slice() else {
        return Err("use NETWORK KEY FILE".into());
    };
    let graph = reference(network)?.resolve()?;
    let recipe = Recipe {
        batch_size: 1,
        optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        learning_rate: 1.0,
        warmup_epochs: 0.0,
        horizon_epochs: 1,
        label_smoothing: 0.0,
        schedule: Schedule::default(),
        clip_norm: None,
    };
    let seeds = Seeds { key: sha256(key.as_bytes()), run_seed: 0, replicate: 0 };
    let sizes = SampleSizes {
        image: graph.input,
        classes: graph.output().channels,
        train: LEAST_IMAGES,
        validation: LEAST_IMAGES,
        test: 0,
    };
    let trainer = Trainer::new(&graph, &recipe, seeds, sizes, u64::MAX)?;
    std::fs::write(file, serde_json::to_string(&trainer.export_weights())?)?;
    Ok(())
}
