use std::collections::BTreeMap;

use nas_cost::{CostError, DeviceLimit, Method, Objective, Over, Table};
use nas_member::SettingValue;
use nas_space::Genotype;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Formulation;

/// The seed of a link that names none.
pub const DEFAULT_SEED: u32 = 7;
/// The most candidates a run may have.
pub const MAX_CANDIDATES: u32 = 10_000;
/// The most epochs a candidate may be trained.
pub const MAX_EPOCHS: u32 = 200;
/// The most candidates that a search may start from: as many as a link of 2,000 characters has room for.
pub const MAX_STARTS: usize = 32;
/// The most trainings of each candidate.
pub const MAX_REPLICATES: u32 = 10;
/// The most virtual slots.
pub const MAX_WIDTH: u32 = 64;

/// A run as it is configured: dataset × space × strategy × evaluation × device, objective and limits, with a
/// budget and a seed. [`crate::link`] writes it as a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct RunConfig {
    /// Identifier of the dataset.
    pub data: String,
    /// Height and width of the images; none for the dataset's default.
    pub res: Option<u32>,
    /// Training images to use; none for all.
    pub samples: Option<u32>,
    /// Identifier of the search space.
    pub space: String,
    /// Identifier of the strategy.
    pub strategy: String,
    /// Identifier of the evaluation.
    pub eval: String,
    /// Identifier of the device.
    pub device: String,
    /// The cost that is traded against accuracy.
    pub objective: Objective,
    /// A second cost that is traded against accuracy; none for one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub objective2: Option<Objective>,
    /// What the strategy is told to make small.
    #[serde(skip_serializing_if = "Formulation::is_default")]
    #[ts(optional, as = "Option<Formulation>")]
    pub formulation: Formulation,
    /// Weight of the cost in a weighted formulation; none for its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub weight: Option<f64>,
    /// Cost that a weighted formulation measures costs by, in the unit of the objective; none for its limit, or without one for the
    /// largest cost among the first random draws that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub target: Option<f64>,
    /// Seed of everything random.
    pub seed: u32,
    /// Budget: candidates.
    pub candidates: u32,
    /// Epochs each candidate is trained.
    pub epochs: u32,
    /// Budget: work in training MACs; none for no such limit.
    #[ts(type = "number | null")]
    pub macs: Option<u64>,
    /// Virtual slots: candidates under way at once, whatever the number of workers.
    pub width: u32,
    /// Trainings of each candidate, of which the mean counts.
    #[serde(skip_serializing_if = "is_one")]
    #[ts(optional, as = "Option<u32>")]
    pub replicates: u32,
    /// Peak RAM limit in bytes; none for the device's own.
    #[ts(type = "number | null")]
    pub ram: Option<u64>,
    /// Flash limit in bytes; none for the device's own.
    #[ts(type = "number | null")]
    pub flash: Option<u64>,
    /// Latency limit in milliseconds.
    pub latency_ms: Option<f64>,
    /// Energy limit for one inference in millijoules.
    pub energy_mj: Option<f64>,
    /// MAC limit.
    #[ts(type = "number | null")]
    pub max_macs: Option<u64>,
    /// FLOP limit.
    #[ts(type = "number | null")]
    pub max_flops: Option<u64>,
    /// Limit of trainable parameters.
    #[ts(type = "number | null")]
    pub max_params: Option<u64>,
    /// Limit of the silicon of an accelerator in square millimeters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub area_mm2: Option<f64>,
    /// The file of the space `custom`, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub custom: Option<String>,
    /// Whether operators that are dominated on the device are left away before the search.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub refine: bool,
    /// The file of the device `own`, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, as = "Option<String>")]
    pub own_device: Option<String>,
    /// More devices that a candidate must serve, beside the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub devices: Vec<String>,
    /// Limits of single devices, which need not be among those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DeviceLimit>>")]
    pub limits: Vec<DeviceLimit>,
    /// What latency and energy on several devices become; none for the worst.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub over: Option<Over>,
    /// How latency is estimated; none for each device's own way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub estimator: Option<Method>,
    /// Digest of the table of measurements that the estimator needs; the driver has the table, as it has the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub table: Option<String>,
    /// Power of the device in watts, instead of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub watts: Option<f64>,
    /// Where the search starts: candidates that come before all that the strategy proposes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Genotype>>")]
    pub start: Vec<Genotype>,
    /// Settings that the members declare, by `member.name`; those not named have their defaults.
    pub settings: BTreeMap<String, SettingValue>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

impl RunConfig {
    /// The costs that are traded against accuracy.
    pub(crate) fn costs(&self) -> impl Iterator<Item = Objective> + use<> {
        core::iter::once(self.objective).chain(self.objective2)
    }

    /// Reads the table of measurements that this run names, as that of its device.
    ///
    /// # Errors
    /// If the text is no table; the message names the line.
    pub fn read_table(&self, csv: &str) -> Result<Table, CostError> {
        let is_measured_here = self.estimator != Some(Method::LookUpTable);
        Table::from_csv(&self.device, is_measured_here, csv)
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            data: "digits8".into(),
            res: None,
            samples: None,
            space: "layers".into(),
            strategy: "regularized-evolution".into(),
            eval: "train".into(),
            device: "microbit".into(),
            objective: Objective::Latency,
            objective2: None,
            formulation: Formulation::Pareto,
            weight: None,
            target: None,
            seed: DEFAULT_SEED,
            candidates: 32,
            epochs: 9,
            macs: None,
            width: 8,
            replicates: 1,
            ram: None,
            flash: None,
            latency_ms: None,
            energy_mj: None,
            max_macs: None,
            max_flops: None,
            max_params: None,
            area_mm2: None,
            custom: None,
            refine: false,
            own_device: None,
            devices: Vec::new(),
            limits: Vec::new(),
            over: None,
            estimator: None,
            table: None,
            watts: None,
            start: Vec::new(),
            settings: BTreeMap::new(),
        }
    }
}
