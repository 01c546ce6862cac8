//! NSGA-II on the predictors.

use nas_numerics::Rng;
use nas_space::Genotype;

use crate::pareto::{Place, places};
use crate::rankers::Rankers;
use crate::{Ask, Told};

/// Members of the population.
const POPULATION: usize = 40;
/// Generations of as many children as members.
const GENERATIONS: u32 = 5;
/// Chance that a child has two parents (Deb et al. 2002, section IV).
const CROSSOVER: f32 = 0.9;

/// A candidate of the predicted front.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) genotype: Genotype,
    /// Predicted score and known costs.
    pub(super) objectives: Vec<f64>,
    pub(super) violation: f64,
    /// The ask whose candidate it descends from.
    pub(super) parent: u32,
}

/// All candidates within the first fronts of a population that begins with the best results, by NSGA-II (Deb et al.
/// 2002) with constraint domination; the results are among them.
pub(super) fn evolve(rankers: &Rankers, told: &[Told], ask: &mut Ask<'_>, rng: &mut Rng) -> Vec<Candidate> {
    let start = |told: &Told| Candidate {
        genotype: told.genotype.clone(),
        objectives: [&[rankers.score(&told.genotype)], &told.objectives[1..]].concat(),
        violation: 0.0,
        parent: told.ask,
    };
    let mut all: Vec<Candidate> = Vec::new();
    for told in told {
        if all.iter().all(|other| other.genotype != told.genotype) {
            all.push(start(told));
        }
    }
    for _ in 0..GENERATIONS {
        let (population, standing) = best(&all);
        for _ in 0..POPULATION {
            let mut parent = || {
                let size = population.len() as u32;
                let (one, other) = (rng.below(size) as usize, rng.below(size) as usize);
                population[if standing[one].compare(&standing[other]).is_le() { one } else { other }]
            };
            let (one, other) = (&all[parent()], &all[parent()]);
            let (mut genotype, parent) = (one.genotype.clone(), one.parent);
            if rng.happens(CROSSOVER) {
                genotype = ask.genes.crossover(&genotype, &other.genotype, rng);
            }
            genotype = ask.genes.mutate(&genotype, rng);
            if all.iter().all(|other| other.genotype != genotype) {
                let appraisal = (ask.appraise)(&genotype);
                let objectives = [&[rankers.score(&genotype)], appraisal.costs.as_slice()].concat();
                all.push(Candidate { genotype, objectives, violation: appraisal.violation, parent });
            }
        }
    }
    all
}

/// Indices and places of the best of all.
fn best(all: &[Candidate]) -> (Vec<usize>, Vec<Place>) {
    let objectives: Vec<Vec<f64>> = all.iter().map(|candidate| candidate.objectives.clone()).collect();
    let violations: Vec<f64> = all.iter().map(|candidate| candidate.violation).collect();
    let places = places(&objectives, &violations);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| places[a].compare(&places[b]).then(a.cmp(&b)));
    order.truncate(POPULATION);
    let standing = order.iter().map(|&index| places[index]).collect();
    (order, standing)
}
