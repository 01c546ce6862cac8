use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use nas_member::{Member, Text};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CostError, Runtime, Timing};

/// One file for each device (docs/adding-a-device.md), in the order in which they are listed.
const FILES: [&str; 14] = [
    include_str!("../devices/gtx-1080-ti.json"),
    include_str!("../devices/i9-9900k.json"),
    include_str!("../devices/pixel-1.json"),
    include_str!("../devices/raspberry-pi.json"),
    include_str!("../devices/microbit.json"),
    include_str!("../devices/arduino-uno.json"),
    include_str!("../devices/pixel-3.json"),
    include_str!("../devices/raspberry-pi-4.json"),
    include_str!("../devices/raspberry-pi-3b-plus.json"),
    include_str!("../devices/stm32h743.json"),
    include_str!("../devices/stm32l4r5.json"),
    include_str!("../devices/nrf5340.json"),
    include_str!("../devices/rp2040.json"),
    include_str!("../devices/this-browser.json"),
];

static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| {
    let read =
        |text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in the device file {text}"));
    FILES.into_iter().map(read).collect()
});

/// Identifier, in a run, of a device that is described in a file of its user.
pub const OWN_DEVICE: &str = "own";

/// Devices of users' files, each by its text and whether it has the identifier [`OWN_DEVICE`]. Like those that are built in they
/// are kept for good, so that all are referred to alike.
static READ: Mutex<BTreeMap<(&str, bool), &Device>> = Mutex::new(BTreeMap::new());

/// A chip on which networks are priced: its stated figures, each with its source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Device {
    /// Identifier in kebab-case.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
    /// What it is, in one sentence.
    pub sentence: Text,
    /// Who uses it.
    pub use_case: Option<Text>,
    /// How fast it computes, if a peak is stated.
    pub compute: Option<Compute>,
    /// How much it holds.
    pub memory: DeviceMemory,
    /// What it draws while it computes.
    pub power: Option<Power>,
    /// Other figures of its power, each with what it is of and its source.
    #[serde(default)]
    pub other_powers: Vec<OtherPower>,
    /// Price in US dollars.
    pub cost_usd: Option<f64>,
    /// The kernels that run on it, where their scratch memory counts.
    #[serde(default)]
    pub runtime: Option<Runtime>,
    /// How long its steps take, where that is known.
    #[serde(default)]
    pub timing: Option<Timing>,
    /// What was published of networks on it.
    #[serde(default)]
    pub measurements: Vec<Measurement>,
    /// Where each figure comes from, by its path: `compute.operations_per_second`, `memory.bytes`, ….
    pub sources: BTreeMap<&'static str, Text>,
}

/// A stated peak rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Compute {
    /// Operations in one second; a multiply-accumulate is two.
    pub operations_per_second: f64,
    /// What the source calls an operation.
    pub operation: OperationUnit,
}

/// Kind of operation of a stated rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "UPPERCASE")]
#[ts(export)]
pub enum OperationUnit {
    /// Floating-point operation.
    Flop,
    /// Operation, integer or not.
    Op,
}

/// Memory of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[ts(export)]
pub enum DeviceMemory {
    /// Weights and activations share one memory.
    Unified {
        /// Its size.
        #[ts(type = "number")]
        bytes: u64,
    },
    /// Weights are in flash, activations in RAM.
    Split {
        /// Size of the RAM.
        #[ts(type = "number")]
        ram_bytes: u64,
        /// Size of the flash.
        #[ts(type = "number")]
        flash_bytes: u64,
        /// RAM that is not a network's: stack and data of the firmware.
        #[ts(type = "number")]
        reserved_ram_bytes: u64,
        /// Flash that is not a network's: firmware and boot loader.
        #[ts(type = "number")]
        reserved_flash_bytes: u64,
    },
}

/// What a device draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Power {
    /// In watts.
    pub watts: f64,
    /// Whether the source gives it as "about".
    pub is_approximate: bool,
}

/// Another figure of a device's power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
#[ts(export)]
pub struct OtherPower {
    /// In watts.
    pub watts: f64,
    /// What it is of, and where the figure comes from.
    pub source: Text,
}

/// A network that somebody ran on a device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Measurement {
    /// What the network is called.
    pub network: &'static str,
    /// Its multiply-accumulates.
    #[ts(type = "number")]
    pub macs: u64,
    /// Time of one inference in milliseconds.
    pub latency_ms: f64,
    /// Software, precision, and where the figure comes from.
    pub source: Text,
}

/// All devices.
#[must_use]
pub fn devices() -> &'static [Device] {
    &DEVICES
}

/// The device of this identifier.
///
/// # Errors
/// If there is none; the message lists those there are.
pub fn device(id: &str) -> Result<&'static Device, CostError> {
    devices().iter().find(|device| device.id == id).ok_or_else(|| CostError::UnknownDevice {
        id: id.to_owned(),
        known: devices().iter().map(|device| device.id).collect::<Vec<_>>().join(", "),
    })
}

