//! Batch normalizations folded into weights.

use nas_arch::{BatchNorm, Conv2d, Dense, MetaConv2d, Network, Op, Shape};
use nas_nn::{Event, NamedTensor, Split, Trainer, WeightsError, fold_batch_norms};
use nas_numerics::Rng;
use serde::Deserialize;

use crate::common::{BARS, Bars, MEMORY_LIMIT, recipe, seeds};

/// Both round each element a few times, in single precision.
const TOLERANCE: f32 = 1e-6;

fn tensor(path: &str, shape: &[u32], values: &[f32]) -> NamedTensor {
    NamedTensor { path: path.into(), shape: shape.into(), values: values.into() }
}

#[test]
fn one_channel_by_hand() {
    let mut network = Network::new(Shape::new(1, 2, 2));
    network.push("conv", Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(1, 1) }));
    network.push("norm", Op::BatchNorm(BatchNorm { epsilon: 1.0, ..BatchNorm::default() }));
    let weights = [
        tensor("conv.weight", &[1, 1, 1, 1], &[2.0]),
        tensor("norm.weight", &[1], &[3.0]),
        tensor("norm.bias", &[1], &[1.0]),
        tensor("norm.running_mean", &[1], &[0.5]),
        tensor("norm.running_var", &[1], &[3.0]),
    ];
    let (folded, weights) = fold_batch_norms(&network.resolve().unwrap(), &weights).unwrap();
    // 3 / √(3 + 1) = 1.5: 2 · 1.5 = 3, and (0 − 0.5) · 1.5 + 1 = 0.25.
    let expected = [tensor("conv.weight", &[1, 1, 1, 1], &[3.0]), tensor("conv.bias", &[1], &[0.25])];
    assert_eq!(weights, expected);
    let [layer] = &folded.layers[..] else { panic!("{folded:?}") };
    assert_eq!((&*layer.name, &layer.op), ("conv", &Op::Conv2d(Conv2d::square(1, 1))));
}

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    network: Network,
    weights: Vec<NamedTensor>,
    folded: Vec<NamedTensor>,
}

#[test]
fn folded_weights_are_those_of_pytorch() {
    let text = include_str!("../../../../tests/goldens/nn/folding.json");
    let golden: Golden = serde_json::from_str(text).unwrap();
    assert_eq!(golden.cases.len(), 3);
    for Case { network, weights, folded } in golden.cases {
        let (_, found) = fold_batch_norms(&network.resolve().unwrap(), &weights).unwrap();
        assert_eq!(found.len(), folded.len());
        for (found, expected) in found.iter().zip(&folded) {
            assert_eq!((&found.path, &found.shape), (&expected.path, &expected.shape));
            for (found, expected) in found.values.iter().zip(&expected.values) {
                assert!((found - expected).abs() <= TOLERANCE * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}

/// Every kind of layer of weights before a norm, two norms in a row, and norms that stay: behind an activation, behind a
/// sum, and behind a convolution that others read too.
fn network() -> Network {
    let norm = || Op::BatchNorm(BatchNorm::default());
    let mut network = Network::new(BARS.image);
    network.push("conv", Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(8, 3) }));
    network.push("conv.norm", norm());
    network.push("relu", Op::Relu);
    network.push("kept-behind-relu", norm());
    network.push("depthwise", Op::Conv2d(Conv2d { groups: 8, ..Conv2d::square(8, 3) }));
    network.push("depthwise.norm", norm());
    let once = network.push("depthwise.second-norm", norm());
    network.push("pointwise", Op::Conv2d(Conv2d::square(8, 1)));
    let read_twice = network.push_reading("kept-beside-a-reader", norm(), &["pointwise"]);
    network.push_reading("sum", Op::Add, &["pointwise", &read_twice, &once]);
    network.push("kept-behind-a-sum", norm());
    network.push(
        "meta",
        Op::MetaConv2d(MetaConv2d { sizes: vec![1, 3], out_channels: 8, groups: 8, bias: false, ..meta() }),
    );
    network.push("meta.norm", norm());
    network.push("features", Op::Dense(Dense { out_features: 6, bias: false }));
    network.push("features.norm", norm());
    network.push("head", Op::Dense(Dense { out_features: 4, bias: true }));
    network
}

fn meta() -> MetaConv2d {
    serde_json::from_str(r#"{"sizes":[1],"out_channels":1}"#).unwrap()
}

fn score(network: &Network, weights: &[NamedTensor]) -> (f32, f32) {
    let graph = network.resolve().unwrap();
    let mut trainer = Trainer::new(&graph, &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap();
    trainer.load_weights(weights).unwrap();
    trainer.evaluate(Split::Test).unwrap();
    match trainer.step(&Bars, u64::MAX).event {
        Some(Event::Evaluated { score, .. }) => (score.loss, score.accuracy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folded_network_computes_the_same() {
    let network = network();
    let graph = network.resolve().unwrap();
    let trainer = Trainer::new(&graph, &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap();
    let mut weights = trainer.export_weights();
    let mut rng = Rng::for_purpose(1, "folding", 0);
    for tensor in &mut weights {
        let is_variance = tensor.path.ends_with("running_var");
        for value in &mut tensor.values {
            let noise = rng.normal();
            *value = if is_variance { 0.5 + noise * noise } else { *value + 0.3 * noise };
        }
    }
    let (folded, folded_weights) = fold_batch_norms(&graph, &weights).unwrap();
    let kept: Vec<&str> = folded
        .layers
        .iter()
        .filter(|layer| layer.op == Op::BatchNorm(BatchNorm::default()))
        .map(|layer| &*layer.name)
        .collect();
    assert_eq!(kept, ["kept-behind-relu", "kept-beside-a-reader", "kept-behind-a-sum"]);
    let (before, after) = (score(&network, &weights), score(&folded, &folded_weights));
    assert!((before.0 - after.0).abs() < 1e-4 * before.0, "{before:?} {after:?}");
    assert_eq!(before.1, after.1);
}

#[test]
fn a_missing_parameter_is_named() {
    let mut network = Network::new(BARS.image);
    network.push("conv", Op::Conv2d(Conv2d::square(4, 3)));
    network.push("norm", Op::BatchNorm(BatchNorm::default()));
    let error = fold_batch_norms(&network.resolve().unwrap(), &[]).unwrap_err();
    assert_eq!(error, WeightsError::Missing("norm.weight".into()));
}
