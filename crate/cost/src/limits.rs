use core::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{AcceleratorCosts, CostError, Device, DeviceMemory, NetworkCosts, Objective, Pricing, device};

/// The most that a network may cost; none for no such limit. Memory is that of int8.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct Limits {
    /// Bytes of activations alive at once.
    #[ts(type = "number | null")]
    pub ram_bytes: Option<u64>,
    /// Bytes of weights and constants.
    #[ts(type = "number | null")]
    pub flash_bytes: Option<u64>,
    /// Both together, where they share one memory.
    #[ts(type = "number | null")]
    pub memory_bytes: Option<u64>,
    /// Time of one inference in milliseconds.
    pub latency_ms: Option<f64>,
    /// Energy of one inference in millijoules.
    pub energy_mj: Option<f64>,
    /// Multiply-accumulates.
    #[ts(type = "number | null")]
    pub max_macs: Option<u64>,
    /// Operations.
    #[ts(type = "number | null")]
    pub max_flops: Option<u64>,
    /// Trainable parameters.
    #[ts(type = "number | null")]
    pub max_params: Option<u64>,
    /// Silicon of an accelerator in square millimeters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub area_mm2: Option<f64>,
}

/// The most that a network may cost on one device, whatever the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct DeviceLimit {
    /// Which cost.
    pub constraint: Objective,
    /// The device's identifier.
    pub device: String,
    /// What the network may cost there.
    pub limit: f64,
}

/// A limit that a network breaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Violation {
    /// Which cost is too high.
    pub constraint: Objective,
    /// What the network costs.
    pub value: f64,
    /// What it may cost.
    pub limit: f64,
    /// On which device, if the limit is one of that device alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device: Option<String>,
}

impl DeviceLimit {
    /// Whether the cost can be told on the device.
    ///
    /// # Errors
    /// If there is no such device, or it is not known well enough.
    pub fn check(&self) -> Result<(), CostError> {
        Pricing::of(device(&self.device)?).check(self.constraint)
    }

    /// How a network breaks it, if it does.
    ///
    /// # Panics
    /// If [`Self::check`] fails.
    #[must_use]
    pub fn violation(&self, costs: &NetworkCosts) -> Option<Violation> {
        let Self { constraint, device: id, limit } = self;
        let value = Pricing::of(device(id).expect("a device that was checked")).value(*constraint, costs);
        (value > *limit).then(|| Violation {
            constraint: *constraint,
            value,
            limit: *limit,
            device: Some(id.clone()),
        })
    }
}

impl Limits {
    /// What a device leaves to a network: its memory without what is reserved.
    #[must_use]
    pub fn of(device: &Device) -> Self {
        match device.memory {
            DeviceMemory::Unified { bytes } => Self { memory_bytes: Some(bytes), ..Self::default() },
            DeviceMemory::Split { ram_bytes, flash_bytes, reserved_ram_bytes, reserved_flash_bytes } => {
                Self {
                    ram_bytes: Some(ram_bytes - reserved_ram_bytes),
                    flash_bytes: Some(flash_bytes - reserved_flash_bytes),
                    ..Self::default()
                }
            }
        }
    }

