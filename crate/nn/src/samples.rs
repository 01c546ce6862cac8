use core::fmt;

use nas_arch::Shape;
use nas_numerics::Rng;

/// Which part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// What gradients are taken on.
    Train,
    /// What strategies see.
    Validation,
    /// What is used once, after the final training.
    Test,
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// What a trainer must know of the data before it sees any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSizes {
    /// Shape of one image.
    pub image: Shape,
    /// Number of classes; labels are smaller.
    pub classes: u32,
    /// Images to train on, at least 1.
    pub train: u32,
    /// Images to validate on, at least 1.
    pub validation: u32,
    /// Images to test on; 0 if this training is never tested.
    pub test: u32,
}

impl SampleSizes {
    /// Number of images of a split.
    #[must_use]
    pub const fn len(&self, split: Split) -> u32 {
        match split {
            Split::Train => self.train,
            Split::Validation => self.validation,
            Split::Test => self.test,
        }
    }
}

/// An epoch of a training, for what is drawn anew in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingEpoch {
    /// Seed of the run.
    pub run_seed: u32,
    /// Number of the repetition.
    pub replicate: u32,
    /// Number of the epoch, from 0.
    pub epoch: u32,
}

/// Brings images into the order in which an epoch, counted from 0, sees them: it depends on nothing but the run's seed, the
/// purpose (which names the replicate) and the epoch.
pub(crate) fn shuffle_images(run_seed: u32, purpose: &str, epoch: u32, order: &mut [u32]) {
    for (index, image) in order.iter_mut().enumerate() {
        *image = index as u32;
    }
    Rng::for_purpose(run_seed, purpose, u64::from(epoch)).shuffle(order);
}

/// Labelled images, as a trainer pulls them.
pub trait Samples {
    /// Sizes; the same at every call.
    fn sizes(&self) -> SampleSizes;

    /// Writes the images `indices` of a split, and their labels. It must not depend on earlier calls.
    ///
    /// # Shapes
    /// `indices`, `labels`: `[batch]`; `images`: `[batch, height, width, channels]`.
    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]);

    /// Writes images `indices` of the training split as gradients are taken on them: as they are, or changed at random
    /// (augmentation). What is drawn may depend on the epoch and an image's index, and on nothing else: neither on the
    /// network, so that comparisons are paired, nor on how a batch is cut into calls.
    ///
    /// # Shapes
    /// As for [`Samples::fill`].
    fn fill_for_training(
        &self,
        _epoch: TrainingEpoch,
        indices: &[u32],
        images: &mut [f32],
        labels: &mut [u32],
    ) {
        self.fill(Split::Train, indices, images, labels);
    }
}
