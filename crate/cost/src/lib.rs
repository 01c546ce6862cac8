//! What a network costs: parameters, MACs, FLOPs, memory; and, on a device, latency and energy.
//!
//! [`NetworkCosts::of`] counts exactly what does not depend on a device. A [`Device`] is data
//! (docs/adding-a-device.md); an [`Estimator`] says how long a network takes there. [`Objective`] names each
//! cost, [`Limits`] says which are too much.
//!
//! # What is counted
//! One inference of one image, without dead layers (those the output does not depend on) and without layers
//! that pass their input on unchanged: they cost nothing. All counts are exact integers.
//!
//! | figure | what it counts |
//! |---|---|
//! | `params` | trainable parameters: weights, biases, scales and shifts of normalisations |
//! | `params_total` | the same and the running means and variances of normalisations |
//! | `params_deployed` | what is left on a device, after folding (below) |
//! | `macs` | multiply-accumulates of convolutions and dense layers; points in the padding count like others |
//! | `flops` | operations of the network as it is written, before folding (below) |
//!
//! | operator | MACs | FLOPs |
//! |---|---|---|
//! | `conv2d` | out · in / groups · kernel height · kernel width · output pixels | 2 each MAC, and 1 each output for a bias |
//! | `dense` | out · in | 2 each MAC, and 1 each output for a bias |
//! | `batch-norm` | 0 | 2 each element: its scale and its shift |
//! | `relu` | 0 | 1 each element: a comparison |
//! | `max-pool` | 0 | kernel points − 1 each output: comparisons |
//! | `avg-pool`, `global-avg-pool` | 0 | kernel points each output: additions and one multiplication |
//! | `add` | 0 | inputs − 1 each element |
//! | `concat`, `identity` | 0 | 0 |
//!
//! # What is deployed
//! - A batch normalisation is **folded** into the convolution or dense layer whose output it alone reads (Jacob
//!   et al. 2018, "Quantization and Training of Neural Networks", section 3.2): that layer has a bias then. Any
//!   other keeps two constants for each channel, its scale and its shift.
//! - A ReLU is **fused** into the step whose output it alone reads: that step clamps what it writes.
//! - All other layers are **steps**, run in the order of the network.
//!
//! # Memory
//! `ram` is the most bytes of activations alive at once: 1 byte each element at int8, 4 at f32. The input and the
//! output of a step are alive together; a tensor, the network's input too, stays alive until its last reader
//! has run; the output stays. Element-wise steps (`add`, and a normalisation or ReLU that was not folded or
//! fused) write over the first input that no later step reads. A concatenation copies: its inputs and its
//! output are alive together. Scratch memory of a runtime's kernels and its stack are not activations.
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

mod deployment;
mod device;
mod error;
mod estimate;
mod limits;
mod memory;
mod network_costs;
mod objective;
mod operations;

pub use deployment::Execution;
pub use device::{Compute, Device, DeviceMemory, OperationUnit, Power, device, devices};
pub use error::CostError;
pub use estimate::{AnalyticalEstimator, Estimate, Estimator, Method, estimates};
pub use limits::{Limits, Violation};
pub use memory::{Memory, MemoryCosts, Moment};
pub use network_costs::{LayerCost, NetworkCosts};
pub use objective::Objective;
