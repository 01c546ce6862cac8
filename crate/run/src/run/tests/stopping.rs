//! Runs whose trainings are stopped early.

use std::sync::{Arc, Mutex};

use nas_member::{SettingKind, SettingValue};

use super::*;

/// Every rule there is.
fn rules() -> Vec<&'static str> {
    let SettingKind::Choice { choices } = &crate::stopping::settings()[0].kind else {
        panic!("the first setting is the choice of a rule")
    };
    choices.iter().map(|choice| choice.id).filter(|id| *id != "none").collect()
}

fn stopping(rule: &str, change: impl Fn(&mut RunConfig)) -> RunConfig {
    let mut config = RunConfig { candidates: 40, ..config(7) };
    config.settings.insert("train.stopping".into(), SettingValue::Word(rule.into()));
    change(&mut config);
    config
}

fn run(config: &RunConfig) -> Run {
    Run::new(config, &facts()).unwrap()
}

/// A story of each candidate as the log tells it: epochs at each rung, and the whole curve.
struct Story {
    rungs: Vec<u32>,
    curve: Vec<EpochScore>,
    failed: bool,
}

fn stories(log: &[LogLine]) -> BTreeMap<u32, Story> {
    let mut stories: BTreeMap<u32, Story> = BTreeMap::new();
    for line in log {
        if let LogLine::Told { ask, epochs, result, .. } = line {
            let story =
                stories.entry(*ask).or_insert(Story { rungs: Vec::new(), curve: Vec::new(), failed: false });
            story.rungs.push(epochs.unwrap());
            story.curve.extend(&result.curve);
            story.failed = result.failure.is_some();
        }
    }
    stories
}

#[test]
fn the_log_does_not_depend_on_workers_nor_on_lost_ones() {
    for rule in rules() {
        let config = stopping(rule, |_| ());
        let alone = play(run(&config), 1, 0, false);
        for workers in [2, 4, 8, 20] {
            for seed in 0..3 {
                assert_eq!(play(run(&config), workers, seed, seed > 0), alone, "{rule}, {workers} workers");
            }
        }
    }
}

#[test]
fn a_stopped_log_is_a_prefix_and_one_line() {
    let config = stopping("halving", |_| ());
    let whole = play(run(&config), 1, 0, false);
    for told in [0, 5, 30, 45] {
        let mut run = run(&config);
        for _ in 0..told {
            let job = run.next_job().unwrap();
            run.tell(job.id, perform(&job)).unwrap();
        }
        run.stop(StopReason::Time);
        let log = run.take_log();
        let before = log.strip_suffix("{\"line\":\"stopped\",\"reason\":\"time\"}\n").unwrap();
        assert!(whole.starts_with(before), "after {told}");
    }
}

/// What is written of candidates, rung by rung, is one whole: jobs that follow one another, curves without gaps, a front of
/// those that were trained to the end.
#[test]
fn a_candidate_climbs_rung_by_rung() {
    for rule in rules() {
        let mut run = run(&stopping(rule, |_| ()));
        let ladder = run.ladder.clone();
        let mut reached: BTreeMap<String, u32> = BTreeMap::new();
        let mut work = 0;
        while let Some(job) = run.next_job() {
            if job.kind == JobKind::Search {
                assert_eq!(reached.insert(job.key.clone(), job.epochs).unwrap_or(0), job.epochs_before);
                assert_eq!(job.may_go_on(), job.epochs < 9);
                assert!(ladder.contains(&job.epochs));
            }
            work += job.planned_macs;
            run.tell(job.id, perform(&job)).unwrap();
        }
        let log = lines(&run.take_log());
        assert!(
            matches!(log.last(), Some(LogLine::Done { candidates: 40, work_macs, .. }) if *work_macs == work)
        );
        let stories = stories(&log);
        assert_eq!(stories.len(), 40);
        for (ask, story) in &stories {
            assert!(story.rungs.windows(2).all(|pair| pair[0] < pair[1]), "{rule} {ask}");
            if !story.failed {
                assert_eq!(story.curve.len() as u32, *story.rungs.last().unwrap(), "{rule} {ask}");
            }
        }
        let stopped = stories.values().filter(|story| *story.rungs.last().unwrap() < 9).count();
        assert!((1..40).contains(&stopped), "{rule} stopped {stopped}");
        for line in &log {
            if let LogLine::Front { members, .. } = line {
                for member in members {
                    let story = &stories[&member.ask];
                    assert_eq!(story.rungs.last(), Some(&9), "{rule}");
                    assert_eq!(story.curve[8].accuracy, member.validation_accuracy);
                }
            }
        }
    }
}

