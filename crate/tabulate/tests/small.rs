//! A table of a space of four networks, made and read back.

use std::collections::BTreeMap;

use nas_data::DatasetInfo;
use nas_evaluate::{Images, perform_and_test};
use nas_member::SettingValue;
use nas_run::{DataFacts, Job, JobKind, Outcome, Problem, RunConfig};
use nas_space::Genotype;
use nas_tabulate::{Found, KnownTable, TableFacts, TabulateError, Tabulation, search};

const REPLICATES: u32 = 2;

fn info() -> &'static DatasetInfo {
    DatasetInfo::find("digits8").unwrap()
}

fn facts() -> DataFacts {
    DataFacts::of(info())
}

/// Pools and identities: 126 genotypes, four networks.
fn config() -> RunConfig {
    let operators = SettingValue::Words(vec!["max-pool".into(), "identity".into()]);
    RunConfig {
        samples: Some(64),
        epochs: 2,
        settings: BTreeMap::from([("layers.operators".to_owned(), operators)]),
        ..RunConfig::default()
    }
}

fn tabulation() -> Tabulation {
    Tabulation::new(&config(), &facts(), REPLICATES).unwrap()
}

fn outcomes(tabulation: &Tabulation) -> Vec<Outcome> {
    let dataset = info().open(include_bytes!("../../../static/data/digits8.nasdata")).unwrap();
    let images = Images::prepare(&dataset, tabulation.problem().data()).unwrap();
    (0..tabulation.trainings())
        .map(|training| perform_and_test(tabulation.job(training), &images).unwrap())
        .collect()
}

fn table() -> (Tabulation, Vec<Outcome>, String, TableFacts) {
    let tabulation = tabulation();
    let outcomes = outcomes(&tabulation);
    let (text, table_facts) = tabulation.table(&outcomes);
    (tabulation, outcomes, text, table_facts)
}

fn known(text: &str, table_facts: &TableFacts) -> KnownTable {
    KnownTable::new(text, table_facts, &facts()).unwrap()
}

#[test]
fn a_table_holds_what_was_trained() {
    let (tabulation, outcomes, text, table_facts) = table();
    assert_eq!((tabulation.subject().networks, tabulation.subject().genotypes), (4, 126));
    assert_eq!(text.lines().count(), 1 + 126);
    assert!(text.lines().next().unwrap().contains(",latency_ms.microbit,"), "costs on every device");
    let known = known(&text, &table_facts);
    for (training, outcome) in (0..).zip(&outcomes) {
        let job: Job = tabulation.job(training);
        let Outcome::Trained { curve, test_accuracy, .. } = outcome else { panic!("{outcome:?}") };
        let expected: Vec<f32> = curve.iter().map(|score| score.accuracy).collect();
        let (curve, test) = known.training(&job.name, job.replicate).unwrap();
        assert_eq!((curve, Some(test)), (expected.as_slice(), *test_accuracy));
    }
    // The mean of the two trainings of the first network.
    let name = tabulation.job(0).name;
    let last = |replicate| f64::from(known.training(&name, replicate).unwrap().0[1]);
    let truth = known.truth(&name).unwrap().validation_accuracy;
    assert!((truth - f64::midpoint(last(0), last(1))).abs() < 1e-4, "{truth}");
    // Every genotype has the curves of its network.
    let space = tabulation.problem().space();
    for genotype in space.genes().all() {
        let name = tabulation.problem().price(&genotype).unwrap().canonical.name();
        let curves = known.curves(&genotype).unwrap();
        assert_eq!(curves[1], known.training(&name, 1).unwrap().0);
    }
    assert!(known.curves(&Genotype(vec![9; 3])).is_none());
}

#[test]
fn the_digest_of_the_outcomes_is_that_of_every_bit() {
    let (tabulation, mut outcomes, _, table_facts) = table();
    assert_eq!(tabulation.outcomes_digest(&outcomes).to_string(), table_facts.outcomes_sha256);
    let Outcome::Trained { curve, .. } = &mut outcomes[5] else { panic!() };
    curve[0].loss = f32::from_bits(curve[0].loss.to_bits() ^ 1);
    assert_ne!(tabulation.outcomes_digest(&outcomes).to_string(), table_facts.outcomes_sha256);
}

#[test]
fn a_training_is_that_of_a_run() {
    // Replicate 0 has the key of a run with the same seed, so the same weights and curve.
    let tabulation = tabulation();
    let job = tabulation.job(0);
    let mut run =
        nas_run::Run::new(&RunConfig { candidates: 60, strategy: "random".into(), ..config() }, &facts())
            .unwrap();
    let keys: Vec<String> = std::iter::from_fn(|| {
        let job = run.next_job()?;
        run.tell(job.id, Outcome::Scored { score: 0.5 }).unwrap();
        Some(job.key)
    })
    .collect();
    assert!(keys.contains(&job.key), "{keys:?}");
    assert!(!keys.contains(&tabulation.job(1).key), "the second training has a key of its own");
}

