//! Super-networks: many networks that share their weights.
//!
//! Single-path one-shot (Guo et al. 2020, "Single Path One-Shot Neural Architecture Search with Uniform Sampling"): every
//! network of a space is a path through a super-network that is never built. Its weights are [`SharedWeights`]; in each step
//! [`PathTrainer`] trains one path on one batch, as its caller draws it; [`PathScorer`] validates any path with the weights as they are, once its
//! batch normalizations have learnt their statistics anew. Formulas and choices: docs/super-networks.md.

mod frozen;
mod pass;
mod path_scorer;
mod path_trainer;
mod shared_weights;
#[cfg(test)]
mod tests;

pub use path_scorer::PathScorer;
pub use path_trainer::{PathEvent, PathReport, PathTrainer};
pub use shared_weights::SharedWeights;
