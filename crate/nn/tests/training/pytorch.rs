//! Ten steps against `PyTorch` (tests/goldens/generators/nn.py).

use std::cell::Cell;

use nas_arch::{Network, Recipe};
use nas_nn::{Event, NamedTensor, SampleSizes, Samples, Split, Trainer};
use serde::Deserialize;

use crate::common::{MEMORY_LIMIT, seeds};

/// Largest difference of the mean loss of the steps so far, near 1.4, whose unit of rounding in f32 is 1.2e-7. Found: 1.4e-7.
const LOSS_TOLERANCE: f64 = 5e-7;

/// Largest difference of a gradient, as a share of the largest element of its tensor: sums of some hundred products of
/// either sign. Found: 6e-7, five units of rounding.
const GRADIENT_TOLERANCE: f32 = 3e-6;

/// Largest difference of a weight or running statistic, as a share of the largest element of its tensor, after ten steps.
/// Found: 1.4e-6.
const WEIGHT_TOLERANCE: f32 = 5e-6;

#[derive(Deserialize)]
struct Golden {
    network: Network,
    initial_weights: Vec<NamedTensor>,
    batches: Vec<Batch>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Batch {
    images: Vec<f32>,
    labels: Vec<u32>,
}

#[derive(Deserialize)]
struct Run {
    recipe: Recipe,
    losses: Vec<f64>,
    gradients: Vec<NamedTensor>,
    weights: Vec<NamedTensor>,
    validation_loss: f64,
}

/// The golden's batches one after the other, whatever is asked for; the first one also validates.
struct Recorded<'a> {
    golden: &'a Golden,
    next: Cell<usize>,
}

impl Samples for Recorded<'_> {
    fn sizes(&self) -> SampleSizes {
        let batch = self.golden.batches[0].labels.len() as u32;
        SampleSizes {
            image: self.golden.network.input,
            classes: 4,
            train: batch * self.golden.batches.len() as u32,
            validation: batch,
            test: 0,
        }
    }

    fn fill(&self, split: Split, _indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let batch = &self.golden.batches[if split == Split::Train { self.next.get() } else { 0 }];
        self.next.set(self.next.get() + 1);
        images.copy_from_slice(&batch.images);
        labels.copy_from_slice(&batch.labels);
    }
}

fn assert_close(found: &[NamedTensor], expected: &[NamedTensor], tolerance: f32, context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for expected in expected {
        let path = &expected.path;
        let found = found.iter().find(|tensor| tensor.path == *path).unwrap();
        assert_eq!(found.shape, expected.shape, "{context} {path}");
        let largest = expected.values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let allowed = tolerance * largest;
        for (index, (found, expected)) in found.values.iter().zip(&expected.values).enumerate() {
            assert!((found - expected).abs() <= allowed, "{context} {path}[{index}]: {found} for {expected}");
        }
    }
}

fn assert_loss(found: f32, expected: f64, context: &str) {
    assert!((f64::from(found) - expected).abs() <= LOSS_TOLERANCE, "{context}: {found} for {expected}");
}

fn check(name: &str, text: &str) {
    let golden: Golden = serde_json::from_str(text).unwrap();
    let graph = golden.network.resolve().unwrap();
    for (number, run) in golden.runs.iter().enumerate() {
        let context = format!("{name}, recipe {number}:");
        let samples = Recorded { golden: &golden, next: Cell::new(0) };
        let mut trainer = Trainer::new(&graph, &run.recipe, seeds(), samples.sizes(), MEMORY_LIMIT).unwrap();
        trainer.load_weights(&golden.initial_weights).unwrap();
        trainer.train_to(1).unwrap();
        let (mut steps, mut sum) = (0, 0.0);
        let validation = loop {
            let report = trainer.step(&samples, 0);
            if report.step > steps {
                sum += run.losses[steps as usize];
                steps = report.step;
                let loss = report.train_loss.unwrap();
                assert_loss(loss, sum / f64::from(steps), &format!("{context} up to step {steps}"));
                if steps == 1 {
                    let gradients = trainer.export_gradients();
                    assert_close(&gradients, &run.gradients, GRADIENT_TOLERANCE, &context);
                }
            }
            if let Some(Event::EpochEnd { validation, .. }) = report.event {
                break validation;
            }
        };
        assert_eq!(steps as usize, run.losses.len());
        assert_close(&trainer.export_weights(), &run.weights, WEIGHT_TOLERANCE, &context);
        assert_loss(validation.loss, run.validation_loss, &format!("{context} validation"));
    }
}

#[test]
fn a_plain_network_trains_as_in_pytorch() {
    check("plain", include_str!("../../../../tests/goldens/nn/plain.json"));
}

#[test]
fn clipped_gradients_train_as_in_pytorch() {
    check("clipped", include_str!("../../../../tests/goldens/nn/clipped.json"));
}

#[test]
fn a_fire_module_trains_as_in_pytorch() {
    check("fire", include_str!("../../../../tests/goldens/nn/fire.json"));
}
