use crate::gene::Parent;
use crate::{Gene, GeneTree, Genotype};

/// The genes of a space as it declares them, one after the other. Each comes back as a [`Pick`].
#[derive(Default)]
pub(crate) struct Genes(Vec<Gene>);

/// A declared gene and what its choices stand for.
pub(crate) struct Pick {
    gene: usize,
    values: Vec<u32>,
}

/// The condition of a gene that is always active.
pub(crate) const ALWAYS: Option<Parent> = None;

impl Genes {
    /// A number, in ascending order.
    pub(crate) fn number(
        &mut self,
        id: impl Into<String>,
        values: &[u32],
        when: impl Into<Option<Parent>>,
    ) -> Pick {
        self.declare(Gene::ordinal(id, values), values.to_vec(), when)
    }

    /// A share or a factor, in thousandths and ascending; shown as a decimal fraction.
    pub(crate) fn thousandths(
        &mut self,
        id: impl Into<String>,
        values: &[u32],
        when: impl Into<Option<Parent>>,
    ) -> Pick {
        let shown = values.iter().map(|&value| f64::from(value) / 1000.0);
        self.declare(Gene::ordinal(id, shown), values.to_vec(), when)
    }

    /// One of some words; its value is the place in the list.
    pub(crate) fn word(
        &mut self,
        id: impl Into<String>,
        words: &[&str],
        when: impl Into<Option<Parent>>,
    ) -> Pick {
        self.declare(Gene::new(id, words), (0..words.len() as u32).collect(), when)
    }

    /// One of some operators, of which these have no parameters; its value is the place in the list.
    pub(crate) fn operator(
        &mut self,
        id: impl Into<String>,
        operators: &[&str],
        is_weightless: impl Fn(usize) -> bool,
        when: impl Into<Option<Parent>>,
    ) -> Pick {
        let weightless = (0..operators.len()).filter(|&place| is_weightless(place)).map(|place| place as u16);
        let gene = Gene::new(id, operators).of_operators(weightless);
        self.declare(gene, (0..operators.len() as u32).collect(), when)
    }

    /// Off (0) or on (1).
    pub(crate) fn switch(&mut self, id: impl Into<String>, when: impl Into<Option<Parent>>) -> Pick {
        self.word(id, &["off", "on"], when)
    }

    /// All of them.
    pub(crate) fn tree(self) -> GeneTree {
        GeneTree::new(self.0)
    }

    /// A gene as it is.
    pub(crate) fn push(&mut self, gene: Gene) {
        self.0.push(gene);
    }

    fn declare(&mut self, gene: Gene, values: Vec<u32>, when: impl Into<Option<Parent>>) -> Pick {
        self.push(Gene { parent: when.into(), ..gene });
        Pick { gene: self.0.len() - 1, values }
    }
}

impl Pick {
    /// The gene of that index, whose choices stand for these values.
    pub(crate) const fn of_gene(gene: usize, values: Vec<u32>) -> Self {
        Self { gene, values }
    }

    /// The largest of its values.
    pub(crate) fn largest(&self) -> u32 {
        self.values.iter().copied().max().unwrap_or(0)
    }

    /// What a genotype chose. Of an inactive gene it is the first choice.
    pub(crate) fn of(&self, genotype: &Genotype) -> u32 {
        self.values[usize::from(genotype.0[self.gene])]
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, genotype: &Genotype) -> bool {
        self.of(genotype) == 1
    }

    /// Index of the gene.
    pub(crate) const fn gene(&self) -> usize {
        self.gene
    }

    /// Active when the gene has at least this value.
    pub(crate) fn at_least(&self, least: u32) -> Parent {
        self.when(|value| value >= least)
    }

    /// Active when the gene has at most this value.
    pub(crate) fn at_most(&self, most: u32) -> Parent {
        self.when(|value| value <= most)
    }

    /// Active when the gene has this value.
    pub(crate) fn is(&self, wanted: u32) -> Parent {
        self.when(|value| value == wanted)
    }

    fn when(&self, holds: impl Fn(u32) -> bool) -> Parent {
        let values =
            (0..self.values.len() as u16).filter(|&at| holds(self.values[usize::from(at)])).collect();
        Parent { gene: self.gene, values }
    }
}

/// `value` times thousandths, rounded down, but at least 1.
pub(crate) const fn scaled(value: u32, thousandths: u32) -> u32 {
    let scaled = value * thousandths / 1000;
    if scaled == 0 { 1 } else { scaled }
}

/// The numbers from 1 to `most`.
pub(crate) fn up_to(most: u32) -> Vec<u32> {
    (1..=most).collect()
}
