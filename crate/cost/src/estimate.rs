use nas_member::Text;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Device, NetworkCosts};

mod analytical;
mod prediction;
mod stated_peak;
mod table;

pub use analytical::AnalyticalEstimator;
pub use prediction::{Prediction, Sample};
pub use stated_peak::StatedPeakEstimator;
pub use table::{Table, TableRow};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Method {
    /// What the stated peak rate would give: a lower bound.
    StatedPeak,
    /// A formula over what each step does, with figures fitted on measurements of the device.
    Analytical,
    /// A table of times of operators, interpolated.
    LookUpTable,
    /// A model fitted on times of whole networks.
    Prediction,
    /// A table that was measured on the machine at hand with the trainer's own kernels.
    Measured,
}

impl Method {
    /// All methods, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::StatedPeak, Self::Analytical, Self::LookUpTable, Self::Prediction, Self::Measured];

    /// The identifier used in links and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::StatedPeak => "stated-peak",
            Self::Analytical => "analytical",
            Self::LookUpTable => "look-up-table",
            Self::Prediction => "prediction",
            Self::Measured => "measured",
        }
    }

    /// The method that prices on a device when none is named: its stated peak, without one its timing, without that a
    /// measured table.
    #[must_use]
    pub const fn of(device: &Device) -> Self {
        match (&device.compute, &device.timing) {
            (Some(_), _) => Self::StatedPeak,
            (None, Some(_)) => Self::Analytical,
            (None, None) => Self::Measured,
        }
    }
}

/// A way to tell how long a network takes on a device.
pub trait Estimator {
    /// What kind of way it is.
    fn method(&self) -> Method;

    /// Time of one inference in milliseconds; none if it knows too little of the device or the network.
    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> Option<f64>;

    /// Mean error on networks that the method was not fitted on, in percent; none where it is not known.
    fn error_percent(&self, device: &Device) -> Option<f64>;

    /// What to know about its numbers.
    fn note(&self, device: &Device) -> Text;

    /// The estimate with all it says about itself; none if it cannot tell.
    fn estimate(&self, costs: &NetworkCosts, device: &Device) -> Option<Estimate> {
        let latency_ms = self.latency_ms(costs, device)?;
        Some(Estimate {
            device: device.id,
            method: self.method(),
            latency_ms,
            energy_mj: device.power.map(|power| power.watts * latency_ms),
            error_percent: self.error_percent(device),
            note: self.note(device),
        })
    }
}

/// What each way to estimate says of a network on a device, the one that a run uses by default first. `fitted` are those
/// beside the ones that need nothing but the device.
#[must_use]
pub fn estimates(costs: &NetworkCosts, device: &Device, fitted: &[&dyn Estimator]) -> Vec<Estimate> {
    let always: [&dyn Estimator; 2] = [&StatedPeakEstimator, &AnalyticalEstimator];
    always.iter().chain(fitted).filter_map(|estimator| estimator.estimate(costs, device)).collect()
}
