use clap::Args;
use nas_arch::{Network, ReferenceSizes, sized_reference};

use crate::failure::Failure;

/// The largest network file that is read, in bytes: far more than the largest allowed network needs.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Which network a command is about.
#[derive(Args)]
pub(crate) struct NetworkArguments {
    /// A network file, or `ref:ID` for a reference network; `ref:nas-bench-201:CELL` has a cell of its own.
    network: String,
    /// Channels of the images, for a reference network.
    #[arg(long, value_name = "N")]
    channels: Option<u32>,
    /// Height and width of the images, for a reference network.
    #[arg(long, value_name = "PIXELS")]
    resolution: Option<u32>,
    /// Number of classes, for a reference network.
    #[arg(long, value_name = "N")]
    classes: Option<u32>,
}

impl NetworkArguments {
    pub(crate) fn read(&self) -> Result<Network, Failure> {
        let sizes =
            ReferenceSizes { channels: self.channels, resolution: self.resolution, classes: self.classes };
        if let Some(name) = self.network.strip_prefix("ref:") {
            return Ok(sized_reference(name, sizes)?);
        }
        if sizes != ReferenceSizes::default() {
            let advice = "--channels, --resolution and --classes are for reference networks: change the file";
            return Err(Failure::in_file(&self.network, advice));
        }
        let text = read_text(&self.network, MAX_FILE_BYTES)?;
        Network::from_json(&text).map_err(|error| Failure::in_file(&self.network, error))
    }

    /// As it was given.
    pub(crate) fn name(&self) -> &str {
        &self.network
    }
}

/// Reads a text file of at most `max_bytes`.
pub(crate) fn read_text(path: &str, max_bytes: u64) -> Result<String, Failure> {
    let size = std::fs::metadata(path).map_err(|error| Failure::in_file(path, error))?.len();
    if size > max_bytes {
        return Err(Failure::in_file(path, format!("{size} bytes, at most {max_bytes} are read")));
    }
    std::fs::read_to_string(path).map_err(|error| Failure::in_file(path, error))
}
