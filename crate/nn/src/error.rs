use nas_arch::Shape;
use nas_kernels::ShapeError;
use thiserror::Error;

use crate::Split;

/// Why a network cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The network asks for images of another shape.
    #[error(
        "the network reads images of {network}, the data has {data}: change the network's input or the resolution"
    )]
    Input {
        /// What the network reads.
        network: Shape,
        /// What the data has.
        data: Shape,
    },
    /// The output is not one number for each class.
    #[error(
        "the network's output is {found}, it must be {classes}×1×1: end with a dense layer of {classes} outputs"
    )]
    Output {
        /// Shape of the output.
        found: Shape,
        /// Number of classes.
        classes: u32,
    },
    /// Training would need more memory than allowed.
    #[error(
        "training needs {needed_bytes} bytes, {limit_bytes} are allowed: use a smaller batch, image or network"
    )]
    TooLarge {
        /// What it needs (at least: counting stops when the limit is passed).
        needed_bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// A layer that the kernels refuse.
    #[error("layer '{layer}': {source}")]
    Layer {
        /// The layer.
        layer: String,
        /// What is wrong.
        source: ShapeError,
    },
}

/// Why a training cannot be, or cannot do what it is asked.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TrainerError {
    /// The network cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A value of the recipe is out of bounds.
    #[error("recipe: {field} is {value}, it must be {rule}")]
    Recipe {
        /// The field.
        field: &'static str,
        /// Its value.
        value: f32,
        /// What it must be.
        rule: &'static str,
    },
    /// There is nothing to train, validate or test on.
    #[error("the {0} split has no images")]
    EmptySplit(Split),
    /// An epoch behind the end of the schedule.
    #[error(
        "epoch {epoch} lies behind the schedule's horizon of {horizon_epochs} epochs: raise horizon_epochs"
    )]
    BeyondHorizon {
        /// What was asked for.
        epoch: u32,
        /// Where the schedule ends.
        horizon_epochs: u32,
    },
    /// Something that can only be done between two epochs.
    #[error("{0} between two epochs only: step on to the next end of an epoch")]
    MidEpoch(&'static str),
}

/// Why weights cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WeightsError {
    /// A tensor is missing.
    #[error("no tensor '{0}' among the weights: they belong to another network")]
    Missing(String),
    /// A tensor that the network does not have, or has only once.
    #[error("the network has no (other) parameter '{0}': the weights belong to another network")]
    Unknown(String),
    /// A tensor of another shape.
    #[error("'{path}' has the shape {found:?} and {values} values, the network's has the shape {expected:?}")]
    Shape {
        /// The parameter.
        path: String,
        /// Shape of the tensor.
        found: Vec<u32>,
        /// Number of values in it.
        values: usize,
        /// Shape of the parameter.
        expected: Vec<u32>,
    },
    /// Weights cannot change in the middle of an epoch.
    #[error("weights can be loaded between two epochs only: step on to the next end of an epoch")]
    MidEpoch,
}

/// Why a snapshot cannot be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// The bytes do not begin like a snapshot.
    #[error("not a snapshot of a training")]
    NotASnapshot,
    /// The bytes end early, go on too long, or were changed.
    #[error("the snapshot is damaged: make it again")]
    Damaged,
    /// Written in another format.
    #[error("the snapshot has format {found}, this program reads {expected}: make it again")]
    Format {
        /// The snapshot's.
        found: u32,
        /// The program's.
        expected: u32,
    },
    /// Made with other arithmetic.
    #[error(
        "the snapshot was made with numerics {found}, this program has {expected}: trainings never mix numerics"
    )]
    Numerics {
        /// The snapshot's.
        found: u32,
        /// The program's.
        expected: u32,
    },
    /// Of another network.
    #[error("the snapshot is of another network")]
    Network,
    /// Of the same network, trained with another recipe, other seeds or on other data.
    #[error("the snapshot is of a training with another recipe, other seeds or other data sizes")]
    Training,
}
