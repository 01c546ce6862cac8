//! The evaluation `predictor`: a first part of every training, from which a rank predictor chooses those that are trained to the end
//! (docs/predictor.md).

use nas_member::{Member, Settings, Text};

use super::integer;
use crate::MAX_EPOCHS;

/// Identifier of the evaluation.
pub(crate) const ID: &str = "predictor";
/// Candidates that are trained to the end, for the predictor to learn from, when nothing is said.
const LEARNING_SET: u32 = 12;

pub(super) fn member() -> Member {
    Member {
        id: ID,
        title: Text::new("Rank predictor", "Predictor de rangos"),
        sentence: Text::new(
            "Each candidate is trained for an epoch; a predictor learnt from some whole trainings says which others are worth one.",
            "Cada candidata se entrena una época; un predictor aprendido de algunos entrenamientos completos dice cuáles más lo merecen.",
        ),
        settings: vec![
            integer(
                "first_epochs",
                "Epochs before the prediction",
                "Épocas antes de predecir",
                [1, MAX_EPOCHS],
                1,
            ),
            integer(
                "learning_set",
                "First candidates, trained to the end to learn from",
                "Primeras candidatas, entrenadas hasta el final para aprender",
                [5, 1000],
                LEARNING_SET,
            ),
            integer(
                "eta",
                "One of so many others is trained to the end",
                "Una de cada tantas otras se entrena hasta el final",
                [2, 16],
                3,
            ),
        ],
    }
}

/// The settings of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PredictorSettings {
    pub(crate) first_epochs: u32,
    pub(crate) learning_set: u32,
    pub(crate) eta: u32,
}

impl PredictorSettings {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            first_epochs: settings.integer("first_epochs"),
            learning_set: settings.integer("learning_set"),
            eta: settings.integer("eta"),
        }
    }
}
