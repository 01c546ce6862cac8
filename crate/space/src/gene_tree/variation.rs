//! From known genotypes to new ones.

use nas_numerics::Rng;

use crate::{GeneTree, Genotype};

impl GeneTree {
    /// Changes one active gene, chosen uniformly among those with more than one choice, to another value, chosen
    /// uniformly; genes that this makes active are drawn anew. A space with one genotype returns it.
    pub fn mutate(&self, genotype: &Genotype, rng: &mut Rng) -> Genotype {
        let candidates: Vec<usize> =
            self.active(genotype).into_iter().filter(|&gene| self.genes()[gene].choices.len() > 1).collect();
        if candidates.is_empty() {
            return genotype.clone();
        }
        let gene = *rng.choose(&candidates);
        let before = genotype.0[gene];
        let other = rng.below(self.genes()[gene].choices.len() as u32 - 1) as u16;
        let value = if other < before { other } else { other + 1 };
        self.with_value(genotype, gene, value, rng)
    }

    /// All genotypes that differ from this one in the value of one active gene, in the order of genes and values.
    ///
    /// Genes that the change makes active take their first choice, those that it makes inactive become 0; all others
    /// stay. It is the one-exchange neighbourhood of conditional spaces as the package `ConfigSpace` defines it, whose
    /// defaults are first choices here. Where genes are conditional, a neighbour need not have this genotype as a
    /// neighbour of its own, but every genotype is reached from every other one.
    #[must_use]
    pub fn neighbours(&self, genotype: &Genotype) -> Vec<Genotype> {
        let mut neighbours = Vec::new();
        for gene in self.active(genotype) {
            for value in (0..self.genes()[gene].choices.len() as u16).filter(|&v| v != genotype.0[gene]) {
                // Inactive genes are 0 already: the first choice.
                neighbours.push(self.exchange(genotype, gene, value, |_, _| {}));
            }
        }
        neighbours
    }

    /// A child of two parents: each of its active genes has the value of either parent, with equal chance where the gene
    /// is active in both, and of the one in which it is active otherwise (uniform crossover). The gene that makes it active came from a parent in which it is active too, so there always is one.
    pub fn crossover(&self, one: &Genotype, other: &Genotype, rng: &mut Rng) -> Genotype {
        let (active_in_one, active_in_other) = (self.are_active(one), self.are_active(other));
        let mut child = self.nothing();
        let mut waiting: Vec<usize> = self.roots().collect();
        while let Some(gene) = waiting.pop() {
            let from_one = match (active_in_one[gene], active_in_other[gene]) {
                (true, true) => rng.below(2) == 0,
                (is_in_one, _) => is_in_one,
            };
            child.0[gene] = if from_one { one.0[gene] } else { other.0[gene] };
            waiting.extend(self.activated(gene, child.0[gene]));
        }
        child
    }

    /// Mutates again and again and keeps each mutant that is not worse, until one has a badness of 0 or `steps` are
    /// spent; returns the best genotype and its badness. With the excess over the limits as badness it repairs a
    /// genotype that breaks them. What comes of it is not drawn uniformly from those within the limits.
    pub fn descend(
        &self,
        start: &Genotype,
        badness: &mut dyn FnMut(&Genotype) -> f64,
        steps: u32,
        rng: &mut Rng,
    ) -> (Genotype, f64) {
        let (mut best, mut least) = (start.clone(), badness(start));
        for _ in 0..steps {
            if least <= 0.0 {
                break;
            }
            let mutant = self.mutate(&best, rng);
            let found = badness(&mutant);
            if found <= least {
                (best, least) = (mutant, found);
            }
        }
        (best, least)
    }

    /// The same genotype with another value of an active gene; genes that this makes active are drawn anew.
    #[must_use]
    pub fn with_value(&self, genotype: &Genotype, gene: usize, value: u16, rng: &mut Rng) -> Genotype {
        self.exchange(genotype, gene, value, |child, changed| self.draw_from(child, rng, changed))
    }

    /// Sets an active gene; `activate` fills in each gene that this makes active.
    fn exchange(
        &self,
        genotype: &Genotype,
        gene: usize,
        value: u16,
        mut activate: impl FnMut(usize, &mut Genotype),
    ) -> Genotype {
        let before = genotype.0[gene];
        let mut changed = genotype.clone();
        changed.0[gene] = value;
        for &child in &self.children[gene] {
            match (self.is_activated(child, before), self.is_activated(child, value)) {
                (true, false) => self.clear(child, &mut changed),
                (false, true) => activate(child, &mut changed),
                _ => {}
            }
        }
        changed
    }

