use nas_search::Count;
use serde::Serialize;

use crate::Track;
use crate::truth::Truth;

/// Queries over which the regret is averaged, or as many as there are.
pub const REGRET_QUERIES: u32 = 200;

/// How a strategy stands after some queries, over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// The strategy.
    pub strategy: String,
    /// Queries that counted.
    pub queries: u32,
    /// Which ones count.
    pub count: Count,
    /// Mean worth of what the strategy believed best: the true value in the column's unit or, of several objectives, the
    /// share of the true front's hypervolume.
    pub mean: f64,
    /// Its standard deviation over seeds.
    pub std: f64,
    /// Standard error of the mean.
    pub se: f64,
    /// Mean distance from the best as a share of that between best and worst, or the share of hypervolume that is missing.
    pub regret: f64,
    /// Median over seeds of the incumbent's rank: 1 is the best row; none for several objectives.
    pub median_rank: Option<f64>,
    /// Number of seeds.
    pub seeds: u32,
}

/// How a strategy did on the whole way, so that one lucky moment does not decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The strategy.
    pub strategy: String,
    /// Mean over seeds and the first queries of the regret.
    pub mean_regret: f64,
    /// How many first queries: [`REGRET_QUERIES`], or the budget.
    pub regret_queries: u32,
}

impl Standing {
    pub(crate) fn new(strategy: &str, queries: u32, count: Count, worths: &[f64], truth: &Truth) -> Self {
        assert!(!worths.is_empty(), "a strategy stands nowhere without a seed");
        let mean = mean(worths.iter().copied());
        let squares: f64 = worths.iter().map(|worth| (worth - mean) * (worth - mean)).sum();
        // That of a single seed is unknown: 0 is written.
        let std = libm::sqrt(squares / (worths.len().max(2) - 1) as f64);
        let ranks: Option<Vec<u32>> = worths.iter().map(|&worth| truth.rank(worth)).collect();
        Self {
            strategy: strategy.to_owned(),
            queries,
            count,
            mean,
            std,
            se: std / libm::sqrt(worths.len() as f64),
            regret: self::mean(worths.iter().map(|&worth| truth.regret(worth))),
            median_rank: ranks.map(median),
            seeds: worths.len() as u32,
        }
    }
}

impl Summary {
    pub(crate) fn new(strategy: &str, budget: u32, tracks: &[Track]) -> Self {
        assert!(!tracks.is_empty(), "a strategy did nothing without a seed");
        Self {
            strategy: strategy.to_owned(),
            mean_regret: mean(tracks.iter().map(|track| track.mean_regret)),
            regret_queries: budget.min(REGRET_QUERIES),
        }
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(f64::from(low), f64::from(high))
}
