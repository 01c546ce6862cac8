use core::fmt;

use nas_arch::{Graph, Recipe};

use super::SharedWeights;
use super::pass::{Batch, Pass};
use crate::memory::Memory;
use crate::optimizer::OptimizerState;
use crate::plan::Mode;
use crate::samples::shuffle_images;
use crate::trainer::{Tally, check_horizon, check_recipe, check_sizes};
use crate::{LearningRates, ParameterLayout, SampleSizes, Samples, Score, Seeds, Split, TrainerError};

/// Trains the shared weights of a super-network, a little at a time: in each step one path on one batch.
///
/// Batches, their order, augmentation and learning rates are those of a [`crate::Trainer`] with the same recipe, seeds and sizes:
/// where all paths are the same network, so are the weights, bit for bit. Only the tensors of the path are updated.
pub struct PathTrainer {
    weights: SharedWeights,
    recipe: Recipe,
    learning_rates: LearningRates,
    seeds: Seeds,
    sizes: SampleSizes,
    batch_size: u32,
    memory_limit: u64,
    memory: Memory,
    /// Images of the training split in the order of this epoch.
    order: Vec<u32>,
    /// The path under way.
    pass: Option<Pass>,
    /// Updates made.
    pub(super) updates: u32,
    trained: Tally,
    has_diverged: bool,
}

/// What a call of [`PathTrainer::step`] came to.
#[derive(Debug, Clone, PartialEq)]
pub struct PathReport {
    /// Multiply-accumulates that it has spent.
    pub macs: u64,
    /// What happened, if the call ended for it.
    pub event: Option<PathEvent>,
}

/// What ends a call of [`PathTrainer::step`] before its budget is spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PathEvent {
    /// An epoch has ended.
    EpochEnd {
        /// Its number, from 1.
        epoch: u32,
        /// Over the epoch's steps, each with the path of that step.
        train: Score,
    },
    /// The recipe's horizon is reached; so says every further call.
    Finished,
    /// The loss of a path was not finite: the training has ended; so says every further call.
    Diverged {
        /// Updates made before.
        step: u32,
    },
}

impl fmt::Debug for PathTrainer {
    /// Where it stands; its numbers would fill pages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PathTrainer").field("updates", &self.updates).finish_non_exhaustive()
    }
}

impl PathTrainer {
    /// A super-network whose weights are drawn from the seeds' key, as paths need them. `memory_limit` is in bytes and counts what
    /// a path needs; the shared weights are not among it.
    ///
    /// # Errors
    /// If the recipe is out of bounds.
    pub fn new(
        recipe: &Recipe,
        seeds: Seeds,
        sizes: SampleSizes,
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        check_recipe(recipe)?;
        if sizes.train == 0 {
            return Err(TrainerError::EmptySplit(Split::Train));
        }
        let batch_size = recipe.batch_size.min(sizes.train);
        check_horizon(recipe, sizes.train / batch_size)?;
        Ok(Self {
            weights: SharedWeights::new(seeds.key),
            learning_rates: LearningRates::new(recipe, sizes.train / batch_size),
            recipe: recipe.clone(),
            seeds,
            sizes,
            batch_size,
            memory_limit,
            memory: Memory::default(),
            order: (0..sizes.train).collect(),
            pass: None,
            updates: 0,
            trained: Tally::default(),
            has_diverged: false,
        })
    }

    /// Trains on until `macs` multiply-accumulates are spent or something happens that the caller should know. `path` gives the
    /// network of an update, counted from 0. The result does not depend on how the work is cut into calls.
    ///
    /// # Errors
    /// If a path does not fit the data or the memory limit.
    ///
    /// # Panics
    /// If the samples have other sizes than the trainer was made for, or labels that are no class.
    pub fn step(
        &mut self,
        samples: &dyn Samples,
        macs: u64,
        path: &mut dyn FnMut(u32) -> Graph,
    ) -> Result<PathReport, TrainerError> {
        let sizes = samples.sizes();
        assert!(sizes == self.sizes, "samples of {sizes:?} for a trainer of {:?}", self.sizes);
        let mut spent = 0;
        loop {
            if self.has_diverged {
                let event = Some(PathEvent::Diverged { step: self.updates });
                return Ok(PathReport { macs: spent, event });
            }
            if self.updates == self.recipe.horizon_epochs * self.steps_per_epoch() {
                return Ok(PathReport { macs: spent, event: Some(PathEvent::Finished) });
            }
            let (macs_of_step, event) = self.advance(samples, path)?;
            spent += macs_of_step;
            if event.is_some() || spent >= macs {
                return Ok(PathReport { macs: spent, event });
            }
        }
    }

