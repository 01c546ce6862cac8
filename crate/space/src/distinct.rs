use std::collections::BTreeMap;

use nas_arch::canonical;
use nas_numerics::Digest;
use num_bigint::BigUint;

use crate::{Genotype, Space};

/// The most genotypes that are enumerated to learn something of a whole space.
pub const MAX_ENUMERATED: u32 = 1_000_000;

/// The distinct canonical networks of a space by ascending digest, each with the genotypes that stand for it, by enumeration;
/// none if the space has more than `most` genotypes.
///
/// # Panics
/// If the space decodes to an unsound network.
#[must_use]
pub fn distinct(space: &dyn Space, most: u32) -> Option<Vec<(Digest, Vec<Genotype>)>> {
    if space.genes().size() > BigUint::from(most) {
        return None;
    }
    let mut networks: BTreeMap<Digest, Vec<Genotype>> = BTreeMap::new();
    for genotype in space.genes().all() {
        networks.entry(canonical(&space.graph(&genotype)).digest()).or_default().push(genotype);
    }
    Some(networks.into_iter().collect())
}

/// Exact number of distinct canonical networks of a space, by enumeration; none if it has more than `most` genotypes.
#[must_use]
pub fn distinct_networks(space: &dyn Space, most: u32) -> Option<usize> {
    distinct(space, most).map(|networks| networks.len())
}

#[cfg(test)]
mod tests {
    use nas_arch::Shape;
    use nas_member::{SettingValue, Settings};

    use super::*;
    use crate::{Problem, space, spaces};

    #[test]
    fn networks_that_several_genotypes_share_count_once() {
        let layers = &spaces()[0];
        let words = SettingValue::Words(vec!["max-pool".into(), "identity".into()]);
        let settings = Settings::new(&layers.settings, |name| (name == "operators").then_some(&words));
        let problem = Problem { input: Shape::new(1, 8, 8), classes: 10 };
        let space = space(layers.id, problem, &settings).unwrap();
        // 2 + 4 + … + 64 stacks; what differs is the number of pools, three of which leave one pixel.
        assert_eq!(space.genes().size(), BigUint::from(126u32));
        assert_eq!(distinct_networks(&*space, 126), Some(4));
        assert_eq!(distinct_networks(&*space, 125), None);
        let networks = distinct(&*space, 126).unwrap();
        let mut genotypes: Vec<_> = networks.iter().flat_map(|(_, genotypes)| genotypes.clone()).collect();
        genotypes.sort();
        let mut all: Vec<_> = space.genes().all().collect();
        all.sort();
        assert_eq!(genotypes, all, "each genotype stands for one network");
    }
}
