//! How a training goes on: what it learns, how it is cut, what it reports.

use std::cell::RefCell;

use nas_nn::{Event, SampleSizes, Samples, Seeds, Split, Trainer, TrainingEpoch};

use crate::common::{BARS, Bars, MEMORY_LIMIT, graph, next_event, recipe, seeds, train, trainer};

#[test]
fn an_easy_task_is_learnt() {
    let mut trainer = trainer();
    let events = train(&mut trainer, 8, u64::MAX);
    assert_eq!(events.len(), 9);
    let Event::EpochEnd { epoch: 8, validation, train } = &events[7] else { panic!("{:?}", events[7]) };
    assert!(validation.accuracy > 0.95, "{validation:?}");
    assert!(train.loss < 0.2, "{train:?}");
    trainer.evaluate(Split::Test).unwrap();
    let Event::Evaluated { split: Split::Test, score } = next_event(&mut trainer, &Bars, u64::MAX) else {
        panic!("the evaluation ends with its result")
    };
    assert!(score.accuracy > 0.95 && score.images == 45, "{score:?}");
    assert_eq!(next_event(&mut trainer, &Bars, 1), Event::Finished);
}

#[test]
fn how_work_is_cut_changes_nothing() {
    let run = |macs| {
        let mut trainer = trainer();
        let mut events = train(&mut trainer, 2, macs);
        trainer.evaluate(Split::Test).unwrap();
        events.push(next_event(&mut trainer, &Bars, macs));
        (events, trainer.weights_digest())
    };
    let whole = run(u64::MAX);
    assert_eq!(whole.0.len(), 4);
    for macs in [0, 1000, 123_457, 5_000_000] {
        assert_eq!(run(macs), whole, "{macs} at a time");
    }
}

#[test]
fn reports_tell_how_far_it_is() {
    let mut trainer = trainer();
    trainer.train_to(2).unwrap();
    let (mut last, mut macs, mut calls) = (0.0, 0, 0);
    loop {
        let report = trainer.step(&Bars, 100_000);
        assert!(report.fraction_done >= last, "{report:?} after {last}");
        (last, macs, calls) = (report.fraction_done, macs + report.macs, calls + 1);
        assert_eq!(report.steps_per_epoch, 10);
        assert!(report.train_loss.is_some() || report.step == 0);
        if report.event == Some(Event::Finished) {
            break;
        }
    }
    assert!(calls > 20, "{calls}");
    assert_eq!(last, 1.0);
    // Drawing an order costs one for each image.
    assert_eq!(macs, 2 * (trainer.macs_per_epoch() + u64::from(BARS.train)));
}

#[test]
fn a_budget_is_not_overdrawn_by_more_than_one_instruction() {
    let mut trainer = trainer();
    trainer.train_to(1).unwrap();
    // The largest: conv2, 16 images of 8×8 outputs, each the sum of 3·3·8 products for 8 channels.
    let largest = 16 * 64 * 8 * 72;
    for _ in 0..100 {
        assert!(trainer.step(&Bars, 1000).macs < 1000 + largest);
    }
}

/// Remembers which images were asked for.
struct Log(RefCell<Vec<(Split, Vec<u32>)>>);

impl Samples for Log {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { train: 37, validation: 5, ..BARS }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        self.0.borrow_mut().push((split, indices.to_vec()));
        Bars.fill(split, indices, images, labels);
    }
}

/// The training images of each of two epochs.
fn orders(seeds: Seeds) -> [Vec<u32>; 2] {
    let log = Log(RefCell::default());
    let mut trainer = Trainer::new(&graph(), &recipe(), seeds, log.sizes(), MEMORY_LIMIT).unwrap();
    trainer.train_to(2).unwrap();
    while next_event(&mut trainer, &log, u64::MAX) != Event::Finished {}
    let asked = log.0.into_inner();
    // Two batches of 16, five images left out, five to validate: twice.
    let splits: Vec<(Split, usize)> = asked.iter().map(|(split, indices)| (*split, indices.len())).collect();
    let epoch = [(Split::Train, 16), (Split::Train, 16), (Split::Validation, 5)];
    assert_eq!(splits, [epoch, epoch].concat());
    [0, 3].map(|first| [asked[first].1.as_slice(), &asked[first + 1].1].concat())
}

#[test]
fn the_order_of_images_belongs_to_run_and_replicate() {
    let [first, second] = orders(seeds());
    assert_ne!(first, second);
    for mut order in [first.clone(), second.clone()] {
        order.sort_unstable();
        order.dedup();
        assert_eq!(order.len(), 32, "an image comes twice");
    }
    assert_eq!(orders(Seeds { key: nas_numerics::sha256(b"another"), ..seeds() }), [first.clone(), second]);
    assert_ne!(orders(Seeds { run_seed: 8, ..seeds() })[0], first);
    assert_ne!(orders(Seeds { replicate: 1, ..seeds() })[0], first);
}

/// Images, in training all set to the epoch and the seeds.
struct Dated;

impl Samples for Dated {
    fn sizes(&self) -> SampleSizes {
        BARS
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        Bars.fill(split, indices, images, labels);
    }

    fn fill_for_training(
        &self,
        epoch: TrainingEpoch,
        indices: &[u32],
        images: &mut [f32],
        labels: &mut [u32],
    ) {
        self.fill(Split::Train, indices, images, labels);
        assert_eq!((epoch.run_seed, epoch.replicate), (7, 0));
        for value in images {
            *value += epoch.epoch as f32;
        }
    }
}

#[test]
fn an_epoch_may_have_images_of_its_own() {
    let losses = |samples: &dyn Samples| {
        let mut trainer = trainer();
        trainer.train_to(2).unwrap();
        let losses = [(); 2].map(|()| match next_event(&mut trainer, samples, u64::MAX) {
            Event::EpochEnd { train, .. } => train.loss,
            other => panic!("{other:?}"),
        });
        (losses, trainer)
    };
    let ([first, second], mut trainer) = losses(&Dated);
    let ([expected_first, expected_second], mut plain) = losses(&Bars);
    assert_eq!(first, expected_first);
    assert_ne!(second, expected_second);
    // An evaluation sees training images as they are.
    plain.load_weights(&trainer.export_weights()).unwrap();
    let score = |trainer: &mut Trainer, samples: &dyn Samples| {
        trainer.evaluate(Split::Train).unwrap();
        next_event(trainer, samples, u64::MAX)
    };
    assert_eq!(score(&mut trainer, &Dated), score(&mut plain, &Bars));
}

#[test]
fn divergence_names_the_first_layer() {
    let mut trainer = trainer();
    let mut weights = trainer.export_weights();
    weights.iter_mut().find(|tensor| tensor.path == "conv3.weight").unwrap().values[2] = f32::INFINITY;
    trainer.load_weights(&weights).unwrap();
    let expected = [Event::Diverged { step: 0, layer: "conv3".into() }];
    assert_eq!(train(&mut trainer, 1, 1000), expected);
    assert_eq!(train(&mut trainer, 1, u64::MAX), expected);
}

#[test]
fn a_learning_rate_too_high_diverges() {
    let recipe = nas_arch::Recipe {
        learning_rate: 1e30,
        optimizer: nas_arch::Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
        ..recipe()
    };
    let mut trainer = Trainer::new(&graph(), &recipe, seeds(), BARS, MEMORY_LIMIT).unwrap();
    let events = train(&mut trainer, 1, u64::MAX);
    assert!(matches!(&events[..], [Event::Diverged { step: 1..=3, .. }]), "{events:?}");
}
