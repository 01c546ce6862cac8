mod receptive_field;
mod rules;

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::{INPUT_NAME, Layer, MAX_LAYERS, Network, NetworkError, Op, Parameter, Parameters, Shape};
use rules::{check_elements, check_tensor, output_shape};

/// A tensor of a graph: 0 is the input, `i + 1` the output of node `i`.
pub type TensorId = usize;

/// What a node reads, in order; most read one tensor or two.
pub type Inputs = SmallVec<[TensorId; 2]>;

/// The tensor that holds the input.
pub const INPUT_TENSOR: TensorId = 0;

/// A network with every input found and every shape known. Nodes stand behind the nodes they read.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// Shape of the input.
    pub input: Shape,
    /// The layers, in the network's order.
    pub nodes: Vec<Node>,
}

/// A layer of a [`Graph`].
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The layer's name.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// What it reads.
    pub inputs: Inputs,
    /// Shape of its output.
    pub shape: Shape,
    /// Its parameters, in a fixed order.
    pub parameters: Parameters,
}

impl Graph {
    /// A graph without nodes, and with room for some.
    pub(crate) fn with_capacity(input: Shape, nodes: usize) -> Result<Self, NetworkError> {
        check_tensor(INPUT_NAME, input)?;
        Ok(Self { input, nodes: Vec::with_capacity(nodes) })
    }

    pub(crate) fn of(network: &Network) -> Result<Self, NetworkError> {
        check_count(network.layers.len())?;
        let mut graph = Self::with_capacity(network.input, network.layers.len())?;
        let mut tensors = BTreeMap::from([(INPUT_NAME, INPUT_TENSOR)]);
        for Layer { name, inputs, op } in &network.layers {
            let unknown =
                |input: &String| NetworkError::UnknownInput { layer: name.clone(), input: input.clone() };
            let tensor = |input: &String| tensors.get(input.as_str()).copied().ok_or_else(|| unknown(input));
            let inputs = inputs.iter().map(tensor).collect::<Result<Inputs, _>>()?;
            graph.push(name.clone(), op.clone(), inputs)?;
            if tensors.insert(name, graph.nodes.len()).is_some() {
                return Err(NetworkError::NameTaken(name.clone()));
            }
        }
        Ok(graph)
    }

    /// Adds a node that reads tensors of this graph. Nobody looks whether its name is taken.
    pub(crate) fn push(&mut self, name: String, op: Op, inputs: Inputs) -> Result<(), NetworkError> {
        let shapes = self.shapes(&inputs);
        let shape = output_shape(&name, &op, &shapes)?;
        let parameters = op.parameters(&shapes);
        parameters.iter().try_for_each(|parameter| check_elements(&name, parameter.elements()))?;
        self.nodes.push(Node { name, op, inputs, shape, parameters });
        Ok(())
    }

    /// The same as a network, layer by layer.
    #[must_use]
    pub fn network(&self) -> Network {
        let name = |&tensor: &TensorId| match tensor.checked_sub(1) {
            None => INPUT_NAME.to_owned(),
            Some(node) => self.nodes[node].name.clone(),
        };
        let layer = |Node { name: own, op, inputs, .. }: &Node| Layer {
            name: own.clone(),
            inputs: inputs.iter().map(name).collect(),
            op: op.clone(),
        };
        Network { input: self.input, layers: self.nodes.iter().map(layer).collect() }
    }

    /// Shape of a tensor.
    #[must_use]
    pub fn shape(&self, tensor: TensorId) -> Shape {
        tensor.checked_sub(1).map_or(self.input, |node| self.nodes[node].shape)
    }

    /// Shapes of tensors.
    pub(crate) fn shapes(&self, tensors: &[TensorId]) -> SmallVec<[Shape; 4]> {
        tensors.iter().map(|&tensor| self.shape(tensor)).collect()
    }

    /// Shape of the input of node `node` (its first, when it has several).
    #[must_use]
    pub fn input_shape(&self, node: usize) -> Shape {
        self.shape(self.nodes[node].inputs[0])
    }

