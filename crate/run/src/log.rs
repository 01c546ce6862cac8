use nas_arch::Recipe;
use nas_cost::{Limits, Violation};
use nas_space::Genotype;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{EpochScore, Failure, RunConfig};

/// One line of the log: JSON, written by Rust only, the same bytes on every machine.
///
/// A finished run can be shown from its log alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "line", rename_all = "kebab-case")]
#[ts(export)]
pub enum LogLine {
    /// First line: everything the run depends on.
    Run(Box<RunHeader>),
    /// The super-network was trained that candidates inherit their weights from.
    SuperNetwork {
        /// Its epochs.
        epochs: u32,
        /// Planned work of its training, in training MACs.
        #[ts(type = "number")]
        planned_macs: u64,
        /// One score for each epoch: over its steps, each with the path and the training images of that step.
        curve: Vec<EpochScore>,
        /// Digest of its weights; none when the training failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        weights_sha256: Option<String>,
        /// Why it failed, if it did: then the run is over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        failure: Option<Failure>,
    },
    /// The strategy asked for a candidate.
    Asked {
        /// Number of the ask, from 0.
        ask: u32,
        /// Value of each gene.
        genes: Genotype,
        /// Short name of the canonical network: equal for equal networks.
        name: String,
        /// The ask whose candidate was changed into this one, if any.
        parent: Option<u32>,
        /// What the network costs.
        costs: CandidateCosts,
        /// Digest of everything the score depends on.
        key: String,
        /// Planned work in training MACs; 0 for a network that was asked for before.
        #[ts(type = "number")]
        planned_macs: u64,
        /// The earlier ask of the same network, if any: it is not trained again.
        same_as: Option<u32>,
        /// Epochs after which its training rests; where trainings are stopped early only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epochs: Option<u32>,
        /// Where its weights come from, if its training starts hot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        hot_start: Option<HotStartLine>,
        /// Draws that broke a limit before this one was found.
        #[serde(default, skip_serializing_if = "Rejections::is_empty")]
        #[ts(optional, as = "Option<Rejections>")]
        rejections: Rejections,
    },
    /// A candidate whose training rested goes on.
    Promoted {
        /// The candidate.
        ask: u32,
        /// Epochs after which its training ends or rests again.
        epochs: u32,
        /// Planned work of the epochs that are added, in training MACs.
        #[ts(type = "number")]
        planned_macs: u64,
    },
    /// The predictor has learnt, from so many whole trainings.
    Predictor(PredictorQuality),
    /// A result was told to the strategy. Where trainings are stopped early, a candidate is told at each rung.
    Told {
        /// The candidate.
        ask: u32,
        /// Virtual time at which its training ended, in training MACs.
        #[ts(type = "number")]
        virtual_end: u64,
        /// Epochs trained so far; where trainings are stopped early only. The curve then has those that were not told before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epochs: Option<u32>,
        /// What came of it.
        #[serde(flatten)]
        result: Trained,
    },
    /// The front changed. Candidates whose training rests are not on it.
    Front {
        /// Its members, by ascending cost, then by ascending second cost.
        members: Vec<FrontMember>,
        /// Area between the front and the reference point of the first line, in accuracy × cost, or volume where there is a second
        /// cost; of scores, their merit counts
        /// (docs/scores.md).
        hypervolume: f64,
        /// Standard deviation between trainings of one network, over all networks; where there are several trainings of each only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        training_deviation: Option<f32>,
    },
    /// A member of the front was trained to the end.
    Final {
        /// The candidate.
        ask: u32,
        /// Epochs of the final training.
        epochs: u32,
        /// What came of it.
        #[serde(flatten)]
        result: Trained,
    },
    /// Last line of a run that used its budget.
    Done {
        /// Candidates told.
        candidates: u32,
        /// Different networks trained.
        distinct: u32,
        /// Planned work of all trainings, the final ones included, in training MACs.
        #[ts(type = "number")]
        work_macs: u64,
    },
    /// Last line of a run that was stopped early; everything before it is as in the undisturbed run.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

/// Everything a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RunHeader {
    /// Version of the log's format.
    pub format: u32,
    /// Version of the arithmetic.
    pub numerics: u32,
    /// The configuration, defaults included.
    pub config: RunConfig,
    /// Digest of the dataset.
    pub data_sha256: String,
    /// Number of genotypes in the space, as decimal digits.
    pub space_size: String,
    /// What must hold for a candidate: the device's limits and the configured ones.
    pub limits: Limits,
    /// How candidates are trained.
    pub recipe: Recipe,
    /// Validation images: an accuracy p has the standard error √(p(1−p)/n).
    pub validation_images: u32,
    /// Test images.
    pub test_images: u32,
    /// Accuracy of guessing, or 0 for the merit of a score: where the front's hypervolume is counted from.
    pub reference_accuracy: f32,
    /// Cost up to which the front's hypervolume is counted: the limit of the objective, or without one the largest
    /// cost among the first random draws that fit.
    pub reference_cost: f64,
    /// The same for the second cost, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub second_reference_cost: Option<f64>,
}

