use nas_numerics::Rng;
use nas_space::{GeneTree, Genotype};
use serde::Serialize;
use ts_rs::TS;

/// Mutations of one parent that may break a limit before a strategy gives it up: it may stand in a corner that no single
/// change leaves.
pub(crate) const MAX_MUTATIONS: u32 = 200;

/// Draws after which a strategy gives up finding a candidate within the limits.
pub const MAX_DRAWS: u32 = 10_000;

/// A search strategy.
///
/// Its state depends on what it was told only, never on what it was asked: [`Strategy::restore`] rebuilds it
/// from a log without asking again. Drivers have it from [`strategy`](crate::strategy), which sees to it that a second
/// result for the same ask (a longer training) replaces the first one: a strategy is told each ask once.
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
    /// What was asked for and is not told yet, the oldest first.
    pub pending: &'a [Genotype],
    /// What is known of a genotype before it is evaluated; those that break a limit are recorded as rejected.
    pub appraise: &'a mut dyn FnMut(&Genotype) -> Appraisal,
}

impl Ask<'_> {
    /// Whether a genotype keeps all limits.
    pub fn is_feasible(&mut self, genotype: &Genotype) -> bool {
        (self.appraise)(genotype).violation == 0.0
    }

    /// A mutant of a genotype within the limits; none if none was found in 200 mutations.
    pub(crate) fn mutant(&mut self, genotype: &Genotype) -> Option<Genotype> {
        (0..MAX_MUTATIONS).find_map(|_| {
            let mutant = self.genes.mutate(genotype, &mut self.rng);
            self.is_feasible(&mutant).then_some(mutant)
        })
    }

    /// A genotype drawn uniformly from those within the limits. Draws outside are rejected, not repaired, which
    /// would bias the rest.
    pub fn draw(&mut self) -> Option<Genotype> {
        (0..MAX_DRAWS).find_map(|_| {
            let genotype = self.genes.draw(&mut self.rng);
            self.is_feasible(&genotype).then_some(genotype)
        })
    }
}

/// What is known of a candidate before it is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Appraisal {
    /// By how much it breaks limits: the sum of `value / limit − 1`; 0 if it keeps all.
    pub violation: f64,
    /// Its objectives after the first, in their order: costs.
    pub costs: Vec<f64>,
}

impl Appraisal {
    /// That of a candidate within all limits.
    #[must_use]
    pub const fn feasible(costs: Vec<f64>) -> Self {
        Self { violation: 0.0, costs }
    }

    /// That of a candidate outside of a limit.
    #[must_use]
    pub const fn infeasible(violation: f64) -> Self {
        Self { violation, costs: Vec::new() }
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
    /// The ask whose candidate it was made from, as it was proposed.
    pub parent: Option<u32>,
    /// Its objectives, each to be made small. The first one is what the evaluation found: the error, 1 for a failed
    /// evaluation. The others are costs, known when it was proposed.
    pub objectives: Vec<f64>,
}

impl Told {
    /// What a strategy of one objective makes small.
    ///
    /// # Panics
    /// If there is no objective.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.objectives[0]
    }
}

/// What can be seen of a strategy's inside.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
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
    /// Climbs from random starts.
    Climbs {
        /// The ask that is the best of each climb so far, the newest climb last.
        tops: Vec<u32>,
    },
    /// A walk from candidate to candidate.
    Walk {
        /// The ask where it stands.
        current: Option<u32>,
        /// An error larger by this is accepted with probability 1/e.
        temperature: f64,
    },
    /// Probabilities that genes are sampled from.
    Policy {
        /// [gene, choice]: the probability of the choice where the gene is active.
        probabilities: Vec<Vec<f64>>,
    },
    /// Candidates alive, the oldest first, and where they stand among each other.
    Ranks {
        /// Each with its rank and crowding.
        members: Vec<Standing>,
        /// How many there are when it is full.
        capacity: u32,
    },
    /// What is frequent among the good results and among the others.
    Densities(Densities),
    /// A Gaussian process: nothing is learnt before the first result.
    Process {
        /// For each gene how much it matters: exp(−scale) is the correlation across a difference in it.
        scales: Vec<f64>,
        /// Variance of the noise, as a share of that of the process.
        noise: f64,
        /// Each result that it learnt from, and what it would have believed of it from all others.
        predictions: Vec<Prediction>,
    },
    /// Rank predictors.
    Ranking {
        /// How many results they learnt from, the first ones; the others they foresaw.
        learnt_from: u32,
        /// Of each result, in the order told.
        scores: Vec<RankScore>,
    },
}

/// A result beside what was believed of it, both on the scale on which the strategy learns: the lower, the better.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Prediction {
    /// Its ask.
    pub ask: u32,
    /// What was found.
    pub found: f64,
    /// What was believed.
    pub mean: f64,
    /// Standard deviation of the belief.
    pub deviation: f64,
}

/// What rank predictors say of a result.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct RankScore {
    /// Its ask.
    pub ask: u32,
    /// The lower, the better its rank; without a unit.
    pub score: f64,
}

/// Where a candidate stands in a population of several objectives.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Standing {
    /// Its ask.
    pub ask: u32,
    /// Number of its Pareto front, from 0.
    pub rank: u32,
    /// Room around it on its front; none at the ends, where it is without bounds.
    pub crowding: Option<f64>,
}

/// For each gene the probability of each of its values, where the gene is active.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Densities {
    /// Among the good results.
    pub good: Vec<Vec<f64>>,
    /// Among the others.
    pub bad: Vec<Vec<f64>>,
}
