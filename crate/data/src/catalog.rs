use std::sync::LazyLock;

use nas_member::{Member, Text};

use crate::{DatasetInfo, LocalizedText};

/// Written by `scripts/data/pack.py` together with the files.
static CATALOG: LazyLock<Vec<DatasetInfo>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../static/data/catalog.json"))
        .expect("static/data/catalog.json is written by scripts/data/pack.py and read by the tests")
});

/// The datasets that ship with the program, the default first.
#[must_use]
pub fn catalog() -> &'static [DatasetInfo] {
    &CATALOG
}

/// All datasets as members of their axis. Resolution and number of training images are settings of the run.
#[must_use]
pub fn datasets() -> Vec<Member> {
    let text = |text: &'static LocalizedText| Text::new(&text.en, &text.es);
    let member = |info: &'static DatasetInfo| Member {
        id: &info.id,
        title: text(&info.title),
        sentence: text(&info.sentence),
        settings: Vec::new(),
    };
    catalog().iter().map(member).collect()
}

impl DatasetInfo {
    /// The entry of the catalog with this identifier.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static DatasetInfo> {
        catalog().iter().find(|info| info.id == id)
    }
}
