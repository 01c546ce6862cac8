//! What is dropped is drawn by the house's generator, so that `PyTorch` cannot say it: seen through networks whose outputs
//! are the mask.

use nas_arch::{Conv2d, Dropout, Network, Op, Optimizer, Recipe, Schedule, Shape};
use nas_nn::{Event, NamedTensor, SampleSizes, Samples, Seeds, Split, Trainer};

use crate::common::{MEMORY_LIMIT, seeds};

const PROBABILITY: f32 = 0.3;
const CLASSES: u32 = 2000;
const STEPS: u32 = 3;
/// Largest relative difference of a gradient: a probability has 2000 exponentials in its sum, added here one by one.
const SLOPE_TOLERANCE: f32 = 1e-4;
/// So small that the logits stay what the mask makes of them.
const LEARNING_RATE: f32 = 1e-6;

/// Images of ones, one batch of them for each step.
struct Ones {
    batch: u32,
}

impl Samples for Ones {
    fn sizes(&self) -> SampleSizes {
        let image = Shape::new(CLASSES, 1, 1);
        SampleSizes { image, classes: CLASSES, train: STEPS * self.batch, validation: 1, test: 0 }
    }

    fn fill(&self, _split: Split, _indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        images.fill(1.0);
        labels.fill(0);
    }
}

/// Each pixel times 1, and dropped or not; with `residual` the pixel is added, so that dropout may not write over it.
fn network(residual: bool) -> Network {
    let mut network = Network::new(Shape::new(CLASSES, 1, 1));
    let pixel = network
        .push("pixel", Op::Conv2d(Conv2d { groups: CLASSES, bias: true, ..Conv2d::square(CLASSES, 1) }));
    let dropped = network.push("dropped", Op::Dropout(Dropout { probability: PROBABILITY }));
    if residual {
        network.push_reading("sum", Op::Add, &[&dropped, &pixel]);
    }
    network
}

/// The outputs of each step's batch and its gradients, and the outputs in inference.
struct Seen {
    steps: Vec<(Vec<f32>, Vec<NamedTensor>)>,
    inference: Vec<f32>,
}

fn train(network: &Network, batch: u32, seeds: Seeds) -> Seen {
    let recipe = Recipe {
        batch_size: batch,
        optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
        learning_rate: LEARNING_RATE,
        warmup_epochs: 0.0,
        horizon_epochs: 1,
        label_smoothing: 0.0,
        schedule: Schedule::default(),
        clip_norm: None,
    };
    let (graph, samples) = (network.resolve().unwrap(), Ones { batch });
    let mut trainer = Trainer::new(&graph, &recipe, seeds, samples.sizes(), MEMORY_LIMIT).unwrap();
    let mut weights = trainer.export_weights();
    weights[0].values.fill(1.0);
    trainer.load_weights(&weights).unwrap();
    trainer.train_to(1).unwrap();
    let (mut steps, mut logits) = (Vec::new(), Vec::new());
    loop {
        if let Some(outputs) = trainer.logits() {
            logits = outputs.to_vec();
        }
        let report = trainer.step(&samples, 0);
        if report.step as usize > steps.len() {
            steps.push((logits.clone(), trainer.export_gradients()));
        }
        if let Some(Event::EpochEnd { .. }) = report.event {
            return Seen { steps, inference: logits };
        }
    }
}

/// Whether each output was kept.
fn mask(logits: &[f32], residual: bool) -> Vec<bool> {
    let rest = if residual { 1.0 } else { 0.0 };
    let kept = 1.0 / (1.0 - PROBABILITY);
    let is_kept = |&logit: &f32| {
        let dropped = logit - rest;
        assert!(dropped.abs() < 1e-4 || (dropped - kept).abs() < 1e-4, "{logit}");
        dropped > 0.5
    };
    logits.iter().map(is_kept).collect()
}

#[test]
fn the_share_that_is_kept_is_as_asked_for() {
    for residual in [false, true] {
        for (logits, _) in train(&network(residual), 16, seeds()).steps {
            let kept = mask(&logits, residual).iter().filter(|&&kept| kept).count() as f32;
            let images = logits.len() as f32;
            // Four standard deviations of a binomial distribution.
            let allowed = 4.0 * (images * PROBABILITY * (1.0 - PROBABILITY)).sqrt();
            assert!((kept - images * (1.0 - PROBABILITY)).abs() < allowed, "{kept} of {images}");
        }
    }
}

#[test]
fn gradients_pass_where_values_passed() {
    for residual in [false, true] {
        for (logits, gradients) in train(&network(residual), 1, seeds()).steps {
            // Of one image each bias has the gradient of one output: (its probability − target) · what the mask lets pass.
            let bias = gradients.iter().find(|tensor| tensor.path == "pixel.bias").unwrap();
            let sum: f32 = logits.iter().map(|&logit| libm::expf(logit)).sum();
            let rest = if residual { 1.0 } else { 0.0 };
            let mask = mask(&logits, residual);
            let outputs = logits.iter().zip(&mask).zip(&bias.values);
            for (class, ((&logit, &kept), &found)) in outputs.enumerate() {
                let slope = rest + if kept { 1.0 / (1.0 - PROBABILITY) } else { 0.0 };
                let expected = slope * (libm::expf(logit) / sum - if class == 0 { 1.0 } else { 0.0 });
                assert!(
                    (found - expected).abs() <= SLOPE_TOLERANCE * expected.abs(),
                    "{class}: {found} for {expected}"
                );
            }
        }
    }
}

#[test]
fn inference_changes_nothing() {
    for (residual, expected) in [(false, 1.0), (true, 2.0)] {
        let Seen { inference, .. } = train(&network(residual), 2, seeds());
        assert_eq!(inference.len(), CLASSES as usize);
        assert!(inference.iter().all(|logit| (logit - expected).abs() < 1e-4), "{inference:?}");
    }
}

#[test]
fn each_step_image_seed_and_replicate_has_a_mask_of_its_own() {
    let mut masks = Vec::new();
    for seeds in [seeds(), Seeds { run_seed: 8, ..seeds() }, Seeds { replicate: 1, ..seeds() }] {
        for (logits, _) in train(&network(false), 2, seeds).steps {
            masks.extend(logits.chunks_exact(CLASSES as usize).map(|image| mask(image, false)));
        }
    }
    for (index, one) in masks.iter().enumerate() {
        for other in &masks[..index] {
            let differing = one.iter().zip(other).filter(|(one, other)| one != other).count() as f32;
            // Of two independent masks 2·p·(1 − p) differ; four standard deviations are a tenth of that.
            let expected = 2.0 * PROBABILITY * (1.0 - PROBABILITY) * CLASSES as f32;
            assert!((differing / expected - 1.0).abs() < 0.11, "{differing} of {CLASSES}");
        }
    }
}
