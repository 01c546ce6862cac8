use nas_arch::{Attention, Graph, Node, Op, Pair, Shape};

/// For each element: the sum for the mean, the distance from it, its square and their sum, the division by the deviation,
/// scale and shift.
const LAYER_NORM_FLOPS: u64 = 7;
/// For each score: its scaling, the comparison with the largest, the distance from it, the exponential, the sum, the
/// division.
const SOFTMAX_FLOPS: u64 = 6;

/// Work of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Operations {
    pub(crate) macs: u64,
    pub(crate) flops: u64,
}

impl Operations {
    /// Work of a layer as it is written, by the table in the documentation of this crate.
    ///
    /// No count overflows: a tensor and a kernel have at most 2^31 elements, a window 2^32, and all queries have at most
    /// 2^31 keys.
    pub(crate) fn of(graph: &Graph, index: usize) -> Self {
        let node = &graph.nodes[index];
        let outputs = node.shape.elements();
        let inputs = node.inputs.len() as u64;
        let points = |kernel: Pair| u64::from(kernel.vertical) * u64::from(kernel.horizontal);
        let without_macs = |flops| Self { macs: 0, flops };
        match &node.op {
            Op::Conv2d(conv) => Self::weighted(node, conv.bias),
            Op::MetaConv2d(meta) => Self::weighted(node, meta.bias),
            Op::Dense(dense) => Self::weighted(node, dense.bias),
            Op::Attention(attention) => Self::attention(*attention, graph.input_shape(index)),
            Op::BatchNorm(_) | Op::Relu6 | Op::LeakyRelu(_) => without_macs(2 * outputs),
            Op::LayerNorm(_) => without_macs(LAYER_NORM_FLOPS * outputs),
            Op::Relu | Op::Tanh | Op::Multiply => without_macs(outputs),
            Op::Sigmoid | Op::Silu | Op::HardSigmoid => without_macs(4 * outputs),
            Op::Gelu | Op::HardSwish => without_macs(5 * outputs),
            Op::MaxPool(pool) => without_macs((points(pool.kernel) - 1) * outputs),
            Op::AvgPool(pool) => without_macs(points(pool.kernel) * outputs),
            Op::GlobalAvgPool => without_macs(graph.input_shape(index).elements()),
            Op::Add => without_macs((inputs - 1) * outputs),
            Op::Mixture => without_macs((2 * inputs - 1) * outputs),
            Op::Concat
            | Op::ChannelShuffle(_)
            | Op::Upsample(_)
            | Op::Downsample(_)
            | Op::Dropout(_)
            | Op::Zero(_)
            | Op::Identity => without_macs(0),
        }
    }

    /// Each query meets each key of its group once for its score, and the key's value once for its output.
    fn attention(attention: Attention, input: Shape) -> Self {
        let Pair { vertical, horizontal } = attention.patch;
        let groups = u64::from(vertical) * u64::from(horizontal);
        let tokens = input.pixels() / groups;
        let pairs = groups * tokens * tokens;
        let macs = 2 * pairs * u64::from(input.channels / 3);
        Self { macs, flops: 2 * macs + SOFTMAX_FLOPS * pairs * u64::from(attention.heads) }
    }

