use crate::gaussian::{density, probability};

/// How far beyond its mean a belief is followed, in standard deviations: what is left out has a probability of 2e-9.
const REACH: f64 = 6.0;
/// Steps of the trapezoidal rule, which for a normal density is exact to far below its ends.
const STEPS: u32 = 120;

/// A candidate whose cost is known, and of whose accuracy there is a belief.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncertain {
    /// What it costs.
    pub cost: f64,
    /// What it costs otherwise, for all candidates or for none.
    pub second_cost: Option<f64>,
    /// Its expected accuracy.
    pub mean: f64,
    /// Standard deviation of the belief.
    pub deviation: f64,
}

/// Probability that the candidate at `place` is on the front: that none of the others that cost no more, in any way, is more accurate, the
/// accuracies being independent normal numbers.
///
/// # Panics
/// If there is no such place.
#[must_use]
pub fn front_probability(all: &[Uncertain], place: usize) -> f64 {
    let own = all[place];
    let costs_no_more = |rival: &Uncertain| rival.cost <= own.cost && rival.second_cost <= own.second_cost;
    let rivals = all.iter().enumerate().filter(|&(other, rival)| other != place && costs_no_more(rival));
    let rivals: Vec<Uncertain> = rivals.map(|(_, rival)| *rival).collect();
    let unbeaten = |accuracy: f64| rivals.iter().map(|rival| rival.is_below(accuracy)).product::<f64>();
    if own.deviation <= 0.0 {
        return unbeaten(own.mean);
    }
    let step = 2.0 * REACH / f64::from(STEPS);
    let places = (0..=STEPS).map(|i| f64::from(i) * step - REACH);
    let weighted = places.map(|z| (density(z), unbeaten(own.mean + own.deviation * z)));
    let (weights, sum) = weighted
        .fold((0.0, 0.0), |(weights, sum), (weight, unbeaten)| (weights + weight, sum + weight * unbeaten));
    sum / weights
}

impl Uncertain {
    /// Probability that it is no more accurate than this.
    fn is_below(&self, accuracy: f64) -> f64 {
        if self.deviation <= 0.0 {
            return f64::from(u8::from(self.mean <= accuracy));
        }
        probability((accuracy - self.mean) / self.deviation)
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;

    use super::*;

    fn uncertain([cost, mean, deviation]: [f64; 3]) -> Uncertain {
        Uncertain { cost, second_cost: None, mean, deviation }
    }

    fn probabilities(all: &[[f64; 3]]) -> Vec<f64> {
        let all: Vec<Uncertain> = all.iter().copied().map(uncertain).collect();
        (0..all.len()).map(|place| front_probability(&all, place)).collect()
    }

    #[test]
    fn equal_rivals_share_the_front_and_certain_ones_are_on_it_or_not() {
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
            }
        };
        close(probabilities(&[[1.0, 0.9, 0.01]]), &[1.0]);
        close(probabilities(&[[1.0, 0.9, 0.01]; 2]), &[0.5; 2]);
        close(probabilities(&[[1.0, 0.9, 0.01]; 4]), &[0.25; 4]);
        // Who costs less is not beaten by who costs more.
        close(probabilities(&[[1.0, 0.5, 0.01], [2.0, 0.9, 0.01]]), &[1.0, 1.0]);
        close(probabilities(&[[2.0, 0.5, 0.01], [1.0, 0.9, 0.01]]), &[0.0, 1.0]);
        close(probabilities(&[[2.0, 0.9, 0.0], [1.0, 0.5, 0.0], [3.0, 0.8, 0.0]]), &[1.0, 1.0, 0.0]);
    }

    /// Of two: the probability that the difference, a normal number, is positive.
    #[test]
    fn of_two_it_is_the_probability_of_their_difference() {
        let found = probabilities(&[[2.0, 0.92, 0.03], [1.0, 0.9, 0.04]]);
        assert!((found[0] - probability(0.02 / 0.05)).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn draws_agree() {
        let all = [[3.0, 0.91, 0.02], [1.0, 0.88, 0.01], [2.0, 0.9, 0.03], [2.5, 0.87, 0.02]];
        let mut rng = Rng::for_purpose(1, "test", 0);
        let mut on_front = [0_u32; 4];
        let draws = 40_000;
        for _ in 0..draws {
            let drawn = all.map(|[cost, mean, deviation]| (cost, mean + deviation * f64::from(rng.normal())));
            for (place, own) in drawn.iter().enumerate() {
                let beaten = drawn.iter().any(|other| other.0 <= own.0 && other.1 > own.1);
                on_front[place] += u32::from(!beaten);
            }
        }
        for (found, count) in probabilities(&all).iter().zip(on_front) {
            let share = f64::from(count) / f64::from(draws);
            assert!((found - share).abs() < 0.01, "{found} for {share}");
        }
    }
}
