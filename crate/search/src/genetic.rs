use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Children that may break a limit before a fresh candidate is drawn instead.
const MAX_CHILDREN: u32 = 200;

/// A genetic algorithm in generations (Holland 1975; Goldberg 1989, "Genetic Algorithms in Search, Optimization and Machine
/// Learning"): the best of a few compete to be parents, a child takes each gene from either parent and changes some, and the
/// best of a generation live on into the next.
///
/// A generation is full when as many results are told as the population has members; its elite takes the place of its worst.
pub struct Genetic {
    capacity: u32,
    tournament: u32,
    elite: u32,
    crossover: f64,
    mutation: f64,
    /// The generation that has children, the best first.
    parents: Vec<Told>,
    /// The generation that grows, the best first.
    children: Vec<Told>,
}

impl Genetic {
    pub(crate) fn member() -> Member {
        let integer = |name, title, min, max, default| Setting {
            name,
            title,
            kind: SettingKind::Integer { min, max },
            default: SettingValue::Integer(default),
        };
        let chance = |name, title, default| Setting {
            name,
            title,
            kind: SettingKind::Real { min: 0.0, max: 1.0 },
            default: SettingValue::Real(default),
        };
        Member {
            id: "genetic",
            title: Text::new("Genetic algorithm", "Algoritmo genético"),
            sentence: Text::new(
                "Children mix the genes of two good parents; the best of each generation live on.",
                "Las hijas mezclan los genes de dos buenas madres; las mejores de cada generación perviven.",
            ),
            settings: vec![
                integer("population", Text::new("Population", "Población"), 2, 1000, 10),
                integer(
                    "tournament",
                    Text::new("Competitors for a parent", "Competidoras por madre"),
                    1,
                    100,
                    2,
                ),
                integer("elite", Text::new("Elite that lives on", "Élite que pervive"), 0, 1000, 5),
                chance("crossover", Text::new("Chance of two parents", "Probabilidad de dos madres"), 0.5),
                chance("mutation", Text::new("Chance of a mutation", "Probabilidad de mutación"), 0.9),
            ],
        }
    }

    /// The strategy as configured by `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            capacity: settings.integer("population"),
            tournament: settings.integer("tournament"),
            elite: settings.integer("elite").min(settings.integer("population")),
            crossover: settings.real("crossover"),
            mutation: settings.real("mutation"),
            parents: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The winner of a tournament: the lowest place of some drawn with replacement, for the best stand first.
    fn parent(&self, ask: &mut Ask<'_>) -> &Told {
        let drawn = (0..self.tournament).map(|_| ask.rng.below(self.parents.len() as u32));
        &self.parents[drawn.min().unwrap_or(0) as usize]
    }

    fn child(&self, ask: &mut Ask<'_>) -> Proposal {
        let parent = self.parent(ask);
        let mut genotype = parent.genotype.clone();
        if ask.rng.happens(self.crossover as f32) {
            let other = self.parent(ask);
            genotype = ask.genes.crossover(&genotype, &other.genotype, &mut ask.rng);
        }
        // A child is no copy of its parent.
        if ask.rng.happens(self.mutation as f32) || genotype == parent.genotype {
            genotype = ask.genes.mutate(&genotype, &mut ask.rng);
        }
        Proposal { genotype, parent: Some(parent.ask) }
    }
}

impl Strategy for Genetic {
    /// As long as the first generation is not full, asks are random.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        if !self.parents.is_empty() {
            for _ in 0..MAX_CHILDREN {
                let child = self.child(ask);
                if ask.is_feasible(&child.genotype) {
                    return Some(child);
                }
            }
        }
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        insert(&mut self.children, told.clone());
        if self.children.len() == self.capacity as usize {
            self.parents.truncate(self.elite as usize);
            self.children.truncate(self.capacity as usize - self.parents.len());
            self.children.drain(..).for_each(|child| insert(&mut self.parents, child));
        }
    }

    fn inspect(&self) -> Inspection {
        let members = self.parents.iter().map(|told| told.ask).collect();
        Inspection::Population { members, capacity: self.capacity }
    }
}

/// Puts a result in its place: the best stands first, of equals the earlier asked.
fn insert(generation: &mut Vec<Told>, told: Told) {
    let is_before =
        |other: &Told| other.error().total_cmp(&told.error()).then(other.ask.cmp(&told.ask)).is_lt();
    generation.insert(generation.partition_point(is_before), told);
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;
    use nas_space::{Gene, GeneTree, Genotype};

    use super::*;
    use crate::Appraisal;

    fn told(ask: u32, values: [u16; 2], error: f64) -> Told {
        Told { ask, genotype: Genotype(values.to_vec()), parent: None, objectives: vec![error] }
    }

    fn genetic(elite: u32, crossover: f64, mutation: f64) -> Genetic {
        let (parents, children) = (Vec::new(), Vec::new());
        Genetic { capacity: 3, tournament: 100, elite, crossover, mutation, parents, children }
    }

    #[test]
    fn the_elite_takes_the_place_of_the_worst_children() {
        let mut strategy = genetic(1, 0.5, 0.5);
        let errors = [0.3, 0.2, 0.4, 0.9, 0.1, 0.8];
        let history: Vec<Told> = (0..).zip(errors).map(|(ask, error)| told(ask, [0, 0], error)).collect();
        strategy.restore(&history[..5]);
        assert_eq!(strategy.inspect(), Inspection::Population { members: vec![1, 0, 2], capacity: 3 });
        strategy.tell(&history[5]);
        assert_eq!(strategy.inspect(), Inspection::Population { members: vec![4, 1, 5], capacity: 3 });
    }

    #[test]
    fn a_child_has_the_genes_of_good_parents() {
        let genes = GeneTree::new(vec![Gene::new("a", 0..50), Gene::new("b", 0..50)]);
        let propose = |strategy: &mut Genetic, number: u32| {
            let appraise = &mut |_: &Genotype| Appraisal::feasible(Vec::new());
            let rng = Rng::for_purpose(3, "ask", number.into());
            strategy.ask(&mut Ask { number, genes: &genes, rng, pending: &[], appraise }).unwrap()
        };
        let history = [told(0, [7, 8], 0.1), told(1, [1, 1], 0.9), told(2, [1, 1], 0.9)];
        for number in 3..30 {
            // A tournament of 100 finds the best of three; alone, it can only be mutated.
            let mut strategy = genetic(1, 1.0, 0.0);
            strategy.restore(&history);
            let child = propose(&mut strategy, number);
            assert_eq!(child.parent, Some(0));
            let changed = child.genotype.0.iter().zip([7, 8]).filter(|(value, before)| **value != *before);
            assert_eq!(changed.count(), 1);
        }
    }
}
