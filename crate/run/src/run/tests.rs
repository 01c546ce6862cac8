use nas_arch::{Dense, Graph, Op, Shape};
use nas_numerics::Digester;
use nas_search::Told;
use nas_space::{Gene, GeneTree, Space};

use super::*;
use crate::{EpochScore, FINAL_MEMBERS, Failure, FeasibilitySearch};

mod stopping;

mod formulations;
mod hot_start;
mod predictor;
mod replicates;
mod starts;
mod super_network;

fn facts() -> DataFacts {
    DataFacts {
        id: "digits8".into(),
        channels: 1,
        resolutions: vec![2, 4, 8],
        default_resolution: 8,
        classes: 10,
        train_images: 1197,
        validation_images: 300,
        test_images: 300,
        sha256: "0123".into(),
    }
}

fn config(seed: u32) -> RunConfig {
    RunConfig { seed, ..RunConfig::default() }
}

/// An outcome that depends on nothing but the job's key.
fn perform(job: &Job) -> Outcome {
    let mut rng = Rng::from_digester(Digester::new().text(&job.key));
    if rng.happens(0.05) {
        return Outcome::Failed(Failure::Diverged { step: rng.below(100), layer: "conv2d-1".into() });
    }
    let mut score = || EpochScore { loss: rng.unit(), accuracy: rng.unit() };
    Outcome::Trained {
        curve: (0..job.epochs).map(|_| score()).collect(),
        test_accuracy: (job.kind == JobKind::Final).then_some(0.5),
        weights_sha256: nas_numerics::sha256(job.key.as_bytes()).to_string(),
    }
}

/// Runs to the end with `workers` workers, whose jobs end in an order drawn from `seed`; now and then one is lost.
fn play(mut run: Run, workers: usize, seed: u32, losses: bool) -> String {
    let mut rng = Rng::for_purpose(seed, "workers", 0);
    let mut busy: Vec<Job> = Vec::new();
    let mut log = run.take_log();
    while !run.is_over() {
        while busy.len() < workers {
            let Some(job) = run.next_job() else { break };
            busy.push(job);
        }
        let job = busy.swap_remove(rng.below(busy.len() as u32) as usize);
        if losses && rng.happens(0.2) {
            run.lost(job.id);
        } else {
            run.tell(job.id, perform(&job)).unwrap();
        }
        log += &run.take_log();
    }
    log
}

