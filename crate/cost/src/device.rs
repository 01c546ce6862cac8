use std::collections::BTreeMap;
use std::sync::LazyLock;

use nas_member::{Member, Text};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::CostError;

/// One file for each device (docs/adding-a-device.md), in the order in which they are listed.
const FILES: [&str; 6] = [
    include_str!("../devices/gtx-1080-ti.json"),
    include_str!("../devices/i9-9900k.json"),
    include_str!("../devices/pixel-1.json"),
    include_str!("../devices/raspberry-pi.json"),
    include_str!("../devices/microbit.json"),
    include_str!("../devices/arduino-uno.json"),
];

static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| {
    let read =
        |text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in the device file {text}"));
    FILES.into_iter().map(read).collect()
});

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
    /// How fast it computes.
    pub compute: Compute,
    /// How much it holds.
    pub memory: DeviceMemory,
    /// What it draws while it computes.
    pub power: Option<Power>,
    /// Price in US dollars.
    pub cost_usd: Option<f64>,
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
    /// The device as a member of its axis.
    #[must_use]
    pub const fn member(&self) -> Member {
        Member { id: self.id, title: self.title, sentence: self.sentence, settings: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(device.compute.operations_per_second > 0.0, "{id}");
            assert!(device.power.is_none_or(|power| power.watts > 0.0), "{id}");
            assert!(device.cost_usd.is_none_or(|cost| cost > 0.0), "{id}");
            match device.memory {
                DeviceMemory::Unified { bytes } => assert!(bytes > 0, "{id}"),
                DeviceMemory::Split { ram_bytes, flash_bytes, reserved_ram_bytes, reserved_flash_bytes } => {
                    assert!(reserved_ram_bytes < ram_bytes && reserved_flash_bytes < flash_bytes, "{id}");
                }
            }
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
        assert_eq!(devices().len(), cases.len());
        for (id, rate, bytes, watts, dollars) in cases {
            let device = device(id).unwrap();
            let memory = match device.memory {
                DeviceMemory::Unified { bytes } | DeviceMemory::Split { ram_bytes: bytes, .. } => bytes,
            };
            let figures =
                (device.compute.operations_per_second, memory, device.power.unwrap().watts, device.cost_usd);
            assert_eq!(figures, (rate, bytes, watts, dollars), "{id}");
        }
    }

    #[test]
    fn an_unknown_device_is_refused_with_the_known_ones() {
        let error = device("arduino").unwrap_err().to_string();
        assert_eq!(
            error,
            "no device 'arduino': there are gtx-1080-ti, i9-9900k, pixel-1, raspberry-pi, microbit, arduino-uno"
        );
    }
}
