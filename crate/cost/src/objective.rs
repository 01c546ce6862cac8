use nas_member::Text;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AnalyticalEstimator, CostError, Device, Estimator, NetworkCosts};

/// A cost: what can be traded against accuracy, and what can be limited. Memory is that of int8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Objective {
    /// Trainable parameters.
    Params,
    /// Multiply-accumulates.
    Macs,
    /// Operations.
    Flops,
    /// Most bytes of activations alive at once.
    Ram,
    /// Bytes of weights and constants.
    Flash,
    /// Both together, for a device where they share one memory.
    Memory,
    /// Time of one inference on a device.
    Latency,
    /// Energy of one inference on a device.
    Energy,
}

impl Objective {
    /// All costs, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Params,
        Self::Macs,
        Self::Flops,
        Self::Ram,
        Self::Flash,
        Self::Memory,
        Self::Latency,
        Self::Energy,
    ];

    /// The identifier used in links and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Macs => "macs",
            Self::Flops => "flops",
            Self::Ram => "ram",
            Self::Flash => "flash",
            Self::Memory => "memory",
            Self::Latency => "latency",
            Self::Energy => "energy",
        }
    }

    /// The cost of this identifier.
    #[must_use]
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|objective| objective.id() == id)
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> Text {
        match self {
            Self::Params => Text::new("parameters", "parámetros"),
            Self::Macs => Text::new("MACs", "MAC"),
            Self::Flops => Text::new("FLOPs", "FLOP"),
            Self::Ram => Text::new("RAM (int8)", "RAM (int8)"),
            Self::Flash => Text::new("flash (int8)", "flash (int8)"),
            Self::Memory => Text::new("memory (int8)", "memoria (int8)"),
            Self::Latency => Text::new("latency", "latencia"),
            Self::Energy => Text::new("energy", "energía"),
        }
    }

    /// The unit of its values; empty for a count.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Params | Self::Macs | Self::Flops => "",
            Self::Ram | Self::Flash | Self::Memory => "B",
            Self::Latency => "ms",
            Self::Energy => "mJ",
        }
    }

    /// Whether it can be told on a device: asked before a run starts.
    ///
    /// # Errors
    /// If it is the energy and the device's power is not known.
    pub fn check(self, device: &Device) -> Result<(), CostError> {
        if self == Self::Energy && device.power.is_none() {
            return Err(CostError::UnknownPower { device: device.id });
        }
        Ok(())
    }

    /// What a network costs on a device, in [`Self::unit`]. Only latency and energy depend on the device.
    ///
    /// # Panics
    /// If [`Self::check`] fails.
    #[must_use]
    pub fn value(self, costs: &NetworkCosts, device: &Device) -> f64 {
        let int8 = &costs.memory.int8;
        match self {
            Self::Params => costs.params as f64,
            Self::Macs => costs.macs as f64,
            Self::Flops => costs.flops as f64,
            Self::Ram => int8.peak_ram_bytes as f64,
            Self::Flash => int8.flash_bytes as f64,
            Self::Memory => (int8.peak_ram_bytes + int8.flash_bytes) as f64,
            Self::Latency => AnalyticalEstimator.latency_ms(costs, device),
            Self::Energy => match AnalyticalEstimator.energy_mj(costs, device) {
                Some(energy_mj) => energy_mj,
                None => panic!("energy was asked for on '{}', whose power is not known", device.id),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::{device, devices};

    #[test]
    fn each_cost_is_the_figure_it_names() {
        let text = r#"{"input": [1,8,8], "layers": [{"op":"conv2d","out_channels":4,"kernel":3},
            {"op":"relu"},{"op":"dense","out_features":10}]}"#;
        let costs = NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap();
        let device = device("microbit").unwrap();
        let values = Objective::ALL.map(|objective| (objective.id(), objective.value(&costs, device)));
        let flash = 16 + 2 * 28 + 36 + 2560 + 14 * 12;
        let macs = 36.0 * 64.0 + 2560.0;
        let expected = [
            ("params", 40.0 + 2570.0),
            ("macs", macs),
            ("flops", 2.0 * macs + 256.0 + 256.0 + 10.0),
            ("ram", 320.0),
            ("flash", f64::from(flash)),
            ("memory", f64::from(320 + flash)),
            ("latency", 0.608),
            ("energy", 0.000_608),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn identifiers_are_those_of_the_json() {
        for objective in Objective::ALL {
            assert_eq!(serde_json::to_value(objective).unwrap(), objective.id());
            assert_eq!(Objective::find(objective.id()), Some(objective));
        }
        assert_eq!(Objective::find("size"), None);
    }

    #[test]
    fn energy_is_refused_where_the_power_is_not_known() {
        let unpowered = Device { power: None, ..devices()[0].clone() };
        let error = Objective::Energy.check(&unpowered).unwrap_err().to_string();
        assert!(error.contains("'gtx-1080-ti'") && error.contains("choose another"), "{error}");
        assert_eq!(Objective::Latency.check(&unpowered), Ok(()));
        assert_eq!(Objective::Energy.check(&devices()[0]), Ok(()));
    }
}