fn lines(log: &str) -> Vec<LogLine> {
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_does_not_depend_on_workers_nor_on_who_finishes_first() {
    let run = || Run::new(&config(7), &facts()).unwrap();
    let alone = play(run(), 1, 0, false);
    for workers in [2, 3, 4, 8, 20] {
        for seed in 0..5 {
            assert_eq!(play(run(), workers, seed, false), alone, "{workers} workers, seed {seed}");
        }
    }
    let told = lines(&alone).iter().filter(|line| matches!(line, LogLine::Told { .. })).count();
    assert_eq!(told, 32);
}

#[test]
fn lost_workers_change_nothing() {
    let run = || Run::new(&config(7), &facts()).unwrap();
    assert_eq!(play(run(), 3, 1, true), play(run(), 1, 0, false));
}

#[test]
fn a_stopped_log_is_a_prefix_and_one_line() {
    let whole = play(Run::new(&config(7), &facts()).unwrap(), 1, 0, false);
    for told in [0, 1, 5, 20, 33] {
        let mut run = Run::new(&config(7), &facts()).unwrap();
        for _ in 0..told {
            let job = run.next_job().unwrap();
            run.tell(job.id, perform(&job)).unwrap();
        }
        run.stop(StopReason::Time);
        run.stop(StopReason::User);
        let log = run.take_log();
        let before = log.strip_suffix("{\"line\":\"stopped\",\"reason\":\"time\"}\n").unwrap();
        assert!(whole.starts_with(before), "after {told}");
        assert!(run.next_job().is_none());
    }
}

#[test]
fn the_log_tells_a_whole_story() {
    let log = play(Run::new(&config(3), &facts()).unwrap(), 4, 0, false);
    let lines = lines(&log);
    assert!(matches!(lines.first(), Some(LogLine::Run(header)) if header.config.seed == 3));
    assert!(matches!(lines.last(), Some(LogLine::Done { candidates: 32, .. })));
    let finals: Vec<&Trained> = lines
        .iter()
        .filter_map(|line| if let LogLine::Final { result, .. } = line { Some(result) } else { None })
        .collect();
    assert!((1..=FINAL_MEMBERS).contains(&finals.len()));
    for line in &lines {
        if let LogLine::Told { result, .. } = line {
            assert_eq!(result.test_accuracy, None, "the search never sees the test split");
            assert_eq!(result.failure.is_some(), result.curve.is_empty());
        }
        if let LogLine::Front { members, hypervolume, .. } = line {
            assert!(members.windows(2).all(|pair| pair[0].cost < pair[1].cost));
            assert!(*hypervolume >= 0.0);
        }
    }
    // Asked before told, and each once.
    let position = |wanted: &dyn Fn(&LogLine) -> bool| lines.iter().position(wanted).unwrap();
    for number in 0..32 {
        let asked = position(&|line| matches!(line, LogLine::Asked { ask, .. } if *ask == number));
        let told = position(&|line| matches!(line, LogLine::Told { ask, .. } if *ask == number));
        assert!(asked < told);
    }
}

#[test]
fn a_log_stays_below_one_kibibyte_a_candidate() {
    let config = RunConfig { candidates: 200, device: "arduino-uno".into(), ..config(1) };
    let log = play(Run::new(&config, &facts()).unwrap(), 4, 0, false);
    assert!(log.len() / 200 <= 1024, "{} bytes a candidate", log.len() / 200);
}

#[test]
fn every_candidate_keeps_the_limits_and_rejections_are_told() {
    let config = RunConfig { device: "arduino-uno".into(), max_params: Some(1000), ..config(1) };
    let log = lines(&play(Run::new(&config, &facts()).unwrap(), 4, 0, false));
    let LogLine::Run(header) = &log[0] else { panic!("the first line is the run's") };
    let mut rejected = 0;
    for line in &log {
        if let LogLine::Asked { costs, rejections, .. } = line {
            assert!(costs.params <= 1000 && costs.ram_bytes <= header.limits.ram_bytes.unwrap());
            rejected += rejections.count;
            for rejection in &rejections.first {
                assert!(rejection.violation.value > rejection.violation.limit);
            }
        }
    }
    assert!(rejected > 0);
}

#[test]
fn equal_networks_are_trained_once() {
    let config = RunConfig {
        candidates: 100,
        strategy: "random".into(),
        settings: [("layers.max_depth".to_owned(), nas_member::SettingValue::Integer(1))].into(),
        ..config(5)
    };
    let mut run = Run::new(&config, &facts()).unwrap();
    let mut keys = Vec::new();
    while let Some(job) = run.next_job() {
        keys.push(job.key.clone());
        run.tell(job.id, perform(&job)).unwrap();
    }
    let jobs = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), jobs, "no key is trained twice");
    let log = lines(&run.take_log());
    let Some(LogLine::Done { candidates: 100, distinct, .. }) = log.last() else {
        panic!("{:?}", log.last())
    };
    assert!(*distinct < 100);
    let result = |wanted: u32| {
        log.iter()
            .find_map(|line| match line {
                LogLine::Told { ask, result, .. } if *ask == wanted => Some(result),
                _ => None,
            })
            .unwrap()
    };
    for line in &log {
        if let LogLine::Asked { ask, same_as: Some(first), planned_macs, .. } = line {
            assert_eq!((*planned_macs, result(*ask)), (0, result(*first)));
        }
    }
}

#[test]
fn a_work_budget_ends_the_search() {
    let unlimited = lines(&play(Run::new(&config(2), &facts()).unwrap(), 1, 0, false));
    let Some(LogLine::Done { work_macs, .. }) = unlimited.last() else { panic!("no end") };
    let budget = work_macs / 2;
    let limited = lines(&play(
        Run::new(&RunConfig { macs: Some(budget), ..config(2) }, &facts()).unwrap(),
        1,
        0,
        false,
    ));
    let Some(LogLine::Done { candidates, work_macs, .. }) = limited.last() else { panic!("no end") };
    assert!(*candidates < 32 && *work_macs >= budget);
}

type Change<'a> = &'a dyn Fn(&mut RunConfig);

fn set(config: &mut RunConfig, key: &str, value: u32) {
    config.settings.insert(key.into(), nas_member::SettingValue::Integer(value));
}

