//! A file as it is written. What it may say is in docs/spaces/custom.schema.json, word for word.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The only version of the format.
pub(super) const FORMAT: u32 = 1;
pub(super) const MAX_CHANNELS: u32 = 1024;
pub(super) const MAX_KERNEL: u32 = 31;
pub(super) const MAX_STRIDE: u32 = 8;
pub(super) const MAX_EXPANSION: u32 = 8;
pub(super) const MAX_REPEAT: u32 = 16;

/// Genes and layers as text, so that what is wrong in one is told with its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileForm<'a> {
    pub(super) format: u32,
    #[serde(borrow)]
    pub(super) genes: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) layers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GeneForm {
    pub(super) id: String,
    pub(super) choices: ChoicesForm,
    pub(super) when: Option<WhenForm>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of ascending whole numbers, or a list of words")]
pub(super) enum ChoicesForm {
    Numbers(Vec<u32>),
    Words(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenForm {
    pub(super) gene: String,
    pub(super) is: Vec<ChoiceForm>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number or a word")]
pub(super) enum ChoiceForm {
    Number(u32),
    Word(String),
}

/// `8`, or `"$gene"`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a whole number or \"$gene\"")]
pub(super) enum NumberForm {
    Fixed(u32),
    Gene(String),
}

/// Which of its three forms an item has; the rest of it is read by the form.
pub(super) enum ItemKind {
    Block { block: String },
    Repeat,
    Choose,
}

impl<'de> Deserialize<'de> for ItemKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = serde_json::Map::deserialize(deserializer)?;
        match (fields.get("block"), fields.contains_key("repeat"), fields.contains_key("choose")) {
            (Some(serde_json::Value::String(block)), false, false) => {
                Ok(Self::Block { block: block.clone() })
            }
            (None, true, false) => Ok(Self::Repeat),
            (None, false, true) => Ok(Self::Choose),
            _ => Err(serde::de::Error::custom(
                "expected an object with \"block\", with \"repeat\" and \"layers\", or with \"choose\" and \"between\"",
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatForm<'a> {
    pub(super) repeat: NumberForm,
    #[serde(borrow)]
    pub(super) layers: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChooseForm<'a> {
    pub(super) choose: String,
    #[serde(borrow)]
    pub(super) between: BTreeMap<String, Vec<&'a RawValue>>,
}