    /// These limits, and the others' where there is none here.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            ram_bytes: self.ram_bytes.or(others.ram_bytes),
            flash_bytes: self.flash_bytes.or(others.flash_bytes),
            memory_bytes: self.memory_bytes.or(others.memory_bytes),
            latency_ms: self.latency_ms.or(others.latency_ms),
            energy_mj: self.energy_mj.or(others.energy_mj),
            max_macs: self.max_macs.or(others.max_macs),
            max_flops: self.max_flops.or(others.max_flops),
            max_params: self.max_params.or(others.max_params),
            area_mm2: self.area_mm2.or(others.area_mm2),
        }
    }

    /// The limit of a cost.
    #[must_use]
    pub fn get(&self, objective: Objective) -> Option<f64> {
        let count = |limit: Option<u64>| limit.map(|limit| limit as f64);
        match objective {
            Objective::Params => count(self.max_params),
            Objective::Macs => count(self.max_macs),
            Objective::Flops => count(self.max_flops),
            Objective::Ram => count(self.ram_bytes),
            Objective::Flash => count(self.flash_bytes),
            Objective::Memory => count(self.memory_bytes),
            Objective::Latency => self.latency_ms,
            Objective::Energy => self.energy_mj,
            Objective::Area => self.area_mm2,
        }
    }

    /// The limits that a network breaks on an accelerator; empty if it is feasible.
    #[must_use]
    pub fn violations_on_accelerator(
        &self,
        costs: &NetworkCosts,
        accelerator: &AcceleratorCosts,
    ) -> Vec<Violation> {
        self.broken(|constraint| constraint.value_on_accelerator(costs, accelerator))
    }

    /// The limits that are lower than these values.
    pub(crate) fn broken(&self, value: impl Fn(Objective) -> f64) -> Vec<Violation> {
        self.limited()
            .map(|(constraint, limit)| Violation {
                constraint,
                value: value(constraint),
                limit,
                device: None,
            })
            .filter(|violation| violation.value > violation.limit)
            .collect()
    }

    /// The lower of each two limits.
    #[must_use]
    pub(crate) fn least(self, others: Self) -> Self {
        let less = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        let less_real = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::min);
        Self {
            ram_bytes: less(self.ram_bytes, others.ram_bytes),
            flash_bytes: less(self.flash_bytes, others.flash_bytes),
            memory_bytes: less(self.memory_bytes, others.memory_bytes),
            latency_ms: less_real(self.latency_ms, others.latency_ms),
            energy_mj: less_real(self.energy_mj, others.energy_mj),
            max_macs: less(self.max_macs, others.max_macs),
            max_flops: less(self.max_flops, others.max_flops),
            max_params: less(self.max_params, others.max_params),
            area_mm2: less_real(self.area_mm2, others.area_mm2),
        }
    }

    pub(crate) fn limited(&self) -> impl Iterator<Item = (Objective, f64)> {
        Objective::ALL.into_iter().filter_map(|objective| self.get(objective).map(|limit| (objective, limit)))
    }
}

impl fmt::Display for Violation {
    /// In English: `RAM (int8) 2,304 B of 1,880 B`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.constraint.unit() {
            "" => String::new(),
            unit => format!(" {unit}"),
        };
        let (value, limit) = (grouped(self.value), grouped(self.limit));
        write!(formatter, "{} {value}{unit} of {limit}{unit}", self.constraint.title().en)?;
        self.device.as_ref().map_or(Ok(()), |device| write!(formatter, " on {device}"))
    }
}