#[test]
fn what_cannot_be_is_refused_before_it_starts() {
    let message = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config(7);
        change(&mut config);
        Run::new(&config, &facts()).err().expect("this configuration cannot be").to_string()
    };
    let cases: [(Change<'_>, &str); 18] = [
        (&|c| c.space = "outer".into(), "space: 'outer' is not one of layers"),
        (&|c| c.space = "custom".into(), "'custom' cannot be searched here: it is made of a file"),
        (
            &|c| (c.space, c.custom) = ("custom".into(), Some("{\n  \"form\": 1}".into())),
            "not a search space: line 2: unknown field `form`",
        ),
        (
            &|c| (c.space, c.res) = ("cell".into(), Some(2)),
            "'cell' cannot be searched here: it needs images of at least 4×4 pixels, these have 1×2×2",
        ),
        (&|c| c.strategy = "hope".into(), "strategy: 'hope' is not one of random, regularized-evolution"),
        (&|c| c.eval = "guess".into(), "eval: 'guess' is not one of train"),
        (&|c| c.device = "toaster".into(), "device: 'toaster' is not one of gtx-1080-ti"),
        (&|c| c.device = "own".into(), "own_device: the device 'own' is made of a file"),
        (
            &|c| (c.device, c.own_device) = ("own".into(), Some("{\"id\": 1}".into())),
            "no device: invalid type: integer `1`, expected a borrowed string at line 1 column 8",
        ),
        (&|c| c.data = "mnist".into(), "configured for mnist, but was given digits8"),
        (&|c| c.res = Some(5), "res: digits8 has no resolution 5: use one of 2, 4, 8"),
        (&|c| c.samples = Some(0), "samples: digits8 has 1197 training images"),
        (&|c| set(c, "layers.widht", 4), "layers.widht: there is no such setting"),
        (&|c| set(c, "regularized-evolution.sample", 0), "regularized-evolution.sample: 0 is out of bounds"),
        (&|c| c.width = 0, "width: 0 is out of bounds: a whole number from 1 to 64"),
        (&|c| c.macs = Some(0), "macs: 0 is out of bounds"),
        (&|c| c.latency_ms = Some(f64::NAN), "latency_ms: 'NaN' is not a positive number"),
        (
            &|c| c.ram = Some(10),
            "no candidate fits: in 4096 random draws and 4096 steps the nearest found needs RAM (int8)",
        ),
    ];
    for (change, expected) in cases {
        let message = message(change);
        assert!(message.contains(expected), "gave: {message}\nexpected: {expected}");
    }
}

#[test]
fn the_nearest_limit_is_exact_where_all_candidates_can_be_priced() {
    let refused = |space: &str, settings: &[(&str, u32)]| {
        let mut config = RunConfig { space: space.into(), max_params: Some(100), ..config(7) };
        for (key, value) in settings {
            set(&mut config, key, *value);
        }
        Run::new(&config, &facts()).err().unwrap()
    };
    // Behind a cell of nothing only the last normalization of 8 channels and the classifier count.
    let least = 16 + 90;
    let RunError::Infeasible(nearest) = refused("cell", &[("cell.channels", 2)]) else {
        panic!("a hundred is too few")
    };
    assert_eq!(nearest.search, FeasibilitySearch::Exact { candidates: 15_625 });
    assert_eq!(
        nearest.violations.iter().map(|v| (v.value, v.limit)).collect::<Vec<_>>(),
        [(f64::from(least), 100.0)]
    );
    let message = RunError::Infeasible(nearest).to_string();
    assert!(message.contains("of all 15625 candidates the nearest needs parameters"), "{message}");
}

#[test]
fn a_file_of_its_own_is_searched() {
    let file = include_str!("../../../../docs/spaces/examples/mobile-blocks.json");
    let config = RunConfig { space: "custom".into(), custom: Some(file.into()), candidates: 20, ..config(7) };
    let log = lines(&play(Run::new(&config, &facts()).unwrap(), 4, 0, false));
    let LogLine::Run(header) = &log[0] else { panic!("the first line is the run's") };
    assert_eq!((header.space_size.as_str(), &header.config), ("30", &config));
}

/// Proposes its first candidates, then nothing until so many are told.
struct Hesitant {
    first: u32,
    resumes_at: u32,
    told: u32,
}

