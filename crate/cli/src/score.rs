use clap::Args;
use nas_arch::canonical;
use nas_cost::Entropy;
use nas_evaluate::{Images, perform};
use nas_run::{DEFAULT_SEED, DataFacts, Job, JobKind, Outcome, Proxy, ScoreSpec, proxies};
use serde::Serialize;

use crate::data::{self, DataArguments};
use crate::failure::Failure;
use crate::network::NetworkArguments;
use crate::{print_json, print_line};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// The dataset of the mini-batch. Images are brought to the size of the network's input.
    #[arg(long = "data", value_name = "ID")]
    data: String,
    /// Images in the batch.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=64))]
    batch_size: u32,
    /// Seed of the initial weights, of the batch and of the noise.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u32,
    /// Writes JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    datasets: DataArguments,
}

/// The documented JSON.
#[derive(Serialize)]
struct ScoresJson {
    scores: Vec<ScoreJson>,
    /// Largest ratio of depth to width; none without convolutions.
    effectiveness: Option<f64>,
}

#[derive(Serialize)]
struct ScoreJson {
    proxy: &'static str,
    /// None where it is not defined.
    score: Option<f64>,
}

pub(crate) fn score(arguments: &Arguments) -> Result<(), Failure> {
    let canonical = canonical(&arguments.network.read()?.resolve()?);
    let info = data::find(&arguments.data)?;
    // Of a training no more than images, seeds and initial weights play a part.
    let job = Job::standalone(&canonical, &DataFacts::of(info), arguments.seed, 1)?;
    let images = Images::prepare(&arguments.datasets.open(info)?, &job.data)?;
    let batch_size = arguments.batch_size;
    let mut scores = Vec::new();
    for &Proxy { id, .. } in proxies() {
        let spec = ScoreSpec { proxy: id.to_owned(), batch_size, max_effectiveness: None };
        let job = Job { kind: JobKind::Search, score: Some(spec), ..job.clone() };
        let score = match perform(job, &images)? {
            Outcome::Scored { score } => Some(score),
            Outcome::Failed(nas_run::Failure::Undefined) => None,
            Outcome::Failed(failure) => {
                return Err(Failure::Input(format!("{}: {id}: {failure}", arguments.network.name())));
            }
            Outcome::Trained { .. } | Outcome::Validated { .. } => unreachable!("a score trains nothing"),
        };
        scores.push(ScoreJson { proxy: id, score });
    }
    let effectiveness = Entropy::of(&canonical.graph).map(|entropy| entropy.effectiveness);
    if arguments.json {
        return print_json(&ScoresJson { scores, effectiveness });
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.6}"));
    for (ScoreJson { proxy, score }, Proxy { title, .. }) in scores.iter().zip(proxies()) {
        print_line(&format!("{proxy:10} {:>18}  {}", number(*score), title.en))?;
    }
    print_line(&format!(
        "{:10} {:>18}  DeepMAD's ρ, the largest ratio of depth to width",
        "",
        number(effectiveness)
    ))
}
