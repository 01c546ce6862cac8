//! Jobs of a run by a super-network on real images.

use nas_data::DatasetInfo;
use nas_evaluate::{CheckpointError, Evaluation, Images, perform};
use nas_member::SettingValue;
use nas_nn::SnapshotError;
use nas_run::{DataFacts, Job, JobKind, Outcome, Run, RunConfig};

/// The training of the super-network, its outcome and weights, and the jobs of the first candidates.
struct Begun {
    images: Images,
    job: Job,
    outcome: Outcome,
    weights: Vec<u8>,
    candidates: Vec<Job>,
}

/// A whole step in one call.
const ALL: u64 = u64::MAX;

fn finish(evaluation: &mut Evaluation, images: &Images, macs: u64) -> Outcome {
    std::iter::repeat_with(|| evaluation.step(images, macs)).flatten().next().unwrap()
}

fn begun() -> Begun {
    let info = DatasetInfo::find("digits8").unwrap();
    let settings = [
        ("supernet.epochs".to_owned(), SettingValue::Integer(2)),
        ("supernet.calibration_batches".to_owned(), SettingValue::Integer(2)),
        ("cell.channels".to_owned(), SettingValue::Integer(4)),
    ];
    let config = RunConfig {
        space: "cell".into(),
        eval: "supernet".into(),
        samples: Some(96),
        candidates: 6,
        settings: settings.into_iter().collect(),
        ..RunConfig::default()
    };
    let mut run = Run::new(&config, &DataFacts::of(info)).unwrap();
    let job = run.next_job().unwrap();
    let dataset = info.open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap();
    let images = Images::prepare(&dataset, &job.data).unwrap();
    let mut evaluation = Evaluation::new(job.clone(), &images).unwrap().unwrap();
    let outcome = finish(&mut evaluation, &images, 100_000);
    assert_eq!(evaluation.progress().fraction_done, 1.0);
    let weights = evaluation.checkpoint().unwrap();
    run.tell(job.id, outcome.clone()).unwrap();
    let candidates: Vec<Job> = std::iter::from_fn(|| run.next_job()).collect();
    assert!(candidates.iter().all(|job| job.kind == JobKind::Search));
    Begun { images, job, outcome, weights, candidates }
}

#[test]
fn a_super_network_does_not_depend_on_how_the_work_is_cut() {
    let Begun { images, job, outcome, .. } = begun();
    assert_eq!(perform(job, &images).unwrap(), outcome);
    let Outcome::Trained { curve, test_accuracy, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((curve.len(), test_accuracy), (2, None));
}

#[test]
fn who_has_no_weights_trains_them_to_the_same_outcome() {
    let Begun { images, weights, candidates, .. } = begun();
    let mut accuracies = Vec::new();
    for job in candidates {
        let mut inheriting = Evaluation::resume(job.clone(), &images, &weights).unwrap().ok().unwrap();
        let inherited = finish(&mut inheriting, &images, 1000);
        assert_eq!(finish(&mut Evaluation::new(job, &images).unwrap().unwrap(), &images, ALL), inherited);
        let Outcome::Validated { accuracy } = inherited else { panic!("{inherited:?}") };
        accuracies.push(accuracy);
    }
    accuracies.sort_unstable_by(f32::total_cmp);
    accuracies.dedup();
    assert!(accuracies.len() > 1, "candidates differ");
}

#[test]
fn damaged_weights_are_refused() {
    let Begun { images, weights, candidates, .. } = begun();
    let mut changed = weights.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for damaged in [&weights[..weights.len() - 1], &changed] {
        let refused = Evaluation::resume(candidates[0].clone(), &images, damaged).err().unwrap();
        assert_eq!(refused, CheckpointError::Snapshot(SnapshotError::Damaged));
    }
}

#[test]
fn a_path_that_needs_too_much_memory_is_an_outcome() {
    let Begun { images, job, weights, candidates, .. } = begun();
    let small = |job: &Job| Job { memory_limit_bytes: 1000, ..job.clone() };
    let outcome = perform(small(&job), &images).unwrap();
    assert!(matches!(outcome, Outcome::Failed(nas_run::Failure::TooLarge { .. })), "{outcome:?}");
    let outcome = Evaluation::resume(small(&candidates[0]), &images, &weights).unwrap().err();
    assert!(matches!(outcome, Some(Outcome::Failed(nas_run::Failure::TooLarge { .. }))), "{outcome:?}");
}
