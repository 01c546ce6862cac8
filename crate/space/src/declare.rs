//! Short forms of what spaces declare.

use nas_member::{Setting, SettingKind, SettingValue, Text};

use crate::{Problem, SpaceError};

/// A setting that is a whole number.
pub(crate) fn integer(name: &'static str, title: Text, min: u32, max: u32, default: u32) -> Setting {
    Setting { name, title, kind: SettingKind::Integer { min, max }, default: SettingValue::Integer(default) }
}

/// A setting that is a list of numbers, up to eight.
pub(crate) fn numbers(name: &'static str, title: Text, min: u32, max: u32, default: &[u32]) -> Setting {
    let kind = SettingKind::Numbers { min, max, at_most: 8 };
    Setting { name, title, kind, default: SettingValue::Numbers(default.to_vec()) }
}

/// A setting that is on or off.
pub(crate) fn switch(name: &'static str, title: Text, default: bool) -> Setting {
    Setting { name, title, kind: SettingKind::Switch, default: SettingValue::Switch(default) }
}

/// Refuses data that are no images of at least `side` × `side` pixels: kernels with two dimensions would cover
/// padding only.
pub(crate) fn require_images(id: &'static str, problem: Problem, side: u32) -> Result<(), SpaceError> {
    let shape = problem.input;
    if shape.height.min(shape.width) >= side {
        return Ok(());
    }
    let advice =
        if shape.height == 1 && shape.width > 1 { "search 'signal' or 'layers'" } else { "search 'layers'" };
    let reason =
        format!("it needs images of at least {side}×{side} pixels, these have {shape}: {advice} instead");
    Err(SpaceError::Unsuitable { id, reason })
}
