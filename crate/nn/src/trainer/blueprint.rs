use nas_arch::{Graph, Optimizer, Recipe, Schedule, Shape};

use super::{ParameterLayout, Plan, PlanError, SampleSizes, Split, TrainerError};
use crate::optimizer::state_per_parameter;
use crate::plan::Mode;

/// Bytes of a float and of an index.
const ELEMENT_BYTES: u64 = 4;

/// All about a trainer but its memory: made first, so that what is too large is never built.
pub(super) struct Blueprint {
    pub(super) layout: ParameterLayout,
    pub(super) plans: Plans,
    pub(super) batch_size: u32,
    pub(super) needed_bytes: u64,
    /// Images of the longest split.
    pub(super) longest_split: u32,
}

/// The plans of a trainer: one for training, one for each size that a batch has in evaluation.
#[derive(Clone)]
pub(super) struct Plans {
    pub(super) training: Plan,
    pub(super) inference: Vec<(u32, Plan)>,
}

impl Plans {
    fn compile(
        graph: &Graph,
        layout: &ParameterLayout,
        sizes: SampleSizes,
        batch_size: u32,
        label_smoothing: f32,
    ) -> Result<Self, PlanError> {
        let training = Plan::compile(graph, layout, batch_size, Mode::Training { label_smoothing })?;
        let mut inference: Vec<(u32, Plan)> = Vec::new();
        let rests = [sizes.train, sizes.validation, sizes.test].map(|images| images % batch_size);
        for batch in [batch_size].into_iter().chain(rests).filter(|&batch| batch > 0) {
            if inference.iter().all(|&(known, _)| known != batch) {
                inference.push((batch, Plan::compile(graph, layout, batch, Mode::Inference)?));
            }
        }
        Ok(Self { training, inference })
    }

    /// Floats and indices in an arena that serves all plans.
    pub(super) fn arena_lens(&self) -> [u64; 2] {
        self.inference.iter().fold(self.training.arena_lens(), |[floats, indices], (_, plan)| {
            let [more_floats, more_indices] = plan.arena_lens();
            [floats.max(more_floats), indices.max(more_indices)]
        })
    }
}

impl Blueprint {
    pub(super) fn new(
        graph: &Graph,
        recipe: &Recipe,
        sizes: SampleSizes,
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        check_recipe(recipe)?;
        check_sizes(graph, sizes)?;
        let batch_size = recipe.batch_size.min(sizes.train);
        check_horizon(recipe, sizes.train / batch_size)?;
        // What no machine can address is refused whatever the limit.
        let limit_bytes = memory_limit.min(usize::MAX as u64);
        let check = |needed_bytes| {
            if needed_bytes <= limit_bytes {
                Ok(())
            } else {
                Err(PlanError::TooLarge { needed_bytes, limit_bytes })
            }
        };
        check(least_bytes(graph, recipe, batch_size))?;

        let layout = ParameterLayout::new(graph);
        let plans = Plans::compile(graph, &layout, sizes, batch_size, recipe.label_smoothing)?;
        let longest_split = sizes.train.max(sizes.validation).max(sizes.test);
        let elements = plans.arena_lens().iter().sum::<u64>()
            + layout.parameters_len() as u64 * (2 + state_per_parameter(recipe.optimizer) as u64)
            + layout.statistics_len() as u64
            + u64::from(batch_size)
            + u64::from(sizes.train)
            + u64::from(longest_split);
        let needed_bytes = elements * ELEMENT_BYTES;
        check(needed_bytes)?;
        Ok(Self { layout, plans, batch_size, needed_bytes, longest_split })
    }
}

/// What training cannot do without: every parameter with its gradient and state, and the largest tensor.
fn least_bytes(graph: &Graph, recipe: &Recipe, batch_size: u32) -> u64 {
    let parameters: u64 = graph
        .parameters()
        .map(|(_, parameter)| {
            let copies =
                if parameter.role.is_trainable() { 2 + state_per_parameter(recipe.optimizer) } else { 1 };
            copies as u64 * parameter.elements()
        })
        .sum();
    let largest = (0..=graph.nodes.len()).map(|tensor| graph.shape(tensor).elements()).max().unwrap_or(0);
    (parameters + largest * u64::from(batch_size)) * ELEMENT_BYTES
}

pub(crate) fn check_sizes(graph: &Graph, sizes: SampleSizes) -> Result<(), TrainerError> {
    if graph.input != sizes.image {
        return Err(PlanError::Input { network: graph.input, data: sizes.image }.into());
    }
    if graph.output() != Shape::new(sizes.classes, 1, 1) {
        return Err(PlanError::Output { found: graph.output(), classes: sizes.classes }.into());
    }
    [Split::Train, Split::Validation]
        .into_iter()
        .find(|&split| sizes.len(split) == 0)
        .map_or(Ok(()), |split| Err(TrainerError::EmptySplit(split)))
}

pub(crate) fn check_recipe(recipe: &Recipe) -> Result<(), TrainerError> {
    let check = |field, value: f32, holds: bool, rule| {
        if holds { Ok(()) } else { Err(TrainerError::Recipe { field, value, rule }) }
    };
    let positive = |field, value: f32| check(field, value, value > 0.0 && value.is_finite(), "positive");
    let not_negative =
        |field, value: f32| check(field, value, value >= 0.0 && value.is_finite(), "0 or more");
    let share =
        |field, value: f32| check(field, value, (0.0..1.0).contains(&value), "at least 0 and less than 1");

    positive("batch_size", recipe.batch_size as f32)?;
    positive("learning_rate", recipe.learning_rate)?;
    not_negative("warmup_epochs", recipe.warmup_epochs)?;
    positive("horizon_epochs", recipe.horizon_epochs as f32)?;
    share("label_smoothing", recipe.label_smoothing)?;
    if let Some(clip_norm) = recipe.clip_norm {
        positive("clip_norm", clip_norm)?;
    }
    if let Schedule::Step { epochs, factor } = recipe.schedule {
        positive("schedule.epochs", epochs as f32)?;
        check("schedule.factor", factor, factor > 0.0 && factor <= 1.0, "more than 0 and at most 1")?;
    }
    match recipe.optimizer {
        Optimizer::Sgd { momentum, weight_decay, nesterov: _ } => {
            share("momentum", momentum)?;
            not_negative("weight_decay", weight_decay)
        }
        Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
            share("beta1", beta1)?;
            share("beta2", beta2)?;
            positive("epsilon", epsilon)?;
            not_negative("weight_decay", weight_decay)
        }
    }
}

/// Updates are counted in 32 bits.
pub(crate) fn check_horizon(recipe: &Recipe, steps_per_epoch: u32) -> Result<(), TrainerError> {
    if recipe.horizon_epochs.checked_mul(steps_per_epoch).is_some() {
        return Ok(());
    }
    Err(TrainerError::Recipe {
        field: "horizon_epochs",
        value: recipe.horizon_epochs as f32,
        rule: "so small that there are less than 2^32 updates",
    })
}
