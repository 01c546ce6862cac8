use serde::Serialize;

use crate::Found;

/// How many standard errors of a mean its 95 % interval reaches to either side, by the normal distribution: for dozens of
/// seeds and more.
const STANDARD_ERRORS: f64 = 1.96;

/// A mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 where there is a single seed.
    pub se: f64,
    /// Where its 95 % interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

impl Estimate {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let se = libm::sqrt(squares / (count - 1.0).max(1.0) / count);
        Self { mean, se, low: mean - STANDARD_ERRORS * se, high: mean + STANDARD_ERRORS * se }
    }
}

/// What searches with several seeds came to, beside others with the same seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// True validation accuracy of what they believed best.
    pub validation_accuracy: Estimate,
    /// True test accuracy likewise.
    pub test_accuracy: Estimate,
    /// Mean of Kendall's τ of what they believed of their networks with the true validation accuracy; none where it is never defined.
    pub tau: Option<f64>,
    /// Mean number of candidates.
    pub candidates: f64,
    /// Mean planned work in training MACs.
    pub work_macs: f64,
    /// By how much the validation accuracy is above that of the others, seed by seed; none for the others themselves.
    pub difference: Option<Estimate>,
}

impl Comparison {
    /// Of searches, one for each seed, and others with the same seeds in the same order.
    ///
    /// # Panics
    /// If there is no search, or not another one for each.
    #[must_use]
    pub fn new(found: &[Found], others: Option<&[Found]>) -> Self {
        assert!(!found.is_empty(), "nothing is compared without a seed");
        let over = |value: &dyn Fn(&Found) -> f64| Estimate::of(&found.iter().map(value).collect::<Vec<_>>());
        let difference = others.map(|others| {
            assert_eq!(found.len(), others.len(), "searches are compared seed by seed");
            let pairs = found.iter().zip(others);
            let difference = |(one, other): (&Found, &Found)| {
                one.truth.validation_accuracy - other.truth.validation_accuracy
            };
            Estimate::of(&pairs.map(difference).collect::<Vec<_>>())
        });
        Self {
            validation_accuracy: over(&|found| found.truth.validation_accuracy),
            test_accuracy: over(&|found| found.truth.test_accuracy),
            tau: mean_of(found.iter().filter_map(|found| found.tau)),
            candidates: over(&|found| f64::from(found.candidates)).mean,
            work_macs: over(&|found| found.work_macs as f64).mean,
            difference,
        }
    }
}

fn mean_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Truth;

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let found = |accuracies: [f64; 3]| {
            accuracies.map(|accuracy| Found {
                truth: Truth { validation_accuracy: accuracy, test_accuracy: accuracy / 2.0 },
                tau: Some(accuracy / 2.0),
                candidates: 4,
                work_macs: 10,
            })
        };
        let (one, other) = (found([0.5, 0.75, 1.0]), found([0.25, 0.5, 0.75]));
        let comparison = Comparison::new(&one, Some(&other));
        // Seeds differ by 0.25 each; every pair differs by the same.
        let expected_se = libm::sqrt(0.0625 / 3.0);
        assert_eq!(comparison.validation_accuracy.mean, 0.75);
        assert!((comparison.validation_accuracy.se - expected_se).abs() < 1e-15);
        assert!((comparison.validation_accuracy.high - 0.75 - 1.96 * expected_se).abs() < 1e-15);
        assert_eq!(comparison.difference, Some(Estimate { mean: 0.25, se: 0.0, low: 0.25, high: 0.25 }));
        assert_eq!(
            (comparison.test_accuracy.mean, comparison.candidates, comparison.work_macs),
            (0.375, 4.0, 10.0)
        );
        assert_eq!(comparison.tau, Some(0.375));
        assert_eq!(Comparison::new(&one, None).difference, None);
    }
}
