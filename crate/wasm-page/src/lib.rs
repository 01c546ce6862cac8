//! The WebAssembly module of the page: what there is to choose from, links and problems. It can neither search nor train, so that
//! the page is usable before what does has been fetched.
//!
//! Handles own memory in wasm and are freed explicitly.

mod data;
mod listing;
mod problem;
mod view;

pub use data::DataFile;
pub use listing::{catalog, read_device, read_link, read_table, write_link};
pub use problem::ProblemHandle;

use nas_run::RunError;
use nas_wasm_border::BorderError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Panics show their message and place on the console.
#[wasm_bindgen(start)]
pub fn start() {
    nas_wasm_border::show_panics();
}

fn run_error(error: RunError) -> BorderError {
    BorderError::new(error.code(), error)
}
