use nas_arch::{Canonical, Graph, Network, Recipe, Shape, canonical};
use nas_cost::{
    Accelerator, AcceleratorCosts, Device, DeviceLimit, Limits, NetworkCosts, OWN_DEVICE, Objective, Over,
    Pricing, Table, Violation, device,
};
use nas_data::{Augmentation, DatasetInfo};
use nas_member::{Member, Settings};
use nas_numerics::sha256;
use nas_search::{Strategy, needs, strategies, strategy};
use nas_space::{Genotype, Hardware, Space, SpaceError, configured_space, spaces};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::evaluation::{
    HotStart, PREDICTOR_ID, PredictorSettings, SCORE_ID, SUPERNET_ID, Supernet, augmentation, check,
    final_recipe, recipe, supernet_epochs,
};
use crate::feasibility::excess;
use crate::stopping::Stopping;
use crate::{
    CandidateCosts, DataSpec, Refinement, RunConfig, RunError, ScoreSpec, evaluations, formulation, link,
};

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

impl DataFacts {
    /// Those of a dataset of the catalog.
    #[must_use]
    pub fn of(info: &DatasetInfo) -> Self {
        Self {
            id: info.id.clone(),
            channels: info.shape[0],
            resolutions: info.resolutions.clone(),
            default_resolution: info.default_resolution,
            classes: info.classes.len() as u32,
            train_images: info.splits.train,
            validation_images: info.splits.validation,
            test_images: info.splits.test,
            sha256: info.sha256.clone(),
        }
    }
}

/// A configuration made whole: space, device, limits and recipe, ready to decode and to price candidates.
pub struct Problem {
    pub(crate) config: RunConfig,
    pub(crate) facts: DataFacts,
    pub(crate) data: DataSpec,
    pub(crate) space: Box<dyn Space>,
    pub(crate) refinement: Option<Refinement>,
    strategy_settings: Settings,
    pricing: Pricing<'static>,
    pub(crate) limits: Limits,
    pub(crate) recipe: Recipe,
    pub(crate) final_recipe: Option<Recipe>,
    /// How candidates are scored; none if they are trained.
    pub(crate) score: Option<ScoreSpec>,
    /// The super-network that candidates inherit their weights from; none if they have their own.
    pub(crate) supernet: Option<Supernet>,
    /// Which trainings are stopped early; none if all go to the end.
    pub(crate) stopping: Option<Stopping>,
    /// How trainings begin that have a parent; none if all begin cold.
    pub(crate) hot_start: Option<HotStart>,
}

