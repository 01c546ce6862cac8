use nas_arch::{Graph, Op};
use serde::Serialize;
use ts_rs::TS;

use crate::deployment::{Deployment, Step};
use crate::liveness::Liveness;
use crate::schedule::Schedule;

// The file "NPG1" of a C interpreter for int8 networks, bit-exact with TensorFlow Lite Micro on an ATmega328P
// simulator.
const HEADER_BYTES: u64 = 16;
const STEP_BYTES: u64 = 28;
const INT8_BIAS_BYTES: u64 = 4;
const INT8_REQUANTIZATION_BYTES: u64 = 8;
const F32_BYTES: u64 = 4;

/// Memory of a network at both precisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct MemoryCosts {
    /// Quantised to 8 bits: what counts against the memory of a device.
    pub int8: Memory,
    /// As trained.
    pub f32: Memory,
    /// Most bytes of activations alive at once at int8, if the layers ran in the network's order.
    #[ts(type = "number")]
    pub given_order_peak_ram_bytes: u64,
    /// Whether it is proven that no order of the layers needs less RAM.
    pub is_order_optimal: bool,
}

/// Memory of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Memory {
    /// Bytes of weights and constants.
    #[ts(type = "number")]
    pub flash_bytes: u64,
    /// Most bytes of activations alive at once.
    #[ts(type = "number")]
    pub peak_ram_bytes: u64,
    /// Bytes of activations alive during each step, in the order they run.
    pub timeline: Vec<Moment>,
}

/// Memory during one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Moment {
    /// The layer that runs, as its place in the list of layers.
    pub layer: u32,
    /// Bytes of activations alive.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// Constants of one step that a device stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Constants {
    weights: u64,
    biases: u64,
    /// Channels, or inputs of a mixture, that are scaled by a constant of their own.
    scales: u64,
    /// Whether the scales are parameters, or only come with int8.
    scales_are_parameters: bool,
}

impl Constants {
    pub(crate) fn of(graph: &Graph, step: &Step) -> Self {
        let node = &graph.nodes[step.node];
        let channels = u64::from(node.shape.channels);
        let weighted = |has_bias| Self {
            weights: node.parameters[0].elements(),
            biases: if has_bias { channels } else { 0 },
            scales: channels,
            scales_are_parameters: false,
        };
        match &node.op {
            Op::Conv2d(conv) => weighted(conv.bias || step.has_folded_norm),
            // The kernels are summed into one before they are stored.
            Op::MetaConv2d(meta) => weighted(meta.bias || step.has_folded_norm),
            Op::Dense(dense) => weighted(dense.bias || step.has_folded_norm),
            Op::BatchNorm(_) | Op::LayerNorm(_) => {
                Self { weights: 0, biases: channels, scales: channels, scales_are_parameters: true }
            }
            Op::Mixture => {
                Self { weights: 0, biases: 0, scales: node.inputs.len() as u64, scales_are_parameters: true }
            }
            _ => Self::default(),
        }
    }

    /// Parameters that are left after folding.
    pub(crate) const fn params(self) -> u64 {
        self.weights + self.biases + if self.scales_are_parameters { self.scales } else { 0 }
    }

    /// Bytes of the step in an int8 file, its record included.
    pub(crate) const fn int8_bytes(self) -> u64 {
        STEP_BYTES + self.weights + INT8_BIAS_BYTES * self.biases + INT8_REQUANTIZATION_BYTES * self.scales
    }
}

impl MemoryCosts {
    /// # Panics
    /// If `alive` is not of these steps.
    pub(crate) fn new(
        graph: &Graph,
        deployment: &Deployment,
        constants: &[Constants],
        alive: &Alive,
        schedule: &Schedule,
    ) -> Self {
        assert_eq!(deployment.steps.len(), alive.during.len());
        let memory = |flash_bytes, element_bytes| Memory {
            flash_bytes,
            peak_ram_bytes: element_bytes * alive.peak,
            timeline: deployment
                .steps
                .iter()
                .zip(&alive.during)
                .map(|(step, elements)| Moment { layer: step.node as u32, bytes: element_bytes * elements })
                .collect(),
        };
        let stored = deployment.stored_elements(graph);
        let int8_flash = HEADER_BYTES + constants.iter().map(|step| step.int8_bytes()).sum::<u64>() + stored;
        let f32_flash = F32_BYTES * (constants.iter().map(|step| step.params()).sum::<u64>() + stored);
        Self {
            int8: memory(int8_flash, 1),
            f32: memory(f32_flash, F32_BYTES),
            given_order_peak_ram_bytes: schedule.given_peak,
            is_order_optimal: schedule.is_optimal,
        }
    }
}

/// Elements of activations alive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alive {
    /// During each step.
    pub(crate) during: Vec<u64>,
    /// The most at once; the input is alive even if no step runs.
    pub(crate) peak: u64,
}

