use clap::Args;
use nas_run::{DataFacts, Problem, link};
use nas_space::{Genotype, most_alike};
use serde::Serialize;

use crate::failure::Failure;
use crate::network::NetworkArguments;
use crate::{data, print_json, print_line, run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A link (its `#…` is enough, in quotes) or a configuration file (`run.json`): the space to look in.
    source: String,
    #[command(flatten)]
    network: NetworkArguments,
    /// Takes a link with unknown or unfit items as the page does: puts them right and tells.
    #[arg(long)]
    lenient: bool,
    /// Writes JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found {
    genes: Genotype,
    distance: f64,
    link: String,
}

/// Looks for the candidate whose network is most like a given one, and prints the link of a search that starts from it too.
pub(crate) fn alike(arguments: &Arguments) -> Result<(), Failure> {
    let mut config = run::configuration(&arguments.source, arguments.lenient)?;
    let facts = DataFacts::of(data::find(&config.data)?);
    let problem = Problem::new(&config, &facts)?;
    let network = arguments.network.read()?.resolve()?;
    let found = most_alike(problem.space(), &network);
    if !config.start.contains(&found.genotype) {
        config.start.push(found.genotype.clone());
    }
    // A candidate that breaks a limit is refused as a start.
    Problem::new(&config, &facts)?;
    let link = link::write(&config);
    if arguments.json {
        return print_json(&Found { genes: found.genotype, distance: found.distance, link });
    }
    print_line(&match found.distance {
        0.0 => format!("{}: the same network", found.genotype),
        distance => format!("{}: at a distance of {distance:.2}", found.genotype),
    })?;
    print_line(&format!("#{link}"))
}
