use nas_data::{Dataset, DatasetInfo, PIXEL_SCALE, Split};
use nas_run::DataFacts;
use nas_wasm_border::{BorderError, coded};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A dataset file, opened and checked.
#[wasm_bindgen]
pub struct DataFile(Dataset);

#[wasm_bindgen]
impl DataFile {
    /// Opens the file of dataset `id`.
    ///
    /// # Errors
    /// If there is no such dataset, or the bytes are damaged, truncated, of a newer format, or another file.
    #[wasm_bindgen(constructor)]
    pub fn new(id: &str, bytes: &[u8]) -> Result<Self, JsValue> {
        Ok(Self(info_of(id)?.open(bytes).map_err(coded("bad-data"))?))
    }

    /// The first `count` training images as bytes, channels last.
    #[must_use]
    pub fn pixels(&self, count: usize) -> Vec<u8> {
        let brightest = u32::from(self.0.info().value_max) * u32::from(PIXEL_SCALE);
        let byte = |value: &u16| (u32::from(*value) * 255 / brightest) as u8;
        let images = self.0.images(Split::Train);
        images.outer_iter().take(count).flat_map(|image| image.iter().map(byte).collect::<Vec<_>>()).collect()
    }

    /// Labels of the first `count` training images.
    #[must_use]
    pub fn labels(&self, count: usize) -> Vec<u8> {
        self.0.labels(Split::Train).iter().copied().take(count).collect()
    }
}

fn info_of(id: &str) -> Result<&'static DatasetInfo, BorderError> {
    DatasetInfo::find(id).ok_or_else(|| BorderError::misuse(&format!("there is no dataset '{id}'")))
}

pub(crate) fn facts_of(id: &str) -> Result<DataFacts, BorderError> {
    info_of(id).map(DataFacts::of)
}
