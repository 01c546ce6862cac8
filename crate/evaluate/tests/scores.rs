//! Scores of untrained networks, and runs that search by them.

use nas_arch::{Network, canonical, reference};
use nas_data::{Dataset, DatasetInfo};
use nas_evaluate::{Evaluation, EvaluationError, Images, perform};
use nas_member::SettingValue;
use nas_run::{DataFacts, Failure, Job, JobKind, LogLine, Outcome, Run, RunConfig, ScoreSpec, proxies};

fn info() -> &'static DatasetInfo {
    DatasetInfo::find("digits8").unwrap()
}

fn dataset() -> Dataset {
    info().open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap()
}

fn spec(proxy: &str) -> ScoreSpec {
    ScoreSpec { proxy: proxy.into(), batch_size: 32, max_effectiveness: None }
}

fn job(network: &Network, score: ScoreSpec) -> Job {
    let canonical = canonical(&network.resolve().unwrap());
    let job = Job::standalone(&canonical, &DataFacts::of(info()), 7, 1).unwrap();
    Job { kind: JobKind::Search, score: Some(score), ..job }
}

fn digits_tiny() -> Network {
    reference("digits-tiny").unwrap()
}

#[test]
fn every_proxy_scores_and_no_cut_changes_it() {
    let images = Images::prepare(&dataset(), &job(&digits_tiny(), spec("zen")).data).unwrap();
    let mut scores = Vec::new();
    for proxy in proxies() {
        let job = job(&digits_tiny(), spec(proxy.id));
        let whole = perform(job.clone(), &images).unwrap();
        let Outcome::Scored { score } = whole else { panic!("{}: {whole:?}", proxy.id) };
        scores.push(score);
        let Ok(mut evaluation) = Evaluation::new(job, &images).unwrap() else { continue };
        let cut = std::iter::repeat_with(|| evaluation.step(&images, 1000)).find_map(|outcome| outcome);
        assert_eq!(cut, Some(whole), "{}", proxy.id);
        assert_eq!(evaluation.progress().fraction_done, 1.0);
        assert!(evaluation.checkpoint().is_err());
    }
    let graph = digits_tiny().resolve().unwrap();
    let costs = nas_cost::NetworkCosts::of(&graph).unwrap();
    assert_eq!(scores[..2], [costs.params as f64, costs.macs as f64]);
    scores.sort_by(f64::total_cmp);
    scores.dedup();
    assert_eq!(scores.len(), proxies().len());
}

/// What is planned before a score starts is what its passes cost, as trainings are counted: convolutions, dense layers and
/// attention.
#[test]
fn planned_work_is_of_the_size_of_the_work() {
    for proxy in proxies() {
        let settings = [
            ("score.proxy".to_owned(), SettingValue::Word(proxy.id.into())),
            ("score.batch_size".to_owned(), SettingValue::Integer(32)),
        ];
        let config = RunConfig { eval: "score".into(), settings: settings.into(), ..RunConfig::default() };
        let mut run = Run::new(&config, &DataFacts::of(info())).unwrap();
        let job = run.next_job().unwrap();
        assert_eq!(job.score.as_ref().unwrap().proxy, proxy.id);
        let graph = job.network.resolve().unwrap();
        let sizes = nas_nn::Samples::sizes(&Images::prepare(&dataset(), &job.data).unwrap());
        let seeds = nas_nn::Seeds { key: job.key.parse().unwrap(), run_seed: 7, replicate: 0 };
        let Some(scored) = nas_nn::Proxy::ALL.into_iter().find(|scored| scored.id() == proxy.id) else {
            assert_eq!(job.planned_macs, 0, "{}", proxy.id);
            continue;
        };
        let macs = nas_nn::Scorer::new(&graph, scored, seeds, sizes, 32, 1 << 30).unwrap().macs();
        let ratio = macs as f64 / job.planned_macs as f64;
        assert!((0.5..3.0).contains(&ratio), "{}: {macs} for {}", proxy.id, job.planned_macs);
    }
}

