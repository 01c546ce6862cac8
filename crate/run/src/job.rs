use nas_arch::{Network, Recipe};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

/// The part of a dataset that a run uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DataSpec {
    /// Identifier of the dataset.
    pub id: String,
    /// Height and width of the images.
    pub res: u32,
    /// Training images, from the beginning of the training split.
    pub samples: u32,
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
    /// The evaluator broke twice, in two fresh workers.
    Crashed {
        /// What it said.
        message: String,
    },
}
