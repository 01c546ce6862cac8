use std::collections::VecDeque;

use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Regularized evolution (Real et al. 2019, "Regularized Evolution for Image Classifier Architecture Search"):
/// each child mutates the best of a random sample of the population, and the oldest member dies.
pub struct RegularizedEvolution {
    capacity: u32,
    sample: u32,
    /// The oldest first.
    population: VecDeque<Told>,
}

impl RegularizedEvolution {
    pub(crate) fn member() -> Member {
        Member {
            id: "regularized-evolution",
            title: Text::new("Regularized evolution", "Evolución regularizada"),
            sentence: Text::new(
                "Each child changes one gene of the best of a few; the oldest member of the population dies.",
                "Cada hija cambia un gen de la mejor de unas pocas; el miembro más viejo de la población muere.",
            ),
            settings: vec![
                Setting {
                    name: "population",
                    title: Text::new("Population", "Población"),
                    kind: SettingKind::Integer { min: 2, max: 1000 },
                    default: SettingValue::Integer(10),
                },
                Setting {
                    name: "sample",
                    title: Text::new("Sample", "Muestra"),
                    kind: SettingKind::Integer { min: 1, max: 1000 },
                    default: SettingValue::Integer(3),
                },
            ],
        }
    }

    /// The strategy as configured by `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (capacity, sample) = (settings.integer("population"), settings.integer("sample"));
        Self { capacity, sample, population: VecDeque::new() }
    }

    /// The best of a sample drawn without replacement; the younger of two equals.
    fn parent(&self, ask: &mut Ask<'_>) -> Option<&Told> {
        let mut sample: Vec<&Told> = self.population.iter().collect();
        ask.rng.shuffle(&mut sample);
        sample.truncate(self.sample as usize);
        sample.into_iter().min_by(|a, b| a.error().total_cmp(&b.error()).then(b.ask.cmp(&a.ask)))
    }
}

impl Strategy for RegularizedEvolution {
    /// The first `population` asks are random; so are later ones as long as nothing was told.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        if ask.number >= self.capacity && !self.population.is_empty() {
            let parent = self.parent(ask)?.clone();
            if let Some(genotype) = ask.mutant(&parent.genotype) {
                return Some(Proposal { genotype, parent: Some(parent.ask) });
            }
        }
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.population.push_back(told.clone());
        if self.population.len() > self.capacity as usize {
            self.population.pop_front();
        }
    }

    fn inspect(&self) -> Inspection {
        let members = self.population.iter().map(|told| told.ask).collect();
        Inspection::Population { members, capacity: self.capacity }
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;
    use nas_space::{Gene, GeneTree, Genotype};

    use super::*;
    use crate::Appraisal;
    use crate::strategy::MAX_MUTATIONS;

    fn told(ask: u32, value: u16, error: f64) -> Told {
        Told { ask, genotype: Genotype(vec![value]), parent: None, objectives: vec![error, 1.0] }
    }

    fn evolution(population: u32, sample: u32) -> RegularizedEvolution {
        RegularizedEvolution { capacity: population, sample, population: VecDeque::new() }
    }

    #[test]
    fn the_oldest_dies_however_good_it_is() {
        let mut strategy = evolution(2, 1);
        strategy.restore(&[told(0, 0, 0.01), told(1, 1, 0.5), told(2, 2, 0.9)]);
        assert_eq!(strategy.inspect(), Inspection::Population { members: vec![1, 2], capacity: 2 });
    }

    #[test]
    fn a_large_sample_takes_the_best_as_parent() {
        let genes = GeneTree::new(vec![Gene::new("g", 0..100)]);
        let mut strategy = evolution(3, 50);
        strategy.restore(&[told(0, 10, 0.8), told(1, 20, 0.1), told(2, 30, 0.6)]);
        for number in 3..20 {
            let mut ask = Ask {
                number,
                genes: &genes,
                rng: Rng::for_purpose(1, "ask", number.into()),
                pending: &[],
                appraise: &mut |_| Appraisal::feasible(vec![1.0]),
            };
            assert_eq!(strategy.ask(&mut ask).unwrap().parent, Some(1));
        }
    }

    #[test]
    fn a_cornered_parent_gives_way_to_a_fresh_draw() {
        // Only one value is feasible, so every mutation of it breaks the limit.
        let genes = GeneTree::new(vec![Gene::new("g", 0..10)]);
        let mut strategy = evolution(1, 1);
        strategy.tell(&told(0, 4, 0.5));
        let mut rejected = 0;
        let mut appraise = |genotype: &Genotype| {
            let is_feasible = genotype.0[0] == 4;
            rejected += u32::from(!is_feasible);
            if is_feasible { Appraisal::feasible(vec![1.0]) } else { Appraisal::infeasible(1.0) }
        };
        let mut ask = Ask {
            number: 1,
            genes: &genes,
            rng: Rng::for_purpose(1, "ask", 1),
            pending: &[],
            appraise: &mut appraise,
        };
        assert_eq!(strategy.ask(&mut ask), Some(Proposal { genotype: Genotype(vec![4]), parent: None }));
        assert!(rejected >= MAX_MUTATIONS);
    }
}
