//! Refinement of a search space: which operators a device does without.

use nas_numerics::Rng;
use nas_space::{Gene, GeneTree, Genotype, Refined};
use serde::Serialize;
use ts_rs::TS;

use crate::{Problem, RunError};

/// Networks in which each operator is priced.
const PRICED_NETWORKS: u64 = 48;

/// A hardware-aware search *space*: each operator is priced on the run's devices, and those that another one dominates are
/// left away before the search (Benmeziane et al. 2021, "A comprehensive survey on hardware-aware neural architecture
/// search", section 4).
///
/// Genes whose names differ in numbers only choose among the same operators. One is dominated if another one, put in its place in
/// the same networks, costs no more in the run's objective, has no fewer parameters and no smaller receptive field, and more of one
/// of these two. They stand for what an operator can learn; that is a rule of thumb, so what is left away may have been of use.
/// Operators without parameters (pools, shortcuts, no edge) shape the graph: they stay, and take no other's place.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Refinement {
    /// Genotypes of the whole space.
    pub size_before: String,
    /// Genotypes of what is left.
    pub size_after: String,
    /// The operators, by the genes that choose among them.
    pub groups: Vec<OperatorGroup>,
}

/// Operators among which some genes choose.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct OperatorGroup {
    /// Name of the genes, without numbers.
    pub gene: String,
    /// How many genes they are.
    pub genes: u32,
    /// What they choose among.
    pub operators: Vec<OperatorPrice>,
}

/// What networks cost with an operator: means over the same networks for all operators of a group.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct OperatorPrice {
    /// The operator.
    pub id: String,
    /// Cost in the run's objective.
    pub cost: f64,
    /// Trainable parameters.
    pub params: f64,
    /// Pixels of the input that a value before the classifier depends on.
    pub receptive_field: f64,
    /// Whether it has parameters of its own.
    pub has_parameters: bool,
    /// The operator that takes its place; none if it stays.
    pub dominated_by: Option<String>,
}

impl Problem {
    /// The same problem over the operators that are left, and what was left away.
    pub(crate) fn refined(mut self) -> Result<Self, RunError> {
        if self.space.hardware().is_some() {
            let problem = "hardware is searched too: there is no device to price operators on".to_owned();
            return Err(RunError::Setting { key: "refine".into(), problem });
        }
        let genes = self.space.genes().clone();
        let mut kept: Vec<Vec<u16>> =
            genes.genes().iter().map(|gene| (0..gene.choices.len() as u16).collect()).collect();
        let mut groups = Vec::new();
        for (name, members) in operator_groups(&genes) {
            let operators = self.price_operators(&genes, &name, &members)?;
            for &member in &members {
                kept[member].retain(|&value| operators[usize::from(value)].dominated_by.is_none());
            }
            groups.push(OperatorGroup { gene: name, genes: members.len() as u32, operators });
        }
        self.space = Box::new(Refined::new(self.space, kept));
        self.refinement = Some(Refinement {
            size_before: genes.size().to_string(),
            size_after: self.space.genes().size().to_string(),
            groups,
        });
        Ok(self)
    }

    /// Prices each operator of a group in the same networks: one of its genes takes each value in turn.
    fn price_operators(
        &self,
        genes: &GeneTree,
        name: &str,
        members: &[usize],
    ) -> Result<Vec<OperatorPrice>, RunError> {
        let gene = &genes.genes()[members[0]];
        let is_weightless = |value| gene.weightless.as_ref().is_some_and(|values| values.contains(&value));
        let mut prices: Vec<OperatorPrice> = (0..)
            .zip(&gene.choices)
            .map(|(value, id)| OperatorPrice::nothing(id.clone(), !is_weightless(value)))
            .collect();
        for network in 0..PRICED_NETWORKS {
            let mut rng = Rng::for_purpose(0, name, network);
            let genotype = genes.draw(&mut rng);
            let active = genes.active(&genotype);
            let places: Vec<usize> =
                members.iter().copied().filter(|member| active.contains(member)).collect();
            if places.is_empty() {
                continue;
            }
            let place = *rng.choose(&places);
            for (value, price) in prices.iter_mut().enumerate() {
                // The same numbers for all, so that what an operator makes active is the same too.
                let genotype = genes.with_value(&genotype, place, value as u16, &mut rng.clone());
                self.add_to(price, &genotype)?;
            }
        }
        judge(&mut prices);
        Ok(prices)
    }

    fn add_to(&self, price: &mut OperatorPrice, genotype: &Genotype) -> Result<(), RunError> {
        let priced = self.price(genotype)?;
        let field = priced.canonical.graph.receptive_field();
        let part = 1.0 / PRICED_NETWORKS as f64;
        price.cost += part * priced.cost;
        price.params += part * priced.costs.params as f64;
        price.receptive_field += part * f64::from(field.vertical) * f64::from(field.horizontal);
        Ok(())
    }
}

impl OperatorPrice {
    const fn nothing(id: String, has_parameters: bool) -> Self {
        Self { id, cost: 0.0, params: 0.0, receptive_field: 0.0, has_parameters, dominated_by: None }
    }

    /// Whether it costs no more than the other, and learns more as far as parameters and receptive field tell.
    fn dominates(&self, other: &Self) -> bool {
        let gains = [self.params - other.params, self.receptive_field - other.receptive_field];
        self.cost <= other.cost
            && gains.iter().all(|&gain| gain >= 0.0)
            && gains.iter().any(|&gain| gain > 0.0)
    }
}

