//! What speed is measured on: four trainings, step by step.

use nas_arch::{NetworkError, Optimizer, Recipe, Schedule, Shape, reference};
use nas_cost::{CostError, NetworkCosts};
use nas_nn::{SampleSizes, Samples, Seeds, Split, Trainer, TrainerError};
use nas_numerics::{Digest, Rng, sha256};
use thiserror::Error;

/// The workloads, each a reference network: small, branching, wide and shallow, with attention.
pub const WORKLOADS: [(&str, &str); 4] =
    [("W1", "digits-tiny"), ("W2", "mnist-fire"), ("W3", "mobile-tiny"), ("W4", "hybrid-tiny")];

/// Gradient descent as most papers train small networks.
pub const MOMENTUM: Optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };

/// Steps of an epoch; at its end one image is validated.
const STEPS_PER_EPOCH: u32 = 64;
/// Epochs until the learning rate is 0: more than anybody measures.
const HORIZON_EPOCHS: u32 = 1 << 20;
const CLASSES: u32 = 10;

/// One of the [`WORKLOADS`], ready to be trained on noise.
pub struct Workload {
    trainer: Trainer,
    noise: Noise,
    costs: NetworkCosts,
    updates: u64,
}

/// Why there is no such workload.
#[derive(Debug, Error)]
pub enum WorkloadError {
    /// No such identifier.
    #[error("there is no workload '{0}': use one of W1, W2, W3, W4")]
    Unknown(String),
    /// The network cannot be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It cannot be priced.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// It cannot be trained like this.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
}

impl Workload {
    /// Prepares a workload for batches of `batch` images.
    ///
    /// # Errors
    /// If there is none of that identifier, or it cannot be trained with this batch.
    pub fn new(id: &str, batch: u32, optimizer: Optimizer, seed: u32) -> Result<Self, WorkloadError> {
        let (_, network) = WORKLOADS
            .iter()
            .find(|(other, _)| *other == id)
            .ok_or_else(|| WorkloadError::Unknown(id.into()))?;
        let graph = reference(network)?.resolve()?;
        let costs = NetworkCosts::of(&graph)?;
        let recipe = Recipe {
            batch_size: batch,
            optimizer,
            learning_rate: 0.01,
            warmup_epochs: 0.0,
            horizon_epochs: HORIZON_EPOCHS,
            label_smoothing: 0.0,
            schedule: Schedule::Cosine,
            clip_norm: None,
        };
        let noise = Noise::new(graph.input, batch, seed);
        let seeds = Seeds { key: sha256(id.as_bytes()), run_seed: seed, replicate: 0 };
        let mut trainer = Trainer::new(&graph, &recipe, seeds, noise.sizes(), u64::MAX)?;
        trainer.train_to(HORIZON_EPOCHS)?;
        Ok(Self { trainer, noise, costs, updates: 0 })
    }

    /// Multiply-accumulates of the forward pass of one image.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.costs.macs
    }

    /// Trainable parameters.
    #[must_use]
    pub const fn params(&self) -> u64 {
        self.costs.params
    }

    /// Floating-point operations that a step counts as, whoever trains: two for each multiply-accumulate, and
    /// for each forward pass two backward ones, of the input and of the weights.
    #[must_use]
    pub const fn flops_per_step(&self) -> u64 {
        6 * self.macs() * self.noise.batch as u64
    }

    /// Batches trained on so far.
    #[must_use]
    pub const fn updates(&self) -> u64 {
        self.updates
    }

    /// Digest of the weights and running statistics as they are.
    #[must_use]
    pub fn weights_digest(&self) -> Digest {
        self.trainer.weights_digest()
    }

    /// The kind of work that [`Self::advance`] will do next.
    #[must_use]
    pub fn upcoming(&self) -> &'static str {
        self.trainer.upcoming().map_or("between passes", |(name, _)| name)
    }

    /// Trains on one batch: forward, loss, backward, update. Returns the mean loss of the epoch so far.
    pub fn step(&mut self) -> f32 {
        let mut loss = f32::NAN;
        let before = self.updates;
        while self.updates == before {
            loss = self.advance();
        }
        loss
    }

    /// Goes on by the least there is; [`Self::upcoming`] says what that will be. Returns the loss as [`Self::step`].
    pub fn advance(&mut self) -> f32 {
        let report = self.trainer.step(&self.noise, 1);
        self.updates = u64::from(report.epoch) * u64::from(report.steps_per_epoch) + u64::from(report.step);
        report.train_loss.unwrap_or(f32::NAN)
    }
}

/// One batch of normal numbers, the same in every step.
struct Noise {
    image: Shape,
    batch: u32,
    images: Vec<f32>,
}

impl Noise {
    fn new(image: Shape, batch: u32, seed: u32) -> Self {
        let mut rng = Rng::for_purpose(seed, "workload", 0);
        let elements = u64::from(batch) * image.elements();
        Self { image, batch, images: (0..elements).map(|_| rng.normal()).collect() }
    }
}

impl Samples for Noise {
    fn sizes(&self) -> SampleSizes {
        let train = self.batch * STEPS_PER_EPOCH;
        SampleSizes { image: self.image, classes: CLASSES, train, validation: 1, test: 0 }
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let image_len = self.image.elements() as usize;
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(image_len)).zip(labels) {
            let place = (index % self.batch) as usize;
            image.copy_from_slice(&self.images[place * image_len..][..image_len]);
            *label = index % self.batch % CLASSES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_learns_its_noise() {
        for (id, _) in WORKLOADS {
            let mut workload = Workload::new(id, 8, MOMENTUM, 7).unwrap();
            let first = workload.step();
            let last = (0..STEPS_PER_EPOCH - 2).fold(first, |_, _| workload.step());
            assert!(last < first, "{id}: {first} to {last}");
        }
        let none = Workload::new("W9", 8, Optimizer::adam_w(), 7).err().unwrap().to_string();
        assert_eq!(none, "there is no workload 'W9': use one of W1, W2, W3, W4");
    }
}
