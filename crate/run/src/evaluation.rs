//! Evaluations: how a candidate gets its score. Here is what a run must know of them: how they describe
//! themselves, the recipe they train by and the work they plan. Performing them is the evaluator's.

use nas_arch::{Optimizer, Recipe, Schedule};
use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{MAX_EPOCHS, RunConfig};

/// Members of the front that are trained to the end and see the test split.
pub const FINAL_MEMBERS: usize = 5;

/// Work of one training step for one image, in forward passes: forward, gradients of inputs, gradients of weights.
const PASSES: u64 = 3;

/// The most work that is planned for one training: what JavaScript holds exactly.
const MAX_PLANNED_MACS: u64 = (1 << 53) - 1;

/// Learning rate of `AdamW` at batches of 32: found on `digits8` and `mnist` (validation split) with networks of
/// 500 to 50,000 parameters, batch normalisation on; a third and three times as much are both worse at 9 epochs.
const LEARNING_RATE: f32 = 0.01;

/// All evaluations, as lists show them.
#[must_use]
pub fn evaluations() -> Vec<Member> {
    vec![Member {
        id: "train",
        title: Text::new("Training", "Entrenamiento"),
        sentence: Text::new(
            "Each candidate is trained for a few epochs and scored on the validation images.",
            "Cada candidata se entrena unas pocas épocas y se puntúa con las imágenes de validación.",
        ),
        settings: vec![
            Setting {
                name: "batch_size",
                title: Text::new("Images in one step", "Imágenes por paso"),
                kind: SettingKind::Integer { min: 1, max: 512 },
                default: SettingValue::Integer(32),
            },
            Setting {
                name: "final_epochs",
                title: Text::new("Epochs of the final training", "Épocas del entrenamiento final"),
                kind: SettingKind::Integer { min: 0, max: MAX_EPOCHS },
                default: SettingValue::Integer(20),
            },
        ],
    }]
}

/// How candidates are trained. The schedule's horizon is the highest fidelity of the search.
#[must_use]
pub(crate) fn recipe(config: &RunConfig, settings: &Settings) -> Recipe {
    Recipe {
        batch_size: settings.integer("batch_size"),
        optimizer: Optimizer::adam_w(),
        learning_rate: LEARNING_RATE,
        warmup_epochs: 0.5,
        horizon_epochs: config.epochs,
        label_smoothing: 0.0,
        schedule: Schedule::Cosine,
        clip_norm: None,
    }
}

/// How members of the front are trained to the end; none if the run wants no final training.
#[must_use]
pub(crate) fn final_recipe(config: &RunConfig, settings: &Settings) -> Option<Recipe> {
    let horizon_epochs = settings.integer("final_epochs");
    (horizon_epochs > 0).then(|| Recipe { horizon_epochs, ..recipe(config, settings) })
}

/// Planned work of a training in training MACs: three passes for every training image, one for every image that is
/// only scored.
#[must_use]
pub(crate) fn planned_macs(network_macs: u64, epochs: u32, train_images: u32, scored_images: u32) -> u64 {
    let images = PASSES * u64::from(train_images) + u64::from(scored_images);
    network_macs.saturating_mul(u64::from(epochs)).saturating_mul(images).min(MAX_PLANNED_MACS)
}
