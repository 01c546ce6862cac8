//! Search spaces: what may be proposed.
//!
//! A space is a list of [`Gene`]s, some active only when an earlier gene has a certain value, and a way to
//! decode a [`Genotype`] into a network. Counting, drawing and mutation work on genes alone, so a new space
//! gets them for nothing (docs/adding-a-space.md). [`spaces`] is the registry.

mod accelerator;
mod distinct;
mod gene;
mod gene_tree;
mod genotype;
mod layers;
mod registry;

pub use accelerator::{Hardware, Joint};
pub use distinct::{MAX_ENUMERATED, distinct_networks};
pub use gene::{Gene, Parent};
pub use gene_tree::GeneTree;
pub use genotype::{Genotype, GenotypeError};
pub use layers::Layers;
pub use registry::{Problem, Space, SpaceError, configured_space, space, spaces};
