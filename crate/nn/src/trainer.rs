//! The stepwise trainer.

mod blueprint;
mod progress;
mod report;

use core::fmt;

use nas_arch::{Graph, Recipe};
use nas_numerics::Digest;

use crate::initialize::Initialization;
use crate::memory::Memory;
use crate::optimizer::OptimizerState;
use crate::work::Surroundings;
use crate::{LearningRates, ParameterLayout, Plan, PlanError, SampleSizes, Samples, Split, TrainerError};

use blueprint::{Blueprint, Plans};
pub(crate) use blueprint::{check_horizon, check_recipe, check_sizes};
use progress::{Goal, Phase};
pub(crate) use report::Tally;
pub use report::{Event, Score, StepReport};

/// Where a training's random numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// Key of the evaluation: the initial weights are drawn from it.
    pub key: Digest,
    /// Seed of the run: the order of images is drawn from it, the same for all candidates.
    pub run_seed: u32,
    /// Number of the repetition; another one has another order of images.
    pub replicate: u32,
}

/// Trains one network by one recipe, a little at a time.
///
/// Make one, say how far to go ([`Trainer::train_to`], [`Trainer::evaluate`]), and call [`Trainer::step`] until its report
/// has the event that was asked for. Epochs are counted from 1 when they have ended; an epoch ends with a validation.
#[derive(Clone)]
pub struct Trainer {
    layout: ParameterLayout,
    layer_names: Vec<String>,
    plans: Plans,
    memory: Memory,
    memory_bytes: u64,
    optimizer: OptimizerState,
    learning_rates: LearningRates,
    sizes: SampleSizes,
    batch_size: u32,
    horizon_epochs: u32,
    seeds: Seeds,
    /// Purpose of the generator that orders the images.
    order_purpose: String,
    /// Images of the training split in the order of this epoch.
    order: Vec<u32>,
    /// 0, 1, 2, …: the order in which a split is evaluated.
    sequence: Vec<u32>,
    network: Digest,
    training: Digest,

    target_epoch: u32,
    epoch: u32,
    /// Updates made.
    updates: u32,
    phase: Phase,
    initialization: Option<Initialization>,
    /// What the epoch (or the evaluation that was asked for) has cost so far.
    spent_macs: u64,
    trained: Tally,
    evaluated: Tally,
}

impl fmt::Debug for Trainer {
    /// Where it stands; its numbers would fill pages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, updates, .. } = self;
        formatter
            .debug_struct("Trainer")
            .field("epoch", epoch)
            .field("updates", updates)
            .finish_non_exhaustive()
    }
}

impl Trainer {
    /// Plans the network and draws its initial weights. `memory_limit` is in bytes and counts everything the trainer
    /// holds; the samples are not among it.
    ///
    /// # Errors
    /// If the network does not fit the data or the memory limit, if the recipe is out of bounds, or if there is nothing
    /// to train or validate on.
    pub fn new(
        graph: &Graph,
        recipe: &Recipe,
        seeds: Seeds,
        sizes: SampleSizes,
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        let mut trainer = Self::undrawn(graph, recipe, seeds, sizes, memory_limit)?;
        trainer.complete();
        Ok(trainer)
    }

