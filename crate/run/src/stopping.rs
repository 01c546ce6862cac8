//! Early stopping: which candidates are trained on, and which are left where they are (docs/stopping.md).
//!
//! A training climbs a *ladder* of fidelities, its *rungs*: after so many epochs it rests until a rule has it go on. A rule
//! knows asks, rungs and learning curves, and nothing of networks, strategies or jobs.

mod estimate;
mod extrapolation;
mod halving;
mod hyperband;
mod median;
mod predictor;

use nas_space::{GeneTree, Genotype};

use nas_member::{Choice, Setting, SettingKind, SettingValue, Settings, Text};

pub(crate) use estimate::Gains;

use crate::evaluation::{PredictorSettings, SCORE_ID, SUPERNET_ID, integer};
use crate::{CandidateCosts, EpochScore, MAX_EPOCHS, PredictorQuality, RunConfig, RunError};

/// What is chosen when every candidate is trained to the end.
const NONE: &str = "none";

/// Decides which candidates go on. It decides when results are told, in virtual order, so that its decisions depend on the
/// configuration only.
pub(crate) trait StoppingRule: Send {
    /// Takes in a new candidate: the rung of the ladder that its training first rests on.
    fn enter(&mut self, _entrant: &Entrant<'_>) -> usize {
        0
    }

    /// Learns what came of a rung.
    fn tell(&mut self, told: &RungTold<'_>);

    /// The next candidate to be trained on to its next rung; the same one again only after it was told there.
    fn promote(&mut self) -> Option<u32>;

    /// The accuracy that it expects of a resting candidate at the end; none if it expects what others gained.
    fn expects(&self, _ask: u32) -> Option<f64> {
        None
    }

    /// How well it foresees, each time it has learnt.
    fn report(&mut self) -> Option<PredictorQuality> {
        None
    }
}

/// A new candidate.
pub(crate) struct Entrant<'a> {
    /// Its number.
    pub(crate) ask: u32,
    pub(crate) genotype: &'a Genotype,
    pub(crate) costs: &'a CandidateCosts,
}

/// What came of a rung.
pub(crate) struct RungTold<'a> {
    /// The candidate.
    pub(crate) ask: u32,
    /// The rung it has reached.
    pub(crate) rung: usize,
    /// All its epochs so far; none if its training failed.
    pub(crate) curve: &'a [EpochScore],
}

impl RungTold<'_> {
    /// Its validation accuracy now; 0 if its training failed.
    fn accuracy(&self) -> f64 {
        self.curve.last().map_or(0.0, |score| f64::from(score.accuracy))
    }
}

/// A rule with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopping {
    rule: Rule,
    /// What a rung has more than the one before: about so many times the epochs.
    eta: u32,
    /// Epochs at each rung, ascending; the last one is the highest fidelity.
    pub(crate) ladder: Vec<u32>,
    /// Images that an accuracy is a share of.
    validation_images: u32,
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// That of this place in [`RULES`].
    Listed(usize),
    /// The evaluation `predictor`, which first trains so many candidates to the end.
    Predictor { learning_set: u32 },
}

/// A rule as it is listed: its identifier and title, and the fewest epochs that tell it anything.
type Entry = (Choice, u32);

/// Makes a rule.
type Make = fn(&Stopping) -> Box<dyn StoppingRule>;

/// All rules.
const RULES: &[Entry] = &[
    (Choice::new("halving", "Successive halving", "Reducción sucesiva"), 1),
    (Choice::new("hyperband", "Hyperband", "Hyperband"), 1),
    (Choice::new("median", "Median rule", "Regla de la mediana"), 1),
    (Choice::new("extrapolation", "Extrapolated curves", "Curvas extrapoladas"), extrapolation::LEAST_EPOCHS),
];

/// How each rule is made, in the order of [`RULES`]. They stand apart, so that a page that lists rules need not hold them.
const MAKERS: &[Make] = &[
    |stopping| Box::new(halving::Halving::new(stopping.eta, 0, stopping.ladder.len())),
    |stopping| Box::new(hyperband::Hyperband::new(stopping.eta, stopping.ladder.len())),
    |stopping| Box::new(median::MedianRule::new(stopping.ladder.len())),
    |stopping| Box::new(extrapolation::Extrapolation::new(&stopping.ladder, stopping.validation_images)),
];
const _: () = assert!(RULES.len() == MAKERS.len());

/// The settings of the evaluation `train` that are about early stopping. No evaluation depends on them: they say how much of a
/// training is done.
pub(crate) fn settings() -> Vec<Setting> {
    let none = Choice::new(NONE, "None: train all to the end", "Ninguna: entrenar todas hasta el final");
    let choices = std::iter::once(none).chain(RULES.iter().map(|(choice, _)| *choice)).collect();
    vec![
        Setting {
            name: "stopping",
            title: Text::new("Early stopping", "Parada temprana"),
            kind: SettingKind::Choice { choices },
            default: SettingValue::Word(NONE.to_owned()),
        },
        integer(
            "eta",
            "Early stopping: times as many epochs at the next rung",
            "Parada temprana: veces más épocas en el peldaño siguiente",
            [2, 16],
            3,
        ),
        integer(
            "min_epochs",
            "Early stopping: fewest epochs of a candidate",
            "Parada temprana: mínimo de épocas de una candidata",
            [1, MAX_EPOCHS],
            1,
        ),
    ]
}

