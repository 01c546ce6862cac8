use std::collections::BTreeMap;

use nas_member::Text;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{OperatorKind, StepWork};

/// How long the steps of a network take on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
#[ts(export)]
pub struct Timing {
    /// The formula and its figures.
    pub model: TimingModel,
    /// What the figures were fitted on, and their source.
    pub basis: Text,
    /// How far it is off, where that was tried.
    #[serde(default)]
    pub error: Option<TimingError>,
}

/// The formula of a [`Timing`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[ts(export)]
pub enum TimingModel {
    /// For microcontrollers: cycles of each step, a · MACs + b · outputs + c.
    Cycles {
        /// Cycles in one second.
        clock_hz: f64,
        /// Of every kind of operator that has no figures of its own.
        default: CycleCosts,
        /// Of kinds of operators.
        #[serde(default)]
        #[ts(type = "{ [key in string]?: CycleCosts }")]
        operators: BTreeMap<OperatorKind, CycleCosts>,
    },
    /// For processors: a step takes as long as its operations or its memory traffic, whichever takes longer (Williams et al.
    /// 2009, "Roofline: an insightful visual performance model for multicore architectures").
    Roofline {
        /// Operations in one second that networks *reach*, not the stated peak; a multiply-accumulate is two.
        reached_operations_per_second: f64,
        /// The same for kinds of operators.
        #[serde(default)]
        #[ts(type = "{ [key in string]?: number }")]
        operators: BTreeMap<OperatorKind, f64>,
        /// Bytes that memory moves in one second, where known.
        #[serde(default)]
        bytes_per_second: Option<f64>,
        /// Bytes of one element: 1 for int8, 4 for f32.
        element_bytes: u32,
    },
}

/// Cycles of a step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(export)]
pub struct CycleCosts {
    /// For each multiply-accumulate.
    pub per_mac: f64,
    /// For each element of the output.
    pub per_output: f64,
    /// For the step.
    pub per_layer: f64,
}

/// How far a [`Timing`] is off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
#[ts(export)]
pub struct TimingError {
    /// Mean of the absolute errors in percent of what was measured.
    pub percent: f64,
    /// On which networks.
    pub basis: Text,
}

impl Timing {
    /// Time of the steps, one after the other, in milliseconds.
    #[must_use]
    pub fn latency_ms(&self, steps: &[StepWork]) -> f64 {
        let seconds: f64 = steps.iter().map(|step| self.model.seconds(step)).sum();
        1e3 * seconds
    }

    /// Whether all figures are numbers that can be.
    pub(crate) fn is_sound(&self) -> bool {
        let is_positive = |figure: f64| figure.is_finite() && figure > 0.0;
        let is_cost = |costs: &CycleCosts| {
            [costs.per_mac, costs.per_output, costs.per_layer]
                .iter()
                .all(|cost| cost.is_finite() && *cost >= 0.0)
        };
        match &self.model {
            TimingModel::Cycles { clock_hz, default, operators } => {
                is_positive(*clock_hz) && is_cost(default) && operators.values().all(is_cost)
            }
            TimingModel::Roofline {
                reached_operations_per_second,
                operators,
                bytes_per_second,
                element_bytes,
            } => {
                is_positive(*reached_operations_per_second)
                    && operators.values().copied().all(is_positive)
                    && bytes_per_second.is_none_or(is_positive)
                    && *element_bytes > 0
            }
        }
    }
}

