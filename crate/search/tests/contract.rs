//! What every strategy must do, run on every member of the registry.

use std::collections::BTreeSet;

use nas_member::Settings;
use nas_numerics::Rng;
use nas_search::{Appraisal, Ask, Proposal, Strategy, Told, strategies, strategy};
use nas_space::{Gene, GeneTree, Genotype};

const SEED: u32 = 11;

/// A strategy in use: it is asked and told as a run does it, with some candidates under way.
struct Session {
    id: &'static str,
    strategy: Box<dyn Strategy>,
    genes: GeneTree,
    limit: fn(&Genotype) -> bool,
    error: fn(&Genotype) -> f64,
    /// Asked and not told yet, the oldest first.
    pending: Vec<Told>,
    told: Vec<Told>,
    asked: u32,
}

impl Session {
    fn new(id: &'static str, genes: GeneTree) -> Self {
        let member = strategies().into_iter().find(|member| member.id == id).unwrap();
        let strategy = strategy(id, &Settings::defaults(&member.settings), &genes).unwrap();
        let (pending, told) = (Vec::new(), Vec::new());
        Self { id, strategy, genes, limit: |_| true, error, pending, told, asked: 0 }
    }

    /// Asks; every proposal lies in the space and within the limits.
    fn ask(&mut self) -> Option<Proposal> {
        let (limit, number) = (self.limit, self.asked);
        let mut appraise = |genotype: &Genotype| {
            if limit(genotype) {
                Appraisal::feasible(vec![cost(genotype)])
            } else {
                Appraisal::infeasible(0.5)
            }
        };
        let pending: Vec<Genotype> = self.pending.iter().map(|told| told.genotype.clone()).collect();
        let proposal = self.strategy.ask(&mut Ask {
            number,
            genes: &self.genes,
            rng: Rng::for_purpose(SEED, "ask", number.into()),
            pending: &pending,
            appraise: &mut appraise,
        })?;
        self.asked += 1;
        self.genes.check(&proposal.genotype).unwrap_or_else(|error| panic!("{}: {error}", self.id));
        assert!(limit(&proposal.genotype), "{} at {number}: outside of the limit", self.id);
        assert!(proposal.parent.is_none_or(|parent| parent < number), "{} at {number}: parent", self.id);
        let Proposal { genotype, parent } = proposal.clone();
        let objectives = vec![(self.error)(&genotype), cost(&genotype)];
        self.pending.push(Told { ask: number, genotype, parent, objectives });
        Some(proposal)
    }

    /// Tells a result under way, by its place among them.
    fn tell(&mut self, at: usize) {
        let told = self.pending.remove(at);
        self.strategy.tell(&told);
        self.told.push(told);
    }

    /// Asks so often, with so many under way at most; results come in a shuffled order.
    fn play(&mut self, asks: u32, width: usize) -> &mut Self {
        let mut order = Rng::for_purpose(SEED, "order", width as u64);
        for _ in 0..asks {
            self.ask().unwrap_or_else(|| panic!("{} at {}: no proposal", self.id, self.asked));
            if self.pending.len() >= width {
                self.tell(order.below(width as u32) as usize);
            }
        }
        self
    }
}

/// A session of each strategy.
fn every_session(genes: fn() -> GeneTree) -> impl Iterator<Item = Session> {
    strategies().into_iter().map(move |member| Session::new(member.id, genes()))
}

/// A space with conditional genes: 3·(1 + 4) = 15 genotypes.
fn conditional() -> GeneTree {
    GeneTree::new(vec![
        Gene::new("a", 0..3),
        Gene::new("b", ["off", "on"]),
        Gene::new("c", 0..4).when(1, [1]),
    ])
}

/// A space too large to exhaust, with genes that depend on dependent genes.
fn large() -> GeneTree {
    let mut genes = vec![
        Gene::ordinal("depth", 0..6),
        Gene::new("block", 0..3),
        Gene::new("expansion", 0..4).when(1, [1, 2]),
    ];
    genes.push(Gene::new("kernel", 0..3).when(2, [3]));
    genes.extend((0..6).map(|layer| Gene::new(format!("layer{layer}"), 0..5)));
    GeneTree::new(genes)
}

fn single() -> GeneTree {
    GeneTree::new(vec![Gene::new("only", ["one"])])
}

fn error(genotype: &Genotype) -> f64 {
    1.0 - genotype.0.iter().map(|&value| f64::from(value)).sum::<f64>() / 40.0
}

fn cost(genotype: &Genotype) -> f64 {
    1.0 + genotype
        .0
        .iter()
        .enumerate()
        .map(|(gene, &value)| ((gene + 1) as f64) * f64::from(value))
        .sum::<f64>()
}

#[test]
fn proposals_lie_in_the_space_and_repeat_for_the_same_seed() {
    for genes in [conditional, large] {
        for width in [1, 8] {
            for (mut one, mut other) in every_session(genes).zip(every_session(genes)) {
                one.play(80, width);
                other.play(80, width);
                assert_eq!(one.told, other.told, "{} with {width} under way", one.id);
                assert_eq!(one.strategy.inspect(), other.strategy.inspect(), "{}", one.id);
            }
        }
    }
}

