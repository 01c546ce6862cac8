use nas_arch::{Graph, Network, Optimizer, Recipe, Schedule};
use nas_numerics::{Rng, sha256};

use super::*;
use crate::{NamedTensor, SampleSizes, Samples, Seeds, SnapshotError, Split, Trainer};

/// Images of noise, brighter where the class says so.
struct Noise;

const SIZES: SampleSizes =
    SampleSizes { image: nas_arch::Shape::new(2, 4, 4), classes: 3, train: 26, validation: 10, test: 0 };

impl Samples for Noise {
    fn sizes(&self) -> SampleSizes {
        SIZES
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(32)).zip(labels) {
            let mut rng = Rng::for_purpose(5, &split.to_string(), u64::from(index));
            *label = index % 3;
            image.fill_with(|| rng.normal());
            image[*label as usize] += 2.0;
        }
    }
}

fn seeds() -> Seeds {
    Seeds { key: sha256(b"key"), run_seed: 7, replicate: 0 }
}

fn recipe(optimizer: Optimizer) -> Recipe {
    Recipe {
        batch_size: 4,
        optimizer,
        learning_rate: 0.05,
        warmup_epochs: 0.5,
        horizon_epochs: 2,
        label_smoothing: 0.1,
        schedule: Schedule::Cosine,
        clip_norm: Some(1.0),
    }
}

fn rules() -> [Optimizer; 2] {
    [Optimizer::adam_w(), Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 }]
}

/// A stem, `middle` of so many channels with this kernel, and a classifier.
fn network(middle: &str, channels: u32, kernel: u32) -> Graph {
    let network = Network::from_json(&format!(
        r#"{{"input": [2, 4, 4], "layers": [
            {{"name": "stem", "op": "conv2d", "out_channels": 4, "kernel": 3, "padding": "same"}},
            {{"name": "stem.norm", "op": "batch-norm"}},
            {{"name": "stem.relu", "op": "relu"}},
            {{"name": "{middle}", "op": "conv2d", "out_channels": {channels}, "kernel": {kernel}, "padding": "same"}},
            {{"name": "{middle}.norm", "op": "batch-norm"}},
            {{"name": "{middle}.relu", "op": "relu"}},
            {{"name": "head", "op": "dense", "out_features": 3}}
        ]}}"#
    ));
    network.unwrap().resolve().unwrap()
}

fn trained(recipe: &Recipe, macs: u64, path: &mut dyn FnMut(u32) -> Graph) -> PathTrainer {
    let mut trainer = PathTrainer::new(recipe, seeds(), SIZES, 1 << 24).unwrap();
    while trainer.step(&Noise, macs, path).unwrap().event != Some(PathEvent::Finished) {}
    trainer
}

/// The weights of a network as it would be scored.
fn weights_of(weights: &SharedWeights, graph: &Graph) -> Vec<NamedTensor> {
    let layout = crate::ParameterLayout::new(graph);
    let mut parameters = vec![0.0; layout.parameters_len()];
    weights.gather(graph, &layout, &mut parameters);
    let trained = layout.slots().iter().filter(|slot| slot.storage == crate::Storage::Parameters);
    let named = |slot: &crate::Slot| NamedTensor {
        path: slot.path.clone(),
        shape: slot.shape.clone(),
        values: slot.read(&parameters).collect(),
    };
    trained.map(named).collect()
}

#[test]
fn one_path_alone_trains_as_its_network() {
    for rule in rules() {
        let (graph, recipe) = (network("middle", 5, 3), recipe(rule));
        let shared = trained(&recipe, 1 << 30, &mut |_| graph.clone());
        let mut alone = Trainer::new(&graph, &recipe, seeds(), SIZES, 1 << 24).unwrap();
        alone.train_to(2).unwrap();
        while alone.step(&Noise, 1 << 30).event != Some(crate::Event::Finished) {}
        let expected: Vec<NamedTensor> = alone.export_weights();
        let expected: Vec<_> =
            expected.into_iter().filter(|tensor| !tensor.path.contains("running")).collect();
        assert_eq!(weights_of(shared.weights(), &graph), expected, "{rule:?}");
    }
}