impl Strategy for Hesitant {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<nas_search::Proposal> {
        let proposes = ask.number < self.first || self.told >= self.resumes_at;
        ask.draw().filter(|_| proposes).map(|genotype| nas_search::Proposal { genotype, parent: None })
    }

    fn tell(&mut self, _told: &Told) {
        self.told += 1;
    }

    fn inspect(&self) -> Inspection {
        Inspection::Memoryless
    }
}

#[test]
fn a_strategy_without_a_proposal_is_asked_again_when_something_is_told() {
    let log = |first, resumes_at| {
        let problem = Problem::new(&config(7), &facts()).unwrap();
        let strategy = Box::new(Hesitant { first, resumes_at, told: 0 });
        lines(&play(Run::with_strategy(problem, strategy).unwrap(), 3, 0, false))
    };
    assert!(matches!(log(5, 3).last(), Some(LogLine::Done { candidates: 32, .. })));
    assert!(matches!(log(5, 100).last(), Some(LogLine::Done { candidates: 5, .. })));
    assert!(matches!(
        log(0, 1)[..],
        [LogLine::Run(_), LogLine::Done { candidates: 0, distinct: 0, work_macs: 0 }]
    ));
}

#[test]
fn a_run_whose_trainings_all_fail_ends_without_a_front() {
    let mut run = Run::new(&config(7), &facts()).unwrap();
    while let Some(job) = run.next_job() {
        run.tell(job.id, Outcome::Failed(Failure::Crashed)).unwrap();
    }
    let log = lines(&run.take_log());
    assert!(matches!(log.last(), Some(LogLine::Done { candidates: 32, .. })));
    assert!(!log.iter().any(|line| matches!(line, LogLine::Front { .. } | LogLine::Final { .. })));
}

#[test]
fn a_result_is_taken_once() {
    let mut run = Run::new(&config(7), &facts()).unwrap();
    let job = run.next_job().unwrap();
    run.tell(job.id, perform(&job)).unwrap();
    assert_eq!(run.tell(job.id, perform(&job)), Err(RunError::UnknownJob(job.id)));
    assert_eq!(run.tell(999, perform(&job)), Err(RunError::UnknownJob(999)));
}

/// A space whose networks take log-normal work: a hidden layer of exp(N(4, 1)) units.
struct LogNormal {
    genes: GeneTree,
    units: Vec<u32>,
}

impl LogNormal {
    fn new() -> Self {
        let mut rng = Rng::for_purpose(9, "log-normal", 0);
        let units: Vec<u32> = (0..5000).map(|_| libm::expf(4.0 + rng.normal()) as u32 + 1).collect();
        Self { genes: GeneTree::new(vec![Gene::new("units", 0..units.len())]), units }
    }
}

impl Space for LogNormal {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let mut network = Network::new(Shape::new(1, 8, 8));
        let units = self.units[usize::from(genotype.0[0])];
        network.push("hidden", Op::Dense(Dense { out_features: units, bias: false }));
        network.push("relu", Op::Relu);
        network.push("head", Op::Dense(Dense { out_features: 10, bias: false }));
        network.resolve().unwrap()
    }
}

/// Simulates `workers` workers that take as long as planned, give or take a log-normal factor, and returns the
/// share of their time spent working until the search ends.
fn utilization(workers: usize, config: &RunConfig) -> f64 {
    let mut problem = Problem::new(config, &facts()).unwrap();
    problem.space = Box::new(LogNormal::new());
    problem.final_recipe = None;
    let mut run = Run::of(problem).unwrap();
    let mut rng = Rng::for_purpose(3, "durations", 0);
    let (mut now, mut worked) = (0.0f64, 0.0);
    let mut busy: Vec<(f64, Job)> = Vec::new();
    while !run.is_over() {
        while busy.len() < workers {
            let Some(job) = run.next_job() else { break };
            let duration = job.planned_macs as f64 * f64::from(libm::expf(0.2 * rng.normal()));
            worked += duration;
            busy.push((now + duration, job));
        }
        let first = (0..busy.len()).min_by(|&a, &b| busy[a].0.total_cmp(&busy[b].0)).unwrap();
        let (end, job) = busy.swap_remove(first);
        now = end;
        run.tell(job.id, perform(&job)).unwrap();
    }
    worked / (workers as f64 * now)
}

