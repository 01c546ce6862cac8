//! The trainer's state machine.

use super::{Event, Memory, Samples, Split, Surroundings, Tally, Trainer};
use crate::plan::Plan;
use crate::samples::shuffle_images;

/// Drawing a normal number takes about as long as so many multiply-accumulates.
const MACS_PER_DRAWN_WEIGHT: u64 = 100;

/// Where a trainer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before the first epoch: memory is being filled, and weights are being drawn.
    Initializing,
    /// Between two epochs.
    Boundary,
    /// Before step `step` of a pass.
    Running { pass: Pass, step: usize },
    /// The loss of a pass was not finite: its forward steps run again, and `step` is next. `layer` is the first one
    /// whose output was seen not to be finite.
    Diagnosing { pass: Pass, step: usize, layer: Option<usize> },
    /// At an end, because of this layer.
    Diverged { layer: usize },
}

/// One batch on its way through a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    pub(super) goal: Goal,
    /// Number of the batch, from 0.
    pub(super) batch: u32,
}

/// What passes are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// An epoch's updates.
    Training,
    /// The validation at an epoch's end.
    Validation,
    /// An evaluation that was asked for.
    Evaluation(Split),
}

impl Goal {
    pub(super) const fn split(self) -> Split {
        match self {
            Self::Training => Split::Train,
            Self::Validation => Split::Validation,
            Self::Evaluation(split) => split,
        }
    }
}

impl Trainer {
    /// Runs one step, or does what is to be done between passes.
    pub(super) fn advance(&mut self, samples: &dyn Samples, spent: &mut u64) -> Option<Event> {
        match self.phase {
            Phase::Initializing => *spent += self.initialize().unwrap_or(0),
            Phase::Boundary if self.epoch >= self.target_epoch => return Some(Event::Finished),
            Phase::Boundary => self.begin_epoch(spent),
            Phase::Running { pass, step } => return self.run(pass, step, samples, spent),
            Phase::Diagnosing { pass, step, layer } => self.diagnose(pass, step, layer, samples, spent),
            Phase::Diverged { layer } => {
                let layer = self.layer_names[layer].clone();
                return Some(Event::Diverged { step: self.updates, layer });
            }
        }
        None
    }

    /// Fills some of the memory, then draws some of the initial weights. Returns the work that it counts as; none if
    /// everything is there.
    pub(crate) fn initialize(&mut self) -> Option<u64> {
        let drawing = self.initialization.as_mut()?;
        let memory = self.memory.fill(&self.layout, self.plans.arena_lens());
        if let Some(elements) = memory.or_else(|| self.optimizer.fill(self.layout.parameters_len())) {
            return Some(elements as u64);
        }
        let Memory { parameters, statistics, .. } = &mut self.memory;
        let drawn = drawing.advance(&self.layout, parameters, statistics);
        if drawn.is_none() {
            self.phase = Phase::Boundary;
            self.initialization = None;
        }
        drawn.map(|weights| weights as u64 * MACS_PER_DRAWN_WEIGHT)
    }

    /// The first batch of a goal is next.
    pub(super) fn begin(&mut self, goal: Goal) {
        match goal {
            Goal::Training => self.trained = Tally::default(),
            Goal::Validation | Goal::Evaluation(_) => self.evaluated = Tally::default(),
        }
        self.phase = Phase::Running { pass: Pass { goal, batch: 0 }, step: 0 };
    }

    /// Draws the epoch's order of images.
    fn begin_epoch(&mut self, spent: &mut u64) {
        shuffle_images(self.seeds.run_seed, &self.order_purpose, self.epoch, &mut self.order);
        *spent += u64::from(self.sizes.train);
        self.spent_macs = 0;
        self.begin(Goal::Training);
    }

    fn run(&mut self, pass: Pass, step: usize, samples: &dyn Samples, spent: &mut u64) -> Option<Event> {
        let loss = self.execute(pass, step, samples, spent);
        if let Some(loss) = loss {
            if !loss.mean.is_finite() {
                self.phase = Phase::Diagnosing { pass, step: 0, layer: None };
                return None;
            }
            let images = self.images(pass);
            match pass.goal {
                Goal::Training => self.trained.add(loss, images),
                Goal::Validation | Goal::Evaluation(_) => self.evaluated.add(loss, images),
            }
        }
        if step + 1 < self.plan(pass).steps_len() {
            self.phase = Phase::Running { pass, step: step + 1 };
            return None;
        }
        self.updates += u32::from(pass.goal == Goal::Training);
        if pass.batch + 1 < self.batches(pass.goal) {
            self.phase = Phase::Running { pass: Pass { batch: pass.batch + 1, ..pass }, step: 0 };
            return None;
        }
        self.end(pass.goal)
    }