#[test]
fn what_cannot_be_scored_says_why() {
    let images = Images::prepare(&dataset(), &job(&digits_tiny(), spec("zen")).data).unwrap();
    let refused = perform(job(&digits_tiny(), spec("fame")), &images).unwrap_err();
    assert_eq!(refused, EvaluationError::Proxy("fame".into()));
    let bounded = ScoreSpec { max_effectiveness: Some(0.01), ..spec("deepmad") };
    let outcome = perform(job(&digits_tiny(), bounded), &images).unwrap();
    assert!(matches!(outcome, Outcome::Failed(Failure::Ineffective { limit: 0.01, .. })), "{outcome:?}");
    let linear = r#"{"input": [1, 8, 8], "layers": [{"op": "dense", "out_features": 10}]}"#;
    let linear = Network::from_json(linear).unwrap();
    for proxy in ["naswot", "mae", "deepmad"] {
        let outcome = perform(job(&linear, spec(proxy)), &images).unwrap();
        assert_eq!(outcome, Outcome::Failed(Failure::Undefined), "{proxy}");
    }
    let small = Job { memory_limit_bytes: 1000, ..job(&digits_tiny(), spec("fisher")) };
    let outcome = perform(small, &images).unwrap();
    assert!(matches!(outcome, Outcome::Failed(Failure::TooLarge { limit_bytes: 1000, .. })), "{outcome:?}");
}

fn run(proxy: &str, strategy: &str) -> String {
    let settings = [
        ("score.proxy".to_owned(), SettingValue::Word(proxy.into())),
        ("train.final_epochs".to_owned(), SettingValue::Integer(1)),
    ];
    let config = RunConfig {
        eval: "score".into(),
        strategy: strategy.into(),
        candidates: 24,
        samples: Some(128),
        settings: settings.into(),
        ..RunConfig::default()
    };
    let mut run = Run::new(&config, &DataFacts::of(info())).unwrap();
    let images = Images::prepare(&dataset(), run.problem().data()).unwrap();
    while let Some(job) = run.next_job() {
        assert_eq!(job.score.is_some(), job.kind == JobKind::Search);
        let id = job.id;
        run.tell(id, perform(job, &images).unwrap()).unwrap();
    }
    run.take_log()
}

/// The front is by raw score; its members are trained at the end.
#[test]
fn a_run_searches_by_scores_and_trains_its_front() {
    for proxy in ["params", "grasp"] {
        let log = run(proxy, "regularized-evolution");
        let lines: Vec<LogLine> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut best = f64::NEG_INFINITY;
        let mut params = Vec::new();
        let mut finals = 0;
        for line in &lines {
            match line {
                LogLine::Asked { costs, .. } => params.push(costs.params),
                LogLine::Told { ask, result, .. } => {
                    let score = result.score.unwrap();
                    best = best.max(score);
                    assert!(result.curve.is_empty() && result.failure.is_none());
                    assert!(proxy != "params" || score == params[*ask as usize] as f64);
                }
                LogLine::Front { members, hypervolume, .. } => {
                    let scores: Vec<f64> = members.iter().map(|member| member.score.unwrap()).collect();
                    assert!(scores.is_sorted(), "{scores:?}");
                    assert_eq!(scores.last(), Some(&best));
                    assert!(*hypervolume > 0.0);
                }
                LogLine::Final { result, .. } => {
                    finals += 1;
                    assert!(result.test_accuracy.is_some() && result.score.is_none());
                }
                _ => {}
            }
        }
        assert!(finals > 0);
        assert_eq!(params.len(), 24);
    }
}

/// Its digest changes only when the numerics do, or what a score is.
#[test]
fn the_log_of_a_run_by_scores_is_pinned() {
    assert_eq!(
        nas_numerics::sha256(run("naswot", "random").as_bytes()).to_string(),
        "894909e641c72494f08d7976ce25cc0df28bf021607f394d41f30fbcf5db23ae"
    );
}
