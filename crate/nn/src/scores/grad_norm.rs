use nas_arch::Graph;

use super::{Method, WeightsPart};
use crate::plan::Probe;

/// Σ over layers ‖∂L/∂w‖₂ (Abdelfattah et al. 2021, "Zero-Cost Proxies for Lightweight NAS", `grad_norm` of their code): the
/// sum of the lengths, not the length of all.
#[derive(Default)]
pub(super) struct GradNorm {
    tensor: usize,
    squares: f64,
    total: f64,
}

impl Method for GradNorm {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::LossGradients
    }

    fn read_weights(&mut self, _pass: u32, WeightsPart { tensor, gradients, .. }: WeightsPart<'_>) {
        if tensor != self.tensor {
            self.total += libm::sqrt(self.squares);
            (self.tensor, self.squares) = (tensor, 0.0);
        }
        for &gradient in gradients {
            self.squares += f64::from(gradient) * f64::from(gradient);
        }
    }

    fn score(&mut self) -> f64 {
        self.total + libm::sqrt(self.squares)
    }
}