#[test]
fn how_the_work_is_cut_changes_nothing() {
    let recipe = recipe(Optimizer::adam_w());
    let mut path = |update: u32| network(["a", "b"][update as usize % 2], 3 + update % 3, 3);
    let [whole, cut] = [1 << 30, 1].map(|macs| trained(&recipe, macs, &mut path).weights().digest());
    assert_eq!(whole, cut);
    let weights = SharedWeights::new(seeds().key);
    let [whole, cut] = [1 << 30, 1].map(|macs| {
        let mut scorer = PathScorer::new(&path(0), &weights, seeds(), SIZES, [4, 3], 1 << 24).unwrap();
        std::iter::repeat_with(|| scorer.step(&Noise, macs)).flatten().next().unwrap()
    });
    assert_eq!(whole, cut);
    assert_eq!(whole.images, 10);
}

#[test]
fn only_the_tensors_of_the_path_learn() {
    for rule in rules() {
        let recipe = recipe(rule);
        let (a, b) = (network("a", 3, 3), network("b", 3, 3));
        // `a` is trained in the first update alone.
        let mut snapshots = Vec::new();
        for last in [1, 9] {
            let mut trainer = PathTrainer::new(&recipe, seeds(), SIZES, 1 << 24).unwrap();
            let mut path = |update: u32| if update == 0 { a.clone() } else { b.clone() };
            while trainer.updates < last {
                trainer.step(&Noise, 1, &mut path).unwrap();
            }
            snapshots.push(weights_of(trainer.weights(), &a));
        }
        for (after_one, after_all) in snapshots[0].iter().zip(&snapshots[1]) {
            let is_shared = !after_one.path.starts_with('a');
            assert_eq!(after_one != after_all, is_shared, "{rule:?}: {}", after_one.path);
        }
    }
}

/// Whether each element of the smaller tensor stands at the same place of the larger one.
fn is_corner(small: &NamedTensor, large: &NamedTensor) -> bool {
    let [stride, inner] =
        [&large.shape, &small.shape].map(|shape| shape[1..].iter().product::<u32>() as usize);
    let pixels = small.shape.iter().skip(2).product::<u32>() as usize;
    let rows = small.values.chunks_exact(inner).zip(large.values.chunks_exact(stride));
    rows.into_iter().all(|(small, large)| {
        small.chunks_exact(pixels).zip(large.chunks_exact(pixels)).all(|(small, large)| small == large)
    })
}

#[test]
fn narrow_networks_have_a_corner_of_wide_ones() {
    let recipe = recipe(Optimizer::adam_w());
    let mut path = |update: u32| network("middle", [3, 6, 2][update as usize % 3], 3);
    let shared = trained(&recipe, 1 << 30, &mut path);
    let [wide, narrow] = [6, 3].map(|channels| weights_of(shared.weights(), &network("middle", channels, 3)));
    for (wide, narrow) in wide.iter().zip(&narrow).filter(|(wide, _)| wide.path != "head.weight") {
        assert!(is_corner(narrow, wide), "{}", wide.path);
    }
    // A network that is wider still has what is known, and more.
    let wider = weights_of(shared.weights(), &network("middle", 8, 3));
    for (wide, wider) in wide.iter().zip(&wider).filter(|(wide, _)| wide.path != "head.weight") {
        assert!(is_corner(wide, wider), "{}", wide.path);
    }
}

#[test]
fn kernels_of_another_size_are_other_weights() {
    let recipe = recipe(Optimizer::adam_w());
    let shared = trained(&recipe, 1 << 30, &mut |_| network("middle", 3, 3));
    let untrained = SharedWeights::new(seeds().key);
    let point = network("middle", 3, 1);
    let find = |weights: &SharedWeights| {
        weights_of(weights, &point).into_iter().find(|tensor| tensor.path == "middle.weight")
    };
    assert_eq!(find(shared.weights()), find(&untrained));
}

