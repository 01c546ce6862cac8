use std::collections::BTreeMap;

use nas_arch::Recipe;
use nas_member::SettingValue;
use nas_run::DataSpec;
use serde::{Deserialize, Serialize};

/// What a table is about: all that its trainings depend on, and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Version of the arithmetic.
    pub numerics: u32,
    /// What was trained on.
    pub data: DataSpec,
    /// Digest of the dataset.
    pub data_sha256: String,
    /// Validation images: what the columns `correct…` count.
    pub validation_images: u32,
    /// Test images: what the columns `test_correct…` count.
    pub test_images: u32,
    /// Identifier of the search space.
    pub space: String,
    /// Settings of the space and of training that are not the defaults, by `member.name`.
    pub settings: BTreeMap<String, SettingValue>,
    /// How each network was trained.
    pub recipe: Recipe,
    /// Seed of the trainings, as that of a run.
    pub seed: u32,
    /// Trainings of each network.
    pub replicates: u32,
    /// Genotypes of the space: rows of the table.
    pub genotypes: u32,
    /// Distinct networks.
    pub networks: u32,
    /// The columns that are genes.
    pub genes: Vec<String>,
}

/// What stands in a file beside a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFacts {
    /// What it is about.
    pub subject: Subject,
    /// Digest of everything that the trainings came to ([`Tabulation::outcomes_digest`](crate::Tabulation::outcomes_digest)),
    /// trained weights included.
    pub outcomes_sha256: String,
    /// Digest of the unpacked table.
    pub table_sha256: String,
}
