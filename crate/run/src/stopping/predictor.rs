use std::collections::BTreeMap;

use nas_numerics::{Rng, kendall_tau};
use nas_search::{Description, RankPredictor};
use nas_space::GeneTree;

use super::{Entrant, RungTold, StoppingRule};
use crate::{EpochScore, PredictorQuality};

/// Folds of the cross-validation.
const FOLDS: usize = 5;
/// Numbers of a description before its first accuracy.
const COSTS: usize = 5;
/// The predictor learns anew when it can learn from this share more.
const GROWTH: usize = 8;

/// The rule of the evaluation `predictor`: the first candidates are trained to the end, and an ensemble of rank predictors (HyT-NAS,
/// Kalgin et al. 2022) learns from them. All others rest after the first rung; of these one of `eta` goes on, the best predicted
/// first.
pub(crate) struct Predictor {
    genes: GeneTree,
    seed: u32,
    learning_set: u32,
    eta: usize,
    first_epochs: usize,
    entered: u32,
    known: BTreeMap<u32, Known>,
    learnt: Option<Learnt>,
    report: Option<PredictorQuality>,
}

/// What is known of a candidate.
struct Known {
    /// Its genes, its costs, and, once it rests or has ended, its first accuracy.
    description: Description,
    /// Parameters.
    params: f64,
    state: State,
    /// What the predictor says of it.
    score: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Its first epochs are under way, or it is of the learning set.
    Entered,
    Resting,
    GoingOn,
    /// Trained to the end, with this accuracy.
    Whole(f64),
    Failed,
}

struct Learnt {
    predictor: RankPredictor,
    /// Scores of those it has learnt from, the best first.
    scores: Vec<f64>,
    /// Their accuracies, the best first.
    accuracies: Vec<f64>,
}

impl Predictor {
    pub(crate) fn new(genes: GeneTree, seed: u32, [learning_set, eta, first_epochs]: [u32; 3]) -> Self {
        Self {
            genes,
            seed,
            learning_set,
            eta: eta as usize,
            first_epochs: first_epochs as usize,
            entered: 0,
            known: BTreeMap::new(),
            learnt: None,
            report: None,
        }
    }

    /// Those trained to the end, and their accuracies.
    fn whole(&self) -> Vec<(&Known, f64)> {
        let whole = self.known.values().filter_map(|known| match known.state {
            State::Whole(accuracy) => Some((known, accuracy)),
            _ => None,
        });
        whole.collect()
    }

    fn ensemble(&self, from: &[(&Known, f64)], purpose: &str) -> RankPredictor {
        let described: Vec<&Description> = from.iter().map(|(known, _)| &known.description).collect();
        let errors: Vec<f64> = from.iter().map(|(_, accuracy)| 1.0 - accuracy).collect();
        let mut rng = Rng::for_purpose(self.seed, purpose, from.len() as u64);
        RankPredictor::learn(&self.genes, &described, &errors, &mut rng)
    }

    /// Learns from all that were trained to the end.
    fn learn(&mut self) {
        let whole = self.whole();
        let predictor = self.ensemble(&whole, "predictor");
        let mut scores: Vec<f64> =
            whole.iter().map(|(known, _)| predictor.score(&known.description)).collect();
        scores.sort_unstable_by(f64::total_cmp);
        let mut accuracies: Vec<f64> = whole.iter().map(|(_, accuracy)| *accuracy).collect();
        accuracies.sort_unstable_by(|a, b| b.total_cmp(a));
        self.report = Some(self.quality(&whole));
        for known in self.known.values_mut().filter(|known| known.description.numbers.len() > COSTS) {
            known.score = predictor.score(&known.description);
        }
        self.learnt = Some(Learnt { predictor, scores, accuracies });
    }

