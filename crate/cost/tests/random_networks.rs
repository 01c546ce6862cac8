//! Networks that no one has named have exactly the parameters and MACs that `PyTorch` counts.

use nas_arch::Network;
use nas_cost::NetworkCosts;
use serde_json::Value;

#[test]
fn random_networks_cost_what_pytorch_counts() {
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/goldens/cost/random_networks.json")).unwrap();
    let entries = golden["networks"].as_array().unwrap();
    assert_eq!(entries.len(), 100);
    for entry in entries {
        let network = Network::from_json(&entry["network"].to_string()).unwrap();
        let costs = NetworkCosts::of(&network.resolve().unwrap()).unwrap();
        let found = [costs.params, costs.params_total, costs.macs];
        let expected = ["params", "params_total", "macs"].map(|key| entry[key].as_u64().unwrap());
        assert_eq!(found, expected, "{}", entry["network"]);
    }
}
