use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_space::Genotype;

use crate::known::Known;
use crate::pareto::{Place, places};
use crate::{Ask, Inspection, Proposal, Standing, Strategy, Told};

/// Chance that a child has two parents before it is mutated (Deb et al. 2002, section IV).
const CROSSOVER: f32 = 0.9;
/// Children that may be known already or break a limit before the nearest of them to the limits is repaired.
const MAX_CHILDREN: u32 = 50;
/// Mutations that repair a child.
const REPAIR_STEPS: u32 = 100;

/// NSGA-II (Deb et al. 2002, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II"): parents win binary tournaments
/// by rank and crowding, children are crossed and mutated, and of parents and children the better half lives on.
///
/// Each result enters the population at once and the worst member leaves it, so that nothing waits for a generation to
/// end (the steady state of Durillo et al. 2009, "On the Effect of the Steady-State Selection Scheme in Multi-Objective
/// Genetic Algorithms"). What breaks a limit is never evaluated: among children that do, constraint domination
/// (section VI-A) picks the one that is repaired.
pub struct Nsga2 {
    capacity: u32,
    /// All that was told: evaluated once, a candidate need not be proposed again.
    told: Vec<Told>,
    /// Indices into `told`, the oldest first.
    population: Vec<usize>,
    /// Of each member of the population.
    places: Vec<Place>,
}

impl Nsga2 {
    pub(crate) fn member() -> Member {
        Member {
            id: "nsga2",
            title: Text::new("NSGA-II", "NSGA-II"),
            sentence: Text::new(
                "A population is sorted into Pareto fronts; parents come from the better and emptier parts, and the worst member leaves.",
                "Una población se ordena en frentes de Pareto; los padres salen de las partes mejores y más vacías, y el peor miembro se va.",
            ),
            settings: vec![Setting {
                name: "population",
                title: Text::new("Population", "Población"),
                kind: SettingKind::Integer { min: 4, max: 200 },
                default: SettingValue::Integer(20),
            }],
        }
    }

    /// The strategy as configured by `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let capacity = settings.integer("population");
        Self { capacity, told: Vec::new(), population: Vec::new(), places: Vec::new() }
    }

    fn sort(&mut self) {
        let objectives: Vec<Vec<f64>> =
            self.population.iter().map(|&index| self.told[index].objectives.clone()).collect();
        self.places = places(&objectives, &vec![0.0; objectives.len()]);
    }

    /// The winner of a binary tournament, by its place in the population.
    fn parent(&self, ask: &mut Ask<'_>) -> usize {
        let size = self.population.len() as u32;
        let (one, other) = (ask.rng.below(size) as usize, ask.rng.below(size) as usize);
        if self.places[one].compare(&self.places[other]).is_le() { one } else { other }
    }

    /// A mutated child, and the ask of its first parent.
    fn child(&self, ask: &mut Ask<'_>) -> (Genotype, u32) {
        let (one, other) = (self.parent(ask), self.parent(ask));
        let parent = &self.told[self.population[one]];
        let mut child = parent.genotype.clone();
        if ask.rng.happens(CROSSOVER) {
            let other = &self.told[self.population[other]];
            child = ask.genes.crossover(&child, &other.genotype, &mut ask.rng);
        }
        (ask.genes.mutate(&child, &mut ask.rng), parent.ask)
    }

    /// A child within the limits that is not known; if there is none, the nearest to the limits, repaired.
    fn breed(&self, ask: &mut Ask<'_>, known: &Known<'_>) -> Option<Proposal> {
        let mut nearest: Option<(f64, Genotype, u32)> = None;
        for _ in 0..MAX_CHILDREN {
            let (genotype, parent) = self.child(ask);
            if known.contains(&genotype) {
                continue;
            }
            let violation = (ask.appraise)(&genotype).violation;
            if violation == 0.0 {
                return Some(Proposal { genotype, parent: Some(parent) });
            }
            if nearest.as_ref().is_none_or(|(least, ..)| violation < *least) {
                nearest = Some((violation, genotype, parent));
            }
        }
        let (_, child, parent) = nearest?;
        let mut violation = |genotype: &Genotype| (ask.appraise)(genotype).violation;
        let (genotype, violation) = ask.genes.descend(&child, &mut violation, REPAIR_STEPS, &mut ask.rng);
        (violation == 0.0 && !known.contains(&genotype))
            .then_some(Proposal { genotype, parent: Some(parent) })
    }
}

