use std::collections::BTreeMap;

use nas_arch::Network;
use nas_numerics::{NUMERICS_VERSION, Rng};
use nas_search::{Appraisal, Ask, Front, Insertion, Inspection, Point, Strategy, Told};
use nas_space::Genotype;
use serde::Serialize;
use ts_rs::TS;

use crate::clock::VirtualClock;
use crate::evaluation::{merit, planned_macs};
use crate::feasibility::excess;
use crate::job::{EvaluationKey, MEMORY_LIMIT_BYTES};
use crate::{
    CandidateCosts, DataFacts, FINAL_MEMBERS, Failure, FrontMember, Job, JobId, JobKind, LogLine, Outcome,
    Problem, Rejected, Rejections, RunConfig, RunError, RunHeader, StopReason, Trained,
};

/// Version of the log's format.
const LOG_FORMAT: u32 = 1;
/// Rejected draws that a log line shows; the rest is counted. It keeps the log below 1 KiB a candidate.
const REJECTIONS_SHOWN: usize = 2;

/// Every candidate is trained once.
const REPLICATE: u32 = 0;

/// A search under way. See the crate's page.
pub struct Run {
    problem: Problem,
    strategy: Box<dyn Strategy>,
    clock: VirtualClock,
    phase: Phase,
    candidates: Vec<Candidate>,
    /// First ask of each evaluation key.
    first_asks: BTreeMap<String, u32>,
    /// The last ask found no candidate within the limits; another one may once something is told.
    is_exhausted: bool,
    asked_macs: u64,
    told: u32,
    front: Front,
    reference_cost: f64,
    /// Candidates in final training, the most accurate first.
    finalists: Vec<u32>,
    finals_logged: usize,
    /// Planned work of all jobs, final trainings included.
    work_macs: u64,
    jobs: Jobs,
    log: String,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Phase {
    /// Candidates are proposed and trained.
    Search,
    /// Members of the front are trained to the end.
    Final,
    /// The budget is used.
    Done,
    /// Stopped early.
    Stopped,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Progress {
    /// Where it stands.
    pub phase: Phase,
    /// Candidates asked for.
    pub asked: u32,
    /// Candidates told.
    pub told: u32,
    /// Final trainings ended.
    pub finals: u32,
    /// Budget of candidates.
    pub candidates: u32,
    /// Different networks among those asked for.
    pub distinct: u32,
}

struct Candidate {
    genotype: Genotype,
    parent: Option<u32>,
    network: Network,
    name: String,
    summary: CandidateCosts,
    cost: f64,
    virtual_end: u64,
    /// The ask that is trained for it: its own, or an earlier one of the same network.
    evaluated_by: u32,
    result: Option<Trained>,
}

/// Jobs waiting, handed out, and done before their virtual turn.
#[derive(Default)]
struct Jobs {
    next_id: JobId,
    /// By virtual end: what is waited for first is handed out first.
    waiting: BTreeMap<(u64, JobId), Job>,
    /// With their virtual ends.
    handed_out: Vec<(u64, Job)>,
    /// Results held until their turn, with their kinds and asks.
    done: Vec<(JobKind, u32, Trained)>,
}

impl Jobs {
    fn take_back(&mut self, id: JobId) -> Option<(u64, Job)> {
        let at = self.handed_out.iter().position(|(_, job)| job.id == id)?;
        Some(self.handed_out.remove(at))
    }

    fn result(&self, kind: JobKind, ask: u32) -> Option<&Trained> {
        self.done.iter().find(|done| (done.0, done.1) == (kind, ask)).map(|(.., result)| result)
    }
}

impl Run {
    /// A run of this configuration on these data. The first log line is written at once.
    ///
    /// # Errors
    /// If the configuration cannot be, or no candidate keeps the limits.
    pub fn new(config: &RunConfig, facts: &DataFacts) -> Result<Self, RunError> {
        Self::of(Problem::new(config, facts)?)
    }

    /// A run of this problem.
    ///
    /// # Errors
    /// If there is no such strategy, or no candidate keeps the limits.
    pub fn of(problem: Problem) -> Result<Self, RunError> {
        let strategy = problem.strategy()?;
        Self::with_strategy(problem, strategy)
    }

    fn with_strategy(problem: Problem, strategy: Box<dyn Strategy>) -> Result<Self, RunError> {
        let reference_cost = problem.reference_cost()?;
        let header = RunHeader {
            format: LOG_FORMAT,
            numerics: NUMERICS_VERSION,
            config: problem.config.clone(),
            data_sha256: problem.facts.sha256.clone(),
            space_size: problem.space.genes().size().to_string(),
            limits: problem.limits,
            recipe: problem.recipe.clone(),
            validation_images: problem.facts.validation_images,
            test_images: problem.facts.test_images,
            reference_accuracy: reference_accuracy(&problem),
            reference_cost,
        };
        let mut run = Self {
            clock: VirtualClock::new(problem.config.width),
            phase: Phase::Search,
            candidates: Vec::new(),
            first_asks: BTreeMap::new(),
            is_exhausted: false,
            asked_macs: 0,
            told: 0,
            front: Front::default(),
            reference_cost,
            finalists: Vec::new(),
            finals_logged: 0,
            work_macs: 0,
            jobs: Jobs::default(),
            log: String::new(),
            strategy,
            problem,
        };
        run.write(&LogLine::Run(Box::new(header)));
        run.advance();
        Ok(run)
    }

    /// The next job to perform; none while all are handed out, or when the run is over.
    pub fn next_job(&mut self) -> Option<Job> {
        let ((virtual_end, _), job) = self.jobs.waiting.pop_first()?;
        self.jobs.handed_out.push((virtual_end, job.clone()));
        Some(job)
    }

    /// Takes the outcome of a job. It is told to the strategy when its virtual turn comes.
    ///
    /// # Errors
    /// If the job is not under way.
    pub fn tell(&mut self, job: JobId, outcome: Outcome) -> Result<(), RunError> {
        let (_, job) = self.jobs.take_back(job).ok_or(RunError::UnknownJob(job))?;
        self.jobs.done.push((job.kind, job.ask, Trained::from(outcome)));
        self.advance();
        Ok(())
    }

    /// Takes back a job whose worker was lost: it will be handed out again. A job that is not under way (its
    /// result came first) is left alone.
    pub fn lost(&mut self, job: JobId) {
        if let Some((virtual_end, job)) = self.jobs.take_back(job) {
            self.jobs.waiting.insert((virtual_end, job.id), job);
        }
    }

    /// Ends the run early. What is under way is dropped; the log gets one last line. A run that is over stays so.
    pub fn stop(&mut self, reason: StopReason) {
        if !self.is_over() {
            self.jobs = Jobs::default();
            self.phase = Phase::Stopped;
            self.write(&LogLine::Stopped { reason });
        }
    }

    /// Whether nothing more will come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Stopped)
    }

    /// The log lines written since the last call, each ended by a line feed.
    pub fn take_log(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    /// How far the run has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            phase: self.phase,
            asked: self.candidates.len() as u32,
            told: self.told,
            finals: self.finals_logged as u32,
            candidates: self.problem.config.candidates,
            distinct: self.first_asks.len() as u32,
        }
    }

