use nas_cost::{Device, Objective, OperatorKind, devices};
use nas_numerics::{NUMERICS_VERSION, sha256};
use nas_run::{DataFacts, RunConfig, evaluations, link};
use nas_search::strategies;
use nas_space::spaces;
use nas_wasm_border::{coded, from_js, to_js};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::view::{Catalog, ObjectiveView, TableView};

/// Everything there is to choose from: a `Catalog`.
///
/// # Errors
/// Never in practice.
#[wasm_bindgen(unchecked_return_type = "Catalog")]
pub fn catalog() -> Result<JsValue, JsValue> {
    let objective = |id: Objective| ObjectiveView { id, title: id.title(), unit: id.unit() };
    to_js(&Catalog {
        datasets: nas_data::catalog().to_vec(),
        spaces: spaces(),
        strategies: strategies(),
        evaluations: evaluations(),
        devices: devices().to_vec(),
        objectives: Objective::ALL.map(objective).into(),
        keys: link::keys(),
        defaults: RunConfig::default(),
        numerics: NUMERICS_VERSION,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Reads a link's fragment: a `LinkReading`. What cannot be read is told in it.
///
/// # Errors
/// Never in practice.
#[wasm_bindgen(js_name = readLink, unchecked_return_type = "LinkReading")]
pub fn read_link(fragment: &str) -> Result<JsValue, JsValue> {
    let data: Vec<_> = nas_data::catalog().iter().map(DataFacts::of).collect();
    to_js(&link::read(fragment, &data))
}

/// Writes a `RunConfig` as the content of a fragment.
///
/// # Errors
/// If the object is no configuration.
#[wasm_bindgen(js_name = writeLink)]
pub fn write_link(
    #[wasm_bindgen(unchecked_param_type = "RunConfig")] config: JsValue,
) -> Result<String, JsValue> {
    Ok(link::write(&from_js(config)?))
}

/// Reads the file of a device of one's own: a `Device`, as the one called `own`.
///
/// # Errors
/// If the text is no device; the sentence names the line or the figure.
#[wasm_bindgen(js_name = readDevice, unchecked_return_type = "Device")]
pub fn read_device(json: &str) -> Result<JsValue, JsValue> {
    to_js(Device::own(json).map_err(coded("bad-device"))?)
}

/// Reads a table of measurements from CSV: a `TableView`.
///
/// # Errors
/// If the text is no table; the sentence names the line.
#[wasm_bindgen(js_name = readTable, unchecked_return_type = "TableView")]
pub fn read_table(csv: &str) -> Result<JsValue, JsValue> {
    let table = RunConfig::default().read_table(csv).map_err(coded("bad-table"))?;
    let csv = table.to_csv();
    let has_row = |kind: &OperatorKind| table.rows.iter().any(|row| row.operator == *kind);
    let missing = OperatorKind::ALL.into_iter().filter(|kind| !has_row(kind)).map(OperatorKind::id).collect();
    to_js(&TableView {
        sha256: sha256(csv.as_bytes()).to_string(),
        rows: table.rows.len() as u32,
        missing,
        csv,
    })
}
