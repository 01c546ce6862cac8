//! Networks drawn at random, for the tests of the plan and for the comparison with `PyTorch`
//! (`tests/goldens/generators/random_networks.py`).

use nas_arch::{
    Attention, BatchNorm, ChannelShuffle, Conv2d, Dense, Dropout, Insets, LayerNorm, LeakyRelu, MetaConv2d,
    Network, Op, Padding, Pair, Pool, Resample, Shape, Zero,
};
use nas_numerics::Rng;

/// Outputs of every random network.
pub(crate) const CLASSES: u32 = 3;

const META_SIZES: [&[u32]; 3] = [&[1, 3], &[3], &[1, 3, 5]];

/// A network of every kind of operator, reading layers at random; what would be unsound is left out.
pub(crate) fn random_network(seed: u32, index: u64) -> Network {
    let mut rng = Rng::for_purpose(seed, "random networks", index);
    let mut network = Network::new(Shape::new(1 + rng.below(3), 1 + rng.below(8), 1 + rng.below(8)));
    for layer in 0..2 + rng.below(14) {
        let shapes = shapes(&network);
        // Mostly the newest, so that there are chains.
        let first = if rng.happens(0.6) { shapes.len() - 1 } else { rng.below(shapes.len() as u32) as usize };
        let op = random_op(&mut rng, shapes[first].1);
        let mut inputs = vec![shapes[first].0.clone()];
        match op {
            Op::Add | Op::Concat | Op::Mixture => {
                for _ in 0..rng.below(4) {
                    inputs.push(rng.choose(&shapes).0.clone());
                }
            }
            // A factor of the same shape, or one number for each channel.
            Op::Multiply => inputs.push(rng.choose(&shapes).0.clone()),
            _ => {}
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        network.push_reading(format!("layer{layer}"), op, &inputs);
        if network.resolve().is_err() {
            network.layers.pop();
        }
    }
    network.push("head", Op::Dense(Dense { out_features: CLASSES, bias: true }));
    if rng.happens(0.2) {
        network.push(
            "after",
            [Op::Relu, Op::Identity, Op::BatchNorm(BatchNorm::default())][rng.below(3) as usize].clone(),
        );
    }
    network
}

/// Name and shape of the input and of every layer.
fn shapes(network: &Network) -> Vec<(String, Shape)> {
    let mut shapes = vec![(nas_arch::INPUT_NAME.to_owned(), network.input)];
    if let Ok(graph) = network.resolve() {
        shapes.extend(graph.nodes.into_iter().map(|node| (node.name, node.shape)));
    }
    shapes
}

fn random_op(rng: &mut Rng, input: Shape) -> Op {
    let kernel = Pair { vertical: 1 + rng.below(3), horizontal: 1 + rng.below(3) };
    let uneven = Padding::Explicit(Insets { top: 0, left: 1, bottom: 1, right: 0 });
    let padding = *rng.choose(&[Padding::Same, Padding::Same, Padding::Valid, uneven]);
    let stride = Pair { vertical: 1 + rng.below(2), horizontal: 1 + rng.below(2) };
    let pool = Pool { kernel, stride: Some(stride), padding };
    match rng.below(19) {
        0..=2 => {
            let groups = if rng.happens(0.3) { input.channels } else { 1 };
            Op::Conv2d(Conv2d {
                out_channels: groups * (1 + rng.below(4)),
                kernel,
                stride,
                dilation: Pair::square(1 + rng.below(2)),
                padding,
                groups,
                bias: rng.happens(0.5),
            })
        }
        3 => Op::BatchNorm(BatchNorm::default()),
        4 | 5 => Op::Relu,
        6 => Op::MaxPool(pool),
        7 => Op::AvgPool(pool),
        8 => [Op::Identity, Op::GlobalAvgPool, Op::Dense(Dense { out_features: 2, bias: false })]
            [rng.below(3) as usize]
            .clone(),
        9 | 10 => Op::Add,
        11 => Op::Concat,
        12 | 13 => rng
            .choose(&[
                Op::Relu6,
                Op::LeakyRelu(LeakyRelu { negative_slope: 0.2 }),
                Op::Silu,
                Op::Gelu,
                Op::HardSwish,
                Op::HardSigmoid,
                Op::Sigmoid,
                Op::Tanh,
            ])
            .clone(),
        14 => Op::LayerNorm(LayerNorm::default()),
        15 => rng
            .choose(&[
                Op::ChannelShuffle(ChannelShuffle { groups: input.channels }),
                Op::Upsample(Resample { factor: stride }),
                Op::Downsample(Resample { factor: stride }),
                Op::Dropout(Dropout { probability: 0.3 }),
                Op::Zero(Zero { stride, shape: None }),
            ])
            .clone(),
        16 => Op::Multiply,
        17 => Op::Mixture,
        _ if input.channels.is_multiple_of(3) => {
            let patch = Pair { vertical: 1 + rng.below(2), horizontal: 1 + rng.below(2) };
            Op::Attention(Attention { heads: 1 + rng.below(2), patch })
        }
        _ => {
            let groups = if rng.happens(0.3) { input.channels } else { 1 };
            let sizes = *rng.choose(&META_SIZES);
            Op::MetaConv2d(MetaConv2d { groups, ..MetaConv2d::new(3 * groups, sizes) })
        }
    }
}
