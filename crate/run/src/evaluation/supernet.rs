//! The evaluation `supernet`: candidates inherit the weights of a super-network (docs/super-networks.md).

use std::collections::BTreeMap;

use nas_arch::{Graph, Network, Recipe};
use nas_cost::NetworkCosts;
use nas_member::{Member, SettingValue, Settings, Text};
use nas_numerics::{Digester, NUMERICS_VERSION, Rng};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{MAX_PLANNED_MACS, PASSES, integer};
use crate::{DataSpec, Problem, RunConfig};

/// Identifier of the evaluation.
pub(crate) const ID: &str = "supernet";
/// Epochs of the super-network when nothing is said: what the figures of docs/super-networks.md are for.
const EPOCHS: u32 = 100;
/// Batches of training images for the statistics of batch normalizations when nothing is said.
const CALIBRATION_BATCHES: u32 = 16;
/// Paths whose mean stands for all in the planned work.
const PLANNED_PATHS: u64 = 32;

/// What a job must know of a super-network beside its recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SupernetSpec {
    /// Digest of everything that its weights depend on.
    pub key: String,
    /// Identifier of the space whose networks are its paths.
    pub space: String,
    /// Settings of the run that are not the defaults, by `member.name`: those of the space are among them.
    pub settings: BTreeMap<String, SettingValue>,
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

/// The super-network of a run, and how it is trained.
pub(crate) struct Supernet {
    pub(crate) spec: SupernetSpec,
    pub(crate) recipe: Recipe,
}

impl Supernet {
    /// The super-network of these settings, whose networks are trained by `recipe` otherwise.
    ///
    /// # Panics
    /// Never: plain values are always JSON.
    pub(crate) fn of(
        config: &RunConfig,
        settings: &Settings,
        recipe: &Recipe,
        (data_sha256, data): (&str, &DataSpec),
    ) -> Self {
        let recipe = Recipe { horizon_epochs: epochs(settings), ..recipe.clone() };
        let json = |value: Result<String, serde_json::Error>| value.expect("plain values are always JSON");
        let mut digester = Digester::new()
            .text("super-network")
            .number(u64::from(NUMERICS_VERSION))
            .text(data_sha256)
            .text(&json(serde_json::to_string(data)))
            .text(&json(serde_json::to_string(&recipe)))
            .number(u64::from(config.seed))
            .text(&config.space);
        for (key, value) in &config.settings {
            if key.split('.').next() == Some(&config.space) {
                digester = digester.text(key).text(&json(serde_json::to_string(value)));
            }
        }
        let spec = SupernetSpec {
            key: digester.finish().to_string(),
            space: config.space.clone(),
            settings: config.settings.clone(),
            calibration_batches: settings.integer("calibration_batches"),
        };
        Self { spec, recipe }
    }
}

/// Epochs of the super-network.
pub(crate) fn epochs(settings: &Settings) -> u32 {
    settings.integer("epochs")
}

impl Problem {
    /// A path, as the super-network draws its first ones.
    fn drawn_path(&self, number: u64) -> Graph {
        let mut rng = Rng::for_purpose(self.config.seed, "path", number);
        self.space.graph(&self.space.genes().draw(&mut rng))
    }

    /// What trains the super-network: its first path, and the planned work, as if the mean of the first paths were that of all.
    ///
    /// # Panics
    /// If the space decodes to networks that cannot be priced.
    pub(crate) fn plan_super_network(&self, epochs: u32) -> (Network, u64) {
        let macs_of = |path: &Graph| NetworkCosts::of(path).expect("paths can be priced").macs;
        let macs: u64 = (0..PLANNED_PATHS).map(|number| macs_of(&self.drawn_path(number))).sum();
        let images = PASSES * u64::from(self.data.samples) * u64::from(epochs);
        (self.drawn_path(0).network(), (macs / PLANNED_PATHS).saturating_mul(images).min(MAX_PLANNED_MACS))
    }

    /// Planned work of a candidate that inherits its weights: statistics, and the validation split.
    pub(crate) fn planned_validation_macs(&self, spec: &SupernetSpec, network_macs: u64) -> u64 {
        let calibration = spec.calibration_batches.saturating_mul(self.recipe.batch_size);
        let images = u64::from(calibration.min(self.data.samples) + self.facts.validation_images);
        network_macs.saturating_mul(images).min(MAX_PLANNED_MACS)
    }
}
