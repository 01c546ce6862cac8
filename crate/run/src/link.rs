//! A run as a link: `#v=1&data=mnist&strategy=random&seed=7`.
//!
//! A version, then readable differences from the defaults (docs/links.md). Reading never fails: what is unknown,
//! out of bounds or from a newer version is put right and *told*. The command line treats each such notice as an
//! error unless asked to be lenient.

mod field;
mod packed_text;

use nas_cost::{OWN_DEVICE, devices};
use nas_member::{Member, Setting, SettingError, SettingValue, Text};
use nas_search::strategies;
use nas_space::spaces;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use ts_rs::TS;

use crate::{DataFacts, RunConfig, evaluations};
pub use field::LinkKey;
use field::{FIELDS, Field, FieldError};

/// Version of the link format that this code writes, and the newest it reads whole.
pub const LINK_VERSION: u32 = 1;

/// What a link says.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct LinkReading {
    /// The configuration: defaults, changed by what could be read.
    pub config: RunConfig,
    /// Language of the page, if the link names one.
    pub lang: Option<String>,
    /// What could not be read as it stands.
    pub notices: Vec<LinkNotice>,
}

/// Something in a link that could not be read as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct LinkNotice {
    /// What happened.
    #[serde(flatten)]
    pub kind: NoticeKind,
    /// The same in a sentence.
    pub message: String,
}

/// What happened to an item of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[ts(export)]
pub enum NoticeKind {
    /// No such key: ignored.
    Unknown {
        /// The key.
        key: String,
    },
    /// Out of bounds: the nearest value is used.
    Clamped {
        /// The key.
        key: String,
        /// The value in the link.
        given: String,
        /// The value used.
        used: String,
    },
    /// Not a value of this key: the default is used.
    Invalid {
        /// The key.
        key: String,
        /// The value in the link.
        given: String,
        /// What is taken, in words.
        expected: String,
    },
    /// The key stands twice: the first value is used.
    Repeated {
        /// The key.
        key: String,
    },
    /// More that could not be read than is told one by one.
    More {
        /// How much.
        count: u32,
    },
    /// Made by a newer version: what this one does not know is ignored.
    Newer {
        /// The version in the link.
        version: u32,
    },
}

impl LinkNotice {
    fn new(kind: NoticeKind) -> Self {
        let message = match &kind {
            NoticeKind::Unknown { key } => format!("'{key}' is no key of a link: it is ignored"),
            NoticeKind::Clamped { key, given, used } => {
                format!("{key}={given} is out of bounds: {used} is used")
            }
            NoticeKind::Invalid { key, given, expected } => {
                format!("{key}={given} is not {expected}: the default is used")
            }
            NoticeKind::Repeated { key } => format!("'{key}' stands twice: its first value is used"),
            NoticeKind::More { count } => format!("and {count} more items that could not be read"),
            NoticeKind::Newer { version } => format!(
                "the link is of version {version}, this program reads version {LINK_VERSION}: \
                 what it does not know is ignored"
            ),
        };
        Self { kind, message }
    }
}

/// Longest key or value that a notice repeats, in characters.
const NOTICE_CHARACTERS: usize = 80;
/// Notices that are told one by one.
const MOST_NOTICES: usize = 32;
/// Items that are read; every key there is fits several times.
const MOST_ITEMS: usize = 256;

/// Reads a link: a whole address, a fragment with `#`, or its content.
#[must_use]
pub fn read(link: &str, data: &[DataFacts]) -> LinkReading {
    let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
    let mut reading = LinkReading { config: RunConfig::default(), lang: None, notices: Vec::new() };
    let mut items = fragment.split('&').map(str::trim).filter(|item| !item.is_empty());
    let mut seen = Vec::new();
    for item in items.by_ref().take(MOST_ITEMS) {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        let (key, value) = (decode(key), decode(value));
        let notice = if seen.contains(&key) {
            Some(NoticeKind::Repeated { key: shown(&key) })
        } else {
            reading.take(&key, &value)
        };
        reading.notices.extend(notice.map(LinkNotice::new));
        seen.push(key);
    }
    reading.fit_data(data);
    reading.config = normalized(&reading.config);
    let untold = reading.notices.len().saturating_sub(MOST_NOTICES) + items.count();
    reading.notices.truncate(MOST_NOTICES);
    if untold > 0 {
        reading.notices.push(LinkNotice::new(NoticeKind::More { count: untold as u32 }));
    }
    reading
}

