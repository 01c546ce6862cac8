//! Scores of untrained networks.

use nas_arch::Graph;
use nas_cost::{Entropy, NetworkCosts};
use nas_nn::{Proxy, SampleSizes, Scorer, Seeds};
use nas_run::{Failure, Outcome, ScoreSpec};

use crate::EvaluationError;

/// A score: known from the structure at once, or to be computed.
pub(crate) enum Scoring {
    Known(Outcome),
    Passes(Box<Scorer>),
}

impl Scoring {
    /// Begins a score.
    ///
    /// # Errors
    /// If there is no such proxy, or the network cannot be scored on these data.
    pub(crate) fn new(
        spec: &ScoreSpec,
        graph: &Graph,
        seeds: Seeds,
        sizes: SampleSizes,
        memory_limit_bytes: u64,
    ) -> Result<Self, EvaluationError> {
        let entropy = Entropy::of(graph);
        if let Some(limit) = spec.max_effectiveness
            && let Some(Entropy { effectiveness, .. }) = entropy
            && effectiveness > limit
        {
            return Ok(Self::Known(Outcome::Failed(Failure::Ineffective { effectiveness, limit })));
        }
        let known = match spec.proxy.as_str() {
            "params" => Some(NetworkCosts::of(graph)?.params as f64),
            "macs" => Some(NetworkCosts::of(graph)?.macs as f64),
            "mae" => entropy.map(|entropy| entropy.mae),
            "deepmad" => entropy.map(|entropy| entropy.deepmad),
            other => {
                let proxy = Proxy::ALL.into_iter().find(|proxy| proxy.id() == other);
                let proxy = proxy.ok_or_else(|| EvaluationError::Proxy(other.to_owned()))?;
                let scorer = Scorer::new(graph, proxy, seeds, sizes, spec.batch_size, memory_limit_bytes)?;
                return Ok(Self::Passes(Box::new(scorer)));
            }
        };
        Ok(Self::Known(outcome(known)))
    }
}

/// What a score comes to; none is not defined.
pub(crate) fn outcome(score: Option<f64>) -> Outcome {
    score.map_or(Outcome::Failed(Failure::Undefined), |score| Outcome::Scored { score })
}
