//! Learning the kernel's scales.

use nas_space::{GeneTree, Genotype};

use super::matrix::{factor, inverse, solve, solve_transposed};
use super::{Kernel, Position};

/// Steps of the ascent.
const STEPS: u32 = 12;
/// First change of each logarithm.
const FIRST_CHANGE: f64 = 0.3;
const CHANGES: core::ops::RangeInclusive<f64> = 1e-3..=1.0;
/// A priori the scales of all genes add up to this: genotypes that differ in all have a covariance of exp(−6).
const PRIOR_SUM: f64 = 6.0;
/// A priori noise.
const PRIOR_NOISE: f64 = 0.03;
const MIN_NOISE: f64 = 1e-4;

impl Kernel {
    /// The kernel under which these targets are most probable, given the priors: an ascent of the logarithm of the
    /// posterior density by the signs of its gradient (Rprop: Riedmiller and Braun 1993, "A Direct Adaptive Method for
    /// Faster Backpropagation Learning"), over the logarithms of scales and noise, each with a normal prior of this standard
    /// deviation. The process' variance is the most probable
    /// one for each of them.
    pub(crate) fn learn(
        genes: &GeneTree,
        observed: &[&Genotype],
        targets: &[f64],
        prior_deviation: f64,
    ) -> Self {
        let positions: Vec<Position> =
            observed.iter().map(|genotype| Self::position(genes, genotype)).collect();
        let count = genes.genes().len();
        let prior: Vec<f64> = (0..=count)
            .map(|at| libm::log(if at < count { PRIOR_SUM / count as f64 } else { PRIOR_NOISE }))
            .collect();
        let mut logarithms = prior.clone();
        let mut changes = vec![FIRST_CHANGE; count + 1];
        let mut before = vec![0.0; count + 1];
        let mut kernel = Self::new(genes, vec![PRIOR_SUM / count as f64; count], PRIOR_NOISE);
        for _ in 0..STEPS {
            let mut gradient = kernel.likelihood_gradient(&positions, targets);
            for at in 0..=count {
                gradient[at] -= (logarithms[at] - prior[at]) / (prior_deviation * prior_deviation);
                let turned = gradient[at] * before[at];
                let factor = if turned > 0.0 {
                    1.2
                } else if turned < 0.0 {
                    0.5
                } else {
                    1.0
                };
                changes[at] = (changes[at] * factor).clamp(*CHANGES.start(), *CHANGES.end());
                before[at] = gradient[at];
                if gradient[at] != 0.0 {
                    logarithms[at] += changes[at] * gradient[at].signum();
                }
            }
            logarithms[count] = logarithms[count].max(libm::log(MIN_NOISE));
            kernel.scales = logarithms[..count].iter().map(|&logarithm| libm::exp(logarithm)).collect();
            kernel.noise = libm::exp(logarithms[count]);
        }
        kernel
    }

    /// Gradient of the logarithm of the marginal likelihood with respect to the logarithms of scales and noise (RW
    /// equation 5.9), with the process' variance at its most probable value.
    fn likelihood_gradient(&self, positions: &[Position], targets: &[f64]) -> Vec<f64> {
        let n = positions.len();
        let covariances = self.matrix(positions);
        let mut upper = covariances.clone();
        factor(&mut upper, n);
        let mut weights = targets.to_vec();
        solve_transposed(&upper, &mut weights, n);
        let variance = weights.iter().map(|value| value * value).sum::<f64>() / n as f64;
        solve(&upper, &mut weights);
        let inverse = inverse(&upper, n);
        let mut gradient = vec![0.0; self.scales.len() + 1];
        for i in 0..n {
            for j in i..n {
                let fit = if variance > 0.0 { weights[i] * weights[j] / variance } else { 0.0 };
                let pull = fit - inverse[i * n + j];
                if i == j {
                    gradient[self.scales.len()] += 0.5 * pull * self.noise;
                    continue;
                }
                // Both triangles: twice the half.
                let pull = pull * covariances[i * n + j];
                for (gene, scale) in self.scales.iter().enumerate() {
                    gradient[gene] -=
                        pull * scale * self.difference(gene, positions[i][gene], positions[j][gene]);
                }
            }
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;
    use nas_space::Gene;

    use super::*;

    fn genes() -> GeneTree {
        GeneTree::new(vec![
            Gene::new("matters", 0..4),
            Gene::ordinal("counts", 0..5),
            Gene::new("nothing", 0..4),
            Gene::new("conditional", 0..3).when(0, [1]),
        ])
    }

    /// Genotypes and targets that depend on the first two genes alone.
    fn results() -> (Vec<Genotype>, Vec<f64>) {
        let genes = genes();
        let mut rng = Rng::for_purpose(9, "test", 0);
        let genotypes: Vec<Genotype> = (0..40).map(|_| genes.draw(&mut rng)).collect();
        let target = |genotype: &Genotype| {
            [1.0, -1.0, 0.3, 0.0][usize::from(genotype.0[0])] + 0.3 * f64::from(genotype.0[1]) - 0.6
        };
        let targets = genotypes.iter().map(target).collect();
        (genotypes, targets)
    }

    /// Logarithm of the marginal likelihood but for a constant, with the variance at its best.
    fn log_likelihood(kernel: &Kernel, positions: &[Position], targets: &[f64]) -> f64 {
        let n = positions.len();
        let mut upper = kernel.matrix(positions);
        factor(&mut upper, n);
        let mut whitened = targets.to_vec();
        solve_transposed(&upper, &mut whitened, n);
        let variance = whitened.iter().map(|value| value * value).sum::<f64>() / n as f64;
        let half_determinant: f64 = (0..n).map(|k| libm::log(upper[k * n + k])).sum();
        -0.5 * n as f64 * libm::log(variance) - half_determinant
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        const STEP: f64 = 1e-5;
        let (genotypes, targets) = results();
        let genes = genes();
        let positions: Vec<Position> =
            genotypes.iter().map(|genotype| Kernel::position(&genes, genotype)).collect();
        let logarithms: [f64; 5] = [0.3, -0.5, -1.0, -0.2, -2.0];
        let at = |logarithms: &[f64]| {
            let scales = logarithms[..4].iter().map(|&logarithm| libm::exp(logarithm)).collect();
            Kernel::new(&genes, scales, libm::exp(logarithms[4]))
        };
        let gradient = at(&logarithms).likelihood_gradient(&positions, &targets);
        for (parameter, found) in gradient.into_iter().enumerate() {
            let moved = |step: f64| {
                let mut moved = logarithms;
                moved[parameter] += step;
                log_likelihood(&at(&moved), &positions, &targets)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            assert!(
                (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
                "{parameter}: {found} for {expected}"
            );
        }
    }

    #[test]
    fn genes_that_matter_get_larger_scales() {
        let (genotypes, targets) = results();
        let kernel = Kernel::learn(&genes(), &genotypes.iter().collect::<Vec<_>>(), &targets, 0.5);
        assert!(kernel.scales[0] > 2.0 * kernel.scales[2], "{kernel:?}");
        assert!(kernel.scales[1] > 2.0 * kernel.scales[2], "{kernel:?}");
    }

    #[test]
    fn equal_targets_leave_a_kernel() {
        let (genotypes, _) = results();
        let kernel = Kernel::learn(&genes(), &genotypes.iter().collect::<Vec<_>>(), &[0.0; 40], 0.5);
        assert!(kernel.scales.iter().all(|scale| scale.is_finite() && *scale > 0.0), "{kernel:?}");
    }
}
