//! What is refused before anything is built.

use nas_arch::{Conv2d, Network, Op, Recipe, Schedule, Shape};
use nas_nn::{PlanError, SampleSizes, Split, Trainer, TrainerError};

use crate::common::{BARS, MEMORY_LIMIT, graph, recipe, seeds, trainer};

fn refused(recipe: &Recipe, sizes: SampleSizes) -> TrainerError {
    Trainer::new(&graph(), recipe, seeds(), sizes, MEMORY_LIMIT).unwrap_err()
}

#[test]
fn memory_is_told_to_the_byte() {
    let needed = Trainer::needed_bytes(&graph(), &recipe(), BARS).unwrap();
    assert_eq!(trainer().memory_bytes(), needed);
    assert!(Trainer::new(&graph(), &recipe(), seeds(), BARS, needed).is_ok());
    let error = Trainer::new(&graph(), &recipe(), seeds(), BARS, needed - 1).unwrap_err();
    assert_eq!(error, PlanError::TooLarge { needed_bytes: needed, limit_bytes: needed - 1 }.into());
    let activations = trainer().training_plan().peak_bytes();
    assert!(activations < needed && trainer().training_plan().kept_bytes() <= activations);
}

#[test]
fn a_giant_is_refused_at_once() {
    let mut network = Network::new(BARS.image);
    for name in ["a", "b", "c"] {
        network.push(name, Op::Conv2d(Conv2d::square(15_000, 3)));
    }
    network.push("pool", Op::GlobalAvgPool);
    network.push("head", Op::Conv2d(Conv2d::square(4, 1)));
    let error =
        Trainer::new(&network.resolve().unwrap(), &recipe(), seeds(), BARS, MEMORY_LIMIT).unwrap_err();
    let TrainerError::Plan(PlanError::TooLarge { needed_bytes, .. }) = error else { panic!("{error}") };
    // Two convolutions of 15,000² · 9 weights, each with gradient and two moments, in four bytes.
    assert!(needed_bytes > 2 * 15_000 * 15_000 * 9 * 4 * 4, "{needed_bytes}");
}

#[test]
fn network_and_data_must_fit() {
    let image = SampleSizes { image: Shape::new(3, 8, 8), ..BARS };
    let classes = SampleSizes { classes: 10, ..BARS };
    let cases = [
        (image, "the network reads images of 1×8×8, the data has 3×8×8"),
        (classes, "the network's output is 4×1×1, it must be 10×1×1"),
        (SampleSizes { train: 0, ..BARS }, "the train split has no images"),
        (SampleSizes { validation: 0, ..BARS }, "the validation split has no images"),
    ];
    for (sizes, expected) in cases {
        let error = refused(&recipe(), sizes).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn recipes_are_checked() {
    let cases = [
        (Recipe { batch_size: 0, ..recipe() }, "batch_size is 0, it must be positive"),
        (Recipe { learning_rate: f32::NAN, ..recipe() }, "learning_rate is NaN"),
        (Recipe { warmup_epochs: -1.0, ..recipe() }, "warmup_epochs is -1, it must be 0 or more"),
        (Recipe { horizon_epochs: 0, ..recipe() }, "horizon_epochs is 0"),
        (Recipe { horizon_epochs: u32::MAX, ..recipe() }, "less than 2^32 updates"),
        (
            Recipe { label_smoothing: 1.0, ..recipe() },
            "label_smoothing is 1, it must be at least 0 and less than 1",
        ),
        (Recipe { clip_norm: Some(0.0), ..recipe() }, "clip_norm is 0, it must be positive"),
        (
            Recipe { schedule: Schedule::Step { epochs: 0, factor: 0.1 }, ..recipe() },
            "schedule.epochs is 0, it must be positive",
        ),
        (
            Recipe { schedule: Schedule::Step { epochs: 1, factor: 1.5 }, ..recipe() },
            "schedule.factor is 1.5, it must be more than 0 and at most 1",
        ),
        (
            Recipe {
                optimizer: nas_arch::Optimizer::Sgd { momentum: 1.0, nesterov: false, weight_decay: 0.0 },
                ..recipe()
            },
            "momentum is 1",
        ),
    ];
    for (recipe, expected) in cases {
        let error = refused(&recipe, BARS).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_batch_is_no_larger_than_the_split() {
    let recipe = Recipe { batch_size: 1000, ..recipe() };
    let mut trainer = Trainer::new(&graph(), &recipe, seeds(), BARS, MEMORY_LIMIT).unwrap();
    trainer.train_to(1).unwrap();
    assert_eq!(trainer.step(&crate::common::Bars, 1).steps_per_epoch, 1);
}

#[test]
fn what_cannot_be_done_now_is_refused() {
    let mut trainer = trainer();
    let error = trainer.train_to(9).unwrap_err();
    assert_eq!(error, TrainerError::BeyondHorizon { epoch: 9, horizon_epochs: 8 });
    trainer.train_to(1).unwrap();
    trainer.step(&crate::common::Bars, 1);
    assert!(matches!(trainer.evaluate(Split::Test), Err(TrainerError::MidEpoch(_))));
    assert!(matches!(trainer.snapshot(), Err(TrainerError::MidEpoch(_))));
    let mut untested =
        Trainer::new(&graph(), &recipe(), seeds(), SampleSizes { test: 0, ..BARS }, MEMORY_LIMIT).unwrap();
    assert_eq!(untested.evaluate(Split::Test), Err(TrainerError::EmptySplit(Split::Test)));
}
