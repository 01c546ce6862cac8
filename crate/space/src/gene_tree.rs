mod variation;

use nas_numerics::Rng;
use num_bigint::BigUint;

use crate::{Gene, Genotype, GenotypeError, Parent};

/// The genes of a space as a forest: each stands behind the gene it depends on.
#[derive(Debug, Clone)]
pub struct GeneTree {
    genes: Vec<Gene>,
    /// For each gene, the genes that depend on it, in order.
    children: Vec<Vec<usize>>,
    /// For each gene and value, the number of ways to choose it and all that it makes active.
    ways: Vec<Vec<BigUint>>,
}

impl GeneTree {
    /// Joins genes to a forest.
    ///
    /// # Panics
    /// If a gene has no choices or depends on a later gene: the space is wrongly written.
    #[must_use]
    pub fn new(genes: Vec<Gene>) -> Self {
        let mut children = vec![Vec::new(); genes.len()];
        for (index, gene) in genes.iter().enumerate() {
            assert!(!gene.choices.is_empty(), "gene {} has no choices", gene.id);
            if let Some(parent) = &gene.parent {
                assert!(parent.gene < index, "gene {} depends on a later gene", gene.id);
                children[parent.gene].push(index);
            }
        }
        let mut tree = Self { ways: vec![Vec::new(); genes.len()], genes, children };
        for gene in (0..tree.genes.len()).rev() {
            let choices = 0..tree.genes[gene].choices.len() as u16;
            tree.ways[gene] = choices
                .map(|value| tree.activated(gene, value).map(|child| tree.total(child)).product())
                .collect();
        }
        tree
    }

    /// The same genes with some of their values only, which keep their order. Where no value is left that makes a gene
    /// active, it never is.
    ///
    /// # Panics
    /// If there are not values for each gene, or a gene keeps none.
    #[must_use]
    pub fn keeping(&self, kept: &[Vec<u16>]) -> Self {
        assert_eq!(kept.len(), self.genes.len(), "values for each gene");
        let keep = |(gene, values): (&Gene, &Vec<u16>)| {
            let parent = gene.parent.as_ref().map(|parent| {
                let left = kept[parent.gene].iter().enumerate();
                let activating = left.filter(|(_, value)| parent.values.contains(value));
                Parent { gene: parent.gene, values: activating.map(|(place, _)| place as u16).collect() }
            });
            let choices = values.iter().map(|&value| gene.choices[usize::from(value)].clone()).collect();
            let weightless = gene.weightless.as_ref().map(|weightless| {
                let left = values.iter().enumerate().filter(|(_, value)| weightless.contains(value));
                left.map(|(place, _)| place as u16).collect()
            });
            Gene { id: gene.id.clone(), choices, is_ordinal: gene.is_ordinal, weightless, parent }
        };
        Self::new(self.genes.iter().zip(kept).map(keep).collect())
    }

    /// The genes, in order.
    #[must_use]
    pub fn genes(&self) -> &[Gene] {
        &self.genes
    }

    /// Exact number of genotypes.
    #[must_use]
    pub fn size(&self) -> BigUint {
        self.roots().map(|root| self.total(root)).product()
    }

    /// A genotype drawn uniformly from all.
    pub fn draw(&self, rng: &mut Rng) -> Genotype {
        let mut genotype = self.nothing();
        self.roots().for_each(|root| self.draw_from(root, rng, &mut genotype));
        genotype
    }

    /// Indices of the active genes, in order.
    #[must_use]
    pub fn active(&self, genotype: &Genotype) -> Vec<usize> {
        let are_active = self.are_active(genotype);
        (0..self.genes.len()).filter(|&gene| are_active[gene]).collect()
    }

    /// Checks that these values are a genotype of this space.
    ///
    /// # Errors
    /// If a value is missing, too many, out of range, or set where its gene is inactive.
    pub fn check(&self, genotype: &Genotype) -> Result<(), GenotypeError> {
        if genotype.0.len() != self.genes.len() {
            return Err(GenotypeError::Length { found: genotype.0.len(), genes: self.genes.len() });
        }
        for (gene, &value) in self.genes.iter().zip(&genotype.0) {
            if usize::from(value) >= gene.choices.len() {
                return Err(GenotypeError::Value {
                    gene: gene.id.clone(),
                    value,
                    choices: gene.choices.len(),
                });
            }
        }
        let are_active = self.are_active(genotype);
        match (0..self.genes.len()).find(|&gene| genotype.0[gene] != 0 && !are_active[gene]) {
            Some(gene) => Err(GenotypeError::Inactive(self.genes[gene].id.clone())),
            None => Ok(()),
        }
    }

