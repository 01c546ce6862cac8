use nas_arch::canonical;
use num_bigint::BigUint;

use crate::Space;

/// The most genotypes that are enumerated to learn something of a whole space.
pub const MAX_ENUMERATED: u32 = 1_000_000;

/// Exact number of distinct canonical networks of a space, by enumeration; none if it has more than `most` genotypes.
///
/// # Panics
/// If the space decodes to an unsound network.
#[must_use]
pub fn distinct_networks(space: &dyn Space, most: u32) -> Option<usize> {
    if space.genes().size() > BigUint::from(most) {
        return None;
    }
    let digest = |genotype| {
        let graph = space.decode(&genotype).resolve().expect("a space decodes to sound networks");
        canonical(&graph).digest()
    };
    let mut digests: Vec<_> = space.genes().all().map(digest).collect();
    digests.sort_unstable();
    digests.dedup();
    Some(digests.len())
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
    }
}
