//! Cycles and memory accesses of layers on systolic arrays, beside those of SCALE-Sim.

use std::collections::BTreeSet;

use nas_arch::{Network, reference};
use nas_cost::{Accelerator, AcceleratorCosts, Dataflow, LayerOnArray, Mapping, NetworkCosts};
use serde_json::Value;

const GOLDEN: &str = include_str!("../../../tests/goldens/cost/accelerator.json");
const MAX_MACS: u64 = 15_000_000;

fn cases() -> Vec<Value> {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    golden["cases"].as_array().unwrap().clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a count"))
}

/// The array of a run of SCALE-Sim.
fn accelerator(run: &Value) -> Accelerator {
    let sizes = format!(
        "rows={},columns={},dataflow={}",
        run["rows"],
        run["columns"],
        run["dataflow"].as_str().unwrap()
    );
    Accelerator::parse(&sizes).unwrap()
}

/// The layer of a case on an array.
fn layer(case: &Value, accelerator: &Accelerator) -> LayerOnArray {
    let network = Network::from_json(&case["network"].to_string()).unwrap();
    layers(&network, accelerator).remove(0)
}

fn layers(network: &Network, accelerator: &Accelerator) -> Vec<LayerOnArray> {
    let graph = network.resolve().unwrap();
    let costs = NetworkCosts::of(&graph).unwrap();
    AcceleratorCosts::of(&graph, &costs, accelerator).layers
}

#[test]
fn cycles_and_accesses_are_exactly_those_of_scale_sim() {
    for case in cases() {
        let groups = number(&case["groups"]);
        for run in case["runs"].as_array().unwrap() {
            let accelerator = accelerator(run);
            let LayerOnArray { products, work, .. } = layer(&case, &accelerator);
            let expected = |name: &str| groups * number(&run[name]);
            // SCALE-Sim adds a row and a column of writes to each fold whose outputs stay; they are not accesses.
            let extra = match accelerator.dataflow {
                Dataflow::OutputStationary => {
                    let sides = u64::from(accelerator.rows + accelerator.columns);
                    groups * Mapping::new(&products[0], &accelerator).folds() * sides
                }
                Dataflow::WeightStationary | Dataflow::InputStationary => 0,
            };
            let found = (
                work.compute_cycles,
                work.sram.input_reads,
                work.sram.filter_reads,
                work.sram.output_writes + extra,
            );
            let expected = (
                expected("cycles"),
                expected("input_reads"),
                expected("filter_reads"),
                expected("output_writes"),
            );
            assert_eq!(found, expected, "{} on {accelerator}", case["name"]);
        }
    }
}

#[test]
fn the_golden_has_ten_layers_of_three_networks_on_two_arrays_in_three_dataflows() {
    let cases = cases();
    let of_networks: Vec<&Value> = cases.iter().filter(|case| case["set"] == "layers").collect();
    assert_eq!(of_networks.len(), 10);
    let mut networks = BTreeSet::new();
    for case in of_networks {
        let (id, _) = case["name"].as_str().unwrap().split_once(':').unwrap();
        networks.insert(id);
        let array = Accelerator::default();
        let found = layer(case, &array);
        let of_network = layers(&reference(id).unwrap(), &array);
        let is_there = of_network.iter().any(|layer| (layer.op, layer.work) == (found.op, found.work));
        assert!(is_there, "{} is no layer of {id}", case["name"]);
    }
    assert_eq!(networks.len(), 3);
    for case in cases {
        assert!(layer(&case, &Accelerator::default()).work.macs <= MAX_MACS, "{}", case["name"]);
        let runs = case["runs"].as_array().unwrap();
        let arrays: BTreeSet<String> = runs.iter().map(|run| accelerator(run).to_string()).collect();
        assert_eq!((runs.len(), arrays.len()), (6, 6), "{}", case["name"]);
    }
}