    /// All genotypes, each once; meant for spaces small enough to enumerate.
    pub fn all(&self) -> impl Iterator<Item = Genotype> + '_ {
        let mut next = Some(self.nothing());
        std::iter::from_fn(move || {
            let current = next.take()?;
            next = self.successor(&current);
            Some(current)
        })
    }

    /// The next genotype in lexicographic order of the active genes.
    fn successor(&self, genotype: &Genotype) -> Option<Genotype> {
        for gene in self.active(genotype).into_iter().rev() {
            if usize::from(genotype.0[gene]) + 1 < self.genes[gene].choices.len() {
                let mut next = genotype.clone();
                next.0[gene] += 1;
                next.0[gene + 1..].fill(0);
                return Some(next);
            }
        }
        None
    }

    /// For each gene, whether it is active.
    fn are_active(&self, genotype: &Genotype) -> Vec<bool> {
        let mut are_active = vec![false; self.genes.len()];
        for (index, gene) in self.genes.iter().enumerate() {
            are_active[index] = gene.parent.as_ref().is_none_or(|parent| {
                are_active[parent.gene] && parent.values.contains(&genotype.0[parent.gene])
            });
        }
        are_active
    }

    fn nothing(&self) -> Genotype {
        Genotype(vec![0; self.genes.len()])
    }

    fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.genes.len()).filter(|&gene| self.genes[gene].parent.is_none())
    }

    fn total(&self, gene: usize) -> BigUint {
        self.ways[gene].iter().sum()
    }

    fn is_activated(&self, child: usize, value: u16) -> bool {
        self.genes[child].parent.as_ref().is_some_and(|parent| parent.values.contains(&value))
    }

    fn activated(&self, gene: usize, value: u16) -> impl Iterator<Item = usize> + '_ {
        self.children[gene].iter().copied().filter(move |&child| self.is_activated(child, value))
    }

    /// Draws a gene in proportion to the ways each value opens, then all that it makes active.
    fn draw_from(&self, gene: usize, rng: &mut Rng, genotype: &mut Genotype) {
        let mut rest = below(&self.total(gene), rng);
        let mut value = 0;
        while rest >= self.ways[gene][value] {
            rest -= &self.ways[gene][value];
            value += 1;
        }
        genotype.0[gene] = value as u16;
        for child in self.activated(gene, value as u16).collect::<Vec<_>>() {
            self.draw_from(child, rng, genotype);
        }
    }
}

/// A uniform number in `0..bound`, by rejection.
fn below(bound: &BigUint, rng: &mut Rng) -> BigUint {
    let bits = bound.bits();
    let words = bits.div_ceil(32) as usize;
    let spare = words as u64 * 32 - bits;
    loop {
        let mut digits: Vec<u32> = (0..words).map(|_| rng.next_u32()).collect();
        if let Some(highest) = digits.last_mut() {
            *highest >>= spare;
        }
        let drawn = BigUint::new(digits);
        if drawn < *bound {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// depth 1–2; each layer an operator of 3; the second operator has a width of 2: 3·2 … see the count.
    pub(super) fn small() -> GeneTree {
        GeneTree::new(vec![
            Gene::new("depth", [1, 2]),
            Gene::new("layer1.operator", ["pool", "conv"]),
            Gene::new("layer1.width", [4, 8, 16]).when(1, [1]),
            Gene::new("layer2.operator", ["pool", "conv"]).when(0, [1]),
            Gene::new("layer2.width", [4, 8, 16]).when(3, [1]),
        ])
    }

    #[test]
    fn the_size_is_exact() {
        // A layer is a pool or a convolution of three widths: 4 ways. Depth 1: 4, depth 2: 4·4.
        let tree = small();
        assert_eq!(tree.size(), BigUint::from(20u32));
        let all: Vec<_> = tree.all().collect();
        assert_eq!(all.len(), 20);
        for genotype in &all {
            tree.check(genotype).unwrap();
        }
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 20);
    }

    #[test]
    fn draws_are_uniform_over_genotypes() {
        // χ² with 19 degrees of freedom exceeds 43.8 with probability 0.001.
        const DRAWS: u32 = 20_000;
        let tree = small();
        let mut rng = Rng::for_purpose(1, "test", 0);
        let mut counts: BTreeMap<Genotype, u32> = BTreeMap::new();
        (0..DRAWS).for_each(|_| *counts.entry(tree.draw(&mut rng)).or_default() += 1);
        assert_eq!(counts.len(), 20);
        let expected = f64::from(DRAWS) / 20.0;
        let chi_squared: f64 =
            counts.values().map(|&n| (f64::from(n) - expected) * (f64::from(n) - expected) / expected).sum();
        assert!(chi_squared < 43.8, "{chi_squared}");
    }

    #[test]
    fn what_is_no_genotype_is_refused() {
        let tree = small();
        let check = |values: &[u16]| tree.check(&Genotype(values.to_vec())).unwrap_err().to_string();
        assert_eq!(check(&[0]), "1 values for 5 genes");
        assert_eq!(check(&[0, 2, 0, 0, 0]), "gene layer1.operator is 2, it has 2 choices");
        assert_eq!(check(&[0, 0, 1, 0, 0]), "gene layer1.width is inactive here and must be 0");
    }

    #[test]
    fn sizes_beyond_64_bits_are_exact() {
        let tree = GeneTree::new((0..40).map(|i| Gene::new(format!("g{i}"), 0..10)).collect());
        assert_eq!(tree.size().to_string(), format!("1{}", "0".repeat(40)));
        let mut rng = Rng::for_purpose(3, "test", 0);
        tree.check(&tree.draw(&mut rng)).unwrap();
    }
}
