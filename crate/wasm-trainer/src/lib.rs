//! The WebAssembly module of the trainer workers: performs jobs, and measures how fast they are performed.
//!
//! Handles own memory in wasm and are freed explicitly. Rust never calls into JavaScript in the middle of work: a worker
//! calls [`Evaluator::step`] with a budget again and again.

#[cfg(feature = "bench")]
mod bench;
mod evaluator;
mod measurement;

#[cfg(feature = "bench")]
pub use bench::{WorkloadHandle, peak};
pub use evaluator::Evaluator;
pub use measurement::Measurement;

use wasm_bindgen::prelude::wasm_bindgen;

/// Panics show their message and place on the console.
#[wasm_bindgen(start)]
pub fn start() {
    nas_wasm_border::show_panics();
}
