use nas_arch::{Attention, Graph, Node, Op, Pair, Parameter, Shape};

/// Products of an activation matrix with a weight matrix, all of one size, as which a layer runs on an array.
///
/// # Shapes
/// `[pixels, depth] · [depth, outputs] = [pixels, outputs]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatrixProduct {
    /// How many there are.
    pub count: u64,
    /// Rows of the activation matrix: output pixels.
    pub pixels: u64,
    /// Products in each sum.
    pub depth: u64,
    /// Columns of the weight matrix: output channels.
    pub outputs: u64,
    /// Different activations that one of them reads; windows that overlap read the same ones, padding is none.
    pub activations: u64,
}

impl MatrixProduct {
    /// The products of a node; none if it has no multiply-accumulates (the table in the documentation of this crate).
    ///
    /// A convolution is one product for each of its groups: its activation matrix has the window of an output pixel in each
    /// row ("im2col"). Dilation and padding change no size. Attention is two products for each head and
    /// each group of pixels: scores, and sums of values.
    pub(super) fn of(graph: &Graph, index: usize) -> Vec<Self> {
        let node = &graph.nodes[index];
        let input = graph.input_shape(index);
        match &node.op {
            Op::Conv2d(conv) => vec![Self::convolution(node, input, conv.groups)],
            Op::MetaConv2d(meta) => vec![Self::convolution(node, input, meta.groups)],
            Op::Dense(dense) => vec![Self {
                count: 1,
                pixels: 1,
                depth: input.elements(),
                outputs: u64::from(dense.out_features),
                activations: input.elements(),
            }],
            Op::Attention(attention) => Self::attention(*attention, input).to_vec(),
            Op::BatchNorm(_)
            | Op::LayerNorm(_)
            | Op::Relu
            | Op::Relu6
            | Op::LeakyRelu(_)
            | Op::Silu
            | Op::Gelu
            | Op::HardSwish
            | Op::HardSigmoid
            | Op::Sigmoid
            | Op::Tanh
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool
            | Op::Add
            | Op::Multiply
            | Op::Mixture
            | Op::Concat
            | Op::ChannelShuffle(_)
            | Op::Upsample(_)
            | Op::Downsample(_)
            | Op::Dropout(_)
            | Op::Zero(_)
            | Op::Identity => Vec::new(),
        }
    }

    /// Multiply-accumulates of all of them.
    #[must_use]
    pub const fn macs(&self) -> u64 {
        self.count * self.pixels * self.depth * self.outputs
    }

    fn convolution(node: &Node, input: Shape, groups: u32) -> Self {
        let groups = u64::from(groups);
        let (pixels, depth) = (node.shape.pixels(), Parameter::fan_in(&node.parameters[0]));
        Self {
            count: groups,
            pixels,
            depth,
            outputs: u64::from(node.shape.channels) / groups,
            activations: (input.elements() / groups).min(pixels * depth),
        }
    }

    fn attention(attention: Attention, input: Shape) -> [Self; 2] {
        let Pair { vertical, horizontal } = attention.patch;
        let groups = u64::from(vertical) * u64::from(horizontal);
        let heads = u64::from(attention.heads);
        let tokens = input.pixels() / groups;
        let width = u64::from(input.channels) / (3 * heads);
        let product = |depth, outputs| Self {
            count: groups * heads,
            pixels: tokens,
            depth,
            outputs,
            activations: tokens * depth,
        };
        [product(width, tokens), product(tokens, width)]
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::NetworkCosts;

    fn last(input: &str, layer: &str) -> Vec<MatrixProduct> {
        let text = format!(r#"{{"input": {input}, "layers": [{layer}]}}"#);
        let graph = Network::from_json(&text).unwrap().resolve().unwrap();
        let products = MatrixProduct::of(&graph, 0);
        let macs: u64 = products.iter().map(MatrixProduct::macs).sum();
        assert_eq!(macs, NetworkCosts::of(&graph).unwrap().macs, "{layer}");
        products
    }

    #[test]
    fn sizes_by_hand() {
        // (input, layer, [count, pixels, depth, outputs, activations])
        let cases = [
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3}"#, [1, 30, 36, 8, 120]),
            // Stride 2 down, 3 across: 3×2 outputs.
            (
                "[4,6,5]",
                r#"{"op":"conv2d","out_channels":8,"kernel":[1,5],"stride":[2,3]}"#,
                [1, 6, 20, 8, 120],
            ),
            (
                "[4,6,5]",
                r#"{"op":"conv2d","out_channels":8,"kernel":3,"dilation":2,"padding":0}"#,
                [1, 2, 36, 8, 72],
            ),
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"groups":2}"#, [2, 30, 18, 4, 60]),
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":4,"kernel":3,"groups":4}"#, [4, 30, 9, 1, 30]),
            // A stride beyond the kernel: a quarter of the image is read.
            ("[4,6,6]", r#"{"op":"conv2d","out_channels":8,"kernel":1,"stride":2}"#, [1, 9, 4, 8, 36]),
            ("[4,6,5]", r#"{"op":"dense","out_features":10}"#, [1, 1, 120, 10, 120]),
            ("[4,6,5]", r#"{"op":"meta-conv2d","out_channels":8,"sizes":[1,3]}"#, [1, 30, 36, 8, 120]),
        ];
        for (input, layer, [count, pixels, depth, outputs, activations]) in cases {
            let expected = MatrixProduct { count, pixels, depth, outputs, activations };
            assert_eq!(last(input, layer), [expected], "{layer}");
        }
    }

    #[test]
    fn attention_is_two_products_for_each_head_and_group() {
        let [scores, values] = last("[12,6,4]", r#"{"op":"attention","heads":2,"patch":[2,1]}"#)[..] else {
            panic!("two products");
        };
        // 4 channels of queries in 2 heads; 24 pixels in 2 groups.
        let expected = MatrixProduct { count: 4, pixels: 12, depth: 2, outputs: 12, activations: 24 };
        assert_eq!(scores, expected);
        assert_eq!(values, MatrixProduct { depth: 12, outputs: 2, activations: 144, ..expected });
    }

    #[test]
    fn what_multiplies_nothing_is_none() {
        assert_eq!(last("[4,6,5]", r#"{"op":"relu"}"#), []);
        assert_eq!(last("[4,6,5]", r#"{"op":"global-avg-pool"}"#), []);
    }
}