    fn clear(&self, gene: usize, genotype: &mut Genotype) {
        genotype.0[gene] = 0;
        self.children[gene].iter().for_each(|&child| self.clear(child, genotype));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::small;
    use super::*;
    use crate::Gene;

    fn of(values: &[u16]) -> Genotype {
        Genotype(values.to_vec())
    }

    #[test]
    fn a_mutation_changes_one_gene_and_what_depends_on_it() {
        let tree = small();
        let mut rng = Rng::for_purpose(2, "test", 0);
        for genotype in tree.all() {
            for _ in 0..20 {
                let mutant = tree.mutate(&genotype, &mut rng);
                tree.check(&mutant).unwrap();
                assert_ne!(mutant, genotype);
                let before = tree.active(&genotype);
                let kept = tree.active(&mutant).into_iter().filter(|gene| before.contains(gene));
                let changed = kept.filter(|&gene| mutant.0[gene] != genotype.0[gene]).count();
                assert_eq!(changed, 1, "{genotype:?} to {mutant:?}");
            }
        }
    }

    #[test]
    fn neighbours_exchange_one_gene_and_activate_first_choices() {
        let tree = small();
        assert_eq!(
            tree.neighbours(&of(&[0, 1, 2, 0, 0])),
            // A second layer; a pool instead of the convolution; two other widths.
            [of(&[1, 1, 2, 0, 0]), of(&[0, 0, 0, 0, 0]), of(&[0, 1, 0, 0, 0]), of(&[0, 1, 1, 0, 0])]
        );
        assert_eq!(tree.neighbours(&of(&[1, 0, 0, 1, 2]))[0], of(&[0, 0, 0, 0, 0]));
        let cell = GeneTree::new((0..6).map(|edge| Gene::new(format!("edge{edge}"), 0..5)).collect());
        assert_eq!(cell.neighbours(&of(&[0; 6])).len(), 24);
    }

    #[test]
    fn neighbours_reach_everything_from_everywhere() {
        let tree = small();
        for start in tree.all() {
            let mut reached = BTreeSet::from([start.clone()]);
            let mut waiting = vec![start];
            while let Some(genotype) = waiting.pop() {
                for neighbour in tree.neighbours(&genotype) {
                    tree.check(&neighbour).unwrap();
                    if reached.insert(neighbour.clone()) {
                        waiting.push(neighbour);
                    }
                }
            }
            assert_eq!(reached.len(), 20);
        }
    }

    #[test]
    fn a_child_has_each_active_gene_of_either_parent() {
        let tree = small();
        let mut rng = Rng::for_purpose(4, "test", 0);
        for one in tree.all() {
            for other in tree.all() {
                let child = tree.crossover(&one, &other, &mut rng);
                tree.check(&child).unwrap();
                for gene in tree.active(&child) {
                    let has = |parent: &Genotype| {
                        tree.active(parent).contains(&gene) && parent.0[gene] == child.0[gene]
                    };
                    assert!(has(&one) || has(&other), "{child:?} of {one:?} and {other:?}");
                }
            }
            assert_eq!(tree.crossover(&one, &one, &mut rng), one);
        }
    }

    #[test]
    fn either_parent_gives_a_gene_with_equal_chance() {
        let tree = GeneTree::new((0..2000).map(|i| Gene::new(format!("g{i}"), 0..2)).collect());
        let mut rng = Rng::for_purpose(5, "test", 0);
        let child = tree.crossover(&of(&[0; 2000]), &of(&[1; 2000]), &mut rng);
        let ones = child.0.iter().filter(|&&value| value == 1).count();
        // Four standard deviations of 22.4.
        assert!((910..1090).contains(&ones), "{ones}");
    }

    #[test]
    fn a_descent_ends_where_nothing_is_bad_or_with_its_steps() {
        let tree = GeneTree::new((0..8).map(|i| Gene::new(format!("g{i}"), 0..4)).collect());
        let sum = |genotype: &Genotype| f64::from(genotype.0.iter().sum::<u16>());
        let mut rng = Rng::for_purpose(6, "test", 0);
        let repaired = tree.descend(&of(&[3; 8]), &mut |g| (sum(g) - 5.0).max(0.0), 10_000, &mut rng);
        assert!(sum(&repaired.0) <= 5.0 && repaired.1 == 0.0, "{repaired:?}");
        let (best, badness) = tree.descend(&of(&[3; 8]), &mut |g| sum(g) + 1.0, 10_000, &mut rng);
        assert_eq!((best, badness), (of(&[0; 8]), 1.0));
        let mut looks = 0;
        tree.descend(
            &of(&[3; 8]),
            &mut |_| {
                looks += 1;
                1.0
            },
            7,
            &mut rng,
        );
        assert_eq!(looks, 8);
    }
}
