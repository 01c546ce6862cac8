use super::{Entrant, RungTold, StoppingRule};

/// Asynchronous successive halving: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (ASHA),
/// algorithm 2. Whenever there is room, the best candidate that is among the first `1/eta` of its rung and was not promoted
/// yet goes on, from the highest rung that has one.
pub(super) struct Halving {
    eta: usize,
    /// Rung of the ladder where candidates begin.
    first: usize,
    /// For each rung of the ladder who has reached it, the most accurate first, of equals the one told first.
    rungs: Vec<Vec<Standing>>,
}

struct Standing {
    ask: u32,
    accuracy: f64,
    /// Neither promoted nor failed.
    can_go_on: bool,
}

impl Halving {
    /// The rule on a ladder of so many rungs, of which those before `first` are left out: the paper's s.
    pub(super) fn new(eta: u32, first: usize, rungs: usize) -> Self {
        Self { eta: eta as usize, first, rungs: (0..rungs).map(|_| Vec::new()).collect() }
    }
}

impl StoppingRule for Halving {
    fn enter(&mut self, _entrant: &Entrant<'_>) -> usize {
        self.first
    }

    fn tell(&mut self, told: &RungTold<'_>) {
        let accuracy = told.accuracy();
        let rung = &mut self.rungs[told.rung];
        let place = rung.partition_point(|other| other.accuracy >= accuracy);
        rung.insert(place, Standing { ask: told.ask, accuracy, can_go_on: !told.curve.is_empty() });
    }

    fn promote(&mut self) -> Option<u32> {
        let (_, below) = self.rungs.split_last_mut()?;
        below.iter_mut().rev().find_map(|rung| {
            let top = rung.len() / self.eta;
            let standing = rung[..top].iter_mut().find(|standing| standing.can_go_on)?;
            standing.can_go_on = false;
            Some(standing.ask)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::curve;
    use super::*;

    fn tell(rule: &mut Halving, ask: u32, rung: usize, accuracy: f32) {
        rule.tell(&RungTold { ask, rung, curve: &curve(&[accuracy]) });
    }

    /// Worked by hand with eta 3: a third of a rung, rounded down, may go on.
    #[test]
    fn the_best_third_of_each_rung_goes_on_from_the_highest_rung_first() {
        let mut rule = Halving::new(3, 0, 3);
        let accuracies = [0.3, 0.5, 0.1, 0.9, 0.2, 0.4, 0.6, 0.7, 0.8];
        let mut promoted = Vec::new();
        for (ask, accuracy) in accuracies.into_iter().enumerate() {
            tell(&mut rule, ask as u32, 0, accuracy);
            promoted.extend(std::iter::from_fn(|| rule.promote()).map(|other| (ask, other)));
        }
        // One of three to five: 1, then 3; two of six to eight: 3 and 6, then 3 and 7; three of nine: 3, 8 and 7.
        assert_eq!(promoted, [(2, 1), (3, 3), (6, 6), (7, 7), (8, 8)]);
        for (ask, accuracy) in [(1, 0.6), (3, 0.7), (8, 0.95)] {
            tell(&mut rule, ask, 1, accuracy);
        }
        tell(&mut rule, 9, 0, 0.99);
        tell(&mut rule, 10, 0, 0.98);
        tell(&mut rule, 11, 0, 0.05);
        // The higher rung first: one of its three. Of twelve below, four: 9, 10, 3 and 8.
        assert_eq!(
            [rule.promote(), rule.promote(), rule.promote(), rule.promote()],
            [Some(8), Some(9), Some(10), None]
        );
    }

    #[test]
    fn of_equals_the_first_told_goes_on_and_what_failed_only_counts() {
        let mut rule = Halving::new(2, 0, 2);
        tell(&mut rule, 4, 0, 0.5);
        tell(&mut rule, 2, 0, 0.5);
        assert_eq!([rule.promote(), rule.promote()], [Some(4), None]);
        let mut rule = Halving::new(2, 0, 2);
        rule.tell(&RungTold { ask: 0, rung: 0, curve: &[] });
        rule.tell(&RungTold { ask: 1, rung: 0, curve: &[] });
        assert_eq!(rule.promote(), None);
        tell(&mut rule, 2, 0, 0.0);
        tell(&mut rule, 3, 0, 0.1);
        assert_eq!([rule.promote(), rule.promote()], [Some(3), None]);
    }

    #[test]
    fn who_has_reached_the_top_goes_nowhere() {
        let mut rule = Halving::new(2, 0, 1);
        tell(&mut rule, 0, 0, 0.5);
        tell(&mut rule, 1, 0, 0.5);
        assert_eq!(rule.promote(), None);
    }
}
