//! From crate `nas-wasm` to a package of JavaScript: compile, generate the bindings, optimise.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// What the wasm file may use: SIMD from `.cargo/config.toml`, the rest because rustc emits it by default.
const WASM_OPT_ARGUMENTS: [&str; 8] = [
    "-O3",
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// How much work the compiler puts into the package.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Cargo's profile `wasm`, then wasm-opt: what the page gets.
    Optimized,
    /// Cargo's profile `dev`, with the names of functions and the bindings' own assertions.
    Development,
    /// As [`Self::Optimized`], with what the benchmark calls besides.
    Benchmark,
}

impl Variant {
    /// Where the package is written, from the repository's root.
    fn package(self) -> &'static str {
        match self {
            Self::Optimized | Self::Development => "www/pkg",
            Self::Benchmark => "benches/pkg",
        }
    }
}

/// Brings the package up to date with the Rust sources; takes no time when it is.
///
/// # Errors
/// When the crate does not compile, or a tool that comes with `npm ci` is missing.
pub fn build(variant: Variant) -> Result<()> {
    let manifest_directory = env::var_os("CARGO_MANIFEST_DIR").context("started by `cargo xtask` only")?;
    let root = Path::new(&manifest_directory).parent().context("xtask lies in the workspace")?;
    let package = root.join(variant.package());
    let packed = package.join("nas_wasm_bg.wasm");
    let stamp = package.join("built-from");

    let compiled = compile(variant)?;
    let fingerprint = fingerprint(variant, &fs::read(&compiled)?);
    if !fs::read_to_string(&stamp).is_ok_and(|last| last == fingerprint) {
        if package.exists() {
            fs::remove_dir_all(&package)?;
        }
        Bindgen::new()
            .input_path(&compiled)
            .web(true)?
            .typescript(true)
            .debug(variant == Variant::Development)
            .generate(&package)
            .context("wasm-bindgen failed")?;
        if variant != Variant::Development {
            optimize(root, &packed)?;
        }
        fs::write(&stamp, fingerprint)?;
    }
    report(variant, &packed)
}

/// Lets cargo compile the crate, if anything changed, and gives the path of the wasm file.
fn compile(variant: Variant) -> Result<PathBuf> {
    // This program is <target directory>/xtask/xtask.
    let program = env::current_exe()?;
    let target_directory = program.ancestors().nth(2).context("cargo runs this program")?;
    // With other features cargo writes the same file: in a folder of its own, each stays up to date.
    let (profile, features, target_directory, folder) = match variant {
        Variant::Optimized => ("wasm", "", target_directory.to_owned(), "wasm"),
        Variant::Development => ("dev", "", target_directory.to_owned(), "debug"),
        Variant::Benchmark => ("wasm", "bench", target_directory.join("bench"), "wasm"),
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--package", "nas-wasm", "--lib", "--target", TARGET, "--profile", profile])
        .args(["--features", features])
        .arg("--target-dir")
        .arg(&target_directory)
        .status()?;
    ensure!(status.success(), "nas-wasm did not compile");
    Ok(target_directory.join(TARGET).join(folder).join("nas_wasm.wasm"))
}

/// Changes when the package has to be made again.
fn fingerprint(variant: Variant, compiled: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    (variant, WASM_OPT_ARGUMENTS, compiled).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Runs wasm-opt, which the npm package binaryen brings compiled to JavaScript, in place.
fn optimize(root: &Path, wasm: &Path) -> Result<()> {
    let wasm_opt = root.join("node_modules/binaryen/bin/wasm-opt");
    ensure!(wasm_opt.exists(), "wasm-opt is missing: run `npm ci` first");
    let status = Command::new("node")
        .arg(wasm_opt)
        .args(WASM_OPT_ARGUMENTS)
        .arg(wasm)
        .arg("-o")
        .arg(wasm)
        .status()
        .context("node does not run")?;
    ensure!(status.success(), "wasm-opt failed");
    Ok(())
}

fn report(variant: Variant, wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let gzipped = encoder.finish()?;
    let kib = |length: usize| length as f64 / 1024.0;
    let package = variant.package();
    println!("{package}: {:.1} KiB of wasm, {:.1} KiB gzip", kib(bytes.len()), kib(gzipped.len()));
    Ok(())
}
