use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// One value (an index into its choices) for each gene; inactive genes are 0, so that equal choices are equal
/// genotypes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export, type = "number[]")]
pub struct Genotype(pub Vec<u16>);

/// Why a list of numbers is no genotype of a space.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenotypeError {
    /// Not one value for each gene.
    #[error("{found} values for {genes} genes")]
    Length {
        /// Values given.
        found: usize,
        /// Genes of the space.
        genes: usize,
    },
    /// A value that the gene does not have.
    #[error("gene {gene} is {value}, it has {choices} choices")]
    Value {
        /// The gene's identifier.
        gene: String,
        /// The value given.
        value: u16,
        /// How many choices there are.
        choices: usize,
    },
    /// An inactive gene with a value.
    #[error("gene {0} is inactive here and must be 0")]
    Inactive(String),
}
