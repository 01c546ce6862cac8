use nas_space::{GeneTree, Genotype};

use super::matrix::{factor, inverse, solve, solve_transposed};
use super::{Kernel, Position};

/// Least variance of a process, so that equal targets have one.
const MIN_VARIANCE: f64 = 1e-6;

/// A Gaussian process of mean zero that has seen observations (RW algorithm 2.1).
pub(crate) struct Process {
    kernel: Kernel,
    genes: GeneTree,
    positions: Vec<Position>,
    /// U of the covariance matrix `UᵀU` of the observations.
    upper: Vec<f64>,
    /// U⁻ᵀ · targets.
    whitened: Vec<f64>,
    variance: f64,
}

/// What is believed of a genotype.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Belief {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

impl Process {
    /// The process after these observations. Genotypes under way count as observed at their mean: that leaves every mean as it
    /// is and takes the uncertainty around them away (Desautels et al. 2014, "Parallelizing Exploration-Exploitation
    /// Tradeoffs in Gaussian Process Bandit Optimization", section 4.1), so that the next one lies elsewhere.
    ///
    /// # Panics
    /// If there is not one target for each genotype, at least one.
    pub(crate) fn new(
        genes: &GeneTree,
        kernel: Kernel,
        observed: &[&Genotype],
        targets: &[f64],
        pending: &[Genotype],
    ) -> Self {
        assert_eq!(observed.len(), targets.len(), "each observation has a target");
        let all = observed.iter().copied().chain(pending);
        let positions: Vec<Position> = all.map(|genotype| Kernel::position(genes, genotype)).collect();
        let mut upper = kernel.matrix(&positions);
        factor(&mut upper, positions.len());
        // Solving row by row, the first entries do not depend on what follows; a genotype that is observed at its mean adds 0.
        let mut whitened = targets.to_vec();
        whitened.resize(positions.len(), 0.0);
        solve_transposed(&upper, &mut whitened, positions.len());
        whitened[observed.len()..].fill(0.0);
        let square: f64 = whitened.iter().map(|value| value * value).sum();
        let variance = (square / observed.len() as f64).max(MIN_VARIANCE);
        Self { kernel, genes: genes.clone(), positions, upper, whitened, variance }
    }

    /// What is believed of these genotypes, without the noise of observing them.
    pub(crate) fn beliefs(&self, genotypes: &[Genotype]) -> Vec<Belief> {
        if genotypes.is_empty() {
            return Vec::new();
        }
        let (n, width) = (self.positions.len(), genotypes.len());
        let queried: Vec<Position> =
            genotypes.iter().map(|genotype| Kernel::position(&self.genes, genotype)).collect();
        let mut columns = vec![0.0; n * width];
        for (row, position) in columns.chunks_exact_mut(width).zip(&self.positions) {
            for (entry, queried) in row.iter_mut().zip(&queried) {
                *entry = self.kernel.covariance(position, queried);
            }
        }
        solve_transposed(&self.upper, &mut columns, n);
        let mut beliefs = vec![Belief { mean: 0.0, deviation: 1.0 }; width];
        for (row, whitened) in columns.chunks_exact(width).zip(&self.whitened) {
            for (belief, entry) in beliefs.iter_mut().zip(row) {
                belief.mean += entry * whitened;
                // The share of the variance that is left, until its root is taken below.
                belief.deviation -= entry * entry;
            }
        }
        for belief in &mut beliefs {
            belief.deviation = libm::sqrt(self.variance * belief.deviation.max(0.0));
        }
        beliefs
    }

    /// The mean at each observation, without its noise: target − noise · K⁻¹ · targets (RW equation 2.25).
    pub(crate) fn smoothed(&self, targets: &[f64]) -> Vec<f64> {
        let mut weights = self.whitened.clone();
        solve(&self.upper, &mut weights);
        targets.iter().zip(weights).map(|(target, weight)| target - self.kernel.noise * weight).collect()
    }