impl Device {
    /// The device of a file that a user wrote. Each different file is kept once, for good.
    ///
    /// # Errors
    /// If the text is no device, or a figure is none that can be; the message names the line or the figure.
    pub fn from_json(text: &str) -> Result<&'static Self, CostError> {
        Self::of_file(text, false)
    }

    /// The same with the identifier that it has in a run, [`OWN_DEVICE`].
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn own(text: &str) -> Result<&'static Self, CostError> {
        Self::of_file(text, true)
    }

    fn of_file(text: &str, is_own: bool) -> Result<&'static Self, CostError> {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(device) = read.get(&(text, is_own)) {
            return Ok(device);
        }
        let invalid = |problem: String| CostError::InvalidDevice { problem };
        // What is no JSON, as a file is while it is written, is not kept.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| invalid(error.to_string()))?;
        let text: &'static str = text.to_owned().leak();
        let mut device: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if let Some(figure) = device.unsound_figure() {
            return Err(invalid(format!("{figure} must be a positive number")));
        }
        if is_own {
            device.id = OWN_DEVICE;
        }
        let device: &'static Self = Box::leak(Box::new(device));
        read.insert((text, is_own), device);
        Ok(device)
    }

    /// A figure that cannot be, if there is one.
    fn unsound_figure(&self) -> Option<&'static str> {
        let is_positive = |figure: f64| figure.is_finite() && figure > 0.0;
        let memory_is_sound = match self.memory {
            DeviceMemory::Unified { bytes } => bytes > 0,
            DeviceMemory::Split { ram_bytes, flash_bytes, reserved_ram_bytes, reserved_flash_bytes } => {
                reserved_ram_bytes < ram_bytes && reserved_flash_bytes < flash_bytes
            }
        };
        let checks = [
            (
                "compute.operations_per_second",
                self.compute.is_none_or(|c| is_positive(c.operations_per_second)),
            ),
            ("what memory leaves to a network", memory_is_sound),
            ("power.watts", self.power.is_none_or(|power| is_positive(power.watts))),
            ("other_powers.watts", self.other_powers.iter().all(|power| is_positive(power.watts))),
            ("cost_usd", self.cost_usd.is_none_or(is_positive)),
            ("each rate and cost in timing", self.timing.as_ref().is_none_or(Timing::is_sound)),
            (
                "measurements.latency_ms",
                self.measurements
                    .iter()
                    .all(|measured| is_positive(measured.latency_ms) && measured.macs > 0),
            ),
        ];
        checks.into_iter().find_map(|(figure, is_sound)| (!is_sound).then_some(figure))
    }

    /// The device as a member of its axis.
    #[must_use]
    pub const fn member(&self) -> Member {
        Member { id: self.id, title: self.title, sentence: self.sentence, settings: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimingModel;

    /// Paths of all figures of a device file that are not null: numbers, and the use case.
    fn figures(device: &Device) -> Vec<String> {
        let value = serde_json::to_value(device).unwrap();
        let mut paths = Vec::new();
        for (name, value) in value.as_object().unwrap() {
            match value {
                serde_json::Value::Number(_) => paths.push(name.clone()),
                serde_json::Value::Object(_) if name == "use_case" => paths.push(name.clone()),
                serde_json::Value::Object(parts) => {
                    let numbers = parts.iter().filter(|(_, part)| part.is_number());
                    paths.extend(numbers.map(|(part, _)| format!("{name}.{part}")));
                }
                _ => {}
            }
        }
        paths.sort();
        paths
    }

    #[test]
    fn every_figure_has_its_source_and_every_source_its_figure() {
        for device in devices() {
            assert_eq!(figures(device), device.sources.keys().copied().collect::<Vec<_>>(), "{}", device.id);
        }
    }

    #[test]
    fn every_device_is_sound() {
        for device in devices() {
            let id = device.id;
            let is_kebab =
                id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(is_kebab && devices().iter().filter(|other| other.id == id).count() == 1, "{id}");
            let texts = [device.title, device.sentence]
                .into_iter()
                .chain(device.use_case)
                .chain(device.sources.values().copied());
            assert!(texts.into_iter().all(|text| !text.en.is_empty() && !text.es.is_empty()), "{id}");
            assert_eq!(device.unsound_figure(), None, "{id}");
        }
    }

    #[test]
    fn the_files_are_named_like_their_devices() {
        let source = include_str!("device.rs");
        let named: Vec<&str> = devices().iter().map(|device| device.id).collect();
        let files = source.lines().filter_map(|line| line.trim().strip_prefix("include_str!(\"../devices/"));
        assert_eq!(files.filter_map(|rest| rest.strip_suffix(".json\"),")).collect::<Vec<_>>(), named);
    }

    #[test]
    fn the_lecture_s_figures() {
        // (id, operations per second, bytes of RAM, watts, dollars)
        let cases = [
            ("gtx-1080-ti", 10e12, 11 << 30, 250.0, Some(700.0)),
            ("i9-9900k", 500e9, 256 << 30, 95.0, Some(499.0)),
            ("pixel-1", 50e9, 4 << 30, 5.0, None),
            ("raspberry-pi", 50e9, 1 << 30, 1.5, None),
            ("microbit", 16e6, 16 << 10, 1e-3, Some(1.75)),
            ("arduino-uno", 4e6, 2 << 10, 1e-3, Some(1.14)),
        ];
        for (id, rate, bytes, watts, dollars) in cases {
            let device = device(id).unwrap();
            let memory = match device.memory {
                DeviceMemory::Unified { bytes } | DeviceMemory::Split { ram_bytes: bytes, .. } => bytes,
            };
            let figures = (
                device.compute.unwrap().operations_per_second,
                memory,
                device.power.unwrap().watts,
                device.cost_usd,
            );
            assert_eq!(figures, (rate, bytes, watts, dollars), "{id}");
        }
    }

    #[test]
    fn an_unknown_device_is_refused_with_the_known_ones() {
        let error = device("arduino").unwrap_err().to_string();
        assert!(error.starts_with("no device 'arduino': there are gtx-1080-ti, i9-9900k,"), "{error}");
        assert!(error.ends_with("this-browser"), "{error}");
    }

    /// A single rate is the one with the smallest squared relative errors on the device's own measurements, and its error is
    /// that of each, priced by a fit to the others.
    #[test]
    fn single_rates_are_fitted_on_the_measurements() {
        let mut fitted = 0;
        for device in devices() {
            let Some(Timing { model, error, .. }) = &device.timing else { continue };
            let seconds_per_mac = match model {
                TimingModel::Cycles { clock_hz, default, operators } if operators.is_empty() => {
                    default.per_mac / clock_hz
                }
                TimingModel::Roofline { reached_operations_per_second, .. } => {
                    2.0 / reached_operations_per_second
                }
                TimingModel::Cycles { .. } => continue,
            };
            // The micro:bit's is the median of many networks, of which one is listed.
            if device.id == "microbit" {
                continue;
            }
            let fit = |without: Option<usize>| {
                let kept = (0..device.measurements.len()).filter(|&place| Some(place) != without);
                let rates = kept.map(|place| {
                    device.measurements[place].macs as f64 / device.measurements[place].latency_ms * 1e3
                });
                let (sum, squares) = rates.fold((0.0, 0.0), |(sum, squares), x| (sum + x, squares + x * x));
                sum / squares
            };
            let all = fit(None);
            assert!((seconds_per_mac / all - 1.0).abs() < 0.01, "{}: {seconds_per_mac} of {all}", device.id);
            let count = device.measurements.len();
            assert_eq!(error.is_some(), count > 1, "{}", device.id);
            if let Some(error) = error {
                let of = |place: usize| {
                    let Measurement { macs, latency_ms, .. } = device.measurements[place];
                    (1e3 * fit(Some(place)) * macs as f64 / latency_ms - 1.0).abs()
                };
                let mean = 100.0 * (0..count).map(of).sum::<f64>() / count as f64;
                assert!((error.percent / mean - 1.0).abs() < 0.05, "{}: {mean} %", device.id);
            }
            fitted += 1;
        }
        assert_eq!(fitted, 7);
    }

    /// What the documentation says: no published network reaches a stated peak.
    #[test]
    fn stated_peaks_are_not_reached() {
        for device in devices() {
            let Some(compute) = device.compute else { continue };
            for Measurement { network, macs, latency_ms, .. } in &device.measurements {
                let reached = 2e3 * *macs as f64 / latency_ms;
                assert!(reached < compute.operations_per_second, "{}: {network} at {reached}", device.id);
            }
        }
    }

    #[test]
    fn a_device_of_ones_own_is_checked() {
        let own = r#"{"id":"mine","title":{"en":"Mine","es":"Mío"},"sentence":{"en":"A board.","es":"Una placa."},
            "use_case":null,"compute":null,"memory":{"kind":"split","ram_bytes":8192,"flash_bytes":65536,
            "reserved_ram_bytes":512,"reserved_flash_bytes":8192},"power":{"watts":0.02,"is_approximate":true},
            "cost_usd":null,"timing":{"model":{"kind":"cycles","clock_hz":48e6,"default":{"per_mac":10,"per_output":100},
            "operators":{"depthwise":{"per_mac":20}}},"basis":{"en":"Measured.","es":"Medido."}},"sources":{}}"#;
        let device = Device::from_json(own).unwrap();
        assert_eq!((device.id, Device::own(own).unwrap().id), ("mine", OWN_DEVICE));
        assert!(core::ptr::eq(device, Device::from_json(own).unwrap()), "read once");
        let refused =
            |from: &str, to: &str| Device::from_json(&own.replace(from, to)).unwrap_err().to_string();
        assert!(refused("48e6", "0").contains("each rate and cost in timing must be a positive number"));
        assert!(
            refused("8192,\"flash", "100,\"flash").contains("what memory leaves"),
            "{}",
            refused("8192,\"flash", "100,\"flash")
        );
        assert!(refused("depthwise", "deepwise").contains("unknown variant `deepwise`"));
        assert!(refused("\"sources\":{}}", "").contains("EOF while parsing an object at line 5"));
    }
}
