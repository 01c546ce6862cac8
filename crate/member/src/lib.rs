//! How a member of an axis describes itself.
//!
//! Datasets, spaces, strategies, evaluations and devices are *members* of their axes. Each says its
//! identifier, its title and one sentence in every language, and the settings that are its own. Links,
//! command line and page read these declarations, so that a new member needs no change in any of them.

mod setting;

pub use setting::{Choice, Setting, SettingError, SettingKind, SettingValue, Settings, parse_real};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A text that people read, in every language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Spanish.
    pub es: &'static str,
}

impl Text {
    /// A text in both languages.
    #[must_use]
    pub const fn new(en: &'static str, es: &'static str) -> Self {
        Self { en, es }
    }
}

/// A member of an axis, as lists and forms show it.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Member {
    /// Identifier in kebab-case, the same in links, files and commands.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
    /// What it is, in one sentence.
    pub sentence: Text,
    /// Settings of its own, written `id.name=value` in links.
    pub settings: Vec<Setting>,
}
