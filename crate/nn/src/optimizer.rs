//! The optimiser's state, and one update of all parameters, some at a time.

use core::ops::Range;

use nas_arch::Optimizer;
use nas_kernels::reduce::PartialDot;
use nas_kernels::{AdamW, Sgd, adamw_step, clip_part, sgd_step};

use crate::memory::extend;

/// An optimiser with its state in one flat buffer: the velocity, or first and second moments one after the other.
#[derive(Debug, Clone)]
pub(crate) struct OptimizerState {
    rule: Optimizer,
    clip_norm: Option<f32>,
    /// Of the gradients that have been measured since the last update.
    squares: PartialDot,
    decaying: usize,
    values: Vec<f32>,
}

/// Elements of state for each trained element.
pub(crate) const fn state_per_parameter(rule: Optimizer) -> usize {
    match rule {
        Optimizer::Sgd { .. } => 1,
        Optimizer::AdamW { .. } => 2,
    }
}

impl OptimizerState {
    /// The state before the first step; of `parameters` trained elements the first `decaying` decay.
    pub(crate) fn new(rule: Optimizer, parameters: usize, decaying: usize) -> Self {
        let values = vec![0.0; state_per_parameter(rule) * parameters];
        Self { rule, clip_norm: None, squares: PartialDot::default(), decaying, values }
    }

    /// One that updates nothing.
    pub(crate) fn none() -> Self {
        Self::new(Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }, 0, 0)
    }

    /// As [`Self::new`], but its memory is reserved only: [`Self::fill`] it.
    pub(crate) fn reserve(rule: Optimizer, parameters: usize, decaying: usize) -> Self {
        let values = Vec::with_capacity(state_per_parameter(rule) * parameters);
        Self { values, ..Self::new(rule, 0, decaying) }
    }

    /// Sets more of what is reserved to 0. Returns how many elements; none if it is complete.
    pub(crate) fn fill(&mut self, parameters: usize) -> Option<usize> {
        extend(&mut self.values, state_per_parameter(self.rule) * parameters)
    }

    /// The same with gradients no longer than this.
    pub(crate) fn with_clip_norm(self, clip_norm: Option<f32>) -> Self {
        Self { clip_norm, ..self }
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Measures the gradients of some parameters, if the recipe wants them clipped. All are measured, in order and in pieces of
    /// a multiple of sixteen, before any is updated.
    pub(crate) fn measure(&mut self, part: Range<usize>, gradients: &[f32]) {
        if self.clip_norm.is_none() {
            return;
        }
        if part.start == 0 {
            self.squares = PartialDot::default();
        }
        let gradients = &gradients[part];
        self.squares.add(gradients, gradients);
    }

    /// Clips the gradients of some parameters, if the recipe wants it, and changes these parameters. `step` counts from 1.
    pub(crate) fn update(
        &mut self,
        learning_rate: f32,
        step: u32,
        part: Range<usize>,
        parameters: &mut [f32],
        gradients: &mut [f32],
    ) {
        if let Some(longest) = self.clip_norm {
            clip_part(&mut gradients[part.clone()], self.squares.value().sqrt(), longest);
        }
        let border = self.decaying.clamp(part.start, part.end);
        for (part, decays) in [(part.start..border, true), (border..part.end, false)] {
            let (parameters, gradients) = (&mut parameters[part.clone()], &gradients[part.clone()]);
            match self.rule {
                Optimizer::Sgd { momentum, nesterov, weight_decay } => {
                    let weight_decay = if decays { weight_decay } else { 0.0 };
                    let options = Sgd { learning_rate, momentum, weight_decay, nesterov };
                    sgd_step(&options, parameters, gradients, &mut self.values[part]);
                }
                Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                    let weight_decay = if decays { weight_decay } else { 0.0 };
                    let options = AdamW { learning_rate, beta1, beta2, epsilon, weight_decay };
                    let moment_len = self.values.len() / 2;
                    let (first, second) = self.values.split_at_mut(moment_len);
                    let (first, second) = (&mut first[part.clone()], &mut second[part]);
                    adamw_step(&options, step, parameters, gradients, first, second);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_elements_decay() {
        let rules = [
            Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.5 },
            Optimizer::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.5 },
        ];
        for rule in rules {
            let mut parameters = [1.0, 1.0, 1.0];
            OptimizerState::new(rule, 3, 1).update(0.1, 1, 0..3, &mut parameters, &mut [0.0; 3]);
            assert!(parameters[0] < 1.0, "{rule:?}");
            assert_eq!(parameters[1..], [1.0, 1.0], "{rule:?}");
        }
    }

    #[test]
    fn parts_are_the_whole() {
        let rules =
            [Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.5 }, Optimizer::adam_w()];
        for rule in rules {
            // In parts that end here.
            let update = |ends: &[usize]| {
                let mut state = OptimizerState::new(rule, 50, 20).with_clip_norm(Some(1.0));
                let mut parameters: Vec<f32> = (0..50).map(|index| index as f32 / 7.0).collect();
                let parts = || [0].iter().chain(ends).zip(ends);
                for step in 1..=2 {
                    let mut gradients: Vec<f32> = (0..50).map(|index| 1.0 / (1.0 + index as f32)).collect();
                    for (&start, &end) in parts() {
                        state.measure(start..end, &gradients);
                    }
                    for (&start, &end) in parts() {
                        state.update(0.1, step, start..end, &mut parameters, &mut gradients);
                    }
                }
                (parameters, state.values)
            };
            assert_eq!(update(&[16, 32, 50]), update(&[50]), "{rule:?}");
        }
    }
}
