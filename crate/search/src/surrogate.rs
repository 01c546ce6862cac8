//! The Gaussian process of the results.

use nas_space::{GeneTree, Genotype};

use crate::gaussian::{Belief, Kernel, Process, select};
use crate::{Inspection, Prediction, Told};

/// Results that the process has seen, at most: its time grows with their cube.
const OBSERVED: usize = 500;
/// Results from which the kernel is learnt, at most.
const LEARNT_FROM: usize = 64;

/// A Gaussian process of the results.
pub(crate) struct Surrogate<'a> {
    pub(crate) process: Process,
    /// Those that it has seen, in the order told.
    pub(crate) observed: Vec<&'a Told>,
    /// What was learnt of each of them.
    targets: Vec<f64>,
    /// The mean of each of them, without its noise.
    pub(crate) smoothed: Vec<f64>,
}

impl<'a> Surrogate<'a> {
    /// Learns from results that come best first; `score` turns their errors into what is learnt,
    /// and the prior deviation says how far the kernel may go from its prior. Genotypes under way are
    /// believed to come out as expected.
    ///
    /// # Panics
    /// If there is no result.
    pub(crate) fn learn(
        genes: &GeneTree,
        best_first: &[&'a Told],
        score: &dyn Fn(&[f64]) -> Vec<f64>,
        prior_deviation: f64,
        pending: &[Genotype],
    ) -> Self {
        let scores = |told: &[&Told]| score(&told.iter().map(|told| told.error()).collect::<Vec<_>>());
        let genotypes = |told: &[&'a Told]| told.iter().map(|told| &told.genotype).collect::<Vec<_>>();
        let few = select(best_first, LEARNT_FROM);
        let kernel = Kernel::learn(genes, &genotypes(&few), &scores(&few), prior_deviation);
        let observed = select(best_first, OBSERVED);
        let targets = scores(&observed);
        let process = Process::new(genes, kernel, &genotypes(&observed), &targets, pending);
        let smoothed = process.smoothed(&targets);
        Self { process, observed, targets, smoothed }
    }

    /// The least mean of an observation: what is to be improved upon, whatever the noise.
    pub(crate) fn least(&self) -> f64 {
        self.smoothed.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// What can be seen of it.
    pub(crate) fn inspect(&self) -> Inspection {
        let kernel = self.process.kernel();
        let believed = self.process.left_out(&self.targets);
        let prediction = |((told, &target), belief): ((&&Told, &f64), Belief)| Prediction {
            ask: told.ask,
            found: target,
            mean: belief.mean,
            deviation: belief.deviation,
        };
        Inspection::Process {
            scales: kernel.scales.clone(),
            noise: kernel.noise,
            predictions: self.observed.iter().zip(&self.targets).zip(believed).map(prediction).collect(),
        }
    }
}

/// Results by ascending error, the first told of equals first.
pub(crate) fn by_error(told: &[Told]) -> Vec<&Told> {
    let mut order: Vec<&Told> = told.iter().collect();
    order.sort_by(|a, b| a.error().total_cmp(&b.error()));
    order
}