impl Alive {
    pub(crate) fn new(graph: &Graph, deployment: &Deployment) -> Self {
        let occupancies = Liveness::new(graph, deployment).occupancies();
        let during: Vec<u64> = occupancies.iter().map(|occupancy| occupancy.during).collect();
        // Without steps the input is the output.
        let peak = during.iter().copied().max().unwrap_or(graph.input.elements());
        Self { during, peak }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::NetworkCosts;

    fn memory(input: &str, layers: &str) -> MemoryCosts {
        let network = Network::from_json(&format!(r#"{{"input": {input}, "layers": [{layers}]}}"#)).unwrap();
        NetworkCosts::of(&network.resolve().unwrap()).unwrap().memory
    }

    fn during(input: &str, layers: &str) -> Vec<u64> {
        memory(input, layers).int8.timeline.iter().map(|moment| moment.bytes).collect()
    }

    /// Nets that were packed for, and run on, an ATmega328P: file sizes, and arenas without their im2col scratch.
    #[test]
    fn int8_files_and_arenas_are_as_packed() {
        let conv = |channels: u32| {
            format!(r#"{{"op":"conv2d","out_channels":{channels},"kernel":3}},{{"op":"relu"}}"#)
        };
        let pool = r#"{"op":"max-pool","kernel":2}"#;
        let gap = r#"{"op":"global-avg-pool"}"#;
        let head = r#"{"op":"dense","out_features":10}"#;
        // (name, layers, file in bytes, arena in bytes, scratch: one column of 9 points of the widest input)
        let cases = [
            ("tiny", [conv(4), pool.into(), conv(8), gap.into(), head.into()], 824, 356, 9 * 4),
            ("small", [conv(6), pool.into(), conv(12), pool.into(), head.into()], 1674, 534, 9 * 6),
            ("mid", [conv(8), pool.into(), conv(16), pool.into(), head.into()], 2428, 712, 9 * 8),
        ];
        for (name, layers, file, arena, scratch) in cases {
            let int8 = memory("[1,8,8]", &layers.join(",")).int8;
            assert_eq!((int8.flash_bytes, int8.peak_ram_bytes + scratch), (file, arena), "{name}");
        }
    }

    #[test]
    fn constants_of_each_kind() {
        // (layers on 4×6×6, int8 bytes beside header and records, deployed parameters)
        let cases = [
            // 8·4·9 weights, 8 biases of 4, 8 scales of 8.
            (r#"{"op":"conv2d","out_channels":8,"kernel":3}"#, 1, 288 + 32 + 64, 296),
            (r#"{"op":"conv2d","out_channels":8,"kernel":3,"bias":false}"#, 1, 288 + 64, 288),
            // The folded norm brings the bias back.
            (
                r#"{"op":"conv2d","out_channels":8,"kernel":3,"bias":false},{"op":"batch-norm"}"#,
                1,
                288 + 32 + 64,
                296,
            ),
            (
                r#"{"op":"conv2d","out_channels":8,"kernel":3},{"op":"relu"},{"op":"batch-norm"}"#,
                2,
                288 + 96 + 96,
                312,
            ),
            (r#"{"op":"batch-norm"}"#, 1, 48, 8),
            (r#"{"op":"layer-norm"}"#, 1, 48, 8),
            // The largest kernel: 8·4·25 weights.
            (r#"{"op":"meta-conv2d","out_channels":8,"sizes":[1,5]}"#, 1, 800 + 32 + 64, 808),
            (r#"{"op":"mixture","inputs":["input","input"]}"#, 1, 16, 2),
            (r#"{"op":"sigmoid"},{"op":"dropout"}"#, 1, 0, 0),
            (r#"{"op":"dense","out_features":3}"#, 1, 432 + 12 + 24, 435),
            (r#"{"op":"max-pool","kernel":2},{"op":"global-avg-pool"}"#, 2, 0, 0),
        ];
        for (layers, steps, bytes, params) in cases {
            let memory = memory("[4,6,6]", layers);
            assert_eq!(memory.int8.flash_bytes, HEADER_BYTES + steps * STEP_BYTES + bytes, "{layers}");
            assert_eq!(memory.f32.flash_bytes, F32_BYTES * params, "{layers}");
        }
    }

    #[test]
    fn a_chain_holds_input_and_output_of_each_step() {
        let layers = r#"{"op":"conv2d","out_channels":4,"kernel":3},{"op":"batch-norm"},{"op":"relu"},
            {"op":"max-pool","kernel":2},{"op":"dense","out_features":10}"#;
        // 64 + 256, 256 + 64, 64 + 10
        assert_eq!(during("[1,8,8]", layers), [320, 320, 74]);
        let memory = memory("[1,8,8]", layers);
        assert_eq!((memory.int8.peak_ram_bytes, memory.f32.peak_ram_bytes), (320, 1280));
        assert_eq!(memory.int8.timeline.iter().map(|moment| moment.layer).collect::<Vec<_>>(), [0, 3, 4]);
        assert_eq!(memory.f32.timeline[2].bytes, 296);
    }

    #[test]
    fn a_fire_module_holds_squeeze_and_both_expansions() {
        let layers = r#"{"name":"s","op":"conv2d","out_channels":2,"kernel":1},{"name":"sr","op":"relu"},
            {"name":"e1","op":"conv2d","out_channels":4,"kernel":1},{"name":"r1","op":"relu"},
            {"name":"e3","op":"conv2d","out_channels":4,"kernel":3,"inputs":["sr"]},{"name":"r3","op":"relu"},
            {"op":"concat","inputs":["r1","r3"]}"#;
        // 16 pixels: 8 + 2; 2 + 4; 2 + 4 + 4; 4 + 4 + 8 channels
        assert_eq!(during("[8,4,4]", layers), [160, 96, 160, 256]);
    }

    #[test]
    fn an_addition_writes_over_an_input_that_is_no_longer_read() {
        let block = r#"{"name":"a","op":"conv2d","out_channels":4,"kernel":3},{"name":"ra","op":"relu"},
            {"name":"b","op":"conv2d","out_channels":4,"kernel":3}"#;
        // 16 pixels of 4 channels: input and a; input, a and b; the input is written over.
        let residual = format!(r#"{block},{{"op":"add","inputs":["input","b"]}},{{"op":"relu"}}"#);
        assert_eq!(during("[4,4,4]", &residual), [128, 192, 128]);
        // The sum's inputs are both read again: it needs a buffer of its own.
        let kept = format!(
            r#"{block},{{"name":"sum","op":"add","inputs":["input","b"]}},{{"op":"concat","inputs":["input","b","sum"]}}"#
        );
        assert_eq!(during("[4,4,4]", &kept), [128, 192, 192, 64 * (3 + 3)]);
    }

    #[test]
    fn norms_and_activations_that_stay_write_over_their_input() {
        assert_eq!(during("[4,4,4]", r#"{"op":"batch-norm"}"#), [64]);
        assert_eq!(during("[4,4,4]", r#"{"op":"relu"}"#), [64]);
        // Here the input is read again.
        assert_eq!(
            during("[4,4,4]", r#"{"name":"r","op":"relu"},{"op":"concat","inputs":["input","r"]}"#),
            [128, 256]
        );
    }

    #[test]
    fn a_gate_is_smaller_than_what_it_multiplies() {
        let module = r#"{"name":"f","op":"conv2d","out_channels":4,"kernel":3},{"name":"g","op":"global-avg-pool"},
            {"name":"s","op":"sigmoid"},{"op":"multiply","inputs":["f","s"]}"#;
        // Input and features; features and means; the gate over the means; the product over the features.
        assert_eq!(during("[4,4,4]", module), [128, 68, 68, 68]);
    }

    #[test]
    fn constants_lie_in_flash() {
        let concat = r#"{"name":"z","op":"zero"},{"name":"n","op":"batch-norm"},{"op":"concat","inputs":["n","input"]}"#;
        let costs = memory("[4,4,4]", concat);
        // The concatenation has the input and its output in RAM; the 64 elements of the norm are stored beside it.
        assert_eq!(costs.int8.timeline, [Moment { layer: 2, bytes: 64 + 128 }]);
        assert_eq!(costs.int8.flash_bytes, 16 + 28 + 64);
        assert_eq!(costs.f32.flash_bytes, 4 * 64);
        let constant = memory("[4,4,4]", r#"{"op":"zero"},{"op":"dense","out_features":10}"#);
        assert_eq!((constant.int8.flash_bytes, constant.int8.peak_ram_bytes), (16 + 10, 64));
    }

    #[test]
    fn attention_needs_a_buffer_of_its_own() {
        assert_eq!(during("[6,4,4]", r#"{"op":"attention"}"#), [96 + 32]);
    }

    #[test]
    fn the_input_stays_until_its_last_reader() {
        let layers = r#"{"name":"p","op":"max-pool","kernel":2},{"name":"d","op":"dense","out_features":16},
            {"name":"e","op":"dense","out_features":16,"inputs":["input"]},{"op":"add","inputs":["d","e"]}"#;
        // 64 + 16; 64 + 16 + 16; 64 + 16 + 16; 16 + 16
        assert_eq!(during("[4,4,4]", layers), [80, 96, 96, 32]);
    }

    #[test]
    fn dead_layers_and_identities_take_nothing() {
        let memory = memory(
            "[4,4,4]",
            r#"{"op":"conv2d","out_channels":64,"kernel":3},{"op":"identity","inputs":["input"]}"#,
        );
        assert_eq!(
            memory.int8,
            Memory { flash_bytes: HEADER_BYTES, peak_ram_bytes: 64, timeline: Vec::new() }
        );
    }
}
