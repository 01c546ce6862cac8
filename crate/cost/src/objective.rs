use nas_member::Text;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AcceleratorCosts, NetworkCosts};

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
    /// Silicon of the accelerator that is searched for with the network.
    Area,
}

impl Objective {
    /// All costs, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::Params,
        Self::Macs,
        Self::Flops,
        Self::Ram,
        Self::Flash,
        Self::Memory,
        Self::Latency,
        Self::Energy,
        Self::Area,
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
            Self::Area => "area",
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
            Self::Area => Text::new("area", "área"),
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
            Self::Area => "mm²",
        }
    }

    /// What a network costs on an accelerator, in [`Self::unit`].
    #[must_use]
    pub fn value_on_accelerator(self, costs: &NetworkCosts, accelerator: &AcceleratorCosts) -> f64 {
        match self {
            Self::Latency => accelerator.latency_ms,
            Self::Energy => accelerator.energy.total_mj(),
            Self::Area => accelerator.area_mm2,
            _ => self.counted(costs),
        }
    }

    /// What can be counted without knowing where the network runs.
    pub(crate) fn counted(self, costs: &NetworkCosts) -> f64 {
        let int8 = &costs.memory.int8;
        let count = match self {
            Self::Params => costs.params,
            Self::Macs => costs.macs,
            Self::Flops => costs.flops,
            Self::Ram => int8.peak_ram_bytes,
            Self::Flash => int8.flash_bytes,
            Self::Memory => int8.peak_ram_bytes + int8.flash_bytes,
            Self::Latency | Self::Energy | Self::Area => unreachable!("{} is no count", self.id()),
        };
        count as f64
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::{Accelerator, NetworkCosts, Pricing, device};

    #[test]
    fn each_cost_is_the_figure_it_names() {
        let text = r#"{"input": [1,8,8], "layers": [{"op":"conv2d","out_channels":4,"kernel":3},
            {"op":"relu"},{"op":"dense","out_features":10}]}"#;
        let costs = NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap();
        let pricing = Pricing::of(device("microbit").unwrap());
        let known = Objective::ALL.into_iter().filter(|objective| pricing.check(*objective).is_ok());
        let values: Vec<_> =
            known.map(|objective| (objective.id(), pricing.value(objective, &costs))).collect();
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
    fn accelerators_have_their_own_latency_energy_and_area() {
        let text = r#"{"input": [1,8,8], "layers": [{"op":"dense","out_features":10}]}"#;
        let graph = Network::from_json(text).unwrap().resolve().unwrap();
        let costs = NetworkCosts::of(&graph).unwrap();
        let on = AcceleratorCosts::of(&graph, &costs, &Accelerator::default());
        for objective in Objective::ALL {
            let expected = match objective {
                Objective::Latency => on.latency_ms,
                Objective::Energy => on.energy.total_mj(),
                Objective::Area => on.area_mm2,
                _ => Pricing::of(device("microbit").unwrap()).value(objective, &costs),
            };
            assert_eq!(objective.value_on_accelerator(&costs, &on), expected, "{objective:?}");
        }
    }
}
