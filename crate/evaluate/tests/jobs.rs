//! Jobs of a real run on real images.

use nas_arch::{Network, canonical, reference};
use nas_data::{Augmentation, DataError, Dataset, DatasetInfo};
use nas_evaluate::{CheckpointError, Evaluation, EvaluationError, Images, perform};
use nas_nn::{Samples, Split, TrainingEpoch};
use nas_run::{DataFacts, Failure, Job, JobKind, Outcome, Run, RunConfig};

fn info() -> &'static DatasetInfo {
    DatasetInfo::find("digits8").unwrap()
}

fn dataset() -> Dataset {
    info().open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap()
}

/// A quick training of the smallest reference network.
fn job(epochs: u32) -> Job {
    let network = canonical(&reference("digits-tiny").unwrap().resolve().unwrap());
    let mut job = Job::standalone(&network, &DataFacts::of(info()), 7, epochs).unwrap();
    job.data.samples = 128;
    job
}

fn images(job: &Job) -> Images {
    Images::prepare(&dataset(), &job.data).unwrap()
}

#[test]
fn the_catalog_says_of_a_dataset_what_its_file_says() {
    let dataset = dataset();
    assert_eq!(DataFacts::of(info()).sha256, dataset.hash().to_string());
    assert_eq!(DataFacts::of(info()).classes, dataset.classes());
}

#[test]
fn an_outcome_does_not_depend_on_how_the_work_is_cut() {
    let job = job(2);
    let images = images(&job);
    let whole = perform(job.clone(), &images).unwrap();
    let mut evaluation = Evaluation::new(job, &images).unwrap().unwrap();
    let mut calls = 0;
    let cut = loop {
        calls += 1;
        if let Some(outcome) = evaluation.step(&images, 12_345) {
            break outcome;
        }
    };
    assert!(calls > 100);
    assert_eq!(cut, whole);
    assert_eq!(evaluation.progress().fraction_done, 1.0);
}

#[test]
fn only_a_final_training_sees_the_test_split() {
    for (kind, expected) in [(JobKind::Search, false), (JobKind::Final, true)] {
        let job = Job { kind, ..job(1) };
        let images = images(&job);
        let Outcome::Trained { test_accuracy, curve, .. } = perform(job, &images).unwrap() else {
            panic!("this network trains");
        };
        assert_eq!((test_accuracy.is_some(), curve.len()), (expected, 1));
    }
}

#[test]
fn a_checkpoint_of_any_epoch_leads_to_the_same_outcome() {
    let job = job(3);
    let images = images(&job);
    let whole = perform(job.clone(), &images).unwrap();
    let mut evaluation = Evaluation::new(job.clone(), &images).unwrap().unwrap();
    let mut checkpoints = Vec::new();
    while evaluation.step(&images, 1 << 40).is_none() {
        if evaluation.progress().curve.len() > checkpoints.len() {
            checkpoints.push(evaluation.checkpoint().unwrap());
        }
    }
    assert_eq!(checkpoints.len(), 3);
    for checkpoint in &checkpoints {
        let mut resumed = Evaluation::resume(job.clone(), &images, checkpoint).unwrap().ok().unwrap();
        let outcome = std::iter::from_fn(|| Some(resumed.step(&images, 1 << 40))).flatten().next();
        assert_eq!(outcome.as_ref(), Some(&whole));
    }
    let damaged = &checkpoints[0][..checkpoints[0].len() - 1];
    assert!(matches!(Evaluation::resume(job.clone(), &images, damaged), Err(CheckpointError::Snapshot(_))));
    assert!(matches!(Evaluation::resume(job, &images, &[1, 2]), Err(CheckpointError::Damaged)));
}

/// As a driver performs rungs: one job after the other, each from the checkpoint of the last one.
#[test]
fn rungs_lead_to_the_weights_of_an_uninterrupted_training() {
    let whole = Job { kind: JobKind::Search, ..job(4) };
    let images = images(&whole);
    let mut checkpoint: Option<Vec<u8>> = None;
    for (epochs_before, epochs) in [(0, 1), (1, 2), (2, 4)] {
        let job = Job { epochs_before, epochs, ..whole.clone() };
        assert_eq!(job.may_go_on(), epochs < 4);
        let mut evaluation = match &checkpoint {
            Some(checkpoint) => Evaluation::resume(job.clone(), &images, checkpoint).unwrap().ok().unwrap(),
            None => Evaluation::new(job.clone(), &images).unwrap().unwrap(),
        };
        let outcome = std::iter::from_fn(|| Some(evaluation.step(&images, 1 << 40))).flatten().next();
        // Whoever lacks the checkpoint begins anew, to the same outcome.
        assert_eq!(outcome, Some(perform(job, &images).unwrap()), "to epoch {epochs}");
        checkpoint = Some(evaluation.checkpoint().unwrap());
        if epochs == 4 {
            assert_eq!(outcome, Some(perform(whole.clone(), &images).unwrap()));
        }
    }
}

