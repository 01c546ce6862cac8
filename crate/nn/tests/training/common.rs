use nas_arch::{BatchNorm, Conv2d, Dense, Graph, Network, Op, Optimizer, Pool, Recipe, Schedule, Shape};
use nas_nn::{Event, SampleSizes, Samples, Seeds, Split, Trainer};
use nas_numerics::{Rng, sha256};

/// More than any training here needs.
pub(crate) const MEMORY_LIMIT: u64 = 1 << 26;

pub(crate) fn seeds() -> Seeds {
    Seeds { key: sha256(b"key"), run_seed: 7, replicate: 0 }
}

/// The place of each image in the order in which the first epoch sees them (docs/numerics.md).
pub(crate) fn first_epoch_places(images: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..images).collect();
    let Seeds { run_seed, replicate, .. } = seeds();
    Rng::for_purpose(run_seed, &format!("batches/{replicate}"), 0).shuffle(&mut order);
    let mut places = vec![0; order.len()];
    for (place, image) in order.into_iter().enumerate() {
        places[image as usize] = place as u32;
    }
    places
}

/// A bright bar in one of four places on a noisy ground: across in the upper or lower half, upright in the left or
/// right half.
pub(crate) struct Bars;

pub(crate) const BARS: SampleSizes =
    SampleSizes { image: Shape::new(1, 8, 8), classes: 4, train: 160, validation: 50, test: 45 };

impl Samples for Bars {
    fn sizes(&self) -> SampleSizes {
        BARS
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(64)).zip(labels) {
            let mut rng = Rng::for_purpose(split as u32, "bars", u64::from(index));
            *label = rng.below(4);
            let place = (*label % 2 * 4 + rng.below(4)) as usize;
            for (pixel, value) in image.iter_mut().enumerate() {
                let along = if *label < 2 { pixel / 8 } else { pixel % 8 };
                *value = 0.3 * rng.normal() + if along == place { 1.0 } else { 0.0 };
            }
        }
    }
}

/// A small convolutional network for [`Bars`] with every kind of buffer: saved statistics, indices, a branch.
pub(crate) fn network() -> Network {
    let mut network = Network::new(BARS.image);
    network.push("conv1", Op::Conv2d(Conv2d { bias: false, ..Conv2d::square(8, 3) }));
    network.push("norm1", Op::BatchNorm(BatchNorm::default()));
    let trunk = network.push("relu1", Op::Relu);
    let left = network.push("conv2", Op::Conv2d(Conv2d::square(8, 3)));
    let sum = network.push_reading("sum", Op::Add, &[&trunk, &left]);
    let right = network.push_reading("conv3", Op::Conv2d(Conv2d::square(4, 1)), &[&trunk]);
    network.push_reading("concat", Op::Concat, &[&sum, &right]);
    network.push("relu2", Op::Relu);
    network.push("pool", Op::MaxPool(Pool::square(2)));
    network.push("head", Op::Dense(Dense { out_features: 4, bias: true }));
    network
}

pub(crate) fn graph() -> Graph {
    network().resolve().unwrap()
}

pub(crate) fn recipe() -> Recipe {
    Recipe {
        batch_size: 16,
        optimizer: Optimizer::adam_w(),
        learning_rate: 0.01,
        warmup_epochs: 0.5,
        horizon_epochs: 8,
        label_smoothing: 0.0,
        schedule: Schedule::Cosine,
        clip_norm: None,
    }
}

pub(crate) fn trainer() -> Trainer {
    Trainer::new(&graph(), &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap()
}

/// Steps until something happens.
pub(crate) fn next_event(trainer: &mut Trainer, samples: &dyn Samples, macs: u64) -> Event {
    loop {
        if let Some(event) = trainer.step(samples, macs).event {
            return event;
        }
    }
}

/// Trains to an epoch and returns all that happened.
pub(crate) fn train(trainer: &mut Trainer, epoch: u32, macs: u64) -> Vec<Event> {
    trainer.train_to(epoch).unwrap();
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Finished | Event::Diverged { .. })) {
        events.push(next_event(trainer, &Bars, macs));
    }
    events
}
