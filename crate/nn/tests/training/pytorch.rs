//! Ten steps against `PyTorch` (tests/goldens/generators/nn.py).

use std::collections::BTreeSet;

use nas_arch::{Network, Recipe};
use nas_nn::{Event, NamedTensor, SampleSizes, Samples, Split, Trainer};
use serde::Deserialize;

use crate::common::{MEMORY_LIMIT, first_epoch_places, seeds};

const GOLDENS: [(&str, &str); 6] = [
    ("clipped", include_str!("../../../../tests/goldens/nn/clipped.json")),
    ("plain", include_str!("../../../../tests/goldens/nn/plain.json")),
    ("fire", include_str!("../../../../tests/goldens/nn/fire.json")),
    ("inverted-residual", include_str!("../../../../tests/goldens/nn/inverted-residual.json")),
    ("hybrid", include_str!("../../../../tests/goldens/nn/hybrid.json")),
    ("super", include_str!("../../../../tests/goldens/nn/super.json")),
];

/// Largest difference of the mean loss of the steps so far, near 1.5, whose unit of rounding in f32 is 1.2e-7. Found: 2.3e-7.
const LOSS_TOLERANCE: f64 = 5e-7;

/// Largest difference of a gradient, as a share of the largest element of its tensor: sums of some hundred products of
/// either sign. Found: 4.5e-6, at a scale between two batch normalisations, where most of the sum cancels; elsewhere 1.3e-6.
const GRADIENT_TOLERANCE: f32 = 1e-5;

/// Largest difference of a weight or running statistic, as a share of the largest element of its tensor, after ten steps.
/// Found: 7.6e-7.
const WEIGHT_TOLERANCE: f32 = 3e-6;

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

/// The golden's batches in their order; the first one also validates.
struct Recorded<'a> {
    golden: &'a Golden,
    /// Where each image stands in that order.
    places: Vec<u32>,
}

impl<'a> Recorded<'a> {
    fn new(golden: &'a Golden) -> Self {
        let images = golden.batches.iter().map(|batch| batch.labels.len() as u32).sum();
        Self { golden, places: first_epoch_places(images) }
    }
}

impl Samples for Recorded<'_> {
    fn sizes(&self) -> SampleSizes {
        let validation = self.golden.batches[0].labels.len() as u32;
        let train = self.places.len() as u32;
        SampleSizes { image: self.golden.network.input, classes: 4, train, validation, test: 0 }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let image_len = images.len() / indices.len();
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(image_len)).zip(labels) {
            let place = if split == Split::Train { self.places[index as usize] } else { index } as usize;
            let batch = &self.golden.batches[place / self.golden.batches[0].labels.len()];
            let place = place % batch.labels.len();
            image.copy_from_slice(&batch.images[place * image_len..][..image_len]);
            *label = batch.labels[place];
        }
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

fn check(name: &str) {
    let (_, text) = GOLDENS.iter().find(|(golden, _)| *golden == name).unwrap();
    let golden: Golden = serde_json::from_str(text).unwrap();
    let graph = golden.network.resolve().unwrap();
    for (number, run) in golden.runs.iter().enumerate() {
        let context = format!("{name}, recipe {number}:");
        let samples = Recorded::new(&golden);
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
    check("plain");
}

#[test]
fn clipped_gradients_train_as_in_pytorch() {
    check("clipped");
}

#[test]
fn a_fire_module_trains_as_in_pytorch() {
    check("fire");
}

#[test]
fn an_inverted_residual_trains_as_in_pytorch() {
    check("inverted-residual");
}

#[test]
fn convolutions_with_attention_train_as_in_pytorch() {
    check("hybrid");
}

#[test]
fn a_super_network_trains_as_in_pytorch() {
    check("super");
}

#[test]
fn the_goldens_have_every_operator_but_dropout() {
    let goldens = GOLDENS.map(|(_, text)| serde_json::from_str::<Golden>(text).unwrap().network);
    let found: BTreeSet<&str> =
        goldens.iter().flat_map(|network| &network.layers).map(|layer| layer.op.id()).collect();
    // What is dropped is drawn by the house's generator: dropout.rs.
    assert!(!found.contains("dropout"));
    assert_eq!(found.len(), 27, "{found:?}");
}
