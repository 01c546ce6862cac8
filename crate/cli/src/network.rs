use nas_arch::{Network, reference};

use crate::failure::Failure;

/// The largest network file that is read, in bytes: far more than the largest allowed network needs.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Reads a network from a file, or by name: `ref:digits-tiny`.
pub(crate) fn read(source: &str) -> Result<Network, Failure> {
    if let Some(id) = source.strip_prefix("ref:") {
        return Ok(reference(id)?);
    }
    let text = read_text(source, MAX_FILE_BYTES)?;
    Network::from_json(&text).map_err(|error| Failure::in_file(source, error))
}

/// Reads a text file of at most `max_bytes`.
pub(crate) fn read_text(path: &str, max_bytes: u64) -> Result<String, Failure> {
    let size = std::fs::metadata(path).map_err(|error| Failure::in_file(path, error))?.len();
    if size > max_bytes {
        return Err(Failure::in_file(path, format!("{size} bytes, at most {max_bytes} are read")));
    }
    std::fs::read_to_string(path).map_err(|error| Failure::in_file(path, error))
}
