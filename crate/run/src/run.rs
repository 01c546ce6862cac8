mod hot_start;
mod jobs;
mod replicates;
mod super_network;
mod telling;

use core::ops::Range;
use std::collections::BTreeMap;

use nas_arch::Network;
use nas_numerics::{NUMERICS_VERSION, Rng};
use nas_search::{Appraisal, Ask, Front, Inspection, Strategy};
use nas_space::Genotype;
use serde::Serialize;
use ts_rs::TS;

use crate::clock::VirtualClock;
use crate::evaluation::planned_macs;
use crate::feasibility::excess;
use crate::job::{EvaluationKey, MEMORY_LIMIT_BYTES};
use crate::stopping::{Entrant, Gains, StoppingRule};
use crate::{
    CandidateCosts, DataFacts, Inheritance, Job, JobId, JobKind, LogLine, Outcome, Problem, Rejected,
    Rejections, RunConfig, RunError, RunHeader, StopReason, Trained,
};
use hot_start::hot_start_line;
use jobs::Jobs;

/// Version of the log's format.
const LOG_FORMAT: u32 = 1;
/// Rejected draws that a log line shows; the rest is counted. It keeps the log below 1 KiB a candidate.
const REJECTIONS_SHOWN: usize = 2;

/// A search under way. See the crate's page.
pub struct Run {
    problem: Problem,
    strategy: Box<dyn Strategy>,
    /// Epochs at each rung of a training; one rung where none is stopped early.
    ladder: Vec<u32>,
    stopping: Option<Box<dyn StoppingRule>>,
    /// What trainings gained from rung to rung, as far as was told.
    gains: Gains,
    clock: VirtualClock,
    phase: Phase,
    candidates: Vec<Candidate>,
    /// First ask of each evaluation key; where trainings start hot, of each network.
    first_asks: BTreeMap<String, u32>,
    /// The last ask found no candidate within the limits; another one may once something is told.
    is_exhausted: bool,
    asked_macs: u64,
    told: u32,
    /// Results told: one for each rung that a candidate reached.
    results: u32,
    front: Front,
    /// Of the first objective, and of the second if there is one.
    reference_costs: (f64, Option<f64>),
    /// Candidates in final training, the most accurate first.
    finalists: Vec<u32>,
    finals_logged: usize,
    /// Planned work of all jobs, final trainings included.
    work_macs: u64,
    jobs: Jobs,
    /// Candidates are asked for once there are weights to inherit.
    awaits_super_network: bool,
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
    /// Results told: more than candidates where a candidate is told at each rung of its training.
    pub results: u32,
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
    second_cost: Option<f64>,
    virtual_end: u64,
    /// The ask that is trained for it: its own, or an earlier one of the same network.
    evaluated_by: u32,
    /// The candidate that it was made from, if its training begins with the weights of that one.
    inherits_from: Option<u32>,
    /// Trainings that its weights have passed through before.
    depth: u32,
    /// Rung of the ladder that is told next: one above where it rests.
    next_rung: usize,
    result: Option<Trained>,
    /// Error that the strategy was told last.
    told_error: f64,
}

