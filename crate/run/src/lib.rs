//! The sans-io heart: a search as a value that hands out jobs and takes results.
//!
//! [`Run`] does no I/O, has no clock and starts no thread. A driver (web workers, native threads, a test)
//! takes jobs, performs them in any order with any number of workers, and gives the results back; the log
//! comes out the same to the byte, because results are told to the strategy in virtual time
//! ([`clock::VirtualClock`]), which counts planned work.

pub mod clock;
mod config;
mod error;
mod evaluation;
mod feasibility;
mod formulation;
mod job;
pub mod link;
mod log;
mod problem;
mod refinement;
mod run;
mod stopping;

pub use config::{
    DEFAULT_SEED, MAX_CANDIDATES, MAX_EPOCHS, MAX_REPLICATES, MAX_STARTS, MAX_WIDTH, RunConfig,
};
pub use error::RunError;
pub use evaluation::{FINAL_MEMBERS, Inheritance, Proxy, ScoreSpec, SupernetSpec, evaluations, proxies};
pub use feasibility::{FeasibilitySearch, Nearest};
pub use formulation::Formulation;
pub use job::{DataSpec, EpochScore, Failure, Job, JobId, JobKind, Outcome};
pub use log::{
    CandidateCosts, FrontMember, HotStartLine, LogLine, PredictorQuality, Rejected, Rejections, RunHeader,
    StopReason, Trained,
};
pub use problem::{DataFacts, Priced, Problem};
pub use refinement::{OperatorGroup, OperatorPrice, Refinement};
pub use run::{Phase, Progress, Run};
