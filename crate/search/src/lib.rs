//! Strategies: what to try next.
//!
//! A strategy is asked for genotypes and told results; it knows nothing of networks, training or devices
//! (docs/adding-a-strategy.md). Beside them stands what is known of several objectives at
//! once.

mod annealing;
mod bayesian;
mod ehvi;
mod evolution;
mod gaussian;
mod genetic;
mod hyt_nas;
mod improvement;
mod known;
mod local_search;
mod nsga2;
mod pareto;
mod proposals;
mod random;
mod rankers;
mod registry;
mod reinforce;
mod revision;
mod scalarisation;
mod strategy;
mod surrogate;
mod tpe;

pub use annealing::Annealing;
pub use bayesian::Bayesian;
pub use ehvi::Ehvi;
pub use evolution::RegularizedEvolution;
pub use genetic::Genetic;
pub use hyt_nas::HytNas;
pub use local_search::LocalSearch;
pub use nsga2::Nsga2;
pub use pareto::{
    Front, Insertion, Point, Uncertain, crowding_distances, dominates, front_probability, hypervolume,
    non_dominated_sort,
};
pub use random::Random;
pub use rankers::{Description, RankPredictor};
pub use registry::{Count, Needs, Offer, StrategyError, needs, strategies, strategy};
pub use reinforce::Reinforce;
pub use scalarisation::{weighted_product, weighted_sum};
pub use strategy::{
    Appraisal, Ask, Densities, Inspection, MAX_DRAWS, Prediction, Proposal, RankScore, Standing, Strategy,
    Told,
};
pub use tpe::Tpe;
