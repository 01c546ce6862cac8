//! Expected hypervolume improvement where all objectives but the first are known.

use crate::gaussian::{Belief, expected_shortfall};

/// The front that is to be improved upon.
pub(crate) struct Improvable {
    /// [error, costs], each within the reference, by ascending last cost.
    members: Vec<Vec<f64>>,
    reference: Vec<f64>,
}

impl Improvable {
    /// Of these points, [error, costs], those within the reference count.
    pub(crate) fn new(points: &[Vec<f64>], reference: Vec<f64>) -> Self {
        let is_within = |point: &&Vec<f64>| point.iter().zip(&reference).all(|(value, bound)| value < bound);
        let mut members: Vec<Vec<f64>> = points.iter().filter(is_within).cloned().collect();
        let last = reference.len() - 1;
        members.sort_by(|a, b| a[last].total_cmp(&b[last]));
        Self { members, reference }
    }

    /// Mean of how much the dominated space grows when a candidate of these costs has its result.
    ///
    /// Behind the costs of the candidate each spot is improved upon by how far the error falls below the least one of the
    /// members that are no more costly there: the sum over the spots of the expected shortfalls (the definition of
    /// Emmerich et al. 2006, "Single- and Multiobjective Evolutionary Optimization Assisted by Gaussian Random Field
    /// Metamodels", integrated over the known objectives).
    ///
    /// # Panics
    /// If there are not one or two costs.
    pub(crate) fn expect(&self, belief: Belief, costs: &[f64]) -> f64 {
        // Behind the members is the reference.
        let mut room = vec![0.0; self.members.len() + 1];
        match *costs {
            [cost] => self.add_strips(&mut room, f64::INFINITY, cost, 1.0),
            [first, second] => {
                let bound = self.reference[1];
                let mut slabs: Vec<f64> = self.members.iter().map(|member| member[1]).collect();
                slabs.retain(|&start| start > first);
                slabs.push(first);
                slabs.sort_by(f64::total_cmp);
                slabs.push(bound);
                for slab in slabs.windows(2).filter(|slab| slab[1] > slab[0]) {
                    self.add_strips(&mut room, slab[0], second, slab[1] - slab[0]);
                }
            }
            _ => panic!("{} costs: one or two are offered", costs.len()),
        }
        let levels = self.members.iter().map(|member| member[0]).chain([self.reference[0]]);
        let rooms = room.into_iter().zip(levels).filter(|(room, _)| *room > 0.0);
        rooms.map(|(room, level)| room * expected_shortfall(level, belief.mean, belief.deviation)).sum()
    }

    /// Adds to each member the room along the last cost, from `from` on, where it has the least error of all whose
    /// first cost is at most `most`.
    fn add_strips(&self, room: &mut [f64], most: f64, from: f64, thickness: f64) {
        let last = self.reference.len() - 1;
        let (mut level, mut at) = (self.members.len(), from);
        let mut least = self.reference[0];
        for (index, member) in self.members.iter().enumerate() {
            if member[1] <= most && member[0] < least {
                if member[last] > at {
                    room[level] += thickness * (member[last] - at);
                    at = member[last];
                }
                (level, least) = (index, member[0]);
            }
        }
        room[level] += thickness * (self.reference[last] - at).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;

    use super::*;
    use crate::hypervolume;

    /// With a belief that is certain the improvement is that of the hypervolume.
    #[test]
    fn certain_beliefs_improve_as_the_hypervolume_does() {
        for objectives in [2, 3] {
            let mut rng = Rng::for_purpose(3, "test", objectives);
            let mut point = || -> Vec<f64> { (0..objectives).map(|_| f64::from(rng.below(10))).collect() };
            for _ in 0..200 {
                let mut points: Vec<Vec<f64>> = (0..8).map(|_| point()).collect();
                let reference = vec![8.0; objectives as usize];
                let before = hypervolume(&points, &reference);
                let candidate = point();
                let improvable = Improvable::new(&points, reference.clone());
                let belief = Belief { mean: candidate[0], deviation: 0.0 };
                let expected = improvable.expect(belief, &candidate[1..]);
                points.push(candidate);
                let grown = hypervolume(&points, &reference) - before;
                assert!((expected - grown).abs() < 1e-9, "{points:?}: {expected} for {grown}");
            }
        }
    }

    #[test]
    fn uncertain_beliefs_are_averaged() {
        let points = vec![vec![3.0, 1.0], vec![1.0, 4.0]];
        let improvable = Improvable::new(&points, vec![5.0, 6.0]);
        let belief = Belief { mean: 2.0, deviation: 1.0 };
        // From cost 2 to 4 the error 3 is improved upon, from 4 to 6 the error 1.
        let expected = 2.0 * expected_shortfall(3.0, 2.0, 1.0) + 2.0 * expected_shortfall(1.0, 2.0, 1.0);
        assert!((improvable.expect(belief, &[2.0]) - expected).abs() < 1e-12);
    }
}
