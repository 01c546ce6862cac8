use nas_member::{Member, Settings};
use thiserror::Error;

use crate::{Random, RegularizedEvolution, Strategy};

/// Why a strategy cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StrategyError {
    /// No strategy of that name.
    #[error("there is no strategy '{id}': use one of {known}")]
    Unknown {
        /// The name given.
        id: String,
        /// The names there are.
        known: String,
    },
}

type Make = fn(&Settings) -> Box<dyn Strategy>;

/// One line for each strategy.
const REGISTRY: [(fn() -> Member, Make); 2] = [
    (Random::member, |_| Box::new(Random)),
    (RegularizedEvolution::member, |settings| Box::new(RegularizedEvolution::new(settings))),
];

/// All strategies, as lists show them.
#[must_use]
pub fn strategies() -> Vec<Member> {
    REGISTRY.iter().map(|(member, _)| member()).collect()
}

/// The strategy of that identifier.
///
/// # Errors
/// If there is none.
pub fn strategy(id: &str, settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let entry = REGISTRY.iter().find(|(member, _)| member().id == id);
    let (_, make) = entry.ok_or_else(|| StrategyError::Unknown {
        id: id.to_owned(),
        known: strategies().iter().map(|member| member.id).collect::<Vec<_>>().join(", "),
    })?;
    Ok(make(settings))
}
