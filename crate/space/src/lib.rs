//! Search spaces: what may be proposed.
//!
//! A space is a list of [`Gene`]s, some active only when an earlier gene has a certain value, and a way to
//! decode a [`Genotype`] into a network. Counting, drawing and mutation work on genes alone, so a new space
//! gets them for nothing (docs/adding-a-space.md). [`spaces`] is the registry.

mod accelerator;
mod alike;
mod cell;
mod custom;
mod declare;
mod distinct;
mod fire;
mod gene;
mod gene_tree;
mod genotype;
mod hierarchical;
mod hybrid;
mod layers;
mod meta_kernel;
mod mobile;
mod pick;
mod refined;
mod registry;
mod signal;

pub use accelerator::{Hardware, Joint};
pub use alike::{Alike, most_alike};
pub use cell::Cell;
pub use custom::{Custom, CustomError, MAX_CUSTOM_BYTES};
pub use distinct::{MAX_ENUMERATED, distinct, distinct_networks};
pub use fire::Fire;
pub use gene::{Gene, Parent};
pub use gene_tree::GeneTree;
pub use genotype::{Genotype, GenotypeError};
pub use hierarchical::Hierarchical;
pub use hybrid::Hybrid;
pub use layers::Layers;
pub use meta_kernel::MetaKernel;
pub use mobile::Mobile;
pub use refined::Refined;
pub use registry::{Problem, Space, SpaceError, SuperNetwork, configured_space, space, spaces};
pub use signal::Signal;