    /// As [`Trainer::new`], but its memory is filled and the initial weights are drawn by the first steps: until then, the
    /// trainer is in the middle of an epoch.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn undrawn(
        graph: &Graph,
        recipe: &Recipe,
        seeds: Seeds,
        sizes: SampleSizes,
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        let Blueprint { layout, plans, batch_size, needed_bytes, longest_split } =
            Blueprint::new(graph, recipe, sizes, memory_limit)?;
        let memory = Memory::reserve(&layout, plans.arena_lens(), batch_size);
        let [network, training] = crate::snapshot::digests(graph, recipe, seeds, sizes);
        Ok(Self {
            layer_names: graph.nodes.iter().map(|node| node.name.clone()).collect(),
            optimizer: OptimizerState::reserve(
                recipe.optimizer,
                layout.parameters_len(),
                layout.decaying_len(),
            )
            .with_clip_norm(recipe.clip_norm),
            learning_rates: LearningRates::new(recipe, sizes.train / batch_size),
            layout,
            plans,
            memory,
            memory_bytes: needed_bytes,
            sizes,
            batch_size,
            horizon_epochs: recipe.horizon_epochs,
            seeds,
            order_purpose: format!("batches/{}", seeds.replicate),
            order: (0..sizes.train).collect(),
            sequence: (0..longest_split).collect(),
            network,
            training,
            target_epoch: 0,
            epoch: 0,
            updates: 0,
            phase: Phase::Initializing,
            initialization: Some(Initialization::new(graph, seeds.key)),
            spent_macs: 0,
            trained: Tally::default(),
            evaluated: Tally::default(),
        })
    }

    /// Draws the initial weights now, as far as [`Trainer::undrawn`] has left them undrawn.
    pub fn complete(&mut self) {
        while self.initialize().is_some() {}
    }

    /// Bytes that a trainer of these would hold.
    ///
    /// # Errors
    /// As [`Trainer::new`], but for the limit, which is what this machine can address.
    pub fn needed_bytes(graph: &Graph, recipe: &Recipe, sizes: SampleSizes) -> Result<u64, TrainerError> {
        Blueprint::new(graph, recipe, sizes, u64::MAX).map(|blueprint| blueprint.needed_bytes)
    }

    /// Sets the epoch at which the training is finished.
    ///
    /// # Errors
    /// If the learning rate's schedule ends before.
    pub fn train_to(&mut self, epoch: u32) -> Result<(), TrainerError> {
        if epoch > self.horizon_epochs {
            return Err(TrainerError::BeyondHorizon { epoch, horizon_epochs: self.horizon_epochs });
        }
        self.target_epoch = epoch;
        Ok(())
    }

    /// Begins an evaluation of the present weights on a whole split. The report that ends it has an
    /// [`Event::Evaluated`]; then the training goes on.
    ///
    /// # Errors
    /// In the middle of an epoch, or if the split has no images.
    pub fn evaluate(&mut self, split: Split) -> Result<(), TrainerError> {
        if self.phase != Phase::Boundary {
            return Err(TrainerError::MidEpoch("an evaluation begins"));
        }
        if self.sizes.len(split) == 0 {
            return Err(TrainerError::EmptySplit(split));
        }
        self.spent_macs = 0;
        self.begin(Goal::Evaluation(split));
        Ok(())
    }

    /// Works on until `macs` multiply-accumulates are spent or something happens that the caller should know.
    ///
    /// At least one instruction is run. The result does not depend on how the work is cut into calls.
    ///
    /// # Panics
    /// If the samples have other sizes than the trainer was made for, or labels that are no class.
    pub fn step(&mut self, samples: &dyn Samples, macs: u64) -> StepReport {
        let sizes = samples.sizes();
        assert!(sizes == self.sizes, "samples of {sizes:?} for a trainer of {:?}", self.sizes);
        let mut spent = 0;
        let event = loop {
            let event = self.advance(samples, &mut spent);
            if event.is_some() || spent >= macs {
                break event;
            }
        };
        self.report(spent, event)
    }

    /// Does the work of the step of an evaluation that is next, and stays before it: for a profile whose clock is too coarse
    /// for doing it once. A step that works in place has other numbers to work on then, and the score means nothing.
    ///
    /// # Panics
    /// If no evaluation is under way, or the samples have labels that are no class.
    pub fn repeat(&mut self, samples: &dyn Samples) {
        match self.phase {
            Phase::Running { pass, step } if matches!(pass.goal, Goal::Evaluation(_)) => {
                self.execute(pass, step, samples, &mut 0);
            }
            phase => panic!("no evaluation is under way: {phase:?}"),
        }
    }

    /// What the next call of [`Self::step`] begins with: the name of the work and, if it is that of one, the layer. A
    /// profile that calls it before each `step(samples, 1)` knows what took how long.
    #[must_use]
    pub fn upcoming(&self) -> Option<(&'static str, Option<&str>)> {
        let Phase::Running { pass, step } = self.phase else { return None };
        let (layer, name) = self.plans.of(pass.goal, self.images(pass)).describe(step);
        Some((name, layer.map(|layer| self.layer_names[layer].as_str())))
    }

    /// The outputs for the images of the batch under way, `[images, classes]`, if the next call of [`Self::step`] begins with
    /// their loss; afterwards their memory serves other values. A caller that wants them steps with a budget of 0.
    #[must_use]
    pub fn logits(&self) -> Option<&[f32]> {
        let Phase::Running { pass, step } = self.phase else { return None };
        let place = self.plans.of(pass.goal, self.images(pass)).logits(step)?;
        Some(&self.memory.arena[place.range()])
    }

    /// Epochs that have ended.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Bytes that this trainer holds.
    #[must_use]
    pub const fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// The plan of a training step.
    #[must_use]
    pub const fn training_plan(&self) -> &Plan {
        &self.plans.training
    }

    /// Where each parameter lies.
    #[must_use]
    pub const fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    /// Multiply-accumulates of one epoch with its validation.
    #[must_use]
    pub fn macs_per_epoch(&self) -> u64 {
        self.pass_macs(Goal::Training) + self.pass_macs(Goal::Validation)
    }
}

/// Access for snapshots and the exchange of weights.
impl Trainer {
    pub(crate) fn is_between_epochs(&self) -> bool {
        self.phase == Phase::Boundary
    }

    pub(crate) const fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) const fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    pub(crate) const fn optimizer(&self) -> &OptimizerState {
        &self.optimizer
    }

    pub(crate) const fn optimizer_mut(&mut self) -> &mut OptimizerState {
        &mut self.optimizer
    }

    pub(crate) fn steps_per_epoch(&self) -> u32 {
        self.batches(Goal::Training)
    }

    pub(crate) const fn counters(&self) -> [u32; 2] {
        [self.epoch, self.updates]
    }

    /// Digests of the network and of everything else that a snapshot must share.
    pub(crate) const fn identity(&self) -> [Digest; 2] {
        [self.network, self.training]
    }

    /// Stands at the end of an epoch, as after a restore.
    pub(crate) fn stand_at(&mut self, [epoch, updates]: [u32; 2]) {
        (self.epoch, self.updates) = (epoch, updates);
        self.phase = Phase::Boundary;
        self.spent_macs = 0;
        self.trained = Tally::default();
    }
}