    /// The last batch of a goal is done.
    fn end(&mut self, goal: Goal) -> Option<Event> {
        if goal == Goal::Training {
            self.begin(Goal::Validation);
            return None;
        }
        self.phase = Phase::Boundary;
        self.spent_macs = 0;
        let score = self.evaluated.score();
        Some(match goal {
            Goal::Evaluation(split) => Event::Evaluated { split, score },
            Goal::Training | Goal::Validation => {
                self.epoch += 1;
                Event::EpochEnd { epoch: self.epoch, train: self.trained.score(), validation: score }
            }
        })
    }

    /// Runs a forward step again and looks at what it writes of its layer's output.
    fn diagnose(
        &mut self,
        pass: Pass,
        step: usize,
        layer: Option<usize>,
        samples: &dyn Samples,
        spent: &mut u64,
    ) {
        if self.plan(pass).is_loss(step) {
            let last = self.layer_names.len() - 1;
            self.phase = Phase::Diverged { layer: layer.unwrap_or(last) };
            return;
        }
        self.execute(pass, step, samples, spent);
        let found = self.plan(pass).written_output(step).and_then(|(layer, place)| {
            let is_finite = self.memory.arena[place.range()].iter().all(|value| value.is_finite());
            (!is_finite).then_some(layer)
        });
        // A chunk of images may meet a later layer before another chunk meets an earlier one.
        let layer = layer.into_iter().chain(found).min();
        self.phase = Phase::Diagnosing { pass, step: step + 1, layer };
    }

    pub(super) fn execute(
        &mut self,
        pass: Pass,
        step: usize,
        samples: &dyn Samples,
        spent: &mut u64,
    ) -> Option<nas_kernels::Loss> {
        let images = self.images(pass);
        let order = if pass.goal == Goal::Training { &self.order } else { &self.sequence };
        let first = (pass.batch * self.batch_size) as usize;
        let mut surroundings = Surroundings {
            samples,
            split: pass.goal.split(),
            indices: &order[first..first + images as usize],
            optimizer: &mut self.optimizer,
            learning_rate: self.learning_rates.of(self.updates),
            run_seed: self.seeds.run_seed,
            replicate: self.seeds.replicate,
            epoch: self.epoch,
            step: self.updates + 1,
        };
        let plan = self.plans.of(pass.goal, images);
        let macs = plan.step_macs(step);
        *spent += macs;
        self.spent_macs += macs;
        plan.run(step, &mut self.memory, &mut surroundings)
    }

    fn plan(&self, pass: Pass) -> &Plan {
        self.plans.of(pass.goal, self.images(pass))
    }

    /// Batches of a goal: training drops an incomplete last one.
    pub(super) fn batches(&self, goal: Goal) -> u32 {
        let images = self.sizes.len(goal.split());
        match goal {
            Goal::Training => images / self.batch_size,
            Goal::Validation | Goal::Evaluation(_) => images.div_ceil(self.batch_size),
        }
    }

    /// Images of a batch.
    pub(super) fn images(&self, pass: Pass) -> u32 {
        self.batch_size.min(self.sizes.len(pass.goal.split()) - pass.batch * self.batch_size)
    }

    /// What all batches of a goal cost.
    pub(super) fn pass_macs(&self, goal: Goal) -> u64 {
        let batches = self.batches(goal);
        let last = Pass { goal, batch: batches - 1 };
        let full = if batches > 1 { self.plan(Pass { goal, batch: 0 }).macs() } else { 0 };
        u64::from(batches - 1) * full + self.plan(last).macs()
    }
}

impl super::Plans {
    /// The plan for a batch of so many images.
    pub(super) fn of(&self, goal: Goal, images: u32) -> &Plan {
        match goal {
            Goal::Training => &self.training,
            Goal::Validation | Goal::Evaluation(_) => self
                .inference
                .iter()
                .find_map(|(batch, plan)| (*batch == images).then_some(plan))
                .unwrap_or_else(|| panic!("no plan for {images} images")),
        }
    }
}
