use nas_member::Text;
use serde::Serialize;
use ts_rs::TS;

use crate::{Device, NetworkCosts};

mod analytical;

pub use analytical::AnalyticalEstimator;

/// All ways to estimate, in the order in which they are shown.
const ESTIMATORS: [&dyn Estimator; 1] = [&AnalyticalEstimator];

/// How long a network takes on a device, and what it draws.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Estimate {
    /// Identifier of the device.
    pub device: &'static str,
    /// How it was estimated.
    pub method: Method,
    /// Time of one inference in milliseconds.
    pub latency_ms: f64,
    /// Energy of one inference in millijoules, power × time; none where the power is not known.
    pub energy_mj: Option<f64>,
    /// Mean error on networks that the method was not fitted on, in percent; none where it is not known.
    pub error_percent: Option<f64>,
    /// What to know about the number.
    pub note: Text,
}

/// A way to estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Method {
    /// A formula over what the network costs and what the device states.
    Analytical,
}

/// A way to tell how long a network takes on a device.
pub trait Estimator: Sync {
    /// What kind of way it is.
    fn method(&self) -> Method;

    /// Time of one inference in milliseconds.
    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> f64;

    /// Mean error on networks that the method was not fitted on, in percent; none where it is not known.
    fn error_percent(&self, device: &Device) -> Option<f64>;

    /// What to know about its numbers.
    fn note(&self) -> Text;

    /// Energy of one inference in millijoules; none where the device's power is not known.
    fn energy_mj(&self, costs: &NetworkCosts, device: &Device) -> Option<f64> {
        device.power.map(|power| power.watts * self.latency_ms(costs, device))
    }

    /// The estimate with all it says about itself.
    fn estimate(&self, costs: &NetworkCosts, device: &Device) -> Estimate {
        Estimate {
            device: device.id,
            method: self.method(),
            latency_ms: self.latency_ms(costs, device),
            energy_mj: self.energy_mj(costs, device),
            error_percent: self.error_percent(device),
            note: self.note(),
        }
    }
}

/// What each way to estimate says of a network on a device.
#[must_use]
pub fn estimates(costs: &NetworkCosts, device: &Device) -> Vec<Estimate> {
    ESTIMATORS.iter().map(|estimator| estimator.estimate(costs, device)).collect()
}
