//! Networks put together layer by layer and block by block.

use crate::graph::check_count;
use crate::{
    BatchNorm, Conv2d, Dense, Graph, INPUT_TENSOR, Inputs, Network, NetworkError, Op, Pair, Pool, Shape,
    TensorId,
};

/// Room that is made at once: most networks of the search spaces have fewer layers.
const USUAL_LAYERS: usize = 64;

/// Builds a network: it knows the newest tensor, which the next layer reads, and every shape.
///
/// The methods that add a whole block stand in `blocks`; each names its layers `name.part` and returns the tensor
/// that the block ends with. What fits at any size of the image:
///
/// - convolutions, with whatever stride: their padding is "same" unless it is set;
/// - pools: a window larger than the image is **clamped** to it;
/// - attention by patches: a patch that does not divide the image is **clamped** to the largest that does;
/// - shortcuts: where shapes differ there is none, or a convolution, as the block says.
///
/// All else that does not fit (a kernel without padding, channels that heads or groups do not divide, a tensor
/// that is too large) is **refused**: the first such layer and all behind it are left out, and
/// [`NetworkBuilder::finish`] returns its error.
#[derive(Debug, Clone)]
pub struct NetworkBuilder {
    graph: Graph,
    newest: TensorId,
    failure: Option<NetworkError>,
}

/// What stands around the convolutions of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether convolutions have a bias.
    pub bias: bool,
    /// Whether a batch normalization stands behind each.
    pub norm: bool,
    /// What stands behind that.
    pub activation: Option<Activation>,
}

/// A function of each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of `Op`")]
pub enum Activation {
    Relu,
    Relu6,
    Silu,
    Gelu,
    HardSwish,
    HardSigmoid,
    Sigmoid,
    Tanh,
}

impl Style {
    /// Batch normalization and no bias, which would have no effect before it.
    #[must_use]
    pub const fn normalized(activation: Activation) -> Self {
        Self { bias: false, norm: true, activation: Some(activation) }
    }

    /// A bias and no normalization.
    #[must_use]
    pub const fn plain(activation: Activation) -> Self {
        Self { bias: true, norm: false, activation: Some(activation) }
    }

    /// The same without an activation.
    #[must_use]
    pub const fn linear(self) -> Self {
        Self { activation: None, ..self }
    }
}

impl Activation {
    /// The operator.
    #[must_use]
    pub const fn op(self) -> Op {
        match self {
            Self::Relu => Op::Relu,
            Self::Relu6 => Op::Relu6,
            Self::Silu => Op::Silu,
            Self::Gelu => Op::Gelu,
            Self::HardSwish => Op::HardSwish,
            Self::HardSigmoid => Op::HardSigmoid,
            Self::Sigmoid => Op::Sigmoid,
            Self::Tanh => Op::Tanh,
        }
    }
}

impl NetworkBuilder {
    /// A network without layers.
    #[must_use]
    pub fn new(input: Shape) -> Self {
        // Blocks compute with the shapes: behind an input that cannot be, they do so with the smallest.
        let smallest = || Graph { input: Shape::new(1, 1, 1), nodes: Vec::new() };
        let (graph, failure) = match Graph::with_capacity(input, USUAL_LAYERS) {
            Ok(graph) => (graph, None),
            Err(error) => (smallest(), Some(error)),
        };
        Self { graph, newest: INPUT_TENSOR, failure }
    }

    /// The tensor that the next layer reads.
    #[must_use]
    pub const fn newest(&self) -> TensorId {
        self.newest
    }

