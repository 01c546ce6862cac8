//! Jobs of a run whose trainings begin with the weights of the parent's, on real images.

use std::collections::BTreeMap;

use nas_data::DatasetInfo;
use nas_evaluate::{CheckpointError, Evaluation, Images, perform};
use nas_member::SettingValue;
use nas_nn::NamedTensor;
use nas_run::{DataFacts, Job, JobKind, Outcome, Run, RunConfig};

/// A whole step in one call.
const ALL: u64 = u64::MAX;

fn finish(evaluation: &mut Evaluation, images: &Images) -> Outcome {
    std::iter::repeat_with(|| evaluation.step(images, ALL)).flatten().next().unwrap()
}

/// What came of the search jobs of a run, each begun with the checkpoint that it goes on from.
struct Played {
    images: Images,
    jobs: Vec<Job>,
    outcomes: BTreeMap<String, Outcome>,
    checkpoints: BTreeMap<String, Vec<u8>>,
}

fn played() -> Played {
    let info = DatasetInfo::find("digits8").unwrap();
    let settings = [
        ("train.weights".to_owned(), SettingValue::Word("parent".into())),
        ("train.hot_epochs".to_owned(), SettingValue::Integer(1)),
        ("train.final_epochs".to_owned(), SettingValue::Integer(0)),
        ("cell.channels".to_owned(), SettingValue::Integer(4)),
    ];
    let config = RunConfig {
        space: "cell".into(),
        strategy: "local-search".into(),
        samples: Some(96),
        candidates: 24,
        epochs: 2,
        width: 1,
        settings: settings.into_iter().collect(),
        ..RunConfig::default()
    };
    let mut run = Run::new(&config, &DataFacts::of(info)).unwrap();
    let dataset = info.open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap();
    let images = Images::prepare(&dataset, run.problem().data()).unwrap();
    let mut played =
        Played { images, jobs: Vec::new(), outcomes: BTreeMap::new(), checkpoints: BTreeMap::new() };
    while let Some(job) = run.next_job() {
        let checkpoint = job.goes_on_from().map(|key| &played.checkpoints[key]);
        let mut evaluation = match checkpoint {
            Some(checkpoint) => Evaluation::resume(job.clone(), &played.images, checkpoint).unwrap(),
            None => Evaluation::new(job.clone(), &played.images).unwrap(),
        }
        .ok()
        .unwrap();
        let outcome = finish(&mut evaluation, &played.images);
        run.tell(job.id, outcome.clone()).unwrap();
        played.checkpoints.insert(job.key.clone(), evaluation.checkpoint().unwrap());
        played.outcomes.insert(job.key.clone(), outcome);
        played.jobs.push(job);
    }
    played
}

fn depth(job: &Job) -> u32 {
    job.inherits.as_ref().map_or(0, |inheritance| 1 + depth(&inheritance.from))
}

#[test]
fn who_has_no_weights_of_the_parent_trains_the_whole_line_to_the_same_outcome() {
    let Played { images, jobs, outcomes, .. } = played();
    let mut deepest = 0;
    for job in jobs {
        assert_eq!(job.kind, JobKind::Search);
        deepest = deepest.max(depth(&job));
        let expected = &outcomes[&job.key];
        let Outcome::Trained { curve, .. } = expected else { panic!("{expected:?}") };
        assert_eq!(curve.len(), if job.inherits.is_some() { 1 } else { 2 });
        assert_eq!(perform(job, &images).unwrap(), *expected);
    }
    assert!(deepest >= 2, "{deepest} generations");
}

/// Parameters and running statistics by path.
fn weights(evaluation: &mut Evaluation) -> BTreeMap<String, NamedTensor> {
    evaluation.trainer().export_weights().into_iter().map(|tensor| (tensor.path.clone(), tensor)).collect()
}

#[test]
fn an_heir_begins_with_the_layers_in_common_and_draws_the_others() {
    let Played { images, jobs, checkpoints, .. } = played();
    let [mut copied, mut drawn] = [0, 0];
    for job in jobs.iter().filter(|job| job.inherits.is_some()) {
        let inheritance = job.inherits.as_ref().unwrap();
        let parent = &*inheritance.from;
        let checkpoint = &checkpoints[&parent.key];
        let theirs =
            weights(&mut Evaluation::resume(parent.clone(), &images, checkpoint).unwrap().ok().unwrap());
        let cold = Job { inherits: None, ..job.clone() };
        let anew = weights(&mut Evaluation::new(cold, &images).unwrap().unwrap());
        let mut heir = Evaluation::resume(job.clone(), &images, checkpoint).unwrap().ok().unwrap();
        assert!(heir.checkpoint().is_err(), "nothing of its own yet");
        // The first step ends the parent's training, which is at its end already.
        assert_eq!(heir.step(&images, 1), None);
        for (path, tensor) in weights(&mut heir) {
            let (layer, parameter) = path.split_once('.').unwrap();
            let parent = inheritance.layers.iter().find(|[heir, _]| heir == layer);
            let theirs = parent.and_then(|[_, parent]| theirs.get(&format!("{parent}.{parameter}")));
            if let Some(theirs) = theirs.filter(|theirs| theirs.shape == tensor.shape) {
                assert_eq!(tensor.values, theirs.values, "{path}");
                copied += 1;
            } else {
                assert_eq!(tensor.values, anew[&path].values, "{path}");
                drawn += 1;
            }
        }
    }
    assert!(copied > 100 && drawn > 10, "{copied} copied, {drawn} drawn");
}

#[test]
fn a_stranger_s_weights_are_refused() {
    let Played { images, jobs, checkpoints, .. } = played();
    let heir = jobs.iter().find(|job| depth(job) == 1).unwrap();
    let stranger = jobs.iter().find(|job| job.key != heir.key && Some(&*job.key) != heir.goes_on_from());
    let refused = Evaluation::resume(heir.clone(), &images, &checkpoints[&stranger.unwrap().key]);
    assert!(matches!(refused, Err(CheckpointError::Snapshot(_))), "{:?}", refused.err());
    // Its own weights are no stranger's: it stands at its end.
    let mut own = Evaluation::resume(heir.clone(), &images, &checkpoints[&heir.key]).unwrap().ok().unwrap();
    assert_eq!(own.progress().curve.len(), 1);
    assert!(matches!(finish(&mut own, &images), Outcome::Trained { .. }));
}