/// A number with commas between thousands, and a fraction only where there is one.
fn grouped(value: f64) -> String {
    let decimals = if value < 1.0 { 6 } else { 3 };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.trim_end_matches('0') {
        "" => grouped,
        fraction => format!("{grouped}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::{Accelerator, devices};

    fn costs() -> NetworkCosts {
        let text = r#"{"input": [1,16,16], "layers": [{"op":"conv2d","out_channels":8,"kernel":3},
            {"op":"dense","out_features":10}]}"#;
        NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap()
    }

    #[test]
    fn a_device_leaves_what_is_not_reserved() {
        let uno = Limits::of(device("arduino-uno").unwrap());
        assert_eq!(uno, Limits { ram_bytes: Some(1880), flash_bytes: Some(26_112), ..Limits::default() });
        let microbit = Limits::of(device("microbit").unwrap());
        assert_eq!((microbit.ram_bytes, microbit.flash_bytes), (Some(16_064), Some(229_376)));
        let phone = Limits::of(device("pixel-1").unwrap());
        assert_eq!(phone, Limits { memory_bytes: Some(4 << 30), ..Limits::default() });
    }

    #[test]
    fn violations_are_told_in_a_sentence() {
        let (costs, uno) = (costs(), device("arduino-uno").unwrap());
        // 256 + 8·256 activations; 72 and 20,480 weights, 18 channels.
        let broken = Pricing::of(uno).violations(&Limits::of(uno), &costs);
        assert_eq!(
            broken,
            [Violation { constraint: Objective::Ram, value: 2304.0, limit: 1880.0, device: None }]
        );
        assert_eq!(broken[0].to_string(), "RAM (int8) 2,304 B of 1,880 B");
        let tight = Limits {
            flash_bytes: Some(20_839),
            latency_ms: Some(1.5),
            energy_mj: Some(0.0001),
            max_macs: Some(38_911),
            ..Limits::default()
        };
        let sentences: Vec<String> =
            Pricing::of(uno).violations(&tight, &costs).iter().map(ToString::to_string).collect();
        let expected = [
            "MACs 38,912 of 38,911",
            "flash (int8) 20,840 B of 20,839 B",
            "latency 19.456 ms of 1.5 ms",
            "energy 0.019456 mJ of 0.0001 mJ",
        ];
        assert_eq!(sentences, expected);
    }

    #[test]
    fn a_limit_that_is_met_exactly_is_not_broken() {
        let (costs, gpu) = (costs(), device("gtx-1080-ti").unwrap());
        let pricing = Pricing::of(gpu);
        for objective in Objective::ALL.into_iter().filter(|objective| pricing.check(*objective).is_ok()) {
            let value = pricing.value(objective, &costs);
            let limit = |limit: f64| {
                let bytes = Some(limit as u64);
                match objective {
                    Objective::Params => Limits { max_params: bytes, ..Limits::default() },
                    Objective::Macs => Limits { max_macs: bytes, ..Limits::default() },
                    Objective::Flops => Limits { max_flops: bytes, ..Limits::default() },
                    Objective::Ram => Limits { ram_bytes: bytes, ..Limits::default() },
                    Objective::Flash => Limits { flash_bytes: bytes, ..Limits::default() },
                    Objective::Memory => Limits { memory_bytes: bytes, ..Limits::default() },
                    Objective::Latency => Limits { latency_ms: Some(limit), ..Limits::default() },
                    Objective::Energy => Limits { energy_mj: Some(limit), ..Limits::default() },
                    Objective::Area => Limits { area_mm2: Some(limit), ..Limits::default() },
                }
            };
            assert_eq!(pricing.violations(&limit(value), &costs), [], "{objective:?}");
            let [Violation { constraint, .. }] = pricing.violations(&limit(value * 0.999), &costs)[..] else {
                panic!("{objective:?} is not limited");
            };
            assert_eq!(constraint, objective);
        }
    }

    #[test]
    fn accelerators_have_limits_of_their_own() {
        let text = r#"{"input": [1,8,8], "layers": [{"op":"dense","out_features":10}]}"#;
        let graph = Network::from_json(text).unwrap().resolve().unwrap();
        let costs = NetworkCosts::of(&graph).unwrap();
        let on = AcceleratorCosts::of(&graph, &costs, &Accelerator::default());
        let limits = Limits { area_mm2: Some(1.0), latency_ms: Some(1.0), ..Limits::default() };
        let broken = limits.violations_on_accelerator(&costs, &on);
        let expected =
            Violation { constraint: Objective::Area, value: on.area_mm2, limit: 1.0, device: None };
        assert_eq!(broken, [expected]);
        assert!(broken[0].to_string().ends_with("mm² of 1 mm²"), "{}", broken[0]);
        let error = Pricing::of(device("microbit").unwrap()).check_limits(&limits).unwrap_err();
        assert_eq!(error, CostError::UnknownArea { device: "microbit".into() });
    }

    #[test]
    fn own_limits_come_before_the_device_s() {
        let own = Limits { ram_bytes: Some(1000), max_params: Some(5), ..Limits::default() };
        let both = own.or(Limits::of(device("arduino-uno").unwrap()));
        assert_eq!(
            both,
            Limits {
                ram_bytes: Some(1000),
                flash_bytes: Some(26_112),
                max_params: Some(5),
                ..Limits::default()
            }
        );
    }

    #[test]
    fn a_limit_may_be_that_of_one_device() {
        let costs = costs();
        let limit = |constraint, id: &str, limit| DeviceLimit { constraint, device: id.into(), limit };
        // 38,912 MACs at 2 operations each and 4 MOP/s.
        let tight = limit(Objective::Latency, "arduino-uno", 19.0);
        assert_eq!(tight.violation(&costs).unwrap().to_string(), "latency 19.456 ms of 19 ms on arduino-uno");
        assert_eq!(limit(Objective::Latency, "microbit", 19.0).violation(&costs), None);
        assert!(limit(Objective::Energy, "arduino-due-and-a-half", 1.0).check().is_err());
        assert!(limit(Objective::Area, "microbit", 1.0).check().is_err());
        assert_eq!(tight.check(), Ok(()));
    }

    #[test]
    fn limited_energy_needs_a_known_power() {
        let unpowered = Device { power: None, ..devices()[0].clone() };
        let limits = Limits { energy_mj: Some(1.0), ..Limits::default() };
        assert!(Pricing::of(&unpowered).check_limits(&limits).is_err());
        assert!(Pricing::of(&devices()[0]).check_limits(&limits).is_ok());
        assert!(Pricing::of(&unpowered).check_limits(&Limits::of(&unpowered)).is_ok());
    }
}
