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
    /// A second cost, for all points of a front or for none.
    pub second_cost: Option<f64>,
}

impl Point {
    /// What is to be made small.
    fn objectives(&self) -> Vec<f64> {
        [-self.accuracy, self.cost].into_iter().chain(self.second_cost).collect()
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

/// The Pareto front of accuracy against one cost or two: the points that no other one beats, by ascending cost, then by ascending
/// second cost. Of equal points the first one offered stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Front(Vec<Point>);

impl Front {
    /// Offers a point. One that is not a number joins nothing.
    pub fn insert(&mut self, point: Point) -> Insertion {
        let objectives = point.objectives();
        let is_beaten = |member: &Point| member.dominates(&point) || member.objectives() == objectives;
        if !objectives.iter().all(|value| value.is_finite()) || self.0.iter().any(is_beaten) {
            return Insertion::Refused;
        }
        self.0.retain(|member| !point.dominates(member));
        let costs = |point: &Point| (point.cost, point.second_cost);
        self.0.insert(self.0.partition_point(|member| costs(member) < costs(&point)), point);
        Insertion::Joined
    }

    /// The members, by ascending cost (and so, where there is no second one, by ascending accuracy).
    #[must_use]
    pub fn members(&self) -> &[Point] {
        &self.0
    }

    /// Area that the front dominates up to the reference point, or volume where there are two costs: for each member, from its
    /// costs to the reference costs and from the reference accuracy to its own, each spot counted once.
    ///
    /// # Panics
    /// If members have other costs than the reference.
    #[must_use]
    pub fn hypervolume(&self, reference_accuracy: f64, reference_costs: &[f64]) -> f64 {
        let points: Vec<Vec<f64>> = self.0.iter().map(Point::objectives).collect();
        hypervolume(&points, &[&[-reference_accuracy], reference_costs].concat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(ask: u32, accuracy: f64, cost: f64) -> Point {
        Point { ask, accuracy, cost, second_cost: None }
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
        assert!((front.hypervolume(0.5, &[100.0]) - 35.0).abs() < 1e-12);
        assert_eq!(Front::default().hypervolume(0.0, &[1.0]), 0.0);
    }

    #[test]
    fn a_second_cost_makes_room_on_the_front() {
        let point =
            |ask, accuracy, cost, second| Point { second_cost: Some(second), ..point(ask, accuracy, cost) };
        let mut front = Front::default();
        for (ask, (accuracy, cost, second)) in
            [(0.8, 10.0, 5.0), (0.8, 10.0, 5.0), (0.7, 20.0, 1.0), (0.7, 20.0, 2.0), (0.8, 10.0, f64::NAN)]
                .into_iter()
                .enumerate()
        {
            front.insert(point(ask as u32, accuracy, cost, second));
        }
        assert_eq!(asks(&front), [0, 2]);
        // (0.8 − 0.5)·(20 − 10)·(10 − 5); the second one lies on the edge.
        assert!((front.hypervolume(0.5, &[20.0, 10.0]) - 15.0).abs() < 1e-12);
        // (0.8 − 0.5)·(30 − 10)·(10 − 5) + (0.7 − 0.5)·(30 − 20)·(10 − 1) − (0.7 − 0.5)·(30 − 20)·(10 − 5).
        assert!((front.hypervolume(0.5, &[30.0, 10.0]) - 38.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_front_of_three_objectives_is_exactly_the_undominated_points(
            figures in prop::collection::vec((0u8..8, 0u8..8, 0u8..8), 0..60)
        ) {
            let points: Vec<Point> = figures
                .iter()
                .enumerate()
                .map(|(ask, &(accuracy, cost, second))| {
                    Point { second_cost: Some(second.into()), ..point(ask as u32, accuracy.into(), cost.into()) }
                })
                .collect();
            let mut front = Front::default();
            for &point in &points {
                front.insert(point);
            }
            // As it is defined: nobody is as good in all three and better in one, and nobody before is equal.
            let is_beaten = |at: usize| {
                let (accuracy, cost, second) = figures[at];
                figures.iter().enumerate().any(|(other, &(a, c, s))| {
                    a >= accuracy && c <= cost && s <= second && ((a, c, s) != figures[at] || other < at)
                })
            };
            let expected: Vec<u32> = (0..figures.len()).filter(|&at| !is_beaten(at)).map(|at| at as u32).collect();
            let mut found = asks(&front);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
            let costs: Vec<_> = front.members().iter().map(|member| (member.cost, member.second_cost)).collect();
            prop_assert!(costs.is_sorted());
        }

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