/// A genotype decoded and priced.
pub struct Priced {
    /// The candidate in canonical form.
    pub canonical: Canonical,
    /// What it costs anywhere.
    pub costs: NetworkCosts,
    /// The accelerator that is its own, where hardware is searched too: of several the one that breaks limits least, then
    /// the cheapest in the run's objective, then the first.
    pub accelerator: Option<(Accelerator, AcceleratorCosts)>,
    /// What it costs in the run's objective.
    pub cost: f64,
    /// What it costs in the run's second objective, if there is one.
    pub second_cost: Option<f64>,
    /// What it costs on its accelerator or the run's devices, as the log has it.
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
        let training = settings_of(config, &evaluations(), "train");
        let data = data_spec(config, facts, augmentation(&training))?;
        let supernet_settings =
            (config.eval == SUPERNET_ID).then(|| settings_of(config, &evaluations(), SUPERNET_ID));
        check(config, &training, data.res, supernet_settings.as_ref().map(supernet_epochs))?;
        let predictor = (config.eval == PREDICTOR_ID)
            .then(|| PredictorSettings::of(&settings_of(config, &evaluations(), PREDICTOR_ID)));
        let stopping = Stopping::of(config, &training, predictor, facts.validation_images)?;
        let score = (config.eval == SCORE_ID)
            .then(|| ScoreSpec::of(&settings_of(config, &evaluations(), SCORE_ID), data.samples));
        let input = Shape::new(facts.channels, data.res, data.res);
        let space_problem = nas_space::Problem { input, classes: facts.classes };
        let space_settings = |member: &Member| member_settings(config, member);
        let space =
            configured_space(&config.space, space_problem, &space_settings, config.custom.as_deref())?;
        needs(&config.strategy)?.check(&config.strategy, formulation::offer(config))?;
        formulation::check(config)?;
        let strategy_settings = settings_of(config, &strategies(), &config.strategy);
        let pricing = pricing(config, table)?;
        let mut limits = configured_limits(config);
        // An accelerator keeps networks in a DRAM, and has all costs: a device neither limits nor prices them.
        if space.hardware().is_none() {
            limits = limits.or(pricing.device_limits());
            pricing.check(Objective::Latency)?;
            config.costs().try_for_each(|objective| pricing.check(objective))?;
            pricing.check_limits(&limits)?;
            config.limits.iter().try_for_each(DeviceLimit::check)?;
        } else if !config.limits.is_empty() {
            let problem = "hardware is searched too: it alone limits and prices the networks".to_owned();
            return Err(bad_setting("limits", problem));
        }
        if config.replicates > 1 && (score.is_some() || supernet_settings.is_some()) {
            let eval = &config.eval;
            let problem = format!(
                "eval={eval} trains no candidate, so none is trained {} times: choose 1",
                config.replicates
            );
            return Err(bad_setting("replicates", problem));
        }
        let recipe = recipe(config, &training);
        let hot_start = HotStart::of(config, &training, &recipe, stopping.is_some())?;
        let supernet = supernet_settings
            .map(|settings| Supernet::of(config, &settings, &recipe, (&facts.sha256, &data)));
        let problem = Self {
            config: config.clone(),
            facts: facts.clone(),
            data,
            space,
            refinement: None,
            strategy_settings,
            pricing,
            limits,
            recipe,
            final_recipe: final_recipe(config, &training),
            score,
            supernet,
            stopping,
            hot_start,
        };
        if problem.supernet.is_some()
            && let Some(error) = problem.shares_no_weights()
        {
            return Err(error);
        }
        let problem = if config.refine { problem.refined()? } else { problem };
        problem.check_starts()?;
        Ok(problem)
    }

    /// Refuses to start from what the search could not propose.
    fn check_starts(&self) -> Result<(), RunError> {
        for genotype in &self.config.start {
            let refuse = |problem: String| Err(bad_setting("start", format!("{genotype}: {problem}")));
            match self.price(genotype) {
                Err(RunError::Genotype(error)) => {
                    return refuse(format!("{error}; genotypes are those of the space with these settings"));
                }
                Err(error) => return Err(error),
                Ok(Priced { violations, .. }) => {
                    if let Some(violation) = violations.first() {
                        return refuse(format!(
                            "{violation}; raise the limit, or start from another candidate"
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// The strategy, as yet without results.
    ///
    /// # Errors
    /// If there is no such strategy.
    pub fn strategy(&self) -> Result<Box<dyn Strategy>, RunError> {
        Ok(strategy(&self.config.strategy, &self.strategy_settings, self.space.genes())?)
    }

    /// The search space.
    #[must_use]
    pub fn space(&self) -> &dyn Space {
        &*self.space
    }

    /// Why the networks of this run cannot share their weights in a super-network, if they cannot.
    #[must_use]
    pub fn shares_no_weights(&self) -> Option<RunError> {
        let id = spaces().into_iter().find(|member| member.id == self.config.space)?.id;
        let reason = self.space.shares_no_weights()?.to_owned();
        Some(SpaceError::Unsuitable { id, reason }.into())
    }

    /// Whether candidates inherit the weights of a super-network.
    #[must_use]
    pub const fn inherits_from_super_network(&self) -> bool {
        self.supernet.is_some()
    }

    /// What was left away from the search space before the search, where the run asks for that.
    #[must_use]
    pub const fn refinement(&self) -> Option<&Refinement> {
        self.refinement.as_ref()
    }

    /// Seed of everything random.
    #[must_use]
    pub const fn seed(&self) -> u32 {
        self.config.seed
    }

    /// How candidates are trained.
    #[must_use]
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
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

    /// The table of measurements that candidates are priced with, if the run has one.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        self.pricing.table.as_ref()
    }

    /// The device of the user's file, if the run has one.
    #[must_use]
    pub fn own_device(&self) -> Option<&'static Device> {
        self.pricing.devices.iter().copied().find(|device| device.id == OWN_DEVICE)
    }

    /// Decodes and prices a candidate.
    ///
    /// # Errors
    /// If the numbers are no genotype of the space.
    pub fn price(&self, genotype: &Genotype) -> Result<Priced, RunError> {
        self.space.genes().check(genotype)?;
        let accelerators = self.space.hardware().map(|hardware| hardware.accelerators(genotype));
        self.price_canonical(&self.space.graph(genotype), &accelerators.unwrap_or_default())
    }

    /// Prices a network that need not be of the space, as if it were a candidate: in its canonical form. Where hardware is
    /// searched too, it runs on the first of it.
    ///
    /// # Errors
    /// If the network is unsound; the error names the layer.
    pub fn price_network(&self, network: &Network) -> Result<Priced, RunError> {
        let accelerators = self.space.hardware().map(Hardware::first);
        self.price_canonical(&network.resolve()?, &accelerators.unwrap_or_default())
    }

    fn price_canonical(&self, graph: &Graph, accelerators: &[Accelerator]) -> Result<Priced, RunError> {
        let canonical = canonical(graph);
        let costs = NetworkCosts::of(&canonical.graph)?;
        let mut summary = CandidateCosts {
            params: costs.params,
            macs: costs.macs,
            flops: costs.flops,
            flash_bytes: costs.memory.int8.flash_bytes,
            ram_bytes: costs.memory.int8.peak_ram_bytes,
            latency_ms: 0.0,
            energy_mj: None,
            area_mm2: None,
        };
        let on_accelerators = accelerators.iter().map(|accelerator| {
            let on = AcceleratorCosts::of(&canonical.graph, &costs, accelerator);
            let cost = self.config.objective.value_on_accelerator(&costs, &on);
            let violations = self.limits.violations_on_accelerator(&costs, &on);
            (*accelerator, on, cost, violations)
        });
        let best = on_accelerators.min_by(|(.., cost, violations), (.., other_cost, other_violations)| {
            let excesses = excess(violations).total_cmp(&excess(other_violations));
            excesses.then(cost.total_cmp(other_cost))
        });
        if let Some((accelerator, on, cost, violations)) = best {
            summary.latency_ms = on.latency_ms;
            summary.energy_mj = Some(on.energy.total_mj());
            summary.area_mm2 = Some(on.area_mm2);
            let second_cost = self.config.objective2.map(|second| second.value_on_accelerator(&costs, &on));
            let accelerator = Some((accelerator, on));
            return Ok(Priced { canonical, costs, accelerator, cost, second_cost, summary, violations });
        }
        let has_energy = self.pricing.check(Objective::Energy).is_ok();
        summary.ram_bytes = self.pricing.value(Objective::Ram, &costs) as u64;
        summary.latency_ms = self.pricing.value(Objective::Latency, &costs);
        summary.energy_mj = has_energy.then(|| self.pricing.value(Objective::Energy, &costs));
        let cost = self.pricing.value(self.config.objective, &costs);
        let second_cost = self.config.objective2.map(|second| self.pricing.value(second, &costs));
        let mut violations = self.pricing.violations(&self.limits, &costs);
        violations.extend(self.config.limits.iter().filter_map(|limit| limit.violation(&costs)));
        Ok(Priced { canonical, costs, accelerator: None, cost, second_cost, summary, violations })
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
    let member = members.iter().find(|member| member.id == id);
    member.map_or_else(|| Settings::defaults(&[]), |member| member_settings(config, member))
}

fn member_settings(config: &RunConfig, member: &Member) -> Settings {
    Settings::new(&member.settings, |name| config.settings.get(&format!("{}.{name}", member.id)))
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
        devices: ids.map(|id| find_device(id, config.own_device.as_deref())).collect::<Result<_, _>>()?,
        over: config.over.unwrap_or(Over::Worst),
        method: config.estimator,
        table: table.cloned(),
        watts: config.watts,
    })
}

fn find_device(id: &str, own_file: Option<&str>) -> Result<&'static Device, RunError> {
    if id != OWN_DEVICE {
        return Ok(device(id)?);
    }
    let file = own_file.ok_or_else(|| {
        bad_setting(
            "own_device",
            "the device 'own' is made of a file: give one, or choose another device".into(),
        )
    })?;
    Ok(Device::own(file)?)
}

/// The limits of the configuration; none of the device's own.
fn configured_limits(config: &RunConfig) -> Limits {
    Limits {
        ram_bytes: config.ram,
        flash_bytes: config.flash,
        memory_bytes: None,
        latency_ms: config.latency_ms,
        energy_mj: config.energy_mj,
        max_macs: config.max_macs,
        max_flops: config.max_flops,
        max_params: config.max_params,
        area_mm2: config.area_mm2,
    }
}

#[cfg(test)]
mod tests {
    use nas_cost::{Objective, template};
    use nas_member::SettingValue;

    use super::*;

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

    fn config(settings: &[(&str, SettingValue)]) -> RunConfig {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        RunConfig { space: "accelerator".into(), settings: settings.collect(), ..RunConfig::default() }
    }

    fn templates(ids: &[&str], configurations: u32) -> [(&'static str, SettingValue); 3] {
        let ids = ids.iter().map(ToString::to_string).collect();
        [
            ("accelerator.hardware", SettingValue::Word("templates".into())),
            ("accelerator.templates", SettingValue::Words(ids)),
            ("accelerator.configurations", SettingValue::Integer(configurations)),
        ]
    }

    fn problem(config: &RunConfig) -> Problem {
        Problem::new(config, &facts()).unwrap()
    }

    fn draw(problem: &Problem) -> Genotype {
        problem.space().genes().draw(&mut nas_numerics::Rng::for_purpose(1, "test", 0))
    }

    #[test]
    fn networks_with_hardware_are_priced_on_it_and_not_on_the_device() {
        let problem = problem(&config(&[]));
        let genotype = draw(&problem);
        let priced = problem.price(&genotype).unwrap();
        let (accelerator, on) = priced.accelerator.unwrap();
        assert_eq!([accelerator], problem.space().hardware().unwrap().accelerators(&genotype)[..]);
        assert_eq!(on, AcceleratorCosts::of(&priced.canonical.graph, &priced.costs, &accelerator));
        let summary = priced.summary;
        assert_eq!((summary.latency_ms, summary.area_mm2), (on.latency_ms, Some(on.area_mm2)));
        assert_eq!(summary.energy_mj, Some(on.energy.total_mj()));
        assert_eq!(priced.cost, on.latency_ms);
        assert_eq!(*problem.limits(), Limits::default());
    }

    #[test]
    fn of_several_configurations_the_cheapest_counts_that_keeps_the_limits() {
        let latency = |ids: &[&str], area_mm2| {
            let config = RunConfig { area_mm2, ..config(&templates(ids, ids.len() as u32)) };
            let problem = problem(&config);
            let mut genotype = Genotype(vec![0; problem.space().genes().genes().len()]);
            let first = genotype.0.len() - ids.len();
            (0..ids.len()).for_each(|index| genotype.0[first + index] = index as u16);
            problem.price(&genotype).unwrap()
        };
        let small = latency(&["gemmini-chip"], None);
        let large = latency(&["tpu-v1"], None);
        let both = latency(&["gemmini-chip", "tpu-v1"], None);
        assert_eq!(both.cost, small.cost.min(large.cost));
        let between = f64::midpoint(small.summary.area_mm2.unwrap(), large.summary.area_mm2.unwrap());
        let limited = latency(&["gemmini-chip", "tpu-v1"], Some(between));
        assert_eq!((limited.cost, limited.violations), (small.cost, vec![]));
        assert_eq!(limited.accelerator.unwrap().0, template("gemmini-chip").unwrap().accelerator());
        let [violation] = &latency(&["tpu-v1"], Some(between)).violations[..] else {
            panic!("one violation")
        };
        assert_eq!((violation.constraint, violation.limit), (Objective::Area, between));
    }

    #[test]
    fn the_network_space_keeps_its_settings() {
        let widths = ("layers.widths", SettingValue::Numbers(vec![5, 9]));
        let problem = problem(&config(&[widths]));
        let gene = problem.space().genes().genes().iter().find(|gene| gene.id == "layer1.width").unwrap();
        assert_eq!(gene.choices, ["5", "9"]);
    }

    #[test]
    fn a_network_of_the_user_runs_on_the_first_hardware() {
        let problem = problem(&config(&templates(&["gemmini", "tpu-v1"], 1)));
        let network = problem.space().decode(&draw(&problem));
        let (accelerator, _) = problem.price_network(&network).unwrap().accelerator.unwrap();
        assert_eq!(accelerator, template("gemmini").unwrap().accelerator());
    }

    #[test]
    fn a_limit_may_be_that_of_a_device_that_is_not_the_run_s() {
        let limit = |constraint, id: &str, limit| DeviceLimit { constraint, device: id.into(), limit };
        let config = RunConfig {
            limits: vec![
                limit(Objective::Latency, "arduino-uno", 0.001),
                limit(Objective::Macs, "pixel-1", 1.0),
            ],
            ..RunConfig::default()
        };
        let problem = problem(&config);
        let broken = problem.price(&draw(&problem)).unwrap().violations;
        let on = |device: &str| broken.iter().any(|violation| violation.device.as_deref() == Some(device));
        assert!(on("arduino-uno") && on("pixel-1"), "{broken:?}");
        let joint = RunConfig { space: "accelerator".into(), ..config };
        assert!(Problem::new(&joint, &facts()).err().unwrap().to_string().contains("limits"));
        let unknown =
            RunConfig { limits: vec![limit(Objective::Area, "pixel-1", 1.0)], ..RunConfig::default() };
        assert!(Problem::new(&unknown, &facts()).is_err());
    }

    #[test]
    fn area_is_refused_where_no_hardware_is_searched() {
        for config in [
            RunConfig { objective: Objective::Area, ..RunConfig::default() },
            RunConfig { area_mm2: Some(1.0), ..RunConfig::default() },
        ] {
            let error = Problem::new(&config, &facts()).err().unwrap().to_string();
            assert!(error.contains("space=accelerator"), "{error}");
        }
        problem(&RunConfig { objective: Objective::Area, ..config(&[]) });
    }
}
