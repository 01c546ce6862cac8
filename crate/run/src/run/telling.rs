//! What is told: results to the strategy and to the log, the front, the final trainings.

use nas_search::{Insertion, Point, Told};

use super::{Candidate, Phase, Run, Trainee, reference_accuracy};
use crate::evaluation::merit;
use crate::stopping::{Gains, RungTold};
use crate::{EpochScore, FINAL_MEMBERS, Failure, FrontMember, JobKind, LogLine, Outcome, Trained};

impl Run {
    /// Tells what came of an ask in all its epochs so far: to the log, the stopping rule, the strategy and the front.
    pub(super) fn tell_result(&mut self, ask: u32, result: &Trained) {
        let evaluated_by = self.candidates[ask as usize].evaluated_by;
        let mut group = vec![ask];
        let mut rung = self.candidates[evaluated_by as usize].next_rung;
        let mut learnt = None;
        if evaluated_by == ask {
            self.jobs.done.retain(|&(kind, done, _), _| (kind, done) != (JobKind::Search, ask));
            if let Some(rule) = &mut self.stopping {
                rule.tell(&RungTold { ask, rung, curve: &result.curve });
            }
            learnt = self.stopping.as_mut().and_then(|rule| rule.report());
            if self.result(ask).is_some() {
                group.extend(self.told_duplicates(ask));
            }
        } else {
            rung -= 1;
        }
        for &ask in &group {
            self.record(ask, rung, result);
        }
        if let Some(quality) = learnt {
            self.write(&LogLine::Predictor(quality));
        }
        self.is_exhausted = false;
        if evaluated_by == ask && rung > 0 {
            self.gains = self.gains();
        }
        let revised = self.asks_with_another_error(&group);
        let told: Vec<Told> = group.iter().chain(&revised).map(|&ask| self.told(ask)).collect();
        self.strategy.restore(&told);
        if result.failure.is_none() && rung + 1 == self.ladder.len() {
            self.offer_to_front(&group);
        }
    }

    /// Those that asked for the same network later, and were told what was known.
    fn told_duplicates(&self, ask: u32) -> Vec<u32> {
        let later = self.candidates.iter().zip(0..).skip(ask as usize + 1);
        let same = later.filter(|(other, _)| other.evaluated_by == ask && other.result.is_some());
        same.map(|(_, other)| other).collect()
    }

    fn record(&mut self, ask: u32, rung: usize, result: &Trained) {
        let candidate = &mut self.candidates[ask as usize];
        candidate.next_rung = rung + 1;
        let before = candidate.result.replace(result.clone());
        self.told += u32::from(before.is_none());
        self.results += 1;
        let epochs_told = before.map_or(0, |before| before.curve.len());
        let mut result = result.clone();
        result.curve.drain(..epochs_told.min(result.curve.len()));
        let epochs = self.stopping.is_some().then_some(self.ladder[rung]);
        self.write(&LogLine::Told { ask, virtual_end: self.clock.now(), epochs, result });
    }

    /// What trainings gained from rung to rung, each network counted once.
    fn gains(&self) -> Gains {
        let trained =
            self.candidates.iter().zip(0..).filter(|(candidate, ask)| candidate.evaluated_by == *ask);
        let curves: Vec<&[EpochScore]> = trained
            .filter_map(|(candidate, _)| candidate.result.as_ref().map(|result| result.curve.as_slice()))
            .collect();
        Gains::of(&self.ladder, &curves)
    }

    /// Those beside `told` of which the strategy was told another error than it would be now.
    fn asks_with_another_error(&self, told: &[u32]) -> Vec<u32> {
        if self.stopping.is_none() {
            return Vec::new();
        }
        let known = self.candidates.iter().zip(0..).filter(|(candidate, ask)| {
            candidate.result.is_some() && !told.contains(ask) && self.error(candidate) != candidate.told_error
        });
        known.map(|(_, ask)| ask).collect()
    }

    /// The error of a candidate that has a result, at the highest fidelity: an estimate as long as its training rests.
    fn error(&self, candidate: &Candidate) -> f64 {
        let worth = candidate.result.as_ref().map_or(0.0, |result| match result.failure {
            None => self.expected(candidate, result),
            Some(_) => 0.0,
        });
        1.0 - worth
    }

