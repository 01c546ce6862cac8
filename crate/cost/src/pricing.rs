use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    AnalyticalEstimator, CostError, Device, Estimator, Limits, Method, NetworkCosts, Objective, OperatorKind,
    StatedPeakEstimator, Table, Violation,
};

/// How the costs on several devices become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Over {
    /// The largest of them.
    Worst,
    /// Their mean.
    Mean,
}

impl Over {
    /// All ways, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Worst, Self::Mean];

    /// The identifier used in links and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Worst => "worst",
            Self::Mean => "mean",
        }
    }
}

/// On which devices networks are priced, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Pricing<'a> {
    /// At least one.
    pub devices: Vec<&'a Device>,
    /// What latency and energy on several devices become. Memory is always the most that any of them needs.
    pub over: Over,
    /// How latency is estimated; none for each device's own ([`Method::of`]).
    pub method: Option<Method>,
    /// The table of a method that needs one.
    pub table: Option<Table>,
    /// Power of the first device in watts, instead of its own.
    pub watts: Option<f64>,
}

impl<'a> Pricing<'a> {
    /// On one device, by its own method.
    #[must_use]
    pub fn of(device: &'a Device) -> Self {
        Self { devices: vec![device], over: Over::Worst, method: None, table: None, watts: None }
    }

