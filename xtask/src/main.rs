//! What cargo cannot do for the browser border, with wasm-bindgen's tools as libraries, so that `Cargo.lock`
//! keeps them at wasm-bindgen's version and nothing has to be installed.
//!
//! - `cargo xtask wasm [--dev]` builds the packages that the page and its workers import from `www/pkg`.
//! - `cargo xtask wasm --bench` builds the package that is measured, `benches/pkg/trainer`, in the same way.
//! - `cargo xtask test-runner FILE.wasm [ARGUMENT]…` runs the tests of one wasm file under Node;
//!   `.cargo/config.toml` makes it the runner of `cargo test --target wasm32-unknown-unknown`.

mod package;

use std::env;

use anyhow::bail;
use package::Variant;
use wasm_bindgen_cli::wasm_bindgen_test_runner;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["wasm"] => package::build(Variant::Optimized),
        ["wasm", "--dev"] => package::build(Variant::Development),
        ["wasm", "--bench"] => package::build(Variant::Benchmark),
        ["test-runner", _, ..] => wasm_bindgen_test_runner::run_cli_with_args(&arguments),
        _ => {
            bail!("usage: cargo xtask wasm [--dev | --bench] | cargo xtask test-runner FILE.wasm [ARGUMENT]…")
        }
    }
}
