//! The evaluation `train`: its settings, and what they stand for.

use nas_arch::{Optimizer, Recipe, Schedule};
use nas_data::{Augmentation, DataError};
use nas_member::{Choice, Member, Setting, SettingKind, SettingValue, Settings, Text};

use super::{hot_start, integer, real};
use crate::{MAX_EPOCHS, RunConfig, RunError, stopping};

/// Learning rate of `AdamW` at batches of 32: found on `digits8` and `mnist` (validation split) with networks of
/// 500 to 50,000 parameters, batch normalisation on; a third and three times as much are both worse at 9 epochs.
const LEARNING_RATE: f64 = 0.01;
/// That of [`Optimizer::adam_w`].
const WEIGHT_DECAY: f64 = 0.01;
/// Epochs of warm-up.
const WARMUP_EPOCHS: f64 = 0.5;
/// Momentum of SGD, as in He et al. 2016, "Deep Residual Learning", section 3.4.
const MOMENTUM: f32 = 0.9;
/// The most pixels that a setting takes; those of the images bound it further.
const MAX_PIXELS: u32 = 256;

pub(super) fn member() -> Member {
    Member {
        id: "train",
        title: Text::new("Training", "Entrenamiento"),
        sentence: Text::new(
            "Each candidate is trained for a few epochs and scored on the validation images.",
            "Cada candidata se entrena unas pocas épocas y se puntúa con las imágenes de validación.",
        ),
        settings: [training_settings(), augmentation_settings(), stopping::settings(), hot_start::settings()]
            .concat(),
    }
}

fn training_settings() -> Vec<Setting> {
    vec![
        integer("batch_size", "Images in one step", "Imágenes por paso", [1, 512], 32),
        integer(
            "final_epochs",
            "Epochs of the final training",
            "Épocas del entrenamiento final",
            [0, MAX_EPOCHS],
            20,
        ),
        choice(
            "optimizer",
            "Optimizer",
            "Optimizador",
            vec![
                Choice::new("adam-w", "AdamW", "AdamW"),
                Choice::new("sgd", "SGD, momentum 0.9", "SGD, momento 0,9"),
                Choice::new("sgd-nesterov", "SGD, Nesterov momentum 0.9", "SGD, momento de Nesterov 0,9"),
            ],
            "adam-w",
        ),
        real("learning_rate", "Learning rate", "Tasa de aprendizaje", [1e-6, 10.0], LEARNING_RATE),
        choice(
            "schedule",
            "Course of the learning rate",
            "Curso de la tasa de aprendizaje",
            vec![
                Choice::new("constant", "Constant", "Constante"),
                Choice::new("cosine", "Cosine", "Coseno"),
                Choice::new("one-cycle", "One cycle", "Un ciclo"),
                Choice::new("step", "Steps", "Escalones"),
            ],
            "cosine",
        ),
        integer(
            "step_epochs",
            "Steps: epochs from one to the next",
            "Escalones: épocas de uno al siguiente",
            [1, MAX_EPOCHS],
            3,
        ),
        real(
            "step_factor",
            "Steps: what is left of the learning rate",
            "Escalones: lo que queda de la tasa de aprendizaje",
            [0.001, 1.0],
            0.1,
        ),
        real(
            "warmup",
            "Epochs of warm-up",
            "Épocas de calentamiento",
            [0.0, f64::from(MAX_EPOCHS)],
            WARMUP_EPOCHS,
        ),
        real("weight_decay", "Weight decay", "Decaimiento de los pesos", [0.0, 1.0], WEIGHT_DECAY),
        real(
            "clip_norm",
            "Largest norm of the gradient (0: no limit)",
            "Norma máxima del gradiente (0: sin límite)",
            [0.0, 1000.0],
            0.0,
        ),
        real("label_smoothing", "Label smoothing", "Suavizado de etiquetas", [0.0, 0.9], 0.0),
    ]
}