    /// The network of an ask, in canonical form.
    #[must_use]
    pub fn network(&self, ask: u32) -> Option<&Network> {
        self.candidates.get(ask as usize).map(|candidate| &candidate.network)
    }

    /// What can be seen of the strategy's inside.
    #[must_use]
    pub fn inspect(&self) -> Inspection {
        self.strategy.inspect()
    }

    /// The problem that is searched.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Does all that the results at hand allow: asks while slots are free, tells while the next result is there.
    fn advance(&mut self) {
        if self.phase == Phase::Search {
            loop {
                while self.clock.has_free_slot() && self.may_ask() {
                    self.ask();
                }
                let Some(next) = self.clock.next() else { break self.start_finals() };
                let evaluated_by = self.candidates[next as usize].evaluated_by;
                let Some(result) = self.result_of(evaluated_by) else { break };
                self.clock.advance();
                self.tell_strategy(next, result);
            }
        }
        if self.phase == Phase::Final {
            self.log_finals();
        }
    }

    fn may_ask(&self) -> bool {
        let config = &self.problem.config;
        !self.is_exhausted
            && (self.candidates.len() as u32) < config.candidates
            && config.macs.is_none_or(|budget| self.asked_macs < budget)
    }

    /// The result that was told of an ask.
    fn result(&self, ask: u32) -> Option<&Trained> {
        self.candidates[ask as usize].result.as_ref()
    }