#[test]
fn jobs_are_answered_as_far_as_they_go() {
    let (tabulation, _, text, table_facts) = table();
    let known = known(&text, &table_facts);
    let whole = tabulation.job(3);
    let curve = |job: &Job| match known.answer(job).unwrap() {
        Outcome::Trained { curve, .. } => curve.iter().map(|score| score.accuracy).collect::<Vec<f32>>(),
        other => panic!("{other:?}"),
    };
    let full = curve(&whole);
    assert_eq!(curve(&Job { epochs: 1, ..whole.clone() }), full[..1]);
    let trainings = [0, 1].map(|replicate| known.training(&whole.name, replicate).unwrap().0.to_vec());
    let other = curve(&Job { replicate: whole.replicate + 1, ..whole.clone() });
    let mut both = [full, other];
    both.sort_by(|one, other| one.partial_cmp(other).unwrap());
    let mut expected = trainings;
    expected.sort_by(|one, other| one.partial_cmp(other).unwrap());
    assert_eq!(both, expected, "replicates of a run are different trainings");
    for (job, expected) in [
        (Job { kind: JobKind::Final, ..whole.clone() }, "the table holds no final trainings"),
        (Job { name: "nobody".into(), ..whole }, "the table holds no network of another space"),
    ] {
        let message = known.answer(&job).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_search_finds_the_best_network() {
    let (_, _, text, table_facts) = table();
    let known = known(&text, &table_facts);
    let config = RunConfig { candidates: 100, strategy: "random".into(), ..RunConfig::default() };
    let search_with = |seed: u32| -> Result<Found, TabulateError> {
        let problem = Problem::new(&RunConfig { seed, ..known.configure(&config) }, &facts())?;
        search(problem, &known, &mut |job| unreachable!("no score is wanted: {job:?}"))
    };
    let found = search_with(1).unwrap();
    assert_eq!(found, search_with(1).unwrap());
    assert_eq!(found.candidates, 100);
    let truths: Vec<_> = (1..=20).map(|seed| search_with(seed).unwrap().truth.validation_accuracy).collect();
    // It sees one training of each network, and may take the second best for the best; never a bad one.
    assert!(truths.contains(&known.best().validation_accuracy), "{truths:?}");
    // Four trainings, of 2 epochs each, whatever the number of candidates.
    let problem =
        Problem::new(&known.configure(&RunConfig { candidates: 200, ..config.clone() }), &facts()).unwrap();
    let twice = search::<TabulateError>(problem, &known, &mut |_| unreachable!()).unwrap();
    assert_eq!(twice.work_macs, found.work_macs);
}

#[test]
fn what_is_not_the_table_is_refused() {
    let (_, _, text, table_facts) = table();
    let message = |text: &str, table_facts: &TableFacts, data: &DataFacts| {
        KnownTable::new(text, table_facts, data).unwrap_err().to_string()
    };
    let changed = text.replacen("identity", "max-pool", 1);
    assert!(message(&changed, &table_facts, &facts()).starts_with("the table is not the one"));
    let other_data = DataFacts { sha256: "other".into(), ..facts() };
    assert!(message(&text, &table_facts, &other_data).starts_with("the table knows the dataset"));
    let mut old = table_facts.clone();
    old.subject.numerics -= 1;
    assert!(message(&text, &old, &facts()).starts_with("the table was made with numerics"));
    let known = known(&text, &table_facts);
    let longer = RunConfig { epochs: 3, ..known.configure(&config()) };
    let error = known.check(&Problem::new(&longer, &facts()).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("the table knows the recipe"), "{error}");
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_trained() {
    let refused = |config: &RunConfig, replicates| {
        Tabulation::new(config, &facts(), replicates).err().unwrap().to_string()
    };
    let whole = RunConfig { settings: BTreeMap::new(), ..config() };
    let message = refused(&whole, 1);
    assert!(message.contains("genotypes, at most 1000000 are enumerated"), "{message}");
    let message = refused(&config(), 30_000);
    assert!(message.starts_with("4 distinct networks with 30000 trainings each"), "{message}");
    let hardware = RunConfig { space: "accelerator".into(), ..whole };
    let message = refused(&hardware, 1);
    assert!(message.starts_with("'accelerator' searches hardware too"), "{message}");
}
