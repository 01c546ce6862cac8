//! Any operator with any settings on any small image: trained, or refused with a reason.

use std::collections::BTreeMap;

use nas_arch::{
    Attention, BatchNorm, ChannelShuffle, Conv2d, Dense, Dropout, Insets, LayerNorm, LeakyRelu, MetaConv2d,
    Network, Op, Padding, Pair, Pool, Recipe, Resample, Shape, Zero,
};
use nas_nn::{Event, SampleSizes, Samples, Split, Trainer};
use nas_numerics::Rng;

use crate::common::{next_event, recipe, seeds};

const NETWORKS: u64 = 3000;
const CLASSES: u32 = 2;
/// Little, so that what is large is refused and what is trained takes milliseconds.
const MEMORY_LIMIT: u64 = 1 << 20;

/// What settings are beyond reason.
const ABSURD: [u32; 6] = [0, 4097, 65_536, 65_537, u32::MAX / 2, u32::MAX];

struct Noise(SampleSizes);

impl Samples for Noise {
    fn sizes(&self) -> SampleSizes {
        self.0
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let mut rng = Rng::for_purpose(2, "noise", 0);
        images.fill_with(|| rng.normal());
        for (index, label) in indices.iter().zip(labels) {
            *label = index % CLASSES;
        }
    }
}

/// Often 1, seldom absurd.
fn size(rng: &mut Rng, largest: u32) -> u32 {
    if rng.happens(0.02) {
        *rng.choose(&ABSURD)
    } else if rng.happens(0.3) {
        1
    } else {
        1 + rng.below(largest)
    }
}

fn pair(rng: &mut Rng, largest: u32) -> Pair {
    Pair { vertical: size(rng, largest), horizontal: size(rng, largest) }
}

fn padding(rng: &mut Rng) -> Padding {
    let mut inset = || if rng.happens(0.5) { 0 } else { size(rng, 3) };
    let uneven = Padding::Explicit(Insets { top: inset(), left: inset(), bottom: inset(), right: inset() });
    *rng.choose(&[Padding::Same, Padding::Valid, uneven])
}

fn any_op(rng: &mut Rng, image: Shape) -> Op {
    let groups = |rng: &mut Rng| if rng.happens(0.3) { image.channels } else { size(rng, 3) };
    let pool = |rng: &mut Rng| {
        let (kernel, padding) = (pair(rng, 6), padding(rng));
        let stride = rng.happens(0.5).then(|| pair(rng, 4));
        Pool { kernel, stride, padding }
    };
    let ops = [
        Op::Conv2d(Conv2d {
            out_channels: size(rng, 4).saturating_mul(image.channels),
            kernel: pair(rng, 7),
            stride: pair(rng, 4),
            dilation: pair(rng, 3),
            padding: padding(rng),
            groups: groups(rng),
            bias: rng.happens(0.5),
        }),
        Op::MetaConv2d(MetaConv2d {
            stride: pair(rng, 4),
            dilation: pair(rng, 3),
            padding: padding(rng),
            groups: groups(rng),
            ..MetaConv2d::new(
                size(rng, 4).saturating_mul(image.channels),
                &[1, size(rng, 6).saturating_add(1)],
            )
        }),
        Op::MaxPool(pool(rng)),
        Op::AvgPool(pool(rng)),
        Op::GlobalAvgPool,
        Op::Dense(Dense { out_features: size(rng, 40), bias: rng.happens(0.5) }),
        Op::Attention(Attention { heads: size(rng, 3), patch: pair(rng, 3) }),
        Op::BatchNorm(BatchNorm::default()),
        Op::LayerNorm(LayerNorm::default()),
        Op::ChannelShuffle(ChannelShuffle { groups: groups(rng) }),
        Op::Upsample(Resample { factor: pair(rng, 3) }),
        Op::Downsample(Resample { factor: pair(rng, 7) }),
        Op::Zero(Zero { stride: pair(rng, 7), shape: None }),
        Op::Dropout(Dropout { probability: [0.0, 0.5, 0.99, 1.0][rng.below(4) as usize] }),
        Op::LeakyRelu(LeakyRelu { negative_slope: [0.0, 0.2, f32::NAN, -1.0][rng.below(4) as usize] }),
        Op::Relu,
        Op::Relu6,
        Op::Silu,
        Op::Gelu,
        Op::HardSwish,
        Op::HardSigmoid,
        Op::Sigmoid,
        Op::Tanh,
        Op::Identity,
        Op::Add,
        Op::Multiply,
        Op::Mixture,
        Op::Concat,
    ];
    rng.choose(&ops).clone()
}

/// A layer with weights, so that there is a way back, and any operator behind it.
fn any_network(rng: &mut Rng) -> (&'static str, Network) {
    let image = Shape::new(size(rng, 3), size(rng, 5), size(rng, 5));
    let mut network = Network::new(image);
    let channels = *rng.choose(&[1, 3, 6, 12]);
    let before = network.push("before", Op::Conv2d(Conv2d::square(channels, 1)));
    let op = any_op(rng, Shape { channels, ..image });
    let id = op.id();
    match op {
        Op::Add | Op::Concat | Op::Mixture | Op::Multiply => {
            network.push_reading("layer", op, &[&before, &before]);
        }
        _ => {
            network.push("layer", op);
        }
    }
    network.push("head", Op::Dense(Dense { out_features: CLASSES, bias: true }));
    (id, network)
}

/// Trains for an epoch; `Err` with the reason if the network is refused.
fn train(network: &Network, batch_size: u32) -> Result<(), String> {
    let graph = network.resolve().map_err(|error| error.to_string())?;
    let images = 2 * batch_size;
    let sizes =
        SampleSizes { image: graph.input, classes: CLASSES, train: images, validation: images + 1, test: 0 };
    let recipe = Recipe { batch_size, learning_rate: 1e-3, ..recipe() };
    let mut trainer =
        Trainer::new(&graph, &recipe, seeds(), sizes, MEMORY_LIMIT).map_err(|error| error.to_string())?;
    trainer.train_to(1).unwrap();
    match next_event(&mut trainer, &Noise(sizes), u64::MAX) {
        Event::EpochEnd { train, validation, .. } => {
            assert!(train.loss.is_finite() && validation.loss.is_finite());
            Ok(())
        }
        event => panic!("{event:?}"),
    }
}

#[test]
fn any_operator_on_any_image_is_trained_or_refused() {
    let mut trained: BTreeMap<&str, u32> = BTreeMap::new();
    let mut refused = 0;
    for index in 0..NETWORKS {
        let mut rng = Rng::for_purpose(1, "any shapes", index);
        let (id, network) = any_network(&mut rng);
        let batch_size = 1 + rng.below(3);
        let text = serde_json::to_string(&network).unwrap();
        let outcome = std::panic::catch_unwind(|| train(&network, batch_size));
        match outcome.unwrap_or_else(|_| panic!("network {index}, batches of {batch_size}: {text}")) {
            Ok(()) => *trained.entry(id).or_default() += 1,
            Err(reason) => {
                refused += 1;
                assert!(reason.len() > 20, "{reason}: {text}");
            }
        }
    }
    assert_eq!(trained.len(), 28, "{trained:?}");
    assert!(refused > NETWORKS / 20, "{refused}");
}