/// A network that there is a job for.
struct Trainee<'a> {
    ask: u32,
    kind: JobKind,
    network: &'a Network,
    name: &'a str,
    macs: u64,
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
        let reference_costs = problem.reference_costs()?;
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
            reference_cost: reference_costs.0,
            second_reference_cost: reference_costs.1,
        };
        let mut run = Self {
            ladder: match &problem.stopping {
                Some(stopping) => stopping.ladder.clone(),
                None if problem.score.is_some() || problem.supernet.is_some() => vec![0],
                None => vec![problem.recipe.horizon_epochs],
            },
            stopping: (problem.stopping.as_ref())
                .map(|stopping| stopping.rule(problem.space.genes(), problem.config.seed)),
            gains: Gains::default(),
            clock: VirtualClock::new(problem.config.width),
            phase: Phase::Search,
            candidates: Vec::new(),
            first_asks: BTreeMap::new(),
            is_exhausted: false,
            asked_macs: 0,
            told: 0,
            results: 0,
            front: Front::default(),
            reference_costs,
            finalists: Vec::new(),
            finals_logged: 0,
            work_macs: 0,
            jobs: Jobs::default(),
            awaits_super_network: false,
            log: String::new(),
            strategy,
            problem,
        };
        run.write(&LogLine::Run(Box::new(header)));
        run.start_super_network();
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
        if job.kind == JobKind::SuperNetwork {
            self.tell_super_network(&job, outcome.into());
            return Ok(());
        }
        self.jobs.done.insert((job.kind, job.ask, job.replicate), Trained::from(outcome));
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
            results: self.results,
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

    /// Does all that the results at hand allow: starts jobs while slots are free, tells while the next result is there.
    fn advance(&mut self) {
        if self.phase == Phase::Search && !self.awaits_super_network {
            loop {
                while self.clock.has_free_slot() && self.start_next() {}
                let Some(next) = self.clock.next() else {
                    if self.promote_last_hope() {
                        continue;
                    }
                    break self.start_finals();
                };
                let Some(result) = self.result_at_hand(next) else { break };
                self.clock.advance();
                self.tell_result(next, &result);
            }
        }
        if self.phase == Phase::Final {
            self.log_finals();
        }
    }

    /// Has a candidate go on, or else asks for a new one, as far as the budget allows.
    fn start_next(&mut self) -> bool {
        let config = &self.problem.config;
        if config.macs.is_some_and(|budget| self.asked_macs >= budget) {
            return false;
        }
        if let Some(ask) = self.stopping.as_mut().and_then(|rule| rule.promote()) {
            self.promote(ask);
            return true;
        }
        if self.is_exhausted || self.candidates.len() as u32 >= self.problem.config.candidates {
            return false;
        }
        self.ask();
        true
    }

    /// The result that was told of an ask.
    fn result(&self, ask: u32) -> Option<&Trained> {
        self.candidates[ask as usize].result.as_ref()
    }

    /// What the strategy is to be told of an ask next, if it is there: what came of its job, or of that of the same network.
    fn result_at_hand(&self, ask: u32) -> Option<Trained> {
        let evaluated_by = self.candidates[ask as usize].evaluated_by;
        if evaluated_by == ask {
            self.jobs.result(JobKind::Search, ask, self.problem.config.replicates)
        } else {
            self.result(evaluated_by).cloned()
        }
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
            let costs = core::iter::once(priced.cost).chain(priced.second_cost);
            Appraisal { violation: excess(&priced.violations), costs: problem.objectives_known(costs) }
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
        let (cost, second_cost) = (priced.cost, priced.second_cost);
        let macs = priced.costs.macs;
        let (canonical, name) = (&priced.canonical.network(), &priced.canonical.name());
        let named = self.problem.supernet.is_some().then(|| self.problem.space.decode(&genotype));
        let network = named.as_ref().unwrap_or(canonical);
        let lineage = self.lineage(&genotype, parent);
        let inherits_from = parent.filter(|_| lineage.is_some());
        let mut job = match self.trained_before(&priced.canonical) {
            Some(earlier) => self.training(earlier, 0),
            None => self.job(&Trainee { ask, kind: JobKind::Search, network, name, macs }, 0, lineage),
        };
        let evaluated_by = *self.first_asks.entry(self.identity(&priced.canonical, &job.key)).or_insert(ask);
        let is_first = evaluated_by == ask;
        let mut next_rung = 0;
        if let Some(rule) = self.stopping.as_mut().filter(|_| is_first) {
            next_rung = rule.enter(&Entrant { ask, genotype: &genotype, costs: &priced.summary });
            self.cut(&mut job, macs, 0..self.ladder[next_rung]);
        }
        let replicates = self.problem.config.replicates;
        let planned_macs = if is_first { job.planned_macs.saturating_mul(replicates.into()) } else { 0 };
        let not_before = if is_first { 0 } else { self.candidates[evaluated_by as usize].virtual_end };
        let virtual_end = self.clock.start(ask, planned_macs, not_before);
        self.asked_macs = self.asked_macs.saturating_add(planned_macs);
        self.write(&LogLine::Asked {
            ask,
            genes: genotype.clone(),
            name: job.name.clone(),
            parent,
            costs: priced.summary,
            key: job.key.clone(),
            planned_macs,
            same_as: (!is_first).then_some(evaluated_by),
            epochs: (is_first && self.stopping.is_some()).then_some(job.epochs),
            hot_start: hot_start_line(&job).filter(|_| is_first),
            rejections,
        });
        self.candidates.push(Candidate {
            genotype,
            parent,
            network: canonical.clone(),
            name: job.name.clone(),
            summary: priced.summary,
            cost,
            second_cost,
            virtual_end,
            evaluated_by,
            inherits_from,
            depth: inherits_from.map_or(0, |parent| self.donor(parent).depth + 1),
            next_rung,
            result: None,
            told_error: 1.0,
        });
        if is_first {
            for replicate in 1..replicates {
                let other = Job {
                    epochs: job.epochs,
                    planned_macs: job.planned_macs,
                    ..self.training(ask, replicate)
                };
                self.enqueue(virtual_end, other);
            }
            self.enqueue(virtual_end, job);
        }
    }

    fn enqueue(&mut self, virtual_end: u64, mut job: Job) {
        job.id = self.jobs.next_id;
        self.jobs.next_id += 1;
        self.work_macs = self.work_macs.saturating_add(job.planned_macs);
        self.jobs.waiting.insert((virtual_end, job.id), job);
    }

    /// Has a resting candidate go on to the next rung.
    fn promote(&mut self, ask: u32) {
        let Candidate { summary, next_rung, .. } = &self.candidates[ask as usize];
        let (macs, rungs) = (summary.macs, self.ladder[*next_rung - 1]..self.ladder[*next_rung]);
        let mut jobs: Vec<Job> =
            (0..self.problem.config.replicates).map(|replicate| self.training(ask, replicate)).collect();
        for job in &mut jobs {
            self.cut(job, macs, rungs.clone());
        }
        let (epochs, planned_macs) = (rungs.end, jobs.iter().map(|job| job.planned_macs).sum());
        let virtual_end = self.clock.start(ask, planned_macs, 0);
        self.asked_macs = self.asked_macs.saturating_add(planned_macs);
        self.write(&LogLine::Promoted { ask, epochs, planned_macs });
        for job in jobs {
            self.enqueue(virtual_end, job);
        }
    }

    /// Where the search would end without a front, since nobody was trained to the end: has the most accurate candidate of the
    /// highest rung go on, whatever the rule and the budget say.
    fn promote_last_hope(&mut self) -> bool {
        let trained = self.candidates.iter().zip(0..).filter_map(|(candidate, ask)| {
            let result = candidate.result.as_ref().filter(|result| result.failure.is_none())?;
            (candidate.evaluated_by == ask).then_some((candidate.next_rung, result.worth(), ask))
        });
        let best = trained.reduce(|best, other| {
            if other.0.cmp(&best.0).then(other.1.total_cmp(&best.1)).is_gt() { other } else { best }
        });
        let Some((.., ask)) = best.filter(|&(next_rung, ..)| next_rung < self.ladder.len()) else {
            return false;
        };
        self.promote(ask);
        true
    }

    /// The job that trains this network to the end, or scores it, or validates it with the weights of a super-network. It has no
    /// number yet.
    fn job(&self, trainee: &Trainee<'_>, replicate: u32, inherits: Option<Inheritance>) -> Job {
        let &Trainee { ask, kind, network, name, macs: network_macs } = trainee;
        let problem = &self.problem;
        let hot_start = problem.hot_start.as_ref().filter(|_| kind == JobKind::Search);
        let supernet = problem.supernet.as_ref().filter(|_| kind == JobKind::Search);
        let recipe = match (kind, &problem.final_recipe, supernet, hot_start) {
            (JobKind::Final, Some(recipe), ..) => recipe,
            (_, _, Some(supernet), _) => &supernet.recipe,
            (_, _, _, Some(hot_start)) if inherits.is_some() => &hot_start.recipe,
            _ => &problem.recipe,
        };
        let score = problem.score.as_ref().filter(|_| kind == JobKind::Search);
        let supernet = supernet.map(|supernet| &supernet.spec);
        let epochs = if score.is_some() || supernet.is_some() { 0 } else { recipe.horizon_epochs };
        let run_seed = problem.config.seed;
        let key = EvaluationKey {
            kind,
            network,
            data_sha256: &problem.facts.sha256,
            data: &problem.data,
            recipe,
            score,
            supernet,
            inherits: inherits.as_ref(),
            run_seed,
            replicate,
        };
        Job {
            id: 0,
            kind,
            ask,
            name: name.to_owned(),
            network: network.clone(),
            key: key.digest(),
            data: problem.data.clone(),
            recipe: recipe.clone(),
            epochs,
            epochs_before: 0,
            score: score.cloned(),
            supernet: supernet.cloned(),
            may_be_inherited: hot_start.is_some(),
            inherits,
            run_seed,
            replicate,
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
            planned_macs: match (score, supernet) {
                (Some(score), _) => score.planned_macs(network_macs),
                (None, Some(supernet)) => problem.planned_validation_macs(supernet, network_macs),
                (None, None) => {
                    planned_macs(network_macs, epochs, problem.data.samples, problem.facts.validation_images)
                }
            },
        }
    }

    /// Cuts a training to these epochs.
    fn cut(&self, job: &mut Job, network_macs: u64, epochs: Range<u32>) {
        let count = epochs.end - epochs.start;
        (job.epochs, job.epochs_before) = (epochs.end, epochs.start);
        job.planned_macs =
            planned_macs(network_macs, count, job.data.samples, self.problem.facts.validation_images);
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

#[cfg(test)]
mod tests;
