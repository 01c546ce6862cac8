//! Zero-cost scores: what one mini-batch tells of a network that was never trained.
//!
//! One file for each score says what it needs of a pass and what it makes of it; [`Scorer`] makes the passes. Formulas,
//! sources and conventions: docs/scores.md.

mod fisher;
mod grad_norm;
mod grasp;
mod images;
mod jacob_cov;
mod linear_algebra;
mod naswot;
mod scorer;
mod snip;
mod synflow;
#[cfg(test)]
mod tests;
mod zen;

use nas_arch::{Graph, Op, TensorId};

use crate::plan::Probe;
pub use scorer::Scorer;

/// A score that looks at initial weights and one mini-batch. The larger, the better the network is said to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// Lengths of the gradients of all weights, summed.
    GradNorm,
    /// How much the loss reacts to each weight (Lee et al. 2019).
    Snip,
    /// How much each weight adds to the flow of gradients (Wang et al. 2020).
    Grasp,
    /// How much flows through all weights, whatever the data (Tanaka et al. 2020).
    SynFlow,
    /// How much the loss reacts to each channel (Turner et al. 2020).
    Fisher,
    /// How differently the network reacts to changes of different images (Mellor et al. 2020).
    JacobCov,
    /// How differently different images switch the rectifiers (Mellor et al. 2021).
    Naswot,
    /// How strongly random images change random features (Lin et al. 2021).
    Zen,
}

impl Proxy {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::GradNorm,
        Self::Snip,
        Self::Grasp,
        Self::SynFlow,
        Self::Fisher,
        Self::JacobCov,
        Self::Naswot,
        Self::Zen,
    ];

    /// Its name in links and commands.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::GradNorm => "grad-norm",
            Self::Snip => "snip",
            Self::Grasp => "grasp",
            Self::SynFlow => "synflow",
            Self::Fisher => "fisher",
            Self::JacobCov => "jacob-cov",
            Self::Naswot => "naswot",
            Self::Zen => "zen",
        }
    }

    fn method(self) -> Box<dyn Method> {
        match self {
            Self::GradNorm => Box::new(grad_norm::GradNorm::default()),
            Self::Snip => Box::new(snip::Snip::default()),
            Self::Grasp => Box::new(grasp::Grasp::default()),
            Self::SynFlow => Box::new(synflow::SynFlow::default()),
            Self::Fisher => Box::new(fisher::Fisher::default()),
            Self::JacobCov => Box::new(jacob_cov::JacobCov::default()),
            Self::Naswot => Box::new(naswot::Naswot::default()),
            Self::Zen => Box::new(zen::Zen::default()),
        }
    }
}

/// How a score is computed: passes over one batch, each read part by part when it is done.
trait Method: Send {
    /// Changes the network that is looked at; dropout is out of it already.
    fn prepare(&self, _graph: &mut Graph) {}

    /// What each pass keeps.
    fn probe(&self, graph: &Graph) -> Probe;

    fn passes(&self) -> u32 {
        1
    }

    /// What a pass sees.
    fn input(&self, _pass: u32) -> Input {
        Input::Data
    }

    /// Whether weights are drawn from the standard normal distribution instead of as for a training.
    fn has_standard_weights(&self) -> bool {
        false
    }

    /// Changes the parameters before a pass. The first `weights` of them multiply inputs, the others are biases, scales and
    /// shifts.
    fn before(&mut self, _pass: u32, _parameters: &mut [f32], _weights: usize) {}

    /// Reads some weights of one layer: behind probes without taps, in the order of the parameters.
    fn read_weights(&mut self, _pass: u32, _part: WeightsPart<'_>) {
        unreachable!("this score reads taps")
    }

    /// Reads one image of a tap: tap by tap, each in the order of the images.
    fn read_image(&mut self, _pass: u32, _part: ImagePart<'_>) {
        unreachable!("this score reads weights")
    }

    /// The score, when all passes are read. Not finite where the score is not defined.
    fn score(&mut self) -> f64;
}

/// What a pass sees.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Input {
    /// A mini-batch of the training set.
    Data,
    /// One image of ones.
    Ones,
    /// Standard normal pixels x, changed by another such draw: x + `change` · ε.
    Noise { change: f32 },
}

/// Neighbouring weights of one layer.
#[derive(Debug, Clone, Copy)]
struct WeightsPart<'a> {
    /// Number of the layer's tensor of weights.
    tensor: usize,
    /// Where they begin among all weights.
    start: usize,
    weights: &'a [f32],
    gradients: &'a [f32],
}

/// One image of what a pass has kept of a tensor.
#[derive(Debug, Clone, Copy)]
struct ImagePart<'a> {
    graph: &'a Graph,
    /// Number of the tap.
    tap: usize,
    tensor: TensorId,
    image: usize,
    /// Values or gradients of all images, `[batch, pixels, channels]`.
    values: &'a [f32],
    /// Gradients of the values, where both are kept.
    gradients: &'a [f32],
    batch: usize,
}

impl ImagePart<'_> {
    /// The values of an image, `[pixels, channels]`.
    fn values_of(&self, image: usize) -> &[f32] {
        let len = self.values.len() / self.batch;
        &self.values[image * len..][..len]
    }

    /// The gradients of the image, `[pixels, channels]`.
    fn gradients(&self) -> &[f32] {
        let len = self.gradients.len() / self.batch;
        &self.gradients[self.image * len..][..len]
    }

    fn channels(&self) -> usize {
        self.graph.shape(self.tensor).channels as usize
    }
}

/// Has layers pass their input on.
fn pass_through(graph: &mut Graph, is_removed: impl Fn(&Op) -> bool) {
    for node in graph.nodes.iter_mut().filter(|node| is_removed(&node.op)) {
        node.op = Op::Identity;
        node.parameters.clear();
    }
}
