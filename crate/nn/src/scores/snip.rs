use nas_arch::Graph;

use super::{Method, WeightsPart};
use crate::plan::Probe;

/// Σ |w · ∂L/∂w| over all weights (Lee et al. 2019, "SNIP: Single-shot Network Pruning based on Connection Sensitivity"; `snip` of
/// Abdelfattah et al. 2021).
#[derive(Default)]
pub(super) struct Snip {
    total: f64,
}

impl Method for Snip {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::LossGradients
    }

    fn read_weights(&mut self, _pass: u32, part: WeightsPart<'_>) {
        self.total += saliency(part);
    }

    fn score(&mut self) -> f64 {
        self.total
    }
}

/// Σ |w · ∂/∂w|.
pub(super) fn saliency(WeightsPart { weights, gradients, .. }: WeightsPart<'_>) -> f64 {
    let products = weights.iter().zip(gradients);
    products.map(|(&weight, &gradient)| (f64::from(weight) * f64::from(gradient)).abs()).sum()
}
