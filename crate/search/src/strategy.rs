use nas_numerics::Rng;
use nas_space::{GeneTree, Genotype};
use serde::Serialize;
use ts_rs::TS;

/// Draws after which a strategy gives up finding a candidate within the limits.
pub const MAX_DRAWS: u32 = 10_000;

/// A search strategy.
///
/// Its state depends on what it was told only, never on what it was asked: [`Strategy::restore`] rebuilds it
/// from a log without asking again.
///
/// ```text
/// while let Some(proposal) = strategy.ask(&mut ask) { …evaluate…; strategy.tell(told); }
/// ```
pub trait Strategy: Send {
    /// The next candidate, within the limits; none if no such candidate was found in [`MAX_DRAWS`] draws.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal>;

    /// Learns a result. Results come in virtual order, which need not be the order of asking.
    fn tell(&mut self, told: &Told);

    /// What can be seen of its inside.
    fn inspect(&self) -> Inspection;

    /// Learns a history of results.
    fn restore(&mut self, history: &[Told]) {
        for told in history {
            self.tell(told);
        }
    }
}

/// What a strategy may use to propose a candidate.
pub struct Ask<'a> {
    /// Number of this ask, from 0.
    pub number: u32,
    /// The space.
    pub genes: &'a GeneTree,
    /// Generator of this ask alone.
    pub rng: Rng,
    /// Whether a genotype keeps all limits; rejected draws are recorded.
    pub is_feasible: &'a mut dyn FnMut(&Genotype) -> bool,
}

impl Ask<'_> {
    /// A genotype drawn uniformly from those within the limits. Draws outside are rejected, not repaired, which
    /// would bias the rest.
    pub fn draw(&mut self) -> Option<Genotype> {
        (0..MAX_DRAWS).find_map(|_| {
            let genotype = self.genes.draw(&mut self.rng);
            (self.is_feasible)(&genotype).then_some(genotype)
        })
    }
}

/// A candidate that a strategy proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What to evaluate.
    pub genotype: Genotype,
    /// The ask whose candidate it was made from, if any.
    pub parent: Option<u32>,
}

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The ask it belongs to.
    pub ask: u32,
    /// What was evaluated.
    pub genotype: Genotype,
    /// Validation accuracy, 0 to 1; 0 for a failed evaluation.
    pub accuracy: f64,
    /// Cost in the run's objective.
    pub cost: f64,
}

/// What can be seen of a strategy's inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[ts(export)]
pub enum Inspection {
    /// It keeps nothing.
    Memoryless,
    /// Candidates alive, the oldest first.
    Population {
        /// Their asks.
        members: Vec<u32>,
        /// How many there are when it is full.
        capacity: u32,
    },
}
