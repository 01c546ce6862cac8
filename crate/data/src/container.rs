use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use nas_numerics::{Digest, Digester};

use crate::{DataError, DatasetInfo};

/// Version of the file format that this crate reads. It is raised when an old reader could misread a new file.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"NASDATA\0";
/// Magic, version, header length, digest.
const PREFIX_BYTES: usize = 8 + 4 + 4 + 32;
/// A header is a page of text.
const HEADER_BYTES_MAX: usize = 64 << 10;
/// A DEFLATE stream unpacks to at most 258 bytes for every two bits (<https://zlib.net/zlib_tech.html>, "maximum
/// compression factor"). A file that announces more is refused before memory is taken for it.
const DEFLATE_RATIO_MAX: u64 = 1032;

/// A file taken apart, every part checked.
pub(crate) struct Unpacked {
    pub(crate) info: DatasetInfo,
    pub(crate) hash: Digest,
    /// [image, channel, row, column]
    pub(crate) pixels: Vec<u8>,
    pub(crate) labels: Vec<u8>,
}

/// Takes a `.nasdata` file apart; the layout is in the documentation of the crate.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Unpacked, DataError> {
    let (header, expected, stream) = split_file(bytes)?;
    let damaged_header = |problem: String| DataError::Header { problem };
    let text = str::from_utf8(header).map_err(|error| damaged_header(error.to_string()))?;
    let mut info: DatasetInfo =
        serde_json::from_str(text).map_err(|error| damaged_header(error.to_string()))?;
    info.check()?;

    let mut pixels = inflate(stream, info.payload_bytes())?;
    let found = Digester::new().bytes(header).bytes(&pixels).finish();
    if found != expected {
        return Err(DataError::Damaged { expected, found });
    }
    info.file_bytes = bytes.len() as u32;
    info.sha256 = found.to_string();

    let labels = pixels.split_off((info.payload_bytes() - info.splits.total()) as usize);
    check_values(&info, &pixels, &labels)?;
    Ok(Unpacked { info, hash: found, pixels, labels })
}

/// The header, the stated digest and the compressed payload.
fn split_file(bytes: &[u8]) -> Result<(&[u8], Digest, &[u8]), DataError> {
    let truncated = |needed: usize| DataError::Truncated { found: bytes.len() as u64, needed: needed as u64 };
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(DataError::NotADataset);
    }
    let prefix: &[u8; PREFIX_BYTES] = bytes.first_chunk().ok_or_else(|| truncated(PREFIX_BYTES))?;
    let number = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]);

    let version = number(8);
    if version > FORMAT_VERSION {
        return Err(DataError::NewerVersion { found: version });
    }
    if version == 0 {
        return Err(DataError::Header { problem: "there is no format version 0".to_owned() });
    }
    let header_bytes = number(12) as usize;
    if header_bytes > HEADER_BYTES_MAX {
        let problem = format!("it would have {header_bytes} bytes, the limit is {HEADER_BYTES_MAX}");
        return Err(DataError::Header { problem });
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(&prefix[16..]);
    let (header, stream) = bytes[PREFIX_BYTES..]
        .split_at_checked(header_bytes)
        .ok_or_else(|| truncated(PREFIX_BYTES + header_bytes))?;
    Ok((header, Digest(digest), stream))
}

/// Unpacks a raw DEFLATE stream that must have exactly `size` bytes and end where `stream` ends.
fn inflate(stream: &[u8], size: u64) -> Result<Vec<u8>, DataError> {
    let payload = |problem: String| DataError::Payload { problem };
    let possible = stream.len() as u64 * DEFLATE_RATIO_MAX;
    if size > possible {
        return Err(payload(format!(
            "the header announces {size} bytes, but {} compressed bytes hold at most {possible}",
            stream.len()
        )));
    }
    let mut unpacked = vec![0; size as usize];
    let mut state = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, written) = decompress(&mut state, stream, &mut unpacked, 0, flags);
    match status {
        TINFLStatus::Done if written as u64 == size && read == stream.len() => Ok(unpacked),
        TINFLStatus::Done if written as u64 == size => {
            Err(payload(format!("{} bytes follow after the end", stream.len() - read)))
        }
        TINFLStatus::Done => Err(payload(format!("there are {written} bytes, the header announces {size}"))),
        TINFLStatus::HasMoreOutput => {
            Err(payload(format!("there are more than the {size} bytes that the header announces")))
        }
        TINFLStatus::FailedCannotMakeProgress => Err(payload("they end too early".to_owned())),
        _ => Err(payload("they are not a DEFLATE stream".to_owned())),
    }
}

fn check_values(info: &DatasetInfo, pixels: &[u8], labels: &[u8]) -> Result<(), DataError> {
    let maximum = info.value_max;
    if let Some(at) = pixels.iter().position(|&value| value > maximum) {
        let image = at / info.values_per_image() as usize;
        return Err(DataError::ValueTooLarge { image, value: pixels[at], maximum });
    }
    let classes = info.classes.len();
    if let Some(image) = labels.iter().position(|&label| usize::from(label) >= classes) {
        return Err(DataError::UnknownClass { image, label: labels[image], classes });
    }
    Ok(())
}
