use nas_arch::{Graph, INPUT_TENSOR, Op, TensorId};

use super::{ImagePart, Input, Method};
use crate::plan::Probe;

/// α of the paper's experiments: `mixup_gamma` of its code.
const CHANGE: f32 = 0.01;

/// ln E Σ |f(x) − f(x + αε)| + Σ over batch normalisations ln √(mean of the channels' variances), for standard normal weights,
/// images x and changes ε, f being the features before the classifier and α = `CHANGE` (Lin et al. 2021, "Zen-NAS: A
/// Zero-Shot NAS for High-Performance Image Recognition", section 4.2, algorithm 1). Residual links are cut; the variances are those of
/// the batch x.
#[derive(Default)]
pub(super) struct Zen {
    /// f(x).
    features: Vec<f32>,
    /// Σ |f(x) − f(x + αε)| over batch and features.
    change: f64,
    batch: usize,
    /// Sums and sums of squares of the channels before the batch normalisation that is read.
    moments: Vec<[f64; 2]>,
    log_deviations: f64,
}

impl Zen {
    fn read_features(&mut self, pass: u32, part: &ImagePart<'_>) {
        let values = part.values_of(part.image);
        if pass == 0 {
            self.batch = part.batch;
            self.features.extend(values);
        } else {
            let before = &self.features[part.image * values.len()..];
            let changes = before.iter().zip(values);
            self.change += changes.map(|(&before, &after)| f64::from((before - after).abs())).sum::<f64>();
        }
    }

    fn read_normalized(&mut self, part: &ImagePart<'_>) {
        let channels = part.channels();
        if part.image == 0 {
            self.moments.clear();
            self.moments.resize(channels, [0.0; 2]);
        }
        for pixel in part.values_of(part.image).chunks_exact(channels) {
            for ([sum, squares], &value) in self.moments.iter_mut().zip(pixel) {
                *sum += f64::from(value);
                *squares += f64::from(value) * f64::from(value);
            }
        }
        if part.image + 1 == part.batch {
            let rows = (part.values.len() / channels) as f64;
            let variance = |&[sum, squares]: &[f64; 2]| squares / rows - (sum / rows) * (sum / rows);
            let mean = self.moments.iter().map(variance).sum::<f64>() / channels as f64;
            self.log_deviations += libm::log(mean) / 2.0;
        }
    }
}

impl Method for Zen {
    fn prepare(&self, graph: &mut Graph) {
        cut_residual_links(graph);
    }

    fn probe(&self, graph: &Graph) -> Probe {
        Probe::Normalized { features: graph.features() }
    }

    fn passes(&self) -> u32 {
        2
    }

    fn input(&self, pass: u32) -> Input {
        Input::Noise { change: if pass == 0 { 0.0 } else { CHANGE } }
    }

    fn has_standard_weights(&self) -> bool {
        true
    }

    fn read_image(&mut self, pass: u32, part: ImagePart<'_>) {
        if part.tap == 0 {
            self.read_features(pass, &part);
        } else if pass == 0 {
            self.read_normalized(&part);
        }
    }

    /// Minus infinity where nothing changes.
    fn score(&mut self) -> f64 {
        libm::log(self.change / self.batch as f64) + self.log_deviations
    }
}

/// Drops each input of an addition from which another of its inputs is computed.
fn cut_residual_links(graph: &mut Graph) {
    for node in 0..graph.nodes.len() {
        if graph.nodes[node].op == Op::Add {
            let inputs = graph.nodes[node].inputs.clone();
            let is_link =
                |&link: &TensorId| inputs.iter().any(|&other| other > link && reads(graph, other, link));
            let kept = inputs.iter().copied().filter(|input| !is_link(input)).collect();
            graph.nodes[node].inputs = kept;
        }
    }
}

/// Whether a tensor is computed from an earlier one.
fn reads(graph: &Graph, tensor: TensorId, earlier: TensorId) -> bool {
    let mut is_reached = vec![false; tensor + 1];
    is_reached[tensor] = true;
    for later in (earlier + 1..=tensor).rev().filter(|&later| later != INPUT_TENSOR) {
        if is_reached[later] {
            graph.nodes[later - 1].inputs.iter().for_each(|&input| is_reached[input] = true);
        }
    }
    is_reached[earlier]
}
