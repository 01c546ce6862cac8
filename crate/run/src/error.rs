use nas_arch::NetworkError;
use nas_cost::{CostError, Violation};
use nas_search::StrategyError;
use nas_space::{GenotypeError, SpaceError};
use thiserror::Error;

/// Why a run cannot be, or cannot take what it was given.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RunError {
    /// No such space.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// No such strategy.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// No such device, or a cost that cannot be told.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// An unsound network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Not a genotype of the space.
    #[error("not a candidate of this space: {0}")]
    Genotype(#[from] GenotypeError),
    /// A setting that cannot be.
    #[error("{key}: {problem}")]
    Setting {
        /// The key, as in a link.
        key: String,
        /// What is wrong and what is taken.
        problem: String,
    },
    /// The data are not those of the configuration.
    #[error("the run is configured for {expected}, but was given {found}")]
    Data {
        /// The dataset of the configuration.
        expected: String,
        /// The dataset given.
        found: String,
    },
    /// No candidate keeps the limits.
    #[error(
        "no candidate fits: in {draws} random draws the best was {least}; raise the limit, choose a larger device \
         or a space with smaller networks"
    )]
    Infeasible {
        /// How many candidates were drawn.
        draws: u32,
        /// The limit that most of them broke, with the least value that was seen.
        least: Violation,
    },
    /// A result for a job that is not under way.
    #[error("job {0} is not under way: its result was already taken, or it was never handed out")]
    UnknownJob(u32),
}

impl RunError {
    /// A word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Infeasible { .. } => "infeasible",
            Self::UnknownJob(_) => "unknown-job",
            Self::Data { .. } => "wrong-data",
            Self::Network(_) => "bad-network",
            _ => "bad-configuration",
        }
    }
}
