use nas_data::DataError;
use nas_evaluate::{CheckpointError, EvaluationError};
use nas_nn::TrainerError;
use nas_run::RunError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use ts_rs::TS;
use wasm_bindgen::JsValue;

/// What is thrown when something fails.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub(crate) struct BorderError {
    /// A word for programs.
    pub code: String,
    /// A sentence for people: what, where, and what to do.
    pub message: String,
}

impl BorderError {
    fn new(code: &str, error: impl core::fmt::Display) -> Self {
        Self { code: code.to_owned(), message: error.to_string() }
    }

    /// The page called with what it must not: a defect of the page.
    pub(crate) fn misuse(message: &str) -> Self {
        Self::new("misuse", message)
    }
}

impl From<RunError> for BorderError {
    fn from(error: RunError) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<DataError> for BorderError {
    fn from(error: DataError) -> Self {
        Self::new("bad-data", error)
    }
}

impl From<EvaluationError> for BorderError {
    fn from(error: EvaluationError) -> Self {
        Self::new("bad-job", error)
    }
}

impl From<CheckpointError> for BorderError {
    fn from(error: CheckpointError) -> Self {
        Self::new("bad-checkpoint", error)
    }
}

impl From<TrainerError> for BorderError {
    fn from(error: TrainerError) -> Self {
        Self::new("bad-job", error)
    }
}

impl From<BorderError> for JsValue {
    fn from(error: BorderError) -> Self {
        to_js(&error).unwrap_or_else(|problem| problem)
    }
}

/// A plain object of a value: maps as objects, numbers as numbers, none as `null`.
pub(crate) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&Serializer::json_compatible()).map_err(JsValue::from)
}

/// The value of a plain object. It goes through its JSON text: one parser, which files and links need anyway, for all that
/// comes in.
#[expect(clippy::needless_pass_by_value, reason = "so it comes over the border")]
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    let text = js_sys::JSON::stringify(&value).ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| BorderError::misuse("the value cannot be written as JSON"))?;
    serde_json::from_str(&text).map_err(|error| BorderError::misuse(&error.to_string()).into())
}
