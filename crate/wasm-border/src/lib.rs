//! The browser border: how values, errors and panics cross it, the same in both modules.
//!
//! Control values are plain objects, bulk numbers typed arrays. What fails is thrown as `{code, message}`.

use core::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ts_rs::TS;
use wasm_bindgen::JsValue;

/// What is thrown when something fails.
#[derive(Debug, Serialize, TS)]
#[ts(export)]
pub struct BorderError {
    /// A word for programs.
    pub code: String,
    /// A sentence for people: what, where, and what to do.
    pub message: String,
}

impl BorderError {
    /// An error that is thrown with this code.
    pub fn new(code: &str, error: impl Display) -> Self {
        Self { code: code.to_owned(), message: error.to_string() }
    }

    /// The page called with what it must not: a defect of the page.
    #[must_use]
    pub fn misuse(message: &str) -> Self {
        Self::new("misuse", message)
    }
}

impl From<BorderError> for JsValue {
    fn from(error: BorderError) -> Self {
        to_js(&error).unwrap_or_else(|problem| problem)
    }
}

/// Gives errors the code that they are thrown with.
pub fn coded<E: Display>(code: &'static str) -> impl FnOnce(E) -> BorderError {
    move |error| BorderError::new(code, error)
}

/// A plain object of a value, by way of its JSON text: maps as objects, none as `null`. Files, links and the log need the
/// writer and the parser of that text anyway, and they keep the bits of every finite number.
///
/// # Errors
/// If a key of a map is no text.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(misuse)?;
    js_sys::JSON::parse(&text)
}

/// The value of a plain object, by way of its JSON text as well.
///
/// # Errors
/// If the object is no such value.
#[expect(clippy::needless_pass_by_value, reason = "so it comes over the border")]
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    let text = js_sys::JSON::stringify(&value).ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| BorderError::misuse("the value cannot be written as JSON"))?;
    Ok(serde_json::from_str(&text).map_err(misuse)?)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn misuse(error: serde_json::Error) -> BorderError {
    BorderError::misuse(&error.to_string())
}

/// Lets panics show their message and place on the console.
pub fn show_panics() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}