/// The bounds are those of [`Augmentation::check`].
fn augmentation_settings() -> Vec<Setting> {
    vec![
        integer("shift", "Random shift in pixels", "Desplazamiento aleatorio en píxeles", [0, MAX_PIXELS], 0),
        real("flip", "Probability of mirroring", "Probabilidad de reflejo", [0.0, 1.0], 0.0),
        real("rotate", "Random rotation in degrees", "Giro aleatorio en grados", [0.0, 180.0], 0.0),
        real(
            "scale",
            "Random change of size, as a share",
            "Cambio aleatorio de tamaño, como fracción",
            [0.0, 0.9],
            0.0,
        ),
        real(
            "brightness",
            "Random change of brightness, as a share",
            "Cambio aleatorio de brillo, como fracción",
            [0.0, 1.0],
            0.0,
        ),
        real(
            "noise",
            "Random noise in standard deviations",
            "Ruido aleatorio en desviaciones estándar",
            [0.0, 10.0],
            0.0,
        ),
        integer(
            "cutout",
            "Side of a square cut out, in pixels",
            "Lado del cuadrado recortado, en píxeles",
            [0, MAX_PIXELS],
            0,
        ),
    ]
}

fn choice(
    name: &'static str,
    en: &'static str,
    es: &'static str,
    choices: Vec<Choice>,
    default: &str,
) -> Setting {
    let kind = SettingKind::Choice { choices };
    Setting { name, title: Text::new(en, es), kind, default: SettingValue::Word(default.to_owned()) }
}

/// How candidates are trained. The schedule's horizon is the highest fidelity of the search.
#[must_use]
pub(crate) fn recipe(config: &RunConfig, settings: &Settings) -> Recipe {
    let real = |name| settings.real(name) as f32;
    let clip_norm = real("clip_norm");
    Recipe {
        batch_size: settings.integer("batch_size"),
        optimizer: optimizer(settings.word("optimizer"), real("weight_decay")),
        learning_rate: real("learning_rate"),
        warmup_epochs: real("warmup"),
        horizon_epochs: config.epochs,
        label_smoothing: real("label_smoothing"),
        schedule: match settings.word("schedule") {
            "constant" => Schedule::Constant,
            "cosine" => Schedule::Cosine,
            "one-cycle" => Schedule::OneCycle,
            "step" => Schedule::Step { epochs: settings.integer("step_epochs"), factor: real("step_factor") },
            other => unreachable!("'{other}' is no declared schedule"),
        },
        clip_norm: (clip_norm > 0.0).then_some(clip_norm),
    }
}

fn optimizer(id: &str, decay: f32) -> Optimizer {
    let mut optimizer = match id {
        "adam-w" => Optimizer::adam_w(),
        "sgd" | "sgd-nesterov" => {
            Optimizer::Sgd { momentum: MOMENTUM, nesterov: id == "sgd-nesterov", weight_decay: 0.0 }
        }
        other => unreachable!("'{other}' is no declared optimizer"),
    };
    let (Optimizer::AdamW { weight_decay, .. } | Optimizer::Sgd { weight_decay, .. }) = &mut optimizer;
    *weight_decay = decay;
    optimizer
}

/// How members of the front are trained to the end; none if the run wants no final training.
#[must_use]
pub(crate) fn final_recipe(config: &RunConfig, settings: &Settings) -> Option<Recipe> {
    let horizon_epochs = settings.integer("final_epochs");
    (horizon_epochs > 0).then(|| Recipe { horizon_epochs, ..recipe(config, settings) })
}

/// How training images are changed.
#[must_use]
pub(crate) fn augmentation(settings: &Settings) -> Augmentation {
    let real = |name| settings.real(name) as f32;
    Augmentation {
        shift_pixels: settings.integer("shift"),
        flip_probability: real("flip"),
        rotation_degrees: real("rotate"),
        scale: real("scale"),
        brightness: real("brightness"),
        noise: real("noise"),
        cutout_pixels: settings.integer("cutout"),
    }
}

