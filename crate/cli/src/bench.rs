#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clap::Args;
use nas_arch::{Optimizer, reference};
use nas_cost::NetworkCosts;
use nas_evaluate::{WORKLOADS, Workload};
use serde::Serialize;

use crate::failure::Failure;
use crate::{print_json, print_line};

/// Images in a batch.
const BATCH: u32 = 32;
/// Steps that warm up caches and the clock rate.
const WARM_UP_STEPS: u32 = 5;
/// Fewest steps that are measured.
const LEAST_STEPS: usize = 10;
const SEED: u32 = 7;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A workload; may be given several times. All, if none is.
    #[arg(long, value_name = "ID")]
    workload: Vec<String>,
    /// Seconds to measure each workload.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Shows how long each kind of work takes.
    #[arg(long)]
    profile: bool,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct BenchJson {
    workloads: Vec<WorkloadJson>,
}

#[derive(Serialize)]
struct WorkloadJson {
    id: String,
    network: &'static str,
    host: &'static str,
    /// Median.
    ms_per_step: f64,
    /// From the first to the ninth decile.
    ms_spread: [f64; 2],
    images_per_s: f64,
    /// 6 × forward MACs × batch / time.
    gflops: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    profile_ms: BTreeMap<&'static str, f64>,
}

pub(crate) fn bench(arguments: &Arguments) -> Result<(), Failure> {
    let ids: Vec<&str> = if arguments.workload.is_empty() {
        WORKLOADS.iter().map(|(id, _)| *id).collect()
    } else {
        arguments.workload.iter().map(String::as_str).collect()
    };
    let workloads = ids.into_iter().map(|id| measure(id, arguments)).collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        return print_json(&BenchJson { workloads });
    }
    workloads.iter().try_for_each(print)
}

fn measure(id: &str, arguments: &Arguments) -> Result<WorkloadJson, Failure> {
    let optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    let mut workload = Workload::new(id, BATCH, optimizer, SEED)?;
    for _ in 0..WARM_UP_STEPS {
        workload.step();
    }
    let mut times = Vec::new();
    let end = Duration::from_secs_f64(arguments.seconds);
    let start = Instant::now();
    while times.len() < LEAST_STEPS || start.elapsed() < end {
        let step = Instant::now();
        workload.step();
        times.push(step.elapsed().as_secs_f64());
    }
    let steps = times.len();
    times.sort_by(f64::total_cmp);
    let quantile = |share: f64| times[((steps - 1) as f64 * share) as usize];
    let (_, network) = WORKLOADS.iter().find(|(other, _)| *other == id).expect("the workload was made");
    let macs = NetworkCosts::of(&reference(network)?.resolve()?)?.macs;
    let median = quantile(0.5);
    Ok(WorkloadJson {
        id: id.to_owned(),
        network,
        host: "native",
        ms_per_step: median * 1e3,
        ms_spread: [quantile(0.1) * 1e3, quantile(0.9) * 1e3],
        images_per_s: f64::from(BATCH) / median,
        gflops: 6.0 * macs as f64 * f64::from(BATCH) / median / 1e9,
        profile_ms: if arguments.profile { profile(&mut workload, steps) } else { BTreeMap::new() },
    })
}

/// Mean milliseconds of each kind of work in a step. The clock takes its share of the smallest ones.
fn profile(workload: &mut Workload, steps: usize) -> BTreeMap<&'static str, f64> {
    let mut seconds: BTreeMap<&'static str, f64> = BTreeMap::new();
    let steps = steps.min(200);
    workload.step();
    let macs = workload.trainer().training_plan().macs() * steps as u64;
    let mut spent = 0;
    while spent < macs {
        let name = workload.trainer().upcoming().map_or("between steps", |(name, _)| name);
        let start = Instant::now();
        spent += workload.advance().1;
        *seconds.entry(name).or_default() += start.elapsed().as_secs_f64();
    }
    seconds.into_iter().map(|(name, seconds)| (name, seconds * 1e3 / steps as f64)).collect()
}

fn print(workload: &WorkloadJson) -> Result<(), Failure> {
    let WorkloadJson { id, network, ms_per_step, ms_spread: [low, high], images_per_s, gflops, .. } =
        workload;
    print_line(&format!(
        "{id} {network:12} {ms_per_step:9.3} ms a step ({low:.3} to {high:.3})  {images_per_s:8.0} images/s  \
         {gflops:5.1} GFLOP/s"
    ))?;
    for (name, ms) in &workload.profile_ms {
        print_line(&format!("   {ms:9.4} ms  {:4.1} %  {name}", 100.0 * ms / ms_per_step))?;
    }
    Ok(())
}
