//! The command as people call it: what it prints, and how it ends.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn nas(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nas")).args(words).output().unwrap()
}

/// Standard output of a call that must succeed.
fn stdout(words: &[&str]) -> String {
    let output = nas(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(words: &[&str]) -> Value {
    serde_json::from_str(&stdout(words)).unwrap()
}

/// Exit code and message of a call that must fail.
fn failure(words: &[&str]) -> (i32, String) {
    let output = nas(words);
    assert!(output.stdout.is_empty(), "{words:?} printed before it failed");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A file in a folder of this test run.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

const QUICK: &str = "#v=1&candidates=4&epochs=1&samples=64&layers.widths=4&train.final_epochs=1";

#[test]
fn a_run_prints_its_front_and_the_digest_of_its_log() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run.jsonl");
    let run = json(&["run", QUICK, "--workers", "2", "--json", "--log", log.to_str().unwrap()]);
    assert_eq!(run["config"]["candidates"], 4);
    let member = &run["front"][0];
    for key in ["name", "network", "val_accuracy", "test_accuracy", "costs"] {
        assert!(!member[key].is_null(), "{key} in {member}");
    }
    let digest = nas_numerics::sha256(&std::fs::read(log).unwrap()).to_string();
    assert_eq!(run["log_sha256"], digest);
}

/// The front has what was trained to the end only, each with the accuracy that a training without rests would have.
#[test]
fn a_run_that_stops_trainings_early_has_one_log_for_any_number_of_workers() {
    let link = "#v=1&candidates=12&epochs=9&samples=64&layers.widths=4&train.final_epochs=0";
    let halving = format!("{link}&train.stopping=halving");
    let run = json(&["run", &halving, "--workers", "1", "--json"]);
    assert_eq!(run, json(&["run", &halving, "--workers", "4", "--json"]));
    assert_ne!(run["log_sha256"], json(&["run", link, "--json"])["log_sha256"]);
    assert!(!run["front"].as_array().unwrap().is_empty());
    let (code, message) = failure(&["run", &format!("{halving}&train.min_epochs=9")]);
    assert_eq!(code, 2);
    assert!(message.contains("train.min_epochs: 9 epochs before the first decision"), "{message}");
}

#[test]
fn a_configuration_file_is_a_run_too() {
    let text = br#"{"candidates": 4, "epochs": 1, "samples": 64, "settings": {"layers.widths": [4], "train.final_epochs": 1}}"#;
    let path = file("run.json", text);
    let from_file = json(&["run", path.to_str().unwrap(), "--json"]);
    assert_eq!(from_file["log_sha256"], json(&["run", QUICK, "--json"])["log_sha256"]);
}

#[test]
fn a_training_prints_scores_and_exports_its_weights() {
    let [initial, trained, folded] = ["initial.json", "trained.json", "folded.json"]
        .map(|name| Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
    let words = ["train", "ref:digits-tiny", "--data", "digits8", "--epochs", "2", "--seed", "1", "--json"];
    let files = ["--export-init", initial.to_str().unwrap(), "--export", trained.to_str().unwrap()];
    let folded_file = ["--export-folded", folded.to_str().unwrap()];
    let training = json(&[&words[..], &files, &folded_file].concat());
    assert_eq!(training["curve"].as_array().unwrap().len(), 2);
    assert_eq!(training["weights_sha256"].as_str().unwrap().len(), 64);
    assert!(training["val_accuracy"].as_f64().unwrap() > 0.2);
    assert!(training["test_accuracy"].as_f64().unwrap() > 0.2);
    let [initial, trained, folded] = [initial, trained, folded]
        .map(|file| serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap());
    for weights in [&initial, &trained] {
        let first = &weights[0];
        assert_eq!(
            (&first["path"], &first["shape"]),
            (&"conv2d-1.weight".into(), &serde_json::json!([8, 1, 3, 3]))
        );
    }
    assert_ne!(initial[0]["values"], trained[0]["values"]);
    let of_layers = |key: &str| {
        let layers = folded["network"]["layers"].as_array().unwrap();
        layers.iter().filter(|layer| layer["op"] == key).count()
    };
    assert_eq!((of_layers("conv2d"), of_layers("batch-norm")), (2, 0));
    let paths: Vec<&str> =
        folded["weights"].as_array().unwrap().iter().map(|tensor| tensor["path"].as_str().unwrap()).collect();
    assert_eq!(&paths[..2], ["conv2d-1.weight", "conv2d-1.bias"]);
}

#[test]
fn scores_stand_beside_parameters_and_macs() {
    let scores = json(&["score", "ref:digits-tiny", "--data", "digits8", "--json"]);
    let costs = json(&["cost", "ref:digits-tiny", "--json"]);
    let entries = scores["scores"].as_array().unwrap();
    let ids: Vec<&str> = entries.iter().map(|entry| entry["proxy"].as_str().unwrap()).collect();
    assert_eq!(ids[..2], ["params", "macs"]);
    for (entry, cost) in entries.iter().zip(["params", "macs"]) {
        assert_eq!(entry["score"].as_f64(), costs[cost].as_f64(), "{cost}");
    }
    assert!(entries.iter().all(|entry| entry["score"].is_number()), "{scores}");
    let listed = json(&["list", "scores", "--json"]);
    let listed = listed.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap());
    assert!(listed.eq(ids));
    let again = json(&["score", "ref:digits-tiny", "--data", "digits8", "--seed", "8", "--json"]);
    assert_ne!(again["scores"][2], scores["scores"][2]);
    // A linear network has neither rectifiers nor convolutions.
    let linear = br#"{"input": [1, 8, 8], "layers": [{"op": "dense", "out_features": 10}]}"#;
    let path = file("linear.json", linear);
    let table = stdout(&["score", path.to_str().unwrap(), "--data", "digits8"]);
    let naswot = table.lines().find(|line| line.starts_with("naswot")).unwrap();
    assert!(naswot.contains('–'), "{table}");
}

#[test]
fn a_run_by_scores_prints_them() {
    let run = json(&["run", &format!("{QUICK}&eval=score&score.proxy=zen"), "--json"]);
    let member = &run["front"][0];
    assert!(member["score"].is_number() && member["test_accuracy"].is_number(), "{member}");
    let table = stdout(&["run", &format!("{QUICK}&eval=score&score.proxy=zen")]);
    assert!(table.lines().next().unwrap().contains("score"), "{table}");
}

#[test]
fn every_level_trains_the_same_weights() {
    let trainings = json(&["bits", "--steps", "1", "--json"]);
    let trainings = trainings.as_array().unwrap();
    for id in ["W1", "W2", "W3", "W4"] {
        for optimizer in ["sgd", "adamw"] {
            let of_this = |entry: &&Value| entry["id"] == id && entry["optimizer"] == optimizer;
            let digests: BTreeSet<_> =
                trainings.iter().filter(of_this).map(|entry| entry["weights_sha256"].as_str()).collect();
            assert_eq!(digests.len(), 1, "{id} {optimizer}");
        }
    }
}

#[test]
fn costs_are_printed_as_documented() {
    let cost = json(&["cost", "ref:lenet-5", "--device", "arduino-uno", "--json"]);
    assert_eq!((&cost["params"], &cost["macs"]), (&61_706.into(), &416_520.into()));
    assert!(cost["memory"]["int8"]["peak_ram_bytes"].as_u64().unwrap() > 28 * 28);
    let estimate = &cost["estimates"][0];
    assert_eq!((&estimate["device"], &estimate["method"]), (&"arduino-uno".into(), &"stated-peak".into()));
    // 2 · 416,520 operations at 4 million a second.
    assert_eq!(estimate["latency_ms"], 208.26);
    let analytical = &cost["estimates"][1];
    assert_eq!((&analytical["method"], &analytical["error_percent"]), (&"analytical".into(), &2.0.into()));
    assert_eq!(cost["order"]["is_optimal"], true);
}

#[test]
fn measured_operators_price_networks_and_runs() {
    let table = Path::new(env!("CARGO_TARGET_TMPDIR")).join("table.csv");
    let table = table.to_str().unwrap();
    let items = stdout(&["measure", "--out", table, "--runs", "1"]);
    let words = ["cost", "ref:digits-tiny", "--device", "this-browser", "--table", table, "--json"];
    let estimate = &json(&words)["estimates"][0];
    assert_eq!(estimate["method"], "measured");
    assert!(estimate["latency_ms"].as_f64().unwrap() > 0.0);
    let link = format!("{QUICK}&{}", items.trim());
    let runs = [(); 2].map(|()| json(&["run", &link, "--table", table, "--json"])["log_sha256"].clone());
    assert_eq!(runs[0], runs[1]);
    let (code, message) = failure(&["run", &link, "--json"]);
    assert!(code == 2 && message.contains("give it the table"), "{message}");
    let changed =
        file("changed.csv", std::fs::read_to_string(table).unwrap().replace("conv,", "conv ,").as_bytes());
    let same = json(&["run", &link, "--table", changed.to_str().unwrap(), "--json"]);
    assert_eq!(same["log_sha256"], runs[0]);
}

#[test]
fn predictions_are_fitted_on_measured_networks() {
    let layer = |channels: u32| {
        format!(r#"{{"input":[1,8,8],"layers":[{{"op":"conv2d","out_channels":{channels},"kernel":3}}]}}"#)
    };
    let lines: Vec<String> = (1..=10)
        .map(|channels| format!(r#"{{"network":{},"latency_ms":{}}}"#, layer(channels), 2 * channels + 1))
        .collect();
    let measured = file("measured.jsonl", lines.join("\n").as_bytes());
    let network = file("twelve.json", layer(12).as_bytes());
    let (network, measured) = (network.to_str().unwrap(), measured.to_str().unwrap());
    let cost = json(&["cost", network, "--device", "rp2040", "--measurements", measured, "--json"]);
    let estimate =
        cost["estimates"].as_array().unwrap().iter().find(|e| e["method"] == "prediction").unwrap();
    assert!((estimate["latency_ms"].as_f64().unwrap() - 25.0).abs() < 0.2, "{estimate}");
    assert!(estimate["error_percent"].as_f64().unwrap() < 2.0, "{estimate}");
    let (code, message) = failure(&["cost", network, "--measurements", measured]);
    assert!(code == 2 && message.contains("name it with --device"), "{message}");
    let bad = file("bad.jsonl", br#"{"network":"ref:lenet-5","latency_ms":0}"#);
    let (_, message) =
        failure(&["cost", network, "--device", "rp2040", "--measurements", bad.to_str().unwrap()]);
    assert!(message.contains("line 1: latency_ms must be a positive number"), "{message}");
}

#[test]
fn a_device_may_be_a_file() {
    let text = include_str!("../../cost/devices/rp2040.json").replace("\"rp2040\"", "\"mine\"");
    let own = file("mine.json", text.as_bytes());
    let cost = json(&["cost", "ref:digits-tiny", "--device", own.to_str().unwrap(), "--json"]);
    assert_eq!(cost["estimates"][0]["device"], "mine");
    let broken = file("broken.json", text.replace("125000000.0", "-1").as_bytes());
    let (code, message) = failure(&["cost", "ref:digits-tiny", "--device", broken.to_str().unwrap()]);
    assert!(code == 2 && message.contains("must be a positive number"), "{message}");
}

#[test]
fn a_refinement_shows_the_space_before_and_after() {
    let refinement = json(&["refine", "#v=1&device=nrf5340", "--json"]);
    assert_eq!(refinement["size_before"], "199411800");
    assert_eq!(refinement["size_after"], "154764792");
    let operators = refinement["groups"][0]["operators"].as_array().unwrap();
    let dropped = operators.iter().filter(|operator| !operator["dominated_by"].is_null());
    assert_eq!(dropped.map(|operator| operator["id"].as_str().unwrap()).collect::<Vec<_>>(), ["batch-norm"]);
}

#[test]
fn a_search_starts_from_what_is_like_a_network() {
    let sample = json(&["sample", "cell", "--seed", "3"]);
    let network = file("like.json", sample["network"].to_string().as_bytes());
    let alike = json(&["alike", "#v=1&space=cell", network.to_str().unwrap(), "--json"]);
    assert_eq!(alike["distance"], 0.0);
    let link = alike["link"].as_str().unwrap();
    assert!(link.starts_with("v=1&space=cell&start="), "{link}");
    assert!(stdout(&["alike", "#v=1", "ref:digits-tiny"]).contains(": at a distance of 0.65\n#v=1&start="));
    let (code, message) = failure(&["alike", "#v=1&max_params=10", "ref:digits-tiny"]);
    assert!(code == 2 && message.contains("raise the limit, or start from another candidate"), "{message}");
}

#[test]
fn samples_are_lines_of_json_and_repeat() {
    let words = ["sample", "layers", "--count", "5", "--seed", "3"];
    let lines = stdout(&words);
    assert_eq!(lines, stdout(&words));
    assert_eq!(lines.lines().count(), 5);
    for line in lines.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        assert_eq!(sample["genes"].as_array().unwrap().len(), 13);
        let network = file("sample.json", sample["network"].to_string().as_bytes());
        assert!(stdout(&["cost", network.to_str().unwrap()]).contains("MACs"));
    }
}

#[test]
fn everything_there_is_can_be_listed() {
    let lists = [
        ("datasets", "digits8"),
        ("spaces", "layers"),
        ("strategies", "regularized-evolution"),
        ("evaluations", "train"),
        ("devices", "arduino-uno"),
        ("networks", "mnist-fire"),
    ];
    for (what, member) in lists {
        let list = json(&["list", what, "--json"]);
        assert!(list.as_array().unwrap().iter().any(|entry| entry["id"] == member), "{what}: {list}");
        assert!(stdout(&["list", what]).contains(member));
    }
}

#[test]
fn bad_input_is_told_with_exit_code_2() {
    let mut damaged = include_bytes!("../../../static/data/digits8.nasdata").to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("damaged");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("digits8.nasdata"), damaged).unwrap();
    let folder = folder.to_str().unwrap();
    let mismatch = file(
        "mismatch.json",
        br#"{"input": [1, 8, 8], "layers": [{"name": "p", "op": "max-pool", "kernel": 2},
            {"name": "sum", "op": "add", "inputs": ["input", "p"]}]}"#,
    );
    let mismatch = mismatch.to_str().unwrap();
    let no_network = file("no-network.json", b"{");
    let misspelt = file("misspelt.json", br#"{"settings": {"layers.widht": [4]}}"#);
    let cases: [(&[&str], &str); 17] = [
        (&["run", "#v=1&colour=red"], "'colour' is no key of a link"),
        (&["run", "#v=99"], "the link is of version 99"),
        (&["run", "#candidates=0"], "candidates=0 is out of bounds: 1 is used"),
        (&["run", "nonsense"], "neither a link"),
        (&["run", misspelt.to_str().unwrap()], "layers.widht: there is no such setting"),
        (&["run", "#v=1&seed=1&seed=2"], "'seed' stands twice"),
        (&["run", "missing.json"], "missing.json:"),
        (&["run", QUICK, "--workers", "0"], "0 is not in 1..=1024"),
        (&["run", QUICK, "--data-dir", folder], "digits8.nasdata:"),
        (&["run", QUICK, "--time-limit=-1"], "--time-limit:"),
        (&["cost", mismatch], "layer 'sum': add cannot join 1×8×8 and 1×4×4"),
        (&["cost", no_network.to_str().unwrap()], "line 1 column 1"),
        (&["cost", "ref:vgg"], "there is no reference network 'vgg'"),
        (&["cost", "ref:lenet-5", "--device", "toaster"], "no device 'toaster'"),
        (&["bench", "--workload", "W9"], "there is no workload 'W9'"),
        (&["bench", "--seconds=-1"], "--seconds:"),
        (&["train", "ref:lenet-5", "--data", "digits8", "--epochs", "1"], "digits8 has no resolution 28"),
    ];
    for (words, expected) in cases {
        let (code, message) = failure(words);
        assert_eq!(code, 2, "{words:?}: {message}");
        assert!(message.contains(expected), "{words:?}\n  gave: {message}\n  expected: {expected}");
        assert!(!message.contains("panicked"), "{message}");
    }
}

#[test]
fn costs_of_a_reference_network_are_those_of_its_publication() {
    let words = ["cost", "ref:mobilenet-v1-0.25", "--classes", "1001", "--resolution", "128", "--json"];
    let cost = json(&words);
    assert_eq!((&cost["params"], &cost["macs"]), (&470_329.into(), &13_570_304.into()));
    let networks = json(&["list", "networks", "--json"]);
    let listed =
        |id: &str| networks.as_array().unwrap().iter().find(|network| network["id"] == id).expect(id).clone();
    let squeezenet = listed("squeezenet-1.1");
    assert_eq!(squeezenet["input"], serde_json::json!([3, 224, 224]));
    assert_eq!((&squeezenet["classes"], &squeezenet["params"]), (&1000.into(), &1_235_496.into()));
    assert_eq!(squeezenet["macs"], 349_151_936);
}

#[test]
fn a_benchmark_of_any_level_is_a_share_of_its_peak() {
    let words = ["bench", "--workload", "W1", "--seconds", "0", "--level", "baseline", "--profile", "--json"];
    let bench = json(&words);
    let (result, number) = (&bench["workloads"][0], |value: &Value| value.as_f64().unwrap());
    assert_eq!((&result["id"], &result["host"]), (&"W1".into(), &"native".into()));
    let flops = 6.0 * number(&result["macs"]) * 32.0;
    let gflops = flops / (number(&result["ms_per_step"]) / 1e3) / 1e9;
    assert!((number(&result["gflops"]) / gflops - 1.0).abs() < 1e-9, "{bench}");
    let share = gflops / number(&bench["peak_gflops"]["native"]);
    assert!((number(&result["share_of_peak"]) / share - 1.0).abs() < 1e-9, "{bench}");
    assert!(result["profile_ms"]["conv2d forward"].is_f64(), "{bench}");
}

#[test]
fn a_benchmark_prices_candidates() {
    let pricing = json(&["bench", "--pricing", "layers", "--json"]);
    let us = |key: &str| pricing[key].as_f64().unwrap();
    assert!(0.0 < us("us_per_network") && us("us_per_network") < us("us_per_candidate"), "{pricing}");
}

/// The small ones, on the smallest images that all of them take.
#[test]
fn small_reference_networks_can_be_trained() {
    for id in ["mnist-fire", "mobile-tiny", "hybrid-tiny", "residual-tiny", "separable-tiny", "signal-tiny"] {
        let network = format!("ref:{id}");
        let sizes = ["--channels", "1", "--resolution", "8", "--classes", "10"];
        let words = ["train", &network, "--data", "digits8", "--epochs", "1", "--json"];
        let training = json(&[&words[..], &sizes].concat());
        assert!(training["curve"][0]["loss"].as_f64().unwrap() < 2.6, "{id}: {training}");
    }
}

#[test]
fn a_lenient_run_tells_and_goes_on() {
    let output = nas(&["run", &format!("{QUICK}&colour=red"), "--lenient", "--json"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stderr).unwrap().contains("'colour' is no key of a link: it is ignored")
    );
}

#[test]
fn a_space_without_a_feasible_candidate_ends_with_3() {
    let (code, message) = failure(&["run", "#v=1&ram=10"]);
    assert_eq!(code, 3);
    assert!(message.contains("no candidate fits") && message.contains("RAM (int8)"), "{message}");
}

#[test]
fn a_time_limit_ends_with_4_and_a_whole_log() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stopped.jsonl");
    let output = nas(&["run", "#v=1&candidates=100", "--time-limit", "0.05", "--log", log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(4));
    assert!(std::fs::read_to_string(log).unwrap().ends_with("{\"line\":\"stopped\",\"reason\":\"time\"}\n"));
}

#[test]
fn costs_on_accelerators_are_told_for_each_layer() {
    let array = "rows=12,columns=14,dataflow=ws,input_sram_kib=64";
    let cost =
        json(&["cost", "ref:lenet-5", "--accelerator", array, "--accelerator", "template=gemmini", "--json"]);
    assert_eq!(cost["estimates"], serde_json::json!([]));
    let [ours, gemmini] = &cost["accelerators"].as_array().unwrap()[..] else { panic!("{cost}") };
    assert!(ours["accelerator"].as_str().unwrap().starts_with("rows=12,columns=14,input_sram_kib=64,"));
    assert!(gemmini["accelerator"].as_str().unwrap().starts_with("rows=16,columns=16,"));
    let layers = ours["layers"].as_array().unwrap();
    let sum = |name: &str| layers.iter().map(|layer| layer[name].as_u64().unwrap()).sum::<u64>();
    for name in ["macs", "compute_cycles", "stall_cycles", "total_cycles", "folds"] {
        assert_eq!(ours[name], sum(name), "{name}");
    }
    assert_eq!(ours["macs"], cost["macs"]);
    // 28·28 pixels, 25 products on 12 rows, 6 outputs on 14 columns.
    assert_eq!(
        layers[0]["products"],
        serde_json::json!([{"count": 1, "pixels": 784, "depth": 25, "outputs": 6}])
    );
    assert_eq!(layers[0]["compute_cycles"], 3 * (2 * 12 + 14 + 784 - 2) - 1);
    assert!(
        stdout(&["cost", "ref:lenet-5", "--accelerator", array]).contains("accelerator rows=12,columns=14,")
    );
    let (code, message) = failure(&["cost", "ref:lenet-5", "--accelerator", "rows=0"]);
    assert!(code == 2 && message.contains("rows=0: use a whole number from 1 to 4096"), "{message}");
}

#[test]
fn a_search_of_hardware_names_the_arrays_of_its_front() {
    let link = format!("{QUICK}&space=accelerator&area_mm2=2&accelerator.hardware=templates");
    let run = json(&["run", &link, "--json"]);
    let front = run["front"].as_array().unwrap();
    assert!(!front.is_empty());
    for member in front {
        let cost = |texts: [&str; 2]| {
            let path = file("front.json", member["network"].to_string().as_bytes());
            json(&["cost", path.to_str().unwrap(), texts[0], texts[1], "--json"])["accelerators"][0].clone()
        };
        let found = cost(["--accelerator", member["accelerator"].as_str().unwrap()]);
        for name in ["latency_ms", "energy_mj", "area_mm2"] {
            assert_eq!(found[name], member["costs"][name], "{name}");
        }
        assert!(member["costs"]["area_mm2"].as_f64().unwrap() <= 2.0);
    }
}
