//! Evaluations: how a candidate gets its score. Here is what a run must know of them: how they describe
//! themselves, how they train and the work they plan. Performing them is the evaluator's.

mod hot_start;
mod predictor;
mod score;
mod supernet;
mod train;

use nas_member::{Member, Setting, SettingKind, SettingValue, Text};

pub use hot_start::Inheritance;
pub(crate) use hot_start::{HotStart, MAX_DEPTH};
pub(crate) use predictor::{ID as PREDICTOR_ID, PredictorSettings};
pub(crate) use score::{ID as SCORE_ID, merit};
pub use score::{Proxy, ScoreSpec, proxies};
pub use supernet::SupernetSpec;
pub(crate) use supernet::{ID as SUPERNET_ID, Supernet, epochs as supernet_epochs};
pub(crate) use train::{augmentation, check, final_recipe, recipe};

/// Members of the front that are trained to the end and see the test split.
pub const FINAL_MEMBERS: usize = 5;

/// Work of one training step for one image, in forward passes: forward, gradients of inputs, gradients of weights.
const PASSES: u64 = 3;

/// The most work that is planned for one training: what JavaScript holds exactly.
const MAX_PLANNED_MACS: u64 = (1 << 53) - 1;

/// All evaluations, as lists show them.
#[must_use]
pub fn evaluations() -> Vec<Member> {
    vec![train::member(), predictor::member(), supernet::member(), score::member()]
}

/// Planned work of a training in training MACs: three passes for every training image, one for every image that is
/// only scored.
#[must_use]
pub(crate) fn planned_macs(network_macs: u64, epochs: u32, train_images: u32, scored_images: u32) -> u64 {
    let images = PASSES * u64::from(train_images) + u64::from(scored_images);
    network_macs.saturating_mul(u64::from(epochs)).saturating_mul(images).min(MAX_PLANNED_MACS)
}

pub(crate) fn integer(
    name: &'static str,
    en: &'static str,
    es: &'static str,
    [min, max]: [u32; 2],
    default: u32,
) -> Setting {
    let kind = SettingKind::Integer { min, max };
    Setting { name, title: Text::new(en, es), kind, default: SettingValue::Integer(default) }
}

fn real(
    name: &'static str,
    en: &'static str,
    es: &'static str,
    [min, max]: [f64; 2],
    default: f64,
) -> Setting {
    let kind = SettingKind::Real { min, max };
    Setting { name, title: Text::new(en, es), kind, default: SettingValue::Real(default) }
}
