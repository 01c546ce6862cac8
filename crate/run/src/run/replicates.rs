//! Several trainings of one candidate as one result.

use nas_numerics::Digester;
use nas_search::{Uncertain, front_probability};

use super::{Candidate, Run};
use crate::{EpochScore, Trained};

/// What is believed of the accuracies of all networks that were trained to the end, if each was trained several times.
pub(super) struct Beliefs {
    /// Standard deviation between trainings of one network, pooled over all networks.
    pub(super) training_deviation: f64,
    all: Vec<Uncertain>,
}

impl Beliefs {
    /// Probability that a candidate is on the front in truth.
    ///
    /// # Panics
    /// If it was not trained to the end.
    pub(super) fn front_probability(&self, candidate: &Candidate) -> f32 {
        let mean = f64::from(candidate.result.as_ref().map_or(0.0, |result| result.validation_accuracy));
        let own = (candidate.cost, candidate.second_cost, mean);
        let is_it = |belief: &Uncertain| (belief.cost, belief.second_cost, belief.mean) == own;
        let place = self.all.iter().position(is_it).expect("a candidate of the front was trained to the end");
        front_probability(&self.all, place) as f32
    }
}

impl Run {
    /// What is believed of the accuracies; nothing where each network is trained once. The mean of R trainings, found on n images,
    /// varies by p(1 − p)/n, as any share of n images, and by a Rth of the variance between trainings, which is taken for the same
    /// for all networks: a few trainings of one say little of it.
    pub(super) fn beliefs(&self) -> Option<Beliefs> {
        if self.problem.config.replicates == 1 {
            return None;
        }
        let known = self.candidates.iter().zip(0..).filter_map(|(candidate, ask)| {
            let result = candidate.result.as_ref().filter(|result| result.failure.is_none())?;
            let is_whole = candidate.evaluated_by == ask && candidate.next_rung == self.ladder.len();
            is_whole.then_some((candidate.cost, candidate.second_cost, result))
        });
        let known: Vec<(f64, Option<f64>, &Trained)> = known.collect();
        let (mut squares, mut freedom) = (0.0, 0.0);
        for (.., result) in &known {
            let accuracies = result.replicates.iter().map(|&accuracy| f64::from(accuracy));
            let mean = accuracies.clone().sum::<f64>() / result.replicates.len() as f64;
            squares += accuracies.map(|accuracy| (accuracy - mean) * (accuracy - mean)).sum::<f64>();
            freedom += result.replicates.len() as f64 - 1.0;
        }
        let variance = if freedom > 0.0 { squares / freedom } else { 0.0 };
        let (images, replicates) =
            (f64::from(self.problem.facts.validation_images), f64::from(self.problem.config.replicates));
        let all = known.into_iter().map(|(cost, second_cost, result)| {
            let mean = f64::from(result.validation_accuracy);
            let deviation = libm::sqrt(mean * (1.0 - mean) / images + variance / replicates);
            Uncertain { cost, second_cost, mean, deviation }
        });
        Some(Beliefs { training_deviation: libm::sqrt(variance), all: all.collect() })
    }
}

impl Trained {
    /// What came of several trainings of one network: their means. It has failed if one of them has, for the reason of the first
    /// that has. A single training stays what it is.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn of_replicates(all: &[&Self]) -> Self {
        if let Some(failed) = all.iter().find(|one| one.failure.is_some()) {
            return (*failed).clone();
        }
        if let [only] = all {
            return (*only).clone();
        }
        let mean = |value: &dyn Fn(&Self) -> f32| {
            (all.iter().map(|one| f64::from(value(one))).sum::<f64>() / all.len() as f64) as f32
        };
        let curve = (0..all[0].curve.len()).map(|epoch| EpochScore {
            loss: mean(&|one| one.curve[epoch].loss),
            accuracy: mean(&|one| one.curve[epoch].accuracy),
        });
        let digests = all.iter().filter_map(|one| one.weights_sha256.as_deref());
        Self {
            curve: curve.collect(),
            validation_accuracy: mean(&|one| one.validation_accuracy),
            replicates: all.iter().map(|one| one.validation_accuracy).collect(),
            weights_sha256: Some(digests.fold(Digester::new(), Digester::text).finish().to_string()),
            ..Self::default()
        }
    }
}