/// Refuses what each setting allows for itself, but not with the others.
///
/// # Errors
/// If the warm-up leaves nothing of a training, or the augmentation nothing of an image.
pub(crate) fn check(
    config: &RunConfig,
    settings: &Settings,
    res: u32,
    supernet_epochs: Option<u32>,
) -> Result<(), RunError> {
    let refuse = |name: &str, problem| Err(RunError::Setting { key: format!("train.{name}"), problem });
    let warmup = settings.real("warmup");
    let trained = [supernet_epochs.unwrap_or(config.epochs), settings.integer("final_epochs")];
    for epochs in trained {
        if epochs > 0 && warmup >= f64::from(epochs) {
            let problem = format!(
                "a warm-up of {warmup} epochs leaves nothing of a training of {epochs}: shorten it, or train longer"
            );
            return refuse("warmup", problem);
        }
    }
    match augmentation(settings).check(res) {
        Ok(()) => Ok(()),
        Err(DataError::Augmentation { field, value, rule }) => {
            refuse(field, format!("{value} is too much for these images: choose a number {rule}"))
        }
        Err(other) => unreachable!("an augmentation was checked: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{DataFacts, Job, Problem, evaluation::evaluations, job::JobKind};

    use super::*;

    fn facts() -> DataFacts {
        DataFacts {
            id: "digits8".into(),
            channels: 1,
            resolutions: vec![8],
            default_resolution: 8,
            classes: 10,
            train_images: 1197,
            validation_images: 300,
            test_images: 300,
            sha256: String::new(),
        }
    }

    fn problem(settings: &[(&str, SettingValue)]) -> Result<Problem, RunError> {
        let settings: BTreeMap<_, _> =
            settings.iter().map(|(name, value)| (format!("train.{name}"), value.clone())).collect();
        Problem::new(&RunConfig { settings, ..RunConfig::default() }, &facts())
    }

    fn word(word: &str) -> SettingValue {
        SettingValue::Word(word.to_owned())
    }

    /// What runs without settings have always trained by, to the byte.
    #[test]
    fn defaults_are_what_they_were() {
        let problem = problem(&[]).unwrap();
        assert_eq!(
            serde_json::to_string(&problem.recipe).unwrap(),
            r#"{"batch_size":32,"optimizer":{"kind":"adam-w","beta1":0.9,"beta2":0.999,"epsilon":1e-8,"weight_decay":0.01},"learning_rate":0.01,"warmup_epochs":0.5,"horizon_epochs":9,"label_smoothing":0.0}"#
        );
        assert_eq!(
            serde_json::to_string(&problem.data).unwrap(),
            r#"{"id":"digits8","res":8,"samples":1197}"#
        );
    }

    #[test]
    fn settings_become_recipe_and_augmentation() {
        use SettingValue::{Integer, Real};
        let problem = problem(&[
            ("optimizer", word("sgd-nesterov")),
            ("weight_decay", Real(0.001)),
            ("learning_rate", Real(0.1)),
            ("schedule", word("step")),
            ("step_epochs", Integer(4)),
            ("step_factor", Real(0.5)),
            ("warmup", Integer(0)),
            ("clip_norm", Integer(2)),
            ("label_smoothing", Real(0.1)),
            ("shift", Integer(1)),
            ("flip", Real(0.5)),
            ("rotate", Integer(10)),
            ("scale", Real(0.1)),
            ("brightness", Real(0.2)),
            ("noise", Real(0.3)),
            ("cutout", Integer(3)),
        ])
        .unwrap();
        let expected = Recipe {
            batch_size: 32,
            optimizer: Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.001 },
            learning_rate: 0.1,
            warmup_epochs: 0.0,
            horizon_epochs: 9,
            label_smoothing: 0.1,
            schedule: Schedule::Step { epochs: 4, factor: 0.5 },
            clip_norm: Some(2.0),
        };
        assert_eq!(problem.recipe, expected);
        assert_eq!(problem.final_recipe, Some(Recipe { horizon_epochs: 20, ..expected }));
        let expected = Augmentation {
            shift_pixels: 1,
            flip_probability: 0.5,
            rotation_degrees: 10.0,
            scale: 0.1,
            brightness: 0.2,
            noise: 0.3,
            cutout_pixels: 3,
        };
        assert_eq!(problem.data.augmentation, expected);
    }

    /// Every choice is one that `recipe` knows, and every setting makes a key of its own, but those that only say how much of
    /// a training is done, or who inherits.
    #[test]
    fn every_setting_is_part_of_the_key() {
        let key = |settings: &[(&str, SettingValue)]| {
            let problem = problem(settings).unwrap();
            let network = nas_arch::reference("digits-tiny").unwrap();
            let (kind, recipe) = (JobKind::Final, problem.final_recipe.unwrap());
            crate::job::EvaluationKey {
                kind,
                network: &network,
                data_sha256: "",
                data: &problem.data,
                recipe: &recipe,
                score: None,
                supernet: None,
                inherits: None,
                run_seed: 7,
                replicate: 0,
            }
            .digest()
        };
        let mut keys = vec![key(&[])];
        let steering = [stopping::settings(), hot_start::settings()].concat();
        let settings = evaluations().remove(0).settings;
        for setting in settings.into_iter().filter(|setting| !steering.contains(setting)) {
            let values = match (&setting.kind, &setting.default) {
                (SettingKind::Integer { .. }, SettingValue::Integer(default)) => {
                    vec![SettingValue::Integer(default + 2)]
                }
                (SettingKind::Real { .. }, SettingValue::Real(default)) => {
                    vec![SettingValue::Real(default + 0.25)]
                }
                (SettingKind::Choice { choices }, SettingValue::Word(default)) => choices
                    .iter()
                    .filter(|choice| choice.id != default)
                    .map(|choice| word(choice.id))
                    .collect(),
                other => panic!("{other:?}"),
            };
            for value in values {
                keys.push(if setting.name.starts_with("step_") {
                    key(&[("schedule", word("step")), (setting.name, value)])
                } else {
                    key(&[(setting.name, value)])
                });
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        use SettingValue::{Integer, Real};
        let cases = [
            (
                vec![("warmup", Integer(9))],
                "train.warmup: a warm-up of 9 epochs leaves nothing of a training of 9: shorten it, or train longer",
            ),
            (
                vec![("warmup", Real(2.5)), ("final_epochs", Integer(2))],
                "train.warmup: a warm-up of 2.5 epochs leaves nothing of a training of 2",
            ),
            (
                vec![("shift", Integer(8))],
                "train.shift: 8 is too much for these images: choose a number less than the 8 pixels of an image",
            ),
            (vec![("cutout", Integer(8))], "train.cutout: 8 is too much for these images"),
            (vec![("flip", Real(1.5))], "train.flip: 1.5 is out of bounds: a number from 0 to 1"),
            (vec![("optimizer", word("adam"))], "train.optimizer: 'adam' is not one of adam-w, sgd"),
        ];
        for (settings, expected) in cases {
            let message = problem(&settings).err().unwrap().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
        assert!(problem(&[("warmup", Integer(8)), ("final_epochs", Integer(0))]).is_ok());
    }

    /// The bounds of the settings are those of the augmentation.
    #[test]
    fn the_largest_settings_pass_the_check() {
        let largest: Vec<_> = augmentation_settings()
            .into_iter()
            .filter_map(|setting| match setting.kind {
                SettingKind::Real { max, .. } => Some((setting.name, SettingValue::Real(max))),
                _ => None,
            })
            .collect();
        assert_eq!(largest.len(), 5);
        assert!(problem(&largest).is_ok());
    }

    #[test]
    fn a_training_outside_any_run_changes_no_image() {
        let network = nas_arch::canonical(&nas_arch::reference("digits-tiny").unwrap().resolve().unwrap());
        let job = Job::standalone(&network, &facts(), 7, 1).unwrap();
        assert!(job.data.augmentation.is_identity());
    }
}
