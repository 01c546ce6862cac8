//! What every strategy must do, run on every member of the registry.

use nas_member::Settings;
use nas_numerics::Rng;
use nas_search::{Appraisal, Ask, Proposal, Strategy, Told, strategies, strategy};
use nas_space::{Gene, GeneTree, Genotype};

const SEED: u32 = 11;

/// Each strategy with its defaults.
fn every_strategy() -> impl Iterator<Item = (&'static str, Box<dyn Strategy>)> {
    strategies().into_iter().map(|member| {
        let settings = Settings::defaults(&member.settings);
        (member.id, strategy(member.id, &settings).unwrap())
    })
}

/// A space with conditional genes: 3·(1 + 4) = 15 genotypes.
fn genes() -> GeneTree {
    GeneTree::new(vec![
        Gene::new("a", 0..3),
        Gene::new("b", ["off", "on"]),
        Gene::new("c", 0..4).when(1, [1]),
    ])
}

fn ask(
    strategy: &mut dyn Strategy,
    genes: &GeneTree,
    number: u32,
    limit: impl Fn(&Genotype) -> bool,
) -> Option<Proposal> {
    let rng = Rng::for_purpose(SEED, "ask", number.into());
    let mut appraise = |genotype: &Genotype| {
        if limit(genotype) { Appraisal::feasible(vec![1.0]) } else { Appraisal::infeasible(0.5) }
    };
    strategy.ask(&mut Ask { number, genes, rng, pending: &[], appraise: &mut appraise })
}

fn result(number: u32, genotype: Genotype) -> Told {
    let accuracy = genotype.0.iter().map(|&value| f64::from(value)).sum::<f64>() / 10.0;
    Told { ask: number, genotype, objectives: vec![1.0 - accuracy, 1.0] }
}

/// Asks and tells with two results under way, as a run does.
fn history(strategy: &mut dyn Strategy, genes: &GeneTree, count: u32) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for number in 0..count {
        let proposal = ask(strategy, genes, number, |_| true).unwrap();
        genes.check(&proposal.genotype).unwrap();
        told.push(result(number, proposal.genotype));
        if number >= 1 {
            strategy.tell(&told[number as usize - 1]);
        }
    }
    told
}

#[test]
fn proposals_lie_in_the_space_and_repeat_for_the_same_seed() {
    for ((id, mut one), (_, mut other)) in every_strategy().zip(every_strategy()) {
        let genes = genes();
        assert_eq!(history(&mut *one, &genes, 60), history(&mut *other, &genes, 60), "{id}");
    }
}

#[test]
fn restored_from_any_point_of_a_log_it_proposes_the_same() {
    for (id, mut undisturbed) in every_strategy() {
        let genes = genes();
        let told = history(&mut *undisturbed, &genes, 40);
        for point in [0, 1, 9, 10, 25, 39] {
            let (_, mut before) = every_strategy().find(|(other, _)| *other == id).unwrap();
            history(&mut *before, &genes, point as u32 + 1);
            let (_, mut restored) = every_strategy().find(|(other, _)| *other == id).unwrap();
            restored.restore(&told[..point]);
            let number = point as u32 + 1;
            assert_eq!(
                ask(&mut *restored, &genes, number, |_| true),
                ask(&mut *before, &genes, number, |_| true),
                "{id} at {point}"
            );
        }
    }
}

#[test]
fn limits_hold_for_every_proposal() {
    for (id, mut strategy) in every_strategy() {
        let genes = genes();
        for number in 0..60 {
            let proposal = ask(&mut *strategy, &genes, number, |genotype| genotype.0[0] == 2).unwrap();
            assert_eq!(proposal.genotype.0[0], 2, "{id}");
            strategy.tell(&result(number, proposal.genotype));
        }
    }
}

#[test]
fn an_infeasible_problem_ends_without_a_proposal() {
    for (id, mut strategy) in every_strategy() {
        assert_eq!(ask(&mut *strategy, &genes(), 0, |_| false), None, "{id}");
        strategy.tell(&result(0, Genotype(vec![0, 0, 0])));
        assert_eq!(ask(&mut *strategy, &genes(), 50, |_| false), None, "{id}");
    }
}

#[test]
fn failed_and_equal_results_are_taken() {
    for (id, mut strategy) in every_strategy() {
        let genes = genes();
        for number in 0..30 {
            let told = Told { ask: number, genotype: Genotype(vec![0, 0, 0]), objectives: vec![1.0, 1.0] };
            strategy.tell(&told);
            assert!(ask(&mut *strategy, &genes, number + 1, |_| true).is_some(), "{id}");
        }
    }
}

#[test]
fn a_space_of_one_genotype_is_searched() {
    let genes = GeneTree::new(vec![Gene::new("only", ["one"])]);
    for (id, mut strategy) in every_strategy() {
        for number in 0..15 {
            let proposal = ask(&mut *strategy, &genes, number, |_| true).unwrap();
            assert_eq!(proposal.genotype, Genotype(vec![0]), "{id}");
            strategy.tell(&result(number, proposal.genotype));
        }
    }
}

#[test]
fn an_unknown_strategy_is_refused_with_the_known_ones() {
    let error = strategy("hope", &Settings::defaults(&[])).err().unwrap().to_string();
    assert_eq!(error, "there is no strategy 'hope': use one of random, regularized-evolution");
}
