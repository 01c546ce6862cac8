//! Scores that follow from the structure of a network alone: no weights, no data.

use nas_arch::{Graph, Node, Op, TensorId};
use serde::Serialize;

/// Weight of the last stage in `DeepMAD`'s sum; the others have 1: `multi_block_ratio` of `compute_deepmad.py`.
const LAST_STAGE_WEIGHT: f64 = 8.0;
/// Weight of the uneven depth in `DeepMAD`: β of the paper, `depth_penalty_ratio` of its configurations.
const DEPTH_PENALTY: f64 = 10.0;

/// What the principle of maximal entropy says of a network, up to its features before the classifier.
///
/// Of all paths from the input to the features the one counts on which convolutions have the most entropy, ½ ln of their
/// fan-in each. Global average pooling and dense layers end a path; a convolution that is mixed from several sizes counts as
/// its largest. A stage ends before a layer that lowers the resolution behind the first convolution, and at the features.
/// Formulas, sources and what differs from them: docs/scores.md.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Entropy {
    /// Maximal entropy of the last stage: Σ ½ ln fan-in + ln channels (MAE-NAS).
    pub mae: f64,
    /// Entropies of all stages, weighted, less a penalty for stages of uneven depth (`DeepMAD`).
    pub deepmad: f64,
    /// `DeepMAD`'s ρ: of all stages the largest ratio of depth to width. `DeepMAD` bounds it from above.
    pub effectiveness: f64,
}

/// A path up to a tensor.
#[derive(Debug, Clone, Default)]
struct Path {
    layers: u32,
    entropy: f64,
    stages: Vec<Stage>,
}

/// What a path was at the end of a stage.
#[derive(Debug, Clone, Copy)]
struct Stage {
    layers: u32,
    entropy: f64,
    channels: u32,
    pixels: u64,
}

impl Entropy {
    /// That of a network; none if no convolution stands between its input and its features.
    #[must_use]
    pub fn of(graph: &Graph) -> Option<Self> {
        let features = graph.features();
        let mut paths: Vec<Option<Path>> = vec![Some(Path::default())];
        for node in &graph.nodes {
            let path = best(node, &paths).map(|(tensor, path)| path.through(graph, tensor, node));
            paths.push(path.filter(|_| !matches!(node.op, Op::GlobalAvgPool | Op::Dense(_) | Op::Zero(_))));
        }
        let path = paths.swap_remove(features)?;
        (path.layers > 0).then(|| Self::of_stages(&path.ended(graph, features).stages))
    }

    /// # Panics
    /// If there is no stage.
    fn of_stages(stages: &[Stage]) -> Self {
        let (last, others) = stages.split_last().expect("features end a stage");
        let sum = others.iter().map(Stage::score).sum::<f64>() + LAST_STAGE_WEIGHT * last.score();
        let depths: Vec<f64> =
            stages.windows(2).map(|pair| f64::from(pair[1].layers - pair[0].layers)).collect();
        Self {
            mae: last.entropy + libm::log(f64::from(last.channels)),
            deepmad: sum - DEPTH_PENALTY * libm::exp(deviation(&depths)),
            effectiveness: stages.iter().map(Stage::depth_to_width).fold(0.0, f64::max),
        }
    }
}

/// The path of most entropy that ends in an input of a layer, and that input; of equals the first.
fn best<'a>(node: &Node, paths: &'a [Option<Path>]) -> Option<(TensorId, &'a Path)> {
    let mut inputs = node.inputs.iter().filter_map(|&tensor| Some((tensor, paths[tensor].as_ref()?)));
    let first = inputs.next()?;
    Some(inputs.fold(first, |best, other| if other.1.entropy > best.1.entropy { other } else { best }))
}

impl Path {
    /// Goes on through a layer.
    fn through(&self, graph: &Graph, input: TensorId, node: &Node) -> Self {
        let is_lower = node.shape.pixels() < graph.shape(input).pixels();
        let path = if is_lower && self.layers > 0 { self.ended(graph, input) } else { self.clone() };
        let fan_in = match node.op {
            Op::Conv2d(_) | Op::MetaConv2d(_) => node.parameters[0].fan_in(),
            _ => return path,
        };
        Self {
            layers: path.layers + 1,
            entropy: path.entropy + libm::log(fan_in as f64) / 2.0,
            stages: path.stages,
        }
    }

    /// With the stage that ends in this tensor.
    fn ended(&self, graph: &Graph, tensor: TensorId) -> Self {
        let shape = graph.shape(tensor);
        let stage = Stage {
            layers: self.layers,
            entropy: self.entropy,
            channels: shape.channels,
            pixels: shape.pixels(),
        };
        Self { stages: self.stages.iter().copied().chain([stage]).collect(), ..self.clone() }
    }
}

impl Stage {
    /// H · ln(channels · pixels).
    fn score(&self) -> f64 {
        self.entropy * libm::log(f64::from(self.channels) * self.pixels as f64)
    }