    /// Shape of the output.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.shape(self.nodes.len())
    }

    /// The features before the classifier: what the last global average pooling reads, seen through a dense layer behind it;
    /// where the output comes from no such pooling, what the last dense layer reads.
    #[must_use]
    pub fn features(&self) -> TensorId {
        let mut tensor = self.nodes.len();
        let mut has_passed_dense = false;
        while tensor != INPUT_TENSOR {
            let node = &self.nodes[tensor - 1];
            match node.op {
                Op::Dense(_) if !has_passed_dense => has_passed_dense = true,
                Op::Identity | Op::Dropout(_) => {}
                Op::GlobalAvgPool => return node.inputs[0],
                _ => break,
            }
            tensor = node.inputs[0];
        }
        tensor
    }

    /// Path and description of every parameter, in a fixed order: `conv1.weight`, `conv1.bias`, ….
    pub fn parameters(&self) -> impl Iterator<Item = (String, &Parameter)> {
        self.nodes.iter().flat_map(|node| {
            node.parameters
                .iter()
                .map(move |parameter| (format!("{}.{}", node.name, parameter.role.suffix()), parameter))
        })
    }
}

/// Whether a network may have so many layers.
pub(crate) const fn check_count(layers: usize) -> Result<(), NetworkError> {
    match layers {
        0 => Err(NetworkError::Empty),
        1..=MAX_LAYERS => Ok(()),
        count => Err(NetworkError::TooManyLayers(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2d, Dense, MetaConv2d, Pool};

    fn single(op: &str) -> Result<Shape, NetworkError> {
        let text = format!(r#"{{"input": [4, 9, 7], "layers": [{op}]}}"#);
        Network::from_json(&text).map(|network| network.resolve().unwrap().output())
    }

    #[test]
    fn features_stand_before_the_classifier() {
        let cases = [
            (
                r#"{"op": "relu"}, {"op": "global-avg-pool"}, {"op": "dropout"}, {"op": "dense", "out_features": 2}"#,
                1,
            ),
            (r#"{"op": "conv2d", "out_channels": 2, "kernel": 1}, {"op": "global-avg-pool"}"#, 1),
            (r#"{"op": "relu"}, {"op": "dropout"}, {"op": "dense", "out_features": 2}"#, 1),
            (r#"{"op": "dense", "out_features": 3}, {"op": "dense", "out_features": 2}"#, 1),
            (r#"{"op": "dense", "out_features": 2}"#, INPUT_TENSOR),
            (r#"{"op": "global-avg-pool"}, {"op": "relu"}"#, 2),
        ];
        for (layers, expected) in cases {
            let text = format!(r#"{{"input": [4, 9, 7], "layers": [{layers}]}}"#);
            assert_eq!(
                Network::from_json(&text).unwrap().resolve().unwrap().features(),
                expected,
                "{layers}"
            );
        }
    }

    #[test]
    fn shapes_follow_the_operators() {
        let cases = [
            // (9 + 2 − 3) / 2 + 1 = 5, (7 + 2 − 3) / 2 + 1 = 4
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 3, "stride": 2}"#, [8, 5, 4]),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": [3, 1], "padding": "valid"}"#, [8, 7, 7]),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 4}"#, [8, 9, 7]),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 3, "dilation": 2, "padding": 0}"#, [8, 5, 3]),
            (r#"{"op": "conv2d", "out_channels": 4, "kernel": 3, "groups": 4}"#, [4, 9, 7]),
            (r#"{"op": "max-pool", "kernel": 2}"#, [4, 4, 3]),
            (r#"{"op": "avg-pool", "kernel": 3, "stride": 2, "padding": "same"}"#, [4, 5, 4]),
            (r#"{"op": "global-avg-pool"}"#, [4, 1, 1]),
            (r#"{"op": "dense", "out_features": 10}"#, [10, 1, 1]),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 11}"#, [8, 9, 7]),
            (r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": [3, 5, 11], "stride": 2}"#, [8, 5, 4]),
            (
                r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": [1], "groups": 4, "bias": false}"#,
                [8, 9, 7],
            ),
            (r#"{"op": "layer-norm"}"#, [4, 9, 7]),
            (r#"{"op": "leaky-relu", "negative_slope": 0.2}"#, [4, 9, 7]),
            (r#"{"op": "channel-shuffle", "groups": 2}"#, [4, 9, 7]),
            (r#"{"op": "upsample", "factor": [1, 3]}"#, [4, 9, 21]),
            (r#"{"op": "downsample"}"#, [4, 5, 4]),
            (r#"{"op": "zero", "stride": 2}"#, [4, 5, 4]),
            (r#"{"op": "dropout"}"#, [4, 9, 7]),
            (r#"{"op": "multiply", "inputs": ["input", "input"]}"#, [4, 9, 7]),
            (r#"{"op": "mixture", "inputs": ["input", "input", "input"]}"#, [4, 9, 7]),
            (r#"{"op": "add", "inputs": ["input", "input"]}"#, [4, 9, 7]),
            (r#"{"op": "concat", "inputs": ["input", "input"]}"#, [8, 9, 7]),
        ];
        for (op, expected) in cases {
            assert_eq!(single(op), Ok(expected.into()), "{op}");
        }
    }

    #[test]
    fn one_pixel_gates_and_attention_read_other_layers() {
        let cases = [
            (
                r#"{"name": "gate", "op": "global-avg-pool"}, {"op": "multiply", "inputs": ["input", "gate"]}"#,
                [4, 9, 7],
            ),
            (
                r#"{"op": "conv2d", "out_channels": 12, "kernel": 1}, {"op": "attention", "heads": 2}"#,
                [4, 9, 7],
            ),
            (
                r#"{"op": "conv2d", "out_channels": 12, "kernel": 1}, {"op": "attention", "patch": [3, 7]}"#,
                [4, 9, 7],
            ),
        ];
        for (layers, expected) in cases {
            assert_eq!(single(layers), Ok(expected.into()), "{layers}");
        }
    }

    /// A series of length W is an image of height 1, and a one-dimensional kernel one of height 1.
    #[test]
    fn series_are_images_of_height_one() {
        let text = r#"{"input": [6, 1, 128], "layers": [
            {"op": "conv2d", "out_channels": 16, "kernel": [1, 5], "stride": [1, 2]},
            {"op": "max-pool", "kernel": [1, 2]},
            {"op": "conv2d", "out_channels": 32, "kernel": [1, 11], "groups": 2}]}"#;
        let graph = Network::from_json(text).unwrap().resolve().unwrap();
        let shapes: Vec<Shape> = graph.nodes.iter().map(|node| node.shape).collect();
        assert_eq!(shapes, [[16, 1, 64], [16, 1, 32], [32, 1, 32]].map(Shape::from));
        assert_eq!(graph.nodes[2].parameters[0].shape[..], [32, 8, 1, 11]);
    }

    #[test]
    fn unsound_layers_are_refused() {
        let cases = [
            (
                r#"{"op": "conv2d", "out_channels": 8, "kernel": 9, "padding": 0}"#,
                "kernel of 9×9 does not fit 4×9×7",
            ),
            (
                r#"{"op": "conv2d", "out_channels": 8, "kernel": 3, "groups": 3}"#,
                "3 groups must divide both 4",
            ),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 0}"#, "kernel is 0"),
            (r#"{"op": "conv2d", "out_channels": 8, "kernel": 3, "stride": 70000}"#, "stride is 70000"),
            (
                r#"{"op": "conv2d", "out_channels": 8, "kernel": 65536, "dilation": 65536}"#,
                "dilated kernel is",
            ),
            (
                r#"{"op": "conv2d", "out_channels": 65536, "kernel": 4001, "padding": "same"}"#,
                "elements in one tensor",
            ),
            (
                r#"{"op": "max-pool", "kernel": 2, "padding": 2}"#,
                "padding must be smaller than the pooling kernel",
            ),
            (r#"{"op": "relu", "inputs": ["input", "input"]}"#, "relu takes one input, not 2"),
            (r#"{"op": "add", "inputs": []}"#, "add takes at least one input, not 0"),
            (r#"{"name": "input", "op": "relu"}"#, "the name is taken"),
            (r#"{"op": "relu", "inputs": []}"#, "relu takes one input, not 0"),
            (r#"{"op": "multiply"}"#, "multiply takes two inputs, not 1"),
            (r#"{"op": "mixture", "inputs": []}"#, "mixture takes at least one input, not 0"),
            (
                r#"{"name": "a", "op": "downsample"}, {"op": "multiply", "inputs": ["a", "input"]}"#,
                "multiply cannot join 4×5×4 and 4×9×7: the second must have the shape of the first, or its channels",
            ),
            (
                r#"{"name": "a", "op": "downsample"}, {"op": "mixture", "inputs": ["a", "input"]}"#,
                "mixture cannot join 4×5×4 and 4×9×7: all shapes must be equal",
            ),
            (
                r#"{"op": "attention", "heads": 2}"#,
                "4 channels cannot be split into queries, keys and values of 2 heads: a multiple of 6 is needed",
            ),
            (r#"{"op": "attention", "heads": 0}"#, "heads is 0"),
            (
                r#"{"op": "conv2d", "out_channels": 3, "kernel": 1}, {"op": "attention", "patch": [3, 2]}"#,
                "7 columns cannot be split into patches of 2: use a patch that divides height and width",
            ),
            (
                r#"{"op": "upsample", "factor": 900}, {"op": "conv2d", "out_channels": 3, "kernel": 1, "stride": 30},
                {"op": "attention"}"#,
                "elements in one tensor",
            ),
            (
                r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": []}"#,
                "sizes are [], they must be one to 8 odd",
            ),
            (r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": [3, 4]}"#, "sizes are [3, 4]"),
            (r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": [5, 3]}"#, "such as [3, 5, 7]"),
            (
                r#"{"op": "meta-conv2d", "out_channels": 8, "sizes": [3], "kernel": 3}"#,
                "unknown field `kernel`",
            ),
            (r#"{"op": "channel-shuffle", "groups": 3}"#, "3 groups must divide both 4"),
            (r#"{"op": "channel-shuffle"}"#, "missing field `groups`"),
            (r#"{"op": "upsample", "factor": 0}"#, "factor is 0"),
            (r#"{"op": "upsample", "factor": 10000}"#, "height is 90000"),
            (r#"{"op": "downsample", "factor": 0}"#, "factor is 0"),
            (r#"{"op": "zero", "stride": 0}"#, "stride is 0"),
            (
                r#"{"op": "dropout", "probability": 1}"#,
                "probability is 1, it must be at least 0 and less than 1",
            ),
            (r#"{"op": "dropout", "probability": -0.5}"#, "probability is -0.5"),
            (r#"{"op": "leaky-relu", "negative_slope": -1}"#, "negative_slope is -1, it must be at least 0"),
            (r#"{"op": "layer-norm", "epsilon": 0}"#, "epsilon is 0, it must be positive and finite"),
            (r#"{"op": "silu", "beta": 2}"#, "unknown field `beta`: silu has no settings"),
        ];
        for (op, expected) in cases {
            let error = single(op).unwrap_err().to_string();
            assert!(error.contains(expected), "{op}\n  gave: {error}\n  expected: {expected}");
        }
    }

    #[test]
    fn mismatched_shapes_name_both() {
        let mut network = Network::new(Shape::new(1, 8, 8));
        network.push("small", Op::MaxPool(Pool::square(2)));
        network.push_reading("sum", Op::Add, &["input", "small"]);
        let error = network.resolve().unwrap_err().to_string();
        assert_eq!(error, "layer 'sum': add cannot join 1×8×8 and 1×4×4: all shapes must be equal");
    }

    #[test]
    fn parameters_have_paths_and_shapes() {
        let mut network = Network::new(Shape::new(4, 8, 8));
        network.push("conv", Op::Conv2d(Conv2d { groups: 2, ..Conv2d::square(6, 3) }));
        network.push("norm", Op::BatchNorm(crate::BatchNorm::default()));
        network.push("gap", Op::GlobalAvgPool);
        network.push("head", Op::Dense(Dense { out_features: 10, bias: true }));
        let graph = network.resolve().unwrap();
        let listed: Vec<_> =
            graph.parameters().map(|(path, parameter)| (path, parameter.shape.to_vec())).collect();
        let expected: [(&str, &[u32]); 8] = [
            ("conv.weight", &[6, 2, 3, 3]),
            ("conv.bias", &[6]),
            ("norm.weight", &[6]),
            ("norm.bias", &[6]),
            ("norm.running_mean", &[6]),
            ("norm.running_var", &[6]),
            ("head.weight", &[10, 6]),
            ("head.bias", &[10]),
        ];
        assert_eq!(listed, expected.map(|(path, shape)| (path.to_owned(), shape.to_vec())));
    }

    #[test]
    fn mixtures_have_a_parameter_for_each_part() {
        let mut network = Network::new(Shape::new(4, 8, 8));
        network.push("meta", Op::MetaConv2d(MetaConv2d { groups: 2, ..MetaConv2d::new(4, &[3, 5, 7]) }));
        network.push("norm", Op::LayerNorm(crate::LayerNorm::default()));
        network.push_reading("mixture", Op::Mixture, &["input", "norm"]);
        let graph = network.resolve().unwrap();
        let listed: Vec<_> =
            graph.parameters().map(|(path, parameter)| (path, parameter.shape.to_vec())).collect();
        let expected: [(&str, &[u32]); 6] = [
            ("meta.weight", &[4, 2, 7, 7]),
            ("meta.bias", &[4]),
            ("meta.alpha", &[3]),
            ("norm.weight", &[4]),
            ("norm.bias", &[4]),
            ("mixture.alpha", &[2]),
        ];
        assert_eq!(listed, expected.map(|(path, shape)| (path.to_owned(), shape.to_vec())));
        assert!(graph.parameters().all(|(_, parameter)| parameter.role.is_trainable()));
    }
}
