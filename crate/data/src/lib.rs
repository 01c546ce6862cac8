//! Proxy datasets: small labeled image sets on which candidates are trained.
//!
//! A dataset is one packed file, `static/data/<id>.nasdata`. [`catalog`] describes the shipped ones before any
//! file is loaded, [`DatasetInfo::open`] and [`Dataset::parse`] read one, [`Dataset`] hands out normalized
//! batches of its fixed splits at any resolution up to the native one. Nothing here does I/O: bytes come in from
//! whoever has them.
//!
//! # The file
//! Numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `NASDATA` and a zero byte |
//! | 4 | format version ([`FORMAT_VERSION`]), u32 |
//! | 4 | length of the header in bytes, u32 |
//! | 32 | SHA-256 of the content: header length as u64, header, payload length as u64, payload |
//! | … | header: the JSON of [`DatasetInfo`] without the two fields that describe the file itself |
//! | … | payload as one raw DEFLATE stream, up to the end of the file |
//!
//! The payload holds first all images, then all labels, one byte each value; an image is its channels one after
//! the other, each row by row. Images and labels are ordered train, validation, test: the order *is* the split.
//! The training images are stored in rounds, each round one image of every class, so that any prefix of them
//! is balanced.
//!
//! The digest is of what is packed and not of how it is packed, so that another DEFLATE encoder names the same
//! dataset. Whatever happens to a file on its way, it is either refused or has exactly the content that was packed.

mod augmentation;
mod catalog;
mod container;
mod dataset;
mod error;
mod info;
mod normalization;
mod resolution;

pub use augmentation::{Augmentation, Augmenter};
pub use catalog::{catalog, datasets};
pub use container::FORMAT_VERSION;
pub use dataset::{Dataset, PIXEL_SCALE, Split};
pub use error::DataError;
pub use info::{DatasetInfo, LocalizedText, MadeBy, SplitSizes};
pub use normalization::Normalization;
pub use resolution::shrink;