/// The configuration as its own link gives it back: settings that equal their defaults left out, words in the order of
/// their choices. Equal runs have equal configurations, and so equal logs.
#[must_use]
pub fn normalized(config: &RunConfig) -> RunConfig {
    let mut normalized = config.clone();
    normalized.settings.retain(|key, value| {
        let Some(setting) = find_setting(key) else { return true };
        if let Ok(written) = setting.parse(&value.to_string()) {
            *value = written;
        }
        *value != setting.default
    });
    normalized
}

/// Checks every value of a configuration that comes from elsewhere than a link against the bounds of links.
///
/// # Errors
/// The key, and what is wrong: a value out of bounds, or a setting that no member declares.
pub fn check(config: &RunConfig) -> Result<(), (String, String)> {
    for field in FIELDS {
        let value = field.write(config);
        let problem = match field.read(&mut config.clone(), &value) {
            Err(FieldError::Bounds { .. }) => format!("{value} is out of bounds: {}", field.expected()),
            Err(FieldError::Kind { expected }) if !value.is_empty() => format!("'{value}' is not {expected}"),
            _ => continue,
        };
        return Err((field.key.to_owned(), problem));
    }
    for (key, value) in &config.settings {
        let setting =
            find_setting(key).ok_or_else(|| (key.clone(), "there is no such setting".to_owned()))?;
        setting.check(value).map_err(|error| (key.clone(), error.to_string()))?;
    }
    Ok(())
}

/// Writes a configuration as the content of a fragment: the version, then every difference from the defaults in
/// the order of the keys.
#[must_use]
pub fn write(config: &RunConfig) -> String {
    let default = RunConfig::default();
    let mut items = vec![format!("v={LINK_VERSION}")];
    for field in FIELDS {
        let value = field.write(config);
        if value != field.write(&default) {
            items.push(format!("{}={value}", field.key));
        }
    }
    items.extend(normalized(config).settings.iter().map(|(key, value)| format!("{key}={value}")));
    items.join("&")
}

/// All keys that a link may have: those of every run, then the settings of each member.
#[must_use]
pub fn keys() -> Vec<LinkKey> {
    let default = RunConfig::default();
    let version = LinkKey {
        key: "v".into(),
        since: 1,
        expected: "a version".into(),
        default: LINK_VERSION.to_string(),
        meaning: Text::new("Version of the link", "Versión del enlace"),
    };
    let lang = LinkKey {
        key: "lang".into(),
        since: 1,
        expected: LANGUAGES.join(" or "),
        default: "that of the browser".into(),
        meaning: Text::new("Language of the page", "Idioma de la página"),
    };
    let fields = FIELDS.iter().map(|field| field.describe(&default));
    let settings = members().into_iter().flat_map(|member| {
        member.settings.into_iter().map(move |setting| LinkKey {
            key: format!("{}.{}", member.id, setting.name),
            since: 1,
            expected: setting.expected(),
            default: setting.default.to_string(),
            meaning: setting.title,
        })
    });
    std::iter::once(version).chain(fields).chain(std::iter::once(lang)).chain(settings).collect()
}

const LANGUAGES: [&str; 2] = ["en", "es"];

impl LinkReading {
    /// Takes one item; returns what is to be told about it.
    fn take(&mut self, key: &str, value: &str) -> Option<NoticeKind> {
        match key {
            "v" => return read_version(value),
            "lang" if LANGUAGES.contains(&value) => self.lang = Some(value.to_owned()),
            "lang" => return Some(invalid(key, value, LANGUAGES.join(" or "))),
            _ => {
                if let Some(field) = FIELDS.iter().find(|field| field.key == key) {
                    return self.take_field(field, value);
                }
                let Some(setting) = find_setting(key) else {
                    return Some(NoticeKind::Unknown { key: shown(key) });
                };
                return self.take_setting(key, &setting, value);
            }
        }
        None
    }

