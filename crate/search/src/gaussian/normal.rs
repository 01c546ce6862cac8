//! The normal distribution.

use core::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Steps of Newton's method, each of which about doubles the digits; the result is exact to 1e-12 from 1e-4 to 1 − 1e-4.
const QUANTILE_STEPS: u32 = 8;

/// Probability density of the standard normal distribution.
pub(crate) fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(TAU)
}

/// Probability that a standard normal number is below `x`.
pub(crate) fn probability(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The number below which a standard normal one is with this probability.
fn quantile(share: f64) -> f64 {
    // Newton's method from 0 runs monotonically on the side where the distribution is curved towards it: the lower half is
    // convex, so the logarithm keeps it from leaping far below.
    let mirrored = share > 0.5;
    let target = if mirrored { 1.0 - share } else { share };
    let mut x = 0.0;
    for _ in 0..QUANTILE_STEPS {
        let found = probability(x);
        x -= libm::log(found / target) * found / density(x);
    }
    if mirrored { -x } else { x }
}

/// Mean of how far a normal number with this mean and standard deviation falls below `level`: expected improvement
/// (Jones et al. 1998, "Efficient Global Optimization of Expensive Black-Box Functions", equation 15).
pub(crate) fn expected_shortfall(level: f64, mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return (level - mean).max(0.0);
    }
    let margin = (level - mean) / deviation;
    deviation * (margin * probability(margin) + density(margin))
}

/// For each value the quantile of its rank, (rank − ½) / count, so that only the order counts; equal values share their
/// mean rank.
pub(crate) fn normal_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; values.len()];
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let before = order.partition_point(|&other| values[other] < values[equal[0]]);
        let score = quantile((before as f64 + 0.5 * equal.len() as f64) / values.len() as f64);
        for &value in equal {
            scores[value] = score;
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_undo_probabilities() {
        assert_eq!(quantile(0.5), 0.0);
        for share in [1e-4, 1e-3, 0.025, 0.2, 0.499, 0.7, 0.975, 0.9999] {
            assert!((probability(quantile(share)) - share).abs() < 1e-12, "{share}: {}", quantile(share));
        }
        // Tabulated everywhere: 1.96 for 97.5 %.
        assert!((quantile(0.975) - 1.959_963_985).abs() < 1e-9);
    }

    #[test]
    fn scores_depend_on_the_order_alone() {
        let scores = normal_scores(&[3.0, 1.0, 900.0, 3.0]);
        assert_eq!(scores[0], scores[3]);
        assert_eq!(scores[1], -scores[2]);
        assert_eq!(scores, normal_scores(&[0.3, 0.1, 0.4, 0.3]));
        assert_eq!(normal_scores(&[5.0, 5.0, 5.0]), [0.0; 3]);
    }

    #[test]
    fn the_expected_shortfall_is_the_mean_of_the_shortfalls() {
        // A sum over a fine grid of the density.
        let (level, mean, deviation) = (0.3, 0.7, 0.5);
        let sum: f64 = (-8000..8000)
            .map(|i| f64::from(i) * 1e-3)
            .map(|x| (level - (mean + deviation * x)).max(0.0) * density(x) * 1e-3)
            .sum();
        assert!((expected_shortfall(level, mean, deviation) - sum).abs() < 1e-6);
        assert_eq!(expected_shortfall(1.0, 0.25, 0.0), 0.75);
        assert_eq!(expected_shortfall(0.0, 0.25, 0.0), 0.0);
    }
}