    /// The weights as they are: in the middle of a step, those of the step before.
    #[must_use]
    pub const fn weights(&self) -> &SharedWeights {
        &self.weights
    }

    /// Share of the training that is done, 0 to 1.
    #[must_use]
    pub fn fraction_done(&self) -> f32 {
        self.updates as f32 / (self.recipe.horizon_epochs * self.steps_per_epoch()) as f32
    }

    /// Updates in an epoch.
    #[must_use]
    pub const fn steps_per_epoch(&self) -> u32 {
        self.sizes.train / self.batch_size
    }

    /// Runs one step of the plan of the path under way, which is begun if there is none.
    fn advance(
        &mut self,
        samples: &dyn Samples,
        path: &mut dyn FnMut(u32) -> Graph,
    ) -> Result<(u64, Option<PathEvent>), TrainerError> {
        let (epoch, batch) = (self.updates / self.steps_per_epoch(), self.updates % self.steps_per_epoch());
        if self.pass.is_none() {
            self.begin(epoch, batch, &path(self.updates))?;
        }
        let pass = self.pass.as_mut().expect("a path was begun");
        let first = (batch * self.batch_size) as usize;
        let indices = &self.order[first..first + self.batch_size as usize];
        let (seeds, update) = (self.seeds, self.updates);
        let batch = Batch { samples, split: Split::Train, indices, seeds, epoch, update };
        let (macs, loss) = pass.advance(&mut self.memory, batch);
        let Some(loss) = loss else { return Ok((macs, None)) };
        let Pass { layout, .. } = self.pass.take().expect("a path was begun");
        if !loss.mean.is_finite() {
            self.has_diverged = true;
            return Ok((macs, None));
        }
        self.trained.add(loss, self.batch_size);
        self.update(&layout);
        let is_last = self.updates.is_multiple_of(self.steps_per_epoch());
        Ok((macs, is_last.then(|| PathEvent::EpochEnd { epoch: epoch + 1, train: self.trained.score() })))
    }

    fn begin(&mut self, epoch: u32, batch: u32, graph: &Graph) -> Result<(), TrainerError> {
        check_sizes(graph, self.sizes)?;
        if batch == 0 {
            let purpose = format!("batches/{}", self.seeds.replicate);
            shuffle_images(self.seeds.run_seed, &purpose, epoch, &mut self.order);
            self.trained = Tally::default();
        }
        let mode = Mode::Gradients { label_smoothing: self.recipe.label_smoothing };
        let pass = Pass::new(graph, self.batch_size, mode, self.memory_limit)?;
        pass.fit(&mut self.memory, self.batch_size);
        self.weights.grow(graph, &pass.layout);
        self.weights.gather(graph, &pass.layout, &mut self.memory.parameters);
        self.pass = Some(pass);
        Ok(())
    }

    fn update(&mut self, layout: &ParameterLayout) {
        let (elements, decaying) = (layout.parameters_len(), layout.decaying_len());
        let optimizer = OptimizerState::new(self.recipe.optimizer, elements, decaying);
        let optimizer = optimizer.with_clip_norm(self.recipe.clip_norm);
        let Memory { parameters, gradients, .. } = &mut self.memory;
        let learning_rate = self.learning_rates.of(self.updates);
        self.weights.update(layout, optimizer, learning_rate, [parameters, gradients]);
        self.updates += 1;
    }
}