    fn take_field(&mut self, field: &Field, value: &str) -> Option<NoticeKind> {
        match field.read(&mut self.config, value) {
            Ok(()) => None,
            Err(FieldError::Bounds { used }) => Some(clamped(field.key, value, used)),
            Err(FieldError::Kind { expected }) => Some(invalid(field.key, value, expected)),
        }
    }

    fn take_setting(&mut self, key: &str, setting: &Setting, value: &str) -> Option<NoticeKind> {
        let mut set = |value: SettingValue| self.config.settings.insert(key.to_owned(), value);
        match setting.parse(value) {
            Ok(value) => {
                set(value);
                None
            }
            Err(SettingError::Bounds { nearest, .. }) => {
                let used = nearest.to_string();
                set(nearest);
                Some(clamped(key, value, used))
            }
            Err(SettingError::Kind { expected, .. }) => Some(invalid(key, value, expected)),
        }
    }

    /// Brings what depends on the dataset into its bounds.
    fn fit_data(&mut self, data: &[DataFacts]) {
        let config = &mut self.config;
        let Some(facts) = data.iter().find(|facts| facts.id == config.data) else {
            let expected = data.iter().map(|facts| facts.id.as_str()).collect::<Vec<_>>().join(", ");
            let kind = invalid("data", &config.data, format!("one of {expected}"));
            config.data = RunConfig::default().data;
            self.notices.push(LinkNotice::new(kind));
            return self.fit_data_again(data);
        };
        if let Some(res) = config.res.filter(|res| !facts.resolutions.contains(res)) {
            let nearest = facts.resolutions.iter().copied().min_by_key(|other| (other.abs_diff(res), *other));
            config.res = nearest;
            let used = nearest.map_or_else(String::new, |res| res.to_string());
            self.notices.push(LinkNotice::new(clamped("res", &res.to_string(), used)));
        }
        if let Some(samples) = config.samples.filter(|samples| !(1..=facts.train_images).contains(samples)) {
            let used = samples.clamp(1, facts.train_images);
            config.samples = Some(used);
            let kind = clamped("samples", &samples.to_string(), used.to_string());
            self.notices.push(LinkNotice::new(kind));
        }
    }

    /// The default dataset is there wherever any dataset is.
    fn fit_data_again(&mut self, data: &[DataFacts]) {
        if data.iter().any(|facts| facts.id == self.config.data) {
            self.fit_data(data);
        }
    }
}

/// A version, as far as something is to be told about it.
fn read_version(value: &str) -> Option<NoticeKind> {
    match value.parse::<u32>() {
        Ok(1..=LINK_VERSION) => None,
        Ok(version @ 1..) => Some(NoticeKind::Newer { version }),
        _ => Some(invalid("v", value, "a version".to_owned())),
    }
}

/// Every member that declares settings of its own.
fn members() -> Vec<Member> {
    [spaces(), strategies(), evaluations()].concat()
}

/// The setting that a key `member.name` stands for.
fn find_setting(key: &str) -> Option<Setting> {
    let (id, name) = key.rsplit_once('.')?;
    let member = members().into_iter().find(|member| member.id == id)?;
    member.settings.into_iter().find(|setting| setting.name == name)
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A text from a link, cut to what a notice may repeat.
fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(NOTICE_CHARACTERS).collect()
}

fn clamped(key: &str, given: &str, used: String) -> NoticeKind {
    NoticeKind::Clamped { key: key.to_owned(), given: shown(given), used }
}

fn invalid(key: &str, given: &str, expected: String) -> NoticeKind {
    NoticeKind::Invalid { key: key.to_owned(), given: shown(given), expected }
}

fn ids(members: &[Member]) -> Vec<&'static str> {
    members.iter().map(|member| member.id).collect()
}

fn device_ids() -> Vec<&'static str> {
    devices().iter().map(|device| device.id).collect()
}

/// Devices that a run can be priced on: a file may describe one more.
fn priced_ids() -> Vec<&'static str> {
    [device_ids(), vec![OWN_DEVICE]].concat()
}

#[cfg(test)]
mod tests;
