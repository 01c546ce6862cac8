//! Candidates that are trained several times.

use nas_member::SettingValue;

use super::*;

fn several(replicates: u32, settings: &[(&str, &str)]) -> RunConfig {
    let mut config = RunConfig { replicates, ..config(7) };
    for (key, word) in settings {
        config.settings.insert((*key).to_owned(), SettingValue::Word((*word).to_owned()));
    }
    config
}

/// Jobs in the order handed out, and the log, of a run with one worker.
fn jobs_and_log(config: &RunConfig) -> (Vec<Job>, Vec<LogLine>) {
    let mut run = Run::new(config, &facts()).unwrap();
    let (mut jobs, mut log) = (Vec::new(), run.take_log());
    while let Some(job) = run.next_job() {
        run.tell(job.id, perform(&job)).unwrap();
        log += &run.take_log();
        jobs.push(job);
    }
    assert!(run.is_over());
    (jobs, lines(&log))
}

#[test]
fn a_candidate_is_told_the_mean_of_its_trainings() {
    let (jobs, lines) = jobs_and_log(&several(3, &[]));
    let (once, _) = jobs_and_log(&several(1, &[]));
    // Nothing is known before the first eight: these are the candidates of a run that trains once, and so is their first training.
    for one in once.iter().filter(|one| one.kind == JobKind::Search && one.ask < 8) {
        assert!(jobs.iter().any(|job| (job.ask, &job.key) == (one.ask, &one.key)));
    }
    let mut failed = 0;
    let mut work = 0;
    for line in &lines {
        match line {
            LogLine::Asked { ask, key, planned_macs, same_as: None, .. } => {
                let own: Vec<&Job> =
                    jobs.iter().filter(|job| (job.kind, job.ask) == (JobKind::Search, *ask)).collect();
                assert_eq!(own.len(), 3);
                let replicate = |number| own.iter().find(|job| job.replicate == number).unwrap();
                assert_eq!(replicate(0).key, *key);
                assert!(replicate(1).key != replicate(0).key && replicate(2).key != replicate(1).key);
                assert_eq!(*planned_macs, own.iter().map(|job| job.planned_macs).sum::<u64>());
            }
            LogLine::Told { ask, result, .. } => {
                let own = jobs.iter().filter(|job| (job.kind, job.ask) == (JobKind::Search, *ask));
                let mut own: Vec<&Job> = own.collect();
                own.sort_by_key(|job| job.replicate);
                let accuracies: Vec<f32> =
                    own.iter().map(|job| Trained::from(perform(job)).validation_accuracy).collect();
                if result.failure.is_some() {
                    failed += 1;
                    assert!(accuracies.contains(&0.0) && result.replicates.is_empty());
                } else if !own.is_empty() {
                    assert_eq!(result.replicates, accuracies);
                    let mean = accuracies.iter().map(|&accuracy| f64::from(accuracy)).sum::<f64>() / 3.0;
                    assert_eq!(result.validation_accuracy, mean as f32);
                    assert_eq!(result.curve.last().unwrap().accuracy, mean as f32);
                    assert_eq!(result.curve.len(), 9);
                }
            }
            LogLine::Done { work_macs, .. } => work = *work_macs,
            LogLine::Final { result, .. } => assert!(result.replicates.is_empty()),
            _ => {}
        }
    }
    assert!(failed > 0, "one training of 60 fails");
    assert_eq!(work, jobs.iter().map(|job| job.planned_macs).sum::<u64>());
    assert!(jobs.iter().filter(|job| job.kind == JobKind::Final).all(|job| job.replicate == 0));
}

#[test]
fn the_log_does_not_depend_on_workers() {
    let configs = [
        several(2, &[]),
        several(3, &[("train.stopping", "halving")]),
        several(2, &[("train.weights", "parent")]),
    ];
    for config in configs {
        let run = || Run::new(&config, &facts()).unwrap();
        let alone = play(run(), 1, 0, false);
        for (workers, seed) in [(3, 1), (8, 2), (20, 3)] {
            assert_eq!(play(run(), workers, seed, true), alone, "{:?}, {workers} workers", config.settings);
        }
        assert!(alone.len() < 1024 * 32 * 2);
    }
}

#[test]
fn each_training_of_an_heir_begins_with_the_same_one_of_its_parent() {
    let config = RunConfig { candidates: 60, ..several(2, &[("train.weights", "parent")]) };
    let (jobs, _) = jobs_and_log(&config);
    let heirs = jobs.iter().filter_map(|job| Some((job, job.inherits.as_ref()?)));
    let mut second = 0;
    for (job, inheritance) in heirs {
        assert_eq!(job.replicate, inheritance.from.replicate);
        assert!(jobs.iter().any(|other| other.key == inheritance.from.key));
        second += job.replicate;
    }
    assert!(second > 5, "{second}");
}

#[test]
fn what_trains_nothing_trains_nothing_twice() {
    for eval in ["score", "supernet"] {
        let config = RunConfig { eval: eval.into(), ..several(2, &[]) };
        let message = Run::new(&config, &facts()).err().unwrap().to_string();
        let expected =
            format!("replicates: eval={eval} trains no candidate, so none is trained 2 times: choose 1");
        assert_eq!(message, expected);
    }
}

#[test]
fn the_front_tells_how_likely_it_is() {
    let (_, lines) = jobs_and_log(&several(3, &[]));
    let mut fronts = lines.iter().filter_map(|line| match line {
        LogLine::Front { members, training_deviation, .. } => Some((members, training_deviation)),
        _ => None,
    });
    let (members, deviation) = fronts.next_back().unwrap();
    let told: Vec<&Trained> = lines
        .iter()
        .filter_map(|line| match line {
            LogLine::Told { result, .. } if result.failure.is_none() => Some(result),
            _ => None,
        })
        .collect();
    // The made-up accuracies are uniform between 0 and 1: their standard deviation is 1/√12.
    let deviation = deviation.unwrap();
    assert!((deviation - 0.2887).abs() < 0.05, "{deviation} over {} networks", told.len());
    let probabilities: Vec<f32> = members.iter().map(|member| member.probability.unwrap()).collect();
    assert!(probabilities.len() > 1);
    assert!(probabilities.iter().all(|probability| (0.05..=1.0).contains(probability)), "{probabilities:?}");
    assert!(probabilities.iter().any(|probability| *probability < 0.95), "{probabilities:?}");
    // Without rivals the cheapest of all is on the front for certain.
    let cheapest = lines.iter().filter_map(|line| match line {
        LogLine::Asked { costs, .. } => Some(costs.latency_ms),
        _ => None,
    });
    if cheapest.fold(f64::INFINITY, f64::min) == members[0].cost {
        assert_eq!(probabilities[0], 1.0);
    }
    let (_, once) = jobs_and_log(&several(1, &[]));
    for line in &once {
        if let LogLine::Front { members, training_deviation, .. } = line {
            assert!(
                training_deviation.is_none() && members.iter().all(|member| member.probability.is_none())
            );
        }
    }
}
