use std::path::{Path, PathBuf};

use clap::Args;
use nas_data::{Dataset, DatasetInfo, catalog};
use nas_run::DataFacts;

use crate::failure::Failure;

/// Datasets that travel with the command.
const EMBEDDED: [(&str, &[u8]); 3] = [
    ("digits8", include_bytes!("../../../static/data/digits8.nasdata")),
    ("mnist", include_bytes!("../../../static/data/mnist.nasdata")),
    ("fashion", include_bytes!("../../../static/data/fashion.nasdata")),
];

/// Where datasets come from.
#[derive(Args)]
pub(crate) struct DataArguments {
    /// Folder with dataset files, instead of those that travel with the command.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataArguments {
    /// Opens a dataset of the catalog.
    pub(crate) fn open(&self, info: &DatasetInfo) -> Result<Dataset, Failure> {
        if let Some(folder) = &self.data_dir {
            return open_file(info, &folder.join(info.file_name()));
        }
        let embedded = EMBEDDED.iter().find(|(id, _)| *id == info.id);
        let (_, bytes) = embedded.ok_or_else(|| {
            Failure::Input(format!("'{}' does not travel with the command: give --data-dir", info.id))
        })?;
        Ok(info.open(bytes)?)
    }
}

fn open_file(info: &DatasetInfo, path: &Path) -> Result<Dataset, Failure> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Failure::in_file(&name, error))?;
    info.open(&bytes).map_err(|error| Failure::in_file(&name, error))
}

/// The catalog's entry for a dataset.
pub(crate) fn find(id: &str) -> Result<&'static DatasetInfo, Failure> {
    DatasetInfo::find(id).ok_or_else(|| {
        let known = catalog().iter().map(|info| info.id.as_str()).collect::<Vec<_>>().join(", ");
        Failure::Input(format!("there is no dataset '{id}': use one of {known}"))
    })
}

/// What runs must know of all datasets.
pub(crate) fn all_facts() -> Vec<DataFacts> {
    catalog().iter().map(DataFacts::of).collect()
}