impl Strategy for Nsga2 {
    /// The first `population` asks are random; so are later ones as long as nothing was told.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let known = Known::new(&self.told, ask.pending);
        if ask.number >= self.capacity
            && !self.population.is_empty()
            && let Some(child) = self.breed(ask, &known)
        {
            return Some(child);
        }
        known.draw_another(ask).map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.population.push(self.told.len());
        self.told.push(told.clone());
        self.sort();
        if self.population.len() > self.capacity as usize {
            let members = 0..self.population.len();
            let worst = members.max_by(|&a, &b| self.places[a].compare(&self.places[b]));
            self.population.remove(worst.expect("a population has members"));
            self.sort();
        }
    }

    fn inspect(&self) -> Inspection {
        let standing = |(&index, place): (&usize, &Place)| Standing {
            ask: self.told[index].ask,
            rank: place.rank,
            crowding: place.crowding.is_finite().then_some(place.crowding),
        };
        let members = self.population.iter().zip(&self.places).map(standing).collect();
        Inspection::Ranks { members, capacity: self.capacity }
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;
    use nas_space::{Gene, GeneTree};

    use super::*;
    use crate::Appraisal;

    fn told(ask: u32, value: u16, objectives: [f64; 2]) -> Told {
        Told { ask, genotype: Genotype(vec![value]), parent: None, objectives: objectives.to_vec() }
    }

    fn nsga2(capacity: u32) -> Nsga2 {
        Nsga2 { capacity, told: Vec::new(), population: Vec::new(), places: Vec::new() }
    }

    #[test]
    fn the_worst_of_the_last_front_leaves() {
        let mut strategy = nsga2(4);
        strategy.restore(&[
            told(0, 0, [0.1, 9.0]),
            told(1, 1, [0.9, 1.0]),
            told(2, 2, [0.5, 5.0]),
            told(3, 3, [0.8, 8.0]),
            // A fifth: ask 3 is dominated by ask 2 and leaves.
            told(4, 4, [0.6, 4.0]),
            // A sixth: all are on one front, and ask 2 has the least room: it leaves.
            told(5, 5, [0.3, 6.0]),
        ]);
        let Inspection::Ranks { members, capacity: 4 } = strategy.inspect() else { panic!("ranks of four") };
        let asks: Vec<u32> = members.iter().map(|member| member.ask).collect();
        assert_eq!(asks, [0, 1, 4, 5]);
        assert!(members.iter().all(|member| member.rank == 0));
        assert_eq!(members[0].crowding, None);
        // (6 − 1)/(9 − 1) and (0.9 − 0.3)/(0.9 − 0.1)
        assert!((members[2].crowding.unwrap() - (0.625 + 0.75)).abs() < 1e-12);
    }

    #[test]
    fn a_child_outside_of_the_limits_is_repaired() {
        // All ten genes have to be 7: hardly any child keeps that, and no draw does.
        let genes = GeneTree::new((0..10).map(|gene| Gene::new(format!("g{gene}"), 0..8)).collect());
        let mut strategy = nsga2(4);
        for ask in 0..4 {
            let mut values = vec![7; 10];
            values[ask as usize] = 3;
            values[ask as usize + 5] = 2;
            strategy.tell(&Told {
                ask,
                genotype: Genotype(values),
                parent: None,
                objectives: vec![0.1 * f64::from(ask), 4.0 - f64::from(ask)],
            });
        }
        let mut appraise = |genotype: &Genotype| Appraisal {
            violation: genotype.0.iter().filter(|&&value| value != 7).count() as f64,
            costs: vec![1.0],
        };
        let mut repaired = 0;
        for number in 4..24 {
            let rng = Rng::for_purpose(1, "ask", number);
            let mut ask =
                Ask { number: number as u32, genes: &genes, rng, pending: &[], appraise: &mut appraise };
            let proposal = strategy.ask(&mut ask);
            repaired += u32::from(proposal.is_some_and(|proposal| proposal.genotype.0 == [7; 10]));
        }
        assert!(repaired > 10, "{repaired} of 20");
    }
}
