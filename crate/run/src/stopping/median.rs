use std::collections::VecDeque;

use super::estimate::median;
use super::{RungTold, StoppingRule};
use crate::EpochScore;

/// The median stopping rule: Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization", section 3.2.2. A
/// training is stopped after epoch s if its best accuracy so far is strictly worse than the median of the mean accuracies up
/// to epoch s of the trainings that were completed. Completed are those that reached the last rung.
pub(super) struct MedianRule {
    last_rung: usize,
    /// Of each completed training the accuracies of all epochs.
    completed: Vec<Vec<EpochScore>>,
    /// Who goes on.
    waiting: VecDeque<u32>,
}

impl MedianRule {
    pub(super) fn new(rungs: usize) -> Self {
        Self { last_rung: rungs - 1, completed: Vec::new(), waiting: VecDeque::new() }
    }

    fn stops(&self, curve: &[EpochScore]) -> bool {
        let mean = |other: &Vec<EpochScore>| {
            let epochs = &other[..curve.len()];
            epochs.iter().map(|score| f64::from(score.accuracy)).sum::<f64>() / epochs.len() as f64
        };
        let best = curve.iter().map(|score| f64::from(score.accuracy)).fold(0.0, f64::max);
        median(self.completed.iter().map(mean).collect()).is_some_and(|median| best < median)
    }
}

impl StoppingRule for MedianRule {
    fn tell(&mut self, told: &RungTold<'_>) {
        if told.curve.is_empty() {
            return;
        }
        if told.rung == self.last_rung {
            self.completed.push(told.curve.to_vec());
        } else if !self.stops(told.curve) {
            self.waiting.push_back(told.ask);
        }
    }

    fn promote(&mut self) -> Option<u32> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::curve;
    use super::*;

    /// Worked by hand: the means up to epoch 2 are 0.3, 0.5 and 0.6, their median is 0.5.
    #[test]
    fn what_is_worse_than_the_median_of_the_means_stops() {
        let mut rule = MedianRule::new(3);
        for (ask, accuracies) in [(0, [0.25, 0.35, 0.9]), (1, [0.25, 0.75, 0.8]), (2, [0.5, 0.7, 0.7])] {
            rule.tell(&RungTold { ask, rung: 2, curve: &curve(&accuracies) });
        }
        for (ask, accuracies) in [(3, [0.4, 0.45]), (4, [0.1, 0.5]), (5, [0.6, 0.2]), (6, [0.49, 0.49])] {
            rule.tell(&RungTold { ask, rung: 1, curve: &curve(&accuracies) });
        }
        // 4 is as good as the median, not worse; of 5 the best epoch counts, not the last one.
        assert_eq!([rule.promote(), rule.promote(), rule.promote()], [Some(4), Some(5), None]);
    }

    #[test]
    fn nothing_stops_before_something_is_completed_and_failures_do_not_go_on() {
        let mut rule = MedianRule::new(2);
        rule.tell(&RungTold { ask: 0, rung: 0, curve: &curve(&[0.0]) });
        rule.tell(&RungTold { ask: 1, rung: 0, curve: &[] });
        rule.tell(&RungTold { ask: 2, rung: 1, curve: &[] });
        assert_eq!([rule.promote(), rule.promote()], [Some(0), None]);
    }
}