impl Stopping {
    /// The rule of a configuration; none if every candidate is trained to the end.
    ///
    /// # Errors
    /// If it cannot stop anything.
    pub(crate) fn of(
        config: &RunConfig,
        settings: &Settings,
        predictor: Option<PredictorSettings>,
        validation_images: u32,
    ) -> Result<Option<Self>, RunError> {
        let chosen = settings.word("stopping");
        if let Some(predictor) = predictor {
            return Self::predicting(config, chosen, predictor, validation_images).map(Some);
        }
        let Some(rule) = RULES.iter().position(|(choice, _)| choice.id == chosen) else { return Ok(None) };
        let refuse = |name: &str, problem| Err(RunError::Setting { key: format!("train.{name}"), problem });
        if [SCORE_ID, SUPERNET_ID].contains(&config.eval.as_str()) {
            let eval = &config.eval;
            let problem =
                format!("'{chosen}' stops trainings, and eval={eval} trains no candidate: choose {NONE}");
            return refuse("stopping", problem);
        }
        let (epochs, min_epochs, eta) =
            (config.epochs, settings.integer("min_epochs"), settings.integer("eta"));
        if min_epochs >= epochs {
            let problem = format!(
                "{min_epochs} epochs before the first decision leave nothing of {epochs} to save: choose fewer, or train longer"
            );
            return refuse("min_epochs", problem);
        }
        let least = min_epochs.max(RULES[rule].1);
        let ladder = ladder(least, epochs, eta);
        if ladder.len() == 1 {
            let problem = format!(
                "'{chosen}' needs a rung of at least {least} epochs below {epochs}, and {epochs} divided by {eta} is less: \
                 choose a smaller train.eta, or train longer"
            );
            return refuse("stopping", problem);
        }
        Ok(Some(Self { rule: Rule::Listed(rule), eta, ladder, validation_images }))
    }

    /// That of the evaluation `predictor`.
    fn predicting(
        config: &RunConfig,
        chosen: &str,
        settings: PredictorSettings,
        validation_images: u32,
    ) -> Result<Self, RunError> {
        let PredictorSettings { first_epochs, learning_set, eta } = settings;
        let refuse = |key: &str, problem| Err(RunError::Setting { key: key.to_owned(), problem });
        if chosen != NONE {
            let problem =
                format!("eval=predictor says itself which trainings go on, not '{chosen}': choose {NONE}");
            return refuse("train.stopping", problem);
        }
        if first_epochs >= config.epochs {
            let problem = format!(
                "{first_epochs} epochs before the prediction leave nothing of {} to save: choose fewer, or train longer",
                config.epochs
            );
            return refuse("predictor.first_epochs", problem);
        }
        let ladder = vec![first_epochs, config.epochs];
        Ok(Self { rule: Rule::Predictor { learning_set }, eta, ladder, validation_images })
    }

    /// The rule, as yet without results.
    pub(crate) fn rule(&self, genes: &GeneTree, seed: u32) -> Box<dyn StoppingRule> {
        match self.rule {
            Rule::Listed(rule) => MAKERS[rule](self),
            Rule::Predictor { learning_set } => Box::new(predictor::Predictor::new(
                genes.clone(),
                seed,
                [learning_set, self.eta, self.ladder[0]],
            )),
        }
    }
}

/// Rungs from the highest fidelity down: each has an `eta`th of the epochs of the next one, rounded down, and at least `least`.
fn ladder(least: u32, most: u32, eta: u32) -> Vec<u32> {
    let mut rungs: Vec<u32> =
        std::iter::successors(Some(most), |above| Some(above / eta).filter(|&below| below >= least))
            .collect();
    rungs.reverse();
    rungs
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A curve of these accuracies.
    pub(crate) fn curve(accuracies: &[f32]) -> Vec<EpochScore> {
        accuracies.iter().map(|&accuracy| EpochScore { loss: 0.0, accuracy }).collect()
    }

    /// Enters a candidate of which nothing is known.
    pub(crate) fn enter(rule: &mut dyn StoppingRule, ask: u32) -> usize {
        let costs = CandidateCosts {
            params: 0,
            macs: 0,
            flops: 0,
            flash_bytes: 0,
            ram_bytes: 0,
            latency_ms: 0.0,
            energy_mj: None,
            area_mm2: None,
        };
        rule.enter(&Entrant { ask, genotype: &Genotype(Vec::new()), costs: &costs })
    }

    #[test]
    fn a_ladder_ends_at_the_highest_fidelity_and_never_begins_below_the_least() {
        for (least, most, eta, expected) in [
            (1, 9, 3, vec![1, 3, 9]),
            (1, 20, 3, vec![2, 6, 20]),
            (2, 9, 3, vec![3, 9]),
            (1, 9, 2, vec![1, 2, 4, 9]),
            (3, 9, 4, vec![9]),
            (1, 2, 3, vec![2]),
        ] {
            assert_eq!(ladder(least, most, eta), expected, "{least} to {most} by {eta}");
        }
    }
}
