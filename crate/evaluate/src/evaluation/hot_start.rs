use nas_nn::NamedTensor;
use nas_run::{Inheritance, Job, Outcome};

use super::{Evaluation, EvaluationError, Work};
use crate::Images;

impl Evaluation {
    /// The training that comes before a job's own, if there is one.
    ///
    /// # Errors
    /// If it cannot be performed at all.
    pub(super) fn begun_by_parent(
        job: &Job,
        images: &Images,
    ) -> Result<Result<Option<Box<Self>>, Outcome>, EvaluationError> {
        let Some(Inheritance { from, .. }) = &job.inherits else { return Ok(Ok(None)) };
        Ok(Self::new((**from).clone(), images)?.map(|parent| Some(Box::new(parent))))
    }

    /// Trains the parent on; once that has ended, the weights of the layers in common are copied.
    pub(super) fn step_parent(&mut self, images: &Images, macs: u64) -> Option<Outcome> {
        let parent = self.parent.as_mut().expect("a parent is trained");
        let outcome = parent.step(images, macs)?;
        if !matches!(outcome, Outcome::Trained { .. }) {
            return Some(outcome);
        }
        let weights = parent.trainer().export_weights();
        self.parent = None;
        let inheritance = self.job.inherits.as_ref().expect("an heir says from whom it inherits");
        let Work::Training(trainer) = &mut self.work else { panic!("only trainings inherit so") };
        trainer.complete();
        let matched = trainer.copy_matching(&renamed(weights, inheritance));
        matched.expect("a training that has not begun is between two epochs");
        None
    }
}

/// The parent's tensors of the layers in common, under the heir's names.
fn renamed(weights: Vec<NamedTensor>, inheritance: &Inheritance) -> Vec<NamedTensor> {
    let rename = |tensor: NamedTensor| {
        let (layer, parameter) = tensor.path.split_once('.')?;
        let [heir, _] = inheritance.layers.iter().find(|[_, parent]| parent == layer)?;
        Some(NamedTensor { path: format!("{heir}.{parameter}"), ..tensor })
    };
    weights.into_iter().filter_map(rename).collect()
}
