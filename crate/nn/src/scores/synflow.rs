use nas_arch::{Graph, Op};

use super::{Input, Method, WeightsPart, pass_through, snip::saliency};
use crate::plan::Probe;

/// Σ |w · ∂R/∂w| over all weights, R being the sum of the outputs for an image of ones when every parameter is replaced by
/// its magnitude (Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving synaptic flow").
/// Batch normalisations pass their input on, as `synflow` of Abdelfattah et al. 2021 has it.
#[derive(Default)]
pub(super) struct SynFlow {
    total: f64,
}

impl Method for SynFlow {
    fn prepare(&self, graph: &mut Graph) {
        pass_through(graph, |op| matches!(op, Op::BatchNorm(_)));
    }

    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::OutputGradients
    }

    fn input(&self, _pass: u32) -> Input {
        Input::Ones
    }

    fn before(&mut self, _pass: u32, parameters: &mut [f32], _weights: usize) {
        for parameter in parameters {
            *parameter = parameter.abs();
        }
    }

    fn read_weights(&mut self, _pass: u32, part: WeightsPart<'_>) {
        self.total += saliency(part);
    }

    fn score(&mut self) -> f64 {
        self.total
    }
}
