use nas_arch::{Canonical, Graph, Network, Recipe, Shape, canonical};
use nas_cost::{Limits, NetworkCosts, Objective, Over, Pricing, Table, Violation, device};
use nas_data::Augmentation;
use nas_member::{Member, Settings};
use nas_numerics::{Rng, sha256};
use nas_search::{Strategy, strategies, strategy};
use nas_space::{Genotype, Space, space, spaces};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::evaluation::{augmentation, check, final_recipe, recipe};
use crate::{CandidateCosts, DataSpec, RunConfig, RunError, evaluations, link};

/// Draws that look for the reference cost of the front's hypervolume.
const REFERENCE_DRAWS: u32 = 256;
/// Draws after which a problem without a fitting candidate is called infeasible.
const FEASIBILITY_DRAWS: u32 = 4096;

/// What a run must know of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DataFacts {
    /// Its identifier.
    pub id: String,
    /// Channels of an image.
    pub channels: u32,
    /// Heights and widths it can be had in.
    pub resolutions: Vec<u32>,
    /// The one it has when nothing is said.
    pub default_resolution: u32,
    /// Number of classes.
    pub classes: u32,
    /// Training images.
    pub train_images: u32,
    /// Validation images.
    pub validation_images: u32,
    /// Test images.
    pub test_images: u32,
    /// Digest of the data.
    pub sha256: String,
}

/// A configuration made whole: space, device, limits and recipe, ready to decode and to price candidates.
pub struct Problem {
    pub(crate) config: RunConfig,
    pub(crate) facts: DataFacts,
    pub(crate) data: DataSpec,
    pub(crate) space: Box<dyn Space>,
    strategy_settings: Settings,
    pricing: Pricing<'static>,
    pub(crate) limits: Limits,
    pub(crate) recipe: Recipe,
    pub(crate) final_recipe: Option<Recipe>,
}

/// A genotype decoded and priced.
pub struct Priced {
    /// The canonical network.
    pub canonical: Canonical,
    /// What it costs anywhere.
    pub costs: NetworkCosts,
    /// What it costs on the run's devices, as the log has it.
    pub summary: CandidateCosts,
    /// The limits it breaks.
    pub violations: Vec<Violation>,
}

impl Problem {
    /// Joins a configuration with its data.
    ///
    /// # Errors
    /// If a member does not exist, a setting is out of bounds or does not go with the others, or the data are others than
    /// configured.
    pub fn new(config: &RunConfig, facts: &DataFacts) -> Result<Self, RunError> {
        Self::with_table(config, facts, None)
    }

    /// Joins a configuration with its data and the table of measurements that its estimator needs.
    ///
    /// # Errors
    /// As [`Self::new`], or if the table is another than configured, or does not serve.
    pub fn with_table(
        config: &RunConfig,
        facts: &DataFacts,
        table: Option<&Table>,
    ) -> Result<Self, RunError> {
        if config.data != facts.id {
            return Err(RunError::Data { expected: config.data.clone(), found: facts.id.clone() });
        }
        let config = &link::normalized(config);
        link::check(config).map_err(|(key, problem)| RunError::Setting { key, problem })?;
        let evaluation = settings_of(config, &evaluations(), &config.eval);
        let data = data_spec(config, facts, augmentation(&evaluation))?;
        check(config, &evaluation, data.res)?;
        let input = Shape::new(facts.channels, data.res, data.res);
        let space_problem = nas_space::Problem { input, classes: facts.classes };
        let space = space(&config.space, space_problem, &settings_of(config, &spaces(), &config.space))?;
        let strategy_settings = settings_of(config, &strategies(), &config.strategy);
        let pricing = pricing(config, table)?;
        let limits = limits(config, &pricing);
        pricing.check(Objective::Latency)?;
        pricing.check(config.objective)?;
        pricing.check_limits(&limits)?;
        Ok(Self {
            config: config.clone(),
            facts: facts.clone(),
            data,
            space,
            strategy_settings,
            pricing,
            limits,
            recipe: recipe(config, &evaluation),
            final_recipe: final_recipe(config, &evaluation),
        })
    }

    /// The strategy, as yet without results.
    ///
    /// # Errors
    /// If there is no such strategy.
    pub fn strategy(&self) -> Result<Box<dyn Strategy>, RunError> {
        Ok(strategy(&self.config.strategy, &self.strategy_settings)?)
    }

    /// The search space.
    #[must_use]
    pub fn space(&self) -> &dyn Space {
        &*self.space
    }

    /// What a run of it trains on.
    #[must_use]
    pub fn data(&self) -> &DataSpec {
        &self.data
    }

    /// What must hold for a candidate.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decodes and prices a candidate.
    ///
    /// # Errors
    /// If the numbers are no genotype of the space.
    ///
    /// # Panics
    /// If the space decodes to an unsound network: a defect of the space.
    pub fn price(&self, genotype: &Genotype) -> Result<Priced, RunError> {
        self.space.genes().check(genotype)?;
        let decoded = self.space.decode(genotype);
        self.price_canonical(&decoded.resolve().expect("a space decodes to sound networks"))
    }

    /// Prices a network that need not be of the space, as if it were a candidate: in its canonical form.
    ///
    /// # Errors
    /// If the network is unsound; the error names the layer.
    ///
    /// # Panics
    /// Never: the canonical form of a sound network is sound.
    pub fn price_network(&self, network: &Network) -> Result<Priced, RunError> {
        self.price_canonical(&network.resolve()?)
    }

