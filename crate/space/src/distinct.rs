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
        canonical(&graph).digest
    };
    let mut digests: Vec<_> = space.genes().all().map(digest).collect();
    digests.sort_unstable();
    digests.dedup();
    Some(digests.len())
}
