use nas_member::Settings;
use nas_space::GeneTree;

use crate::registry::Make;
use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// A strategy that takes second results: what it learns is that of the newest result of each ask, told in the order of
/// the first ones. The strategy itself is told each ask once; when a result changes, it is made anew and told all.
pub(crate) struct Revised {
    make: Make,
    settings: Settings,
    genes: GeneTree,
    strategy: Box<dyn Strategy>,
    told: Vec<Told>,
    /// The highest ask told: results beyond it are first ones.
    highest: Option<u32>,
}

impl Revised {
    pub(crate) fn new(make: Make, settings: &Settings, genes: &GeneTree) -> Self {
        let strategy = make(settings, genes);
        let (settings, genes) = (settings.clone(), genes.clone());
        Self { make, settings, genes, strategy, told: Vec::new(), highest: None }
    }
}

impl Strategy for Revised {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        self.strategy.ask(ask)
    }

    fn tell(&mut self, told: &Told) {
        self.restore(core::slice::from_ref(told));
    }

    /// However many results are replaced, the strategy is made anew once.
    fn restore(&mut self, history: &[Told]) {
        let mut is_revised = false;
        for told in history {
            if self.highest < Some(told.ask) {
                self.highest = Some(told.ask);
            } else if let Some(first) = self.told.iter_mut().find(|first| first.ask == told.ask) {
                *first = told.clone();
                is_revised = true;
                continue;
            }
            if !is_revised {
                self.strategy.tell(told);
            }
            self.told.push(told.clone());
        }
        if is_revised {
            self.strategy = (self.make)(&self.settings, &self.genes);
            self.strategy.restore(&self.told);
        }
    }

    fn inspect(&self) -> Inspection {
        self.strategy.inspect()
    }
}

#[cfg(test)]
mod tests {
    use nas_space::{Gene, Genotype};

    use super::*;

    /// Shows what it was told, in order.
    #[derive(Default)]
    struct Recorder(Vec<u32>);

    impl Strategy for Recorder {
        fn ask(&mut self, _ask: &mut Ask<'_>) -> Option<Proposal> {
            None
        }

        fn tell(&mut self, told: &Told) {
            self.0.push(told.ask * 100 + told.error() as u32);
        }

        fn inspect(&self) -> Inspection {
            Inspection::Population { members: self.0.clone(), capacity: 0 }
        }
    }

    #[test]
    fn the_newest_result_of_an_ask_counts_in_the_place_of_the_first() {
        let genes = GeneTree::new(vec![Gene::new("g", 0..3)]);
        let mut strategy = Revised::new(|_, _| Box::<Recorder>::default(), &Settings::defaults(&[]), &genes);
        for (ask, error) in [(2, 5.0), (0, 7.0), (2, 4.0), (1, 9.0), (0, 3.0)] {
            strategy.tell(&Told { ask, genotype: Genotype(vec![0]), parent: None, objectives: vec![error] });
        }
        let members = vec![204, 3, 109];
        assert_eq!(strategy.inspect(), Inspection::Population { members, capacity: 0 });
        // Several at once, first and second results mixed.
        let told =
            |(ask, error)| Told { ask, genotype: Genotype(vec![0]), parent: None, objectives: vec![error] };
        strategy.restore(&[(3, 8.0), (1, 1.0), (4, 6.0), (2, 2.0)].map(told));
        let members = vec![202, 3, 101, 308, 406];
        assert_eq!(strategy.inspect(), Inspection::Population { members, capacity: 0 });
    }
}
