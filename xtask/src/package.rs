//! From a crate of the browser border to a package of JavaScript: compile, generate the bindings, optimise.

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

/// A crate that becomes a package.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Module {
    /// What the page runs.
    Page,
    /// What the coordinator worker runs.
    Coordinator,
    /// What the trainer workers run.
    Trainer,
}

impl Module {
    /// That of the package's files.
    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Coordinator => "coordinator",
            Self::Trainer => "trainer",
        }
    }

    fn crate_name(self) -> &'static str {
        match self {
            Self::Page => "nas-wasm-page",
            Self::Coordinator => "nas-wasm-coordinator",
            Self::Trainer => "nas-wasm-trainer",
        }
    }
}

/// Which packages are built, and how much work the compiler puts into them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Cargo's profile `wasm`, then wasm-opt: what the page gets.
    Optimized,
    /// Cargo's profile `dev`, with the names of functions and the bindings' own assertions.
    Development,
    /// The trainer as in [`Self::Optimized`], with what the benchmark calls besides.
    Benchmark,
}

impl Variant {
    fn modules(self) -> &'static [Module] {
        match self {
            Self::Optimized | Self::Development => &[Module::Page, Module::Coordinator, Module::Trainer],
            Self::Benchmark => &[Module::Trainer],
        }
    }

    /// Where the packages are written, each in a folder of its name, from the repository's root.
    fn folder(self) -> &'static str {
        match self {
            Self::Optimized | Self::Development => "www/pkg",
            Self::Benchmark => "benches/pkg",
        }
    }
}

/// Brings the packages up to date with the Rust sources; takes no time when they are.
///
/// # Errors
/// When a crate does not compile, or a tool that comes with `npm ci` is missing.
pub fn build(variant: Variant) -> Result<()> {
    let manifest_directory = env::var_os("CARGO_MANIFEST_DIR").context("started by `cargo xtask` only")?;
    let root = Path::new(&manifest_directory).parent().context("xtask lies in the workspace")?;
    let compiled = compile(variant)?;
    for module in variant.modules() {
        let wasm = compiled.join(module.crate_name().replace('-', "_")).with_extension("wasm");
        pack(root, variant, *module, &wasm)?;
    }
    Ok(())
}

/// Lets cargo compile the crates, if anything changed, and gives the folder of the wasm files.
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
        .args(["build", "--lib", "--target", TARGET, "--profile", profile, "--features", features])
        .args(variant.modules().iter().flat_map(|module| ["--package", module.crate_name()]))
        .arg("--target-dir")
        .arg(&target_directory)
        .status()?;
    ensure!(status.success(), "the browser border did not compile");
    Ok(target_directory.join(TARGET).join(folder))
}

/// Makes a package of a compiled crate, unless it was made of this very file.
fn pack(root: &Path, variant: Variant, module: Module, compiled: &Path) -> Result<()> {
    let package = root.join(variant.folder()).join(module.name());
    let packed = package.join(format!("{}_bg.wasm", module.name()));
    let stamp = package.join("built-from");
    let fingerprint = fingerprint(variant, &fs::read(compiled)?);
    if !fs::read_to_string(&stamp).is_ok_and(|last| last == fingerprint) {
        if package.exists() {
            fs::remove_dir_all(&package)?;
        }
        Bindgen::new()
            .input_path(compiled)
            .out_name(module.name())
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
    report(&format!("{}/{}", variant.folder(), module.name()), &packed)
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

fn report(package: &str, wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    let gzipped = encoder.finish()?;
    let kib = |length: usize| length as f64 / 1024.0;
    println!("{package}: {:.1} KiB of wasm, {:.1} KiB gzip", kib(bytes.len()), kib(gzipped.len()));
    Ok(())
}
