//! Accuracy and a cost as one number.

/// What a cost at least counts as, as a share of its target: nothing at all would be worth infinitely much in a product.
const LEAST_SHARE: f64 = 1e-6;

/// Accuracy weighed with a cost: `accuracy · (cost / target)^exponent`, to be made large (Tan et al. 2019, "MnasNet:
/// Platform-Aware Neural Architecture Search for Mobile", equation 2). The exponent is zero or negative.
#[must_use]
pub fn weighted_product(accuracy: f64, cost: f64, target: f64, exponent: f64) -> f64 {
    accuracy * libm::pow((cost / target).max(LEAST_SHARE), exponent)
}

/// Error and cost weighed by their sum: `error + weight · cost / target`, to be made small (Marler and Arora 2010, "The
/// weighted sum method for multi-objective optimization: new insights").
#[must_use]
pub fn weighted_sum(error: f64, cost: f64, target: f64, weight: f64) -> f64 {
    error + weight * (cost / target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weighted_product_is_that_of_the_paper() {
        // At the target the accuracy stands; half of it gains 2^0.07 = 1.04971668, twice of it loses as much.
        assert_eq!(weighted_product(0.8, 10.0, 10.0, -0.07), 0.8);
        assert!((weighted_product(0.8, 5.0, 10.0, -0.07) - 0.839_773_347).abs() < 1e-8);
        assert!((weighted_product(0.8, 20.0, 10.0, -0.07) - 0.762_110_398).abs() < 1e-8);
        assert_eq!(weighted_product(0.8, 20.0, 10.0, -1.0), 0.4);
        assert_eq!(weighted_product(0.8, 0.0, 10.0, 0.0), 0.8);
        assert!((weighted_product(0.8, 0.0, 10.0, -0.5) - 800.0).abs() < 1e-9);
    }

    #[test]
    fn the_weighted_sum_adds_what_the_cost_is_of_its_target() {
        assert_eq!(weighted_sum(0.25, 5.0, 10.0, 0.5), 0.5);
        assert_eq!(weighted_sum(0.25, 0.0, 10.0, 0.5), 0.25);
    }
}
