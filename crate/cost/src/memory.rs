use nas_arch::{Graph, Op};
use serde::Serialize;
use ts_rs::TS;

use crate::deployment::{Deployment, Step};

// The int8 figures are those of the file format "NPG1" of a C interpreter that was run on an ATmega328P
// simulator, bit-exact against TensorFlow Lite Micro; the sizes of its files are a test below.
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
    /// Channels that are scaled by a constant of their own.
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
            Op::Dense(dense) => weighted(dense.bias || step.has_folded_norm),
            Op::BatchNorm(_) => Self { weights: 0, biases: channels, scales: channels, scales_are_parameters: true },
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
    pub(crate) fn new(deployment: &Deployment, constants: &[Constants], alive: &Alive) -> Self {
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
        let int8_flash = HEADER_BYTES + constants.iter().map(|step| step.int8_bytes()).sum::<u64>();
        let f32_flash = F32_BYTES * constants.iter().map(|step| step.params()).sum::<u64>();
        Self { int8: memory(int8_flash, 1), f32: memory(f32_flash, F32_BYTES) }
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
        let steps = &deployment.steps;
        let mut last_reader = vec![0; steps.len() + 1];
        for (index, step) in steps.iter().enumerate() {
            step.reads.iter().for_each(|&value| last_reader[value] = index);
        }
        last_reader[deployment.output] = steps.len();

        // Elements of buffers that begin with a step, and of those that end after it.
        let mut born = vec![0; steps.len() + 1];
        let mut ended = vec![0; steps.len() + 1];
        born[0] = graph.input.elements();
        let input_is_taken = |value: &&usize, index: usize| last_reader[**value] == index;
        let mut is_taken_over = vec![false; steps.len() + 1];
        for (index, step) in steps.iter().enumerate() {
            let taken = match graph.nodes[step.node].op {
                Op::Add | Op::BatchNorm(_) | Op::Relu => step.reads.iter().find(|value| input_is_taken(value, index)),
                _ => None,
            };
            match taken {
                Some(&value) => is_taken_over[value] = true,
                None => born[index] += graph.nodes[step.node].shape.elements(),
            }
        }
        for value in 0..=steps.len() {
            if !is_taken_over[value] {
                ended[last_reader[value]] += elements(graph, steps, value);
            }
        }

        let mut alive = 0;
        let during: Vec<u64> = (0..steps.len())
            .map(|index| {
                alive += born[index];
                let now = alive;
                alive -= ended[index];
                now
            })
            .collect();
        let peak = during.iter().copied().max().unwrap_or(graph.input.elements());
        Self { during, peak }
    }
}

fn elements(graph: &Graph, steps: &[Step], value: usize) -> u64 {
    value.checked_sub(1).map_or(graph.input, |step| graph.nodes[steps[step].node].shape).elements()
}
