//! Runs with a second cost, and runs whose strategy is told one number.

use std::sync::{Arc, Mutex};

use nas_cost::Objective;
use nas_member::SettingValue;
use nas_search::{Proposal, strategies};

use super::*;
use crate::{Formulation, FrontMember, link};

fn three(seed: u32) -> RunConfig {
    RunConfig { objective2: Some(Objective::Params), strategy: "nsga2".into(), ..config(seed) }
}

fn refusal(config: &RunConfig) -> String {
    Problem::new(config, &facts()).err().expect("refused").to_string()
}

/// Draws, and keeps what it is told.
struct Listener(Arc<Mutex<Vec<Vec<f64>>>>);

impl Strategy for Listener {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.0.lock().unwrap().push(told.objectives.clone());
    }

    fn inspect(&self) -> Inspection {
        Inspection::Memoryless
    }
}

/// What a strategy was told in a run to the end, with the validation accuracy (0 where a training failed) and the latency of each.
fn heard(config: &RunConfig) -> (Vec<Vec<f64>>, Vec<(f64, f64)>, f64) {
    let told: Arc<Mutex<Vec<Vec<f64>>>> = Arc::default();
    let problem = Problem::new(config, &facts()).unwrap();
    let log = play(Run::with_strategy(problem, Box::new(Listener(Arc::clone(&told)))).unwrap(), 1, 0, false);
    let (mut costs, mut results, mut reference) = (Vec::new(), Vec::new(), 0.0);
    for line in lines(&log) {
        match line {
            LogLine::Run(header) => reference = header.reference_cost,
            LogLine::Asked { costs: asked, .. } => costs.push(asked.latency_ms),
            LogLine::Told { ask, result, .. } => {
                results.push((f64::from(result.validation_accuracy), costs[ask as usize]));
            }
            _ => {}
        }
    }
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), results.len());
    (told, results, reference)
}

#[test]
fn a_front_of_three_objectives_is_that_of_brute_force() {
    for seed in 1..5 {
        let log = play(Run::new(&three(seed), &facts()).unwrap(), 3, seed, true);
        assert_eq!(log, play(Run::new(&three(seed), &facts()).unwrap(), 1, 0, false));
        let mut points: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
        let (mut costs, mut front) = (Vec::new(), Vec::<FrontMember>::new());
        let (mut volume, mut reference) = (0.0, [0.0; 3]);
        for line in lines(&log) {
            match line {
                LogLine::Run(header) => {
                    let accuracy = f64::from(header.reference_accuracy);
                    reference = [-accuracy, header.reference_cost, header.second_reference_cost.unwrap()];
                }
                LogLine::Asked { costs: asked, .. } => costs.push(asked),
                LogLine::Told { ask, result, .. } if result.failure.is_none() => {
                    let CandidateCosts { latency_ms, params, .. } = costs[ask as usize];
                    points.insert(ask, (f64::from(result.validation_accuracy), latency_ms, params as f64));
                }
                LogLine::Front { members, hypervolume, .. } => (front, volume) = (members, hypervolume),
                _ => {}
            }
        }
        let is_beaten = |ask: u32, (accuracy, latency, params): (f64, f64, f64)| {
            points.iter().any(|(&other, &(a, l, p))| {
                let as_good = a >= accuracy && l <= latency && p <= params;
                as_good && ((a, l, p) != (accuracy, latency, params) || other < ask)
            })
        };
        let expected: Vec<u32> = points
            .iter()
            .map(|(&ask, &point)| (ask, point))
            .filter(|&(ask, point)| !is_beaten(ask, point))
            .map(|(ask, _)| ask)
            .collect();
        let mut found: Vec<u32> = front.iter().map(|member| member.ask).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "seed {seed}");
        let mut corners = Vec::new();
        for member in &front {
            let point = (f64::from(member.validation_accuracy), member.cost, member.second_cost.unwrap());
            assert_eq!(points[&member.ask], point);
            corners.push(vec![-point.0, point.1, point.2]);
        }
        assert_eq!(volume, nas_search::hypervolume(&corners, &reference));
        assert!(volume > 0.0);
    }
}

#[test]
fn strategies_of_several_objectives_take_a_second_cost_and_no_single_number() {
    for member in strategies() {
        let with = |config: RunConfig| {
            let config = RunConfig { strategy: member.id.into(), candidates: 12, ..config };
            Run::new(&config, &facts()).map(|run| play(run, 2, 1, false))
        };
        assert!(with(three(7)).is_ok(), "{}", member.id);
        let single = with(RunConfig { formulation: Formulation::WeightedSum, ..config(7) });
        if ["nsga2", "ehvi", "hyt-nas"].contains(&member.id) {
            let message = single.err().unwrap().to_string();
            let expected = format!("strategy '{}' searches 2 to 3 objectives at once, not 1", member.id);
            assert!(message.starts_with(&expected), "{message}");
        } else {
            assert!(single.is_ok(), "{}", member.id);
        }
    }
}

