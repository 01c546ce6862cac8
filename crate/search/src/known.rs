//! What need not be evaluated again.

use std::collections::BTreeSet;

use nas_space::Genotype;

use crate::{Ask, Told};

/// Draws that look for a genotype that is not known; where there are hardly any left, a known one will do.
const DRAWS: u32 = 200;

/// Genotypes that were told or are under way.
pub(crate) struct Known<'a>(BTreeSet<&'a Genotype>);

impl<'a> Known<'a> {
    pub(crate) fn new(told: &'a [Told], pending: &'a [Genotype]) -> Self {
        Self(told.iter().map(|told| &told.genotype).chain(pending).collect())
    }

    pub(crate) fn contains(&self, genotype: &Genotype) -> bool {
        self.0.contains(genotype)
    }

    /// A genotype within the limits drawn from those that are not known, if one is found soon, and from all otherwise.
    pub(crate) fn draw_another(&self, ask: &mut Ask<'_>) -> Option<Genotype> {
        let another = (0..DRAWS).find_map(|_| {
            let genotype = ask.genes.draw(&mut ask.rng);
            (!self.contains(&genotype) && ask.is_feasible(&genotype)).then_some(genotype)
        });
        another.or_else(|| ask.draw())
    }
}
