//! Writes random networks with what the engine makes of them, one JSON file each, for
//! `tests/goldens/generators/random_networks.py`, which computes the same with `PyTorch`:
//!
//! `cargo run --release -p nas-nn --example random_networks -- --count 100 --seed 1 --out FOLDER`
//!
//! Parameters and running statistics are drawn at random, all of them, so that none is hidden behind its initial 0 or 1.
//! The batch is trained on once, then it is evaluated with the changed weights.

#[path = "../tests/support/random_network.rs"]
mod random_network;

use std::cell::RefCell;
use std::error::Error;
use std::path::PathBuf;

use nas_arch::{Dropout, Network, Op, Optimizer, ParameterRole, Recipe, Schedule};
use nas_nn::{Event, NamedTensor, SampleSizes, Samples, Seeds, Split, Trainer};
use nas_numerics::{Rng, sha256};
use serde::Serialize;

use random_network::{CLASSES, random_network};

/// Sizes of batches: from some whose statistics are rough to some that go through in several chunks. (Of two values a batch
/// normalisation leaves the sign only.)
const BATCHES: [u32; 3] = [5, 16, 33];

const LABEL_SMOOTHING: f32 = 0.1;
const LEARNING_RATE: f32 = 0.01;
const MEMORY_LIMIT: u64 = 1 << 28;

/// A network and all that is compared. Images are `[batch, height, width, channels]`.
#[derive(Serialize)]
struct Case {
    network: Network,
    label_smoothing: f32,
    weights: Vec<NamedTensor>,
    images: Vec<f32>,
    labels: Vec<u32>,
    loss: f32,
    logits: Vec<f32>,
    gradients: Vec<NamedTensor>,
    weights_after: Vec<NamedTensor>,
    evaluated_loss: f32,
    evaluated_logits: Vec<f32>,
}

/// One batch, to train on and to evaluate.
struct Batch<'a> {
    network: &'a Network,
    images: Vec<f32>,
    labels: Vec<u32>,
    /// In which order the images were asked for in training.
    trained: RefCell<Vec<u32>>,
}

impl<'a> Batch<'a> {
    fn draw(network: &'a Network, rng: &mut Rng) -> Self {
        let batch = *rng.choose(&BATCHES);
        let elements = u64::from(batch) * network.input.elements();
        // Multiples of 1/16 between −4 and 4.
        let images = (0..elements).map(|_| rng.below(129) as f32 / 16.0 - 4.0).collect();
        let labels = (0..batch).map(|_| rng.below(CLASSES)).collect();
        Self { network, images, labels, trained: RefCell::default() }
    }

    /// Rows in the order of the batch, given those in the order of the training.
    fn in_order(&self, rows: &[f32]) -> Vec<f32> {
        let mut ordered = vec![0.0; rows.len()];
        let row_len = rows.len() / self.labels.len();
        for (&image, row) in self.trained.borrow().iter().zip(rows.chunks_exact(row_len)) {
            ordered[image as usize * row_len..][..row_len].copy_from_slice(row);
        }
        ordered
    }
}

impl Samples for Batch<'_> {
    fn sizes(&self) -> SampleSizes {
        let batch = self.labels.len() as u32;
        SampleSizes { image: self.network.input, classes: CLASSES, train: batch, validation: batch, test: 0 }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        if split == Split::Train {
            self.trained.borrow_mut().extend(indices);
        }
        let image_len = images.len() / indices.len();
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(image_len)).zip(labels) {
            image.copy_from_slice(&self.images[index as usize * image_len..][..image_len]);
            *label = self.labels[index as usize];
        }
    }
}

/// Draws what the initial weights leave at 0 or 1.
fn disturb(trainer: &mut Trainer, rng: &mut Rng) -> Result<Vec<NamedTensor>, Box<dyn Error>> {
    let mut tensors = trainer.export_weights();
    for tensor in &mut tensors {
        let role = trainer.layout().slot(&tensor.path).ok_or("no such parameter")?.role;
        for value in &mut tensor.values {
            *value += match role {
                ParameterRole::Weight => 0.0,
                ParameterRole::RunningVariance => rng.unit(),
                ParameterRole::Bias
                | ParameterRole::Scale
                | ParameterRole::Shift
                | ParameterRole::Mixture
                | ParameterRole::RunningMean => 0.25 * rng.normal(),
            };
        }
    }
    trainer.load_weights(&tensors)?;
    Ok(tensors)
}

fn case(seed: u32, index: u64) -> Result<Case, Box<dyn Error>> {
    let mut network = random_network(seed, index);
    for layer in &mut network.layers {
        if let Op::Dropout(Dropout { probability }) = &mut layer.op {
            *probability = 0.0;
        }
    }
    let mut rng = Rng::for_purpose(seed, "weights and batches of random networks", index);
    let batch = Batch::draw(&network, &mut rng);
    let recipe = Recipe {
        batch_size: batch.labels.len() as u32,
        optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        learning_rate: LEARNING_RATE,
        warmup_epochs: 0.0,
        horizon_epochs: 1,
        label_smoothing: LABEL_SMOOTHING,
        schedule: Schedule::default(),
        clip_norm: None,
    };
    let seeds = Seeds { key: sha256(b"random networks"), run_seed: seed, replicate: 0 };
    let mut trainer = Trainer::new(&network.resolve()?, &recipe, seeds, batch.sizes(), MEMORY_LIMIT)?;
    let weights = disturb(&mut trainer, &mut rng)?;

    trainer.train_to(1)?;
    let (mut logits, mut gradients) = (Vec::new(), Vec::new());
    let (train, validation) = loop {
        logits.extend(trainer.logits().map(<[f32]>::to_vec));
        let report = trainer.step(&batch, 0);
        if report.step == 1 && gradients.is_empty() {
            gradients = trainer.export_gradients();
        }
        match report.event {
            None => {}
            Some(Event::EpochEnd { train, validation, .. }) => break (train, validation),
            Some(event) => return Err(format!("network {index}: {event:?}").into()),
        }
    };
    let [trained_logits, evaluated_logits] = <[_; 2]>::try_from(logits).map_err(|_| "two passes")?;
    Ok(Case {
        label_smoothing: LABEL_SMOOTHING,
        weights,
        logits: batch.in_order(&trained_logits),
        images: batch.images,
        labels: batch.labels,
        loss: train.loss,
        gradients,
        weights_after: trainer.export_weights(),
        evaluated_loss: validation.loss,
        evaluated_logits,
        network,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ["--count", count, "--seed", seed, "--out", folder] =
        *arguments.iter().map(String::as_str).collect::<Vec<_>>()
    else {
        return Err("use --count NUMBER --seed NUMBER --out FOLDER".into());
    };
    let (count, seed, folder) = (count.parse()?, seed.parse()?, PathBuf::from(folder));
    std::fs::create_dir_all(&folder)?;
    for index in 0..count {
        let text = serde_json::to_string(&case(seed, index)?)?;
        std::fs::write(folder.join(format!("{index:04}.json")), text)?;
    }
    Ok(())
}