    fn price_canonical(&self, graph: &Graph) -> Result<Priced, RunError> {
        let canonical = canonical(graph);
        let graph = canonical.network.resolve().expect("the canonical form of a sound network is sound");
        let costs = NetworkCosts::of(&graph)?;
        let has_energy = self.pricing.check(Objective::Energy).is_ok();
        let summary = CandidateCosts {
            params: costs.params,
            macs: costs.macs,
            flops: costs.flops,
            flash_bytes: costs.memory.int8.flash_bytes,
            ram_bytes: self.pricing.value(Objective::Ram, &costs) as u64,
            latency_ms: self.pricing.value(Objective::Latency, &costs),
            energy_mj: has_energy.then(|| self.pricing.value(Objective::Energy, &costs)),
        };
        let violations = self.pricing.violations(&self.limits, &costs);
        Ok(Priced { canonical, costs, summary, violations })
    }

    /// Cost in the run's objective.
    pub(crate) fn objective(&self, costs: &NetworkCosts) -> f64 {
        self.pricing.value(self.config.objective, costs)
    }

    /// Cost up to which the hypervolume is counted: the limit of the objective, or without one the largest cost among
    /// the first random draws that fit.
    ///
    /// # Errors
    /// If no draw fits.
    pub(crate) fn reference_cost(&self) -> Result<f64, RunError> {
        let mut rng = Rng::for_purpose(self.config.seed, "survey", 0);
        let mut reference_cost = None::<f64>;
        let mut broken: Vec<(u32, Violation)> = Vec::new();
        for draw in 0..FEASIBILITY_DRAWS {
            if draw >= REFERENCE_DRAWS && reference_cost.is_some() {
                break;
            }
            let priced = self.price(&self.space.genes().draw(&mut rng))?;
            if priced.violations.is_empty() {
                let cost = self.objective(&priced.costs);
                reference_cost = Some(reference_cost.map_or(cost, |largest| largest.max(cost)));
            }
            for violation in priced.violations {
                match broken.iter_mut().find(|(_, known)| known.constraint == violation.constraint) {
                    Some((count, least)) => {
                        *count += 1;
                        if violation.value < least.value {
                            *least = violation;
                        }
                    }
                    None => broken.push((1, violation)),
                }
            }
        }
        let limit = self.limits.get(self.config.objective);
        match (reference_cost, broken.into_iter().max_by_key(|(count, least)| (*count, least.constraint))) {
            (Some(cost), _) => Ok(limit.unwrap_or(cost)),
            (None, Some((_, least))) => Err(RunError::Infeasible { draws: FEASIBILITY_DRAWS, least }),
            (None, None) => unreachable!("a draw either fits or breaks a limit"),
        }
    }
}

fn data_spec(
    config: &RunConfig,
    facts: &DataFacts,
    augmentation: Augmentation,
) -> Result<DataSpec, RunError> {
    let res = config.res.unwrap_or(facts.default_resolution);
    if !facts.resolutions.contains(&res) {
        let choices = facts.resolutions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(bad_setting(
            "res",
            format!("{} has no resolution {res}: use one of {choices}", facts.id),
        ));
    }
    let samples = config.samples.unwrap_or(facts.train_images);
    if !(1..=facts.train_images).contains(&samples) {
        let problem = format!("{} has {} training images: use 1 to as many", facts.id, facts.train_images);
        return Err(bad_setting("samples", problem));
    }
    Ok(DataSpec { id: facts.id.clone(), res, samples, augmentation })
}

/// The settings of member `id`: those of the configuration, and defaults for the rest.
fn settings_of(config: &RunConfig, members: &[Member], id: &str) -> Settings {
    let declared = members.iter().find(|member| member.id == id).map_or(&[][..], |member| &member.settings);
    Settings::new(declared, |name| config.settings.get(&format!("{id}.{name}")))
}

fn bad_setting(key: &str, problem: String) -> RunError {
    RunError::Setting { key: key.to_owned(), problem }
}

/// The devices of the configuration, and how latency on them is estimated.
fn pricing(config: &RunConfig, table: Option<&Table>) -> Result<Pricing<'static>, RunError> {
    let ids = core::iter::once(&config.device).chain(&config.devices);
    let table_digest = table.map(|table| sha256(table.to_csv().as_bytes()).to_string());
    if config.table != table_digest {
        let problem = match (&config.table, &table_digest) {
            (Some(_), None) => "this run prices with a table of measurements: give it the table",
            (None, _) => "a table was given that the run does not name",
            (Some(_), Some(_)) => "the table that was given is another than that of the run",
        };
        return Err(bad_setting("table", problem.to_owned()));
    }
    Ok(Pricing {
        devices: ids.map(|id| device(id)).collect::<Result<_, _>>()?,
        over: config.over.unwrap_or(Over::Worst),
        method: config.estimator,
        table: table.cloned(),
        watts: config.watts,
    })
}

/// The limits of the configuration, and those of the devices where it says nothing.
fn limits(config: &RunConfig, pricing: &Pricing) -> Limits {
    let configured = Limits {
        ram_bytes: config.ram,
        flash_bytes: config.flash,
        memory_bytes: None,
        latency_ms: config.latency_ms,
        energy_mj: config.energy_mj,
        max_macs: config.max_macs,
        max_flops: config.max_flops,
        max_params: config.max_params,
    };
    configured.or(pricing.device_limits())
}
