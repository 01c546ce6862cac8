//! What a strategy is told of a candidate that was not trained to the end.

use crate::EpochScore;

/// What trainings gained from each rung of the ladder to the next one. As yet nobody has: an accuracy stays what it is.
#[derive(Debug, Default)]
pub(crate) struct Gains {
    /// From rung to rung; none where nobody has gone on.
    steps: Vec<Option<Step>>,
}

#[derive(Debug)]
struct Step {
    /// Median of what accuracies rose by.
    median: f64,
    /// Best accuracy on the higher rung.
    best: f64,
}

impl Gains {
    /// Those of these learning curves on a ladder.
    pub(crate) fn of(ladder: &[u32], curves: &[&[EpochScore]]) -> Self {
        let step = |rungs: &[u32]| {
            let at = |curve: &[EpochScore], rung: usize| {
                let score = curve.get(rungs[rung] as usize - 1)?;
                Some(f64::from(score.accuracy))
            };
            let pairs = curves.iter().filter_map(|curve| Some((at(curve, 0)?, at(curve, 1)?)));
            let (gains, reached): (Vec<f64>, Vec<f64>) =
                pairs.map(|(before, after)| (after - before, after)).unzip();
            let best = reached.into_iter().fold(0.0, f64::max);
            median(gains).map(|median| Step { median, best })
        };
        Self { steps: ladder.windows(2).map(step).collect() }
    }

    /// The accuracy that a candidate with this one on this rung would have on the last one, if at each step it gained what
    /// the others gained in the median, and never more than brings it level with the best of them.
    pub(crate) fn at_the_end(&self, rung: usize, accuracy: f64) -> f64 {
        self.steps
            .iter()
            .skip(rung)
            .flatten()
            .fold(accuracy, |accuracy, step| (accuracy + step.median).min(step.best.max(accuracy)).max(0.0))
    }
}

/// The median; of an even number the mean of the two in the middle. None of nothing.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::curve;
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    /// Worked by hand on the ladder 1, 2, 4; all numbers are exact in binary.
    #[test]
    fn who_rests_is_credited_with_what_the_others_gained() {
        let curves =
            [curve(&[0.125, 0.25]), curve(&[0.25, 0.5]), curve(&[0.25, 0.625, 0.625, 0.75]), curve(&[0.5])];
        let curves: Vec<&[EpochScore]> = curves.iter().map(Vec::as_slice).collect();
        let gains = Gains::of(&[1, 2, 4], &curves);
        // From 1 to 2: 0.125, 0.25, 0.375; from 2 to 4: 0.125.
        assert_eq!(gains.at_the_end(0, 0.125), 0.125 + 0.25 + 0.125);
        assert_eq!(gains.at_the_end(1, 0.5), 0.625);
        assert_eq!(gains.at_the_end(2, 0.5), 0.5);
        // Never above the best of each rung, nor below what was measured.
        assert_eq!(gains.at_the_end(0, 0.5), 0.75);
        assert_eq!(gains.at_the_end(1, 0.875), 0.875);
        assert_eq!(Gains::default().at_the_end(0, 0.375), 0.375);
        assert_eq!(Gains::of(&[1, 2, 4], &curves[..1]).at_the_end(0, 0.125), 0.25);
    }
}