/// Names for each operator that is dominated the cheapest that dominates it.
fn judge(prices: &mut [OperatorPrice]) {
    let better: Vec<Option<String>> = prices
        .iter()
        .map(|price| {
            let takes_its_place = |other: &&OperatorPrice| {
                price.has_parameters && other.has_parameters && other.dominates(price)
            };
            let cheapest = prices.iter().filter(takes_its_place).min_by(|a, b| a.cost.total_cmp(&b.cost));
            cheapest.map(|other| other.id.clone())
        })
        .collect();
    prices.iter_mut().zip(better).for_each(|(price, better)| price.dominated_by = better);
}

/// Genes that choose among several operators, joined where their names without numbers and their choices are equal.
fn operator_groups(genes: &GeneTree) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, gene) in genes.genes().iter().enumerate() {
        if gene.weightless.is_none() || gene.choices.len() < 2 {
            continue;
        }
        let name = without_numbers(gene);
        let is_alike = |(other, members): &&mut (String, Vec<usize>)| {
            *other == name && genes.genes()[members[0]].choices == gene.choices
        };
        match groups.iter_mut().find(is_alike) {
            Some((_, members)) => members.push(index),
            None => groups.push((name, vec![index])),
        }
    }
    groups
}

fn without_numbers(gene: &Gene) -> String {
    gene.id.chars().filter(|character| !character.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use nas_cost::Objective;

    use super::*;
    use crate::{DataFacts, RunConfig};

    fn facts() -> DataFacts {
        DataFacts {
            id: "digits8".into(),
            channels: 1,
            resolutions: vec![8],
            default_resolution: 8,
            classes: 10,
            train_images: 1197,
            validation_images: 300,
            test_images: 300,
            sha256: "0123".into(),
        }
    }

    fn problem(space: &str, device: &str, refine: bool) -> Problem {
        let config = RunConfig { space: space.into(), device: device.into(), refine, ..RunConfig::default() };
        Problem::new(&config, &facts()).unwrap()
    }

    fn price(id: &str, figures: [f64; 3], has_parameters: bool) -> OperatorPrice {
        let [cost, params, receptive_field] = figures;
        let dominated_by = None;
        OperatorPrice { id: id.into(), cost, params, receptive_field, has_parameters, dominated_by }
    }

    #[test]
    fn the_cheapest_that_is_no_worse_takes_the_place() {
        let mut prices = [
            price("cheap", [1.0, 10.0, 9.0], true),
            price("dear and small", [3.0, 9.0, 9.0], true),
            price("dear, learns as much", [3.0, 10.0, 9.0], true),
            price("near", [4.0, 10.0, 1.0], true),
            price("dear but wide", [5.0, 10.0, 25.0], true),
            price("equal to cheap", [1.0, 10.0, 9.0], true),
            price("without parameters", [9.0, 1.0, 1.0], false),
        ];
        judge(&mut prices);
        let better: Vec<Option<&str>> = prices.iter().map(|price| price.dominated_by.as_deref()).collect();
        assert_eq!(better, [None, Some("cheap"), None, Some("cheap"), None, None, None]);
    }

    #[test]
    fn what_is_left_is_the_space_without_the_dominated_operators() {
        let refined = problem("layers", "nrf5340", true);
        let refinement = refined.refinement().unwrap();
        let [group] = &refinement.groups[..] else { panic!("one group of operators") };
        assert_eq!((group.gene.as_str(), group.genes), ("layer.operator", 6));
        let dropped: Vec<&str> = group
            .operators
            .iter()
            .filter(|operator| operator.dominated_by.is_some())
            .map(|operator| operator.id.as_str())
            .collect();
        // A normalisation alone costs more time there than a fire module, and learns less.
        assert_eq!(dropped, ["batch-norm"]);
        let weightless: Vec<&str> = group
            .operators
            .iter()
            .filter(|operator| !operator.has_parameters)
            .map(|operator| operator.id.as_str())
            .collect();
        assert_eq!(weightless, ["max-pool", "avg-pool", "identity"]);
        let left = refined.space().genes();
        assert!(left.genes().iter().all(|gene| !gene.choices.contains(&"batch-norm".to_owned())));
        assert_eq!(refinement.size_after, left.size().to_string());
        assert_eq!(
            refinement.size_before,
            problem("layers", "nrf5340", false).space().genes().size().to_string()
        );
    }

    #[test]
    fn candidates_of_the_refined_space_are_those_of_the_whole_one() {
        let (refined, whole) = (problem("layers", "nrf5340", true), problem("layers", "nrf5340", false));
        let mut rng = Rng::for_purpose(1, "test", 0);
        for _ in 0..50 {
            let genotype = refined.space().genes().draw(&mut rng);
            let network = refined.space().decode(&genotype);
            assert_eq!(refined.price(&genotype).unwrap().cost, whole.price_network(&network).unwrap().cost);
        }
    }

    #[test]
    fn operators_without_parameters_stay() {
        let refined = problem("cell", "nrf5340", true);
        let refinement = refined.refinement().unwrap();
        assert_eq!(refinement.size_after, refinement.size_before);
        let weightless = refinement.groups[0].operators.iter().filter(|operator| !operator.has_parameters);
        assert_eq!(weightless.count(), 3);
    }

    #[test]
    fn hardware_that_is_searched_has_no_device_to_refine_for() {
        let config = RunConfig {
            space: "accelerator".into(),
            objective: Objective::Latency,
            refine: true,
            ..RunConfig::default()
        };
        let error = Problem::new(&config, &facts()).err().unwrap().to_string();
        assert!(error.contains("refine") && error.contains("hardware"), "{error}");
    }
}