impl TimingModel {
    fn seconds(&self, step: &StepWork) -> f64 {
        let (macs, outputs) = (step.macs as f64, step.output.elements() as f64);
        match self {
            Self::Cycles { clock_hz, default, operators } => {
                let CycleCosts { per_mac, per_output, per_layer } =
                    operators.get(&step.kind).unwrap_or(default);
                (per_mac * macs + per_output * outputs + per_layer) / clock_hz
            }
            Self::Roofline { reached_operations_per_second, operators, bytes_per_second, element_bytes } => {
                let rate = operators.get(&step.kind).unwrap_or(reached_operations_per_second);
                let computing = 2.0 * macs / rate;
                let elements = (step.read_elements + step.weights) as f64 + outputs;
                let moving = bytes_per_second.map_or(0.0, |rate| f64::from(*element_bytes) * elements / rate);
                computing.max(moving)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::{Estimator as _, NetworkCosts, device, estimates};

    fn costs(input: &str, layers: &str) -> NetworkCosts {
        let text = format!(r#"{{"input": {input}, "layers": [{layers}]}}"#);
        NetworkCosts::of(&Network::from_json(&text).unwrap().resolve().unwrap()).unwrap()
    }

    fn timing(model: &'static str) -> Timing {
        let basis = Text::new("a test", "una prueba");
        Timing { model: serde_json::from_str(model).unwrap(), basis, error: None }
    }

    #[test]
    fn cycles_are_of_macs_outputs_and_steps() {
        let timing = timing(
            r#"{"kind":"cycles","clock_hz":1000,"default":{"per_mac":1,"per_output":10,"per_layer":100},
            "operators":{"depthwise":{"per_mac":3},"max-pool":{}}}"#,
        );
        // 64·4·9 MACs and 256 outputs; 16·4·9 MACs of a depth-wise one; a pool that costs nothing; 16·10 MACs, 10 outputs.
        let layers = r#"{"op":"conv2d","out_channels":4,"kernel":3},{"op":"max-pool","kernel":2},
            {"op":"conv2d","out_channels":4,"groups":4,"kernel":3},{"op":"relu"},{"op":"max-pool","kernel":2},
            {"op":"dense","out_features":10}"#;
        let steps = costs("[1,8,8]", layers).steps;
        let cycles = 2304 + 2560 + 100 + 3 * 576 + 160 + 100 + 100;
        assert!((timing.latency_ms(&steps) - f64::from(cycles)).abs() < 1e-9);
    }

    #[test]
    fn a_roofline_takes_the_longer_of_computing_and_moving() {
        let timing = timing(
            r#"{"kind":"roofline","reached_operations_per_second":2000,"bytes_per_second":1000,"element_bytes":4,
            "operators":{"dense":1000}}"#,
        );
        // 400 elements in, 100 out: 4 bytes each; then 10,000 MACs at 500 a second, longer than 10,110 elements at 250.
        let layers = r#"{"op":"max-pool","kernel":2},{"op":"dense","out_features":100,"bias":false}"#;
        let [pool, dense] = costs("[1,20,20]", layers).steps[..] else { panic!("two steps") };
        assert_eq!(timing.latency_ms(&[pool]), 2000.0);
        assert_eq!(timing.latency_ms(&[dense]), 40_800.0);
        let moving_nothing = costs("[1,20,20]", r#"{"op":"dense","out_features":1,"bias":false}"#).steps;
        assert_eq!(timing.latency_ms(&moving_nothing), 3204.0);
    }

    /// The five networks that the Uno's figures were fitted on, within a few percent.
    #[test]
    fn the_uno_takes_as_long_as_on_the_simulator() {
        let conv = |channels: u32| {
            format!(r#"{{"op":"conv2d","out_channels":{channels},"kernel":3}},{{"op":"relu"}},"#)
        };
        let pool = r#"{"op":"max-pool","kernel":2},"#;
        let head = r#"{"op":"dense","out_features":10}"#;
        let networks = [
            format!(r#"{}{pool}{}{{"op":"global-avg-pool"}},{head}"#, conv(4), conv(8)),
            format!("{}{pool}{}{pool}{head}", conv(6), conv(12)),
            format!("{}{pool}{}{pool}{head}", conv(8), conv(16)),
            format!("{}{pool}{}{}{pool}{head}", conv(12), conv(24), conv(28)),
            format!("{}{pool}{}{}{}{pool}{head}", conv(16), conv(28), conv(28), conv(28)),
        ];
        let uno = device("arduino-uno").unwrap();
        for (layers, measured) in networks.iter().zip(&uno.measurements) {
            let costs = costs("[1,8,8]", layers);
            assert_eq!(costs.macs, measured.macs, "{}", measured.network);
            let latency_ms = crate::AnalyticalEstimator.latency_ms(&costs, uno).unwrap();
            let error = latency_ms / measured.latency_ms - 1.0;
            assert!(error.abs() < 0.03, "{}: {latency_ms} ms", measured.network);
        }
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let costs = costs("[1,8,8]", r#"{"op":"dense","out_features":10}"#);
        let methods = |id: &str| {
            let told = estimates(&costs, device(id).unwrap(), &[]);
            told.iter().map(|estimate| (estimate.method.id(), estimate.error_percent)).collect::<Vec<_>>()
        };
        assert_eq!(methods("i9-9900k"), [("stated-peak", None)]);
        assert_eq!(methods("pixel-1"), [("stated-peak", None), ("analytical", None)]);
        assert_eq!(methods("stm32l4r5"), [("analytical", Some(20.0))]);
        assert_eq!(methods("this-browser"), []);
    }
}
