use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DataError, Dataset};

/// Longest identifier, in bytes.
const ID_BYTES_MAX: usize = 40;
/// A label is one byte.
const CLASSES_MAX: usize = 256;
/// Sides up to this one keep the area sums of [`Dataset::at_resolution`] far inside 64 bits.
const SIDE_MAX: u32 = 256;
/// Enough for any sensor; a bound for what follows from a wrong header.
const CHANNELS_MAX: u32 = 16;
/// Largest number of images in one file.
const IMAGES_MAX: u64 = 1 << 20;
/// Largest unpacked size of one file: a proxy dataset that a browser holds once for each worker.
const PAYLOAD_BYTES_MAX: u64 = 128 << 20;

/// A text that people read, in the languages of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LocalizedText {
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
}

/// Number of images in each split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SplitSizes {
    /// Images whose gradients train a network.
    pub train: u32,
    /// Images whose score the strategy sees.
    pub validation: u32,
    /// Images that are used once, after the final training.
    pub test: u32,
}

impl SplitSizes {
    /// Number of images in all splits.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::from(self.train) + u64::from(self.validation) + u64::from(self.test)
    }
}

/// How a file came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MadeBy {
    /// Path of the packing script in this repository.
    pub script: String,
    /// The packages that decide the content, each as "name version".
    pub packages: Vec<String>,
}

/// Everything about a dataset except its images: the header of its file, and its entry in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DatasetInfo {
    /// Name in links, in kebab-case.
    pub id: String,
    /// Name on the page.
    pub title: LocalizedText,
    /// What it is, in one sentence.
    pub sentence: LocalizedText,
    /// The classes in the order of their labels.
    pub classes: Vec<LocalizedText>,
    /// Channels, height and width of the stored images.
    pub shape: [u32; 3],
    /// Number of images in each split.
    pub splits: SplitSizes,
    /// Stored value of full brightness; black is 0.
    pub value_max: u8,
    /// Image sides that the page offers, in ascending order; the last is the native one.
    pub resolutions: Vec<u32>,
    /// The one of `resolutions` that is used unless another is chosen.
    pub default_resolution: u32,
    /// Drawn by a program rather than collected from the world.
    pub synthetic: bool,
    /// Where the data come from.
    pub source: String,
    /// SPDX identifier of the license of the data.
    pub license: String,
    /// Whom to credit, and what was changed.
    pub attribution: String,
    /// How the file came to be.
    pub made_by: MadeBy,
    /// Size of the file in bytes; known once there is a file, so not in its header.
    #[serde(default)]
    pub file_bytes: u32,
    /// SHA-256 of the content in hexadecimal digits; not in the header either.
    #[serde(default)]
    pub sha256: String,
}

impl DatasetInfo {
    /// Side of the stored images in pixels.
    #[must_use]
    pub fn native_resolution(&self) -> u32 {
        self.shape[1]
    }

    /// Name of the file in the folder of datasets.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.nasdata", self.id)
    }

    /// Parses the file that this entry of the catalog stands for.
    ///
    /// # Errors
    /// Those of [`Dataset::parse`], and [`DataError::OtherDataset`] when the file is intact but another one,
    /// such as one left over from an earlier release.
    pub fn open(&self, bytes: &[u8]) -> Result<Dataset, DataError> {
        let dataset = Dataset::parse(bytes)?;
        let found = dataset.info();
        if found.sha256 != self.sha256 {
            return Err(DataError::OtherDataset {
                expected_id: self.id.clone(),
                expected: self.sha256.clone(),
                found_id: found.id.clone(),
                found: found.sha256.clone(),
            });
        }
        Ok(dataset)
    }

    /// Values in one stored image.
    pub(crate) fn values_per_image(&self) -> u64 {
        self.shape.iter().map(|&extent| u64::from(extent)).product()
    }

    /// Checks every field that other code relies on, before any of it is used.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let problem = self.find_problem();
        problem.map_or(Ok(()), |problem| Err(DataError::Header { problem }))
    }

    fn find_problem(&self) -> Option<String> {
        let [channels, height, width] = self.shape;
        let SplitSizes { train, validation, test } = self.splits;
        if !is_identifier(&self.id) {
            return Some(format!("id must be 1 to {ID_BYTES_MAX} of a-z, 0-9 and inner hyphens"));
        }
        if !(2..=CLASSES_MAX).contains(&self.classes.len()) {
            return Some(format!(
                "there are {} classes, 2 to {CLASSES_MAX} are possible",
                self.classes.len()
            ));
        }
        if !(1..=CHANNELS_MAX).contains(&channels) {
            return Some(format!("shape has {channels} channels, 1 to {CHANNELS_MAX} are possible"));
        }
        if height != width || !(1..=SIDE_MAX).contains(&height) {
            return Some(format!(
                "shape is {height} × {width}, squares of side 1 to {SIDE_MAX} are possible"
            ));
        }
        if train == 0 || validation == 0 || test == 0 {
            return Some(format!("splits has {train}, {validation} and {test} images, none may be empty"));
        }
        if self.splits.total() > IMAGES_MAX {
            return Some(format!(
                "there are {} images, at most {IMAGES_MAX} are possible",
                self.splits.total()
            ));
        }
        let payload_bytes = self.payload_bytes();
        if payload_bytes > PAYLOAD_BYTES_MAX {
            return Some(format!("unpacked it has {payload_bytes} bytes, the limit is {PAYLOAD_BYTES_MAX}"));
        }
        if self.value_max == 0 {
            return Some("value_max is 0, the images would be black".to_owned());
        }
        let ascending = self.resolutions.is_sorted_by(|smaller, larger| smaller < larger);
        if !ascending || self.resolutions.first() == Some(&0) || self.resolutions.last() != Some(&height) {
            let resolutions = &self.resolutions;
            return Some(format!(
                "resolutions is {resolutions:?}, it must ascend from 1 or more to {height}"
            ));
        }
        if !self.resolutions.contains(&self.default_resolution) {
            return Some(format!("default_resolution {} is not in resolutions", self.default_resolution));
        }
        None
    }

    /// Size of the payload: the values of all images and one label for each.
    pub(crate) fn payload_bytes(&self) -> u64 {
        self.splits.total() * (self.values_per_image() + 1)
    }
}

fn is_identifier(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(allowed)
        && !id.starts_with('-')
        && !id.ends_with('-')
}