/// What a candidate costs, as far as it does not depend on a device's speed. Memory is that of int8 inference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CandidateCosts {
    /// Trainable parameters.
    #[ts(type = "number")]
    pub params: u64,
    /// Multiply-accumulates of one inference.
    #[ts(type = "number")]
    pub macs: u64,
    /// Floating-point operations of one inference.
    #[ts(type = "number")]
    pub flops: u64,
    /// Bytes of weights and constants.
    #[ts(type = "number")]
    pub flash_bytes: u64,
    /// Most bytes of RAM: activations alive at once, and scratch memory where a device's kernels need it.
    #[ts(type = "number")]
    pub ram_bytes: u64,
    /// Estimated latency on the run's device (or the worst or mean of several) or the candidate's own accelerator, in
    /// milliseconds.
    pub latency_ms: f64,
    /// Estimated energy of one inference there, in millijoules; none where a power is unknown.
    pub energy_mj: Option<f64>,
    /// Silicon of the candidate's own accelerator in square millimeters; none where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub area_mm2: Option<f64>,
}

/// How well a predictor foresees the order of whole trainings: means over five folds, each foreseen by what was learnt from the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PredictorQuality {
    /// Networks that were trained to the end.
    pub networks: u32,
    /// Kendall's τ-b of the prediction with the accuracy; 0 where no fold has one.
    pub tau: f32,
    /// That of the number of parameters alone.
    pub params_tau: f32,
}

/// Where the weights come from that a training begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct HotStartLine {
    /// The candidate whose trained weights they are.
    pub from: u32,
    /// Epochs that the training adds.
    pub epochs: u32,
}

/// Draws that broke a limit, between one candidate and the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rejections {
    /// How many.
    pub count: u32,
    /// The first few of them.
    pub first: Vec<Rejected>,
}

impl Rejections {
    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A draw that broke a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Rejected {
    /// Its genes.
    pub genes: Genotype,
    /// The first limit it broke.
    pub violation: Violation,
}

/// What came of an evaluation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Trained {
    /// One score for each epoch; on a line for a later rung, for each epoch since the one before.
    pub curve: Vec<EpochScore>,
    /// Share of validation images classified correctly at the end, or with the weights of a super-network; 0 when the training
    /// failed, and when there was none.
    pub validation_accuracy: f32,
    /// Validation accuracy of each training, where there are several: then all else here is their mean, and the digest is that of
    /// their digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<f32>>")]
    pub replicates: Vec<f32>,
    /// Score of the untrained network, where it was scored instead of trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub score: Option<f64>,
    /// Share of test images classified correctly; after a final training only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub test_accuracy: Option<f32>,
    /// Digest of the trained weights; none when the training failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub weights_sha256: Option<String>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub failure: Option<Failure>,
}

/// A member of the front.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FrontMember {
    /// The candidate.
    pub ask: u32,
    /// Its validation accuracy; 0 where it was scored.
    pub validation_accuracy: f32,
    /// Score of the untrained network, where candidates are scored instead of trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub score: Option<f64>,
    /// Its cost in the run's objective.
    pub cost: f64,
    /// Its cost in the run's second objective, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub second_cost: Option<f64>,
    /// Probability that it is on the front in truth; where there are several trainings of each candidate only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub probability: Option<f32>,
}

/// Why a run stopped before its budget was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum StopReason {
    /// Somebody stopped it.
    User,
    /// A time limit.
    Time,
    /// The super-network could not be trained.
    SuperNetwork,
}