    /// Whether a cost can be told of every network: asked before a run starts.
    ///
    /// # Errors
    /// If a device is not known well enough for the method, its power is not known where it is needed, or it is the area:
    /// a device's is not.
    pub fn check(&self, objective: Objective) -> Result<(), CostError> {
        let needs_latency = matches!(objective, Objective::Latency | Objective::Energy);
        for (place, &device) in self.devices.iter().enumerate() {
            if needs_latency && !self.knows(device) {
                let method = self.method.unwrap_or(Method::of(device)).id();
                return Err(CostError::UnknownLatency { device: device.id.to_owned(), method });
            }
            if objective == Objective::Energy && self.watts_of(place).is_none() {
                return Err(CostError::UnknownPower { device: device.id.to_owned() });
            }
            if objective == Objective::Area {
                return Err(CostError::UnknownArea { device: device.id.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether every limited cost can be told.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_limits(&self, limits: &Limits) -> Result<(), CostError> {
        limits.limited().try_for_each(|(objective, _)| self.check(objective))
    }

    /// What a network costs, in the unit of the objective. Only memory, latency and energy depend on the devices.
    ///
    /// # Panics
    /// If [`Self::check`] fails.
    #[must_use]
    pub fn value(&self, objective: Objective, costs: &NetworkCosts) -> f64 {
        let flash = costs.memory.int8.flash_bytes;
        let ram = || {
            let needed = self.devices.iter().map(|device| costs.peak_ram_bytes(device.runtime));
            needed.fold(0, u64::max)
        };
        match objective {
            Objective::Params | Objective::Macs | Objective::Flops | Objective::Flash => {
                objective.counted(costs)
            }
            Objective::Ram => ram() as f64,
            Objective::Memory => (ram() + flash) as f64,
            Objective::Latency => self.joined(|place| self.latency_ms(place, costs)),
            Objective::Energy => self.joined(|place| self.energy_mj(place, costs)),
            Objective::Area => self.joined(|_| None),
        }
    }

    /// The limits that a network breaks; empty if it is feasible.
    ///
    /// # Panics
    /// If [`Self::check_limits`] fails.
    #[must_use]
    pub fn violations(&self, limits: &Limits, costs: &NetworkCosts) -> Vec<Violation> {
        limits.broken(|constraint| self.value(constraint, costs))
    }

    /// What all devices leave to a network: the least of each.
    #[must_use]
    pub fn device_limits(&self) -> Limits {
        self.devices.iter().map(|device| Limits::of(device)).fold(Limits::default(), Limits::least)
    }

    fn knows(&self, device: &Device) -> bool {
        match self.method.unwrap_or(Method::of(device)) {
            Method::StatedPeak => device.compute.is_some(),
            Method::Analytical => device.timing.is_some(),
            method @ (Method::LookUpTable | Method::Measured) => self.table.as_ref().is_some_and(|table| {
                let has_row = |kind: OperatorKind| table.rows.iter().any(|row| row.operator == kind);
                table.method() == method
                    && table.device == device.id
                    && OperatorKind::ALL.into_iter().all(has_row)
            }),
            // A fitted model is shown beside the others; it prices no run.
            Method::Prediction => false,
        }
    }

    fn latency_ms(&self, place: usize, costs: &NetworkCosts) -> Option<f64> {
        let device = self.devices[place];
        match self.method.unwrap_or(Method::of(device)) {
            Method::StatedPeak => StatedPeakEstimator.latency_ms(costs, device),
            Method::Analytical => AnalyticalEstimator.latency_ms(costs, device),
            Method::LookUpTable | Method::Measured => self.table.as_ref()?.latency_ms(costs, device),
            Method::Prediction => None,
        }
    }

    /// Energy on the device at this place in millijoules; none where its power is not known.
    #[must_use]
    pub fn energy_mj(&self, place: usize, costs: &NetworkCosts) -> Option<f64> {
        Some(self.watts_of(place)? * self.latency_ms(place, costs)?)
    }

    fn watts_of(&self, place: usize) -> Option<f64> {
        let own = self.devices[place].power.map(|power| power.watts);
        if place == 0 { self.watts.or(own) } else { own }
    }

    fn joined(&self, value: impl Fn(usize) -> Option<f64>) -> f64 {
        let values = (0..self.devices.len()).map(|place| {
            value(place).unwrap_or_else(|| {
                panic!("a cost on '{}' was asked for that cannot be told", self.devices[place].id)
            })
        });
        match self.over {
            Over::Worst => values.fold(0.0, f64::max),
            Over::Mean => values.sum::<f64>() / self.devices.len() as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::{device, devices};

    fn costs() -> NetworkCosts {
        let text = r#"{"input": [1,8,8], "layers": [{"op":"conv2d","out_channels":4,"kernel":3}]}"#;
        NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap()
    }

    #[test]
    fn several_devices_give_the_worst_or_the_mean() {
        let devices = vec![device("microbit").unwrap(), device("arduino-uno").unwrap()];
        let worst = Pricing { devices, ..Pricing::of(device("microbit").unwrap()) };
        let mean = Pricing { over: Over::Mean, ..worst.clone() };
        // 2,304 MACs are 0.288 ms at 16 MOP/s and 1.152 ms at 4 MOP/s; both draw 1 mW.
        assert_eq!(worst.value(Objective::Latency, &costs()), 1.152);
        assert_eq!(mean.value(Objective::Latency, &costs()), 0.72);
        assert_eq!(worst.value(Objective::Energy, &costs()), 0.001_152);
        assert_eq!(mean.value(Objective::Ram, &costs()), 320.0);
        assert_eq!(worst.device_limits(), Limits::of(device("arduino-uno").unwrap()));
        let power = Pricing { watts: Some(0.05), ..Pricing::of(device("arduino-uno").unwrap()) };
        assert!((power.value(Objective::Energy, &costs()) - 0.0576).abs() < 1e-12);
    }

    #[test]
    fn scratch_counts_on_devices_that_need_it() {
        let m4 = Pricing::of(device("stm32l4r5").unwrap());
        // 320 of activations and two columns of 12 int16.
        assert_eq!(m4.value(Objective::Ram, &costs()), 368.0);
        assert_eq!(Pricing::of(device("microbit").unwrap()).value(Objective::Ram, &costs()), 320.0);
    }

    #[test]
    fn costs_that_cannot_be_told_are_refused() {
        let unpowered = Device { power: None, ..devices()[0].clone() };
        let error = Pricing::of(&unpowered).check(Objective::Energy).unwrap_err().to_string();
        assert!(error.contains("'gtx-1080-ti'") && error.contains("choose another"), "{error}");
        assert_eq!(Pricing::of(&unpowered).check(Objective::Latency), Ok(()));
        let supplied = Pricing { watts: Some(200.0), ..Pricing::of(&unpowered) };
        assert_eq!(supplied.check(Objective::Energy), Ok(()));
        for (id, method) in [
            ("i9-9900k", Some(Method::Analytical)),
            ("this-browser", None),
            ("rp2040", Some(Method::StatedPeak)),
            ("rp2040", Some(Method::Prediction)),
        ] {
            let pricing = Pricing { method, ..Pricing::of(device(id).unwrap()) };
            let error = pricing.check(Objective::Latency).unwrap_err().to_string();
            assert!(error.contains(id) && error.contains("choose another method"), "{error}");
            assert_eq!(pricing.check(Objective::Macs), Ok(()));
        }
    }
}
