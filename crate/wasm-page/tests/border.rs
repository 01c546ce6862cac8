//! The border under Node: what crosses it keeps its value, and what fails is `{code, message}`.

use js_sys::Reflect;
use nas_wasm_page::{DataFile, ProblemHandle, catalog, read_link, read_table, write_link};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const DIGITS: &[u8] = include_bytes!("../../../static/data/digits8.nasdata");

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn config(link: &str) -> JsValue {
    get(&read_link(link).unwrap(), "config")
}

fn code(error: &JsValue) -> String {
    assert!(get(error, "message").as_string().is_some_and(|message| !message.is_empty()));
    get(error, "code").as_string().unwrap()
}

#[wasm_bindgen_test]
fn the_catalog_lists_every_axis() {
    let catalog = catalog().unwrap();
    for axis in ["datasets", "spaces", "strategies", "evaluations", "devices", "objectives", "keys"] {
        let length = get(&get(&catalog, axis), "length").as_f64().unwrap();
        assert!(length >= 1.0, "{axis}");
    }
    assert_eq!(get(&get(&catalog, "defaults"), "candidates").as_f64(), Some(32.0));
}

#[wasm_bindgen_test]
fn a_configuration_survives_the_border_and_its_link() {
    let link = "v=1&seed=4294967295&macs=9007199254740991&latency_ms=0.125&layers.operators=conv3x3,fire";
    assert_eq!(write_link(config(link)).unwrap(), link);
}

#[wasm_bindgen_test]
fn candidates_are_decoded_and_priced() {
    let problem = ProblemHandle::new(config("#v=1&ram=100"), None).unwrap();
    assert_eq!(get(&problem.space().unwrap(), "size").as_string().unwrap(), "199411800");
    let candidate = problem.draw(1, 7).unwrap();
    let candidate = get(&candidate, "0");
    let again = problem.candidate(get(&candidate, "genes")).unwrap();
    assert_eq!(get(&again, "name").as_string(), get(&candidate, "name").as_string());
    let macs = get(&get(&again, "costs"), "macs").as_f64().unwrap();
    assert!(macs > 0.0);
}

#[wasm_bindgen_test]
fn a_network_of_a_file_is_priced_or_refused_with_its_layer() {
    let problem = ProblemHandle::new(config("#v=1&ram=10"), None).unwrap();
    let priced = problem.network(include_str!("../../arch/networks/digits-tiny.json")).unwrap();
    assert!(get(&get(&priced, "costs"), "macs").as_f64().unwrap() > 0.0);
    assert!(get(&get(&priced, "violations"), "length").as_f64().unwrap() > 0.0);

    let mismatched = r#"{"input": [1, 8, 8], "layers": [
        {"name": "pool", "op": "max-pool", "kernel": 2, "inputs": ["input"]},
        {"name": "sum", "op": "add", "inputs": ["input", "pool"]}
    ]}"#;
    let error = problem.network(mismatched).unwrap_err();
    assert_eq!(code(&error), "bad-network");
    let message = get(&error, "message").as_string().unwrap();
    assert!(message.contains("'sum'") && message.contains("1×8×8"), "{message}");
    assert_eq!(code(&problem.network("{").unwrap_err()), "bad-network");
}

#[wasm_bindgen_test]
fn the_candidate_most_like_a_network_is_found() {
    let problem = ProblemHandle::new(config("#v=1&space=cell"), None).unwrap();
    let candidate = get(&problem.draw(1, 7).unwrap(), "0");
    let network = js_sys::JSON::stringify(&get(&candidate, "network")).unwrap();
    let alike = problem.alike(&String::from(network)).unwrap();
    assert!(get(&alike, "distance").as_f64() == Some(0.0), "{alike:?}");
    let again = problem.candidate(get(&alike, "genes")).unwrap();
    assert_eq!(get(&again, "name").as_string(), get(&candidate, "name").as_string());
    assert_eq!(code(&problem.alike("{").unwrap_err()), "bad-network");
}