    /// The result of an ask, told before or held until now.
    fn result_of(&self, ask: u32) -> Option<Trained> {
        let told = self.candidates[ask as usize].result.as_ref();
        told.or_else(|| self.jobs.result(JobKind::Search, ask)).cloned()
    }

    fn ask(&mut self) {
        let ask = self.candidates.len() as u32;
        if let Some(start) = self.problem.config.start.get(ask as usize) {
            return self.admit(ask, start.clone(), None, Rejections::default());
        }
        let problem = &self.problem;
        let mut rejections = Rejections::default();
        let mut appraise = |genotype: &Genotype| {
            let Ok(priced) = problem.price(genotype) else { return Appraisal::infeasible(f64::INFINITY) };
            if let Some(violation) = priced.violations.first() {
                rejections.count += 1;
                if rejections.first.len() < REJECTIONS_SHOWN {
                    let violation = violation.clone();
                    rejections.first.push(Rejected { genes: genotype.clone(), violation });
                }
            }
            Appraisal { violation: excess(&priced.violations), costs: vec![priced.cost] }
        };
        let pending: Vec<Genotype> = self
            .candidates
            .iter()
            .filter(|candidate| candidate.result.is_none())
            .map(|candidate| candidate.genotype.clone())
            .collect();
        let proposal = self.strategy.ask(&mut Ask {
            number: ask,
            genes: problem.space.genes(),
            rng: Rng::for_purpose(problem.config.seed, "ask", u64::from(ask)),
            pending: &pending,
            appraise: &mut appraise,
        });
        match proposal {
            Some(proposal) => self.admit(ask, proposal.genotype, proposal.parent, rejections),
            None => self.is_exhausted = true,
        }
    }

    /// Enters a proposal: a new job, or none if the same network was asked for before.
    fn admit(&mut self, ask: u32, genotype: Genotype, parent: Option<u32>, rejections: Rejections) {
        let priced = self.problem.price(&genotype).expect("a strategy proposes genotypes of the space");
        let cost = priced.cost;
        let job = self.job(
            ask,
            JobKind::Search,
            &priced.canonical.network,
            &priced.canonical.name(),
            priced.costs.macs,
        );
        let key = job.key.clone();
        let evaluated_by = *self.first_asks.entry(key.clone()).or_insert(ask);
        let is_first = evaluated_by == ask;
        let planned_macs = if is_first { job.planned_macs } else { 0 };
        let not_before = if is_first { 0 } else { self.candidates[evaluated_by as usize].virtual_end };
        let virtual_end = self.clock.start(ask, planned_macs, not_before);
        self.asked_macs = self.asked_macs.saturating_add(planned_macs);
        self.write(&LogLine::Asked {
            ask,
            genes: genotype.clone(),
            name: job.name.clone(),
            parent,
            costs: priced.summary,
            key,
            planned_macs,
            same_as: (!is_first).then_some(evaluated_by),
            rejections,
        });
        self.candidates.push(Candidate {
            genotype,
            parent,
            network: job.network.clone(),
            name: job.name.clone(),
            summary: priced.summary,
            cost,
            virtual_end,
            evaluated_by,
            result: None,
        });
        if is_first {
            self.enqueue(virtual_end, job);
        }
    }

    fn enqueue(&mut self, virtual_end: u64, job: Job) {
        self.work_macs = self.work_macs.saturating_add(job.planned_macs);
        self.jobs.waiting.insert((virtual_end, job.id), job);
    }

    /// The job that trains this network.
    fn job(&mut self, ask: u32, kind: JobKind, network: &Network, name: &str, network_macs: u64) -> Job {
        let problem = &self.problem;
        let recipe = match (kind, &problem.final_recipe) {
            (JobKind::Final, Some(recipe)) => recipe,
            _ => &problem.recipe,
        };
        let score = problem.score.as_ref().filter(|_| kind == JobKind::Search);
        let epochs = if score.is_some() { 0 } else { recipe.horizon_epochs };
        let run_seed = problem.config.seed;
        let key = EvaluationKey {
            kind,
            network,
            data_sha256: &problem.facts.sha256,
            data: &problem.data,
            recipe,
            score,
            run_seed,
            replicate: REPLICATE,
        };
        let id = self.jobs.next_id;
        self.jobs.next_id += 1;
        Job {
            id,
            kind,
            ask,
            name: name.to_owned(),
            network: network.clone(),
            key: key.digest(),
            data: problem.data.clone(),
            recipe: recipe.clone(),
            epochs,
            score: score.cloned(),
            run_seed,
            replicate: REPLICATE,
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
            planned_macs: score.map_or_else(
                || planned_macs(network_macs, epochs, problem.data.samples, problem.facts.validation_images),
                |score| score.planned_macs(network_macs),
            ),
        }
    }

