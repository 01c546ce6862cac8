use nas_data::DatasetInfo;
use nas_evaluate::{Evaluation, Images, JobProgress};
use nas_run::{DataSpec, Job, Outcome};
use nas_wasm_border::{BorderError, coded, from_js, to_js};
use serde::Serialize;
use ts_rs::TS;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Performs jobs on one dataset, one after the other.
#[wasm_bindgen]
pub struct Evaluator {
    images: Images,
    evaluation: Option<Evaluation>,
}

#[wasm_bindgen]
impl Evaluator {
    /// An evaluator for the images of a `DataSpec`, from the bytes of the dataset's file.
    ///
    /// # Errors
    /// If there is no such dataset, the bytes are damaged, truncated, of a newer format, or another file, or the dataset
    /// cannot be had at this resolution or with so many images.
    #[wasm_bindgen(constructor)]
    pub fn new(
        file: &[u8],
        #[wasm_bindgen(unchecked_param_type = "DataSpec")] spec: JsValue,
    ) -> Result<Self, JsValue> {
        let spec: DataSpec = from_js(spec)?;
        let info = DatasetInfo::find(&spec.id)
            .ok_or_else(|| BorderError::misuse(&format!("there is no dataset '{}'", spec.id)))?;
        let dataset = info.open(file).map_err(coded("bad-data"))?;
        let images = Images::prepare(&dataset, &spec).map_err(coded("bad-data"))?;
        Ok(Self { images, evaluation: None })
    }

    /// Begins a `Job`; one under way is dropped. Returns its `Outcome` if that is known at once, else null.
    ///
    /// # Errors
    /// If the job cannot be performed at all.
    #[wasm_bindgen(unchecked_return_type = "Outcome | null")]
    pub fn begin(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Job")] job: JsValue,
    ) -> Result<JsValue, JsValue> {
        let job: Job = from_js(job)?;
        let begun = Evaluation::new(job, &self.images).map_err(coded("bad-job"))?;
        to_js(&self.take_up(begun))
    }

    /// Goes on with a `Job` from a checkpoint. Returns its `Outcome` if that is known at once, else null.
    ///
    /// # Errors
    /// If the bytes are no checkpoint of this job.
    #[wasm_bindgen(unchecked_return_type = "Outcome | null")]
    pub fn resume(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Job")] job: JsValue,
        checkpoint: &[u8],
    ) -> Result<JsValue, JsValue> {
        let resumed =
            Evaluation::resume(from_js(job)?, &self.images, checkpoint).map_err(coded("bad-checkpoint"))?;
        to_js(&self.take_up(resumed))
    }

    /// Works for about `macs` multiply-accumulates: a `StepView`. A training that a later job may go on with stays after its
    /// outcome, for a checkpoint, until the next job.
    ///
    /// # Errors
    /// If no job is under way.
    #[wasm_bindgen(unchecked_return_type = "StepView")]
    pub fn step(&mut self, macs: f64) -> Result<JsValue, JsValue> {
        let evaluation = self.evaluation.as_mut().ok_or_else(nothing_under_way)?;
        let outcome = evaluation.step(&self.images, macs as u64);
        let progress = evaluation.progress();
        let may_go_on = evaluation.job().may_go_on();
        if outcome.is_some() && !may_go_on {
            self.evaluation = None;
        }
        to_js(&StepView { progress, outcome, may_go_on })
    }

    /// All that is needed to go on elsewhere; possible whenever an epoch has ended.
    ///
    /// # Errors
    /// If no job is under way, or in the middle of an epoch.
    pub fn checkpoint(&self) -> Result<Vec<u8>, JsValue> {
        let evaluation = self.evaluation.as_ref().ok_or_else(nothing_under_way)?;
        Ok(evaluation.checkpoint().map_err(coded("bad-job"))?)
    }
}

impl Evaluator {
    /// What has begun is under way; the outcome of what ended at once.
    fn take_up(&mut self, begun: Result<Evaluation, Outcome>) -> Option<Outcome> {
        self.evaluation = None;
        match begun {
            Ok(evaluation) => {
                self.evaluation = Some(evaluation);
                None
            }
            Err(outcome) => Some(outcome),
        }
    }
}

/// How far a job has come, and its outcome once there is one.
#[derive(Serialize, TS)]
#[ts(export)]
struct StepView {
    pub progress: JobProgress,
    pub outcome: Option<Outcome>,
    /// Whether a later job may go on from its end, or begin with its weights.
    pub may_go_on: bool,
}

fn nothing_under_way() -> BorderError {
    BorderError::misuse("no job is under way: begin one first")
}
