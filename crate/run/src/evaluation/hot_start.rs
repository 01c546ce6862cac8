//! Hot start: a training begins with the weights of the parent's (docs/hot-start.md).

use nas_arch::{Recipe, canonical_with_names};
use nas_member::{Choice, Setting, SettingKind, SettingValue, Settings, Text};
use nas_search::{needs, strategies};
use nas_space::Genotype;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{SCORE_ID, SUPERNET_ID, integer};
use crate::{Job, MAX_EPOCHS, Problem, RunConfig, RunError};

/// What is chosen when every training begins with weights drawn for it.
const COLD: &str = "cold";
/// What is chosen when it begins with those of the parent.
const PARENT: &str = "parent";
/// Epochs of a training that begins with the parent's weights when nothing is said.
const EPOCHS: u32 = 3;
/// The most trainings that weights pass through behind the first one: whoever has lost them does all of these again.
pub(crate) const MAX_DEPTH: u32 = 8;

/// The training whose weights another one begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Inheritance {
    /// That training, so that it can be done again where its weights are not at hand.
    #[ts(type = "{ key: string }")]
    pub from: Box<Job>,
    /// Layers that the space names alike in both networks: the heir's and the parent's canonical names. Parameters and running
    /// statistics of one shape are copied; all others are drawn, as in a cold start.
    pub layers: Vec<[String; 2]>,
}

/// How trainings begin that have a parent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HotStart {
    /// That of the run, for fewer epochs.
    pub(crate) recipe: Recipe,
}

/// The settings of the evaluation `train` that are about hot start. The key of an evaluation has what they lead to.
pub(crate) fn settings() -> Vec<Setting> {
    let choices = vec![
        Choice::new(COLD, "Drawn for each (cold start)", "Sorteados para cada una (arranque en frío)"),
        Choice::new(PARENT, "Those of the parent (hot start)", "Los de su madre (arranque en caliente)"),
    ];
    vec![
        Setting {
            name: "weights",
            title: Text::new("Weights to begin with", "Pesos iniciales"),
            kind: SettingKind::Choice { choices },
            default: SettingValue::Word(COLD.to_owned()),
        },
        integer(
            "hot_epochs",
            "Hot start: epochs with the parent’s weights",
            "Arranque en caliente: épocas con los pesos de la madre",
            [1, MAX_EPOCHS],
            EPOCHS,
        ),
    ]
}

impl HotStart {
    /// That of a configuration; none if every training begins cold.
    ///
    /// # Errors
    /// If nobody can inherit.
    pub(crate) fn of(
        config: &RunConfig,
        settings: &Settings,
        recipe: &Recipe,
        is_stopping: bool,
    ) -> Result<Option<Self>, RunError> {
        if settings.word("weights") == COLD {
            return Ok(None);
        }
        let refuse = |name: &str, problem| Err(RunError::Setting { key: format!("train.{name}"), problem });
        let RunConfig { eval, strategy, epochs, .. } = config;
        if [SCORE_ID, SUPERNET_ID].contains(&eval.as_str()) {
            let problem =
                format!("eval={eval} trains no candidate, so none has weights to pass on: choose {COLD}");
            return refuse("weights", problem);
        }
        if is_stopping {
            let problem = format!(
                "trainings that rest have no weights to pass on, and heirs climb another ladder: choose {COLD}, \
                           or train all to the end"
            );
            return refuse("weights", problem);
        }
        if !needs(strategy)?.names_parents {
            let named: Vec<&str> = strategies()
                .into_iter()
                .map(|member| member.id)
                .filter(|id| needs(id).is_ok_and(|needs| needs.names_parents))
                .collect();
            let problem = format!(
                "candidates of '{strategy}' have no parents to inherit from: choose {COLD}, or one of {}",
                named.join(", ")
            );
            return refuse("weights", problem);
        }
        let hot_epochs = settings.integer("hot_epochs");
        if hot_epochs > *epochs {
            let problem =
                format!("{hot_epochs} epochs are more than the {epochs} of a cold start: choose fewer");
            return refuse("hot_epochs", problem);
        }
        if f64::from(recipe.warmup_epochs) >= f64::from(hot_epochs) {
            let problem = format!(
                "a warm-up of {} epochs (train.warmup) leaves nothing of {hot_epochs}: choose more, or shorten it",
                recipe.warmup_epochs
            );
            return refuse("hot_epochs", problem);
        }
        Ok(Some(Self { recipe: Recipe { horizon_epochs: hot_epochs, ..recipe.clone() } }))
    }
}

impl Problem {
    /// Layers with parameters that the space names alike in two candidates, by their canonical names: the first one's and the
    /// second one's.
    pub(crate) fn layers_in_common(&self, one: &Genotype, other: &Genotype) -> Vec<[String; 2]> {
        let named = |genotype: &Genotype| {
            let (canonical, names) = canonical_with_names(&self.space.graph(genotype));
            let layers = canonical.graph.nodes.into_iter().zip(names);
            let trained = layers.filter(|(node, _)| !node.parameters.is_empty());
            trained.map(|(node, name)| (name, node.name)).collect::<Vec<_>>()
        };
        let theirs = named(other);
        let in_both = |(name, own): (String, String)| {
            let (_, their) = theirs.iter().find(|(their, _)| *their == name)?;
            Some([own, their.clone()])
        };
        named(one).into_iter().filter_map(in_both).collect()
    }
}
