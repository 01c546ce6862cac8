//! The scores against `PyTorch` (tests/goldens/generators/scores.py), and how their work is cut.

use nas_arch::{Conv2d, Dense, Network, Op, Shape};
use nas_numerics::sha256;
use serde::Deserialize;

use super::*;
use crate::{NamedTensor, SampleSizes, Samples, Seeds, Split};

const GOLDENS: &str = include_str!("../../../../tests/goldens/nn/scores.json");
const MEMORY_LIMIT: u64 = 1 << 26;

/// Largest relative difference, of Zen's logarithm largest difference: sums of some thousand products of f32 values, whose
/// rounding errors are about 1e-7 each.
/// Found: 2.4e-6.
const TOLERANCE: f64 = 5e-6;
/// That of a product with the Hessian, which is a difference of gradients here. Found: 5.9e-3.
const GRASP_TOLERANCE: f64 = 1e-2;

#[derive(Deserialize)]
struct Goldens {
    networks: Vec<Golden>,
}

#[derive(Deserialize)]
struct Golden {
    name: String,
    network: Network,
    weights: Vec<NamedTensor>,
    images: Vec<f32>,
    labels: Vec<u32>,
    scores: std::collections::BTreeMap<String, f64>,
}

impl Samples for Golden {
    fn sizes(&self) -> SampleSizes {
        SampleSizes {
            image: self.network.input,
            classes: 4,
            train: self.labels.len() as u32,
            validation: 1,
            test: 0,
        }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        assert_eq!(split, Split::Train);
        let len = images.len() / indices.len();
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(len)).zip(labels) {
            let index = index as usize;
            image.copy_from_slice(&self.images[index * len..][..len]);
            *label = self.labels[index];
        }
    }
}

fn goldens() -> Vec<Golden> {
    serde_json::from_str::<Goldens>(GOLDENS).unwrap().networks
}

fn seeds() -> Seeds {
    Seeds { key: sha256(b"key"), run_seed: 7, replicate: 0 }
}

fn scorer(network: &Network, proxy: Proxy, sizes: SampleSizes) -> Scorer {
    Scorer::new(&network.resolve().unwrap(), proxy, seeds(), sizes, sizes.train, MEMORY_LIMIT).unwrap()
}

fn score(scorer: &mut Scorer, samples: &dyn Samples, macs: u64) -> Option<f64> {
    std::iter::repeat_with(|| scorer.step(samples, macs)).find_map(|score| score).unwrap()
}

#[test]
fn scores_are_those_of_pytorch() {
    let goldens = goldens();
    assert_eq!(goldens.len(), 5);
    for golden in &goldens {
        for proxy in Proxy::ALL {
            let mut scorer = scorer(&golden.network, proxy, golden.sizes());
            let matched = scorer.copy_matching(&golden.weights);
            assert_eq!(matched.kept, [""; 0]);
            let found = score(&mut scorer, golden, u64::MAX).unwrap();
            let expected = golden.scores[proxy.id()];
            let tolerance = if proxy == Proxy::Grasp { GRASP_TOLERANCE } else { TOLERANCE };
            // A logarithm may be near 0.
            let scale = if proxy == Proxy::Zen { 1.0 } else { expected.abs() };
            let difference = (found - expected).abs() / scale;
            assert!(
                difference <= tolerance,
                "{} of {}: {found} for {expected}, by {difference:e}",
                proxy.id(),
                golden.name
            );
        }
    }
}

#[test]
fn cutting_the_work_changes_no_bit() {
    for golden in &goldens() {
        for proxy in Proxy::ALL {
            let whole = score(&mut scorer(&golden.network, proxy, golden.sizes()), golden, u64::MAX);
            let mut cut = scorer(&golden.network, proxy, golden.sizes());
            let (mut calls, mut done) = (0, 0.0);
            let score = loop {
                calls += 1;
                if let Some(score) = cut.step(golden, 0) {
                    break score;
                }
                assert!(cut.fraction_done() >= done, "{proxy:?} of {}", golden.name);
                done = cut.fraction_done();
            };
            assert_eq!(score.map(f64::to_bits), whole.map(f64::to_bits), "{proxy:?} of {}", golden.name);
            assert!(calls > 20, "{proxy:?}: {calls}");
            assert_eq!(cut.fraction_done(), 1.0);
            assert_eq!(cut.step(golden, 0), Some(score));
        }
    }
}

/// Zen draws weights of variance 1: no weights of a training.
#[test]
fn zen_has_weights_of_its_own() {
    let golden = goldens().swap_remove(0);
    let drawn = |proxy| {
        let mut scorer = scorer(&golden.network, proxy, golden.sizes());
        scorer.copy_matching(&[]);
        let weights = &scorer.memory.parameters[..scorer.layout.decaying_len()];
        weights.iter().map(|weight| f64::from(weight * weight)).sum::<f64>() / weights.len() as f64
    };
    let [naswot, zen] = [Proxy::Naswot, Proxy::Zen].map(drawn);
    assert!((0.8..1.2).contains(&zen) && naswot < 0.3, "{zen} and {naswot}");
}

struct Grey;

impl Samples for Grey {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { image: Shape::new(1, 4, 4), classes: 2, train: 6, validation: 1, test: 0 }
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        images.fill(0.5);
        labels.iter_mut().zip(indices).for_each(|(label, index)| *label = index % 2);
    }
}

/// What is not defined is said to be so, and is no number.
#[test]
fn scores_that_are_not_defined() {
    let head = Op::Dense(Dense { out_features: 2, bias: true });
    let mut linear = Network::new(Shape::new(1, 4, 4));
    linear.push("head", head.clone());
    // No rectifiers, and Jacobians that are all the same.
    assert_eq!(score(&mut scorer(&linear, Proxy::Naswot, Grey.sizes()), &Grey, u64::MAX), None);
    // Equal images switch equally.
    let mut rectified = Network::new(Shape::new(1, 4, 4));
    rectified.push("conv", Op::Conv2d(Conv2d::square(4, 3)));
    rectified.push("relu", Op::Relu);
    rectified.push("head", head.clone());
    assert_eq!(score(&mut scorer(&rectified, Proxy::Naswot, Grey.sizes()), &Grey, u64::MAX), None);
    // Nothing depends on the images.
    let mut constant = Network::new(Shape::new(1, 4, 4));
    constant.push("zero", Op::Zero(nas_arch::Zero::default()));
    constant.push("head", head.clone());
    for proxy in [Proxy::JacobCov, Proxy::Zen] {
        assert_eq!(score(&mut scorer(&constant, proxy, Grey.sizes()), &Grey, u64::MAX), None, "{proxy:?}");
    }
    // Sums beyond what f32 holds.
    let mut deep = Network::new(Shape::new(1, 4, 4));
    for layer in 0..40 {
        deep.push(format!("conv{layer}"), Op::Conv2d(Conv2d::square(32, 3)));
    }
    deep.push("head", head);
    assert_eq!(score(&mut scorer(&deep, Proxy::SynFlow, Grey.sizes()), &Grey, u64::MAX), None);
}

#[test]
fn a_network_too_large_is_refused() {
    let golden = goldens().swap_remove(0);
    let graph = golden.network.resolve().unwrap();
    let refused = Scorer::new(&graph, Proxy::Fisher, seeds(), golden.sizes(), 16, 1000).err().unwrap();
    assert!(refused.to_string().contains("1000 are allowed"), "{refused}");
}
