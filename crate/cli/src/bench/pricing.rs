//! How fast candidates of a space are priced.

use std::hint::black_box;
use std::time::Instant;

use nas_arch::Graph;
use nas_cost::{NetworkCosts, device, estimates};
use nas_numerics::Rng;
use nas_run::{DataFacts, Problem, RunConfig};
use serde::Serialize;

use super::SEED;
use crate::data;
use crate::failure::Failure;

/// Draws that are priced again and again.
const CANDIDATES: usize = 500;
/// Measurements of all draws, of which the median is told.
const ROUNDS: usize = 21;

/// Microseconds a candidate, on one device, on one thread.
#[derive(Serialize)]
pub(super) struct PricingJson {
    space: String,
    candidates: usize,
    /// From the resolved network to its costs, memory and estimates included.
    us_per_network: f64,
    /// From the genes: decoded, brought into its canonical form, and priced.
    us_per_candidate: f64,
}

impl PricingJson {
    /// Prices random draws from a space with its default settings, for the default dataset and device.
    pub(super) fn measure(space: &str) -> Result<Self, Failure> {
        let config = RunConfig { space: space.to_owned(), ..RunConfig::default() };
        let problem = Problem::new(&config, &DataFacts::of(data::find(&config.data)?))?;
        let device = device(&config.device)?;
        let mut rng = Rng::for_purpose(SEED, "pricing", 0);
        let genotypes: Vec<_> = (0..CANDIDATES).map(|_| problem.space().genes().draw(&mut rng)).collect();
        let graphs: Vec<Graph> = genotypes.iter().map(|genotype| problem.space().graph(genotype)).collect();
        let us_per_network = median_us(|| {
            for graph in &graphs {
                let costs = NetworkCosts::of(graph)?;
                black_box(estimates(&costs, device, &[]));
            }
            Ok(())
        })?;
        let us_per_candidate = median_us(|| {
            for genotype in &genotypes {
                black_box(problem.price(genotype)?);
            }
            Ok(())
        })?;
        Ok(Self { space: space.to_owned(), candidates: CANDIDATES, us_per_network, us_per_candidate })
    }

    pub(super) fn line(&self) -> String {
        let Self { space, candidates, us_per_network, us_per_candidate } = self;
        format!(
            "{space}: {us_per_network:.1} µs a network, {us_per_candidate:.1} µs a candidate from its genes \
             (medians of {candidates} draws)"
        )
    }
}

/// Median time of a round, in microseconds a candidate.
fn median_us(mut round: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round()?;
        times.push(start.elapsed().as_secs_f64() * 1e6 / CANDIDATES as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[ROUNDS / 2])
}