/// Batches of 4: statistics of 3 batches, averaged; the unbiased variance as in PyTorch.
#[test]
fn statistics_are_means_over_batches() {
    let text = r#"{"input": [2, 4, 4], "layers": [
        {"name": "norm", "op": "batch-norm", "momentum": 0.3}, {"name": "head", "op": "dense", "out_features": 3}]}"#;
    let graph = Network::from_json(text).unwrap().resolve().unwrap();
    let weights = SharedWeights::new(seeds().key);
    let mut scorer = PathScorer::new(&graph, &weights, seeds(), SIZES, [4, 3], 1 << 24).unwrap();
    scorer.step(&Noise, 1 << 30).unwrap();
    let mut order: Vec<u32> = (0..SIZES.train).collect();
    crate::samples::shuffle_images(7, "batches/0", 0, &mut order);
    for channel in 0..2 {
        let (mut mean, mut variance) = (0.0, 0.0);
        for batch in order[..12].chunks_exact(4) {
            let mut images = vec![0.0; 4 * 32];
            Noise.fill(Split::Train, batch, &mut images, &mut [0; 4]);
            let values: Vec<f64> =
                images.iter().skip(channel).step_by(2).map(|&value| f64::from(value)).collect();
            let of_batch = values.iter().sum::<f64>() / 64.0;
            mean += of_batch / 3.0;
            variance +=
                values.iter().map(|value| (value - of_batch) * (value - of_batch)).sum::<f64>() / 63.0 / 3.0;
        }
        let statistics = &scorer.memory.statistics;
        assert!((f64::from(statistics[channel]) - mean).abs() < 1e-6, "{statistics:?} for {mean}");
        assert!(
            (f64::from(statistics[2 + channel]) - variance).abs() < 1e-5,
            "{statistics:?} for {variance}"
        );
    }
}

#[test]
fn a_path_that_diverges_ends_the_training() {
    let recipe = Recipe { learning_rate: 1e30, clip_norm: None, ..recipe(rules()[1]) };
    let mut trainer = PathTrainer::new(&recipe, seeds(), SIZES, 1 << 24).unwrap();
    let mut path = |_| network("middle", 3, 3);
    let event = std::iter::repeat_with(|| trainer.step(&Noise, 1 << 30, &mut path).unwrap().event);
    let diverged = event.flatten().find(|event| !matches!(event, PathEvent::EpochEnd { .. })).unwrap();
    assert!(matches!(diverged, PathEvent::Diverged { .. }), "{diverged:?}");
    assert_eq!(trainer.step(&Noise, 1, &mut path).unwrap().event, Some(diverged));
}

#[test]
fn frozen_weights_are_the_same_weights() {
    let mut trainer = PathTrainer::new(&recipe(Optimizer::adam_w()), seeds(), SIZES, 1 << 20).unwrap();
    let mut path = |update: u32| network(["left", "right"][update as usize % 2], 3 + update % 3, 3);
    while trainer.step(&Noise, u64::MAX, &mut path).unwrap().event != Some(PathEvent::Finished) {}
    let weights = trainer.weights();
    let bytes = weights.to_bytes();
    let frozen = SharedWeights::from_bytes(seeds().key, &bytes).unwrap();
    assert_eq!(frozen.digest(), weights.digest());
    assert_eq!(frozen.to_bytes(), bytes);
    // What no path has needed is drawn from the key: it is the same too.
    let score = |weights: &SharedWeights| {
        let graph = network("middle", 3, 3);
        let mut scorer = PathScorer::new(&graph, weights, seeds(), SIZES, [4, 2], 1 << 20).unwrap();
        scorer.step(&Noise, u64::MAX).unwrap()
    };
    assert_eq!(score(&frozen), score(weights));
    let refused = |bytes: &[u8]| SharedWeights::from_bytes(seeds().key, bytes).err();
    assert_eq!(refused(b"weights"), Some(SnapshotError::NotASnapshot));
    assert_eq!(refused(&bytes[..bytes.len() - 1]), Some(SnapshotError::Damaged));
    assert_eq!(refused(&bytes[..20]), Some(SnapshotError::Damaged));
}
