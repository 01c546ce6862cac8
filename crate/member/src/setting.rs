use serde::{Deserialize, Serialize};
use thiserror::Error;
use ts_rs::TS;

use crate::Text;

/// A setting that a member declares.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Setting {
    /// Name in `snake_case`; in a link `member.name=value`.
    pub name: &'static str,
    /// What it is called.
    pub title: Text,
    /// What values it takes.
    pub kind: SettingKind,
    /// Value when nothing is said.
    pub default: SettingValue,
}

/// What values a setting takes.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[ts(export)]
pub enum SettingKind {
    /// A whole number between two bounds.
    Integer {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// A number between two bounds.
    Real {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Yes or no; in a link `on` or `off`.
    Switch,
    /// One of these.
    Choice {
        /// What may be chosen.
        choices: Vec<Choice>,
    },
    /// Some of these words, at least one; in a link joined by commas.
    Words {
        /// The words that may be chosen.
        choices: Vec<&'static str>,
    },
    /// Some of these numbers, at least one, ascending; in a link joined by commas.
    Numbers {
        /// Smallest value of each.
        min: u32,
        /// Largest value of each.
        max: u32,
        /// How many at most.
        at_most: u32,
    },
}

/// What may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Choice {
    /// Identifier in kebab-case, as in a link.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
}

impl Choice {
    /// A choice, called so in English and in Spanish.
    #[must_use]
    pub const fn new(id: &'static str, en: &'static str, es: &'static str) -> Self {
        Self { id, title: Text::new(en, es) }
    }
}

/// The value of a setting. A whole number may stand for a number: JavaScript does not tell them apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(untagged)]
#[ts(export)]
pub enum SettingValue {
    /// Yes or no.
    Switch(bool),
    /// A whole number.
    Integer(u32),
    /// A number.
    Real(f64),
    /// Whole numbers.
    Numbers(Vec<u32>),
    /// A word.
    Word(String),
    /// Words.
    Words(Vec<String>),
}

/// Why a value is none of a setting's.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SettingError {
    /// Not of the setting's kind at all.
    #[error("'{value}' is not {expected}")]
    Kind {
        /// What was given.
        value: String,
        /// What is taken, in words.
        expected: String,
    },
    /// Outside the bounds; `nearest` is inside.
    #[error("{value} is out of bounds: {expected}")]
    Bounds {
        /// What was given.
        value: String,
        /// What is taken, in words.
        expected: String,
        /// The nearest value that is taken.
        nearest: SettingValue,
    },
}

impl Setting {
    /// Checks a value against the setting's kind.
    ///
    /// # Errors
    /// If the value is of another kind or out of bounds.
    pub fn check(&self, value: &SettingValue) -> Result<(), SettingError> {
        let bounds =
            |nearest| SettingError::Bounds { value: value.to_string(), expected: self.expected(), nearest };
        match (&self.kind, value) {
            (SettingKind::Switch, SettingValue::Switch(_)) => Ok(()),
            (SettingKind::Integer { min, max }, SettingValue::Integer(number)) => {
                let nearest = *number.clamp(min, max);
                if nearest == *number { Ok(()) } else { Err(bounds(SettingValue::Integer(nearest))) }
            }
            (SettingKind::Real { .. }, SettingValue::Integer(number)) => {
                self.check(&SettingValue::Real(f64::from(*number)))
            }
            (SettingKind::Real { min, max }, SettingValue::Real(number)) if number.is_finite() => {
                let nearest = number.clamp(*min, *max);
                if (min..=max).contains(&number) { Ok(()) } else { Err(bounds(SettingValue::Real(nearest))) }
            }
            (SettingKind::Choice { choices }, SettingValue::Word(word))
                if choices.iter().any(|choice| choice.id == word) =>
            {
                Ok(())
            }
            (SettingKind::Words { choices }, SettingValue::Words(words)) => {
                let known: Vec<String> = choices
                    .iter()
                    .filter(|choice| words.iter().any(|w| w == *choice))
                    .map(ToString::to_string)
                    .collect();
                match known.len() {
                    0 => Err(bounds(self.default.clone())),
                    count if count < words.len() => Err(bounds(SettingValue::Words(known))),
                    _ => Ok(()),
                }
            }
            (SettingKind::Numbers { min, max, at_most }, SettingValue::Numbers(numbers)) => {
                let mut nearest: Vec<u32> = numbers.iter().map(|number| *number.clamp(min, max)).collect();
                nearest.sort_unstable();
                nearest.dedup();
                nearest.truncate(*at_most as usize);
                match () {
                    () if nearest.is_empty() => Err(bounds(self.default.clone())),
                    () if nearest == *numbers => Ok(()),
                    () => Err(bounds(SettingValue::Numbers(nearest))),
                }
            }
            _ => Err(SettingError::Kind { value: value.to_string(), expected: self.expected() }),
        }
    }

