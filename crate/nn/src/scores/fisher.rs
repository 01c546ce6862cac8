use nas_arch::Graph;

use super::{ImagePart, Method};
use crate::plan::Probe;

/// Σ n · Δ over the channels of all layers with weights, where Δ is half the mean over images of (Σ over pixels a · ∂L/∂a)², a
/// being the channel's outputs before the activation (Turner et al. 2020, "`BlockSwap`: Fisher-guided Block Substitution for Network
/// Compression on a Budget"), and n is the number of the channel's weights, to each of which `fisher` of Abdelfattah et
/// al. 2021 gives its channel's Δ.
#[derive(Default)]
pub(super) struct Fisher {
    /// Sums of the channels of one image.
    channels: Vec<f64>,
    total: f64,
}

impl Method for Fisher {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::Responses
    }

    fn read_image(&mut self, _pass: u32, part: ImagePart<'_>) {
        let channels = part.channels();
        self.channels.clear();
        self.channels.resize(channels, 0.0);
        let pixels = part.values_of(part.image).chunks_exact(channels);
        for (values, gradients) in pixels.zip(part.gradients().chunks_exact(channels)) {
            for ((sum, &value), &gradient) in self.channels.iter_mut().zip(values).zip(gradients) {
                *sum += f64::from(value) * f64::from(gradient);
            }
        }
        let squares: f64 = self.channels.iter().map(|sum| sum * sum).sum();
        let weights = part.graph.nodes[part.tensor - 1].parameters[0].fan_in();
        self.total += weights as f64 * squares / (2 * part.batch) as f64;
    }

    fn score(&mut self) -> f64 {
        self.total
    }
}