#[wasm_bindgen_test]
fn what_fails_has_a_code_and_a_sentence() {
    assert_eq!(code(&DataFile::new("digits8", &DIGITS[..1000]).err().unwrap()), "bad-data");
    assert_eq!(code(&DataFile::new("cats", DIGITS).err().unwrap()), "misuse");
    assert_eq!(code(&write_link(JsValue::from_str("no configuration")).err().unwrap()), "misuse");
    let problem = ProblemHandle::new(config("#v=1"), None).unwrap();
    assert_eq!(
        code(&problem.candidate(JsValue::from(js_sys::Array::new())).err().unwrap()),
        "bad-configuration"
    );
}

#[wasm_bindgen_test]
fn a_contact_sheet_is_bytes() {
    let file = DataFile::new("digits8", DIGITS).unwrap();
    let pixels = file.pixels(10);
    assert_eq!((pixels.len(), file.labels(10).len()), (640, 10));
    assert_eq!(pixels.iter().max(), Some(&255));
}

/// A table with a row of each kind of operator.
fn table() -> JsValue {
    let header = "operator,kernel_height,kernel_width,stride_height,stride_width,in_channels,out_channels,out_height,out_width,macs,ms";
    let kinds = [
        "conv",
        "pointwise",
        "depthwise",
        "dense",
        "attention",
        "max-pool",
        "avg-pool",
        "element-wise",
        "copy",
    ];
    let row = |kind: &&str| format!("{kind},1,1,1,1,4,4,4,4,64,0.5");
    let rows: Vec<String> = kinds.iter().map(row).collect();
    read_table(&format!("# made up\n{header}\n{}\n", rows.join("\n"))).unwrap()
}

#[wasm_bindgen_test]
fn a_run_prices_with_the_table_that_it_names_and_no_other() {
    let table = table();
    assert_eq!(get(&table, "rows").as_f64(), Some(9.0));
    assert_eq!(get(&get(&table, "missing"), "length").as_f64(), Some(0.0));
    let csv = get(&table, "csv").as_string();
    let digest = get(&table, "sha256").as_string().unwrap();
    let named = format!("#v=1&device=this-browser&estimator=measured&table={digest}");
    let problem = ProblemHandle::new(config(&named), csv.clone()).unwrap();
    let candidate = get(&problem.draw(1, 7).unwrap(), "0");
    let latency = get(&get(&candidate, "summary"), "latency_ms").as_f64().unwrap();
    let estimates = js_sys::Array::from(&get(&candidate, "estimates"));
    let measured =
        estimates.iter().find(|each| get(each, "method").as_string().unwrap() == "measured").unwrap();
    assert_eq!(get(&measured, "latency_ms").as_f64(), Some(latency));

    for (link, csv) in
        [(named.as_str(), None), ("#v=1", csv.clone()), (&named.replace(&digest, &"0".repeat(64)), csv)]
    {
        assert_eq!(code(&ProblemHandle::new(config(link), csv).err().unwrap()), "bad-configuration");
    }
    let error = read_table("conv,1").unwrap_err();
    assert_eq!(code(&error), "bad-table");
    assert!(get(&error, "message").as_string().unwrap().contains("line 1"));
}

#[wasm_bindgen_test]
fn networks_with_hardware_come_with_their_array() {
    let problem = ProblemHandle::new(config("#v=1&space=accelerator&objective=area"), None).unwrap();
    let candidate = get(&problem.draw(1, 7).unwrap(), "0");
    let array = get(&candidate, "accelerator");
    for figure in ["rows", "columns", "bits", "compute_cycles"] {
        assert!(get(&array, figure).as_f64().unwrap() >= 1.0, "{figure}");
    }
    assert!(get(&get(&candidate, "summary"), "area_mm2").as_f64().unwrap() > 0.0);
    let plain = ProblemHandle::new(config("#v=1"), None).unwrap();
    assert!(get(&get(&plain.draw(1, 7).unwrap(), "0"), "accelerator").is_null());
}
