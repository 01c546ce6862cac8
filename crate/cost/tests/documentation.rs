//! What the pages say is what the code does.

use nas_arch::{Network, ReferenceSizes, Shape, sized_reference};
use nas_cost::{Device, NetworkCosts, device};

const NETWORK_FORMAT: &str = include_str!("../../../docs/network-format.md");
const COSTS: &str = include_str!("../../../docs/costs.md");
const ADDING_A_DEVICE: &str = include_str!("../../../docs/adding-a-device.md");

/// The blocks of JSON of a page, each with the text behind it.
fn json_blocks(page: &'static str) -> Vec<(&'static str, &'static str)> {
    page.split("```json\n").skip(1).map(|rest| rest.split_once("```").expect("a block has an end")).collect()
}

/// The rows of the tables whose header begins with `first`, cells trimmed.
fn rows(page: &'static str, first: &str) -> Vec<Vec<&'static str>> {
    let table = page.lines().skip_while(|line| !line.starts_with(&format!("| {first} |"))).skip(2);
    let rows: Vec<Vec<&str>> = table
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 3, "the table of {first} is gone");
    rows
}

fn network(layers: &str) -> Result<Network, nas_arch::NetworkError> {
    Network::from_json(&format!(r#"{{"input": [4, 9, 7], "layers": [{layers}]}}"#))
}

#[test]
fn example_networks_cost_what_the_page_says() {
    let blocks = json_blocks(NETWORK_FORMAT);
    assert_eq!(blocks.len(), 3);
    for (text, rest) in blocks {
        let network = Network::from_json(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
        let NetworkCosts { params, macs, flops, memory, .. } =
            NetworkCosts::of(&network.resolve().unwrap()).unwrap();
        let (flash, ram) = (memory.int8.flash_bytes, memory.int8.peak_ram_bytes);
        let expected = format!(
            "costs: {params} parameters, {macs} MACs, {flops} FLOPs; int8: {flash} B flash, {ram} B RAM."
        );
        assert!(rest.trim_start().starts_with(&expected), "the page should say\n{expected}\nbehind\n{text}");
    }
}

#[test]
fn example_operators_have_the_shapes_the_page_says() {
    for row in rows(NETWORK_FORMAT, "example") {
        let shape: [u32; 3] = serde_json::from_str(row[1].trim_matches('`')).unwrap();
        let network =
            network(row[0].trim_matches('`')).unwrap_or_else(|error| panic!("{error} in {}", row[0]));
        assert_eq!(network.resolve().unwrap().output(), Shape::from(shape), "{}", row[0]);
    }
}

/// An operator that is not on the pages is as good as not there.
#[test]
fn every_operator_is_on_the_pages() {
    let error = network(r#"{"op": "none of them"}"#).unwrap_err().to_string();
    let (_, known) = error.split_once("expected one of ").expect("the error lists the operators");
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    assert!(known.len() > 20, "{known:?}");
    let page: String = rows(NETWORK_FORMAT, "example").into_iter().map(|row| row[0]).collect();
    let costs: String = rows(COSTS, "operator").into_iter().map(|row| row[0]).collect();
    for id in known {
        assert!(page.contains(&format!(r#""op": "{id}""#)), "no example of {id}");
        assert!(costs.contains(&format!("`{id}`")), "no costs of {id}");
    }
}

#[test]
fn published_figures_are_those_of_the_commands_on_the_page() {
    for row in rows(COSTS, "network") {
        let words: Vec<&str> = row[1].trim_matches('`').split(' ').collect();
        let option = |name: &str| {
            let place = words.iter().position(|word| *word == name)?;
            Some(words[place + 1].parse().unwrap())
        };
        let sizes = ReferenceSizes {
            channels: None,
            resolution: option("--resolution"),
            classes: option("--classes"),
        };
        let network = sized_reference(words[2].strip_prefix("ref:").unwrap(), sizes).unwrap();
        let costs = NetworkCosts::of(&network.resolve().unwrap()).unwrap();
        let expected: Vec<u64> = row[2..].iter().map(|cell| cell.replace(',', "").parse().unwrap()).collect();
        assert_eq!([costs.params, costs.params_total, costs.macs][..], expected, "{}", row[1]);
    }
}

#[test]
fn refusals_read_as_the_page_says() {
    for row in rows(NETWORK_FORMAT, "layers") {
        let (layers, expected) = (row[0].trim_matches('`'), row[1].replace("\\`", "`"));
        let message = network(layers).expect_err(layers).to_string();
        assert!(message.contains(&expected), "{layers}\n  gave: {message}\n  page: {expected}");
    }
}

#[test]
fn the_example_device_is_one_that_ships() {
    let [(text, _)] = json_blocks(ADDING_A_DEVICE)[..] else { panic!("one block of JSON") };
    let example: Device = serde_json::from_str(text).unwrap();
    assert_eq!(&example, device(example.id).unwrap());
}
