#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use nas_cost::{Table, TableRow};
use nas_evaluate::{Profile, profiled_networks};
use nas_numerics::sha256;

use crate::failure::Failure;
use crate::print_line;

/// The device whose table this is.
const DEVICE: &str = "this-browser";
/// Runs that warm up caches.
const WARM_UP_RUNS: u32 = 3;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the table is written, as CSV.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Runs of each operator; the median of their times counts.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
}

/// Measures each operator with the trainer's kernels, one image on one thread.
pub(crate) fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let rows = profiled_networks()
        .iter()
        .map(|network| {
            let mut profile = Profile::new(network)?;
            for _ in 0..WARM_UP_RUNS {
                run(&mut profile);
            }
            let mut times: Vec<Duration> = (0..arguments.runs).map(|_| run(&mut profile)).collect();
            times.sort_unstable();
            let median = times[times.len() / 2];
            Ok(TableRow::new(profile.work(), median.as_secs_f64() * 1e3))
        })
        .collect::<Result<_, Failure>>()?;
    let csv = Table { device: DEVICE.to_owned(), is_measured_here: true, rows }.to_csv();
    std::fs::write(&arguments.out, &csv)
        .map_err(|error| Failure::in_file(&arguments.out.display().to_string(), error))?;
    print_line(&format!("estimator=measured&device={DEVICE}&table={}", sha256(csv.as_bytes())))
}

/// Time of the operator in one run of its network.
fn run(profile: &mut Profile) -> Duration {
    let mut time = Duration::ZERO;
    while profile.seek() {
        let start = Instant::now();
        profile.repeat(1);
        time += start.elapsed();
    }
    time
}
