mod evolve;

use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_numerics::{Digester, Rng};
use nas_space::{GeneTree, Genotype};

use crate::gaussian::Belief;
use crate::improvement::Improvable;
use crate::known::Known;
use crate::rankers::Rankers;
use crate::{Ask, Inspection, Proposal, RankScore, Strategy, Told, non_dominated_sort};

use evolve::{Candidate, evolve};

/// Results that the predictors learn from, at most: the newest.
const LEARNT_FROM: usize = 500;
/// Proposals of a plan for each result of a batch: more than one, for some are under way when the next plan is made.
const PLANNED: usize = 2;
/// Pareto fronts of the evolved candidates from which a plan is chosen (the selection of DGEMO that HyT-NAS uses).
const LEVELS: usize = 2;

/// The search of HyT-NAS (its published code, after Konakovic Lukovic et al. 2020, "Diversity-Guided Multi-Objective
/// Bayesian Optimization With Batch Evaluations"): an ensemble of rank predictors learns the errors, NSGA-II looks for the
/// front of predicted rank and known costs, and of that a batch is chosen, one by one, each for the most it adds to the
/// hypervolume.
///
/// A plan is made of the results up to the last full batch, and is the same whenever it is made.
pub struct HytNas {
    genes: GeneTree,
    startup: usize,
    batch: usize,
    told: Vec<Told>,
    /// Of how many results the plan was made, and what it proposes, first things first.
    plan: (usize, Vec<(Genotype, u32)>),
}

impl HytNas {
    pub(crate) fn member() -> Member {
        Member {
            id: "hyt-nas",
            title: Text::new("HyT-NAS", "HyT-NAS"),
            sentence: Text::new(
                "Predictors learn the order of the results; NSGA-II evolves a front of their predictions, and the batch that would add most to it is trained.",
                "Unos predictores aprenden el orden de los resultados; NSGA-II hace evolucionar un frente de sus predicciones y se entrena el lote que más le aportaría.",
            ),
            settings: vec![
                Setting {
                    name: "startup",
                    title: Text::new("Random candidates first", "Candidatas al azar primero"),
                    kind: SettingKind::Integer { min: 2, max: 1000 },
                    default: SettingValue::Integer(20),
                },
                Setting {
                    name: "batch",
                    title: Text::new("Batch", "Lote"),
                    kind: SettingKind::Integer { min: 1, max: 200 },
                    default: SettingValue::Integer(10),
                },
            ],
        }
    }

    /// The strategy as configured by `settings`, for a space of these genes.
    #[must_use]
    pub fn new(settings: &Settings, genes: &GeneTree) -> Self {
        let (startup, batch) = (settings.integer("startup") as usize, settings.integer("batch") as usize);
        Self { genes: genes.clone(), startup, batch, told: Vec::new(), plan: (0, Vec::new()) }
    }

    /// Number of results up to the last full batch; none before the start is over.
    fn planned_from(&self) -> Option<usize> {
        let later = self.told.len().checked_sub(self.startup)?;
        Some(self.told.len() - later % self.batch)
    }

    /// The predictors that these results give, and the generator for what follows.
    fn learn(&self, told: &[Told]) -> (Rankers, Rng) {
        let mut digester = Digester::new().text("hyt-nas");
        for value in told.iter().flat_map(|told| &told.genotype.0) {
            digester = digester.number(u64::from(*value));
        }
        let mut rng = Rng::from_digester(digester);
        let newest = &told[told.len().saturating_sub(LEARNT_FROM)..];
        let genotypes: Vec<&Genotype> = newest.iter().map(|told| &told.genotype).collect();
        let errors: Vec<f64> = newest.iter().map(Told::error).collect();
        (Rankers::learn(&self.genes, &genotypes, &errors, &mut rng), rng)
    }

    /// What to propose after these results, each with the ask it descends from.
    fn plan(&self, told: &[Told], ask: &mut Ask<'_>) -> Vec<(Genotype, u32)> {
        let (rankers, mut rng) = self.learn(told);
        let known = Known::new(told, &[]);
        let mut evolved = evolve(&rankers, told, ask, &mut rng);
        evolved.retain(|candidate| candidate.violation == 0.0);
        let (seen, fresh): (Vec<_>, Vec<_>) =
            evolved.into_iter().partition(|candidate| known.contains(&candidate.genotype));
        let objectives: Vec<Vec<f64>> = fresh.iter().map(|candidate| candidate.objectives.clone()).collect();
        let fronts = non_dominated_sort(&objectives, &vec![0.0; fresh.len()]);
        let levels = fronts.into_iter().take(LEVELS).flatten();
        let choice = levels.map(|index| fresh[index].clone()).collect();
        let front = seen.into_iter().map(|candidate| candidate.objectives).collect();
        choose(choice, front, PLANNED * self.batch)
    }
}