    fn weighted(node: &Node, bias: bool) -> Self {
        let outputs = node.shape.elements();
        let macs = node.parameters[0].fan_in() * outputs;
        Self { macs, flops: 2 * macs + if bias { outputs } else { 0 } }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;

    fn last(input: &str, layers: &str) -> (u64, u64) {
        let network = Network::from_json(&format!(r#"{{"input": {input}, "layers": [{layers}]}}"#)).unwrap();
        let Operations { macs, flops } =
            Operations::of(&network.resolve().unwrap(), network.layers.len() - 1);
        (macs, flops)
    }

    #[test]
    fn each_operator_as_counted_by_hand() {
        // (input, layer, MACs, FLOPs)
        let cases = [
            // 8·4·3·3 weights on 6×5 outputs; a bias on 8·30.
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3}"#, 8640, 17_520),
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"bias":false}"#, 8640, 17_280),
            // Stride 2: 3×3 outputs.
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"stride":2,"bias":false}"#, 2592, 5184),
            // Stride 2 down, 3 across: 3×2 outputs; kernel 1×5.
            (
                "[4,6,5]",
                r#"{"op":"conv2d","out_channels":8,"kernel":[1,5],"stride":[2,3],"bias":false}"#,
                960,
                1920,
            ),
            // Dilation 2 without padding: (6 − 5 + 1)·(5 − 5 + 1) = 2 outputs.
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"dilation":2,"padding":0}"#, 576, 1168),
            // Two groups: half the weights.
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"groups":2,"bias":false}"#, 4320, 8640),
            // Depthwise: 4·3·3 weights; with a multiplier of 2 twice as many.
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":4,"kernel":3,"groups":4,"bias":false}"#, 1080, 2160),
            ("[4,6,5]", r#"{"op":"conv2d","out_channels":8,"kernel":3,"groups":4,"bias":false}"#, 2160, 4320),
            // 120 inputs to 10 outputs.
            ("[4,6,5]", r#"{"op":"dense","out_features":10}"#, 1200, 2410),
            ("[4,6,5]", r#"{"op":"dense","out_features":10,"bias":false}"#, 1200, 2400),
            ("[4,6,5]", r#"{"op":"batch-norm"}"#, 0, 240),
            ("[4,6,5]", r#"{"op":"relu"}"#, 0, 120),
            // 4·3·2 outputs of 4 points; 3 comparisons or 4 operations each.
            ("[4,6,5]", r#"{"op":"max-pool","kernel":2}"#, 0, 72),
            ("[4,6,5]", r#"{"op":"avg-pool","kernel":2}"#, 0, 96),
            // 4·3·3 outputs of 9 points.
            ("[4,6,5]", r#"{"op":"avg-pool","kernel":3,"stride":2,"padding":"same"}"#, 0, 324),
            ("[4,6,5]", r#"{"op":"global-avg-pool"}"#, 0, 120),
            ("[4,6,5]", r#"{"op":"add","inputs":["input","input","input"]}"#, 0, 240),
            ("[4,6,5]", r#"{"op":"concat","inputs":["input","input"]}"#, 0, 0),
            ("[4,6,5]", r#"{"op":"identity"}"#, 0, 0),
            // The convolution with the largest kernel.
            ("[4,6,5]", r#"{"op":"meta-conv2d","out_channels":8,"sizes":[1,3]}"#, 8640, 17_520),
            // 2·30²·2 MACs; 6 for each of 30² scores of one head, of two heads.
            ("[6,6,5]", r#"{"op":"attention"}"#, 3600, 7200 + 5400),
            ("[6,6,5]", r#"{"op":"attention","heads":2}"#, 3600, 7200 + 10_800),
            // Two groups of 15 pixels: half the pairs.
            ("[6,6,5]", r#"{"op":"attention","patch":[2,1]}"#, 1800, 3600 + 2700),
            ("[4,6,5]", r#"{"op":"layer-norm"}"#, 0, 840),
            ("[4,6,5]", r#"{"op":"relu6"}"#, 0, 240),
            ("[4,6,5]", r#"{"op":"leaky-relu"}"#, 0, 240),
            ("[4,6,5]", r#"{"op":"silu"}"#, 0, 480),
            ("[4,6,5]", r#"{"op":"gelu"}"#, 0, 600),
            ("[4,6,5]", r#"{"op":"hard-swish"}"#, 0, 600),
            ("[4,6,5]", r#"{"op":"hard-sigmoid"}"#, 0, 480),
            ("[4,6,5]", r#"{"op":"sigmoid"}"#, 0, 480),
            ("[4,6,5]", r#"{"op":"tanh"}"#, 0, 120),
            ("[4,6,5]", r#"{"op":"multiply","inputs":["input","input"]}"#, 0, 120),
            ("[4,6,5]", r#"{"op":"mixture","inputs":["input","input","input"]}"#, 0, 600),
            ("[4,6,5]", r#"{"op":"channel-shuffle","groups":2}"#, 0, 0),
            ("[4,6,5]", r#"{"op":"upsample"}"#, 0, 0),
            ("[4,6,5]", r#"{"op":"downsample"}"#, 0, 0),
            ("[4,6,5]", r#"{"op":"dropout"}"#, 0, 0),
            ("[4,6,5]", r#"{"op":"zero"}"#, 0, 0),
        ];
        for (input, layer, macs, flops) in cases {
            assert_eq!(last(input, layer), (macs, flops), "{layer}");
        }
    }
}
