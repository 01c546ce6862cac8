#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]

mod pricing;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use nas_evaluate::{MOMENTUM, WORKLOADS, Workload};
use nas_nn::peak::{multiply_add_chain, multiply_add_chain_flops};
use nas_nn::{Level, with_level};
use serde::Serialize;

use self::pricing::PricingJson;
use crate::failure::Failure;
use crate::{print_json, print_line};

/// Images in a batch.
const BATCH: u32 = 32;
const SEED: u32 = 7;
/// Steps that warm up caches and the clock rate.
const WARM_UP_STEPS: u32 = 5;
/// Parts of a measurement, each with the peak at its beginning, so that both are of the same moments.
const PARTS: u32 = 7;
/// Fewest steps of a part.
const LEAST_STEPS: usize = 2;
/// Measurements of the peak at the beginning of a part.
const PEAKS_A_PART: usize = 5;
/// Some 2 ms of the register loop: too short for another process to be in most of them.
const PEAK_ITERATIONS: u64 = 400_000;
/// Most steps of a profile.
const PROFILE_STEPS: u64 = 200;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A workload; may be given several times. All, if none is.
    #[arg(long, value_name = "ID")]
    workload: Vec<String>,
    /// Seconds to measure each workload.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Width of the vector registers, instead of the host's widest.
    #[arg(long)]
    level: Option<LevelArgument>,
    /// Shows how long each kind of work takes.
    #[arg(long)]
    profile: bool,
    /// Measures how fast candidates of a search space are priced, instead of trainings.
    #[arg(long, value_name = "SPACE", conflicts_with_all = ["workload", "seconds", "level", "profile"])]
    pricing: Option<String>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum LevelArgument {
    /// 128 bits.
    Baseline,
    /// 256 bits.
    Avx2,
    /// 512 bits.
    Avx512,
}

#[derive(Serialize)]
struct BenchJson {
    workloads: Vec<WorkloadJson>,
    peak_gflops: PeakJson,
}

#[derive(Serialize)]
struct PeakJson {
    /// Of one thread: the median of what was measured between the steps of all workloads.
    native: f64,
}

#[derive(Serialize)]
struct WorkloadJson {
    id: String,
    network: &'static str,
    host: &'static str,
    params: u64,
    /// Of the forward pass of one image.
    macs: u64,
    /// Median.
    ms_per_step: f64,
    /// From the first to the ninth decile.
    ms_spread: [f64; 2],
    images_per_s: f64,
    /// 6 × forward MACs × batch / time.
    gflops: f64,
    share_of_peak: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    profile_ms: BTreeMap<&'static str, f64>,
}

pub(crate) fn bench(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(space) = &arguments.pricing {
        let pricing = PricingJson::measure(space)?;
        return if arguments.json { print_json(&pricing) } else { print_line(&pricing.line()) };
    }
    let level = match arguments.level {
        None => Level::current(),
        Some(LevelArgument::Baseline) => Level::Baseline,
        Some(LevelArgument::Avx2) => Level::Avx2,
        Some(LevelArgument::Avx512) => Level::Avx512,
    };
    if !Level::available().any(|other| other == level) {
        return Err(Failure::Input(format!("this machine has no level {level:?}")));
    }
    let BenchJson { workloads, peak_gflops } = with_level(level, || measure_all(arguments))?;
    if arguments.json {
        return print_json(&BenchJson { workloads, peak_gflops });
    }
    workloads.iter().try_for_each(print)?;
    print_line(&format!("peak of one thread, {level:?}: {:.1} GFLOP/s", peak_gflops.native))
}

fn measure_all(arguments: &Arguments) -> Result<BenchJson, Failure> {
    let ids: Vec<&str> = if arguments.workload.is_empty() {
        WORKLOADS.iter().map(|(id, _)| *id).collect()
    } else {
        arguments.workload.iter().map(String::as_str).collect()
    };
    let mut peaks = Vec::new();
    let measure = |id| measure(id, arguments, &mut peaks);
    let mut workloads = ids.into_iter().map(measure).collect::<Result<Vec<_>, _>>()?;
    peaks.sort_by(f64::total_cmp);
    let native = quantile(&peaks, 0.5);
    for workload in &mut workloads {
        workload.share_of_peak = workload.gflops / native;
    }
    Ok(BenchJson { workloads, peak_gflops: PeakJson { native } })
}

/// Measures one workload and, between its steps, the peak. Its share is not yet known.
fn measure(id: &str, arguments: &Arguments, peaks: &mut Vec<f64>) -> Result<WorkloadJson, Failure> {
    let mut workload = Workload::new(id, BATCH, MOMENTUM, SEED)?;
    for _ in 0..WARM_UP_STEPS {
        workload.step();
    }
    let mut times = Vec::new();
    let seconds_each = Duration::try_from_secs_f64(arguments.seconds / f64::from(PARTS))
        .map_err(|error| Failure::Input(format!("--seconds: {error}")))?;
    for part in 1..=PARTS as usize {
        peaks.extend((0..PEAKS_A_PART).map(|_| peak_gflops()));
        let start = Instant::now();
        while times.len() < LEAST_STEPS * part || start.elapsed() < seconds_each {
            let step = Instant::now();
            workload.step();
            times.push(step.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    let (_, network) = WORKLOADS.iter().find(|(other, _)| *other == id).expect("the workload was made");
    let median = quantile(&times, 0.5);
    Ok(WorkloadJson {
        id: id.to_owned(),
        network,
        host: "native",
        params: workload.params(),
        macs: workload.macs(),
        ms_per_step: median * 1e3,
        ms_spread: [quantile(&times, 0.1) * 1e3, quantile(&times, 0.9) * 1e3],
        images_per_s: f64::from(BATCH) / median,
        gflops: workload.flops_per_step() as f64 / median / 1e9,
        share_of_peak: f64::NAN,
        profile_ms: if arguments.profile {
            profile(&mut workload, PROFILE_STEPS.min(times.len() as u64))
        } else {
            BTreeMap::new()
        },
    })
}

fn peak_gflops() -> f64 {
    let start = Instant::now();
    black_box(multiply_add_chain(black_box(PEAK_ITERATIONS)));
    multiply_add_chain_flops(PEAK_ITERATIONS) as f64 / start.elapsed().as_secs_f64() / 1e9
}

/// Mean milliseconds of each kind of work in a step. The clock takes its share of the smallest ones.
fn profile(workload: &mut Workload, steps: u64) -> BTreeMap<&'static str, f64> {
    let mut seconds: BTreeMap<&'static str, f64> = BTreeMap::new();
    let last = workload.updates() + steps;
    while workload.updates() < last {
        let name = workload.upcoming();
        let start = Instant::now();
        workload.advance();
        *seconds.entry(name).or_default() += start.elapsed().as_secs_f64();
    }
    seconds.into_iter().map(|(name, seconds)| (name, seconds * 1e3 / steps as f64)).collect()
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn print(workload: &WorkloadJson) -> Result<(), Failure> {
    let WorkloadJson { id, network, ms_per_step, ms_spread: [low, high], images_per_s, gflops, .. } =
        workload;
    let percent = 100.0 * workload.share_of_peak;
    print_line(&format!(
        "{id} {network:12} {ms_per_step:9.3} ms a step ({low:.3} to {high:.3})  {images_per_s:8.0} images/s  \
         {gflops:5.1} GFLOP/s  {percent:4.1} % of the peak"
    ))?;
    for (name, ms) in &workload.profile_ms {
        print_line(&format!("   {ms:9.4} ms  {:4.1} %  {name}", 100.0 * ms / ms_per_step))?;
    }
    Ok(())
}
