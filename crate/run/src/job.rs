use nas_arch::{Canonical, Network, Recipe};
use nas_cost::NetworkCosts;
use nas_data::Augmentation;
use nas_numerics::{Digester, NUMERICS_VERSION};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::evaluation::planned_macs;
use crate::{DataFacts, Problem, RunConfig, RunError};

/// Number of a job, in the order in which jobs were made.
pub type JobId = u32;

/// A piece of work for an evaluator. Its outcome is a pure function of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Search or final training.
    pub kind: JobKind,
    /// The candidate it is for: the number of its ask.
    pub ask: u32,
    /// Short name of the network.
    pub name: String,
    /// The canonical network to train.
    pub network: Network,
    /// Digest of everything the outcome depends on; initial weights are drawn from it.
    pub key: String,
    /// What to train on.
    pub data: DataSpec,
    /// How to train.
    pub recipe: Recipe,
    /// Epochs to train.
    pub epochs: u32,
    /// Seed of the run: it orders the batches, the same for all candidates.
    pub run_seed: u32,
    /// Which of several trainings of the same network.
    pub replicate: u32,
    /// Planned work in training MACs, known before the job starts.
    #[ts(type = "number")]
    pub planned_macs: u64,
    /// Memory that the training may use.
    #[ts(type = "number")]
    pub memory_limit_bytes: u64,
}

impl Job {
    /// The training of one network outside any run, with the default recipe: to its end, and with the test split.
    ///
    /// # Errors
    /// If the network is not sound, the data cannot be had in the size of its input, or the epochs are out of bounds.
    pub fn standalone(
        canonical: &Canonical,
        facts: &DataFacts,
        seed: u32,
        epochs: u32,
    ) -> Result<Self, RunError> {
        let network = &canonical.network;
        let res = Some(network.input.height);
        let config = RunConfig { data: facts.id.clone(), res, seed, epochs, ..RunConfig::default() };
        let problem = Problem::new(&config, facts)?;
        let macs = NetworkCosts::of(&network.resolve()?)?.macs;
        let (data, recipe) = (problem.data, problem.recipe);
        Ok(Self {
            id: 0,
            kind: JobKind::Final,
            ask: 0,
            name: canonical.name(),
            network: network.clone(),
            key: evaluation_key(JobKind::Final, network, &facts.sha256, &data, &recipe, seed, 0),
            data,
            recipe,
            epochs,
            run_seed: seed,
            replicate: 0,
            planned_macs: planned_macs(macs, epochs, facts.train_images, facts.validation_images),
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
        })
    }
}

/// Memory that a training may use. A browser's worker has up to 4 GiB; on a phone with several workers a quarter of
/// that is safe.
pub(crate) const MEMORY_LIMIT_BYTES: u64 = 1 << 30;

/// Digest of everything that the outcome of a training depends on: the numerics, the canonical network, the dataset and
/// what is used of it, the recipe (a training ends with its horizon), the starting weights (cold), the run's seed and the
/// replicate. A final training has a key of its own, and so initial weights of its own: its test score is not that of the
/// draw that was selected for its luck.
///
/// # Panics
/// Never: plain values are always JSON.
#[must_use]
pub(crate) fn evaluation_key(
    kind: JobKind,
    network: &Network,
    data_sha256: &str,
    data: &DataSpec,
    recipe: &Recipe,
    run_seed: u32,
    replicate: u32,
) -> String {
    let json = |value: Result<String, serde_json::Error>| value.expect("plain values are always JSON");
    Digester::new()
        .number(u64::from(NUMERICS_VERSION))
        .text(&json(serde_json::to_string(network)))
        .text(data_sha256)
        .text(&json(serde_json::to_string(data)))
        .text(&json(serde_json::to_string(recipe)))
        .text("cold")
        .number(u64::from(run_seed))
        .number(u64::from(replicate))
        .text(match kind {
            JobKind::Search => "search",
            JobKind::Final => "final",
        })
        .finish()
        .to_string()
}

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum JobKind {
    /// Scores a candidate on the validation split.
    Search,
    /// Trains a member of the front to the end and uses the test split, once.
    Final,
}

/// The part of a dataset that a run uses, and how it is changed in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DataSpec {
    /// Identifier of the dataset.
    pub id: String,
    /// Height and width of the images.
    pub res: u32,
    /// Training images, from the beginning of the training split.
    pub samples: u32,
    /// How training images are changed at random.
    #[serde(default, skip_serializing_if = "Augmentation::is_identity")]
    #[ts(optional, as = "Option<Augmentation>")]
    pub augmentation: Augmentation,
}

/// What one epoch came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EpochScore {
    /// Mean training loss over the epoch's batches.
    pub loss: f32,
    /// Share of validation images classified correctly after the epoch.
    pub accuracy: f32,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[ts(export)]
pub enum Outcome {
    /// The network was trained.
    Trained {
        /// One score for each epoch.
        curve: Vec<EpochScore>,
        /// Share of test images classified correctly; after a final training only.
        test_accuracy: Option<f32>,
        /// Digest of the trained weights and running statistics.
        weights_sha256: String,
    },
    /// It could not be.
    Failed(Failure),
}

impl core::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Diverged { step, layer } => {
                write!(formatter, "the training diverged in step {step}: layer '{layer}' was not finite")
            }
            Self::TooLarge { needed_bytes, limit_bytes } => {
                write!(formatter, "the training needs {needed_bytes} bytes, {limit_bytes} are allowed")
            }
            Self::Crashed => formatter.write_str("the evaluator broke down twice"),
        }
    }
}

/// Why a network could not be trained. A failure is a result: it is the same on every machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "why", rename_all = "kebab-case")]
#[ts(export)]
pub enum Failure {
    /// The loss stopped being a finite number.
    Diverged {
        /// Step, from 0, counted from the beginning of the training.
        step: u32,
        /// First layer whose output was not finite.
        layer: String,
    },
    /// The training would need more memory than the configured limit.
    TooLarge {
        /// Bytes that it would need.
        #[ts(type = "number")]
        needed_bytes: u64,
        /// The limit.
        #[ts(type = "number")]
        limit_bytes: u64,
    },
    /// The evaluator broke twice, in two fresh workers. What it said differs between hosts and is not a result.
    Crashed,
}