    /// The accuracy that it is expected to have at the end.
    fn expected(&self, candidate: &Candidate, result: &Trained) -> f64 {
        let rests = candidate.next_rung < self.ladder.len();
        let rule = self.stopping.as_ref().filter(|_| rests);
        let expected = rule.and_then(|rule| rule.expects(candidate.evaluated_by));
        expected.unwrap_or_else(|| self.gains.at_the_end(candidate.next_rung - 1, result.worth()))
    }

    fn told(&mut self, ask: u32) -> Told {
        let error = self.error(&self.candidates[ask as usize]);
        let candidate = &mut self.candidates[ask as usize];
        candidate.told_error = error;
        let costs = (candidate.cost, candidate.second_cost);
        let objectives = self.problem.objectives(error, costs, self.reference_costs.0);
        Told { ask, genotype: candidate.genotype.clone(), parent: candidate.parent, objectives }
    }

    /// Offers candidates that were trained to the end.
    fn offer_to_front(&mut self, asks: &[u32]) {
        let mut has_changed = false;
        for &ask in asks {
            let candidate = &self.candidates[ask as usize];
            let Some(result) = &candidate.result else { continue };
            let &Candidate { cost, second_cost, .. } = candidate;
            let point = Point { ask, accuracy: result.worth(), cost, second_cost };
            has_changed |= self.front.insert(point) == Insertion::Joined;
        }
        if has_changed {
            self.write_front();
        }
    }

    fn write_front(&mut self) {
        let beliefs = self.beliefs();
        let member = |point: &Point| FrontMember {
            ask: point.ask,
            validation_accuracy: self.result(point.ask).map_or(0.0, |result| result.validation_accuracy),
            score: self.result(point.ask).and_then(|result| result.score),
            cost: point.cost,
            second_cost: point.second_cost,
            probability: beliefs.as_ref().map(|beliefs| beliefs.front_probability(self.donor(point.ask))),
        };
        let members = self.front.members().iter().map(member).collect();
        let (first, second) = self.reference_costs;
        let reference_costs: Vec<f64> = core::iter::once(first).chain(second).collect();
        let hypervolume =
            self.front.hypervolume(f64::from(reference_accuracy(&self.problem)), &reference_costs);
        let training_deviation = beliefs.map(|beliefs| beliefs.training_deviation as f32);
        self.write(&LogLine::Front { members, hypervolume, training_deviation });
    }

    /// Starts the final training of the most accurate members of the front.
    pub(super) fn start_finals(&mut self) {
        if self.problem.config.replicates > 1 && !self.front.members().is_empty() {
            // What was told since the front changed last tells more of the noise, and of the rivals.
            self.write_front();
        }
        self.phase = Phase::Final;
        if self.problem.final_recipe.is_none() {
            return;
        }
        self.finalists =
            self.front.members().iter().rev().take(FINAL_MEMBERS).map(|member| member.ask).collect();
        for ask in self.finalists.clone() {
            let Candidate { network, name, summary, .. } = &self.candidates[ask as usize];
            let (network, name, macs) = (network.clone(), name.clone(), summary.macs);
            let trainee = Trainee { ask, kind: JobKind::Final, network: &network, name: &name, macs };
            let job = self.job(&trainee, 0, None);
            self.enqueue(0, job);
        }
    }

    /// Writes the final results at hand, in the order of the finalists, and the last line behind the last one.
    pub(super) fn log_finals(&mut self) {
        while let Some(&ask) = self.finalists.get(self.finals_logged) {
            let Some(result) = self.jobs.result(JobKind::Final, ask, 1) else { return };
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
}

impl From<Outcome> for Trained {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Trained { curve, test_accuracy, weights_sha256 } => Self {
                validation_accuracy: curve.last().map_or(0.0, |score| score.accuracy),
                curve,
                replicates: Vec::new(),
                score: None,
                test_accuracy,
                weights_sha256: Some(weights_sha256),
                failure: None,
            },
            Outcome::Scored { score } => Self { score: Some(score), ..Self::default() },
            Outcome::Validated { accuracy } => Self { validation_accuracy: accuracy, ..Self::default() },
            Outcome::Failed(failure) => Self::failed(failure),
        }
    }
}

impl Trained {
    /// What a strategy is told as accuracy: the validation accuracy, or the merit of a score; 0 for what failed.
    pub(super) fn worth(&self) -> f64 {
        self.score.map_or(f64::from(self.validation_accuracy), merit)
    }

    fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}
