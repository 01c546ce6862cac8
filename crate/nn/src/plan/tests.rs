//! Plans of random networks: what shares memory never meets, and sharing changes nothing.

#[path = "../../tests/support/random_network.rs"]
mod random_network;

use nas_arch::{Attention, BatchNorm, Conv2d, Dense, Network, Op, Optimizer, Pair, Pool, Shape, reference};
use nas_numerics::{Rng, sha256};

use super::*;
use crate::initialize::initialize;
use crate::optimizer::OptimizerState;
use crate::{SampleSizes, Samples, Split};

const NETWORKS: u64 = 300;
const SEED: u32 = 1;
const BATCH: u32 = 3;
const CLASSES: u32 = random_network::CLASSES;
const TRAINING: Mode = Mode::Training { label_smoothing: 0.1 };

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

fn random_network(index: u64) -> Network {
    random_network::random_network(SEED, index)
}

struct Noise(Shape);

/// The plan with every operator that can be parted in so many shares.
fn in_shares(mut plan: Plan, shares: u32) -> Plan {
    let parted = |step: &Step| {
        let task = &plan.tasks[step.task as usize];
        let can_be = task.extent == Extent::EachImage && task.work.shares(u64::MAX) > 1;
        let (step, shares) = (*step, if can_be { shares } else { 1 });
        (0..shares).map(move |share| Step { share, shares, ..step })
    };
    plan.steps = plan.steps.iter().flat_map(parted).collect();
    plan
}

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
    let mut memory = Memory::reserve(layout, plan.arena_lens(), plan.batch as u32);
    while memory.fill(layout, plan.arena_lens()).is_some() {}
    initialize(graph, layout, &sha256(b"key"), &mut memory.parameters, &mut memory.statistics);
    let mut optimizer = OptimizerState::new(rule, layout.parameters_len(), layout.decaying_len());
    let indices: Vec<u32> = (0..plan.batch as u32).collect();
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
fn shares_of_an_image_change_no_bit() {
    let mut more_steps = 0;
    for index in 0..NETWORKS {
        let network = random_network(index);
        let graph = network.resolve().unwrap();
        let layout = ParameterLayout::new(&graph);
        for mode in [TRAINING, Mode::Inference] {
            let plan = Plan::compile(&graph, &layout, 1, mode).unwrap();
            let whole = run(&graph, &layout, &plan);
            let macs = |plan: &Plan| (0..plan.steps_len()).map(|step| plan.step_macs(step)).sum::<u64>();
            for shares in [2, 5] {
                let parted = in_shares(plan.clone(), shares);
                more_steps += parted.steps_len() - plan.steps_len();
                assert_eq!(macs(&parted), macs(&plan), "network {index}");
                assert_eq!(
                    bits(&run(&graph, &layout, &parted)),
                    bits(&whole),
                    "network {index} in {shares} shares: {}",
                    serde_json::to_string(&network).unwrap()
                );
            }
        }
    }
    assert!(more_steps > 10_000, "{more_steps}");
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

/// The workloads that speed is measured on, with batches of 32: the whole arena ([`Plan::peak_bytes`]: activations, their
/// gradients, indices and working memory, with what lies unused between them) over what no order of computing could do without
/// ([`Plan::kept_bytes`]: buffers written before the loss and read after it). Parameters, their gradients and the optimiser's
/// state are in neither.
#[test]
fn a_step_of_a_workload_holds_little_more_than_backward_keeps() {
    // Found: 1.64, 1.32, 1.04, 1.02. In small networks what one chunk needs weighs more.
    let workloads = [("digits-tiny", 1.7), ("mnist-fire", 1.4), ("mobile-tiny", 1.3), ("hybrid-tiny", 1.3)];
    for (network, most) in workloads {
        let graph = reference(network).unwrap().resolve().unwrap();
        let plan = Plan::compile(&graph, &ParameterLayout::new(&graph), 32, TRAINING).unwrap();
        let ratio = plan.peak_bytes() as f64 / plan.kept_bytes() as f64;
        assert!((1.0..most).contains(&ratio), "{network}: {ratio}");
    }
}

/// A trainer halts between two steps.
#[test]
fn a_step_is_short_whatever_the_layer() {
    let mut wide = Network::new(Shape::new(1, 28, 28));
    for layer in ["first", "second"] {
        wide.push(layer, Op::Conv2d(Conv2d::square(256, 5)));
    }
    wide.push("gelu", Op::Gelu);
    wide.push("depthwise", Op::Conv2d(Conv2d { groups: 256, ..Conv2d::square(256, 27) }));
    wide.push("pool", Op::MaxPool(Pool { stride: Some(Pair::ONE), ..Pool::square(27) }));
    wide.push("mean", Op::GlobalAvgPool);
    wide.push("classes", Op::Dense(Dense { out_features: 10, bias: true }));
    let mut attentive = Network::new(Shape::new(1, 28, 28));
    attentive.push("tokens", Op::Conv2d(Conv2d::square(768, 1)));
    attentive.push("attention", Op::Attention(Attention { heads: 1, patch: Pair::ONE }));
    attentive.push("classes", Op::Dense(Dense { out_features: 10, bias: true }));
    let mut long = Network::new(Shape::new(1, 28, 28));
    long.push("features", Op::Dense(Dense { out_features: 40_960, bias: true }));
    long.push("classes", Op::Dense(Dense { out_features: 10, bias: true }));
    for network in [wide, attentive, long].into_iter().chain((0..NETWORKS).map(random_network)) {
        let graph = network.resolve().unwrap();
        let layout = ParameterLayout::new(&graph);
        for mode in [TRAINING, Mode::Inference, Mode::Probe(Probe::Responses)] {
            let plan = Plan::compile(&graph, &layout, 32, mode).unwrap();
            for (index, step) in plan.steps.iter().enumerate() {
                let (macs, what) = (plan.step_macs(index), plan.describe(index));
                let most = match plan.tasks[step.task as usize].extent {
                    Extent::EachImage => stages::CHUNK_MACS.max(crate::work::PRODUCT_SHARE_MACS),
                    Extent::Batch => crate::operators::PARAMETERS_AT_ONCE as u64,
                };
                assert!(macs <= most, "{what:?}: {macs}");
            }
        }
    }
}
