use thiserror::Error;

use crate::{MAX_DIMENSION, MAX_ELEMENTS, MAX_KERNEL_SIZES, MAX_LAYERS, Shape};

/// Why a network cannot be. Each message names the layer and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// The text is not JSON, or not of the network format.
    #[error("not a network: {0}")]
    Json(String),
    /// A layer could not be read.
    #[error("layer {index} ({name}): {problem}")]
    Layer {
        /// Position in the list of layers, from 1.
        index: usize,
        /// Its name, or "unnamed".
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no layer.
    #[error("the network has no layers: add at least one")]
    Empty,
    /// More layers than [`MAX_LAYERS`].
    #[error("{0} layers: at most {MAX_LAYERS} are allowed")]
    TooManyLayers(usize),
    /// Two layers of one name, or a layer named like the input.
    #[error("layer '{0}': the name is taken: give every layer its own (and none 'input')")]
    NameTaken(String),
    /// An input that is not there.
    #[error("layer '{layer}' reads '{input}', which is no earlier layer: list layers in order, inputs first")]
    UnknownInput {
        /// The layer that reads.
        layer: String,
        /// The name it reads.
        input: String,
    },
    /// Too few or too many inputs.
    #[error("layer '{layer}': {op} takes {expected}, not {found}")]
    InputCount {
        /// The layer.
        layer: String,
        /// Its operator.
        op: &'static str,
        /// What it takes, in words.
        expected: &'static str,
        /// What it was given.
        found: usize,
    },
    /// Inputs whose shapes do not go together.
    #[error("layer '{layer}': {op} cannot join {first} and {other}: {rule}")]
    ShapeMismatch {
        /// The layer.
        layer: String,
        /// Its operator.
        op: &'static str,
        /// Shape of the first input.
        first: Shape,
        /// Shape of the input that does not fit.
        other: Shape,
        /// What must be equal.
        rule: &'static str,
    },
    /// A kernel that reaches past the padded image.
    #[error(
        "layer '{layer}': a kernel of {kernel} does not fit {input} with its padding: use a smaller kernel or padding \"same\""
    )]
    KernelTooLarge {
        /// The layer.
        layer: String,
        /// The kernel with its dilation, height × width.
        kernel: String,
        /// Shape of the input.
        input: Shape,
    },
    /// Padding of a pool at least as large as its kernel: some windows would be empty.
    #[error("layer '{layer}': padding must be smaller than the pooling kernel of {kernel}")]
    PaddingTooLarge {
        /// The layer.
        layer: String,
        /// The kernel, height × width.
        kernel: String,
    },
    /// A size out of bounds.
    #[error("layer '{layer}': {what} is {value}, it must be between 1 and {MAX_DIMENSION}")]
    Size {
        /// The layer.
        layer: String,
        /// Which size.
        what: &'static str,
        /// Its value.
        value: u32,
    },
    /// A number out of bounds.
    #[error("layer '{layer}': {what} is {value}, it must be {range}")]
    OutOfRange {
        /// The layer.
        layer: String,
        /// Which number.
        what: &'static str,
        /// Its value, as text.
        value: String,
        /// What it must be, in words.
        range: &'static str,
    },
    /// Channels, rows or columns that cannot be split evenly.
    #[error("layer '{layer}': {value} {what} cannot be split into {into}: {advice}")]
    Indivisible {
        /// The layer.
        layer: String,
        /// How many there are.
        value: u32,
        /// Of what.
        what: &'static str,
        /// What they are split into.
        into: String,
        /// What to do.
        advice: String,
    },
    /// Kernel sizes that cannot be mixed.
    #[error(
        "layer '{layer}': sizes are {sizes:?}, they must be one to {MAX_KERNEL_SIZES} odd numbers in ascending order, \
         such as [3, 5, 7]"
    )]
    KernelSizes {
        /// The layer.
        layer: String,
        /// The sizes.
        sizes: Vec<u32>,
    },
    /// Groups that do not divide the channels.
    #[error("layer '{layer}': {groups} groups must divide both {inputs} input and {outputs} output channels")]
    Groups {
        /// The layer.
        layer: String,
        /// Number of groups.
        groups: u32,
        /// Input channels.
        inputs: u32,
        /// Output channels.
        outputs: u32,
    },
    /// A tensor or parameter with too many elements.
    #[error("layer '{layer}': {elements} elements in one tensor, at most {MAX_ELEMENTS} are allowed")]
    TooLarge {
        /// The layer.
        layer: String,
        /// Number of elements.
        elements: u64,
    },
    /// No reference network of that name.
    #[error("there is no reference network '{id}': use one of {known}")]
    UnknownReference {
        /// The name given.
        id: String,
        /// The names there are.
        known: String,
    },
    /// A text that is no cell of NAS-Bench-201.
    #[error(
        "'{text}' is no cell of NAS-Bench-201: write |nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|, \
         with any of these operators"
    )]
    Cell {
        /// The text given.
        text: String,
    },
    /// A cell for a network that has none.
    #[error("'{id}' has no cell: leave out ':{cell}'")]
    NoCell {
        /// The reference network.
        id: String,
        /// What stood behind the colon.
        cell: String,
    },
}