#[test]
fn four_workers_are_kept_busy_at_the_default_width() {
    let config = RunConfig { device: "gtx-1080-ti".into(), candidates: 400, ..config(1) };
    let default_width = utilization(4, &config);
    assert!(default_width >= 0.85, "{default_width}");
    // One slot keeps one worker busy: the measure can tell the difference.
    let one_slot = utilization(4, &RunConfig { width: 1, ..config });
    assert!(one_slot <= 0.25, "{one_slot}");
}

/// The log of the default run with made-up outcomes. It changes only when the format, the order of virtual time,
/// the random numbers, the canonical form, the costs or what the strategy draws change: then raise `NUMERICS_VERSION` or
/// [`LOG_FORMAT`], on purpose; for what a strategy draws, no key and no format changes.
#[test]
fn the_log_is_pinned() {
    let log = play(Run::new(&RunConfig::default(), &facts()).unwrap(), 4, 0, false);
    assert_eq!(
        nas_numerics::sha256(log.as_bytes()).to_string(),
        "d538be43579ae74b9f86314237431bfa9fd1e2e61e7cae12a9df1bedcdb21cd4"
    );
}

#[test]
fn hardware_is_searched_together_with_networks() {
    let config = RunConfig { space: "accelerator".into(), area_mm2: Some(0.5), ..config(7) };
    let run = || Run::new(&config, &facts()).unwrap();
    let log = play(run(), 3, 1, true);
    assert_eq!(log, play(run(), 1, 0, false));
    let mut areas = Vec::new();
    let mut shared = 0;
    for line in lines(&log) {
        if let LogLine::Asked { costs, same_as, .. } = line {
            areas.push(costs.area_mm2.unwrap());
            shared += u32::from(same_as.is_some());
        }
    }
    assert!(areas.iter().all(|&area| area <= 0.5) && areas.len() == 32, "{areas:?}");
    // A network on another array is another candidate, but is trained once.
    assert!(shared > 0);
}

#[test]
fn several_devices_and_estimators_price_candidates() {
    let genotype = {
        let problem = Problem::new(&config(7), &facts()).unwrap();
        problem.space().genes().draw(&mut Rng::for_purpose(7, "test", 0))
    };
    let latency = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = RunConfig { device: "microbit".into(), ..config(7) };
        change(&mut config);
        let problem = Problem::new(&config, &facts()).unwrap();
        problem.price(&genotype).unwrap().summary
    };
    let one = latency(&|_| {});
    let worst = latency(&|config| config.devices = vec!["arduino-uno".into()]);
    let mean = latency(&|config| {
        config.devices = vec!["arduino-uno".into()];
        config.over = Some(nas_cost::Over::Mean);
    });
    // The Uno's stated peak is a quarter of the micro:bit's.
    assert_eq!(worst.latency_ms, 4.0 * one.latency_ms);
    assert_eq!(mean.latency_ms, 2.5 * one.latency_ms);
    let analytical = latency(&|config| config.estimator = Some(nas_cost::Method::Analytical));
    assert!(analytical.latency_ms > 2.0 * one.latency_ms, "{analytical:?}");
    let supplied = latency(&|config| config.watts = Some(0.05));
    assert_eq!(supplied.energy_mj, Some(0.05 * one.latency_ms));
}

#[test]
fn the_limits_are_those_of_the_smallest_device() {
    let both = RunConfig { device: "microbit".into(), devices: vec!["arduino-uno".into()], ..config(7) };
    let problem = Problem::new(&both, &facts()).unwrap();
    assert_eq!((problem.limits().ram_bytes, problem.limits().flash_bytes), (Some(1880), Some(26_112)));
}

#[test]
fn devices_that_are_not_known_well_enough_are_refused() {
    let refused = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config(7);
        change(&mut config);
        Problem::new(&config, &facts()).err().unwrap().to_string()
    };
    let unmeasured = refused(&|config| config.device = "this-browser".into());
    assert!(unmeasured.contains("cannot be told by the method 'measured'"), "{unmeasured}");
    let without_table = refused(&|config| config.table = Some("0".repeat(64)));
    assert!(without_table.contains("give it the table"), "{without_table}");
    let unknown = refused(&|config| config.devices = vec!["toaster".into()]);
    assert!(unknown.contains("toaster"), "{unknown}");
}
