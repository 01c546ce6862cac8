//! Super-networks on the command line: that they rank networks, that nothing depends on threads, and what is refused.

use std::process::Command;

use serde_json::Value;

fn supernet(link: &str, more: &[&str]) -> (i32, Value, String) {
    let words = ["supernet", link, "--json"];
    let output = Command::new(env!("CARGO_BIN_EXE_nas")).args(words).args(more).output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), json, String::from_utf8(output.stderr).unwrap())
}

/// The bar of the house: 60 networks of a small space, ranked better than by chance and than by the untrained super-network.
#[test]
fn a_trained_super_network_ranks_networks() {
    let link = "#v=1&space=cell&cell.channels=4&epochs=3";
    let (code, found, message) = supernet(link, &["--epochs", "80", "--networks", "60"]);
    assert_eq!(code, 0, "{message}");
    let tau = |what: &str| found["tau"][what].as_f64().unwrap();
    assert!(tau("supernet") > 0.3 && tau("supernet") > tau("untrained"), "{}", found["tau"]);
    let networks = found["networks"].as_array().unwrap();
    let names: std::collections::BTreeSet<_> =
        networks.iter().map(|network| network["name"].to_string()).collect();
    assert_eq!((networks.len(), names.len()), (60, 60));
}

#[test]
fn threads_change_nothing() {
    let link = "#v=1&space=layers&layers.max_depth=2&samples=64&epochs=1";
    let few = ["--epochs", "2", "--networks", "5", "--calibration-batches", "1", "--workers"];
    let [one, three] = ["1", "3"].map(|workers| supernet(link, &[&few[..], &[workers]].concat()).1);
    assert_eq!(one, three);
    assert_eq!(one["networks"].as_array().map(Vec::len), Some(5));
}

#[test]
fn what_cannot_share_weights_is_refused_with_the_reason() {
    let cases = [
        ("space=fire", "'fire' cannot be searched here: the layers of its networks have no names"),
        (
            "space=accelerator",
            "'accelerator' cannot be searched here: hardware is searched with its networks",
        ),
        ("space=cell&cell.kind=nodes&cell.concat=loose-ends", "choose cell.concat=all"),
        ("space=layers&layers.max_depth=1&layers.operators=max-pool,identity", "--networks: 10000 draws"),
    ];
    for (items, expected) in cases {
        let (code, _, message) = supernet(&format!("#v=1&{items}"), &[]);
        assert_eq!(code, 2, "{items}: {message}");
        assert!(message.contains(expected), "{items}: {message}");
    }
}
