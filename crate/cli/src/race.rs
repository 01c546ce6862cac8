//! Strategies raced on a table: the table is read here, and the seeds are shared out to threads.

use clap::{Args, ValueEnum};
use nas_member::Settings;
use nas_race::{Course, Entrant, Objective, Race, RaceError, Standing, Summary, Table, Track};
use nas_search::{Count, StrategyError, needs, strategies};
use serde::Serialize;

use crate::failure::Failure;
use crate::{print_json, print_line, settings, table_file, threads};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The table: CSV whose first line names the columns, plain or gzipped.
    #[arg(long, value_name = "FILE")]
    table: String,
    /// The columns that are genes; all others hold numbers.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', required = true)]
    genes: Vec<String>,
    /// A column that is searched, `COLUMN:max` or `COLUMN:min`: first what an evaluation finds (max, if not said), then costs
    /// known beforehand (min, if not said).
    #[arg(long = "objective", value_name = "COLUMN", required = true)]
    objectives: Vec<String>,
    /// For several objectives: the point that the hypervolume is measured from, in the columns' own units.
    #[arg(long, value_name = "VALUE,…", value_delimiter = ',', allow_hyphen_values = true)]
    reference: Option<Vec<f64>>,
    /// The strategies.
    #[arg(long, value_name = "ID,…", value_delimiter = ',', required = true)]
    strategies: Vec<String>,
    /// A setting of a strategy, as in a link: `regularized-evolution.population=20`.
    #[arg(long = "set", value_name = "STRATEGY.NAME=VALUE")]
    settings: Vec<String>,
    /// Queries of each strategy and seed.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    budget: u32,
    /// Numbers of queries after which the strategies are compared; at the end, if none are given.
    #[arg(long, value_name = "QUERIES,…", value_delimiter = ',')]
    report: Vec<u32>,
    /// Seeds of each strategy: 1 to this.
    #[arg(long, value_name = "SEEDS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// Which queries count; for each strategy what suits it, if not given.
    #[arg(long)]
    count: Option<Counted>,
    /// Standard deviation of what is added to the first objective before a strategy sees it.
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0)]
    noise: f64,
    /// Threads; as many as processors, if not given. The result does not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Counted {
    /// Each one.
    All,
    /// The first one of each genotype.
    Unique,
}

#[derive(Serialize)]
struct RaceJson {
    results: Vec<Standing>,
    summaries: Vec<Summary>,
}

pub(crate) fn race(arguments: &Arguments) -> Result<(), Failure> {
    let entrants = entrants(arguments)?;
    let text = table_file::read_csv(&arguments.table)?;
    let in_file = |error| Failure::in_file(&arguments.table, error);
    let table = Table::from_csv(&text, &arguments.genes).map_err(|error| in_file(error.into()))?;
    drop(text);
    let race = Race::new(&table, course(arguments)).map_err(|error| match error {
        RaceError::Table(_) => in_file(error),
        _ => error.into(),
    })?;
    // All are checked before the first one starts.
    entrants.iter().try_for_each(|entrant| race.check(entrant))?;
    let mut json = RaceJson { results: Vec::new(), summaries: Vec::new() };
    for entrant in &entrants {
        let run = |number| race.run(entrant, number + 1);
        let tracks = threads::share_out(arguments.seeds, arguments.workers, run);
        let tracks: Vec<Track> = tracks.into_iter().collect::<Result<_, _>>()?;
        json.results.extend(race.standings(entrant, &tracks)?);
        json.summaries.push(race.summary(entrant, &tracks));
    }
    if arguments.json { print_json(&json) } else { print_table(&json) }
}

fn course(arguments: &Arguments) -> Course {
    let mut report = arguments.report.clone();
    if report.is_empty() {
        report.push(arguments.budget);
    }
    report.sort_unstable();
    report.dedup();
    let objectives = arguments.objectives.iter().enumerate();
    Course {
        objectives: objectives.map(|(place, text)| Objective::parse(text, place == 0)).collect(),
        reference: arguments.reference.clone(),
        budget: arguments.budget,
        report,
        noise: arguments.noise,
    }
}

/// The strategies with their settings.
fn entrants(arguments: &Arguments) -> Result<Vec<Entrant>, Failure> {
    let members = strategies();
    let chosen = settings::parse(&arguments.settings, &members, "no strategy has such a setting")?;
    let entrant = |id: &String| {
        needs(id)?;
        let member = members.iter().find(|member| member.id == id);
        let declared = member.map_or_else(Vec::new, |member| member.settings.clone());
        let value = |name: &str| {
            let key = format!("{id}.{name}");
            chosen.iter().rev().find(|(chosen, _)| *chosen == key).map(|(_, value)| value)
        };
        let count = arguments.count.map(|count| match count {
            Counted::All => Count::All,
            Counted::Unique => Count::Unique,
        });
        Ok(Entrant { strategy: id.clone(), settings: Settings::new(&declared, value), count })
    };
    let entrants: Result<_, StrategyError> = arguments.strategies.iter().map(entrant).collect();
    entrants.map_err(|error| Failure::Input(error.to_string()))
}

fn print_table(race: &RaceJson) -> Result<(), Failure> {
    let width = race.summaries.iter().map(|summary| summary.strategy.len()).max().unwrap_or(0).max(8);
    print_line(&format!(
        "{:width$} {:>7} {:>6} {:>12} {:>10} {:>10} {:>8} {:>7}",
        "strategy", "queries", "count", "mean", "std", "se", "regret", "rank"
    ))?;
    for Standing { strategy, queries, count, mean, std, se, regret, median_rank, seeds: _ } in &race.results {
        let count = match count {
            Count::All => "all",
            Count::Unique => "unique",
        };
        let rank = median_rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
        print_line(&format!(
            "{strategy:width$} {queries:>7} {count:>6} {mean:>12.4} {std:>10.4} {se:>10.5} {regret:>8.5} {rank:>7}"
        ))?;
    }
    for Summary { strategy, mean_regret, regret_queries } in &race.summaries {
        print_line(&format!(
            "{strategy}: mean regret over the first {regret_queries} queries {mean_regret:.5}"
        ))?;
    }
    Ok(())
}
