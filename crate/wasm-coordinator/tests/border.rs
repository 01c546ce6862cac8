//! The border under Node: what crosses it keeps its value, and what fails is `{code, message}`.

use js_sys::Reflect;
use nas_run::link;
use nas_wasm_border::to_js;
use nas_wasm_coordinator::Coordinator;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const QUICK: &str = "#v=1&candidates=3&epochs=1&samples=64&layers.widths=4&train.final_epochs=0";
const OUTCOME: &str = r#"{"outcome": "trained", "curve": [{"loss": 2, "accuracy": 0.25}], "test_accuracy": null,
    "weights_sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"}"#;

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn config(text: &str) -> JsValue {
    to_js(&link::read(text, &[]).config).unwrap()
}

fn code(error: &JsValue) -> String {
    assert!(get(error, "message").as_string().is_some_and(|message| !message.is_empty()));
    get(error, "code").as_string().unwrap()
}

#[wasm_bindgen_test]
fn a_run_goes_from_job_to_outcome_to_the_end_of_its_log() {
    let mut run = Coordinator::new(config(QUICK), None).unwrap();
    loop {
        let job = run.next_job().unwrap();
        if job.is_null() {
            break;
        }
        let id = get(&job, "id").as_f64().unwrap() as u32;
        let outcome = js_sys::JSON::parse(OUTCOME).unwrap();
        run.tell(id, outcome.clone()).unwrap();
        assert_eq!(code(&run.tell(id, outcome).unwrap_err()), "unknown-job");
    }
    assert!(run.is_over());
    assert_eq!(run.told(), 3);
    let log = run.take_log();
    assert!(log.contains("\"validation_accuracy\":0.25") && log.contains("\"line\":\"done\""), "{log}");
}

#[wasm_bindgen_test]
fn what_fails_has_a_code_and_a_sentence() {
    let infeasible = Coordinator::new(config("#v=1&ram=10"), None).err().unwrap();
    assert_eq!(code(&infeasible), "infeasible");
    assert_eq!(code(&Coordinator::new(JsValue::from_str("no configuration"), None).err().unwrap()), "misuse");
}

#[wasm_bindgen_test]
fn a_run_that_names_a_table_needs_it() {
    let link = format!("{QUICK}&device=this-browser&estimator=measured&table={}", "0".repeat(64));
    let missing = Coordinator::new(config(&link), None).err().unwrap();
    assert_eq!(code(&missing), "bad-configuration");
    let unread = Coordinator::new(config(&link), Some("no table".to_owned())).err().unwrap();
    assert!(get(&unread, "message").as_string().unwrap().contains("line 1"));
}
