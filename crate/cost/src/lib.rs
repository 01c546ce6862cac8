//! What a network costs: parameters, MACs, FLOPs, memory; and, on a device, latency and energy.
//!
//! [`NetworkCosts::of`] counts exactly what does not depend on a device. A [`Device`] is data
//! (docs/adding-a-device.md); an [`Estimator`] says how long a network takes there (docs/costs-on-devices.md).
//! [`Objective`] names each cost, [`Limits`] says which are too much, [`Pricing`] on which devices. [`AcceleratorCosts::of`]
//! prices a network on a systolic array that is itself a value and can be searched for (docs/accelerator.md).
//!
#![doc = include_str!("../../../docs/costs.md")]
//!
//! # What is deployed
//! - A batch normalisation is **folded** into the convolution or dense layer whose output it alone reads (Jacob
//!   et al. 2018, "Quantization and Training of Neural Networks", section 3.2): that layer has a bias then. Any
//!   other keeps two constants for each channel, its scale and its shift.
//! - A ReLU or ReLU6 is **fused** into the step whose output it alone reads: that step clamps what it writes. Other
//!   activations are steps of their own, as in int8 runtimes (TensorFlow Lite Micro, CMSIS-NN), whose layers can clamp and
//!   no more: a table of 256 values, or its formula.
//! - A `meta-conv2d` is one convolution with the largest kernel, into which the mixed kernels were summed.
//! - A dropout passes its input on.
//! - A `zero` is no summand: an addition runs without it. What does not depend on the network's input, because it is
//!   computed from zeros, is a **constant**: counted among parameters and operations, for training computes it, but no step;
//!   it is stored if a step reads it. What is zero without a parameter on the way costs nothing else.
//! - All other layers are **steps**, run in the order that needs the least RAM; where none needs less, in the network's.
//!
//! # Memory
//! `ram` is the most bytes of activations alive at once: 1 byte each element at int8, 4 at f32. The input and the
//! output of a step are alive together; a tensor, the network's input too, stays alive until its last reader
//! has run; the output stays. Element-wise steps (`add`, `multiply`, `mixture`, and a normalisation or activation that was
//! not folded or fused) write over the first input of the output's size that no later step reads. A concatenation copies: its inputs and its
//! output are alive together. Stacks are not counted; [`Runtime`] says what the kernels of a library need beside the
//! activations.
//!
//! The **order** is found by dynamic programming over the sets of steps that have run (Liberis and Lane 2019), in each part
//! between two steps whose places are fixed (Ahn et al. 2020). It is exact for parts of up to 64 steps in which at most
//! 1,024 sets of equal size can be reached. In larger parts, the sets with the smallest peaks go on, 64 steps are ordered
//! at a time, at most 131,072 sets are looked at, and `is_order_optimal` is false unless the result reaches a bound: the most that one step reads and writes,
//! or the exact peak of another part.
//!
//! `flash` at f32 is 4 bytes for each deployed parameter, as in a file of weights. At int8 it is the size, to the
//! byte, of a file "NPG1" as a C interpreter on a microcontroller reads it; three files that ran there are a test:
//!
//! | bytes | for each | content |
//! |---|---|---|
//! | 16 | network | header |
//! | 28 | step | operator, shapes, places of its data |
//! | 1 | weight | int8, symmetric for each output channel |
//! | 4 | bias | int32 |
//! | 8 | output channel of a convolution or dense layer | requantisation: int32 multiplier and shift |
//! | 12 | channel of a normalisation that is not folded | its scale as multiplier and shift, its shift as bias |
//! | 8 | input of a mixture | its weight as multiplier and shift |

mod accelerator;
mod deployment;
mod device;
mod entropy;
mod error;
mod estimate;
mod limits;
mod liveness;
mod memory;
mod network_costs;
mod objective;
mod operations;
mod pricing;
mod schedule;
mod scratch;
mod timing;
mod work;

pub use accelerator::{
    Accelerator, AcceleratorCosts, AcceleratorError, ArrayWork, Dataflow, DramBytes, Energy, LayerOnArray,
    MAX_ARRAY_SIDE, MAX_SRAM_KIB, Mapping, MatrixProduct, OPERAND_BITS, Origin, SramAccesses,
    TECHNOLOGY_PARAMETERS, Technology, TechnologyParameter, Template, template, templates,
};
pub use deployment::Execution;
pub use device::{
    Compute, Device, DeviceMemory, Measurement, OWN_DEVICE, OperationUnit, OtherPower, Power, device, devices,
};
pub use entropy::Entropy;
pub use error::CostError;
pub use estimate::{
    AnalyticalEstimator, Estimate, Estimator, Method, Prediction, Sample, StatedPeakEstimator, Table,
    TableRow, estimates,
};
pub use limits::{DeviceLimit, Limits, Violation};
pub use memory::{Memory, MemoryCosts, Moment};
pub use network_costs::{LayerCost, NetworkCosts};
pub use objective::Objective;
pub use pricing::{Over, Pricing};
pub use scratch::Runtime;
pub use timing::{CycleCosts, Timing, TimingError, TimingModel};
pub use work::{OperatorKind, StepWork};