    /// Shape of the tensor that the next layer reads.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape_of(self.newest)
    }

    /// Shape of a tensor.
    ///
    /// # Panics
    /// If the tensor is not of this builder.
    #[must_use]
    pub fn shape_of(&self, tensor: TensorId) -> Shape {
        self.graph.shape(tensor)
    }

    /// Lets the next layer read an earlier tensor: the beginning of another branch.
    pub const fn continue_from(&mut self, tensor: TensorId) {
        self.newest = tensor;
    }

    /// Adds a layer that reads the newest tensor.
    pub fn push(&mut self, name: impl Into<String>, op: Op) -> TensorId {
        self.push_reading(name, op, &[self.newest])
    }

    /// Adds a layer that reads these tensors.
    ///
    /// # Panics
    /// If a tensor is not of this builder.
    pub fn push_reading(&mut self, name: impl Into<String>, op: Op, inputs: &[TensorId]) -> TensorId {
        if self.failure.is_some() {
            return self.newest;
        }
        match self.graph.push(name.into(), op, Inputs::from_slice(inputs)) {
            Ok(()) => self.newest = self.graph.nodes.len(),
            Err(error) => self.failure = Some(error),
        }
        self.newest
    }

    /// The network, resolved. It is sound if no two layers have one name.
    ///
    /// # Errors
    /// If the input cannot be, a layer did not fit, or there are none or too many.
    pub fn graph(self) -> Result<Graph, NetworkError> {
        self.failure.map_or(Ok(()), Err)?;
        check_count(self.graph.nodes.len())?;
        Ok(self.graph)
    }

    /// The network.
    ///
    /// # Errors
    /// As [`Self::graph`].
    pub fn finish(self) -> Result<Network, NetworkError> {
        self.graph().map(|graph| graph.network())
    }
}

/// What all blocks consist of.
impl NetworkBuilder {
    /// Convolution, normalization (`name.norm`) and activation (`name.act`); the bias is that of the style.
    ///
    /// # Shapes
    /// `C×H×W` to `out_channels × ⌈H / stride⌉ × ⌈W / stride⌉` where the padding is "same".
    pub fn conv(&mut self, name: &str, conv: Conv2d, style: Style) -> TensorId {
        self.push(name, Op::Conv2d(Conv2d { bias: style.bias, ..conv }));
        self.norm_and_activation(name, style)
    }

    /// Convolution of each channel by itself, normalization (`name.norm`) and activation (`name.act`).
    ///
    /// # Shapes
    /// `C×H×W` to `C × ⌈H / stride⌉ × ⌈W / stride⌉`.
    pub fn depthwise(&mut self, name: &str, kernel: Pair, stride: Pair, style: Style) -> TensorId {
        let channels = self.shape().channels;
        self.conv(name, Conv2d { stride, groups: channels, ..Conv2d::new(channels, kernel) }, style)
    }

    /// Normalization (`name.norm`) and activation (`name.act`) of the newest tensor.
    ///
    /// # Shapes
    /// They stay.
    pub fn norm_and_activation(&mut self, name: &str, style: Style) -> TensorId {
        if style.norm {
            self.push(format!("{name}.norm"), Op::BatchNorm(BatchNorm::default()));
        }
        if let Some(activation) = style.activation {
            self.push(format!("{name}.act"), activation.op());
        }
        self.newest
    }

    /// A pool, `Op::MaxPool` or `Op::AvgPool`, whose window is clamped to the padded image.
    ///
    /// # Shapes
    /// `C×H×W` to `C × ⌊(H − kernel) / stride⌋ + 1 × ⌊(W − kernel) / stride⌋ + 1` without padding.
    pub fn pool(&mut self, name: impl Into<String>, op: fn(Pool) -> Op, pool: Pool) -> TensorId {
        let Shape { height, width, .. } = self.shape();
        let insets = pool.padding.insets(pool.kernel, Pair::ONE);
        let kernel = Pair {
            vertical: pool.kernel.vertical.min(height + insets.top + insets.bottom),
            horizontal: pool.kernel.horizontal.min(width + insets.left + insets.right),
        };
        self.push(name, op(Pool { kernel, ..pool }))
    }

