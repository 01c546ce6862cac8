//! Trainings that begin with the weights of the parent's.

use nas_member::SettingValue;

use super::*;
use crate::evaluation::MAX_DEPTH;

fn hot(strategy: &str, settings: &[(&str, SettingValue)]) -> RunConfig {
    let mut config = RunConfig { strategy: strategy.into(), candidates: 80, ..config(7) };
    config.settings.insert("train.weights".into(), SettingValue::Word("parent".into()));
    config.settings.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    config
}

/// Plays a run with one worker; its search jobs in the order handed out, and its log.
fn jobs_and_log(config: &RunConfig) -> (Vec<Job>, Vec<LogLine>) {
    let mut run = Run::new(config, &facts()).unwrap();
    let (mut jobs, mut log) = (Vec::new(), run.take_log());
    while let Some(job) = run.next_job() {
        run.tell(job.id, perform(&job)).unwrap();
        log += &run.take_log();
        jobs.extend((job.kind == JobKind::Search).then_some(job));
    }
    assert!(run.is_over());
    (jobs, lines(&log))
}

#[test]
fn children_begin_with_the_weights_of_their_parents_and_train_less() {
    let (jobs, lines) = jobs_and_log(&hot("regularized-evolution", &[]));
    let job_of = |ask: u32| jobs.iter().find(|job| job.ask == ask).unwrap();
    let mut depth = vec![0; 80];
    let (mut heirs, mut deepest) = (0, 0);
    for line in &lines {
        let LogLine::Asked { ask, parent, key, hot_start, same_as: None, planned_macs, costs, .. } = line
        else {
            continue;
        };
        let job = job_of(*ask);
        assert_eq!(job.key, *key);
        assert!(job.may_be_inherited && job.may_go_on());
        match (hot_start, &job.inherits) {
            (None, None) => assert_eq!((job.epochs, job.goes_on_from()), (9, None)),
            (Some(line), Some(Inheritance { from, layers })) => {
                heirs += 1;
                depth[*ask as usize] = depth[line.from as usize] + 1;
                deepest = deepest.max(depth[*ask as usize]);
                assert!(parent.is_some() && !layers.is_empty());
                assert_eq!((line.epochs, job.epochs, job.recipe.horizon_epochs), (3, 3, 3));
                assert_eq!(*planned_macs, costs.macs * 3 * (3 * 1197 + 300));
                let donor = job_of(line.from);
                assert_eq!(
                    (&**from, job.goes_on_from()),
                    (&Job { id: 0, ..donor.clone() }, Some(&*donor.key))
                );
                let names = |network: &Network| {
                    network.layers.iter().map(|layer| layer.name.clone()).collect::<Vec<_>>()
                };
                let [own, their] = [names(&job.network), names(&from.network)];
                for [heir, parent] in layers {
                    assert!(own.contains(heir) && their.contains(parent), "{heir} {parent}");
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(heirs > 20, "{heirs} heirs");
    assert!((2..=MAX_DEPTH).contains(&deepest), "weights passed through {deepest} trainings");
}

#[test]
fn a_network_is_trained_once_whoever_its_parent_is() {
    let (jobs, lines) = jobs_and_log(&hot("annealing", &[]));
    let mut names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    let key_of = |wanted: u32| {
        lines.iter().find_map(|line| match line {
            LogLine::Asked { ask, key, .. } if *ask == wanted => Some(key.clone()),
            _ => None,
        })
    };
    let mut again = 0;
    for line in &lines {
        if let LogLine::Asked { key, same_as: Some(first), planned_macs, hot_start, .. } = line {
            assert_eq!((Some(key.clone()), *planned_macs, *hot_start), (key_of(*first), 0, None));
            again += 1;
        }
    }
    assert!(again > 0);
}

#[test]
fn the_log_of_hot_starts_does_not_depend_on_workers() {
    for strategy in ["regularized-evolution", "genetic", "local-search", "nsga2", "hyt-nas"] {
        let run = || Run::new(&hot(strategy, &[]), &facts()).unwrap();
        let alone = play(run(), 1, 0, false);
        for (workers, seed) in [(3, 1), (8, 2)] {
            assert_eq!(play(run(), workers, seed, true), alone, "{strategy}, {workers} workers");
        }
    }
}

#[test]
fn cold_trainings_keep_their_keys() {
    let (hot, _) = jobs_and_log(&hot("regularized-evolution", &[]));
    let (cold, _) = jobs_and_log(&config(7));
    let mut shared = 0;
    for job in hot.iter().filter(|job| job.inherits.is_none()) {
        if let Some(other) = cold.iter().find(|other| other.name == job.name) {
            assert_eq!(job.key, other.key);
            shared += 1;
        }
    }
    assert!(shared >= 8, "{shared} candidates of both runs");
}

#[test]
fn hot_starts_that_cannot_be_are_refused() {
    let refusal = |config: &RunConfig| Run::new(config, &facts()).err().unwrap().to_string();
    let integer = |key, value| [(key, SettingValue::Integer(value))];
    let word = |word: &str| SettingValue::Word(word.to_owned());
    assert_eq!(
        refusal(&hot("random", &[])),
        "train.weights: candidates of 'random' have no parents to inherit from: choose cold, or one of \
         regularized-evolution, genetic, local-search, annealing, nsga2, bayesian, ehvi, hyt-nas"
    );
    for eval in ["score", "supernet"] {
        let config = RunConfig { eval: eval.into(), ..hot("nsga2", &[]) };
        let expected = format!(
            "train.weights: eval={eval} trains no candidate, so none has weights to pass on: choose cold"
        );
        assert_eq!(refusal(&config), expected);
    }
    assert_eq!(
        refusal(&hot("nsga2", &[("train.stopping", word("halving"))])),
        "train.weights: trainings that rest have no weights to pass on, and heirs climb another ladder: choose cold, \
         or train all to the end"
    );
    assert_eq!(
        refusal(&hot("nsga2", &integer("train.hot_epochs", 10))),
        "train.hot_epochs: 10 epochs are more than the 9 of a cold start: choose fewer"
    );
    assert_eq!(
        refusal(&hot("nsga2", &integer("train.warmup", 3))),
        "train.hot_epochs: a warm-up of 3 epochs (train.warmup) leaves nothing of 3: choose more, or shorten it"
    );
}
