use std::ops::Range;

use nas_numerics::Digest;
use ndarray::{ArrayView1, ArrayView4};

use crate::container::{Unpacked, unpack};
use crate::resolution::area_average;
use crate::{DataError, DatasetInfo, Normalization};

/// Pixels are kept in units of 1/256 of a stored step. Stored values and the averages of 4, 16, 64 or 256 of
/// them are exact in it; other averages are rounded to the nearest unit.
pub const PIXEL_SCALE: u16 = 256;

/// The three fixed parts of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// Images whose gradients train a network.
    Train,
    /// Images whose score the strategy sees.
    Validation,
    /// Images that are used once, after the final training.
    Test,
}

/// A dataset in memory: labeled square images in three fixed splits.
///
/// Splits, order and normalization belong to the dataset, so that all candidates see the same images.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    info: DatasetInfo,
    hash: Digest,
    resolution: u32,
    train_samples: u32,
    normalization: Normalization,
    /// `[image, row, column, channel]` in units of 1 / [`PIXEL_SCALE`].
    pixels: Vec<u16>,
    labels: Vec<u8>,
}

impl Dataset {
    /// Reads a `.nasdata` file, at its native resolution and with all its training images.
    ///
    /// # Errors
    /// A [`DataError`] for anything that is not an intact file of a version this crate reads; no bytes
    /// whatsoever make it panic, and it never allocates more than the file can hold.
    pub fn parse(bytes: &[u8]) -> Result<Self, DataError> {
        let Unpacked { info, hash, pixels, labels } = unpack(bytes)?;
        let pixels = channels_last(&pixels, info.shape[0] as usize, info.values_per_image() as usize);
        let resolution = info.native_resolution();
        let train_samples = info.splits.train;
        let normalization = normalization_of(&info, resolution, &pixels)?;
        Ok(Self { info, hash, resolution, train_samples, normalization, pixels, labels })
    }

    /// The same dataset with its images shrunk to `resolution` × `resolution` pixels by area averaging, and
    /// normalized anew. The current resolution gives an equal dataset.
    ///
    /// # Errors
    /// [`DataError::Resolution`] when `resolution` is zero or larger than the current one,
    /// [`DataError::NoContrast`] when nothing is left to be seen.
    pub fn at_resolution(&self, resolution: u32) -> Result<Self, DataError> {
        if !(1..=self.resolution).contains(&resolution) {
            return Err(DataError::Resolution { requested: resolution, available: self.resolution });
        }
        let channels = self.channels() as usize;
        let pixels = area_average(&self.pixels, channels, self.resolution as usize, resolution as usize);
        let normalization = normalization_of(&self.info, resolution, &pixels)?;
        let info = self.info.clone();
        let labels = self.labels.clone();
        Ok(Self { info, resolution, normalization, pixels, labels, ..*self })
    }

    /// The same dataset with only the first `samples` of its training images, which are balanced over the
    /// classes. The normalization stays that of all training images.
    ///
    /// # Errors
    /// [`DataError::Samples`] when `samples` is zero or more than the training split has.
    pub fn with_train_samples(mut self, samples: u32) -> Result<Self, DataError> {
        let available = self.info.splits.train;
        if !(1..=available).contains(&samples) {
            return Err(DataError::Samples { requested: samples, available });
        }
        self.train_samples = samples;
        Ok(self)
    }

    /// What the file says about itself; its shape and splits are those of the file.
    #[must_use]
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// SHA-256 of the content of the file, for evaluation keys. It names the data, not the form they are used
    /// in: resolution and number of training images belong into the key beside it.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// Height and width of the images in pixels.
    #[must_use]
    pub fn resolution(&self) -> u32 {
        self.resolution
    }

