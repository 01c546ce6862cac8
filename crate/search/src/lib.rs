//! Strategies: what to try next.
//!
//! A strategy is asked for genotypes and told results; it knows nothing of networks, training or devices
//! (docs/adding-a-strategy.md). Beside them stands what is known of several
//! objectives at once.

mod evolution;
mod pareto;
mod random;
mod registry;
mod revision;
mod strategy;

pub use evolution::RegularizedEvolution;
pub use pareto::{Front, Insertion, Point, crowding_distances, dominates, hypervolume, non_dominated_sort};
pub use random::Random;
pub use registry::{Count, Needs, Offer, StrategyError, needs, strategies, strategy};
pub use strategy::{Appraisal, Ask, Inspection, MAX_DRAWS, Proposal, Strategy, Told};
