use nas_member::Settings;
use nas_numerics::Rng;
use nas_search::{Appraisal, Ask, Count, Offer, Strategy, StrategyError, Told, needs, strategy};
use nas_space::Genotype;
use thiserror::Error;

use crate::truth::{Belief, Truth};
use crate::{Direction, Objective, REGRET_QUERIES, Standing, Summary, Table, TableError};

/// Asks in a row that may be for what was queried before, where only new queries count. A strategy that has nothing new to
/// ask for has ended.
const MAX_REPEATS: u32 = 1000;

/// What a race is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// What is searched for; the first one is what an evaluation finds, the others are costs known beforehand.
    pub objectives: Vec<Objective>,
    /// For several objectives: what the hypervolume is measured from, in the columns' own units.
    pub reference: Option<Vec<f64>>,
    /// Queries of each strategy and seed.
    pub budget: u32,
    /// Numbers of queries after which the strategies are compared.
    pub report: Vec<u32>,
    /// Standard deviation of what is added to the first objective before a strategy sees it, in the column's unit. A
    /// genotype that is queried again has the same value: equal evaluations are done once.
    pub noise: f64,
}

/// A strategy that takes part.
#[derive(Debug, Clone)]
pub struct Entrant {
    /// Its identifier.
    pub strategy: String,
    /// Its settings.
    pub settings: Settings,
    /// Which of its queries count; none for what its registry entry says.
    pub count: Option<Count>,
}

/// How far one strategy came with one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// After each number of queries in the report, what the believed best was worth in truth.
    pub(crate) worths: Vec<f64>,
    /// Mean regret after each of the first [`REGRET_QUERIES`] queries.
    pub(crate) mean_regret: f64,
}

/// Why there is no race.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RaceError {
    /// A column that is not there.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A strategy that is not there, or cannot search this.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// Not one to three objectives.
    #[error("{0} objectives: a race has one, two or three")]
    Objectives(usize),
    /// No reference point, or one of another number of objectives.
    #[error(
        "{objectives} objectives need a reference of {objectives} values to measure the hypervolume from, in the \
         columns' own units; {found} are given"
    )]
    Reference {
        /// Number of objectives.
        objectives: usize,
        /// Values given.
        found: usize,
    },
    /// A reference for one objective.
    #[error("a single objective has no hypervolume: leave the reference out, or add an objective")]
    NeedlessReference,
    /// A reference that nothing reaches.
    #[error("no row is better than the reference in every objective: move it to worse values")]
    ReferenceTooGood,
    /// A report that is none.
    #[error("a report after {found} queries: from 1 to the budget of {budget}")]
    Report {
        /// The number of queries.
        found: u32,
        /// The budget.
        budget: u32,
    },
    /// A noise that is none.
    #[error("noise is a standard deviation: a finite number from 0")]
    Noise,
    /// Nothing to start from.
    #[error(
        "'{strategy}' found no genotype that has a row: the table holds {rows} of {combinations} combinations of its \
         genes"
    )]
    NothingFound {
        /// The strategy.
        strategy: String,
        /// Rows of the table.
        rows: usize,
        /// Genotypes of its genes.
        combinations: String,
    },
}

/// Strategies on one table, with the same budget.
pub struct Race<'a> {
    table: &'a Table,
    truth: Truth,
    course: Course,
    /// The first objective as strategies are told it: a share of this.
    unit: f64,
}

impl<'a> Race<'a> {
    /// Lays out a race.
    ///
    /// # Errors
    /// If the course does not go with the table or with itself.
    pub fn new(table: &'a Table, course: Course) -> Result<Self, RaceError> {
        let Course { budget, noise, .. } = course;
        if let Some(&found) = course.report.iter().find(|&&queries| !(1..=budget).contains(&queries)) {
            return Err(RaceError::Report { found, budget });
        }
        if !(noise.is_finite() && noise >= 0.0) {
            return Err(RaceError::Noise);
        }
        let truth = Truth::new(table, &course.objectives, course.reference.as_deref())?;
        Ok(Self { table, unit: truth.unit(), truth, course })
    }

    /// Checks that a strategy can take part: it searches so many objectives, and needs nothing but results.
    ///
    /// # Errors
    /// If there is no such strategy, or it cannot.
    pub fn check(&self, entrant: &Entrant) -> Result<(), RaceError> {
        let offer = Offer { objectives: self.course.objectives.len() as u32, super_network: false };
        Ok(needs(&entrant.strategy)?.check(&entrant.strategy, offer)?)
    }

