use std::collections::BTreeMap;

use super::halving::Halving;
use super::{Entrant, RungTold, StoppingRule};

/// Hyperband: Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", algorithm 1, with
/// brackets that halve asynchronously, as in Li et al. 2020 (ASHA). Bracket s begins s rungs below the top with
/// n = ⌈(S + 1) · eta^s / (s + 1)⌉ candidates, S being the largest s; after the last bracket comes the first one again, and goes on where it was.
pub(super) struct Hyperband {
    /// The one that begins lowest first.
    brackets: Vec<Bracket>,
    /// Bracket that takes the next candidate, and how many it has taken this time.
    next: usize,
    taken: u64,
    /// Bracket of each ask.
    bracket_of: BTreeMap<u32, usize>,
}

struct Bracket {
    candidates: u64,
    halving: Halving,
}

impl Hyperband {
    pub(super) fn new(eta: u32, rungs: usize) -> Self {
        let bracket = |first: usize| {
            let below_top = (rungs - 1 - first) as u32;
            let candidates =
                (rungs as u64 * u64::from(eta).pow(below_top)).div_ceil(u64::from(below_top) + 1);
            Bracket { candidates, halving: Halving::new(eta, first, rungs) }
        };
        Self { brackets: (0..rungs).map(bracket).collect(), next: 0, taken: 0, bracket_of: BTreeMap::new() }
    }
}

impl StoppingRule for Hyperband {
    fn enter(&mut self, entrant: &Entrant<'_>) -> usize {
        if self.taken == self.brackets[self.next].candidates {
            self.next = (self.next + 1) % self.brackets.len();
            self.taken = 0;
        }
        self.taken += 1;
        self.bracket_of.insert(entrant.ask, self.next);
        self.brackets[self.next].halving.enter(entrant)
    }

    fn tell(&mut self, told: &RungTold<'_>) {
        self.brackets[self.bracket_of[&told.ask]].halving.tell(told);
    }

    fn promote(&mut self) -> Option<u32> {
        self.brackets.iter_mut().find_map(|bracket| bracket.halving.promote())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{curve, enter};
    use super::*;

    #[test]
    fn brackets_are_those_of_the_paper() {
        let sizes = |eta, rungs| {
            Hyperband::new(eta, rungs).brackets.iter().map(|bracket| bracket.candidates).collect::<Vec<_>>()
        };
        // The paper's example: R = 81, eta = 3.
        assert_eq!(sizes(3, 5), [81, 34, 15, 8, 5]);
        assert_eq!(sizes(3, 3), [9, 5, 3]);
    }

    #[test]
    fn candidates_fill_one_bracket_after_the_other_and_begin_anew() {
        let mut rule = Hyperband::new(3, 3);
        let rungs: Vec<usize> = (0..20).map(|ask| enter(&mut rule, ask)).collect();
        assert_eq!(rungs, [[0; 9].as_slice(), &[1; 5], &[2; 3], &[0; 3]].concat());
    }

    #[test]
    fn a_candidate_is_compared_within_its_bracket_only() {
        let mut rule = Hyperband::new(3, 3);
        (0..14).for_each(|ask| assert!(enter(&mut rule, ask) < 2));
        // Two of the first bracket and one of the second stand on rung 1: in neither is there a third to promote.
        for (ask, accuracy) in [(0, 0.1), (1, 0.2), (9, 0.9)] {
            rule.tell(&RungTold { ask, rung: 1, curve: &curve(&[accuracy]) });
        }
        assert_eq!(rule.promote(), None);
        for ask in [10, 11] {
            rule.tell(&RungTold { ask, rung: 1, curve: &curve(&[0.5]) });
        }
        assert_eq!([rule.promote(), rule.promote()], [Some(9), None]);
    }
}
