use clap::Args;
use nas_run::{DataFacts, OperatorPrice, Problem, Refinement, RunConfig};

use crate::failure::Failure;
use crate::{data, print_json, print_line, run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A link (its `#…` is enough, in quotes) or a configuration file (`run.json`).
    source: String,
    /// Takes a link with unknown or unfit items as the page does: puts them right and tells.
    #[arg(long)]
    lenient: bool,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Prices the operators of a space on the run's device, and says which of them `refine=on` leaves away.
pub(crate) fn refine(arguments: &Arguments) -> Result<(), Failure> {
    let config = run::configuration(&arguments.source, arguments.lenient)?;
    let config = RunConfig { refine: true, ..config };
    let problem = Problem::new(&config, &DataFacts::of(data::find(&config.data)?))?;
    let refinement = problem.refinement().expect("it was asked for");
    if arguments.json {
        return print_json(refinement);
    }
    table(&config, refinement)
}

fn table(config: &RunConfig, refinement: &Refinement) -> Result<(), Failure> {
    let objective = config.objective;
    let cost = format!("{} {}", objective.id(), objective.unit());
    for group in &refinement.groups {
        print_line(&format!("{} ({} genes)", group.gene, group.genes))?;
        print_line(&format!(
            "  {:20} {:>14} {:>12} {:>9}  left away for",
            "operator",
            cost.trim_end(),
            "parameters",
            "field"
        ))?;
        for OperatorPrice { id, cost, params, receptive_field, dominated_by, .. } in &group.operators {
            let instead = dominated_by.as_deref().unwrap_or("");
            let line = format!("  {id:20} {cost:14.4} {params:12.0} {receptive_field:9.1}  {instead}");
            print_line(line.trim_end())?;
        }
    }
    print_line(&format!("genotypes: {} before, {} after", refinement.size_before, refinement.size_after))
}