#[test]
fn what_cannot_be_trained_is_an_outcome_or_an_error_that_says_why() {
    let base = job(1);
    let images = images(&base);
    let too_large = perform(Job { memory_limit_bytes: 1000, ..base.clone() }, &images).unwrap();
    assert!(matches!(too_large, Outcome::Failed(Failure::TooLarge { limit_bytes: 1000, .. })));
    let message = |job: Job| perform(job, &images).unwrap_err().to_string();
    let nine = Network::from_json(r#"{"input": [1, 8, 8], "layers": [{"op": "dense", "out_features": 9}]}"#);
    assert!(
        message(Job { network: nine.unwrap(), ..base.clone() })
            .contains("output is 9×1×1, it must be 10×1×1")
    );
    assert!(message(Job { key: "no key".into(), ..base.clone() }).contains("'no key' is not a key"));
    let mut other = base;
    other.data.samples = 64;
    assert!(matches!(perform(other, &images), Err(EvaluationError::Images { .. })));
}

fn augmented() -> Augmentation {
    Augmentation { shift_pixels: 1, rotation_degrees: 10.0, noise: 0.1, ..Augmentation::default() }
}

#[test]
fn changed_images_belong_to_run_replicate_epoch_and_image() {
    const EPOCH: TrainingEpoch = TrainingEpoch { run_seed: 7, replicate: 0, epoch: 3 };
    let mut job = job(1);
    let plain = images(&job);
    job.data.augmentation = augmented();
    let changed = images(&job);
    let fill = |images: &Images, epoch: TrainingEpoch, indices: &[u32]| {
        let mut values = vec![0.0; indices.len() * 64];
        let mut labels = vec![0; indices.len()];
        images.fill_for_training(epoch, indices, &mut values, &mut labels);
        (values, labels)
    };
    let (values, labels) = fill(&changed, EPOCH, &[5, 9, 5]);
    assert_eq!(values[..64], values[128..]);
    for (place, index) in [5, 9].into_iter().enumerate() {
        let alone = fill(&changed, EPOCH, &[index]);
        assert_eq!(alone, (values[place * 64..][..64].to_vec(), vec![labels[place]]));
        for other in [
            TrainingEpoch { run_seed: 8, ..EPOCH },
            TrainingEpoch { replicate: 1, ..EPOCH },
            TrainingEpoch { epoch: 4, ..EPOCH },
        ] {
            assert_ne!(fill(&changed, other, &[index]), alone);
        }
        assert_eq!(fill(&plain, EPOCH, &[index]).1, alone.1);
        assert_ne!(fill(&plain, EPOCH, &[index]).0, alone.0);
    }
    for split in [Split::Train, Split::Validation, Split::Test] {
        let of = |images: &Images| {
            let (mut values, mut labels) = (vec![0.0; 128], vec![0; 2]);
            images.fill(split, &[0, 1], &mut values, &mut labels);
            (values, labels)
        };
        assert_eq!(of(&changed), of(&plain), "{split}");
    }
}

#[test]
fn augmentation_is_part_of_a_job() {
    let base = job(2);
    let mut changed = base.clone();
    changed.data.augmentation = augmented();
    let [plain, augmented] = [&base, &changed].map(|job| perform(job.clone(), &images(job)).unwrap());
    assert_ne!(plain, augmented);
    assert_eq!(perform(changed.clone(), &images(&changed)).unwrap(), augmented);
    assert!(matches!(perform(changed.clone(), &images(&base)), Err(EvaluationError::Images { .. })));
    assert!(!serde_json::to_string(&base).unwrap().contains("augmentation"));
    changed.data.augmentation.shift_pixels = 8;
    let error = Images::prepare(&dataset(), &changed.data).err().unwrap();
    assert!(matches!(error, DataError::Augmentation { field: "shift", .. }));
}

/// The same training, whether the images are halved before the network or by its first layer.
#[test]
fn a_network_with_a_smaller_input_sees_the_images_shrunk() {
    let with_input = |input: &str| {
        let layers = r#"{"op": "relu"}, {"name": "head", "op": "dense", "out_features": 10}"#;
        Network::from_json(&format!(r#"{{"input": {input}{layers}]}}"#)).unwrap()
    };
    let halved = with_input(r#"[1, 4, 4], "layers": ["#);
    let pooled = with_input(r#"[1, 8, 8], "layers": [{"op": "avg-pool", "kernel": 2}, "#);
    let mut base = Job { kind: JobKind::Final, ..job(2) };
    base.data.augmentation = Augmentation { shift_pixels: 1, ..Augmentation::default() };
    let images = images(&base);
    let outcome = |network: &Network| {
        let Outcome::Trained { curve, test_accuracy, .. } =
            perform(Job { network: network.clone(), ..base.clone() }, &images).unwrap()
        else {
            panic!("this network trains");
        };
        (curve, test_accuracy)
    };
    assert_eq!(outcome(&halved), outcome(&pooled));
    for refused in [r#"[1, 9, 9], "layers": ["#, r#"[1, 4, 2], "layers": ["#, r#"[2, 4, 4], "layers": ["#] {
        let error = perform(Job { network: with_input(refused), ..base.clone() }, &images).unwrap_err();
        assert!(matches!(error, EvaluationError::Trainer(_)), "{error}");
    }
}

/// A whole small run with real trainings. Its digest changes only when the numerics do: then raise
/// `NUMERICS_VERSION`, on purpose.
#[test]
fn the_log_of_a_real_run_is_pinned() {
    let settings = [
        ("layers.widths".to_owned(), nas_member::SettingValue::Numbers(vec![4, 8])),
        ("train.final_epochs".to_owned(), nas_member::SettingValue::Integer(2)),
    ];
    let config = RunConfig {
        candidates: 12,
        epochs: 1,
        samples: Some(128),
        settings: settings.into(),
        ..RunConfig::default()
    };
    let mut run = Run::new(&config, &DataFacts::of(info())).unwrap();
    let images = Images::prepare(&dataset(), run.problem().data()).unwrap();
    while let Some(job) = run.next_job() {
        let id = job.id;
        run.tell(id, perform(job, &images).unwrap()).unwrap();
    }
    let log = run.take_log();
    assert!(log.lines().last().unwrap().contains(r#""line":"done","candidates":12"#));
    assert_eq!(
        nas_numerics::sha256(log.as_bytes()).to_string(),
        "fe6d22339c172f2deb5578d4b450d5f97c253f9175c7a75ff9dc4cda9c3af705"
    );
}
