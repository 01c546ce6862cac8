//! Plans of random networks: what shares memory never meets, and sharing changes nothing.

use nas_arch::{
    Attention, BatchNorm, ChannelShuffle, Conv2d, Dense, Dropout, LayerNorm, LeakyRelu, MetaConv2d, Network,
    Op, Optimizer, Padding, Pair, Pool, Resample, Shape, Zero,
};
use nas_numerics::{Rng, sha256};

use super::*;
use crate::initialize::initialize;
use crate::optimizer::OptimizerState;
use crate::{SampleSizes, Samples, Split};

const NETWORKS: u64 = 300;
const BATCH: u32 = 3;
const CLASSES: u32 = 3;
const TRAINING: Mode = Mode::Training { label_smoothing: 0.1 };

/// A network of every kind of operator, reading layers at random; what would be unsound is left out.
fn random_network(index: u64) -> Network {
    let mut rng = Rng::for_purpose(1, "random networks", index);
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
    let padding = *rng.choose(&[Padding::Same, Padding::Valid]);
    let pool = Pool { kernel, stride: Some(Pair::square(1 + rng.below(2))), padding };
    match rng.below(18) {
        0..=2 => {
            let groups = if rng.happens(0.3) { input.channels } else { 1 };
            Op::Conv2d(Conv2d {
                out_channels: groups * (1 + rng.below(4)),
                kernel,
                stride: Pair::square(1 + rng.below(2)),
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
        12 => rng
            .choose(&[
                Op::Relu6,
                Op::LeakyRelu(LeakyRelu::default()),
                Op::Silu,
                Op::Gelu,
                Op::HardSwish,
                Op::HardSigmoid,
                Op::Sigmoid,
                Op::Tanh,
            ])
            .clone(),
        13 => Op::LayerNorm(LayerNorm::default()),
        14 => rng
            .choose(&[
                Op::ChannelShuffle(ChannelShuffle { groups: input.channels }),
                Op::Upsample(Resample::default()),
                Op::Downsample(Resample::default()),
                Op::Dropout(Dropout { probability: 0.3 }),
                Op::Zero(Zero::default()),
            ])
            .clone(),
        15 => Op::Multiply,
        16 => Op::Mixture,
        // Unsound unless there are three parts.
        _ if rng.happens(0.5) => Op::Attention(Attention { heads: 1, patch: Pair::ONE }),
        _ => Op::MetaConv2d(MetaConv2d::new(3, &[1, 3])),
    }
}

/// A plan in which no two buffers share memory; with `reuse`, layers are still fused and values overwritten in place.
fn distinct(graph: &Graph, layout: &ParameterLayout, mode: Mode, reuse: bool) -> Plan {
    let mut lowering = Lowering::new(graph, layout, BATCH, mode);
    lowering.reuse = reuse;
    let one_after_the_other = |buffers: &[Buffer], lens: &[u64], _: &[Lifetime]| {
        let mut ends = [0, 0];
        let place = |(buffer, len): (&Buffer, &u64)| {
            let end = &mut ends[buffer.element as usize];
            *end += len;
            *end - len
        };
        (buffers.iter().zip(lens).map(place).collect(), ends)
    };
    Plan::assemble(lowering.run().unwrap(), u64::from(BATCH), one_after_the_other)
}

struct Noise(Shape);

impl Samples for Noise {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { image: self.0, classes: CLASSES, train: BATCH, validation: BATCH, test: 0 }
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let mut rng = Rng::for_purpose(2, "noise", 0);
        images.fill_with(|| rng.normal());
        labels.copy_from_slice(indices);
    }
}

/// Runs the plan twice (an arena full of NaN before each) and returns losses, parameters and statistics.
fn run(graph: &Graph, layout: &ParameterLayout, plan: &Plan) -> Vec<f32> {
    let rule = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.01 };
    let mut memory = Memory::new(layout, plan.arena_lens(), BATCH);
    initialize(graph, layout, &sha256(b"key"), &mut memory.parameters, &mut memory.statistics);
    let mut optimizer = OptimizerState::new(rule, layout.parameters_len(), layout.decaying_len());
    let indices: Vec<u32> = (0..BATCH).collect();
    let mut results = Vec::new();
    for step in 1..=2 {
        memory.arena.fill(f32::NAN);
        memory.index_arena.fill(u32::MAX);
        for index in 0..plan.steps_len() {
            let mut surroundings = Surroundings {
                samples: &Noise(graph.input),
                split: Split::Train,
                indices: &indices,
                optimizer: &mut optimizer,
                learning_rate: 0.01,
                run_seed: 1,
                replicate: 0,
                epoch: 0,
                step,
            };
            let loss = plan.run(index, &mut memory, &mut surroundings);
            results.extend(loss.map(|loss| loss.mean));
        }
    }
    assert_eq!(results.len(), 2);
    results.extend(memory.parameters.iter().chain(&memory.gradients).chain(&memory.statistics));
    results
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn sharing_memory_changes_no_bit() {
    for index in 0..NETWORKS {
        let network = random_network(index);
        let graph = network.resolve().unwrap();
        let layout = ParameterLayout::new(&graph);
        let context = || format!("network {index}: {}", serde_json::to_string(&network).unwrap());
        for mode in [TRAINING, Mode::Inference] {
            let plan = Plan::compile(&graph, &layout, BATCH, mode).unwrap();
            let shared = run(&graph, &layout, &plan);
            assert!(shared.iter().all(|value| value.is_finite()), "{}", context());
            let apart = distinct(&graph, &layout, mode, true);
            assert_eq!(bits(&shared), bits(&run(&graph, &layout, &apart)), "{}", context());
            // Equal but for the sign of zeros: adding to +0 turns −0 into +0.
            let naive = distinct(&graph, &layout, mode, false);
            assert_eq!(shared, run(&graph, &layout, &naive), "{}", context());
        }
    }
}

#[test]
fn live_buffers_never_overlap() {
    for index in 0..NETWORKS {
        let graph = random_network(index).resolve().unwrap();
        let layout = ParameterLayout::new(&graph);
        let lowered = Lowering::new(&graph, &layout, BATCH, TRAINING).run().unwrap();
        let mut seen = None;
        Plan::assemble(lowered, u64::from(BATCH), |buffers, lens, lifetimes| {
            let (starts, arenas) = placement::place(buffers, lens, lifetimes);
            seen = Some((buffers.to_vec(), lens.to_vec(), lifetimes.to_vec(), starts.clone()));
            (starts, arenas)
        });
        let (buffers, lens, lifetimes, starts) = seen.unwrap();
        for a in 0..buffers.len() {
            for b in 0..a {
                let overlap = starts[a] < starts[b] + lens[b] && starts[b] < starts[a] + lens[a];
                let same_arena = buffers[a].element == buffers[b].element;
                let meet = lifetimes[a].meets(&lifetimes[b]);
                assert!(!(overlap && same_arena && meet), "network {index}: buffers {a} and {b}");
            }
        }
    }
}

#[test]
fn the_random_networks_have_every_operator() {
    let mut found = std::collections::BTreeSet::new();
    for index in 0..NETWORKS {
        found.extend(random_network(index).layers.iter().map(|layer| layer.op.id()));
    }
    assert_eq!(found.len(), 28, "{found:?}");
}

/// A chain of convolutions, normalisations and rectifiers: what a step must hold beside what backward keeps.
#[test]
fn a_chain_holds_little_more_than_backward_keeps() {
    let mut network = Network::new(Shape::new(3, 32, 32));
    for (index, channels) in [16, 32, 32, 64, 64, 96].into_iter().enumerate() {
        let stride = Pair::square(1 + index as u32 % 2);
        network.push(
            format!("conv{index}"),
            Op::Conv2d(Conv2d { stride, bias: false, ..Conv2d::square(channels, 3) }),
        );
        network.push(format!("norm{index}"), Op::BatchNorm(BatchNorm::default()));
        network.push(format!("relu{index}"), Op::Relu);
    }
    network.push("mean", Op::GlobalAvgPool);
    network.push("head", Op::Dense(Dense { out_features: 10, bias: true }));
    let graph = network.resolve().unwrap();
    let plan = Plan::compile(&graph, &ParameterLayout::new(&graph), 32, TRAINING).unwrap();
    let ratio = plan.peak_bytes() as f64 / plan.kept_bytes() as f64;
    assert!((1.0..1.3).contains(&ratio), "{ratio}");
}