#[test]
fn asking_again_changes_nothing() {
    for (mut one, mut other) in every_session(large).zip(every_session(large)) {
        for _ in 0..60 {
            // The same ask, as if the first answer had been lost.
            other.ask();
            other.pending.pop();
            other.asked -= 1;
            assert_eq!(one.ask(), other.ask(), "{} at {}", one.id, one.asked);
            one.tell(0);
            other.tell(0);
        }
    }
}

#[test]
fn restored_from_any_point_of_a_log_it_goes_on_the_same() {
    for genes in [conditional, large] {
        for width in [1, 4] {
            for mut undisturbed in every_session(genes) {
                for point in 0..48 {
                    let mut restored = Session::new(undisturbed.id, genes());
                    restored.strategy.restore(&undisturbed.told);
                    assert_eq!(
                        restored.strategy.inspect(),
                        undisturbed.strategy.inspect(),
                        "{}",
                        restored.id
                    );
                    restored.pending.clone_from(&undisturbed.pending);
                    restored.asked = undisturbed.asked;
                    undisturbed.play(1, width);
                    restored.ask().unwrap();
                    let (expected, found) = (undisturbed.asked - 1, restored.pending.last().unwrap());
                    let all = undisturbed.told.iter().chain(&undisturbed.pending);
                    let expected = all.into_iter().find(|told| told.ask == expected).unwrap();
                    assert_eq!(found, expected, "{} at {point}", restored.id);
                }
            }
        }
    }
}

#[test]
fn limits_hold_for_every_proposal() {
    for mut session in every_session(conditional) {
        session.limit = |genotype| genotype.0[0] == 2;
        session.play(80, 3);
    }
    for mut session in every_session(large) {
        // One in 15 genotypes.
        session.limit = |genotype| genotype.0[0] == 5 && genotype.0[1] != 1 && genotype.0[4] > 2;
        session.play(80, 3);
    }
}

#[test]
fn an_infeasible_problem_ends_without_a_proposal() {
    for mut session in every_session(conditional) {
        session.limit = |_| false;
        assert_eq!(session.ask(), None, "{}", session.id);
        let genotype = Genotype(vec![0, 0, 0]);
        session.strategy.tell(&Told { ask: 0, genotype, parent: None, objectives: vec![0.5, 1.0] });
        session.asked = 50;
        assert_eq!(session.ask(), None, "{}", session.id);
    }
}

#[test]
fn failed_trials_are_taken() {
    for mut session in every_session(large) {
        session.error = |genotype| if genotype.0[4] % 2 == 0 { 1.0 } else { error(genotype) };
        session.play(80, 4);
    }
    for mut session in every_session(large) {
        session.error = |_| 1.0;
        session.play(80, 4);
    }
}

#[test]
fn the_same_genotype_may_come_again_and_all_may_be_equal() {
    for mut session in every_session(conditional) {
        for number in 0..40 {
            let told = Told {
                ask: number,
                genotype: Genotype(vec![0, 0, 0]),
                parent: None,
                objectives: vec![0.5, 1.0],
            };
            session.strategy.tell(&told);
            session.asked = number + 1;
            assert!(session.ask().is_some(), "{}", session.id);
        }
    }
}

#[test]
fn a_second_result_replaces_the_first() {
    for mut session in every_session(large) {
        session.play(60, 1);
        let history = session.told.clone();
        let mut revised = Session::new(session.id, large());
        for told in &history {
            let misleading =
                Told { objectives: vec![1.0 - told.error(), 100.0 - told.objectives[1]], ..told.clone() };
            revised.strategy.tell(&misleading);
            // Some results are put right at once, the others at the end.
            if told.ask % 3 == 0 {
                revised.strategy.tell(told);
            }
        }
        history.iter().filter(|told| told.ask % 3 != 0).for_each(|told| revised.strategy.tell(told));
        assert_eq!(revised.strategy.inspect(), session.strategy.inspect(), "{}", session.id);
        revised.asked = session.asked;
        assert_eq!(revised.ask(), session.ask(), "{}", session.id);
    }
}

#[test]
fn small_spaces_are_exhausted_and_searched_on() {
    for mut session in every_session(single) {
        session.play(30, 2);
    }
    for mut session in every_session(conditional) {
        // 15 genotypes; random search misses one of them in 300 draws with probability 2e-8.
        session.play(300, 1);
        let distinct: BTreeSet<_> = session.told.iter().map(|told| &told.genotype).collect();
        let best = session.told.iter().map(Told::error).fold(1.0, f64::min);
        assert_eq!(best, error(&Genotype(vec![2, 1, 3])), "{}: {} seen", session.id, distinct.len());
    }
}

#[test]
fn an_unknown_strategy_is_refused_with_the_known_ones() {
    let error = strategy("hope", &Settings::defaults(&[]), &single()).err().unwrap().to_string();
    let known: Vec<_> = strategies().iter().map(|member| member.id).collect();
    assert_eq!(error, format!("there is no strategy 'hope': use one of {}", known.join(", ")));
}
