//! Threads that train: a thin driver around the run.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nas_evaluate::{CheckpointError, Evaluation, Images};
use nas_run::{Failure as TrainingFailure, Job, JobId, Outcome, Run, StopReason};

use super::checkpoints::Checkpoints;
use crate::failure::Failure;

/// Multiply-accumulates between two looks at whether to stop: some milliseconds.
const MACS_AT_ONCE: u64 = 1 << 25;

/// What a worker says of a job.
enum Report {
    Done(JobId, Done),
    /// The evaluator panicked: the panic's message is on standard error.
    Crashed(JobId),
    /// The job cannot be performed: a defect.
    Refused(CheckpointError),
}

/// A job done.
pub(crate) struct Done {
    /// The key of its evaluation.
    pub(crate) key: String,
    pub(crate) outcome: Outcome,
    /// From where a later job may go on.
    pub(crate) checkpoint: Option<Vec<u8>>,
}

/// A job with the checkpoint that it goes on from, if there is one.
pub(crate) type Task = (Job, Option<Arc<[u8]>>);

/// Runs to the end, or to the time limit, with `workers` threads.
pub(super) fn drive(
    run: &mut Run,
    images: &Images,
    workers: usize,
    time_limit: Option<Duration>,
    write: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // A limit beyond what the clock can tell is none.
    let deadline = time_limit.and_then(|limit| now().checked_add(limit));
    let (job_sender, job_receiver) = mpsc::channel();
    let (report_sender, report_receiver) = mpsc::channel();
    let job_receiver = Mutex::new(job_receiver);
    let is_stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let reports = report_sender.clone();
            let (job_receiver, is_stopped) = (&job_receiver, &is_stopped);
            scope.spawn(move || work(job_receiver, &reports, images, is_stopped));
        }
        let result = coordinate(run, &job_sender, &report_receiver, deadline, write);
        is_stopped.store(true, Ordering::Relaxed);
        drop(job_sender);
        result
    })
}

#[expect(clippy::disallowed_methods, reason = "the command line is where a time limit is measured")]
fn now() -> Instant {
    Instant::now()
}

fn coordinate(
    run: &mut Run,
    jobs: &Sender<Task>,
    reports: &Receiver<Report>,
    deadline: Option<Instant>,
    write: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut crashed: BTreeSet<JobId> = BTreeSet::new();
    let mut checkpoints = Checkpoints::default();
    loop {
        while let Some(job) = run.next_job() {
            let checkpoint = job.goes_on_from().and_then(|key| checkpoints.get(key));
            jobs.send((job, checkpoint)).map_err(|_| Failure::Internal("all workers are gone".into()))?;
        }
        write(&run.take_log())?;
        if run.is_over() {
            return Ok(());
        }
        let wait = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(now()));
        match reports.recv_timeout(wait) {
            Ok(Report::Done(job, done)) => {
                checkpoints.put(done.key, done.checkpoint);
                run.tell(job, done.outcome)?;
            }
            Ok(Report::Crashed(job)) if crashed.insert(job) => run.lost(job),
            Ok(Report::Crashed(job)) => run.tell(job, Outcome::Failed(TrainingFailure::Crashed))?,
            Ok(Report::Refused(error)) => return Err(Failure::Internal(error.to_string())),
            Err(RecvTimeoutError::Timeout) => run.stop(StopReason::Time),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Internal("all workers are gone".into()));
            }
        }
    }
}

fn work(jobs: &Mutex<Receiver<Task>>, reports: &Sender<Report>, images: &Images, is_stopped: &AtomicBool) {
    loop {
        let next = jobs.lock().expect("no worker panics while it waits for a job").recv();
        let Ok(task) = next else { return };
        let id = task.0.id;
        let report = match catch_unwind(AssertUnwindSafe(|| perform(task, images, is_stopped))) {
            Ok(Ok(Some(done))) => Report::Done(id, done),
            Ok(Ok(None)) => return,
            Ok(Err(error)) => Report::Refused(error),
            Err(_) => Report::Crashed(id),
        };
        if reports.send(report).is_err() {
            return;
        }
    }
}

/// Performs a job; none if it was stopped on the way.
pub(crate) fn perform(
    (job, checkpoint): Task,
    images: &Images,
    is_stopped: &AtomicBool,
) -> Result<Option<Done>, CheckpointError> {
    let key = job.key.clone();
    let begun = match checkpoint {
        Some(checkpoint) => Evaluation::resume(job, images, &checkpoint)?,
        None => Evaluation::new(job, images)?,
    };
    let mut evaluation = match begun {
        Ok(evaluation) => evaluation,
        Err(outcome) => return Ok(Some(Done { key, outcome, checkpoint: None })),
    };
    while !is_stopped.load(Ordering::Relaxed) {
        if let Some(outcome) = evaluation.step(images, MACS_AT_ONCE) {
            let rests = evaluation.job().may_go_on() && matches!(outcome, Outcome::Trained { .. });
            let checkpoint = if rests { Some(evaluation.checkpoint()?) } else { None };
            return Ok(Some(Done { key, outcome, checkpoint }));
        }
    }
    Ok(None)
}
