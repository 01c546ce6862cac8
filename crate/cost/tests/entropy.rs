//! The scores that need no weights, on the networks of the zero-cost scores (tests/goldens/generators/scores.py).

use nas_arch::Network;
use nas_cost::Entropy;
use serde_json::Value;

/// Sums of a few logarithms in f64.
const TOLERANCE: f64 = 1e-12;

#[test]
fn entropies_are_those_of_the_golden() {
    let golden: Value = serde_json::from_str(include_str!("../../../tests/goldens/nn/scores.json")).unwrap();
    let networks = golden["networks"].as_array().unwrap();
    assert_eq!(networks.len(), 5);
    for entry in networks {
        let network = Network::from_json(&entry["network"].to_string()).unwrap();
        let found = Entropy::of(&network.resolve().unwrap()).unwrap();
        for (id, found) in
            [("mae", found.mae), ("deepmad", found.deepmad), ("effectiveness", found.effectiveness)]
        {
            let expected = entry["scores"][id].as_f64().unwrap();
            assert!((found / expected - 1.0).abs() < TOLERANCE, "{id} of {}: {found}", entry["name"]);
        }
    }
}
