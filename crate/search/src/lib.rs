//! Strategies: what to try next.
//!
//! A strategy is asked for genotypes and told results; it knows nothing of networks, training or devices
//! (docs/adding-a-strategy.md). Beside them stands what is known of several objectives at
//! once.

mod bayesian;
mod ehvi;
mod evolution;
mod gaussian;
mod hyt_nas;
mod improvement;
mod known;
mod nsga2;
mod pareto;
mod proposals;
mod random;
mod rankers;
mod registry;
mod revision;
mod strategy;
mod surrogate;
mod tpe;

pub use bayesian::Bayesian;
pub use ehvi::Ehvi;
pub use evolution::RegularizedEvolution;
pub use hyt_nas::HytNas;
pub use nsga2::Nsga2;
pub use pareto::{Front, Insertion, Point, crowding_distances, dominates, hypervolume, non_dominated_sort};
pub use random::Random;
pub use registry::{Count, Needs, Offer, StrategyError, needs, strategies, strategy};
pub use strategy::{
    Appraisal, Ask, Densities, Inspection, MAX_DRAWS, Prediction, Proposal, RankScore, Standing, Strategy,
    Told,
};
pub use tpe::Tpe;