    /// Lets a strategy search with one seed. A strategy that ends before the budget keeps what it has found.
    ///
    /// # Errors
    /// If the strategy cannot take part, or finds nothing at all.
    pub fn run(&self, entrant: &Entrant, seed: u32) -> Result<Track, RaceError> {
        self.check(entrant)?;
        let mut strategy = strategy(&entrant.strategy, &entrant.settings, self.table.genes())?;
        let count = count(entrant)?;
        let mut record = Record::new(self);
        let mut is_seen = vec![false; self.table.rows()];
        let (mut seen, mut repeats) = (0, 0);
        for number in 0.. {
            let is_exhausted = count == Count::Unique && (seen == is_seen.len() || repeats > MAX_REPEATS);
            if is_exhausted || record.queries >= self.course.budget {
                break;
            }
            let Some((row, told)) = self.query(&mut *strategy, seed, number) else { break };
            let is_repeat = std::mem::replace(&mut is_seen[row], true);
            repeats = if is_repeat { repeats + 1 } else { 0 };
            seen += usize::from(!is_repeat);
            if count == Count::All || !is_repeat {
                record.take(&told, row);
            }
            strategy.tell(&told);
        }
        record.close().ok_or_else(|| RaceError::NothingFound {
            strategy: entrant.strategy.clone(),
            rows: self.table.rows(),
            combinations: self.table.genes().size().to_string(),
        })
    }

    /// Asks a strategy and looks the answer up.
    fn query(&self, strategy: &mut dyn Strategy, seed: u32, number: u32) -> Option<(usize, Told)> {
        let mut appraise = |genotype: &Genotype| match self.table.row(genotype) {
            Some(row) => Appraisal::feasible(self.truth.values(row)[1..].to_vec()),
            None => Appraisal::infeasible(1.0),
        };
        let proposal = strategy.ask(&mut Ask {
            number,
            genes: self.table.genes(),
            rng: Rng::for_purpose(seed, "ask", number.into()),
            pending: &[],
            appraise: &mut appraise,
        })?;
        let row = self.table.row(&proposal.genotype).expect("a strategy proposes what is feasible");
        let objectives = self.told(row, seed);
        Some((row, Told { ask: number, genotype: proposal.genotype, parent: proposal.parent, objectives }))
    }

    /// What a strategy is told of a row. The first objective becomes an error from 0 to 1: its share of a power of ten, or
    /// what is missing to it.
    fn told(&self, row: usize, seed: u32) -> Vec<f64> {
        let mut objectives = self.truth.values(row).to_vec();
        if self.course.noise > 0.0 {
            let drawn = Rng::for_purpose(seed, "noise", row as u64).normal();
            objectives[0] += self.course.noise * f64::from(drawn);
        }
        objectives[0] /= self.unit;
        if self.truth.direction() == Direction::Max {
            objectives[0] += 1.0;
        }
        objectives
    }

    /// How a strategy stands after each number of queries in the report.
    ///
    /// # Errors
    /// If there is no such strategy.
    ///
    /// # Panics
    /// If there is no track.
    pub fn standings(&self, entrant: &Entrant, tracks: &[Track]) -> Result<Vec<Standing>, RaceError> {
        let count = count(entrant)?;
        let standing = |(place, &queries): (usize, &u32)| {
            let worths: Vec<f64> = tracks.iter().map(|track| track.worths[place]).collect();
            Standing::new(&entrant.strategy, queries, count, &worths, &self.truth)
        };
        Ok(self.course.report.iter().enumerate().map(standing).collect())
    }

    /// How a strategy did on the whole way.
    ///
    /// # Panics
    /// If there is no track.
    #[must_use]
    pub fn summary(&self, entrant: &Entrant, tracks: &[Track]) -> Summary {
        Summary::new(&entrant.strategy, self.course.budget, tracks)
    }
}

fn count(entrant: &Entrant) -> Result<Count, RaceError> {
    Ok(entrant.count.unwrap_or(needs(&entrant.strategy)?.count))
}

/// What is known of a search as it goes.
struct Record<'a> {
    race: &'a Race<'a>,
    belief: Belief,
    queries: u32,
    worth: f64,
    /// At the numbers of queries in the report, as far as they were reached.
    worths: Vec<Option<f64>>,
    regrets: f64,
}

impl<'a> Record<'a> {
    fn new(race: &'a Race<'a>) -> Self {
        let worths = vec![None; race.course.report.len()];
        Self { race, belief: Belief::default(), queries: 0, worth: 0.0, worths, regrets: 0.0 }
    }

    /// Takes a query that counts.
    fn take(&mut self, told: &Told, row: usize) {
        if self.belief.offer(&told.objectives, row) {
            self.worth = self.race.truth.worth(&self.belief);
        }
        self.step();
    }

    fn step(&mut self) {
        self.queries += 1;
        if self.queries <= REGRET_QUERIES {
            self.regrets += self.race.truth.regret(self.worth);
        }
        for (worth, &queries) in self.worths.iter_mut().zip(&self.race.course.report) {
            if queries == self.queries {
                *worth = Some(self.worth);
            }
        }
    }

    /// The track; none if nothing was found.
    fn close(mut self) -> Option<Track> {
        let budget = self.race.course.budget;
        if self.queries == 0 {
            return None;
        }
        while self.queries < budget {
            self.step();
        }
        let mean_regret = self.regrets / f64::from(budget.min(REGRET_QUERIES));
        Some(Track { worths: self.worths.into_iter().flatten().collect(), mean_regret })
    }
}
