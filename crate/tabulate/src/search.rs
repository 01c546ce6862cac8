use std::collections::BTreeMap;

use nas_numerics::kendall_tau;
use nas_run::{Job, LogLine, Outcome, Problem, Run};

use crate::{KnownTable, TabulateError, Truth};

/// What a search of a known space came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// What the network is worth that the search believes best: of those trained to the end the one with the best validation
    /// accuracy in that training, or with the best score.
    pub truth: Truth,
    /// Kendall's τ-b of what the run believes of its networks, as far as they were trained to the end or scored, with what they are
    /// worth; none of fewer than two.
    pub tau: Option<f64>,
    /// Candidates asked for.
    pub candidates: u32,
    /// Planned work of all trainings and scores, in training MACs.
    pub work_macs: u64,
}

/// Runs a search to its end, whose trainings are looked up in a table; scores, and all where weights are inherited, are performed
/// by `perform`.
///
/// # Errors
/// If the problem is not that of the table, or the run cannot be or finds nothing.
///
/// # Panics
/// Never: a log line is always JSON.
pub fn search<E: From<TabulateError>>(
    problem: Problem,
    known: &KnownTable,
    perform: &mut dyn FnMut(Job) -> Result<Outcome, E>,
) -> Result<Found, E> {
    known.check(&problem)?;
    let epochs = if problem.inherits_from_super_network() { 0 } else { problem.recipe().horizon_epochs };
    let mut run = Run::of(problem).map_err(TabulateError::from)?;
    let mut log = String::new();
    loop {
        while let Some(job) = run.next_job() {
            let id = job.id;
            let outcome = if KnownTable::answers(&job) { known.answer(&job)? } else { perform(job)? };
            run.tell(id, outcome).map_err(TabulateError::from)?;
        }
        log.push_str(&run.take_log());
        if run.is_over() {
            break;
        }
    }
    let lines = log.lines().map(|line| serde_json::from_str(line).expect("a log line is always JSON"));
    Ok(believed_best(known, lines, epochs)?)
}

/// Reads off a log what the run believes best. A candidate is trained for `epochs`, or as the log says of it.
fn believed_best(
    known: &KnownTable,
    lines: impl Iterator<Item = LogLine>,
    epochs: u32,
) -> Result<Found, TabulateError> {
    let mut asked: Vec<(String, u32)> = Vec::new();
    let mut epochs_told: BTreeMap<u32, u32> = BTreeMap::new();
    let mut best: Option<(f64, u32)> = None;
    let mut believed: BTreeMap<String, f64> = BTreeMap::new();
    let mut work_macs = 0;
    for line in lines {
        match line {
            LogLine::Asked { name, hot_start, same_as, .. } => {
                let whole = hot_start.map_or(epochs, |line| line.epochs);
                asked.push((name, same_as.map_or(whole, |first| asked[first as usize].1)));
            }
            LogLine::Told { ask, result, .. } => {
                let told = epochs_told.entry(ask).or_default();
                *told += result.curve.len() as u32;
                let accuracy =
                    (*told == asked[ask as usize].1).then_some(f64::from(result.validation_accuracy));
                let worth = result.score.or(accuracy);
                if let Some(worth) = worth {
                    believed.entry(asked[ask as usize].0.clone()).or_insert(worth);
                }
                if let Some(worth) = worth.filter(|worth| best.is_none_or(|(best, _)| *worth > best)) {
                    best = Some((worth, ask));
                }
            }
            LogLine::Done { work_macs: work, .. } => work_macs = work,
            _ => {}
        }
    }
    let truth = best.and_then(|(_, ask)| known.truth(&asked[ask as usize].0));
    let truth = truth.ok_or(TabulateError::NothingFound)?;
    let pair = |(name, worth): (&String, &f64)| Some((*worth, known.truth(name)?.validation_accuracy));
    let pairs: Vec<(f64, f64)> = believed.iter().filter_map(pair).collect();
    Ok(Found { truth, tau: kendall_tau(&pairs), candidates: asked.len() as u32, work_macs })
}
