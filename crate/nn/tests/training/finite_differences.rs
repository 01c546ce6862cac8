//! Gradients of a whole network against differences of its loss.

use nas_arch::{Conv2d, Dense, Network, Op, Pool, Recipe};
use nas_nn::{NamedTensor, Trainer};

use crate::common::{BARS, Bars, MEMORY_LIMIT, network, recipe, seeds};

/// Length of a step along a direction: long enough that the loss changes by thousands of its rounding units, short
/// enough that few rectifiers and maxima switch.
const STEP: f32 = 5e-4;

/// Largest difference between slope and gradient, as a share of the gradient's length. The loss has rounding errors of
/// some 1e-7, over 2·STEP that is a slope of some 1e-4; the gradients are above 0.02.
const TOLERANCE: f32 = 0.01;

/// The loss of the first batch with these weights, and its gradient.
fn loss(network: &Network, weights: &[NamedTensor]) -> (f32, Vec<NamedTensor>) {
    let recipe = Recipe { label_smoothing: 0.1, ..recipe() };
    let graph = network.resolve().unwrap();
    let mut trainer = Trainer::new(&graph, &recipe, seeds(), BARS, MEMORY_LIMIT).unwrap();
    trainer.load_weights(weights).unwrap();
    trainer.train_to(1).unwrap();
    loop {
        let report = trainer.step(&Bars, 0);
        if report.step == 1 {
            return (report.train_loss.unwrap(), trainer.export_gradients());
        }
    }
}

fn check(network: &Network) {
    let graph = network.resolve().unwrap();
    let trainer = Trainer::new(&graph, &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap();
    let mut weights = trainer.export_weights();
    // With a bias of 0, rectified pixels that are all 0 would lie exactly where the next rectifier bends.
    for bias in weights.iter_mut().filter(|tensor| tensor.path.rsplit('.').next() == Some("bias")) {
        bias.values.fill(0.1);
    }
    let (_, gradients) = loss(network, &weights);
    for gradient in &gradients {
        // Along the gradient of one tensor the slope is that gradient's length.
        let length = libm::sqrtf(gradient.values.iter().map(|value| value * value).sum());
        assert!(length > 0.02, "{}: too small a gradient to tell, {length}", gradient.path);
        let [above, below] = [STEP, -STEP].map(|step| {
            let mut moved = weights.clone();
            let tensor = moved.iter_mut().find(|tensor| tensor.path == gradient.path).unwrap();
            for (value, direction) in tensor.values.iter_mut().zip(&gradient.values) {
                *value += step * direction / length;
            }
            loss(network, &moved).0
        });
        let slope = (above - below) / (2.0 * STEP);
        assert!((slope - length).abs() <= TOLERANCE * length, "{}: {length} for {slope}", gradient.path);
    }
}

#[test]
fn a_branched_network() {
    check(&network());
}

#[test]
fn averages_groups_and_shared_tensors() {
    let mut network = Network::new(BARS.image);
    network.push("conv1", Op::Conv2d(Conv2d::square(6, 3)));
    network.push("pool1", Op::AvgPool(Pool { stride: None, ..Pool::square(2) }));
    let trunk = network.push("conv2", Op::Conv2d(Conv2d { groups: 6, ..Conv2d::square(6, 3) }));
    let same = network.push("identity", Op::Identity);
    network.push_reading("doubled", Op::Add, &[&trunk, &same, &trunk]);
    network.push("relu", Op::Relu);
    network.push("again", Op::Relu);
    let rectified = network.push("conv3", Op::Conv2d(Conv2d { groups: 2, ..Conv2d::square(4, 3) }));
    network.push_reading("concat", Op::Concat, &[&rectified, &trunk, &rectified]);
    network.push("mean", Op::GlobalAvgPool);
    network.push("head", Op::Dense(Dense { out_features: 4, bias: true }));
    check(&network);
}
