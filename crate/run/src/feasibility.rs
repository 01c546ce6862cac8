//! Whether any candidate keeps the limits, and if none does, how far the nearest one is.

use core::fmt;

use nas_cost::Violation;
use nas_numerics::Rng;
use nas_space::{Genotype, MAX_ENUMERATED};

use crate::{Problem, RunError};

/// Draws that look for the reference cost of the front's hypervolume.
const REFERENCE_DRAWS: u32 = 256;
/// Draws after which fitting candidates are looked for in other ways.
const FEASIBILITY_DRAWS: u32 = 4096;
/// Steps of the descent that starts at the nearest of the draws.
const DESCENT_STEPS: u32 = 4096;

/// The candidate that is nearest to the limits when none keeps them: with the least sum of relative excesses,
/// `value / limit − 1` for each limit that it breaks.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The limits it breaks. Each would have to be raised to the value that stands there.
    pub violations: Vec<Violation>,
    /// How it was found.
    pub search: FeasibilitySearch,
}

/// How the nearest candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeasibilitySearch {
    /// All candidates were priced: there is none nearer.
    Exact {
        /// How many there are.
        candidates: u32,
    },
    /// So many were drawn, and so many steps were taken from the nearest of them: there may be a nearer one.
    Steps {
        /// Random draws.
        draws: u32,
        /// Steps of the descent.
        steps: u32,
    },
}

impl fmt::Display for Nearest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.search {
            FeasibilitySearch::Exact { candidates } => {
                write!(formatter, "of all {candidates} candidates the nearest needs ")?;
            }
            FeasibilitySearch::Steps { draws, steps } => {
                write!(formatter, "in {draws} random draws and {steps} steps the nearest found needs ")?;
            }
        }
        let violations: Vec<String> = self.violations.iter().map(ToString::to_string).collect();
        formatter.write_str(&violations.join(" and "))
    }
}

impl Problem {
    /// Cost up to which the hypervolume is counted, of the first objective and the second one if there is one: the limit of the
    /// objective, or without one the largest cost among the first random draws that fit.
    ///
    /// # Errors
    /// If no draw fits.
    pub(crate) fn reference_costs(&self) -> Result<(f64, Option<f64>), RunError> {
        let mut rng = Rng::for_purpose(self.config.seed, "survey", 0);
        let mut largest = None::<(f64, Option<f64>)>;
        let mut nearest = (self.space.genes().draw(&mut rng.clone()), f64::INFINITY);
        for draw in 0..FEASIBILITY_DRAWS {
            if draw >= REFERENCE_DRAWS && largest.is_some() {
                break;
            }
            let genotype = self.space.genes().draw(&mut rng);
            let priced = self.price(&genotype)?;
            let excess = excess(&priced.violations);
            if excess == 0.0 {
                let (cost, second) = largest.unwrap_or((priced.cost, priced.second_cost));
                let larger_second =
                    |second: f64| priced.second_cost.map_or(second, |other| second.max(other));
                largest = Some((cost.max(priced.cost), second.map(larger_second)));
            } else if excess < nearest.1 {
                nearest = (genotype, excess);
            }
        }
        let limit = |objective| self.limits.get(objective);
        match largest {
            Some((cost, second)) => Ok((
                limit(self.config.objective).unwrap_or(cost),
                self.config.objective2.and_then(limit).or(second),
            )),
            None => Err(self.why_nothing_was_drawn(&nearest.0, &mut rng)?),
        }
    }

    fn why_nothing_was_drawn(&self, nearest: &Genotype, rng: &mut Rng) -> Result<RunError, RunError> {
        let genes = self.space.genes();
        let excess_of = |genotype: &Genotype| Ok::<_, RunError>(excess(&self.price(genotype)?.violations));
        let (nearest, search) = if let Ok(candidates @ ..=MAX_ENUMERATED) = u32::try_from(genes.size()) {
            let mut nearest = (nearest.clone(), excess_of(nearest)?);
            for genotype in genes.all() {
                let excess = excess_of(&genotype)?;
                if excess < nearest.1 {
                    nearest = (genotype, excess);
                }
            }
            (nearest.0, FeasibilitySearch::Exact { candidates })
        } else {
            let mut badness = |genotype: &Genotype| excess_of(genotype).unwrap_or(f64::INFINITY);
            let (nearest, _) = genes.descend(nearest, &mut badness, DESCENT_STEPS, rng);
            (nearest, FeasibilitySearch::Steps { draws: FEASIBILITY_DRAWS, steps: DESCENT_STEPS })
        };
        let violations = self.price(&nearest)?.violations;
        Ok(if violations.is_empty() {
            RunError::TooRare { draws: FEASIBILITY_DRAWS }
        } else {
            RunError::Infeasible(Nearest { violations, search })
        })
    }
}

/// By how much limits are broken: 0 if none is.
pub(crate) fn excess(violations: &[Violation]) -> f64 {
    violations.iter().map(|violation| violation.value / violation.limit - 1.0).sum()
}
