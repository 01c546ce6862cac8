use nas_arch::{Canonical, Network, Recipe};
use nas_cost::NetworkCosts;
use nas_data::Augmentation;
use nas_numerics::{Digester, NUMERICS_VERSION};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::evaluation::planned_macs;
use crate::{DataFacts, Inheritance, Problem, RunConfig, RunError, ScoreSpec, SupernetSpec};

/// Number of a job, in the order in which jobs were made.
pub type JobId = u32;

/// A piece of work for an evaluator. Its outcome is a pure function of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What it is for.
    pub kind: JobKind,
    /// The candidate it is for: the number of its ask; 0 for a super-network.
    pub ask: u32,
    /// Short name of the network.
    pub name: String,
    /// The canonical network to train; with a super-network the network as the space names its layers, or the first path.
    pub network: Network,
    /// Digest of everything the outcome depends on; initial weights are drawn from it.
    pub key: String,
    /// What to train on.
    pub data: DataSpec,
    /// How to train.
    pub recipe: Recipe,
    /// Epochs after which the training ends or rests; 0 if nothing of the candidate's own is trained.
    pub epochs: u32,
    /// Epochs that an earlier job of the same key has trained. Who has its checkpoint goes on from there; without it, the training
    /// begins anew, to the same outcome.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub epochs_before: u32,
    /// How the untrained network is scored; none if it is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub score: Option<ScoreSpec>,
    /// The super-network that is trained, or whose weights a candidate inherits; none if it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub supernet: Option<SupernetSpec>,
    /// The training whose weights this one begins with; none if all weights are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub inherits: Option<Inheritance>,
    /// Whether later trainings may begin with its weights.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub may_be_inherited: bool,
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
        let network = canonical.network();
        let res = Some(network.input.height);
        let config = RunConfig { data: facts.id.clone(), res, seed, epochs, ..RunConfig::default() };
        let problem = Problem::new(&config, facts)?;
        let macs = NetworkCosts::of(&canonical.graph)?.macs;
        let (data, recipe) = (problem.data, problem.recipe);
        let key = EvaluationKey {
            kind: JobKind::Final,
            network: &network,
            data_sha256: &facts.sha256,
            data: &data,
            recipe: &recipe,
            score: None,
            supernet: None,
            inherits: None,
            run_seed: seed,
            replicate: 0,
        };
        let key = key.digest();
        Ok(Self {
            id: 0,
            kind: JobKind::Final,
            ask: 0,
            name: canonical.name(),
            network,
            key,
            data,
            recipe,
            epochs,
            epochs_before: 0,
            score: None,
            supernet: None,
            inherits: None,
            may_be_inherited: false,
            run_seed: seed,
            replicate: 0,
            planned_macs: planned_macs(macs, epochs, facts.train_images, facts.validation_images),
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
        })
    }
}

impl Problem {
    /// The training of a network as that of a candidate in a run of this problem.
    #[must_use]
    pub fn training(&self, canonical: &Canonical, network_macs: u64, replicate: u32) -> Job {
        let Self { config, facts, data, recipe, .. } = self;
        let network = canonical.network();
        let key = EvaluationKey {
            kind: JobKind::Search,
            network: &network,
            data_sha256: &facts.sha256,
            data,
            recipe,
            score: None,
            supernet: None,
            inherits: None,
            run_seed: config.seed,
            replicate,
        };
        Job {
            id: 0,
            kind: JobKind::Search,
            ask: 0,
            name: canonical.name(),
            key: key.digest(),
            network,
            data: data.clone(),
            recipe: recipe.clone(),
            epochs: recipe.horizon_epochs,
            epochs_before: 0,
            score: None,
            supernet: None,
            inherits: None,
            may_be_inherited: false,
            run_seed: config.seed,
            replicate,
            planned_macs: planned_macs(
                network_macs,
                recipe.horizon_epochs,
                data.samples,
                facts.validation_images,
            ),
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
        }
    }
}

impl Job {
    /// Whether a later job may go on from its end, or begin with its weights, so that a checkpoint is worth keeping.
    #[must_use]
    pub const fn may_go_on(&self) -> bool {
        match self.kind {
            JobKind::SuperNetwork => true,
            _ => self.may_be_inherited || self.epochs_are_own() && self.epochs < self.recipe.horizon_epochs,
        }
    }

