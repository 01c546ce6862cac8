use nas_arch::NetworkError;
use nas_cost::CostError;
use nas_search::StrategyError;
use nas_space::{GenotypeError, SpaceError};
use thiserror::Error;

use crate::Nearest;

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
        "no candidate fits: {0}; raise the limit so far, choose a larger device or a space with smaller networks"
    )]
    Infeasible(Nearest),
    /// Candidates keep the limits, but so few that drawing finds none.
    #[error(
        "hardly any candidate fits: none of {draws} random draws did; raise the limit, choose a larger device or a \
         space with smaller networks"
    )]
    TooRare {
        /// How many candidates were drawn.
        draws: u32,
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
            Self::Infeasible(_) | Self::TooRare { .. } => "infeasible",
            Self::UnknownJob(_) => "unknown-job",
            Self::Data { .. } => "wrong-data",
            Self::Network(_) => "bad-network",
            _ => "bad-configuration",
        }
    }
}
