use std::path::PathBuf;

use clap::Args;
use nas_arch::Network;
use nas_numerics::Rng;
use nas_run::{DEFAULT_SEED, DataFacts, Problem, RunConfig};
use nas_space::Genotype;
use serde::Serialize;

use crate::failure::Failure;
use crate::{data, network, print_json};

/// The largest space file that is read, in bytes; what a space takes is less.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The search space.
    space: String,
    /// The file of the space `custom`.
    #[arg(long, value_name = "FILE")]
    space_file: Option<PathBuf>,
    /// How many networks to draw.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// Seed of the draws.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u32,
    /// The dataset that the networks are for.
    #[arg(long = "data", value_name = "ID", default_value = "digits8")]
    data: String,
}

#[derive(Serialize)]
struct Line {
    genes: Genotype,
    name: String,
    network: Network,
    /// The arrays that would run it, where hardware is searched too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accelerators: Vec<String>,
}

/// Draws uniformly from all genotypes of the space, without regard to any device.
pub(crate) fn sample(arguments: &Arguments) -> Result<(), Failure> {
    let facts = DataFacts::of(data::find(&arguments.data)?);
    let read = |path: &PathBuf| network::read_text(&path.display().to_string(), MAX_FILE_BYTES);
    let config = RunConfig {
        space: arguments.space.clone(),
        data: arguments.data.clone(),
        custom: arguments.space_file.as_ref().map(read).transpose()?,
        ..RunConfig::default()
    };
    let problem = Problem::new(&config, &facts)?;
    let mut rng = Rng::for_purpose(arguments.seed, "sample", 0);
    for _ in 0..arguments.count {
        let genes = problem.space().genes().draw(&mut rng);
        let canonical = problem.price(&genes)?.canonical;
        let hardware = problem.space().hardware();
        let accelerators = hardware.map_or_else(Vec::new, |hardware| hardware.accelerators(&genes));
        print_json(&Line {
            genes,
            name: canonical.name(),
            network: canonical.network(),
            accelerators: accelerators.iter().map(ToString::to_string).collect(),
        })?;
    }
    Ok(())
}