    /// Key of the evaluation whose checkpoint it goes on from: its own, or that of the super-network or the training it inherits
    /// from. Without the checkpoint, all begins anew, to the same outcome.
    #[must_use]
    pub fn goes_on_from(&self) -> Option<&str> {
        match (&self.supernet, &self.inherits) {
            (Some(supernet), _) if self.kind == JobKind::Search => Some(&supernet.key),
            (_, Some(inheritance)) => Some(&inheritance.from.key),
            _ => (self.epochs_before > 0).then_some(&self.key),
        }
    }

    const fn epochs_are_own(&self) -> bool {
        self.score.is_none() && self.supernet.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Memory that a training may use. A browser's worker has up to 4 GiB; on a phone with several workers a quarter of
/// that is safe.
pub(crate) const MEMORY_LIMIT_BYTES: u64 = 1 << 30;

/// Everything that the outcome of an evaluation depends on beside the numerics: the canonical network, the dataset and what is
/// used of it, the recipe (a training ends with its horizon), the weights to start from, how the network is scored if it is not
/// trained, the run's seed and the replicate. A final training has a key of its own, and so initial
/// weights of its own: its test score is not that of the draw that was selected for its luck.
#[derive(Clone, Copy)]
pub(crate) struct EvaluationKey<'a> {
    pub(crate) kind: JobKind,
    pub(crate) network: &'a Network,
    pub(crate) data_sha256: &'a str,
    pub(crate) data: &'a DataSpec,
    pub(crate) recipe: &'a Recipe,
    pub(crate) score: Option<&'a ScoreSpec>,
    pub(crate) supernet: Option<&'a SupernetSpec>,
    pub(crate) inherits: Option<&'a Inheritance>,
    pub(crate) run_seed: u32,
    pub(crate) replicate: u32,
}

impl EvaluationKey<'_> {
    /// Their digest.
    ///
    /// # Panics
    /// Never: plain values are always JSON.
    #[must_use]
    pub(crate) fn digest(self) -> String {
        let json = |value: Result<String, serde_json::Error>| value.expect("plain values are always JSON");
        let digester = Digester::new()
            .number(u64::from(NUMERICS_VERSION))
            .text(&json(serde_json::to_string(self.network)))
            .text(self.data_sha256)
            .text(&json(serde_json::to_string(self.data)))
            .text(&json(serde_json::to_string(self.recipe)));
        let digester = match self.inherits {
            None => digester.text("cold"),
            Some(Inheritance { from, layers }) => {
                digester.text("hot").text(&from.key).text(&json(serde_json::to_string(layers)))
            }
        };
        let digester = digester.number(u64::from(self.run_seed)).number(u64::from(self.replicate)).text(
            match self.kind {
                JobKind::Search => "search",
                JobKind::Final => "final",
                JobKind::SuperNetwork => unreachable!("a super-network has a key of its own"),
            },
        );
        let digester = match self.score {
            None => digester,
            Some(score) => digester.text("score").text(&json(serde_json::to_string(score))),
        };
        let digester = match self.supernet {
            None => digester,
            Some(supernet) => digester.text(&supernet.key).number(u64::from(supernet.calibration_batches)),
        };
        digester.finish().to_string()
    }
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
    /// Trains the super-network that candidates inherit their weights from.
    SuperNetwork,
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
        /// One score for each epoch from the first one, whatever the job began with; of a super-network, of its training images.
        curve: Vec<EpochScore>,
        /// Share of test images classified correctly; after a final training only.
        test_accuracy: Option<f32>,
        /// Digest of the trained weights and running statistics.
        weights_sha256: String,
    },
    /// The untrained network was scored.
    Scored {
        /// Its score.
        score: f64,
    },
    /// The network was validated with the weights of a super-network.
    Validated {
        /// Share of validation images classified correctly.
        accuracy: f32,
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
            Self::Undefined => {
                formatter.write_str("the score is not defined for this network, or is no finite number")
            }
            Self::Ineffective { effectiveness, limit } => {
                write!(formatter, "the ratio of depth to width is {effectiveness:.3}, {limit} is allowed")
            }
            Self::Crashed => formatter.write_str("the evaluator broke down twice"),
        }
    }
}

/// Why a network could not be evaluated. A failure is a result: it is the same on every machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
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
    /// The score is not defined for this network, or is not a finite number.
    Undefined,
    /// The network is too deep for its width.
    Ineffective {
        /// Its ratio of depth to width.
        effectiveness: f64,
        /// The largest that the evaluation allows.
        limit: f64,
    },
    /// The evaluator broke twice, in two fresh workers. What it said differs between hosts and is not a result.
    Crashed,
}
