use std::cmp::Ordering;

/// Whether `a` is nowhere worse than `b` and somewhere better.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// The fronts of these points, best first; in each the indices ascend (Deb et al. 2002, "A Fast and Elitist
/// Multiobjective Genetic Algorithm: NSGA-II", section III-A, with the constraint domination of section VI-A: a point
/// with less violation dominates one with more, and between two without any the objectives decide).
///
/// # Panics
/// If there is not one violation for each point.
#[must_use]
pub fn non_dominated_sort(objectives: &[Vec<f64>], violations: &[f64]) -> Vec<Vec<usize>> {
    assert_eq!(objectives.len(), violations.len(), "each point has a violation, 0 if it breaks no limit");
    let beats = |a: usize, b: usize| {
        violations[a] < violations[b]
            || (violations[a] == violations[b]
                && violations[a] == 0.0
                && dominates(&objectives[a], &objectives[b]))
    };
    let mut beaten: Vec<Vec<usize>> = vec![Vec::new(); objectives.len()];
    let mut beaten_by = vec![0; objectives.len()];
    for (a, beaten) in beaten.iter_mut().enumerate() {
        for b in (0..objectives.len()).filter(|&b| beats(a, b)) {
            beaten.push(b);
            beaten_by[b] += 1;
        }
    }
    let mut fronts = Vec::new();
    let mut front: Vec<usize> = (0..objectives.len()).filter(|&point| beaten_by[point] == 0).collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for &other in front.iter().flat_map(|&point| &beaten[point]) {
            beaten_by[other] -= 1;
            if beaten_by[other] == 0 {
                next.push(other);
            }
        }
        next.sort_unstable();
        fronts.push(std::mem::replace(&mut front, next));
    }
    fronts
}

/// Crowding distance of each member of a front (Deb et al. 2002, section III-B): the sum over the objectives of the
/// distance between its neighbours, as a share of the front's range; infinite for the first and last of an objective.
/// An objective in which all are equal adds nothing. Of equal values the first one given counts as the smaller.
#[must_use]
pub fn crowding_distances(front: &[&[f64]]) -> Vec<f64> {
    let mut distances = vec![0.0; front.len()];
    if front.len() <= 2 {
        distances.fill(f64::INFINITY);
        return distances;
    }
    let mut order: Vec<usize> = (0..front.len()).collect();
    for objective in 0..front[0].len() {
        order.sort_by(|&a, &b| front[a][objective].total_cmp(&front[b][objective]).then(a.cmp(&b)));
        let value = |position: usize| front[order[position]][objective];
        let last = front.len() - 1;
        let range = value(last) - value(0);
        if range > 0.0 {
            distances[order[0]] = f64::INFINITY;
            distances[order[last]] = f64::INFINITY;
            for position in 1..last {
                distances[order[position]] += (value(position + 1) - value(position - 1)) / range;
            }
        }
    }
    distances
}

/// Where a point stands among others: the number of its front, from 0, and its crowding distance there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(crate) rank: u32,
    pub(crate) crowding: f64,
}

impl Place {
    /// Whether it wins the crowded comparison (Deb et al. 2002, section III-B): the lower rank, then the emptier
    /// surroundings.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then(other.crowding.total_cmp(&self.crowding))
    }
}

/// The place of each of these points.
pub(crate) fn places(objectives: &[Vec<f64>], violations: &[f64]) -> Vec<Place> {
    let mut places = vec![Place { rank: 0, crowding: 0.0 }; objectives.len()];
    for (rank, front) in non_dominated_sort(objectives, violations).into_iter().enumerate() {
        let points: Vec<&[f64]> = front.iter().map(|&point| objectives[point].as_slice()).collect();
        for (&point, crowding) in front.iter().zip(crowding_distances(&points)) {
            places[point] = Place { rank: rank as u32, crowding };
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_violating_wins_whatever_the_objectives() {
        let objectives = [[5.0, 5.0], [0.0, 0.0], [4.0, 6.0], [0.0, 9.0], [6.0, 6.0]].map(Vec::from);
        let fronts = non_dominated_sort(&objectives, &[0.0, 0.5, 0.0, 0.5, 0.0]);
        assert_eq!(fronts, [vec![0, 2], vec![4], vec![1, 3]]);
    }

    #[test]
    fn equal_points_share_a_front() {
        let objectives = [[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]].map(Vec::from);
        assert_eq!(non_dominated_sort(&objectives, &[0.0; 3]), [vec![0, 1], vec![2]]);
        assert!(non_dominated_sort(&[], &[]).is_empty());
    }

    #[test]
    fn crowding_is_the_room_between_the_neighbours() {
        let front = [[0.0, 10.0], [1.0, 4.0], [4.0, 2.0], [10.0, 0.0]];
        let front: Vec<&[f64]> = front.iter().map(<[f64; 2]>::as_slice).collect();
        let distances = crowding_distances(&front);
        assert_eq!(distances, [f64::INFINITY, 0.4 + 0.8, 0.9 + 0.4, f64::INFINITY]);
        assert_eq!(crowding_distances(&front[..2]), [f64::INFINITY; 2]);
        // All alike in the second objective: the first one alone counts.
        let level: [&[f64]; 3] = [&[0.0, 1.0], &[1.0, 1.0], &[4.0, 1.0]];
        assert_eq!(crowding_distances(&level), [f64::INFINITY, 1.0, f64::INFINITY]);
    }
}