/// What was trained, for each key to how many epochs, costs what it cost to train at once.
#[test]
fn rungs_cost_together_what_a_training_costs() {
    let whole: BTreeMap<u32, u64> = lines(&play(run(&config(7)), 1, 0, false))
        .iter()
        .filter_map(|line| match line {
            LogLine::Asked { ask, planned_macs, .. } if *ask < 8 => Some((*ask, *planned_macs)),
            _ => None,
        })
        .collect();
    let log = lines(&play(run(&stopping("median", |_| ())), 1, 0, false));
    let mut costs: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    for line in &log {
        match *line {
            LogLine::Asked { ask, planned_macs, epochs, .. } => {
                costs.insert(ask, (epochs.unwrap_or(0), planned_macs));
            }
            LogLine::Promoted { ask, planned_macs, epochs } => {
                let cost = costs.get_mut(&ask).unwrap();
                *cost = (epochs, cost.1 + planned_macs);
            }
            _ => {}
        }
    }
    // The first eight were asked for before anything was told: they are the same in both runs.
    for (ask, planned_macs) in whole {
        let (epochs, cost) = costs[&ask];
        assert_eq!(cost * 9, planned_macs * u64::from(epochs), "ask {ask}");
    }
}

#[test]
fn equal_networks_share_their_rungs() {
    let config = stopping("halving", |config| {
        config.candidates = 100;
        config.strategy = "random".into();
        set(config, "layers.max_depth", 1);
    });
    let log = lines(&play(run(&config), 3, 1, true));
    let stories = stories(&log);
    let mut shared = 0;
    for line in &log {
        if let LogLine::Asked { ask, same_as: Some(first), planned_macs, epochs, .. } = line {
            let (story, original) = (&stories[ask], &stories[first]);
            assert_eq!((*planned_macs, *epochs), (0, None));
            assert_eq!((&story.curve, story.failed), (&original.curve, original.failed));
            assert_eq!(story.rungs.last(), original.rungs.last());
            shared += u32::from(story.rungs.len() > 1);
        }
    }
    assert!(shared > 0, "no duplicate was told again");
    assert!(matches!(log.last(), Some(LogLine::Done { candidates: 100, .. })));
}

#[test]
fn a_log_stays_below_one_kibibyte_a_candidate() {
    for rule in rules() {
        let config = stopping(rule, |config| {
            config.candidates = 200;
            config.device = "arduino-uno".into();
            set(config, "train.eta", 2);
        });
        let log = play(run(&config), 4, 0, false);
        assert!(log.len() / 200 <= 1024, "{rule}: {} bytes a candidate", log.len() / 200);
    }
}

#[test]
fn a_work_budget_ends_the_search_but_for_the_last_hope() {
    let whole = lines(&play(run(&stopping("halving", |_| ())), 1, 0, false));
    let Some(LogLine::Done { work_macs, .. }) = whole.last() else { panic!("no end") };
    let log = lines(&play(
        run(&stopping("halving", |config| {
            config.macs = Some(work_macs / 50);
            set(config, "train.final_epochs", 0);
        })),
        1,
        0,
        false,
    ));
    let Some(LogLine::Done { candidates: ..40, .. }) = log.last() else { panic!("the budget is used") };
    let stories = stories(&log);
    assert_eq!(stories.values().filter(|story| story.curve.len() == 9).count(), 1, "one goes to the end");
    assert!(log.iter().any(|line| matches!(line, LogLine::Front { members, .. } if members.len() == 1)));
}

#[test]
fn a_run_whose_trainings_all_fail_ends_without_a_front() {
    for rule in rules() {
        let mut run = run(&stopping(rule, |_| ()));
        while let Some(job) = run.next_job() {
            run.tell(job.id, Outcome::Failed(Failure::Crashed)).unwrap();
        }
        let log = lines(&run.take_log());
        assert!(matches!(log.last(), Some(LogLine::Done { candidates: 40, .. })));
        assert!(!log.iter().any(|line| matches!(line, LogLine::Front { .. } | LogLine::Promoted { .. })));
    }
}

