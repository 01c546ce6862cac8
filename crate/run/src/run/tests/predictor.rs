//! Candidates of which a predictor chooses those that are trained to the end.

use nas_member::SettingValue;

use super::*;
use crate::PredictorQuality;

fn predicting(settings: &[(&str, u32)]) -> RunConfig {
    let mut config =
        RunConfig { eval: "predictor".into(), candidates: 60, strategy: "random".into(), ..config(7) };
    for (key, value) in settings {
        config.settings.insert(format!("predictor.{key}"), SettingValue::Integer(*value));
    }
    config
}

/// An accuracy that grows with the parameters and with the epochs, and a little noise.
fn learnable(run: &Run, job: &Job) -> Outcome {
    let mut rng = Rng::from_digester(Digester::new().text(&job.key));
    let params = run.problem().price_network(&job.network).unwrap().costs.params;
    let quality = libm::log(params as f64) as f32 / 12.0;
    let mut score = |epoch: u32| EpochScore {
        loss: 1.0,
        accuracy: quality * (1.0 - 0.5 / (epoch + 1) as f32) - 0.02 * rng.unit(),
    };
    Outcome::Trained {
        curve: (0..job.epochs).map(&mut score).collect(),
        test_accuracy: (job.kind == JobKind::Final).then_some(0.5),
        weights_sha256: nas_numerics::sha256(job.key.as_bytes()).to_string(),
    }
}

fn played(config: &RunConfig) -> Vec<LogLine> {
    let mut run = Run::new(config, &facts()).unwrap();
    let mut log = run.take_log();
    while let Some(job) = run.next_job() {
        let outcome = learnable(&run, &job);
        run.tell(job.id, outcome).unwrap();
        log += &run.take_log();
    }
    assert!(run.is_over());
    lines(&log)
}

#[test]
fn some_are_trained_to_the_end_and_of_the_others_those_that_promise_most() {
    let lines = played(&predicting(&[]));
    let (mut whole, mut accuracies, mut promoted) = (0, Vec::new(), Vec::new());
    for line in &lines {
        match line {
            LogLine::Asked { ask, same_as: None, epochs, .. } => {
                assert_eq!(*epochs, Some(if *ask < 12 { 9 } else { 1 }), "candidate {ask}");
                whole += u32::from(*epochs == Some(9));
            }
            LogLine::Promoted { ask, epochs, .. } => {
                assert_eq!(*epochs, 9);
                promoted.push(*ask);
            }
            LogLine::Told { ask, result, epochs: Some(1), .. } if *ask >= 12 => {
                accuracies.push((result.validation_accuracy, *ask));
            }
            _ => {}
        }
    }
    assert_eq!(whole, 12);
    assert!(promoted.len() >= 10 && promoted.len() <= accuracies.len() / 3, "{} promoted", promoted.len());
    accuracies.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best: Vec<u32> = accuracies.iter().take(accuracies.len() / 2).map(|(_, ask)| *ask).collect();
    let well = promoted.iter().filter(|ask| best.contains(ask)).count();
    assert!(well * 10 >= promoted.len() * 8, "{well} of {} are of the better half", promoted.len());
}

#[test]
fn the_log_says_how_well_it_foresees() {
    let lines = played(&predicting(&[]));
    let qualities: Vec<PredictorQuality> = lines
        .iter()
        .filter_map(|line| match line {
            LogLine::Predictor(quality) => Some(*quality),
            _ => None,
        })
        .collect();
    assert!(qualities.len() > 3);
    assert!(qualities.is_sorted_by(|a, b| a.networks < b.networks));
    assert_eq!(qualities[0].networks, 12);
    let last = qualities.last().unwrap();
    // What is trained to the end is alike, so that not much is left to foresee.
    assert!(last.tau > 0.3 && (0.3..=1.0).contains(&last.params_tau), "{last:?}");
}

#[test]
fn the_log_does_not_depend_on_workers() {
    for strategy in ["regularized-evolution", "nsga2", "tpe"] {
        let config = RunConfig { strategy: strategy.into(), ..predicting(&[("learning_set", 6)]) };
        let run = || Run::new(&config, &facts()).unwrap();
        let alone = play(run(), 1, 0, false);
        for (workers, seed) in [(3, 1), (8, 2)] {
            assert_eq!(play(run(), workers, seed, true), alone, "{strategy}, {workers} workers");
        }
    }
}

#[test]
fn what_cannot_be_predicted_is_refused() {
    let refusal = |config: &RunConfig| Run::new(config, &facts()).err().unwrap().to_string();
    assert_eq!(
        refusal(&predicting(&[("first_epochs", 9)])),
        "predictor.first_epochs: 9 epochs before the prediction leave nothing of 9 to save: choose fewer, or train longer"
    );
    let with = |key: &str, word: &str| {
        let mut config = RunConfig { strategy: "nsga2".into(), ..predicting(&[]) };
        config.settings.insert(key.into(), SettingValue::Word(word.into()));
        config
    };
    assert_eq!(
        refusal(&with("train.stopping", "median")),
        "train.stopping: eval=predictor says itself which trainings go on, not 'median': choose none"
    );
    assert!(refusal(&with("train.weights", "parent")).starts_with("train.weights: trainings that rest"));
}