    /// Layers over the geometric mean of their fan-ins.
    fn depth_to_width(&self) -> f64 {
        let layers = f64::from(self.layers);
        layers * libm::exp(-2.0 * self.entropy / layers)
    }
}

/// Standard deviation of a population; 0 if it is empty.
fn deviation(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    libm::sqrt(values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;

    fn entropy(layers: &str) -> Option<Entropy> {
        let text = format!(r#"{{"input": [3, 16, 16], "layers": [{layers}]}}"#);
        Entropy::of(&Network::from_json(&text).unwrap().resolve().unwrap())
    }

    const CLASSIFIER: &str = r#"{"op": "global-avg-pool"}, {"op": "dense", "out_features": 10}"#;

    /// The stem and the block of `SuperResK1DWK1` with in 8, btn 16, k 5, out 12, s 2, L 1: by alibaba's formulas.
    #[test]
    fn a_block_by_hand() {
        let found = entropy(&format!(
            r#"{{"op": "conv2d", "out_channels": 8, "kernel": 3, "stride": 2}}, {{"op": "relu"}},
            {{"op": "conv2d", "out_channels": 16, "kernel": 1}}, {{"op": "batch-norm"}}, {{"op": "relu"}},
            {{"op": "conv2d", "out_channels": 16, "kernel": 5, "groups": 16, "stride": 2}}, {{"op": "relu"}},
            {{"op": "conv2d", "out_channels": 12, "kernel": 1}}, {CLASSIFIER}"#
        ))
        .unwrap();
        let ln = libm::log;
        let stem = ln(libm::sqrt(27.0));
        let whole = stem + ln(libm::sqrt(8.0)) + ln(libm::sqrt(25.0)) + ln(libm::sqrt(16.0));
        assert!((found.mae - (whole + ln(12.0))).abs() < 1e-12);
        // Resolutions fall within the block, behind its first convolution: that ends the first stage.
        let first = (stem + ln(libm::sqrt(8.0))) * ln(16.0 * 8.0 * 8.0);
        let deepmad = first + 8.0 * whole * ln(12.0 * 4.0 * 4.0) - 10.0;
        assert!((found.deepmad - deepmad).abs() < 1e-10, "{} for {deepmad}", found.deepmad);
        let rho = |layers: f64, widths: f64| libm::exp(ln(layers) - ln(widths) / layers);
        let expected = rho(2.0, 27.0 * 8.0).max(rho(4.0, 27.0 * 8.0 * 25.0 * 16.0));
        assert!((found.effectiveness - expected).abs() < 1e-12);
    }

    #[test]
    fn uneven_stages_are_penalized() {
        let conv = r#"{"op": "conv2d", "out_channels": 4, "kernel": 3}"#;
        let pool = r#"{"op": "max-pool", "kernel": 2}"#;
        let stages = |depths: &[usize]| {
            let stages: Vec<String> = depths.iter().map(|&depth| vec![conv; depth].join(", ")).collect();
            entropy(&format!("{}, {CLASSIFIER}", stages.join(&format!(", {pool}, ")))).unwrap()
        };
        let (even, uneven) = (stages(&[1, 2, 2]), stages(&[1, 1, 3]));
        assert_eq!(even.mae, uneven.mae);
        // Of what stands behind the first stage 2 and 2 layers, or 1 and 3: deviations 0 and 1. The middle stage has less.
        let layer = libm::log(36.0) / 2.0;
        let stage = layer * libm::log(4.0 * 8.0 * 8.0);
        let difference = 10.0 * (libm::exp(1.0) - 1.0) + stage;
        assert!((even.deepmad - uneven.deepmad - difference).abs() < 1e-10);
    }

    #[test]
    fn the_richest_path_counts_and_gates_do_not() {
        let chain =
            entropy(&format!(r#"{{"op": "conv2d", "out_channels": 8, "kernel": 3}}, {CLASSIFIER}"#)).unwrap();
        let branched = entropy(&format!(
            r#"{{"name": "poor", "op": "conv2d", "out_channels": 8, "kernel": 1, "inputs": ["input"]}},
            {{"name": "rich", "op": "conv2d", "out_channels": 8, "kernel": 3, "inputs": ["input"]}},
            {{"name": "sum", "op": "add", "inputs": ["poor", "rich"]}},
            {{"name": "mean", "op": "global-avg-pool"}},
            {{"name": "gate", "op": "conv2d", "out_channels": 8, "kernel": 1}},
            {{"name": "gated", "op": "multiply", "inputs": ["sum", "gate"]}}, {CLASSIFIER}"#
        ))
        .unwrap();
        assert_eq!(branched, chain);
        assert_eq!(
            entropy(r#"{"op": "dense", "out_features": 8}, {"op": "dense", "out_features": 2}"#),
            None
        );
    }
}
