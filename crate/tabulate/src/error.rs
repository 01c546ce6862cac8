use nas_race::TableError;
use nas_run::RunError;
use nas_space::MAX_ENUMERATED;
use thiserror::Error;

use crate::MAX_TRAININGS;

/// Why there is no table, or none that serves.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TabulateError {
    /// A configuration that cannot be.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A text that is no table, or has not the columns it should.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Too many genotypes to look at each.
    #[error(
        "the space has {genotypes} genotypes, at most {MAX_ENUMERATED} are enumerated: narrow it with --set (fewer \
         operators, layers or nodes)"
    )]
    TooManyGenotypes {
        /// How many.
        genotypes: String,
    },
    /// Too many trainings.
    #[error(
        "{networks} distinct networks with {replicates} trainings each are more than {MAX_TRAININGS} trainings: narrow \
         the space with --set, or train each less often"
    )]
    TooManyTrainings {
        /// Distinct networks of the space.
        networks: usize,
        /// Trainings of each.
        replicates: u32,
    },
    /// Hardware is searched too.
    #[error(
        "'{space}' searches hardware too, of which a table of trainings says nothing: tabulate its networks' space"
    )]
    Hardware {
        /// The space.
        space: String,
    },
    /// A table of another version of the arithmetic.
    #[error("the table was made with numerics {found}, this is numerics {NUMERICS}: tabulate the space again", NUMERICS = nas_numerics::NUMERICS_VERSION)]
    Numerics {
        /// The version of the table.
        found: u32,
    },
    /// A table of another file than its facts.
    #[error(
        "the table is not the one that its facts were written for: its digest is {found}, not {expected}"
    )]
    OtherTable {
        /// The digest in the facts.
        expected: String,
        /// That of the text.
        found: String,
    },
    /// A run that is about something else than the table.
    #[error("the table knows {what} {expected}, the run wants {found}")]
    OtherProblem {
        /// What differs.
        what: &'static str,
        /// What the table has.
        expected: String,
        /// What the run has.
        found: String,
    },
    /// A run without a network that was trained to the end, or scored.
    #[error("the run ended before a network was trained to the end or scored: give it more work")]
    NothingFound,
    /// A job that a table cannot answer.
    #[error("the table holds no {0}")]
    Unanswerable(&'static str),
}
