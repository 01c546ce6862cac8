use thiserror::Error;

/// Why a cost cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CostError {
    /// More operations than a number can hold exactly, here and in JavaScript.
    #[error("layer '{layer}': the network takes more than 2^53 FLOPs up to here: make it smaller")]
    TooLarge {
        /// The layer at which the sum passes the bound.
        layer: String,
    },
    /// No device of this identifier.
    #[error("no device '{id}': there are {known}")]
    UnknownDevice {
        /// What was asked for.
        id: String,
        /// Identifiers of all devices, joined by commas.
        known: String,
    },
    /// A device file that cannot be used.
    #[error("no device: {problem}")]
    InvalidDevice {
        /// What is wrong.
        problem: String,
    },
    /// A table of measurements that cannot be used.
    #[error("no table, line {line}: {problem}")]
    InvalidTable {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Latency on a device of which the method knows nothing.
    #[error(
        "the latency on '{device}' cannot be told by the method '{method}': choose another method, cost or device"
    )]
    UnknownLatency {
        /// Identifier of the device.
        device: String,
        /// Identifier of the method.
        method: &'static str,
    },
    /// Energy on a device whose power is not known.
    #[error("the energy on '{device}' cannot be told, its power is not known: choose another cost or device")]
    UnknownPower {
        /// Identifier of the device.
        device: String,
    },
    /// Area on a device, where it is given.
    #[error(
        "the area of '{device}' is not known: choose another cost, or search hardware with space=accelerator"
    )]
    UnknownArea {
        /// Identifier of the device.
        device: String,
    },
}
