//! The evaluation `supernet`: candidates inherit the weights of a super-network (docs/super-networks.md).

use std::collections::BTreeMap;

use nas_arch::{Network, Recipe};
use nas_cost::NetworkCosts;
use nas_member::{Member, SettingValue, Settings, Text};
use nas_numerics::{Digester, NUMERICS_VERSION, Rng};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{MAX_PLANNED_MACS, PASSES, integer};
use crate::{DataSpec, Problem, RunConfig, RunError};

/// Identifier of the evaluation.
pub(crate) const ID: &str = "supernet";
/// Epochs of the super-network when nothing is said: what the figures of docs/super-networks.md are for.
const EPOCHS: u32 = 100;
/// Batches of training images for the statistics of batch normalizations when nothing is said.
const CALIBRATION_BATCHES: u32 = 16;
/// Paths whose mean stands for all in the planned work.
const PLANNED_PATHS: u64 = 32;

/// The super-network of a run: what a job must know of it beside its recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SupernetSpec {
    /// Digest of everything that its weights depend on.
    pub key: String,
    /// Identifier of the space whose networks are its paths.
    pub space: String,
    /// Settings of the space that are not the defaults, by `member.name`.
    pub settings: BTreeMap<String, SettingValue>,
    /// How it is trained.
    pub recipe: Recipe,
    /// Batches of training images on which the batch normalizations of a candidate learn their statistics.
    pub calibration_batches: u32,
}

pub(super) fn member() -> Member {
    Member {
        id: ID,
        title: Text::new("Super-network (one-shot)", "Superred (one-shot)"),
        sentence: Text::new(
            "One network that holds all others is trained once; candidates inherit its weights, and the best are trained at the end.",
            "Se entrena una sola vez una red que contiene a todas; las candidatas heredan sus pesos, y las mejores se entrenan al final.",
        ),
        settings: vec![
            integer("epochs", "Epochs of the super-network", "Épocas de la superred", [1, 10_000], EPOCHS),
            integer(
                "calibration_batches",
                "Batches for the statistics of a candidate",
                "Lotes para las estadísticas de una candidata",
                [1, 256],
                CALIBRATION_BATCHES,
            ),
        ],
    }
}

impl SupernetSpec {
    /// The super-network of these settings, whose networks are trained by `recipe` otherwise.
    ///
    /// # Errors
    /// If the warm-up leaves nothing of its training.
    pub(crate) fn of(
        config: &RunConfig,
        settings: &Settings,
        recipe: &Recipe,
        (data_sha256, data): (&str, &DataSpec),
    ) -> Result<Self, RunError> {
        let recipe = Recipe { horizon_epochs: settings.integer("epochs"), ..recipe.clone() };
        if recipe.warmup_epochs >= recipe.horizon_epochs as f32 {
            let Recipe { warmup_epochs, horizon_epochs, .. } = recipe;
            let problem = format!(
                "a warm-up of {warmup_epochs} epochs leaves nothing of a training of {horizon_epochs}: train longer"
            );
            return Err(RunError::Setting { key: format!("{ID}.epochs"), problem });
        }
        let of_space = |key: &String| key.split('.').next() == Some(&config.space);
        let settings_of_space: BTreeMap<_, _> = config
            .settings
            .iter()
            .filter(|(key, _)| of_space(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let json = |value: Result<String, serde_json::Error>| value.expect("plain values are always JSON");
        let key = Digester::new()
            .text("super-network")
            .number(u64::from(NUMERICS_VERSION))
            .text(data_sha256)
            .text(&json(serde_json::to_string(data)))
            .text(&config.space)
            .text(&json(serde_json::to_string(&settings_of_space)))
            .text(&json(serde_json::to_string(&recipe)))
            .number(u64::from(config.seed))
            .finish();
        Ok(Self {
            key: key.to_string(),
            space: config.space.clone(),
            settings: settings_of_space,
            recipe,
            calibration_batches: settings.integer("calibration_batches"),
        })
    }
}

impl Problem {
    /// The network of a path, as the super-network draws its first ones, with its multiply-accumulates.
    fn drawn_path(&self, number: u64) -> (Network, u64) {
        let mut rng = Rng::for_purpose(self.config.seed, "path", number);
        let network = self.space.decode(&self.space.genes().draw(&mut rng));
        let graph = network.resolve().expect("a space decodes to sound networks");
        let costs = NetworkCosts::of(&graph).expect("a space decodes to networks that can be priced");
        (network, costs.macs)
    }

    /// What trains the super-network: its first path, and the planned work, as if the mean of the first paths were that of all.
    pub(crate) fn plan_super_network(&self, epochs: u32) -> (Network, u64) {
        let (first, _) = self.drawn_path(0);
        let macs: u64 = (0..PLANNED_PATHS).map(|number| self.drawn_path(number).1).sum();
        let images = PASSES * u64::from(self.data.samples) * u64::from(epochs);
        (first, (macs / PLANNED_PATHS).saturating_mul(images).min(MAX_PLANNED_MACS))
    }

    /// Planned work of a candidate that inherits its weights: statistics, and the validation split.
    pub(crate) fn planned_validation_macs(&self, spec: &SupernetSpec, network_macs: u64) -> u64 {
        let calibration = spec.calibration_batches.saturating_mul(spec.recipe.batch_size);
        let images = u64::from(calibration.min(self.data.samples) + self.facts.validation_images);
        network_macs.saturating_mul(images).min(MAX_PLANNED_MACS)
    }
}
