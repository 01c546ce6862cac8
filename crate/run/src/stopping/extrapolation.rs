use std::collections::VecDeque;

use super::{RungTold, StoppingRule};
use crate::EpochScore;

/// Points that the three parameters of a power law need.
pub(super) const LEAST_EPOCHS: u32 = 3;

/// Exponents that are tried: from almost logarithmic to all but over after two epochs.
const EXPONENTS: [f64; 8] = [0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0];

/// How many standard deviations a prediction must lie below the best accuracy: a normal one exceeds it in 2.3 % of cases.
const DEVIATIONS: f64 = 2.0;

/// Learning-curve extrapolation in the spirit of Domhan et al. 2015, "Speeding Up Automatic Hyperparameter Optimization of
/// Deep Neural Networks by Extrapolation of Learning Curves": a training stops when it will hardly reach the best accuracy
/// so far. Theirs is a posterior over a mixture of parametric curves; this is one curve alone, the power law
/// y(t) = c − a·t^(−α), fitted by least squares, with a margin for its residuals and for the noise of the validation images.
pub(super) struct Extrapolation {
    last_rung: usize,
    epochs: u32,
    validation_images: u32,
    /// Best accuracy of those that were trained to the end.
    best: Option<f64>,
    /// Who goes on.
    waiting: VecDeque<u32>,
}

/// What is believed of the end of a training.
struct Belief {
    accuracy: f64,
    /// Variance of its residuals and of the validation images.
    variance: f64,
}

impl Extrapolation {
    pub(super) fn new(ladder: &[u32], validation_images: u32) -> Self {
        let (last_rung, epochs) = (ladder.len() - 1, ladder[ladder.len() - 1]);
        Self { last_rung, epochs, validation_images, best: None, waiting: VecDeque::new() }
    }

    fn belief(&self, curve: &[EpochScore]) -> Belief {
        let fits = EXPONENTS.map(|exponent| PowerLaw::fitted(curve, exponent));
        let law =
            fits.into_iter().min_by(|a, b| a.residual.total_cmp(&b.residual)).expect("there are exponents");
        let accuracy = law.at(self.epochs).clamp(0.0, 1.0);
        let of_images = accuracy * (1.0 - accuracy) / f64::from(self.validation_images.max(1));
        Belief { accuracy, variance: law.residual + of_images }
    }
}

impl StoppingRule for Extrapolation {
    fn tell(&mut self, told: &RungTold<'_>) {
        if told.curve.is_empty() {
            return;
        }
        if told.rung == self.last_rung {
            self.best = Some(self.best.map_or(told.accuracy(), |best| best.max(told.accuracy())));
            return;
        }
        let belief = self.belief(told.curve);
        let hope = belief.accuracy + DEVIATIONS * libm::sqrt(belief.variance);
        if self.best.is_none_or(|best| hope >= best) {
            self.waiting.push_back(told.ask);
        }
    }

    fn promote(&mut self) -> Option<u32> {
        self.waiting.pop_front()
    }
}

/// y(t) = c − a·t^(−α), with a ≥ 0 (nothing gets worse) and c ≤ 1.
struct PowerLaw {
    ceiling: f64,
    drop: f64,
    exponent: f64,
    /// Mean squared residual.
    residual: f64,
}

impl PowerLaw {
    /// The least squares fit with this exponent: a straight line in x = t^(−α).
    fn fitted(curve: &[EpochScore], exponent: f64) -> Self {
        let count = curve.len() as f64;
        let points = || {
            curve.iter().zip(1..).map(|(score, epoch)| (power(epoch, exponent), f64::from(score.accuracy)))
        };
        let sum = |of: fn((f64, f64)) -> f64| points().map(of).sum::<f64>();
        let (mean_x, mean_y) = (sum(|(x, _)| x) / count, sum(|(_, y)| y) / count);
        let (spread, slope): (f64, f64) = points().fold((0.0, 0.0), |(spread, slope), (x, y)| {
            (spread + (x - mean_x) * (x - mean_x), slope + (x - mean_x) * (y - mean_y))
        });
        let mut drop = (-slope / spread).max(0.0);
        let mut ceiling = mean_y + drop * mean_x;
        if ceiling > 1.0 {
            ceiling = 1.0;
            drop = sum(|(x, y)| x * (1.0 - y)) / sum(|(x, _)| x * x);
        }
        let squares = points().map(|(x, y)| ceiling - drop * x - y).map(|rest| rest * rest).sum::<f64>();
        Self { ceiling, drop, exponent, residual: squares / count }
    }

    fn at(&self, epoch: u32) -> f64 {
        self.ceiling - self.drop * power(epoch, self.exponent)
    }
}

fn power(epoch: u32, exponent: f64) -> f64 {
    libm::pow(f64::from(epoch), -exponent)
}

#[cfg(test)]
mod tests {
    use super::super::tests::curve;
    use super::*;

    fn rule() -> Extrapolation {
        Extrapolation::new(&[3, 9], 10_000)
    }

    /// 0.9 − 0.8/t: after three epochs 0.1, 0.5, 0.6333; at nine 0.8111.
    #[test]
    fn a_power_law_is_continued() {
        let law = curve(&[0.1, 0.5, 0.633_333_3]);
        let belief = rule().belief(&law);
        assert!((belief.accuracy - 0.811_111).abs() < 1e-5, "{}", belief.accuracy);
        let of_images = 0.811_111 * 0.188_889 / 10_000.0;
        assert!((belief.variance - of_images).abs() < 1e-8, "{}", belief.variance);
    }

    #[test]
    fn no_curve_falls_or_rises_above_one() {
        let falling = rule().belief(&curve(&[0.6, 0.5, 0.4]));
        assert!((falling.accuracy - 0.5).abs() < 1e-6);
        assert!((falling.variance - (0.02 / 3.0 + 0.25 / 10_000.0)).abs() < 1e-6, "{}", falling.variance);
        let steep = rule().belief(&curve(&[0.5, 0.75, 0.999]));
        assert!(steep.accuracy <= 1.0 && steep.accuracy > 0.9, "{}", steep.accuracy);
    }

    #[test]
    fn what_will_hardly_reach_the_best_stops() {
        let mut rule = rule();
        let tell = |rule: &mut Extrapolation, ask, rung, accuracies: &[f32]| {
            rule.tell(&RungTold { ask, rung, curve: &curve(accuracies) });
            rule.promote()
        };
        let law = [0.1, 0.5, 0.633_333_3];
        assert_eq!(tell(&mut rule, 0, 0, &[0.1, 0.1, 0.1]), Some(0), "nothing to compare with");
        assert_eq!(tell(&mut rule, 0, 1, &[0.1, 0.5, 0.6, 0.7, 0.7, 0.7, 0.8, 0.8, 0.815]), None);
        // Two standard deviations are 0.0078: 0.8111 may become 0.815, but not 0.825.
        assert_eq!(tell(&mut rule, 1, 0, &law), Some(1));
        assert_eq!(tell(&mut rule, 2, 1, &[0.825; 9]), None);
        assert_eq!(tell(&mut rule, 3, 0, &law), None);
        assert_eq!(tell(&mut rule, 4, 0, &[]), None);
        assert_eq!(tell(&mut rule, 5, 0, &[0.4, 0.7, 0.8]), Some(5));
    }
}
