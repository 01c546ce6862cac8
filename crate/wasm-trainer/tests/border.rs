//! The trainer's border under Node: a job comes in as a plain object and goes out as an outcome, and what fails is
//! `{code, message}`.

use js_sys::Reflect;
use nas_data::DatasetInfo;
use nas_run::{DataFacts, Run, RunConfig};
use nas_wasm_border::to_js;
use nas_wasm_trainer::{Evaluator, Measurement};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const DIGITS: &[u8] = include_bytes!("../../../static/data/digits8.nasdata");

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn code(error: &JsValue) -> String {
    assert!(get(error, "message").as_string().is_some_and(|message| !message.is_empty()));
    get(error, "code").as_string().unwrap()
}

/// The first job of a quick run, as the coordinator hands it out.
fn job() -> JsValue {
    let config = RunConfig { epochs: 2, samples: Some(64), ..RunConfig::default() };
    let facts = DataFacts::of(DatasetInfo::find("digits8").unwrap());
    to_js(&Run::new(&config, &facts).unwrap().next_job().unwrap()).unwrap()
}

fn finish(evaluator: &mut Evaluator) -> JsValue {
    loop {
        let outcome = get(&evaluator.step(1e6).unwrap(), "outcome");
        if !outcome.is_null() {
            return outcome;
        }
    }
}

#[wasm_bindgen_test]
fn a_job_is_performed_in_steps_and_resumed_from_a_checkpoint() {
    let mut evaluator = Evaluator::new(DIGITS, get(&job(), "data")).unwrap();
    assert!(evaluator.begin(job()).unwrap().is_null());
    let checkpoint = loop {
        let progress = get(&evaluator.step(1e6).unwrap(), "progress");
        if get(&get(&progress, "curve"), "length").as_f64() == Some(1.0) {
            break evaluator.checkpoint().unwrap();
        }
    };
    let outcome = finish(&mut evaluator);
    assert_eq!(get(&outcome, "outcome").as_string().unwrap(), "trained");
    assert_eq!(get(&get(&outcome, "curve"), "length").as_f64(), Some(2.0));
    assert!(get(&outcome, "test_accuracy").is_null());
    assert_eq!(code(&evaluator.step(1e6).unwrap_err()), "misuse");

    evaluator.resume(job(), &checkpoint).unwrap();
    let resumed = finish(&mut evaluator);
    assert_eq!(get(&resumed, "weights_sha256"), get(&outcome, "weights_sha256"));
}

#[wasm_bindgen_test]
fn what_fails_has_a_code_and_a_sentence() {
    let data = || get(&job(), "data");
    assert_eq!(code(&Evaluator::new(&DIGITS[..1000], data()).err().unwrap()), "bad-data");
    let cats = data();
    Reflect::set(&cats, &"id".into(), &"cats".into()).unwrap();
    assert_eq!(code(&Evaluator::new(DIGITS, cats).err().unwrap()), "misuse");
    assert_eq!(code(&Evaluator::new(DIGITS, JsValue::from(7)).err().unwrap()), "misuse");

    let mut evaluator = Evaluator::new(DIGITS, data()).unwrap();
    assert_eq!(code(&evaluator.checkpoint().unwrap_err()), "misuse");
    assert_eq!(code(&evaluator.resume(job(), &[0; 8]).unwrap_err()), "bad-checkpoint");
    let without_key = job();
    Reflect::set(&without_key, &"key".into(), &"none".into()).unwrap();
    assert_eq!(code(&evaluator.begin(without_key).unwrap_err()), "bad-job");
}

#[wasm_bindgen_test]
fn operators_are_measured_into_a_table() {
    let mut measurement = Measurement::new();
    assert_eq!(code(&measurement.seek().unwrap_err()), "misuse");
    assert_eq!(code(&measurement.begin(measurement.count()).unwrap_err()), "misuse");
    for operator in [0, 10] {
        measurement.begin(operator).unwrap();
        while measurement.seek().unwrap() {
            measurement.repeat(3).unwrap();
        }
        measurement.tell(0.25).unwrap();
    }
    let csv = measurement.csv();
    let lines: Vec<&str> = csv.lines().skip(1).collect();
    assert!(lines.len() == 2 && lines[0].starts_with("conv,3,3,1,1,4,4,4,4,"), "{csv}");
    assert!(lines[1].starts_with("attention,") && lines[1].ends_with(",0.25"), "{csv}");
}