    /// The mean of each channel (`mean`), then a dense layer (`classifier`).
    ///
    /// # Shapes
    /// `C×H×W` to `classes×1×1`.
    pub fn classifier(&mut self, classes: u32) -> TensorId {
        self.push("mean", Op::GlobalAvgPool);
        self.push("classifier", Op::Dense(Dense { out_features: classes, bias: true }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;

    fn operators(network: &Network) -> Vec<&'static str> {
        network.layers.iter().map(|layer| layer.op.id()).collect()
    }

    #[test]
    fn the_graph_is_that_of_the_network() {
        let mut builder = NetworkBuilder::new(Shape::new(3, 9, 7));
        let stem = Conv2d { stride: Pair::square(2), ..Conv2d::square(8, 3) };
        builder.conv("stem", stem, Style::normalized(Activation::Relu));
        builder.depthwise(
            "mix",
            Pair { vertical: 1, horizontal: 5 },
            Pair::ONE,
            Style::plain(Activation::Silu),
        );
        builder.pool("pool", Op::MaxPool, Pool::square(2));
        builder.classifier(10);
        let graph = builder.graph().unwrap();
        let network = graph.network();
        assert_eq!(network.resolve().unwrap(), graph);
        assert_eq!(
            operators(&network),
            ["conv2d", "batch-norm", "relu", "conv2d", "silu", "max-pool", "global-avg-pool", "dense"]
        );
        let bias = |layer: usize| matches!(network.layers[layer].op, Op::Conv2d(Conv2d { bias: true, .. }));
        assert!(!bias(0) && bias(3));
    }

    #[test]
    fn a_branch_begins_at_an_earlier_tensor() {
        let mut builder = NetworkBuilder::new(Shape::new(3, 4, 4));
        let left = builder.push("left", Op::Relu);
        builder.continue_from(INPUT_TENSOR);
        let right = builder.push("right", Op::Tanh);
        builder.push_reading("both", Op::Concat, &[left, right]);
        assert_eq!(builder.shape(), Shape::new(6, 4, 4));
        assert_eq!(builder.finish().unwrap().layers[1].inputs, ["input"]);
    }

    #[test]
    fn pools_are_clamped_to_the_image() {
        // (image, pool, expected kernel, expected height and width)
        let wide = Pair { vertical: 1, horizontal: 2 };
        let overlapping = Pool { stride: Some(Pair::square(2)), ..Pool::square(3) };
        let padded = Pool { padding: Padding::Same, ..overlapping };
        let cases = [
            ([1, 5], Pool::square(2), wide, [1, 2]),
            ([2, 2], overlapping, Pair::square(2), [1, 1]),
            ([1, 1], padded, Pair::square(3), [1, 1]),
        ];
        for ([height, width], pool, kernel, expected) in cases {
            let mut builder = NetworkBuilder::new(Shape::new(1, height, width));
            builder.pool("pool", Op::AvgPool, pool);
            assert_eq!([builder.shape().height, builder.shape().width], expected);
            let network = builder.finish().unwrap();
            assert!(
                matches!(network.layers[0].op, Op::AvgPool(pool) if pool.kernel == kernel),
                "{network:?}"
            );
        }
    }

    #[test]
    fn an_input_that_cannot_be_is_told() {
        for input in [Shape::new(0, 8, 8), Shape::new(3, u32::MAX, u32::MAX), Shape::new(65_536, 65_536, 1)] {
            let mut builder = NetworkBuilder::new(input);
            builder.pool("pool", Op::MaxPool, Pool::square(2));
            builder.classifier(10);
            let error = builder.finish().unwrap_err().to_string();
            assert!(error.starts_with("layer 'input': "), "{error}");
        }
    }

    #[test]
    fn the_first_layer_that_does_not_fit_is_told() {
        let mut builder = NetworkBuilder::new(Shape::new(1, 4, 4));
        let valid = |kernel| Conv2d { padding: Padding::Valid, ..Conv2d::square(8, kernel) };
        builder.conv("fits", valid(3), Style::plain(Activation::Relu));
        builder.conv("reaches-out", valid(3), Style::plain(Activation::Relu));
        builder.conv("behind", valid(9), Style::plain(Activation::Relu));
        let error = builder.finish().unwrap_err().to_string();
        assert!(error.starts_with("layer 'reaches-out': a kernel of 3×3 does not fit 8×2×2"), "{error}");
    }
}
