use nas_member::{Member, Settings};
use nas_space::GeneTree;
use serde::Serialize;
use thiserror::Error;

use crate::revision::Revised;
use crate::{
    Annealing, Bayesian, Ehvi, Genetic, HytNas, LocalSearch, Nsga2, Random, RegularizedEvolution, Reinforce,
    Strategy, Tpe,
};

/// Why a strategy cannot be had, or cannot search here.
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
    /// Fewer or more objectives than it can weigh.
    #[error("strategy '{id}' searches {least} to {most} objectives at once, not {found}")]
    Objectives {
        /// The strategy.
        id: String,
        /// The fewest it takes.
        least: u32,
        /// The most it takes.
        most: u32,
        /// How many there are.
        found: u32,
    },
    /// It follows gradients, and there are none.
    #[error("strategy '{id}' follows the gradients of a super-network, and there is none here")]
    SuperNetwork {
        /// The strategy.
        id: String,
    },
}

/// What a strategy needs of what it searches, and how its queries are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The fewest objectives it takes.
    pub least_objectives: u32,
    /// The most objectives it takes. One that makes a single objective small takes any number, and looks at the first.
    pub most_objectives: u32,
    /// Whether it follows the gradients of a super-network.
    pub super_network: bool,
    /// Whether it makes candidates from others, and says from which.
    pub names_parents: bool,
    /// Which of its queries count where nothing else is said.
    pub count: Count,
}

/// Which queries of a table count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// Each one.
    All,
    /// The first one of each genotype: asking again costs nothing.
    Unique,
}

/// What there is for a strategy to search with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Number of objectives.
    pub objectives: u32,
    /// Whether there is a super-network.
    pub super_network: bool,
}

impl Needs {
    /// Those of a strategy that makes one objective small and knows nothing but results.
    const RESULTS: Self = Self {
        least_objectives: 1,
        most_objectives: u32::MAX,
        super_network: false,
        names_parents: false,
        count: Count::All,
    };

    /// Those of one that makes candidates from others.
    const PARENTS: Self = Self { names_parents: true, ..Self::RESULTS };

    /// Those of one that looks for the front of two or three objectives.
    const SEVERAL_OBJECTIVES: Self = Self { least_objectives: 2, most_objectives: 3, ..Self::PARENTS };

    /// Checks that the strategy `id`, whose needs these are, can search with what there is.
    ///
    /// # Errors
    /// If something is missing; the error says what.
    pub fn check(&self, id: &str, offer: Offer) -> Result<(), StrategyError> {
        let Self { least_objectives: least, most_objectives: most, .. } = *self;
        if !(least..=most).contains(&offer.objectives) {
            return Err(StrategyError::Objectives {
                id: id.to_owned(),
                least,
                most,
                found: offer.objectives,
            });
        }
        if self.super_network && !offer.super_network {
            return Err(StrategyError::SuperNetwork { id: id.to_owned() });
        }
        Ok(())
    }
}

/// Makes a strategy for a space.
pub(crate) type Make = fn(&Settings, &GeneTree) -> Box<dyn Strategy>;

const ONE_UNIQUE: Needs = Needs { count: Count::Unique, ..Needs::PARENTS };
const SEVERAL_UNIQUE: Needs = Needs { count: Count::Unique, ..Needs::SEVERAL_OBJECTIVES };

/// A strategy as it is listed.
type Entry = (fn() -> Member, Needs);

/// How each strategy describes itself, and what it needs. What makes it stands apart, so that a page that lists strategies need
/// not hold them.
const REGISTRY: &[Entry] = &[
    (Random::member, Needs::RESULTS),
    (RegularizedEvolution::member, Needs::PARENTS),
    (Genetic::member, Needs::PARENTS),
    (LocalSearch::member, ONE_UNIQUE),
    (Annealing::member, Needs::PARENTS),
    (Reinforce::member, Needs::RESULTS),
    (Nsga2::member, Needs::SEVERAL_OBJECTIVES),
    (Tpe::member, Needs { names_parents: false, ..ONE_UNIQUE }),
    (Bayesian::member, ONE_UNIQUE),
    (Ehvi::member, SEVERAL_UNIQUE),
    (HytNas::member, Needs::SEVERAL_OBJECTIVES),
];

/// How each strategy is made, in the order of [`REGISTRY`].
const MAKERS: &[Make] = &[
    |_, _| Box::new(Random),
    |settings, _| Box::new(RegularizedEvolution::new(settings)),
    |settings, _| Box::new(Genetic::new(settings)),
    |_, _| Box::<LocalSearch>::default(),
    |settings, _| Box::new(Annealing::new(settings)),
    |settings, genes| Box::new(Reinforce::new(settings, genes)),
    |settings, _| Box::new(Nsga2::new(settings)),
    |settings, genes| Box::new(Tpe::new(settings, genes)),
    |settings, genes| Box::new(Bayesian::new(settings, genes)),
    |settings, genes| Box::new(Ehvi::new(settings, genes)),
    |settings, genes| Box::new(HytNas::new(settings, genes)),
];
const _: () = assert!(REGISTRY.len() == MAKERS.len());

/// All strategies, as lists show them.
#[must_use]
pub fn strategies() -> Vec<Member> {
    REGISTRY.iter().map(|(member, _)| member()).collect()
}

/// The strategy of that identifier, for a space of these genes. A second result for the same ask replaces the first one.
///
/// # Errors
/// If there is none.
pub fn strategy(id: &str, settings: &Settings, genes: &GeneTree) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Revised::new(MAKERS[find(id)?], settings, genes)))
}

/// What the strategy of that identifier needs.
///
/// # Errors
/// If there is none.
pub fn needs(id: &str) -> Result<Needs, StrategyError> {
    find(id).map(|place| REGISTRY[place].1)
}

fn find(id: &str) -> Result<usize, StrategyError> {
    REGISTRY.iter().position(|(member, _)| member().id == id).ok_or_else(|| StrategyError::Unknown {
        id: id.to_owned(),
        known: strategies().iter().map(|member| member.id).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let offer = Offer { objectives: 1, super_network: false };
        let check = |needs: Needs| needs.check("it", offer).map_err(|error| error.to_string());
        assert_eq!(check(Needs::RESULTS), Ok(()));
        assert_eq!(
            check(Needs { least_objectives: 2, most_objectives: 3, ..Needs::RESULTS }),
            Err("strategy 'it' searches 2 to 3 objectives at once, not 1".to_owned())
        );
        assert_eq!(
            check(Needs { super_network: true, ..Needs::RESULTS }),
            Err("strategy 'it' follows the gradients of a super-network, and there is none here".to_owned())
        );
    }
}
