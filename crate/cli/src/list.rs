use clap::{Args, ValueEnum};
use nas_arch::{Reference, Shape, reference, references};
use nas_cost::{NetworkCosts, devices, templates};
use nas_data::datasets;
use nas_member::Member;
use nas_run::{Proxy, evaluations, proxies};
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
    Scores,
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
        What::Scores => {
            proxies().iter().map(|&Proxy { id, title, .. }| Entry { id, title: title.en }).collect()
        }
        What::Devices => named(devices().iter().map(nas_cost::Device::member).collect()),
        What::Accelerators => {
            templates().iter().map(|template| Entry { id: template.id, title: template.title.en }).collect()
        }
        What::Networks => return list_networks(arguments.json),
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

#[derive(Serialize)]
struct NetworkEntry {
    #[serde(flatten)]
    entry: Entry,
    input: Shape,
    classes: u32,
    params: u64,
    macs: u64,
}

fn list_networks(json: bool) -> Result<(), Failure> {
    let mut entries = Vec::new();
    for &Reference { id, title, input, classes, .. } in references() {
        let costs = NetworkCosts::of(&reference(id)?.resolve()?)?;
        let entry = Entry { id, title: title.en };
        entries.push(NetworkEntry { entry, input, classes, params: costs.params, macs: costs.macs });
    }
    if json {
        return print_json(&entries);
    }
    let width = entries.iter().map(|line| line.entry.id.len()).max().unwrap_or(0);
    print_line(&format!("{:width$}  {:>9}  {:>7}  {:>9}  {:>11}", "", "input", "classes", "params", "MACs"))?;
    for NetworkEntry { entry: Entry { id, title }, input, classes, params, macs } in entries {
        let input = input.to_string();
        print_line(&format!("{id:width$}  {input:>9}  {classes:>7}  {params:>9}  {macs:>11}  {title}"))?;
    }
    Ok(())
}

fn named(members: Vec<Member>) -> Vec<Entry> {
    members.into_iter().map(|member| Entry { id: member.id, title: member.title.en }).collect()
}
