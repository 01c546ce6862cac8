use nas_search::{Offer, weighted_product, weighted_sum};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Problem, RunConfig, RunError};

/// What a strategy is told to make small (docs/formulations.md). Limits hold in each of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Formulation {
    /// Error and costs, each for itself.
    #[default]
    Pareto,
    /// The error alone.
    Constrained,
    /// The error plus the weight times the cost over its target.
    WeightedSum,
    /// What is missing to 1 of the accuracy times a power of the cost over its target.
    WeightedProduct,
    /// The same, where a cost up to its target does not count.
    WeightedProductHard,
}

impl Formulation {
    /// All formulations, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Pareto,
        Self::Constrained,
        Self::WeightedSum,
        Self::WeightedProduct,
        Self::WeightedProductHard,
    ];

    /// The identifier used in links and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pareto => "pareto",
            Self::Constrained => "constrained",
            Self::WeightedSum => "weighted-sum",
            Self::WeightedProduct => "weighted-product",
            Self::WeightedProductHard => "weighted-product-hard",
        }
    }

    /// The weight of the cost where none is set; nothing where costs have no weight. Those of the products are those of Tan et al.
    /// 2019, "MnasNet: Platform-Aware Neural Architecture Search for Mobile". In the sum, a cost at its target weighs as much as a
    /// tenth of all images.
    #[must_use]
    pub const fn default_weight(self) -> Option<f64> {
        match self {
            Self::Pareto | Self::Constrained => None,
            Self::WeightedSum => Some(0.1),
            Self::WeightedProduct => Some(0.07),
            Self::WeightedProductHard => Some(1.0),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a run of this configuration has for its strategy: objectives, and networks that are trained one by one.
pub(crate) fn offer(config: &RunConfig) -> Offer {
    let objectives = match config.formulation {
        Formulation::Pareto => 2 + u32::from(config.objective2.is_some()),
        _ => 1,
    };
    Offer { objectives, super_network: false }
}

/// Refuses objectives that do not go with each other.
pub(crate) fn check(config: &RunConfig) -> Result<(), RunError> {
    let refuse = |key: &str, problem: String| Err(RunError::Setting { key: key.to_owned(), problem });
    let formulation = config.formulation.id();
    let is_weighted = config.formulation.default_weight().is_some();
    if config.objective2 == Some(config.objective) {
        let id = config.objective.id();
        return refuse("objective2", format!("{id} is the first cost already: choose another one, or none"));
    }
    if config.objective2.is_some() && is_weighted {
        let problem = format!("formulation={formulation} weighs one cost: leave the second one away");
        return refuse("objective2", problem);
    }
    if config.objective2.is_some() && config.refine {
        let problem = "operators are judged by one cost: leave refine or the second cost away".to_owned();
        return refuse("objective2", problem);
    }
    for (key, number) in [("weight", config.weight), ("target", config.target)] {
        if number.is_some() && !is_weighted {
            let problem = format!("formulation={formulation} weighs no cost: choose weighted-sum or another");
            return refuse(key, problem);
        }
    }
    let has_reward_of_its_own =
        config.strategy == "reinforce" && config.settings.contains_key("reinforce.target");
    if has_reward_of_its_own && !config.formulation.is_default() {
        let problem = format!("formulation={formulation} says what a cost weighs: leave this target away");
        return refuse("reinforce.target", problem);
    }
    Ok(())
}

impl Problem {
    /// What the strategy knows of a candidate before it is evaluated, beside its limits.
    pub(crate) fn objectives_known(&self, costs: impl Iterator<Item = f64>) -> Vec<f64> {
        if self.config.formulation.is_default() { costs.collect() } else { Vec::new() }
    }

    /// What the strategy is told of a candidate, each to be made small. A cost is weighed against the configured target, or else
    /// the reference cost of the run.
    pub(crate) fn objectives(
        &self,
        error: f64,
        (cost, second_cost): (f64, Option<f64>),
        reference_cost: f64,
    ) -> Vec<f64> {
        let RunConfig { formulation, weight, target, .. } = self.config;
        let weight = weight.or(formulation.default_weight()).unwrap_or(0.0);
        let target = target.unwrap_or(reference_cost);
        match formulation {
            Formulation::Pareto => [error, cost].into_iter().chain(second_cost).collect(),
            Formulation::Constrained => vec![error],
            Formulation::WeightedSum => vec![weighted_sum(error, cost, target, weight)],
            Formulation::WeightedProductHard if cost <= target => vec![error],
            Formulation::WeightedProduct | Formulation::WeightedProductHard => {
                vec![1.0 - weighted_product(1.0 - error, cost, target, -weight)]
            }
        }
    }
}
