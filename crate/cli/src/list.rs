use clap::{Args, ValueEnum};
use nas_arch::references;
use nas_cost::{devices, templates};
use nas_data::datasets;
use nas_member::Member;
use nas_run::evaluations;
use nas_search::strategies;
use nas_space::spaces;
use serde::Serialize;

use crate::failure::Failure;
use crate::{print_json, print_line};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to list.
    what: What,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Datasets,
    Spaces,
    Strategies,
    Evaluations,
    Devices,
    Accelerators,
    Networks,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    title: &'static str,
}

pub(crate) fn list(arguments: &Arguments) -> Result<(), Failure> {
    let entries: Vec<Entry> = match arguments.what {
        What::Datasets => named(datasets()),
        What::Spaces => named(spaces()),
        What::Strategies => named(strategies()),
        What::Evaluations => named(evaluations()),
        What::Devices => named(devices().iter().map(nas_cost::Device::member).collect()),
        What::Accelerators => {
            templates().iter().map(|template| Entry { id: template.id, title: template.title.en }).collect()
        }
        What::Networks => references().map(|(id, title)| Entry { id, title }).collect(),
    };
    if arguments.json {
        return print_json(&entries);
    }
    let width = entries.iter().map(|entry| entry.id.len()).max().unwrap_or(0);
    for Entry { id, title } in entries {
        print_line(&format!("{id:width$}  {title}"))?;
    }
    Ok(())
}

fn named(members: Vec<Member>) -> Vec<Entry> {
    members.into_iter().map(|member| Entry { id: member.id, title: member.title.en }).collect()
}