    /// Reads a value as it stands in a link.
    ///
    /// # Errors
    /// If the text is no value of this kind, or out of bounds.
    pub fn parse(&self, text: &str) -> Result<SettingValue, SettingError> {
        let not_one = || SettingError::Kind { value: text.to_owned(), expected: self.expected() };
        let number = |text: &str| text.parse::<u32>().map_err(|_| not_one());
        let value = match &self.kind {
            SettingKind::Switch => match text {
                "on" => SettingValue::Switch(true),
                "off" => SettingValue::Switch(false),
                _ => return Err(not_one()),
            },
            SettingKind::Integer { .. } => SettingValue::Integer(number(text)?),
            SettingKind::Real { .. } => {
                // −0 is 0.
                SettingValue::Real(parse_real(text).ok_or_else(not_one)? + 0.0)
            }
            SettingKind::Choice { .. } => SettingValue::Word(text.to_owned()),
            SettingKind::Numbers { .. } => {
                SettingValue::Numbers(text.split(',').map(number).collect::<Result<_, _>>()?)
            }
            SettingKind::Words { choices } => {
                let words: Vec<String> = text.split(',').map(str::to_owned).collect();
                let mut ordered: Vec<String> = choices
                    .iter()
                    .filter(|choice| words.iter().any(|w| w == *choice))
                    .map(ToString::to_string)
                    .collect();
                ordered.extend(words.into_iter().filter(|word| !choices.contains(&word.as_str())));
                SettingValue::Words(ordered)
            }
        };
        self.check(&value)?;
        Ok(value)
    }

    /// What values it takes, in words.
    #[must_use]
    pub fn expected(&self) -> String {
        match &self.kind {
            SettingKind::Switch => "on or off".to_owned(),
            SettingKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
            SettingKind::Real { min, max } => format!("a number from {min} to {max}"),
            SettingKind::Choice { choices } => {
                let ids: Vec<&str> = choices.iter().map(|choice| choice.id).collect();
                format!("one of {}", ids.join(", "))
            }
            SettingKind::Words { choices } => format!("some of {}", choices.join(", ")),
            SettingKind::Numbers { min, max, at_most } => {
                format!("1 to {at_most} ascending whole numbers from {min} to {max}, joined by commas")
            }
        }
    }
}

impl core::fmt::Display for SettingValue {
    /// As it stands in a link.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Switch(on) => formatter.write_str(if *on { "on" } else { "off" }),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Real(number) => write!(formatter, "{number}"),
            Self::Word(word) => formatter.write_str(word),
            Self::Numbers(numbers) => {
                formatter.write_str(&numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Words(words) => formatter.write_str(&words.join(",")),
        }
    }
}

/// The settings of one member: what was chosen, and the defaults for the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings(Vec<(&'static str, SettingValue)>);

impl Settings {
    /// The declared settings of a member, each with the value that `chosen` finds for its name or its default.
    #[must_use]
    pub fn new<'a>(declared: &[Setting], chosen: impl Fn(&str) -> Option<&'a SettingValue>) -> Self {
        let value = |setting: &Setting| chosen(setting.name).unwrap_or(&setting.default).clone();
        Self(declared.iter().map(|setting| (setting.name, value(setting))).collect())
    }

    /// The defaults.
    #[must_use]
    pub fn defaults(declared: &[Setting]) -> Self {
        Self::new(declared, |_| None)
    }

    fn get(&self, name: &str) -> Option<&SettingValue> {
        self.0.iter().find(|(declared, _)| *declared == name).map(|(_, value)| value)
    }

    /// Value of a whole number.
    ///
    /// # Panics
    /// If no such setting was declared: the member asks for what it did not declare.
    #[must_use]
    pub fn integer(&self, name: &str) -> u32 {
        match self.get(name) {
            Some(SettingValue::Integer(number)) => *number,
            other => panic!("setting '{name}' is not a declared integer but {other:?}"),
        }
    }

    /// Value of a number.
    ///
    /// # Panics
    /// If no such setting was declared.
    #[must_use]
    pub fn real(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(SettingValue::Real(number)) => *number,
            Some(SettingValue::Integer(number)) => f64::from(*number),
            other => panic!("setting '{name}' is not a declared number but {other:?}"),
        }
    }

    /// Identifier of what was chosen.
    ///
    /// # Panics
    /// If no such setting was declared.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.get(name) {
            Some(SettingValue::Word(word)) => word,
            other => panic!("setting '{name}' is not a declared choice but {other:?}"),
        }
    }

    /// Value of a switch.
    ///
    /// # Panics
    /// If no such setting was declared.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        match self.get(name) {
            Some(SettingValue::Switch(on)) => *on,
            other => panic!("setting '{name}' is not a declared switch but {other:?}"),
        }
    }

    /// Value of a list of words.
    ///
    /// # Panics
    /// If no such setting was declared.
    #[must_use]
    pub fn words(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(SettingValue::Words(words)) => words,
            other => panic!("setting '{name}' is not a declared list of words but {other:?}"),
        }
    }

    /// Value of a list of numbers.
    ///
    /// # Panics
    /// If no such setting was declared.
    #[must_use]
    pub fn numbers(&self, name: &str) -> &[u32] {
        match self.get(name) {
            Some(SettingValue::Numbers(numbers)) => numbers,
            other => panic!("setting '{name}' is not a declared list of numbers but {other:?}"),
        }
    }
}