#[test]
fn a_strategy_is_told_what_the_formulation_says() {
    let with = |formulation, weight, target| RunConfig { formulation, weight, target, ..config(7) };
    let (told, _, _) = heard(&three(7));
    assert!(told.iter().all(|objectives| objectives.len() == 3));
    let (told, results, _) = heard(&with(Formulation::Constrained, None, None));
    let errors = results.iter().map(|(accuracy, _)| vec![1.0 - accuracy]);
    assert_eq!(told, errors.collect::<Vec<_>>());
    let close = |config: &RunConfig, expected: &dyn Fn(f64, f64, f64) -> f64| {
        let (told, results, reference) = heard(config);
        for (told, &(accuracy, latency)) in told.iter().zip(&results) {
            let [value] = told[..] else { panic!("one objective") };
            let expected = expected(accuracy, latency, reference);
            assert!((value - expected).abs() < 1e-12, "{value}, not {expected}");
        }
        results
    };
    close(&with(Formulation::WeightedSum, None, None), &|accuracy, latency, reference| {
        1.0 - accuracy + 0.1 * latency / reference
    });
    close(&with(Formulation::WeightedSum, Some(2.0), Some(4.0)), &|accuracy, latency, _| {
        1.0 - accuracy + latency / 2.0
    });
    close(&with(Formulation::WeightedProduct, None, None), &|accuracy, latency, reference| {
        1.0 - accuracy * libm::pow(latency / reference, -0.07)
    });
    let (_, mut middle, _) = heard(&config(7));
    middle.sort_by(|a, b| a.1.total_cmp(&b.1));
    let target = middle[middle.len() / 2].1;
    let hard = with(Formulation::WeightedProductHard, None, Some(target));
    let results = close(&hard, &|accuracy, latency, _| {
        if latency <= target { 1.0 - accuracy } else { 1.0 - accuracy * target / latency }
    });
    assert!(results.iter().any(|result| result.1 < target) && results.iter().any(|result| result.1 > target));
}

#[test]
fn the_target_of_a_cost_is_its_limit_where_it_has_one() {
    let limited = RunConfig { latency_ms: Some(3.0), formulation: Formulation::WeightedSum, ..config(7) };
    let (told, results, reference) = heard(&limited);
    assert_eq!(reference, 3.0);
    let (accuracy, latency) = results[0];
    assert!((told[0][0] - (1.0 - accuracy + 0.1 * latency / 3.0)).abs() < 1e-12);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let latency = Objective::Latency;
    let weighted = RunConfig { formulation: Formulation::WeightedProduct, ..config(7) };
    assert_eq!(
        refusal(&RunConfig { objective2: Some(latency), ..config(7) }),
        "objective2: latency is the first cost already: choose another one, or none"
    );
    assert_eq!(
        refusal(&RunConfig { objective2: Some(Objective::Ram), ..weighted.clone() }),
        "objective2: formulation=weighted-product weighs one cost: leave the second one away"
    );
    assert!(
        refusal(&RunConfig { objective2: Some(Objective::Area), ..config(7) }).contains("space=accelerator")
    );
    assert!(refusal(&RunConfig { refine: true, ..three(7) }).starts_with("objective2: "));
    assert_eq!(
        refusal(&RunConfig { weight: Some(0.5), ..config(7) }),
        "weight: formulation=pareto weighs no cost: choose weighted-sum or another"
    );
    let constrained = RunConfig { formulation: Formulation::Constrained, ..config(7) };
    assert!(refusal(&RunConfig { target: Some(1.0), ..constrained }).starts_with("target: "));
    let settings = BTreeMap::from([("reinforce.target".to_owned(), SettingValue::Real(5.0))]);
    let twice = RunConfig { strategy: "reinforce".into(), settings, ..weighted };
    assert!(refusal(&twice).starts_with("reinforce.target: "), "{}", refusal(&twice));
}

#[test]
fn reinforce_weighs_a_cost_as_the_formulation_does() {
    // The reward with a target of its own is what the formulation tells: the same search.
    let (_, _, reference) = heard(&config(7));
    let own = BTreeMap::from([("reinforce.target".to_owned(), SettingValue::Real(reference))]);
    let own = RunConfig { strategy: "reinforce".into(), settings: own, ..config(7) };
    let told =
        RunConfig { formulation: Formulation::WeightedProduct, strategy: "reinforce".into(), ..config(7) };
    let genes = |config: &RunConfig| -> Vec<Genotype> {
        let lines = lines(&play(Run::new(config, &facts()).unwrap(), 1, 0, false)).into_iter();
        lines
            .filter_map(|line| if let LogLine::Asked { genes, .. } = line { Some(genes) } else { None })
            .collect()
    };
    assert_eq!(genes(&own), genes(&told));
}

#[test]
fn links_carry_formulations() {
    let cases = [
        "v=1&objective2=params",
        "v=1&objective=ram&objective2=flash&strategy=nsga2",
        "v=1&formulation=constrained",
        "v=1&formulation=weighted-product-hard&weight=0.5&target=12.5",
    ];
    for text in cases {
        let reading = link::read(text, &[facts()]);
        assert_eq!(reading.notices, [], "{text}");
        let sorted = |link: &str| {
            let mut items: Vec<String> = link.split('&').map(str::to_owned).collect();
            items.sort();
            items
        };
        assert_eq!(sorted(&link::write(&reading.config)), sorted(text));
        let json = serde_json::to_string(&reading.config).unwrap();
        assert_eq!(serde_json::from_str::<RunConfig>(&json).unwrap(), reading.config);
    }
    let json = serde_json::to_string(&RunConfig::default()).unwrap();
    assert!(["objective2", "formulation", "weight", "target"].iter().all(|key| !json.contains(key)));
}
