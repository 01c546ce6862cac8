//! The optimiser's state, and one update of all parameters.

use nas_arch::Optimizer;
use nas_kernels::{AdamW, Sgd, adamw_step, clip_by_norm, sgd_step};

/// An optimiser with its state in one flat buffer: the velocity, or first and second moments one after the other.
#[derive(Debug, Clone)]
pub(crate) struct OptimizerState {
    rule: Optimizer,
    clip_norm: Option<f32>,
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
        Self { rule, clip_norm: None, decaying, values: vec![0.0; state_per_parameter(rule) * parameters] }
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

    /// Clips the gradients, if the recipe wants it, and changes the parameters. `step` counts from 1.
    pub(crate) fn update(
        &mut self,
        learning_rate: f32,
        step: u32,
        parameters: &mut [f32],
        gradients: &mut [f32],
    ) {
        if let Some(longest) = self.clip_norm {
            clip_by_norm(gradients, longest);
        }
        let gradients = &*gradients;
        let (decaying, others) = parameters.split_at_mut(self.decaying);
        let (decaying_gradients, other_gradients) = gradients.split_at(self.decaying);
        match self.rule {
            Optimizer::Sgd { momentum, nesterov, weight_decay } => {
                let (decaying_velocity, other_velocity) = self.values.split_at_mut(self.decaying);
                let options = Sgd { learning_rate, momentum, weight_decay, nesterov };
                sgd_step(&options, decaying, decaying_gradients, decaying_velocity);
                let options = Sgd { weight_decay: 0.0, ..options };
                sgd_step(&options, others, other_gradients, other_velocity);
            }
            Optimizer::AdamW { beta1, beta2, epsilon, weight_decay } => {
                let (first, second) = self.values.split_at_mut(gradients.len());
                let (decaying_first, other_first) = first.split_at_mut(self.decaying);
                let (decaying_second, other_second) = second.split_at_mut(self.decaying);
                let options = AdamW { learning_rate, beta1, beta2, epsilon, weight_decay };
                adamw_step(&options, step, decaying, decaying_gradients, decaying_first, decaying_second);
                let options = AdamW { weight_decay: 0.0, ..options };
                adamw_step(&options, step, others, other_gradients, other_first, other_second);
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
            OptimizerState::new(rule, 3, 1).update(0.1, 1, &mut parameters, &mut [0.0; 3]);
            assert!(parameters[0] < 1.0, "{rule:?}");
            assert_eq!(parameters[1..], [1.0, 1.0], "{rule:?}");
        }
    }
}
