//! Reference networks have exactly the parameters and MACs that they have where they come from.

use nas_arch::{ReferenceSizes, reference, references, sized_reference};
use nas_cost::NetworkCosts;
use serde_json::Value;

fn costs(name: &str) -> NetworkCosts {
    NetworkCosts::of(&reference(name).unwrap().resolve().unwrap()).unwrap()
}

#[test]
fn every_network_costs_what_its_source_says() {
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/goldens/cost/reference_networks.json")).unwrap();
    let entries = golden["networks"].as_array().unwrap();
    for entry in entries {
        let size = |key: &str| entry["sizes"][key].as_u64().map(|size| size as u32);
        let sizes =
            ReferenceSizes { channels: None, resolution: size("resolution"), classes: size("classes") };
        let network = sized_reference(entry["network"].as_str().unwrap(), sizes).unwrap();
        let costs = NetworkCosts::of(&network.resolve().unwrap()).unwrap();
        let found = [costs.params, costs.params_total, costs.macs];
        let expected = ["params", "params_total", "macs"].map(|key| entry[key].as_u64().unwrap());
        assert_eq!(found, expected, "{entry}");
    }
    for reference in references() {
        assert!(entries.iter().any(|entry| entry["network"] == reference.id), "{}", reference.id);
    }
}

#[test]
fn squeezenet_holds_the_stem_and_its_pool() {
    let costs = costs("squeezenet-1.1");
    // 64×111×111 and 64×55×55, both alive while the first pool runs.
    assert_eq!(costs.memory.int8.peak_ram_bytes, 64 * (111 * 111 + 55 * 55));
    assert_eq!(costs.params_deployed, costs.params);
    assert_eq!(costs.memory.f32.flash_bytes, 4 * 1_235_496);
    // 26 convolutions, 8 concatenations, 4 pools; 1 byte a weight, 12 an output channel.
    let channels = 64 + 2 * (16 + 128) + 2 * (32 + 256) + 2 * (48 + 384) + 2 * (64 + 512) + 1000;
    assert_eq!(
        costs.memory.int8.flash_bytes,
        16 + 28 * (26 + 8 + 4) + (1_235_496 - channels) + 12 * channels
    );
}

#[test]
fn normalizations_behind_biases_are_folded() {
    let costs = costs("vww-mobilenet");
    // Input and output of the first pointwise convolution.
    assert_eq!(costs.memory.int8.peak_ram_bytes, 55_296);
    // A weight or a bias is left of each parameter; scales and shifts are as many as running statistics.
    assert_eq!(costs.params_deployed, costs.params - (costs.params_total - costs.params));
}
