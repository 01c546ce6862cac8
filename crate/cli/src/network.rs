use std::fs::File;
use std::io::Read as _;

use clap::Args;
use nas_arch::{Network, ReferenceSizes, sized_reference};

use crate::failure::Failure;

/// The largest network file that is read, in bytes: 1 KiB for each of the 4,096 layers that a network may have.
const MAX_FILE_BYTES: u64 = 4 << 20;

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

/// Reads a text file of at most `max_bytes`; of anything longer, a device that never ends among them, no more than that.
pub(crate) fn read_text(path: &str, max_bytes: u64) -> Result<String, Failure> {
    let in_file = |error| Failure::in_file(path, error);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(max_bytes + 1).read_to_end(&mut bytes)).map_err(in_file)?;
    if bytes.len() as u64 > max_bytes {
        return Err(Failure::in_file(path, format!("more than {max_bytes} bytes: at most so many are read")));
    }
    String::from_utf8(bytes).map_err(|error| Failure::in_file(path, error.utf8_error()))
}
