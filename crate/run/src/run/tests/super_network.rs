use nas_member::SettingValue;

use super::*;

/// A run of a super-network of few epochs.
fn config() -> RunConfig {
    let epochs = ("supernet.epochs".to_owned(), SettingValue::Integer(2));
    let samples = Some(64);
    RunConfig {
        eval: "supernet".into(),
        samples,
        candidates: 12,
        settings: [epochs].into_iter().collect(),
        ..RunConfig::default()
    }
}

fn outcome(job: &Job) -> Outcome {
    match job.kind {
        JobKind::Search => {
            let mut rng = Rng::from_digester(Digester::new().text(&job.key));
            Outcome::Validated { accuracy: rng.unit() }
        }
        JobKind::Final | JobKind::SuperNetwork => Outcome::Trained {
            curve: vec![EpochScore { loss: 1.0, accuracy: 0.5 }; job.epochs as usize],
            test_accuracy: (job.kind == JobKind::Final).then_some(0.5),
            weights_sha256: "0a".into(),
        },
    }
}

#[test]
fn candidates_wait_for_the_weights_that_they_inherit() {
    let mut run = Run::new(&config(), &facts()).unwrap();
    let first = run.next_job().unwrap();
    assert_eq!((first.kind, first.epochs, first.goes_on_from()), (JobKind::SuperNetwork, 2, None));
    assert_eq!(first.planned_macs % (3 * 64 * 2), 0, "three passes of every image in every epoch");
    assert!(run.next_job().is_none());
    run.lost(first.id);
    let again = run.next_job().unwrap();
    assert_eq!(again, first);
    run.tell(again.id, outcome(&first)).unwrap();
    let mut kinds = Vec::new();
    while let Some(job) = run.next_job() {
        kinds.push(job.kind);
        if job.kind == JobKind::Search {
            assert_eq!((job.goes_on_from(), job.epochs), (Some(first.key.as_str()), 0));
            assert!(job.network.layers.iter().any(|layer| layer.name.starts_with("layer1")), "named layers");
            assert_eq!(job.planned_macs % (64 + 300), 0, "statistics and validation");
        }
        run.tell(job.id, outcome(&job)).unwrap();
    }
    assert!(run.is_over());
    let lines = lines(&run.take_log());
    let LogLine::SuperNetwork { epochs: 2, planned_macs, curve, weights_sha256: Some(_), failure: None } =
        &lines[1]
    else {
        panic!("{:?}", lines[1])
    };
    assert_eq!((*planned_macs, curve.len()), (first.planned_macs, 2));
    let told: Vec<_> = lines
        .iter()
        .filter_map(|line| match line {
            LogLine::Told { virtual_end, result, .. } => Some((*virtual_end, result)),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 12);
    assert!(told.iter().all(|(end, result)| *end > first.planned_macs && result.validation_accuracy > 0.0));
    let finals = lines.iter().filter(|line| matches!(line, LogLine::Final { .. })).count();
    assert!(finals > 0 && kinds.iter().filter(|kind| **kind == JobKind::Final).count() == finals);
}

#[test]
fn finals_train_canonical_networks() {
    let mut run = Run::new(&config(), &facts()).unwrap();
    while let Some(job) = run.next_job() {
        if job.kind == JobKind::Final {
            assert_eq!(Some(&job.network), run.network(job.ask));
            assert_eq!((job.supernet.as_ref(), job.epochs), (None, 20));
        }
        run.tell(job.id, outcome(&job)).unwrap();
    }
}

#[test]
fn without_its_weights_the_run_is_over() {
    let mut run = Run::new(&config(), &facts()).unwrap();
    let job = run.next_job().unwrap();
    let failure = Failure::Diverged { step: 3, layer: "super-network".into() };
    run.tell(job.id, Outcome::Failed(failure.clone())).unwrap();
    assert!(run.is_over() && run.next_job().is_none());
    let lines = lines(&run.take_log());
    let said = matches!(&lines[1], LogLine::SuperNetwork { failure: Some(found), .. } if *found == failure);
    assert!(said, "{:?}", lines[1]);
    assert_eq!(lines[2..], [LogLine::Stopped { reason: StopReason::SuperNetwork }]);
}

#[test]
fn its_key_is_that_of_all_it_depends_on() {
    let key = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config();
        change(&mut config);
        let mut run = Run::new(&config, &facts()).unwrap();
        run.next_job().unwrap().key
    };
    let set = |config: &mut RunConfig, name: &str, value| {
        config.settings.insert(name.to_owned(), SettingValue::Integer(value));
    };
    let same = key(&|_| ());
    assert_eq!(same, key(&|config| config.candidates = 5));
    assert_eq!(same, key(&|config| config.strategy = "random".into()));
    let mut keys = vec![
        same,
        key(&|config| config.seed = 9),
        key(&|config| config.samples = Some(65)),
        key(&|config| set(config, "supernet.epochs", 3)),
        key(&|config| set(config, "layers.max_depth", 3)),
        key(&|config| set(config, "train.batch_size", 16)),
        key(&|config| config.space = "cell".into()),
    ];
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn what_cannot_share_weights_is_refused_before_it_starts() {
    let cases = [("accelerator", "hardware is searched with its networks"), ("fire", "have no names")];
    for (space, reason) in cases {
        let config = RunConfig { space: space.into(), ..config() };
        let message = Run::new(&config, &facts()).err().unwrap().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let mut config = config();
    config.settings.insert("train.warmup".into(), SettingValue::Integer(2));
    let message = Run::new(&config, &facts()).err().unwrap().to_string();
    assert!(
        message.starts_with("train.warmup: a warm-up of 2 epochs leaves nothing of a training of 2"),
        "{message}"
    );
}