    /// Kendall's τ by cross-validation: each fold is foreseen by an ensemble that has learnt from the others.
    fn quality(&self, whole: &[(&Known, f64)]) -> PredictorQuality {
        let (mut tau, mut params_tau) = (Vec::new(), Vec::new());
        for fold in 0..FOLDS {
            let (held_out, others): (Vec<_>, Vec<_>) =
                whole.iter().enumerate().partition(|(place, _)| place % FOLDS == fold);
            let [held_out, others] =
                [held_out, others].map(|part| part.into_iter().map(|(_, &one)| one).collect::<Vec<_>>());
            let predictor = self.ensemble(&others, "fold");
            let pairs = |foreseen: &dyn Fn(&Known) -> f64| {
                kendall_tau(
                    &held_out
                        .iter()
                        .map(|(known, accuracy)| (foreseen(known), *accuracy))
                        .collect::<Vec<_>>(),
                )
            };
            tau.extend(pairs(&|known| -predictor.score(&known.description)));
            params_tau.extend(pairs(&|known| known.params));
        }
        let mean = |taus: &[f64]| taus.iter().sum::<f64>() / taus.len().max(1) as f64;
        PredictorQuality {
            networks: whole.len() as u32,
            tau: mean(&tau) as f32,
            params_tau: mean(&params_tau) as f32,
        }
    }

    fn first_accuracy(&self, curve: &[EpochScore]) -> f64 {
        curve.get(self.first_epochs - 1).map_or(0.0, |score| f64::from(score.accuracy))
    }
}

impl StoppingRule for Predictor {
    fn enter(&mut self, entrant: &Entrant<'_>) -> usize {
        let costs = entrant.costs;
        let numbers = vec![
            costs.params as f64,
            costs.macs as f64,
            costs.flash_bytes as f64,
            costs.ram_bytes as f64,
            costs.latency_ms,
        ];
        let description = Description { genotype: entrant.genotype.clone(), numbers };
        let known = Known { description, params: costs.params as f64, state: State::Entered, score: 0.0 };
        self.known.insert(entrant.ask, known);
        self.entered += 1;
        usize::from(self.entered <= self.learning_set)
    }

    fn tell(&mut self, told: &RungTold<'_>) {
        let first_accuracy = self.first_accuracy(told.curve);
        let Some(known) = self.known.get_mut(&told.ask) else { return };
        known.state = match (told.curve.is_empty(), told.rung) {
            (true, _) => State::Failed,
            (false, 0) => State::Resting,
            (false, _) => State::Whole(told.accuracy()),
        };
        if known.state == State::Failed {
            return;
        }
        if known.description.numbers.len() == COSTS {
            known.description.numbers.push(first_accuracy);
        }
        if let (State::Resting, Some(learnt)) = (known.state, &self.learnt) {
            known.score = learnt.predictor.score(&known.description);
        }
        let (whole, learnt_from) =
            (self.whole().len(), self.learnt.as_ref().map_or(0, |learnt| learnt.scores.len()));
        let enough = (self.learning_set as usize).min(self.entered as usize).max(FOLDS);
        if told.rung > 0 && whole >= enough && whole >= learnt_from + (learnt_from / GROWTH).max(1) {
            self.learn();
        }
    }

    fn promote(&mut self) -> Option<u32> {
        self.learnt.as_ref()?;
        let mut ranked: Vec<(f64, u32)> = Vec::new();
        for (&ask, known) in self.known.iter().skip(self.learning_set as usize) {
            if known.state != State::Entered {
                ranked.push((if known.state == State::Failed { f64::INFINITY } else { known.score }, ask));
            }
        }
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let promoted = |ask: &u32| matches!(self.known[ask].state, State::GoingOn | State::Whole(_));
        let room = ranked.len() / self.eta;
        if ranked.iter().filter(|(_, ask)| promoted(ask)).count() >= room {
            return None;
        }
        let (_, ask) = *ranked.iter().take(room).find(|(_, ask)| self.known[ask].state == State::Resting)?;
        self.known.get_mut(&ask)?.state = State::GoingOn;
        Some(ask)
    }

    /// The accuracy of whoever has the same rank among those that it has learnt from.
    fn expects(&self, ask: u32) -> Option<f64> {
        let (learnt, known) = (self.learnt.as_ref()?, self.known.get(&ask)?);
        let better = learnt.scores.partition_point(|score| *score < known.score);
        learnt.accuracies.get(better.min(learnt.accuracies.len() - 1)).copied()
    }

    fn report(&mut self) -> Option<PredictorQuality> {
        self.report.take()
    }
}
