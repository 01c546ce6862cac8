//! The WebAssembly module of the coordinator worker: the run, with every strategy. It cannot train.
//!
//! Handles own memory in wasm and are freed explicitly.

use nas_data::DatasetInfo;
use nas_run::{DataFacts, Problem, Run, RunConfig, RunError, StopReason};
use nas_wasm_border::{BorderError, from_js, to_js};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A run: hands out jobs, takes outcomes, writes the log.
#[wasm_bindgen]
pub struct Coordinator(Run);

#[wasm_bindgen]
impl Coordinator {
    /// The run of a `RunConfig`, with the table of measurements that it names, as CSV.
    ///
    /// # Errors
    /// If the configuration cannot be, the table is another, or no candidate keeps the limits.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "RunConfig")] config: JsValue,
        table: Option<String>,
    ) -> Result<Self, JsValue> {
        let config: RunConfig = from_js(config)?;
        let unknown = || BorderError::misuse(&format!("there is no dataset '{}'", config.data));
        let facts = DataFacts::of(DatasetInfo::find(&config.data).ok_or_else(unknown)?);
        let table =
            table.map(|csv| config.read_table(&csv)).transpose().map_err(|error| run_error(error.into()))?;
        let problem = Problem::with_table(&config, &facts, table.as_ref()).map_err(run_error)?;
        Ok(Self(Run::of(problem).map_err(run_error)?))
    }

    /// The next `Job`; null while all are handed out, or when the run is over.
    ///
    /// # Errors
    /// Never in practice.
    #[wasm_bindgen(js_name = nextJob, unchecked_return_type = "Job | null")]
    pub fn next_job(&mut self) -> Result<JsValue, JsValue> {
        to_js(&self.0.next_job())
    }

    /// Takes the `Outcome` of a job.
    ///
    /// # Errors
    /// If the job is not under way.
    pub fn tell(
        &mut self,
        job: u32,
        #[wasm_bindgen(unchecked_param_type = "Outcome")] outcome: JsValue,
    ) -> Result<(), JsValue> {
        Ok(self.0.tell(job, from_js(outcome)?).map_err(run_error)?)
    }

    /// Takes back a job whose worker was lost.
    pub fn lost(&mut self, job: u32) {
        self.0.lost(job);
    }

    /// Ends the run early.
    pub fn stop(&mut self) {
        self.0.stop(StopReason::User);
    }

    /// The log lines written since the last call.
    #[wasm_bindgen(js_name = takeLog)]
    pub fn take_log(&mut self) -> String {
        self.0.take_log()
    }

    /// Results told so far: one for each candidate, or for each rung of its training; a final training counts as one more.
    #[must_use]
    pub fn told(&self) -> u32 {
        let progress = self.0.progress();
        progress.results + progress.finals
    }

    /// Whether nothing more will come.
    #[wasm_bindgen(js_name = isOver)]
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }
}

/// Panics show their message and place on the console.
#[wasm_bindgen(start)]
pub fn start() {
    nas_wasm_border::show_panics();
}

fn run_error(error: RunError) -> BorderError {
    BorderError::new(error.code(), error)
}
