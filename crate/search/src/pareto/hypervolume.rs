/// Space that points dominate up to a reference point (Zitzler and Thiele 1998, "Multiobjective Optimization Using
/// Evolutionary Algorithms"): area for two objectives, volume for three. What lies beyond the reference adds nothing.
///
/// Exact: a sweep along the last objective, for three with the area of the slice at each step.
///
/// # Panics
/// If there are not two or three objectives, for each point as many as for the reference.
#[must_use]
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    assert!((1..=2).contains(&last), "the hypervolume of {} objectives is not offered", reference.len());
    let mut inside: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    inside.retain(|point| {
        assert_eq!(point.len(), reference.len(), "each point has the objectives of the reference");
        point.iter().zip(reference).all(|(value, bound)| value < bound)
    });
    inside.sort_by(|a, b| a[last].total_cmp(&b[last]));
    if last == 1 {
        return area(&inside, reference);
    }
    let mut volume = 0.0;
    let mut slice: Vec<&[f64]> = Vec::new();
    for (position, point) in inside.iter().enumerate() {
        let end = inside.get(position + 1).map_or(reference[last], |next| next[last]);
        slice.insert(slice.partition_point(|other| other[1] <= point[1]), point);
        if end > point[last] {
            volume += area(&slice, reference) * (end - point[last]);
        }
    }
    volume
}

/// Area of the first two objectives up to the reference, of points by ascending second objective.
fn area(ascending: &[&[f64]], reference: &[f64]) -> f64 {
    let mut area = 0.0;
    let mut least = reference[0];
    for point in ascending {
        if point[0] < least {
            area += (least - point[0]) * (reference[1] - point[1]);
            least = point[0];
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spot_counts_once_in_two_objectives() {
        let points = [[1.0, 3.0], [2.0, 1.0], [3.0, 3.0], [0.0, 9.0]].map(Vec::from);
        // (4 − 1)·(4 − 3) + (4 − 2)·(4 − 1) less the shared (4 − 2)·(4 − 3); the last one lies beyond.
        assert_eq!(hypervolume(&points, &[4.0, 4.0]), 7.0);
        assert_eq!(hypervolume(&[], &[4.0, 4.0]), 0.0);
    }

    #[test]
    fn each_spot_counts_once_in_three_objectives() {
        let corners = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]].map(Vec::from);
        // Three boxes of 2·1·1 that share the unit cube.
        assert_eq!(hypervolume(&corners, &[2.0, 2.0, 2.0]), 4.0);
    }

    #[test]
    #[should_panic(expected = "the hypervolume of 4 objectives is not offered")]
    fn more_objectives_are_refused() {
        let _ = hypervolume(&[vec![0.0; 4]], &[1.0; 4]);
    }
}
