use nas_arch::{Graph, Recipe};
use nas_nn::{PathEvent, PathScorer, PathTrainer, SampleSizes, Samples, Score, Seeds, TrainerError};
use nas_numerics::{Digester, Rng};
use nas_run::{Problem, RunError};
use nas_space::{Genotype, Space};
use thiserror::Error;

use crate::{Images, MACS_AT_ONCE};

/// Memory that a path may use, as a training may.
const MEMORY_LIMIT_BYTES: u64 = 1 << 30;

/// The super-network of a run's space: its networks share their weights, which learn on paths drawn uniformly from all genotypes,
/// within the limits or not (Guo et al. 2020, "Single Path One-Shot Neural Architecture Search with Uniform Sampling").
pub struct OneShot<'a> {
    problem: &'a Problem,
    images: &'a Images,
    trainer: PathTrainer,
    seeds: Seeds,
    batch_size: u32,
}

/// Why there is no super-network, or why it cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum OneShotError {
    /// The space's networks cannot share weights.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A path cannot be trained.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// The loss of a path is not finite any more.
    #[error("the super-network diverged in step {0}: choose a lower learning rate (train.learning_rate)")]
    Diverged(u32),
}

impl<'a> OneShot<'a> {
    /// An untrained super-network, which is to be trained for so many epochs by the run's recipe.
    ///
    /// # Errors
    /// If the networks of the space cannot share weights.
    pub fn new(problem: &'a Problem, images: &'a Images, epochs: u32) -> Result<Self, OneShotError> {
        if let Some(error) = problem.shares_no_weights() {
            return Err(error.into());
        }
        let run_seed = problem.seed();
        let seeds = seeds(run_seed);
        let recipe = Recipe { horizon_epochs: epochs, ..problem.recipe().clone() };
        let sizes = images.sizes();
        let trainer = PathTrainer::new(&recipe, seeds, sizes, MEMORY_LIMIT_BYTES)?;
        Ok(Self { problem, images, trainer, seeds, batch_size: recipe.batch_size })
    }

    /// Trains to the end; `watch` sees the mean loss of each epoch.
    ///
    /// # Errors
    /// If a path cannot be trained, or diverges.
    pub fn train(&mut self, watch: &mut dyn FnMut(u32, Score)) -> Result<(), OneShotError> {
        let (problem, run_seed) = (self.problem, self.seeds.run_seed);
        let mut path = |update: u32| path(problem.space(), run_seed, update);
        loop {
            match self.trainer.step(self.images, MACS_AT_ONCE, &mut path)?.event {
                Some(PathEvent::EpochEnd { epoch, train }) => watch(epoch, train),
                Some(PathEvent::Finished) => return Ok(()),
                Some(PathEvent::Diverged { step }) => return Err(OneShotError::Diverged(step)),
                None => {}
            }
        }
    }

    /// Scores a candidate on the validation split with the weights as they are. Its batch normalizations learn their statistics on
    /// `calibration_batches` batches of training images.
    ///
    /// # Errors
    /// If the network does not fit the data, or memory.
    pub fn score(&self, genotype: &Genotype, calibration_batches: u32) -> Result<Score, OneShotError> {
        let graph = self.problem.space().graph(genotype);
        let (weights, sizes): (_, SampleSizes) = (self.trainer.weights(), self.images.sizes());
        let batches = [self.batch_size, calibration_batches];
        let mut scorer = PathScorer::new(&graph, weights, self.seeds, sizes, batches, MEMORY_LIMIT_BYTES)?;
        loop {
            if let Some(score) = scorer.step(self.images, MACS_AT_ONCE) {
                return Ok(score);
            }
        }
    }
}

/// Seeds of the super-network of a run.
pub(crate) fn seeds(run_seed: u32) -> Seeds {
    let key = Digester::new().text("super-network").number(u64::from(run_seed)).finish();
    Seeds { key, run_seed, replicate: 0 }
}

/// The path of an update, counted from 0: drawn uniformly.
pub(crate) fn path(space: &dyn Space, run_seed: u32, update: u32) -> Graph {
    let mut rng = Rng::for_purpose(run_seed, "path", u64::from(update));
    space.graph(&space.genes().draw(&mut rng))
}
