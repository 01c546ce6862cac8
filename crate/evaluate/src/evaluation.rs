mod hot_start;
mod super_network;

use nas_arch::{Graph, NetworkError};
use nas_cost::CostError;
use nas_nn::{
    Event, PathScorer, PlanError, SampleSizes, Samples, Scorer, Seeds, SharedWeights, SnapshotError, Split,
    Trainer, TrainerError,
};
use nas_numerics::Digest;
use nas_run::{EpochScore, Failure, Job, JobKind, Outcome};
use nas_space::SpaceError;
use serde::Serialize;
use thiserror::Error;
use ts_rs::TS;

use crate::Images;
use crate::images::Shrunk;
use crate::one_shot;
use crate::scoring::{self, Scoring};
use super_network::{SuperNetwork, inherit, too_large};

/// Multiply-accumulates between two looks at the outcome when nobody waits.
pub const MACS_AT_ONCE: u64 = 1 << 30;

/// A job under way. A network whose input is smaller than the images sees them shrunk.
pub struct Evaluation {
    job: Job,
    work: Work,
    curve: Vec<EpochScore>,
    fraction_done: f32,
    /// The training whose weights this one begins with, as long as they are not at hand.
    parent: Option<Box<Evaluation>>,
}

/// What an evaluation does.
enum Work {
    Training(Box<Trainer>),
    Scoring(Box<Scorer>),
    SuperNetwork(Box<SuperNetwork>),
    Path(Box<PathScorer>),
}

/// How far a job has come: telemetry, for the eye only.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct JobProgress {
    /// Share of the training that is done, 0 to 1.
    pub fraction_done: f32,
    /// Scores of the epochs so far.
    pub curve: Vec<EpochScore>,
}

/// Why a job cannot be performed: a defect of the job, not of the network's training.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EvaluationError {
    /// The network is not sound.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The network cannot be trained on these data, or not by this recipe.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
    /// The job is for other images.
    #[error("the job is for {expected}, but {found} was prepared")]
    Images {
        /// What the job asks for.
        expected: String,
        /// What there is.
        found: String,
    },
    /// The super-network's space cannot be.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// There is no such score.
    #[error("there is no score '{0}': docs/scores.md has those there are")]
    Proxy(String),
    /// A cost that cannot be told.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The key is not a digest.
    #[error("'{0}' is not a key: 64 hexadecimal digits are")]
    Key(String),
}

/// Why an evaluation cannot be taken up again.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CheckpointError {
    /// The bytes are no checkpoint.
    #[error("not a checkpoint of an evaluation, or a damaged one: start the job anew")]
    Damaged,
    /// The training inside does not fit.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The job cannot be performed at all.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The training is between two ends of epochs.
    #[error(transparent)]
    Trainer(#[from] TrainerError),
}