/// The number of a text, written as in JSON: the parser that configurations and networks need anyway, since the one of the
/// standard library would bring tables of its own to the browser.
#[must_use]
pub fn parse_real(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(kind: SettingKind, default: SettingValue) -> Setting {
        Setting { name: "it", title: Text::new("it", "ello"), kind, default }
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        let integer = setting(SettingKind::Integer { min: 1, max: 9 }, SettingValue::Integer(3));
        let switch = setting(SettingKind::Switch, SettingValue::Switch(true));
        let words = setting(
            SettingKind::Words { choices: vec!["conv", "pool", "fire"] },
            SettingValue::Words(vec!["conv".into()]),
        );
        let numbers =
            setting(SettingKind::Numbers { min: 1, max: 64, at_most: 3 }, SettingValue::Numbers(vec![8]));
        let real = setting(SettingKind::Real { min: 0.0, max: 1.0 }, SettingValue::Real(0.5));
        let choice = setting(
            SettingKind::Choice { choices: vec![Choice::new("sgd", "SGD", "SGD")] },
            SettingValue::Word("sgd".into()),
        );
        let cases = [
            (&integer, "7"),
            (&switch, "off"),
            (&words, "conv,fire"),
            (&numbers, "4,8,16"),
            (&real, "0.001"),
            (&real, "1"),
            (&choice, "sgd"),
        ];
        for (setting, text) in cases {
            assert_eq!(setting.parse(text).unwrap().to_string(), text);
        }
        assert_eq!(words.parse("fire,conv").unwrap().to_string(), "conv,fire");
        assert_eq!(real.parse("1e-3").unwrap().to_string(), "0.001");
        assert_eq!(real.parse("0.9073038322028689").unwrap(), SettingValue::Real(0.907_303_832_202_868_9));
        assert_eq!(real.parse("-0").unwrap().to_string(), "0");
    }

    #[test]
    fn json_keeps_the_kinds_apart_but_for_whole_numbers() {
        for (value, json) in [
            (SettingValue::Integer(1), "1"),
            (SettingValue::Real(1.0), "1.0"),
            (SettingValue::Real(0.001), "0.001"),
            (SettingValue::Word("sgd".into()), "\"sgd\""),
            (SettingValue::Words(vec!["sgd".into()]), "[\"sgd\"]"),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<SettingValue>(json).unwrap(), value);
        }
        let real = setting(SettingKind::Real { min: 0.0, max: 1.0 }, SettingValue::Real(0.5));
        assert_eq!(real.check(&SettingValue::Integer(1)), Ok(()));
        assert!(real.check(&SettingValue::Integer(2)).is_err());
        let settings = Settings::new(&[real], |_| Some(&SettingValue::Integer(1)));
        assert_eq!(settings.real("it"), 1.0);
    }

    #[test]
    fn out_of_bounds_names_the_nearest() {
        let nearest = |setting: &Setting, text: &str| match setting.parse(text) {
            Err(SettingError::Bounds { nearest, .. }) => nearest.to_string(),
            other => panic!("{text}: {other:?}"),
        };
        let integer = setting(SettingKind::Integer { min: 1, max: 9 }, SettingValue::Integer(3));
        assert_eq!(nearest(&integer, "0"), "1");
        assert_eq!(nearest(&integer, "12"), "9");
        let numbers =
            setting(SettingKind::Numbers { min: 1, max: 64, at_most: 2 }, SettingValue::Numbers(vec![8]));
        assert_eq!(nearest(&numbers, "70,4,4"), "4,64");
        let words =
            setting(SettingKind::Words { choices: vec!["conv"] }, SettingValue::Words(vec!["conv".into()]));
        assert_eq!(nearest(&words, "conv,attention"), "conv");
        let real = setting(SettingKind::Real { min: 0.25, max: 1.0 }, SettingValue::Real(0.5));
        assert_eq!(nearest(&real, "0"), "0.25");
        assert_eq!(nearest(&real, "-3"), "0.25");
        assert_eq!(nearest(&real, "1.5"), "1");
        assert!(matches!(integer.parse("many"), Err(SettingError::Kind { .. })));
        for text in ["NaN", "inf", "1e999", "", "0,5"] {
            assert!(matches!(real.parse(text), Err(SettingError::Kind { .. })), "{text}");
        }
        let choice = setting(SettingKind::Choice { choices: Vec::new() }, SettingValue::Word(String::new()));
        assert!(matches!(choice.parse("sgd"), Err(SettingError::Kind { .. })));
    }
}
