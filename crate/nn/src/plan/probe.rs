//! What a score keeps of a pass.

use nas_arch::{INPUT_TENSOR, Op, TensorId};

use super::{BufferId, Lowering, Mode};
use crate::initialize::is_rectifier;
use crate::operators;

/// A pass over one batch, with the statistics of that batch, of which a score reads something when it is done. No
/// parameter changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Gradients of all parameters: of the mean cross-entropy.
    LossGradients,
    /// Gradients of all parameters: of the sum of all outputs of all images.
    OutputGradients,
    /// The gradient of the images: of the sum of all outputs of all images.
    ImageGradients,
    /// The output of each layer with weights, and its gradient: of the mean cross-entropy.
    Responses,
    /// The output of each rectifier.
    Rectified,
    /// One tensor, and behind it what each batch normalisation reads.
    Normalized {
        /// The tensor.
        features: TensorId,
    },
}

/// What is kept of one tensor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tap {
    pub(crate) tensor: TensorId,
    /// Its value or its gradient.
    pub(crate) buffer: BufferId,
    /// Its gradient, where the value is kept too.
    pub(crate) gradient: Option<BufferId>,
}

impl Mode {
    /// Whether there is a backward pass.
    pub(crate) const fn goes_back(self) -> bool {
        match self {
            Self::Training { .. } | Self::Gradients { .. } => true,
            Self::Statistics | Self::Inference => false,
            Self::Probe(probe) => !matches!(probe, Probe::Rectified | Probe::Normalized { .. }),
        }
    }

    /// Whether that pass begins with the sum of the outputs instead of the loss.
    pub(crate) const fn sums_outputs(self) -> bool {
        matches!(self, Self::Probe(Probe::OutputGradients | Probe::ImageGradients))
    }

    pub(super) const fn differentiates_images(self) -> bool {
        matches!(self, Self::Probe(Probe::ImageGradients))
    }

    /// Whether each layer's value is needed as it is: no layer is fused, nothing is overwritten.
    pub(super) const fn keeps_values(self) -> bool {
        matches!(self, Self::Probe(Probe::Responses | Probe::Rectified | Probe::Normalized { .. }))
    }
}

impl Lowering<'_> {
    /// Taps the output of a layer with its gradient, where the way back begins at that layer.
    pub(super) fn tap_gradient(&mut self, node: usize, gradient: BufferId) {
        let has_weights =
            matches!(self.graph.nodes[node].op, Op::Conv2d(_) | Op::MetaConv2d(_) | Op::Dense(_));
        if self.mode == Mode::Probe(Probe::Responses) && has_weights {
            self.tap_buffer(node + 1, self.value(node + 1), Some(gradient));
        }
    }

    /// Taps what can be tapped when all passes are done, and keeps all taps.
    pub(super) fn tap(&mut self, probe: Probe) {
        match probe {
            Probe::LossGradients | Probe::OutputGradients | Probe::Responses => {}
            Probe::ImageGradients => {
                // No gradient reaches the images of a network without a path to the outputs.
                if let Some(gradient) = self.gradient(INPUT_TENSOR) {
                    self.tap_buffer(INPUT_TENSOR, gradient, None);
                }
            }
            Probe::Rectified => self.tap_layers(is_rectifier, |node, _| node + 1),
            Probe::Normalized { features } => {
                self.tap_buffer(features, self.value(features), None);
                self.tap_layers(|op| matches!(op, Op::BatchNorm(_)), |_, input| input);
            }
        }
        for Tap { buffer, gradient, .. } in self.taps.clone() {
            let buffers: Vec<BufferId> = [buffer].into_iter().chain(gradient).collect();
            operators::keep(self, &buffers);
        }
    }

    fn tap_layers(&mut self, is_tapped: impl Fn(&Op) -> bool, tensor: impl Fn(usize, TensorId) -> TensorId) {
        for node in 0..self.graph.nodes.len() {
            if self.flow.is_live(node) && is_tapped(&self.graph.nodes[node].op) {
                let tensor = tensor(node, self.input(node));
                self.tap_buffer(tensor, self.value(tensor), None);
            }
        }
    }

    fn tap_buffer(&mut self, tensor: TensorId, buffer: BufferId, gradient: Option<BufferId>) {
        self.taps.push(Tap { tensor, buffer, gradient });
    }
}