impl Evaluation {
    /// Begins a job. What is known at once is an outcome: that a network needs too much memory, or a score that follows from its
    /// structure.
    ///
    /// # Errors
    /// If the job cannot be performed at all.
    pub fn new(job: Job, images: &Images) -> Result<Result<Self, Outcome>, EvaluationError> {
        if job.data != *images.spec() {
            let (expected, found) = (format!("{:?}", job.data), format!("{:?}", images.spec()));
            return Err(EvaluationError::Images { expected, found });
        }
        let key: Digest = job.key.parse().map_err(|_| EvaluationError::Key(job.key.clone()))?;
        let seeds = Seeds { key, run_seed: job.run_seed, replicate: job.replicate };
        let graph = job.network.resolve()?;
        let sizes = Shrunk::new(images, graph.input).map_or_else(|| images.sizes(), |shrunk| shrunk.sizes());
        match Work::new(&job, &graph, seeds, sizes) {
            Ok(Ok(work)) => Ok(Self::begun_by_parent(&job, images)?.map(|parent| Self {
                job,
                work,
                curve: Vec::new(),
                fraction_done: 0.0,
                parent,
            })),
            Ok(Err(outcome)) => Ok(Err(outcome)),
            Err(EvaluationError::Trainer(TrainerError::Plan(PlanError::TooLarge {
                needed_bytes,
                limit_bytes,
            }))) => Ok(Err(Outcome::Failed(Failure::TooLarge { needed_bytes, limit_bytes }))),
            Err(error) => Err(error),
        }
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Its trainer, to load or to read weights.
    ///
    /// # Panics
    /// If the job trains no network of its own.
    pub fn trainer(&mut self) -> &mut Trainer {
        let Work::Training(trainer) = &mut self.work else { panic!("the job trains no network of its own") };
        trainer.complete();
        trainer
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> JobProgress {
        JobProgress { fraction_done: self.fraction_done, curve: self.curve.clone() }
    }

    /// Works for about `macs` multiply-accumulates, or less if an epoch ends; the outcome, once there is one.
    ///
    /// # Panics
    /// If it is given other images than at first.
    pub fn step(&mut self, images: &Images, macs: u64) -> Option<Outcome> {
        if self.parent.is_some() {
            return self.step_parent(images, macs);
        }
        let shrunk = Shrunk::new(images, self.job.network.input);
        let samples: &dyn Samples = shrunk.as_ref().map_or(images, |shrunk| shrunk as &dyn Samples);
        let trainer = match &mut self.work {
            Work::Training(trainer) => trainer,
            Work::Scoring(scorer) => {
                let score = scorer.step(samples, macs);
                self.fraction_done = scorer.fraction_done();
                return score.map(scoring::outcome);
            }
            Work::SuperNetwork(_) => return self.step_super_network(images, macs),
            Work::Path(scorer) => {
                return scorer
                    .step(images, macs)
                    .map(|score| Outcome::Validated { accuracy: score.accuracy });
            }
        };
        let report = trainer.step(samples, macs);
        self.fraction_done = report.fraction_done;
        match report.event? {
            Event::EpochEnd { train, validation, .. } => {
                self.curve.push(EpochScore { loss: train.loss, accuracy: validation.accuracy });
                None
            }
            Event::Finished if self.job.kind == JobKind::Final => {
                trainer.evaluate(Split::Test).expect("a finished training is between two epochs");
                None
            }
            Event::Finished => Some(trained(trainer, &self.curve, None)),
            Event::Evaluated { score, .. } => Some(trained(trainer, &self.curve, Some(score.accuracy))),
            Event::Diverged { step, layer } => Some(Outcome::Failed(Failure::Diverged { step, layer })),
        }
    }
}

impl Evaluation {
    /// Works until there is an outcome.
    fn finish(&mut self, images: &Images) -> Outcome {
        loop {
            if let Some(outcome) = self.step(images, MACS_AT_ONCE) {
                return outcome;
            }
        }
    }
}

fn trained(trainer: &Trainer, curve: &[EpochScore], test_accuracy: Option<f32>) -> Outcome {
    Outcome::Trained {
        curve: curve.to_vec(),
        test_accuracy,
        weights_sha256: trainer.weights_digest().to_string(),
    }
}

impl Work {
    fn new(
        job: &Job,
        graph: &Graph,
        seeds: Seeds,
        sizes: SampleSizes,
    ) -> Result<Result<Self, Outcome>, EvaluationError> {
        let memory_limit = job.memory_limit_bytes;
        if let Some(spec) = &job.score {
            return Ok(match Scoring::new(spec, graph, seeds, sizes, memory_limit)? {
                Scoring::Known(outcome) => Err(outcome),
                Scoring::Passes(scorer) => Ok(Self::Scoring(scorer)),
            });
        }
        if let Some(spec) = &job.supernet {
            return Ok(Ok(Self::SuperNetwork(Box::new(SuperNetwork::new(job, spec, sizes)?))));
        }
        let mut trainer = Trainer::undrawn(graph, &job.recipe, seeds, sizes, memory_limit)?;
        trainer.train_to(job.epochs)?;
        Ok(Ok(Self::Training(Box::new(trainer))))
    }
}

/// Checkpoints: length of the curve's JSON (u32, little endian), that JSON, the trainer's snapshot or the shared weights.
impl Evaluation {
    /// All that is needed to go on elsewhere: possible whenever an epoch has ended. Of a super-network, all that candidates inherit.
    ///
    /// # Errors
    /// In the middle of an epoch, where a score always is, and who waits for the parent's weights: it begins anew elsewhere.
    ///
    /// # Panics
    /// Never: a curve is always JSON.
    pub fn checkpoint(&self) -> Result<Vec<u8>, TrainerError> {
        let snapshot = match &self.work {
            _ if self.parent.is_some() => return Err(TrainerError::MidEpoch("a checkpoint is made")),
            Work::Training(trainer) => trainer.snapshot()?,
            Work::SuperNetwork(training) => training.weights().to_bytes(),
            Work::Scoring(_) | Work::Path(_) => {
                return Err(TrainerError::MidEpoch("a checkpoint is made"));
            }
        };
        let curve = serde_json::to_string(&self.curve).expect("a curve is always JSON");
        Ok([&(curve.len() as u32).to_le_bytes()[..], curve.as_bytes(), &snapshot].concat())
    }

    /// Goes on from the checkpoint of [`Job::goes_on_from`], or of the same job. What is known at once is an outcome, as in
    /// [`Self::new`].
    ///
    /// # Errors
    /// If the bytes are no checkpoint of this job.
    ///
    /// # Panics
    /// Never: the network of a job that begins is sound.
    pub fn resume(
        job: Job,
        images: &Images,
        checkpoint: &[u8],
    ) -> Result<Result<Self, Outcome>, CheckpointError> {
        let (length, rest) = checkpoint.split_first_chunk().ok_or(CheckpointError::Damaged)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (curve, snapshot) = rest.split_at_checked(length).ok_or(CheckpointError::Damaged)?;
        let curve = str::from_utf8(curve).map_err(|_| CheckpointError::Damaged)?;
        let curve = serde_json::from_str(curve).map_err(|_| CheckpointError::Damaged)?;
        let mut evaluation = match Self::new(job, images)? {
            Ok(evaluation) => evaluation,
            Err(outcome) => return Ok(Err(outcome)),
        };
        if let Some(spec) =
            evaluation.job.supernet.as_ref().filter(|_| evaluation.job.kind == JobKind::Search)
        {
            let weights = SharedWeights::from_bytes(one_shot::seeds(evaluation.job.run_seed).key, snapshot)?;
            let graph = evaluation.job.network.resolve().expect("the network was resolved before");
            return match inherit(&evaluation.job, spec, &weights, &graph, images.sizes()) {
                Ok(work) => Ok(Ok(Self { work, ..evaluation })),
                Err(error) => Ok(Err(too_large(&error))),
            };
        }
        evaluation.restore(curve, snapshot)?;
        Ok(Ok(evaluation))
    }

    /// Stands where the snapshot of this training was made, or has the parent's training stand there.
    fn restore(&mut self, curve: Vec<EpochScore>, snapshot: &[u8]) -> Result<(), CheckpointError> {
        let Work::Training(trainer) = &mut self.work else { return Err(CheckpointError::Damaged) };
        match (trainer.restore(snapshot), &mut self.parent) {
            (Err(SnapshotError::Network | SnapshotError::Training), Some(parent)) => {
                return parent.restore(curve, snapshot);
            }
            (restored, _) => restored?,
        }
        trainer.train_to(self.job.epochs)?;
        self.curve = curve;
        self.parent = None;
        Ok(())
    }
}

/// Performs a job from beginning to end.
///
/// # Errors
/// If it cannot be performed at all.
pub fn perform(job: Job, images: &Images) -> Result<Outcome, EvaluationError> {
    Ok(match Evaluation::new(job, images)? {
        Err(outcome) => outcome,
        Ok(mut evaluation) => evaluation.finish(images),
    })
}

/// Performs a training, and then uses the test split: for tables of known results. A search sees validation scores only.
///
/// # Errors
/// If it cannot be performed at all.
///
/// # Panics
/// If the job is a score.
pub fn perform_and_test(job: Job, images: &Images) -> Result<Outcome, EvaluationError> {
    Ok(match Evaluation::new(job, images)? {
        Err(outcome) => outcome,
        Ok(mut evaluation) => match evaluation.finish(images) {
            Outcome::Trained { test_accuracy: None, .. } => {
                let is_between_epochs = evaluation.trainer().evaluate(Split::Test);
                is_between_epochs.expect("a finished training is between two epochs");
                evaluation.finish(images)
            }
            outcome => outcome,
        },
    })
}
