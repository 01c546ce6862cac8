use nas_arch::Graph;
use nas_member::{Member, Settings};
use nas_nn::{
    PathEvent, PathReport, PathScorer, PathTrainer, PlanError, SampleSizes, Samples, SharedWeights,
    TrainerError,
};
use nas_run::{EpochScore, Failure, Job, JobKind, Outcome, SupernetSpec};
use nas_space::{Space, configured_space};

use super::{Evaluation, EvaluationError, Work};
use crate::Images;
use crate::one_shot::{path, seeds};

/// The training of a super-network for a run.
pub(super) struct SuperNetwork {
    space: Box<dyn Space>,
    run_seed: u32,
    trainer: PathTrainer,
}

impl SuperNetwork {
    /// Begins it, for the job that trains it or for one whose weights are not at hand.
    ///
    /// # Errors
    /// If there is no such space, or the recipe is out of bounds.
    pub(super) fn new(job: &Job, spec: &SupernetSpec, sizes: SampleSizes) -> Result<Self, EvaluationError> {
        let problem = nas_space::Problem { input: sizes.image, classes: sizes.classes };
        let settings_of = |member: &Member| {
            Settings::new(&member.settings, |name| spec.settings.get(&format!("{}.{name}", member.id)))
        };
        let space = configured_space(&spec.space, problem, &settings_of, None)?;
        let trainer = PathTrainer::new(&job.recipe, seeds(job.run_seed), sizes, job.memory_limit_bytes)?;
        Ok(Self { space, run_seed: job.run_seed, trainer })
    }

    fn step(&mut self, samples: &dyn Samples, macs: u64) -> Result<PathReport, TrainerError> {
        self.trainer.step(samples, macs, &mut |update| path(&*self.space, self.run_seed, update))
    }

    /// The weights as they are.
    pub(super) const fn weights(&self) -> &SharedWeights {
        self.trainer.weights()
    }
}

/// What validates a candidate with these weights.
///
/// # Errors
/// If the network does not fit the data, or memory.
pub(super) fn inherit(
    job: &Job,
    spec: &SupernetSpec,
    weights: &SharedWeights,
    graph: &Graph,
    sizes: SampleSizes,
) -> Result<Work, TrainerError> {
    let batches = [job.recipe.batch_size, spec.calibration_batches];
    let seeds = seeds(job.run_seed);
    let scorer = PathScorer::new(graph, weights, seeds, sizes, batches, job.memory_limit_bytes)?;
    Ok(Work::Path(Box::new(scorer)))
}

impl Evaluation {
    /// Trains a super-network on: for its own job, or before a candidate whose weights are not at hand.
    pub(super) fn step_super_network(&mut self, images: &Images, macs: u64) -> Option<Outcome> {
        let Work::SuperNetwork(training) = &mut self.work else { panic!("no super-network is trained") };
        let report = match training.step(images, macs) {
            Ok(report) => report,
            Err(error) => return Some(too_large(&error)),
        };
        let is_own = self.job.kind == JobKind::SuperNetwork;
        self.fraction_done = training.trainer.fraction_done();
        match report.event? {
            PathEvent::EpochEnd { train, .. } => {
                if is_own {
                    self.curve.push(EpochScore { loss: train.loss, accuracy: train.accuracy });
                }
                None
            }
            PathEvent::Diverged { step } => {
                Some(Outcome::Failed(Failure::Diverged { step, layer: "super-network".to_owned() }))
            }
            PathEvent::Finished if is_own => Some(Outcome::Trained {
                curve: self.curve.clone(),
                test_accuracy: None,
                weights_sha256: training.weights().digest().to_string(),
            }),
            PathEvent::Finished => {
                let spec = self.job.supernet.as_ref().expect("a candidate that inherits says of what");
                let graph = self.job.network.resolve().expect("the network was resolved before");
                match inherit(&self.job, spec, training.weights(), &graph, images.sizes()) {
                    Ok(work) => self.work = work,
                    Err(error) => return Some(too_large(&error)),
                }
                None
            }
        }
    }
}

/// The outcome of a path that does not fit memory.
///
/// # Panics
/// If the path does not fit the data: those of a space do.
pub(super) fn too_large(error: &TrainerError) -> Outcome {
    let &TrainerError::Plan(PlanError::TooLarge { needed_bytes, limit_bytes }) = error else {
        panic!("a path cannot be trained: {error}")
    };
    Outcome::Failed(Failure::TooLarge { needed_bytes, limit_bytes })
}
