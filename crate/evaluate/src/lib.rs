//! Performs jobs: where the run, the engine and the data meet.
//!
//! A driver (a web worker, a native thread) prepares [`Images`] once, makes an [`Evaluation`] of each [`Job`] and
//! steps it until there is an [`Outcome`]. Drivers differ in nothing else, so outcomes cannot differ either.

mod evaluation;
mod images;
mod one_shot;
mod profile;
mod scoring;
mod workload;

pub use evaluation::{
    CheckpointError, Evaluation, EvaluationError, JobProgress, MACS_AT_ONCE, perform, perform_and_test,
};
pub use images::Images;
#[doc(no_inline)]
pub use nas_run::{Job, Outcome};
pub use one_shot::{OneShot, OneShotError};
pub use profile::{Profile, profiled_networks};
pub use workload::{MOMENTUM, WORKLOADS, Workload, WorkloadError};
