use super::{dominates, hypervolume};

/// A candidate as the front sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its ask.
    pub ask: u32,
    /// Accuracy: more is better.
    pub accuracy: f64,
    /// Cost: less is better.
    pub cost: f64,
}

impl Point {
    /// What is to be made small.
    fn objectives(&self) -> [f64; 2] {
        [-self.accuracy, self.cost]
    }

    fn dominates(&self, other: &Self) -> bool {
        dominates(&self.objectives(), &other.objectives())
    }
}

/// What became of a point that was offered to a front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// It is on the front now; what it dominates has left.
    Joined,
    /// A member dominates it, or equals it.
    Refused,
}

/// The Pareto front of accuracy against one cost: the points that no other one beats, by ascending cost. Of equal points the first one offered stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Front(Vec<Point>);

impl Front {
    /// Offers a point. One that is not a number joins nothing.
    pub fn insert(&mut self, point: Point) -> Insertion {
        let is_beaten = |member: &Point| {
            member.dominates(&point) || (member.accuracy == point.accuracy && member.cost == point.cost)
        };
        if !point.accuracy.is_finite() || !point.cost.is_finite() || self.0.iter().any(is_beaten) {
            return Insertion::Refused;
        }
        self.0.retain(|member| !point.dominates(member));
        self.0.insert(self.0.partition_point(|member| member.cost < point.cost), point);
        Insertion::Joined
    }

    /// The members, by ascending cost (and so by ascending accuracy).
    #[must_use]
    pub fn members(&self) -> &[Point] {
        &self.0
    }

    /// Area that the front dominates up to the reference point: for each member, from its cost to the reference cost and
    /// from the reference accuracy to its own, each spot counted once.
    #[must_use]
    pub fn hypervolume(&self, reference_accuracy: f64, reference_cost: f64) -> f64 {
        let points: Vec<Vec<f64>> = self.0.iter().map(|member| member.objectives().to_vec()).collect();
        hypervolume(&points, &[-reference_accuracy, reference_cost])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(ask: u32, accuracy: f64, cost: f64) -> Point {
        Point { ask, accuracy, cost }
    }

    fn asks(front: &Front) -> Vec<u32> {
        front.members().iter().map(|member| member.ask).collect()
    }

    #[test]
    fn a_front_keeps_what_nothing_beats() {
        let mut front = Front::default();
        assert_eq!(front.insert(point(0, 0.8, 10.0)), Insertion::Joined);
        assert_eq!(front.insert(point(1, 0.9, 20.0)), Insertion::Joined);
        assert_eq!(front.insert(point(2, 0.7, 15.0)), Insertion::Refused);
        assert_eq!(front.insert(point(3, 0.8, 10.0)), Insertion::Refused);
        assert_eq!(front.insert(point(4, f64::NAN, 1.0)), Insertion::Refused);
        assert_eq!(asks(&front), [0, 1]);
        assert_eq!(front.insert(point(5, 0.9, 5.0)), Insertion::Joined);
        assert_eq!(asks(&front), [5]);
    }

    #[test]
    fn the_hypervolume_counts_each_spot_once() {
        let mut front = Front::default();
        front.insert(point(0, 0.8, 10.0));
        front.insert(point(1, 0.9, 20.0));
        front.insert(point(2, 0.95, 120.0));
        // (0.8 − 0.5)·(100 − 10) + (0.9 − 0.8)·(100 − 20); the last one lies beyond the reference.
        assert!((front.hypervolume(0.5, 100.0) - 35.0).abs() < 1e-12);
        assert_eq!(Front::default().hypervolume(0.0, 1.0), 0.0);
    }

    proptest! {
        #[test]
        fn a_front_is_exactly_the_undominated_points(points in prop::collection::vec((0u8..20, 0u8..20), 0..60)) {
            let points: Vec<Point> = points
                .into_iter()
                .enumerate()
                .map(|(ask, (accuracy, cost))| point(ask as u32, accuracy.into(), cost.into()))
                .collect();
            let mut front = Front::default();
            for &point in &points {
                front.insert(point);
            }
            let first_undominated = |candidate: &Point| {
                points.iter().all(|other| !other.dominates(candidate))
                    && points.iter().find(|other| (other.accuracy, other.cost) == (candidate.accuracy, candidate.cost)).unwrap().ask
                        == candidate.ask
            };
            let mut expected: Vec<u32> = points.iter().filter(|p| first_undominated(p)).map(|p| p.ask).collect();
            let mut found = asks(&front);
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
            prop_assert!(front.members().windows(2).all(|pair| pair[0].cost < pair[1].cost && pair[0].accuracy < pair[1].accuracy));
        }
    }
}
