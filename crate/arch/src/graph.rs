use std::collections::BTreeMap;

use crate::{
    Conv2d, INPUT_NAME, Insets, Layer, MAX_DIMENSION, MAX_ELEMENTS, MAX_LAYERS, Network, NetworkError, Op,
    Pair, Parameter, Pool, Shape,
};

/// A tensor of a graph: 0 is the input, `i + 1` the output of node `i`.
pub type TensorId = usize;

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
    pub inputs: Vec<TensorId>,
    /// Shape of its output.
    pub shape: Shape,
    /// Its parameters, in a fixed order.
    pub parameters: Vec<Parameter>,
}

impl Graph {
    pub(crate) fn new(network: &Network) -> Result<Self, NetworkError> {
        match network.layers.len() {
            0 => return Err(NetworkError::Empty),
            1..=MAX_LAYERS => {}
            count => return Err(NetworkError::TooManyLayers(count)),
        }
        check_tensor(INPUT_NAME, network.input)?;
        let mut tensors = BTreeMap::from([(INPUT_NAME, INPUT_TENSOR)]);
        let mut graph = Self { input: network.input, nodes: Vec::with_capacity(network.layers.len()) };
        for (index, layer) in network.layers.iter().enumerate() {
            let node = graph.node(layer, &tensors)?;
            if tensors.insert(&layer.name, index + 1).is_some() {
                return Err(NetworkError::NameTaken(layer.name.clone()));
            }
            graph.nodes.push(node);
        }
        Ok(graph)
    }

