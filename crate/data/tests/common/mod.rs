//! Makes `.nasdata` files that no packing script would make.

use nas_data::FORMAT_VERSION;
use nas_numerics::Digester;
use serde_json::{Value, json};

/// The header of a dataset of two classes with 3 + 2 + 1 images of 2 channels and 2 × 2 pixels.
pub(crate) fn small_header() -> Value {
    json!({
        "id": "small",
        "title": {"en": "Small", "es": "Pequeño"},
        "sentence": {"en": "Six images.", "es": "Seis imágenes."},
        "classes": [{"en": "dark", "es": "oscuro"}, {"en": "bright", "es": "claro"}],
        "shape": [2, 2, 2],
        "splits": {"train": 3, "validation": 2, "test": 1},
        "value_max": 100,
        "resolutions": [1, 2],
        "default_resolution": 2,
        "synthetic": true,
        "source": "made by hand",
        "license": "CC0-1.0",
        "attribution": "nobody",
        "made_by": {"script": "crate/data/tests/common/mod.rs", "packages": []},
    })
}

/// The payload for [`small_header`]: image k holds 8k … 8k + 7, the labels alternate.
pub(crate) fn small_payload() -> Vec<u8> {
    (0..48).chain([0, 1, 0, 1, 0, 1]).collect()
}

/// A file with this header and payload, its digest right.
pub(crate) fn pack(header: &Value, payload: &[u8]) -> Vec<u8> {
    pack_text(header.to_string().as_bytes(), payload)
}

/// A file whose header is any bytes, its digest right.
pub(crate) fn pack_text(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let digest = Digester::new().bytes(header).bytes(payload).finish();
    let mut file = b"NASDATA\0".to_vec();
    file.extend(FORMAT_VERSION.to_le_bytes());
    file.extend((header.len() as u32).to_le_bytes());
    file.extend(digest.0);
    file.extend(header);
    file.extend(miniz_oxide::deflate::compress_to_vec(payload, 6));
    file
}