/// Draws, and keeps all that it is told.
struct Listener(Arc<Mutex<Vec<Told>>>);

impl Strategy for Listener {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<nas_search::Proposal> {
        ask.draw().map(|genotype| nas_search::Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.0.lock().unwrap().push(told.clone());
    }

    fn inspect(&self) -> Inspection {
        Inspection::Memoryless
    }
}

/// All train alike: 0.25 after one epoch, a sixteenth more after each, and a little of their own.
fn learn(job: &Job) -> Outcome {
    let own = Rng::from_digester(Digester::new().text(&job.key)).unit() / 16.0;
    let score = |epoch: u32| EpochScore { loss: 0.0, accuracy: 0.25 + epoch as f32 / 16.0 + own };
    Outcome::Trained {
        curve: (0..job.epochs).map(score).collect(),
        test_accuracy: None,
        weights_sha256: String::new(),
    }
}

/// Once somebody was trained to the end, who rests is told as if it had been, too: all are on one scale.
#[test]
fn a_strategy_is_told_errors_at_the_highest_fidelity() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let config = stopping("halving", |config| set(config, "train.final_epochs", 0));
    let problem = Problem::new(&config, &facts()).unwrap();
    let mut run = Run::with_strategy(problem, Box::new(Listener(heard.clone()))).unwrap();
    while let Some(job) = run.next_job() {
        run.tell(job.id, learn(&job)).unwrap();
    }
    let stories = stories(&lines(&run.take_log()));
    let mut last: BTreeMap<u32, f64> = BTreeMap::new();
    let heard = heard.lock().unwrap();
    for told in heard.iter() {
        last.insert(told.ask, told.objectives[0]);
    }
    assert!(heard.len() > 60, "{} results", heard.len());
    let best = stories.values().filter_map(|story| story.curve.get(8)).map(|score| f64::from(score.accuracy));
    let best = best.fold(0.0, f64::max);
    for (ask, error) in last {
        let own = f64::from(stories[&ask].curve[0].accuracy) - 0.25;
        let expected = 1.0 - (0.25 + 0.5 + own).min(best);
        assert!((error - expected).abs() < 1e-6, "{ask}: {error} is not {expected}");
    }
}

#[test]
fn what_cannot_be_stopped_is_refused_before_it_starts() {
    let cases: [(&str, Change<'_>, &str); 6] = [
        (
            "halving",
            &|c| c.eval = "score".into(),
            "train.stopping: 'halving' stops trainings, and eval=score trains no candidate: choose none",
        ),
        (
            "median",
            &|c| c.eval = "supernet".into(),
            "train.stopping: 'median' stops trainings, and eval=supernet trains no candidate: choose none",
        ),
        (
            "median",
            &|c| set(c, "train.min_epochs", 9),
            "train.min_epochs: 9 epochs before the first decision leave nothing of 9 to save",
        ),
        (
            "hyperband",
            &|c| c.epochs = 2,
            "train.stopping: 'hyperband' needs a rung of at least 1 epochs below 2, and 2 divided by 3 is less",
        ),
        (
            "extrapolation",
            &|c| set(c, "train.eta", 4),
            "train.stopping: 'extrapolation' needs a rung of at least 3 epochs below 9",
        ),
        ("hope", &|_| (), "train.stopping: 'hope' is not one of none, halving"),
    ];
    for (rule, change, expected) in cases {
        let message = Run::new(&stopping(rule, change), &facts()).err().unwrap().to_string();
        assert!(message.starts_with(expected), "gave: {message}\nexpected: {expected}");
    }
}

/// The log of a halving with made-up outcomes, as [`the_log_is_pinned`].
#[test]
fn the_log_with_rungs_is_pinned() {
    let log = play(run(&stopping("halving", |_| ())), 4, 0, false);
    assert_eq!(
        nas_numerics::sha256(log.as_bytes()).to_string(),
        "6d0c796468da1b4222851bf69e8ac9e5c3b236e2fb7cee96578b243d0742a02c"
    );
}