    fn tell_strategy(&mut self, ask: u32, result: Trained) {
        let candidate = &mut self.candidates[ask as usize];
        let accuracy = result.worth();
        let objectives = vec![1.0 - accuracy, candidate.cost];
        let told = Told { ask, genotype: candidate.genotype.clone(), parent: candidate.parent, objectives };
        let point = Point { ask, accuracy, cost: candidate.cost };
        let has_failed = result.failure.is_some();
        let virtual_end = candidate.virtual_end;
        candidate.result = Some(result.clone());
        self.jobs.done.retain(|&(kind, done, _)| (kind, done) != (JobKind::Search, ask));
        self.told += 1;
        self.is_exhausted = false;
        self.write(&LogLine::Told { ask, virtual_end, result });
        self.strategy.tell(&told);
        if !has_failed && self.front.insert(point) == Insertion::Joined {
            self.write_front();
        }
    }

    fn write_front(&mut self) {
        let member = |point: &Point| FrontMember {
            ask: point.ask,
            validation_accuracy: self.result(point.ask).map_or(0.0, |result| result.validation_accuracy),
            score: self.result(point.ask).and_then(|result| result.score),
            cost: point.cost,
        };
        let members = self.front.members().iter().map(member).collect();
        let hypervolume =
            self.front.hypervolume(f64::from(reference_accuracy(&self.problem)), self.reference_cost);
        self.write(&LogLine::Front { members, hypervolume });
    }

    /// Starts the final training of the most accurate members of the front.
    fn start_finals(&mut self) {
        self.phase = Phase::Final;
        if self.problem.final_recipe.is_none() {
            return;
        }
        self.finalists =
            self.front.members().iter().rev().take(FINAL_MEMBERS).map(|member| member.ask).collect();
        for ask in self.finalists.clone() {
            let Candidate { network, name, summary, .. } = &self.candidates[ask as usize];
            let (network, name, macs) = (network.clone(), name.clone(), summary.macs);
            let job = self.job(ask, JobKind::Final, &network, &name, macs);
            self.enqueue(0, job);
        }
    }

    /// Writes the final results at hand, in the order of the finalists, and the last line behind the last one.
    fn log_finals(&mut self) {
        while let Some(&ask) = self.finalists.get(self.finals_logged) {
            let Some(result) = self.jobs.result(JobKind::Final, ask).cloned() else { return };
            let epochs = result.curve.len() as u32;
            self.finals_logged += 1;
            self.write(&LogLine::Final { ask, epochs, result });
        }
        self.phase = Phase::Done;
        self.write(&LogLine::Done {
            candidates: self.told,
            distinct: self.first_asks.len() as u32,
            work_macs: self.work_macs,
        });
    }

    fn write(&mut self, line: &LogLine) {
        self.log.push_str(&serde_json::to_string(line).expect("a log line is always JSON"));
        self.log.push('\n');
    }
}

/// Accuracy of guessing; of scores no merit at all.
fn reference_accuracy(problem: &Problem) -> f32 {
    if problem.score.is_some() { 0.0 } else { 1.0 / problem.facts.classes as f32 }
}

impl From<Outcome> for Trained {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Trained { curve, test_accuracy, weights_sha256 } => Self {
                validation_accuracy: curve.last().map_or(0.0, |score| score.accuracy),
                curve,
                score: None,
                test_accuracy,
                weights_sha256: Some(weights_sha256),
                failure: None,
            },
            Outcome::Scored { score } => Self { score: Some(score), ..Self::default() },
            Outcome::Failed(failure) => Self::failed(failure),
        }
    }
}

impl Trained {
    /// What a strategy is told as accuracy: the validation accuracy, or the merit of a score; 0 for what failed.
    fn worth(&self) -> f64 {
        self.score.map_or(f64::from(self.validation_accuracy), merit)
    }

    fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
