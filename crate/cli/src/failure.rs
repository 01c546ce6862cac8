use nas_arch::NetworkError;
use nas_cost::{AcceleratorError, CostError};
use nas_data::DataError;
use nas_evaluate::{EvaluationError, OneShotError, WorkloadError};
use nas_nn::WeightsError;
use nas_race::RaceError;
use nas_run::RunError;
use nas_tabulate::TabulateError;
use thiserror::Error;

/// Why a command did not do what it was asked. Each kind has its exit code (docs/command-line.md).
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
    /// Bad input: what, where, and what to do.
    #[error("{0}")]
    Input(String),
    /// No candidate keeps the limits.
    #[error("{0}")]
    Infeasible(String),
    /// The run was stopped before its budget was used; its log is whole up to there.
    #[error("stopped early: the time limit was reached")]
    Stopped,
}

impl Failure {
    pub(crate) const fn exit_code(&self) -> i32 {
        match self {
            Self::Internal(_) => 1,
            Self::Input(_) => 2,
            Self::Infeasible(_) => 3,
            Self::Stopped => 4,
        }
    }

    /// Bad input in a file.
    pub(crate) fn in_file(path: &str, problem: impl core::fmt::Display) -> Self {
        Self::Input(format!("{path}: {problem}"))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Infeasible(_) | RunError::TooRare { .. } => Self::Infeasible(error.to_string()),
            RunError::UnknownJob(_) => Self::Internal(error.to_string()),
            _ => Self::Input(error.to_string()),
        }
    }
}

impl From<TabulateError> for Failure {
    fn from(error: TabulateError) -> Self {
        match error {
            TabulateError::Run(error) => error.into(),
            _ => Self::Input(error.to_string()),
        }
    }
}

macro_rules! input_failures {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Input(error.to_string())
            }
        })*
    };
}

input_failures!(
    AcceleratorError,
    NetworkError,
    OneShotError,
    CostError,
    DataError,
    EvaluationError,
    RaceError,
    WeightsError,
    WorkloadError
);
