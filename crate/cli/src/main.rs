//! The command `nas`: the same engine as in the browser, on files and threads.
#![expect(clippy::print_stderr, reason = "this is a command line")]

mod accelerator;
mod alike;
mod bench;
mod bits;
mod compare;
mod cost;
mod data;
mod failure;
mod list;
mod measure;
mod network;
mod race;
mod refine;
mod run;
mod sample;
mod score;
mod settings;
mod supernet;
mod table_file;
mod tabulate;
mod threads;
mod train;

use std::io::Write as _;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

use crate::failure::Failure;

/// Pricing a candidate makes hundreds of small allocations: with this allocator it takes a quarter less time than with the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Neural architecture search for small hardware.
#[derive(Parser)]
#[command(name = "nas", version, propagate_version = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs a search from a link or a file.
    Run(run::Arguments),
    /// Trains one network.
    Train(train::Arguments),
    /// Races strategies on a table of known results.
    Race(race::Arguments),
    /// Compares whole runs on a table of known learning curves.
    Compare(compare::Arguments),
    /// Trains every network of a small space and writes a table of what came of it.
    Tabulate(tabulate::Arguments),
    /// Says what a network costs.
    Cost(cost::Arguments),
    /// Scores one untrained network by every zero-cost proxy, beside its parameters and MACs.
    Score(score::Arguments),
    /// Trains a super-network, and says how well it ranks networks that are trained one by one.
    Supernet(supernet::Arguments),
    /// Draws networks from a search space, one JSON object a line.
    Sample(sample::Arguments),
    /// Looks for the candidate of a search space that is most like a network: where a search may start.
    Alike(alike::Arguments),
    /// Prices the operators of a search space on a device, and says which of them others dominate.
    Refine(refine::Arguments),
    /// Measures how fast networks are trained on this machine.
    Bench(bench::Arguments),
    /// Trains the same networks at every width of the vector registers and prints digests of their weights.
    Bits(bits::Arguments),
    /// Measures how fast operators run on this machine: a table for `nas cost` and `nas run`.
    Measure(measure::Arguments),
    /// Lists what there is to choose from.
    List(list::Arguments),
}

fn main() {
    let result = match Command::parse().verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Train(arguments) => train::train(&arguments),
        Verb::Race(arguments) => race::race(&arguments),
        Verb::Compare(arguments) => compare::compare(&arguments),
        Verb::Tabulate(arguments) => tabulate::tabulate(&arguments),
        Verb::Cost(arguments) => cost::cost(&arguments),
        Verb::Score(arguments) => score::score(&arguments),
        Verb::Supernet(arguments) => supernet::supernet(&arguments),
        Verb::Sample(arguments) => sample::sample(&arguments),
        Verb::Alike(arguments) => alike::alike(&arguments),
        Verb::Refine(arguments) => refine::refine(&arguments),
        Verb::Bench(arguments) => bench::bench(&arguments),
        Verb::Bits(arguments) => bits::bits(&arguments),
        Verb::Measure(arguments) => measure::measure(&arguments),
        Verb::List(arguments) => list::list(&arguments),
    };
    let code = result.map_or_else(
        |failure| {
            eprintln!("nas: {failure}");
            failure.exit_code()
        },
        |()| 0,
    );
    std::process::exit(code);
}

/// Writes a value as JSON on one line.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print_line(&serde_json::to_string(value).map_err(|error| Failure::Internal(error.to_string()))?)
}

/// Writes a line. A reader that has gone away (`nas … | head`) ends the command quietly.
fn print_line(line: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::Internal(error.to_string())),
    }
}
