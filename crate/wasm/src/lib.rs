//! The browser border: the only crate that knows JavaScript.
//!
//! Handles own memory in wasm and are freed explicitly; control values are plain objects, bulk numbers typed arrays.
//! Rust never calls into JavaScript in the middle of work: a worker calls [`Evaluator::step`] with a budget again and
//! again. What fails is thrown as `{code, message}`.

#[cfg(feature = "bench")]
mod bench;
mod border;
mod coordinator;
mod data;
mod evaluator;
mod listing;
mod problem;
mod view;

#[cfg(feature = "bench")]
pub use bench::{WorkloadHandle, peak};
pub use coordinator::Coordinator;
pub use data::DataFile;
pub use evaluator::Evaluator;
pub use listing::{catalog, read_link, write_link};
pub use problem::ProblemHandle;

use wasm_bindgen::prelude::wasm_bindgen;

/// Panics show their message and place on the console.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}
