//! Fronts, crowding distances and hypervolumes against pymoo (tests/goldens/generators/pareto.py).

use nas_search::{crowding_distances, hypervolume, non_dominated_sort};
use serde::Deserialize;

/// Both add a few terms of the size of the objectives, in another order.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    points: Vec<Vec<f64>>,
    violations: Vec<f64>,
    fronts: Vec<Vec<usize>>,
    /// Null where infinite.
    crowding: Vec<Vec<Option<f64>>>,
    reference: Vec<f64>,
    hypervolume: f64,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/goldens/search/pareto.json");
    serde_json::from_str::<Golden>(text).unwrap().cases
}

#[test]
fn fronts_are_those_of_pymoo() {
    for case in cases() {
        assert_eq!(non_dominated_sort(&case.points, &case.violations), case.fronts, "{}", case.name);
    }
}

#[test]
fn crowding_distances_are_those_of_pymoo() {
    for case in cases() {
        for (front, expected) in case.fronts.iter().zip(&case.crowding) {
            let points: Vec<&[f64]> = front.iter().map(|&point| case.points[point].as_slice()).collect();
            for (found, expected) in crowding_distances(&points).into_iter().zip(expected) {
                let expected = expected.unwrap_or(f64::INFINITY);
                assert!(
                    found == expected || (found - expected).abs() < TOLERANCE,
                    "{}: {found} for {expected}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn hypervolumes_are_those_of_pymoo() {
    for case in cases() {
        let found = hypervolume(&case.points, &case.reference);
        let error = (found - case.hypervolume).abs();
        assert!(error <= TOLERANCE * case.hypervolume.max(1.0), "{}: {found}", case.name);
    }
}