    /// Shape of a tensor.
    #[must_use]
    pub fn shape(&self, tensor: TensorId) -> Shape {
        tensor.checked_sub(1).map_or(self.input, |node| self.nodes[node].shape)
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

    /// Path and description of every parameter, in a fixed order: `conv1.weight`, `conv1.bias`, ….
    pub fn parameters(&self) -> impl Iterator<Item = (String, &Parameter)> {
        self.nodes.iter().flat_map(|node| {
            node.parameters
                .iter()
                .map(move |parameter| (format!("{}.{}", node.name, parameter.role.suffix()), parameter))
        })
    }

    fn node(&self, layer: &Layer, tensors: &BTreeMap<&str, TensorId>) -> Result<Node, NetworkError> {
        let unknown =
            |input: &String| NetworkError::UnknownInput { layer: layer.name.clone(), input: input.clone() };
        let inputs = layer
            .inputs
            .iter()
            .map(|input| tensors.get(input.as_str()).copied().ok_or_else(|| unknown(input)))
            .collect::<Result<Vec<_>, _>>()?;
        let shapes: Vec<Shape> = inputs.iter().map(|&tensor| self.shape(tensor)).collect();
        let shape = output_shape(layer, &shapes)?;
        check_tensor(&layer.name, shape)?;
        let parameters = layer.op.parameters(shapes[0]);
        for parameter in &parameters {
            check_elements(&layer.name, parameter.elements())?;
        }
        Ok(Node { name: layer.name.clone(), op: layer.op.clone(), inputs, shape, parameters })
    }
}

/// Shape of a layer's output behind inputs of these shapes.
fn output_shape(layer: &Layer, inputs: &[Shape]) -> Result<Shape, NetworkError> {
    let count_error = |expected| {
        let (layer, op) = (layer.name.clone(), layer.op.id());
        NetworkError::InputCount { layer, op, expected, found: inputs.len() }
    };
    let Some(&first) = inputs.first() else { return Err(count_error("at least one input")) };
    if inputs.len() > 1 && !matches!(layer.op, Op::Add | Op::Concat) {
        return Err(count_error("one input"));
    }
    let all_share =
        |rule, agree: fn(Shape, Shape) -> bool| match inputs.iter().find(|&&other| !agree(first, other)) {
            None => Ok(()),
            Some(&other) => {
                let (layer, op) = (layer.name.clone(), layer.op.id());
                Err(NetworkError::ShapeMismatch { layer, op, first, other, rule })
            }
        };
    match &layer.op {
        Op::Conv2d(conv) => conv_shape(&layer.name, conv, first),
        Op::MaxPool(pool) | Op::AvgPool(pool) => pool_shape(&layer.name, pool, first),
        Op::GlobalAvgPool => Ok(Shape::new(first.channels, 1, 1)),
        Op::Dense(dense) => {
            check_size(&layer.name, "out_features", dense.out_features)?;
            Ok(Shape::new(dense.out_features, 1, 1))
        }
        Op::Add => all_share("all shapes must be equal", |a, b| a == b).map(|()| first),
        Op::Concat => {
            all_share("height and width must be equal", |a, b| (a.height, a.width) == (b.height, b.width))?;
            let channels: u64 = inputs.iter().map(|shape| u64::from(shape.channels)).sum();
            let channels = u32::try_from(channels).unwrap_or(u32::MAX);
            check_size(&layer.name, "number of channels", channels)?;
            Ok(Shape { channels, ..first })
        }
        Op::BatchNorm(_) | Op::Relu | Op::Identity => Ok(first),
    }
}

fn conv_shape(layer: &str, conv: &Conv2d, input: Shape) -> Result<Shape, NetworkError> {
    check_size(layer, "out_channels", conv.out_channels)?;
    check_size(layer, "groups", conv.groups)?;
    check_pair(layer, "dilation", conv.dilation)?;
    check_window(layer, conv.kernel, conv.stride)?;
    if !input.channels.is_multiple_of(conv.groups) || !conv.out_channels.is_multiple_of(conv.groups) {
        let (layer, groups) = (layer.to_owned(), conv.groups);
        return Err(NetworkError::Groups {
            layer,
            groups,
            inputs: input.channels,
            outputs: conv.out_channels,
        });
    }
    check_window_reach(layer, conv.kernel, conv.dilation)?;
    let insets = conv.padding.insets(conv.kernel, conv.dilation);
    check_insets(layer, insets)?;
    let (height, width) = windows(layer, input, conv.kernel, conv.dilation, conv.stride, insets)?;
    Ok(Shape::new(conv.out_channels, height, width))
}

fn pool_shape(layer: &str, pool: &Pool, input: Shape) -> Result<Shape, NetworkError> {
    check_window(layer, pool.kernel, pool.stride())?;
    let insets = pool.padding.insets(pool.kernel, Pair::ONE);
    check_insets(layer, insets)?;
    if insets.top.max(insets.bottom) >= pool.kernel.vertical
        || insets.left.max(insets.right) >= pool.kernel.horizontal
    {
        return Err(NetworkError::PaddingTooLarge {
            layer: layer.to_owned(),
            kernel: pool.kernel.to_string(),
        });
    }
    let (height, width) = windows(layer, input, pool.kernel, Pair::ONE, pool.stride(), insets)?;
    Ok(Shape::new(input.channels, height, width))
}

/// Number of windows vertically and horizontally.
fn windows(
    layer: &str,
    input: Shape,
    kernel: Pair,
    dilation: Pair,
    stride: Pair,
    insets: Insets,
) -> Result<(u32, u32), NetworkError> {
    let count = |size: u32, added: u32, kernel: u32, dilation: u32, stride: u32| {
        (size + added).checked_sub(dilation * (kernel - 1) + 1).map(|room| room / stride + 1)
    };
    let (Some(height), Some(width)) = (
        count(input.height, insets.top + insets.bottom, kernel.vertical, dilation.vertical, stride.vertical),
        count(
            input.width,
            insets.left + insets.right,
            kernel.horizontal,
            dilation.horizontal,
            stride.horizontal,
        ),
    ) else {
        return Err(NetworkError::KernelTooLarge {
            layer: layer.to_owned(),
            kernel: kernel.to_string(),
            input,
        });
    };
    Ok((height, width))
}

fn check_window(layer: &str, kernel: Pair, stride: Pair) -> Result<(), NetworkError> {
    check_pair(layer, "kernel", kernel)?;
    check_pair(layer, "stride", stride)
}

fn check_window_reach(layer: &str, kernel: Pair, dilation: Pair) -> Result<(), NetworkError> {
    let reach = |kernel: u32, dilation: u32| u64::from(dilation) * u64::from(kernel - 1) + 1;
    let largest =
        reach(kernel.vertical, dilation.vertical).max(reach(kernel.horizontal, dilation.horizontal));
    check_size(layer, "dilated kernel", u32::try_from(largest).unwrap_or(u32::MAX))
}

fn check_insets(layer: &str, insets: Insets) -> Result<(), NetworkError> {
    [insets.top, insets.left, insets.bottom, insets.right]
        .into_iter()
        .try_for_each(|size| if size == 0 { Ok(()) } else { check_size(layer, "padding", size) })
}

fn check_pair(layer: &str, what: &'static str, pair: Pair) -> Result<(), NetworkError> {
    check_size(layer, what, pair.vertical)?;
    check_size(layer, what, pair.horizontal)
}

fn check_size(layer: &str, what: &'static str, value: u32) -> Result<(), NetworkError> {
    if (1..=MAX_DIMENSION).contains(&value) {
        Ok(())
    } else {
        Err(NetworkError::Size { layer: layer.to_owned(), what, value })
    }
}

fn check_tensor(layer: &str, shape: Shape) -> Result<(), NetworkError> {
    check_size(layer, "number of channels", shape.channels)?;
    check_size(layer, "height", shape.height)?;
    check_size(layer, "width", shape.width)?;
    check_elements(layer, shape.elements())
}

fn check_elements(layer: &str, elements: u64) -> Result<(), NetworkError> {
    if elements <= MAX_ELEMENTS {
        Ok(())
    } else {
        Err(NetworkError::TooLarge { layer: layer.to_owned(), elements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dense;

    fn single(op: &str) -> Result<Shape, NetworkError> {
        let text = format!(r#"{{"input": [4, 9, 7], "layers": [{op}]}}"#);
        Network::from_json(&text).map(|network| network.resolve().unwrap().output())
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
            (r#"{"op": "add", "inputs": ["input", "input"]}"#, [4, 9, 7]),
            (r#"{"op": "concat", "inputs": ["input", "input"]}"#, [8, 9, 7]),
        ];
        for (op, expected) in cases {
            assert_eq!(single(op), Ok(expected.into()), "{op}");
        }
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
            graph.parameters().map(|(path, parameter)| (path, parameter.shape.clone())).collect();
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
}
