use nas_kernels::Loss;

use super::Trainer;
use super::progress::{Goal, Phase};
use crate::Split;

/// Where a training stands after a call of [`Trainer::step`].
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Epochs that have ended.
    pub epoch: u32,
    /// Updates made in the epoch under way.
    pub step: u32,
    /// Updates in an epoch.
    pub steps_per_epoch: u32,
    /// Mean training loss of the epoch under way, as soon as there is one.
    pub train_loss: Option<f32>,
    /// How much is done of what was asked for: of the training up to its target, or of the evaluation under way. From 0
    /// to 1.
    pub fraction_done: f32,
    /// Multiply-accumulates that this call has spent.
    pub macs: u64,
    /// What happened, if the call ended for it.
    pub event: Option<Event>,
}

/// What ends a call of [`Trainer::step`] before its budget is spent.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An epoch has ended, its validation included. A snapshot can be made.
    EpochEnd {
        /// Its number, from 1.
        epoch: u32,
        /// Over the epoch's training steps: with the weights of each step, label smoothing and batch statistics.
        train: Score,
        /// Over the validation split with the weights at the end.
        validation: Score,
    },
    /// An evaluation that was asked for has ended.
    Evaluated {
        /// The split.
        split: Split,
        /// Its result.
        score: Score,
    },
    /// The target epoch is reached; so says every further call.
    Finished,
    /// The loss is not finite: the training has ended; so says every further call.
    Diverged {
        /// Updates made before.
        step: u32,
        /// The first layer whose output is not finite, or the output layer if only the loss is not.
        layer: String,
    },
}

/// Loss and accuracy over a number of images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean cross-entropy.
    pub loss: f32,
    /// Share of images whose largest output is that of their class.
    pub accuracy: f32,
    /// Number of such images.
    pub correct: u32,
    /// Number of images.
    pub images: u32,
}

/// A score as it is summed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    loss: f64,
    correct: u32,
    images: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, loss: Loss, images: u32) {
        self.loss += f64::from(loss.mean) * f64::from(images);
        self.correct += loss.correct;
        self.images += images;
    }

    /// # Panics
    /// If nothing was added.
    pub(crate) fn score(&self) -> Score {
        let Self { loss, correct, images } = *self;
        assert!(images > 0, "a score needs an image");
        Score {
            loss: (loss / f64::from(images)) as f32,
            accuracy: correct as f32 / images as f32,
            correct,
            images,
        }
    }
}

impl Trainer {
    pub(super) fn report(&self, macs: u64, event: Option<Event>) -> StepReport {
        let steps_per_epoch = self.steps_per_epoch();
        StepReport {
            epoch: self.epoch,
            step: self.updates - self.epoch * steps_per_epoch,
            steps_per_epoch,
            train_loss: (self.trained.images > 0).then(|| self.trained.score().loss),
            fraction_done: self.fraction_done(),
            macs,
            event,
        }
    }

    fn fraction_done(&self) -> f32 {
        let evaluation = match self.phase {
            Phase::Running { pass, .. } | Phase::Diagnosing { pass, .. } => match pass.goal {
                Goal::Evaluation(split) => Some(split),
                Goal::Training | Goal::Validation => None,
            },
            Phase::Initializing | Phase::Boundary | Phase::Diverged { .. } => None,
        };
        let (done, all) = if let Some(split) = evaluation {
            (self.spent_macs, self.pass_macs(Goal::Evaluation(split)))
        } else {
            let epoch_macs = self.macs_per_epoch();
            (u64::from(self.epoch) * epoch_macs + self.spent_macs, u64::from(self.target_epoch) * epoch_macs)
        };
        if all == 0 { 1.0 } else { (done as f64 / all as f64).min(1.0) as f32 }
    }
}