    /// What would have been believed of each observation, its noise included, had it not been seen (RW equation 5.12).
    pub(crate) fn left_out(&self, targets: &[f64]) -> Vec<Belief> {
        let n = self.positions.len();
        let mut weights = self.whitened.clone();
        solve(&self.upper, &mut weights);
        let inverse = inverse(&self.upper, n);
        let belief = |(index, target): (usize, &f64)| {
            let precision = inverse[index * n + index];
            Belief {
                mean: target - weights[index] / precision,
                deviation: libm::sqrt(self.variance / precision),
            }
        };
        targets.iter().enumerate().map(belief).collect()
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }
}

#[cfg(test)]
mod tests {
    use nas_space::Gene;

    use super::*;

    fn genes() -> GeneTree {
        GeneTree::new(vec![Gene::ordinal("a", 0..9), Gene::new("b", 0..3)])
    }

    fn kernel() -> Kernel {
        Kernel::new(&genes(), vec![2.0, 0.7], 0.01)
    }

    fn of(values: [u16; 2]) -> Genotype {
        Genotype(values.to_vec())
    }

    #[test]
    fn one_observation_is_followed_as_far_as_it_reaches() {
        let seen = of([0, 0]);
        let process = Process::new(&genes(), kernel(), &[&seen], &[3.0], &[]);
        // Of K = 1.01: mean = k/1.01 · 3, variance = (3²/1.01)·(1 − k²/1.01).
        for (genotype, covariance) in
            [(of([0, 0]), 1.0), (of([4, 0]), libm::exp(-1.0)), (of([0, 2]), libm::exp(-0.7))]
        {
            let belief = process.beliefs(&[genotype])[0];
            assert!((belief.mean - 3.0 * covariance / 1.01).abs() < 1e-12);
            let variance = 9.0 / 1.01 * (1.0 - covariance * covariance / 1.01);
            assert!((belief.deviation * belief.deviation - variance).abs() < 1e-12);
        }
        assert!(process.beliefs(&[]).is_empty());
    }

    #[test]
    fn what_is_under_way_leaves_the_means_and_takes_uncertainty() {
        let seen = [of([0, 0]), of([8, 1]), of([3, 2])];
        let seen: Vec<&Genotype> = seen.iter().collect();
        let targets = [0.5, -1.0, 0.2];
        let queried: Vec<Genotype> = genes().all().collect();
        let before = Process::new(&genes(), kernel(), &seen, &targets, &[]);
        let after = Process::new(&genes(), kernel(), &seen, &targets, &[of([5, 0]), of([5, 0])]);
        for (before, after) in before.beliefs(&queried).into_iter().zip(after.beliefs(&queried)) {
            assert!((before.mean - after.mean).abs() < 1e-12);
            assert!(after.deviation <= before.deviation + 1e-12);
        }
        let under_way = |process: &Process| process.beliefs(&[of([5, 0])])[0].deviation;
        assert!(under_way(&after) < 0.2 * under_way(&before));
        for (before, after) in before.smoothed(&targets).into_iter().zip(after.smoothed(&targets)) {
            assert!((before - after).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_left_out_is_predicted_by_the_others() {
        let seen = [of([0, 0]), of([8, 1]), of([3, 2]), of([4, 2])];
        let seen: Vec<&Genotype> = seen.iter().collect();
        let targets = [0.5, -1.0, 0.2, 0.4];
        let all = Process::new(&genes(), kernel(), &seen, &targets, &[]);
        let left_out = all.left_out(&targets)[3];
        let others = Process::new(&genes(), kernel(), &seen[..3], &targets[..3], &[]);
        let believed = others.beliefs(&[seen[3].clone()])[0];
        assert!((left_out.mean - believed.mean).abs() < 1e-12);
        // Both in units of their process' variance, once with the noise.
        let share = believed.deviation * believed.deviation / others.variance + 0.01;
        assert!((left_out.deviation * left_out.deviation / all.variance - share).abs() < 1e-12);
    }
}
