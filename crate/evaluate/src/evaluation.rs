use nas_arch::NetworkError;
use nas_nn::{Event, PlanError, Samples, Seeds, SnapshotError, Split, Trainer, TrainerError};
use nas_numerics::Digest;
use nas_run::{EpochScore, Failure, Job, JobKind, Outcome};
use serde::Serialize;
use thiserror::Error;
use ts_rs::TS;

use crate::Images;
use crate::images::Shrunk;

/// Multiply-accumulates between two looks at the outcome when nobody waits.
pub const MACS_AT_ONCE: u64 = 1 << 30;

/// A job under way. A network whose input is smaller than the images sees them shrunk.
pub struct Evaluation {
    job: Job,
    trainer: Trainer,
    curve: Vec<EpochScore>,
    fraction_done: f32,
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
    /// Begins a job. A network that needs too much memory is an outcome, not an error.
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
        match Trainer::undrawn(&graph, &job.recipe, seeds, sizes, job.memory_limit_bytes) {
            Ok(mut trainer) => {
                trainer.train_to(job.epochs)?;
                Ok(Ok(Self { job, trainer, curve: Vec::new(), fraction_done: 0.0 }))
            }
            Err(TrainerError::Plan(PlanError::TooLarge { needed_bytes, limit_bytes })) => {
                Ok(Err(Outcome::Failed(Failure::TooLarge { needed_bytes, limit_bytes })))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Its trainer, to load or to read weights.
    pub fn trainer(&mut self) -> &mut Trainer {
        self.trainer.complete();
        &mut self.trainer
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
        let report = match Shrunk::new(images, self.job.network.input) {
            Some(shrunk) => self.trainer.step(&shrunk, macs),
            None => self.trainer.step(images, macs),
        };
        self.fraction_done = report.fraction_done;
        match report.event? {
            Event::EpochEnd { train, validation, .. } => {
                self.curve.push(EpochScore { loss: train.loss, accuracy: validation.accuracy });
                None
            }
            Event::Finished if self.job.kind == JobKind::Final => {
                self.trainer.evaluate(Split::Test).expect("a finished training is between two epochs");
                None
            }
            Event::Finished => Some(self.trained(None)),
            Event::Evaluated { score, .. } => Some(self.trained(Some(score.accuracy))),
            Event::Diverged { step, layer } => Some(Outcome::Failed(Failure::Diverged { step, layer })),
        }
    }

    fn trained(&self, test_accuracy: Option<f32>) -> Outcome {
        Outcome::Trained {
            curve: self.curve.clone(),
            test_accuracy,
            weights_sha256: self.trainer.weights_digest().to_string(),
        }
    }
}

/// Checkpoints: length of the curve's JSON (u32, little endian), that JSON, the trainer's snapshot.
impl Evaluation {
    /// All that is needed to go on elsewhere. Possible whenever an epoch has ended.
    ///
    /// # Errors
    /// In the middle of an epoch.
    ///
    /// # Panics
    /// Never: a curve is always JSON.
    pub fn checkpoint(&self) -> Result<Vec<u8>, TrainerError> {
        let snapshot = self.trainer.snapshot()?;
        let curve = serde_json::to_string(&self.curve).expect("a curve is always JSON");
        Ok([&(curve.len() as u32).to_le_bytes()[..], curve.as_bytes(), &snapshot].concat())
    }

    /// Goes on from a checkpoint of the same job.
    ///
    /// # Errors
    /// If the bytes are no checkpoint of this job.
    pub fn resume(job: Job, images: &Images, checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        let (length, rest) = checkpoint.split_first_chunk().ok_or(CheckpointError::Damaged)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (curve, snapshot) = rest.split_at_checked(length).ok_or(CheckpointError::Damaged)?;
        let curve = str::from_utf8(curve).map_err(|_| CheckpointError::Damaged)?;
        let curve = serde_json::from_str(curve).map_err(|_| CheckpointError::Damaged)?;
        let mut evaluation = Self::new(job, images)?.map_err(|_| CheckpointError::Damaged)?;
        evaluation.trainer.restore(snapshot)?;
        let epochs = evaluation.job.epochs;
        evaluation.trainer.train_to(epochs)?;
        Ok(Self { curve, ..evaluation })
    }
}

/// Performs a job from beginning to end.
///
/// # Errors
/// If it cannot be performed at all.
pub fn perform(job: Job, images: &Images) -> Result<Outcome, EvaluationError> {
    match Evaluation::new(job, images)? {
        Err(outcome) => Ok(outcome),
        Ok(mut evaluation) => loop {
            if let Some(outcome) = evaluation.step(images, MACS_AT_ONCE) {
                return Ok(outcome);
            }
        },
    }
}