    /// Channels of the images.
    #[must_use]
    pub fn channels(&self) -> u32 {
        self.info.shape[0]
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> u32 {
        self.info.classes.len() as u32
    }

    /// Number of images in a split, after [`Dataset::with_train_samples`].
    #[must_use]
    pub fn samples(&self, split: Split) -> u32 {
        self.range(split).len() as u32
    }

    /// How [`Dataset::fill_batch`] maps stored values to what a network sees.
    #[must_use]
    pub fn normalization(&self) -> Normalization {
        self.normalization
    }

    /// The images of a split as they are stored, not normalized, in units of 1 / [`PIXEL_SCALE`].
    ///
    /// # Shapes
    /// `[samples, height, width, channels]`
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the slice is cut to the shape")]
    pub fn images(&self, split: Split) -> ArrayView4<'_, u16> {
        let range = self.range(split);
        let side = self.resolution as usize;
        let shape = (range.len(), side, side, self.channels() as usize);
        let values = self.values_per_image();
        ArrayView4::from_shape(shape, &self.pixels[range.start * values..range.end * values])
            .expect("the slice is cut to the shape")
    }

    /// The labels of a split, each below [`Dataset::classes`].
    ///
    /// # Shapes
    /// `[samples]`
    #[must_use]
    pub fn labels(&self, split: Split) -> ArrayView1<'_, u8> {
        ArrayView1::from(&self.labels[self.range(split)])
    }

    /// Writes the images of a split that `indices` names, normalized, and their labels.
    ///
    /// # Shapes
    /// `indices`: `[batch]` → `images`: `[batch, height, width, channels]`, `labels`: `[batch]`
    ///
    /// # Panics
    /// If the buffers do not have these shapes, or an index is not below [`Dataset::samples`].
    pub fn fill_batch(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let values = self.values_per_image();
        let batch = indices.len();
        assert_eq!(images.len(), batch * values, "images must hold {batch} images of {values} values");
        assert_eq!(labels.len(), batch, "labels must hold {batch} labels");
        let range = self.range(split);
        let Normalization { mean, standard_deviation } = self.normalization;
        let outputs = images.chunks_exact_mut(values).zip(labels);
        for (&index, (image, label)) in indices.iter().zip(outputs) {
            let samples = range.len();
            assert!((index as usize) < samples, "image {index} of the {samples} in {split:?}");
            let at = range.start + index as usize;
            let pixels = &self.pixels[at * values..(at + 1) * values];
            for (output, &pixel) in image.iter_mut().zip(pixels) {
                let value = f32::from(pixel) / f32::from(PIXEL_SCALE);
                *output = (value - mean) / standard_deviation;
            }
            *label = u32::from(self.labels[at]);
        }
    }

    fn values_per_image(&self) -> usize {
        self.resolution as usize * self.resolution as usize * self.channels() as usize
    }

    /// Where a split lies among all images.
    fn range(&self, split: Split) -> Range<usize> {
        let train = self.info.splits.train as usize;
        let validation_end = train + self.info.splits.validation as usize;
        match split {
            Split::Train => 0..self.train_samples as usize,
            Split::Validation => train..validation_end,
            Split::Test => validation_end..self.labels.len(),
        }
    }
}

/// The statistics of the whole training split, whatever part of it is used.
fn normalization_of(info: &DatasetInfo, resolution: u32, pixels: &[u16]) -> Result<Normalization, DataError> {
    let values_per_image = (resolution * resolution * info.shape[0]) as usize;
    let train = &pixels[..info.splits.train as usize * values_per_image];
    Normalization::of(train).ok_or(DataError::NoContrast { resolution })
}

/// # Shapes
/// `planes`: `[n, channels, height, width]` → `[n, height, width, channels]`, in units of 1 / [`PIXEL_SCALE`]
fn channels_last(planes: &[u8], channels: usize, values_per_image: usize) -> Vec<u16> {
    let plane = values_per_image / channels;
    let mut pixels = Vec::with_capacity(planes.len());
    for image in planes.chunks_exact(values_per_image) {
        for at in 0..plane {
            pixels.extend((0..channels).map(|channel| u16::from(image[channel * plane + at]) * PIXEL_SCALE));
        }
    }
    pixels
}
