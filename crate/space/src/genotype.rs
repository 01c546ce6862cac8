use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

/// One value (an index into its choices) for each gene; inactive genes are 0, so that equal choices are equal
/// genotypes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[ts(export, type = "number[]")]
pub struct Genotype(pub Vec<u16>);

/// As links have it: its values joined by dots, `2.0.3`.
impl fmt::Display for Genotype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let dot = if index > 0 { "." } else { "" };
            write!(formatter, "{dot}{value}")?;
        }
        Ok(())
    }
}

impl FromStr for Genotype {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.split('.').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_written() {
        let genotype = Genotype(vec![2, 0, 65_535]);
        assert_eq!(genotype.to_string(), "2.0.65535");
        assert_eq!("2.0.65535".parse(), Ok(genotype));
        for text in ["", ".", "2.", "-1", "65536", "2,0", "a"] {
            assert!(text.parse::<Genotype>().is_err(), "{text}");
        }
    }
}
