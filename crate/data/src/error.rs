use nas_numerics::Digest;

use crate::container::FORMAT_VERSION;

/// Why bytes are not a usable dataset, or why a dataset cannot be had in the form asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DataError {
    /// The file does not begin as a `.nasdata` file does.
    #[error(
        "this is not a .nasdata file: choose another file, or pack it as docs/adding-a-dataset.md describes"
    )]
    NotADataset,

    /// The file was packed for a reader that is newer than this one.
    #[error(
        "the dataset has format version {found}, this program reads version {supported}: \
         reload the page or update the program",
        supported = FORMAT_VERSION
    )]
    NewerVersion {
        /// Format version of the file.
        found: u32,
    },

    /// The file is shorter than its own header says.
    #[error("the dataset ends after {found} bytes, at least {needed} are needed: fetch the file again")]
    Truncated {
        /// Bytes there are.
        found: u64,
        /// Bytes there would have to be.
        needed: u64,
    },

    /// The header cannot be read or contradicts itself.
    #[error("the header of the dataset is wrong: {problem}. Fetch the file again, or correct what packed it")]
    Header {
        /// The field and what is wrong with it.
        problem: String,
    },

    /// The compressed part cannot be unpacked to what the header announces.
    #[error("the images of the dataset cannot be unpacked: {problem}. Fetch the file again")]
    Payload {
        /// What went wrong.
        problem: String,
    },

    /// The content differs from the one that was packed.
    #[error("the dataset is damaged: its content has SHA-256 {found}, not {expected}. Fetch the file again")]
    Damaged {
        /// Digest that the file states.
        expected: Digest,
        /// Digest of what the file holds.
        found: Digest,
    },

    /// The file is intact, but it is not the one that the catalog means.
    #[error(
        "this file is dataset \"{found_id}\" with SHA-256 {found}; expected was \"{expected_id}\" with \
         {expected}. Reload the page, or use the files that came with this version of the program"
    )]
    OtherDataset {
        /// Identifier in the catalog.
        expected_id: String,
        /// Digest in the catalog, hexadecimal.
        expected: String,
        /// Identifier of the dataset in the file.
        found_id: String,
        /// Digest of the dataset in the file, hexadecimal.
        found: String,
    },

    /// A pixel is brighter than the header allows.
    #[error(
        "image {image} has the value {value}, the header allows at most {maximum}: correct what packed it"
    )]
    ValueTooLarge {
        /// Position of the image in the file.
        image: usize,
        /// The offending value.
        value: u8,
        /// `value_max` of the header.
        maximum: u8,
    },

    /// A label names a class that does not exist.
    #[error("image {image} has the label {label}, there are {classes} classes: correct what packed it")]
    UnknownClass {
        /// Position of the image in the file.
        image: usize,
        /// The offending label.
        label: u8,
        /// Number of classes in the header.
        classes: usize,
    },

    /// All training pixels are equal: nothing can be learned, and the standard deviation is zero.
    #[error(
        "all training images are one single value at resolution {resolution}: choose a higher resolution"
    )]
    NoContrast {
        /// Side of the images in pixels.
        resolution: u32,
    },

    /// Images can only be made smaller.
    #[error("resolution {requested} is not possible: choose one from 1 to {available}")]
    Resolution {
        /// Side asked for, in pixels.
        requested: u32,
        /// Side of the images there are, in pixels.
        available: u32,
    },

    /// More training images were asked for than there are, or none.
    #[error("{requested} training images are not possible: choose a number from 1 to {available}")]
    Samples {
        /// Images asked for.
        requested: u32,
        /// Images in the training split.
        available: u32,
    },

    /// Training images cannot be changed like this.
    #[error("{field} is {value}: choose a number {rule}")]
    Augmentation {
        /// The change, as the setting is called.
        field: &'static str,
        /// Its value.
        value: f32,
        /// What it must be.
        rule: String,
    },
}