/// One by one the candidates that add most to the hypervolume of the front, up to the largest value of each objective.
fn choose(mut choice: Vec<Candidate>, mut front: Vec<Vec<f64>>, count: usize) -> Vec<(Genotype, u32)> {
    let mut reference = front[0].clone();
    for point in front.iter().chain(choice.iter().map(|candidate| &candidate.objectives)) {
        reference.iter_mut().zip(point).for_each(|(bound, value)| *bound = bound.max(*value));
    }
    let mut chosen = Vec::new();
    while chosen.len() < count && !choice.is_empty() {
        let improvable = Improvable::new(&front, reference.clone());
        let growth = |candidate: &Candidate| {
            let certain = Belief { mean: candidate.objectives[0], deviation: 0.0 };
            improvable.expect(certain, &candidate.objectives[1..])
        };
        let growths: Vec<f64> = choice.iter().map(growth).collect();
        let best = (0..choice.len()).max_by(|&a, &b| growths[a].total_cmp(&growths[b]).then(b.cmp(&a)));
        let Candidate { genotype, objectives, parent, .. } = choice.remove(best.expect("there is a choice"));
        front.push(objectives);
        chosen.push((genotype, parent));
    }
    chosen
}

impl Strategy for HytNas {
    /// Asks are random until `startup` results are told, and when nothing of the plan is left.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        if let Some(count) = self.planned_from()
            && self.plan.0 != count
        {
            self.plan = (count, self.plan(&self.told[..count], ask));
        }
        let known = Known::new(&self.told, ask.pending);
        let next = self.plan.1.iter().find(|(genotype, _)| !known.contains(genotype));
        if let Some((genotype, parent)) = next.cloned() {
            return Some(Proposal { genotype, parent: Some(parent) });
        }
        known.draw_another(ask).map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.told.push(told.clone());
    }

    fn inspect(&self) -> Inspection {
        let count = self.planned_from().unwrap_or(0);
        let (rankers, _) = self.learn(&self.told[..count]);
        let score = |told: &Told| RankScore { ask: told.ask, score: rankers.score(&told.genotype) };
        Inspection::Ranking { learnt_from: count as u32, scores: self.told.iter().map(score).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_adds_most_one_by_one() {
        let candidate = |value: u16, objectives: [f64; 2]| Candidate {
            genotype: Genotype(vec![value]),
            objectives: objectives.to_vec(),
            violation: 0.0,
            parent: 7,
        };
        let front = vec![vec![9.0, 1.0], vec![1.0, 9.0]];
        // Up to (9, 9): 4·4 = 16, then 5·3 = 15 of which 3·4 = 12 are covered, then 2·6 = 12 with 2·4 = 8 covered.
        let choice = vec![candidate(0, [4.0, 6.0]), candidate(1, [5.0, 5.0]), candidate(2, [7.0, 3.0])];
        let chosen = choose(choice.clone(), front.clone(), 3);
        assert_eq!(chosen.iter().map(|(genotype, _)| genotype.0[0]).collect::<Vec<_>>(), [1, 2, 0]);
        assert!(chosen.iter().all(|(_, parent)| *parent == 7));
        assert_eq!(choose(choice, front, 2).len(), 2);
    }

    #[test]
    fn a_plan_is_made_of_full_batches() {
        let genes = GeneTree::new(Vec::new());
        let mut strategy = HytNas { genes, startup: 4, batch: 3, told: Vec::new(), plan: (0, Vec::new()) };
        let mut found = Vec::new();
        for ask in 0..9 {
            let objectives = vec![0.5, 1.0];
            strategy.tell(&Told { ask, genotype: Genotype(Vec::new()), parent: None, objectives });
            found.push(strategy.planned_from());
        }
        let expected = [None, None, None, Some(4), Some(4), Some(4), Some(7), Some(7), Some(7)];
        assert_eq!(found, expected);
    }
}
