//! The network, and the recipe it is trained by, as values.
//!
//! A [`Network`] is a directed acyclic graph of layers, written as JSON (docs/network-format.md). It is what
//! is searched, trained, priced, drawn and exported. Resolving it gives a [`Graph`]: every input found,
//! every shape known, every parameter listed. [`canonical()`] gives equal networks one form and one name.

mod blocks;
mod builder;
mod canonical;
mod contraction;
mod error;
mod graph;
mod network;
mod op;
mod recipe;
mod reference;
mod shape;

pub use blocks::{
    BasicResidual, Bypass, Fire, InvertedResidual, MobileVit, Separable, SqueezeExcite, Transformer,
    scaled_channels,
};
pub use builder::{Activation, NetworkBuilder, Style};
pub use canonical::{Canonical, canonical, canonical_with_names};
pub use contraction::Contraction;
pub use error::NetworkError;
pub use graph::{Graph, INPUT_TENSOR, Inputs, Node, TensorId};
pub use network::{INPUT_NAME, Layer, Network};
pub use op::{
    Attention, BatchNorm, ChannelShuffle, Conv2d, Dense, Dropout, LayerNorm, LeakyRelu, MetaConv2d, Op,
    Parameter, ParameterRole, Parameters, Pool, Resample, Zero,
};
pub use recipe::{Optimizer, Recipe, Schedule};
pub use reference::{
    CellOperator, NasBench201Cell, NasBench201Skeleton, Reference, ReferenceSizes, reference, references,
    sized_reference,
};
pub use shape::{Insets, Padding, Pair, Shape};

/// The most layers a network may have.
pub const MAX_LAYERS: usize = 4096;
/// The largest size of one dimension: channels, height, width, kernel, stride.
pub const MAX_DIMENSION: u32 = 65_536;
/// The most elements that one tensor or parameter may have.
pub const MAX_ELEMENTS: u64 = 1 << 31;
/// The most kernel sizes that one `meta-conv2d` may mix.
pub const MAX_KERNEL_SIZES: usize = 8;
