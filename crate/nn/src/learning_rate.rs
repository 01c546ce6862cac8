use nas_arch::{Recipe, Schedule};

/// Share of the steps after the warm-up in which the rate of [`Schedule::OneCycle`] rises, in tenths (`pct_start` of
/// `PyTorch`'s `OneCycleLR`).
const RISE_TENTHS: i64 = 3;
/// Its highest rate is so many times its first one (`div_factor`).
const HIGHEST_TO_FIRST: f32 = 25.0;
/// Its first rate is so many times its last one (`final_div_factor`).
const FIRST_TO_LAST: f32 = 1e4;

/// Learning rate of each step. It rises linearly from nothing, and goes on as the recipe's [`Schedule`] says.
///
/// With W steps of warm-up, T steps in all, n = T − W, and s counted from the first step after the warm-up, the rate as a
/// share of the recipe's is
///
/// - constant: 1;
/// - cosine: (1 + cos(π·s/n))/2 (Loshchilov and Hutter 2017, "SGDR", equation 5);
/// - one cycle (Smith and Topin 2018, in the form of `PyTorch`'s `OneCycleLR`): with r = 0.3·n − 1 half a cosine from 1/25
///   to 1 at s = r, which may lie between two steps, then another one to 1/250,000 at s = n − 1;
/// - step: γ^⌊t/e⌋ for the step t from the very first one and e steps from one fall to the next.
///
/// In the warm-up step t (from 0) has (t + 1)/(W + 1) of the rate with which the schedule begins; that of `step` falls then
/// too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRates {
    schedule: Schedule,
    highest: f32,
    warmup_steps: u32,
    horizon_steps: u32,
    steps_per_epoch: u32,
}

impl LearningRates {
    /// Those of a recipe with this many steps in an epoch.
    #[must_use]
    pub fn new(recipe: &Recipe, steps_per_epoch: u32) -> Self {
        let warmup_steps = recipe.warmup_epochs * steps_per_epoch as f32;
        Self {
            schedule: recipe.schedule,
            highest: recipe.learning_rate,
            warmup_steps: (warmup_steps + 0.5) as u32,
            horizon_steps: recipe.horizon_epochs.saturating_mul(steps_per_epoch),
            steps_per_epoch,
        }
    }

    /// Learning rate of step `step`, counted from 0 over all epochs; 0 behind the horizon.
    #[must_use]
    pub fn of(&self, step: u32) -> f32 {
        if step >= self.horizon_steps {
            return 0.0;
        }
        let steps = self.horizon_steps.saturating_sub(self.warmup_steps).max(1);
        let share = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => cosine(step.saturating_sub(self.warmup_steps), steps),
            Schedule::OneCycle => one_cycle(step.saturating_sub(self.warmup_steps), steps),
            Schedule::Step { epochs, factor } => {
                let falls = step / epochs.saturating_mul(self.steps_per_epoch).max(1);
                libm::pow(f64::from(factor), f64::from(falls)) as f32
            }
        };
        if step < self.warmup_steps {
            self.highest * ((step + 1) as f32 / (self.warmup_steps + 1) as f32) * share
        } else {
            self.highest * share
        }
    }
}

/// Step `step` of `steps`, as a share of the highest rate.
fn cosine(step: u32, steps: u32) -> f32 {
    let progress = step as f32 / steps as f32;
    0.5 * (1.0 + libm::cosf(core::f32::consts::PI * progress))
}

/// Step `step` of `steps`, as a share of the highest rate.
fn one_cycle(step: u32, steps: u32) -> f32 {
    const FIRST: f32 = 1.0 / HIGHEST_TO_FIRST;
    const LAST: f32 = FIRST / FIRST_TO_LAST;
    let anneal = |from: f32, to: f32, progress: f32| {
        to + (from - to) * (0.5 * (1.0 + libm::cosf(core::f32::consts::PI * progress)))
    };
    // In tenths of a step, where all ends of phases are whole numbers.
    let (at, steps) = (10 * i64::from(step), i64::from(steps));
    let rise = RISE_TENTHS * steps - 10;
    if at <= rise {
        anneal(FIRST, 1.0, at as f32 / rise as f32)
    } else {
        anneal(1.0, LAST, (at - rise) as f32 / (10 * steps - 10 - rise) as f32)
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Optimizer;
    use serde::Deserialize;

    use super::*;

    fn recipe(schedule: Schedule, warmup_epochs: f32, horizon_epochs: u32) -> Recipe {
        Recipe {
            batch_size: 8,
            optimizer: Optimizer::adam_w(),
            learning_rate: 0.4,
            warmup_epochs,
            horizon_epochs,
            label_smoothing: 0.0,
            schedule,
            clip_norm: None,
        }
    }

    fn rates(recipe: &Recipe, steps_per_epoch: u32) -> Vec<f32> {
        let rates = LearningRates::new(recipe, steps_per_epoch);
        (0..=recipe.horizon_epochs * steps_per_epoch).map(|step| rates.of(step)).collect()
    }

    #[test]
    fn schedules_by_hand() {
        let step = Schedule::Step { epochs: 1, factor: 0.5 };
        let cases: [(&str, Schedule, f32, [f32; 9]); 5] = [
            // W = 3, T = 8; cos(π/5) = 0.809017, cos(2π/5) = 0.309017.
            (
                "cosine",
                Schedule::Cosine,
                0.75,
                [0.1, 0.2, 0.3, 0.4, 0.361_803_4, 0.261_803_4, 0.138_196_6, 0.038_196_6, 0.0],
            ),
            ("constant", Schedule::Constant, 0.75, [0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.0]),
            ("step", step, 0.0, [0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2, 0.0]),
            ("step, which falls in the warm-up too", step, 1.25, {
                let sixth = 0.4 / 6.0;
                [sixth, 2.0 * sixth, 3.0 * sixth, 4.0 * sixth, 2.5 * sixth, 0.2, 0.2, 0.2, 0.0]
            }),
            // n = 8: the highest rate is at 0.3·8 − 1 = 1.4, cos(π/1.4) = −0.623490, and the last one at 7;
            // cos(π·0.6/5.6) = 0.943883, cos(π·1.6/5.6) = 0.623490, …
            (
                "one-cycle",
                Schedule::OneCycle,
                0.0,
                [
                    0.016,
                    0.327_710,
                    0.388_776_7,
                    0.324_698_3,
                    0.222_393_6,
                    0.113_224_4,
                    0.030_656_6,
                    1.6e-6,
                    0.0,
                ],
            ),
        ];
        for (name, schedule, warmup_epochs, expected) in cases {
            let rates = rates(&recipe(schedule, warmup_epochs, 2), 4);
            for (step, (rate, expected)) in rates.iter().zip(expected).enumerate() {
                assert!((rate - expected).abs() < 1e-6, "{name}, step {step}: {rate} for {expected}");
            }
        }
    }

    #[test]
    fn warm_up_may_be_nothing_or_all() {
        assert_eq!(rates(&recipe(Schedule::Cosine, 0.0, 1), 4)[0], 0.4);
        for schedule in [Schedule::Constant, Schedule::Cosine] {
            assert_eq!(rates(&recipe(schedule, 1.0, 1), 4)[3], 0.4 * 0.8);
        }
    }

    #[test]
    fn any_number_of_steps_has_finite_rates_up_to_the_highest() {
        let step = Schedule::Step { epochs: 2, factor: 0.1 };
        for schedule in [Schedule::Constant, Schedule::Cosine, Schedule::OneCycle, step] {
            for horizon in 1..40 {
                for warmup in [0.0, 0.5, 3.0, 40.0] {
                    let rates = rates(&recipe(schedule, warmup, horizon), 1);
                    let (after, before) = rates.split_last().unwrap();
                    assert_eq!(*after, 0.0);
                    assert!(before.iter().all(|rate| (0.0..=0.4).contains(rate)), "{schedule:?}: {rates:?}");
                }
            }
        }
    }

    /// What a recipe without a schedule has always meant, and the bytes of those that are logged.
    #[test]
    fn the_cosine_is_not_written_down() {
        let json = serde_json::to_string(&recipe(Schedule::Cosine, 0.5, 9)).unwrap();
        assert!(!json.contains("schedule"), "{json}");
        assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap().schedule, Schedule::Cosine);
        let json = serde_json::to_string(&recipe(Schedule::OneCycle, 0.5, 9)).unwrap();
        assert!(json.ends_with(r#""schedule":{"kind":"one-cycle"}}"#), "{json}");
    }

    /// Largest difference of a rate as a share of the highest one: the cosine of an f32 near π. Found: 1.4e-7.
    const TOLERANCE: f64 = 5e-7;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        recipe: Recipe,
        steps_per_epoch: u32,
        rates: Vec<f64>,
    }

    #[test]
    fn schedules_are_those_of_pytorch() {
        let text = include_str!("../../../tests/goldens/nn/schedules.json");
        let golden: Golden = serde_json::from_str(text).unwrap();
        assert!(golden.cases.len() >= 8);
        for Case { recipe, steps_per_epoch, rates: expected } in golden.cases {
            let found = rates(&recipe, steps_per_epoch);
            assert_eq!(found.len(), expected.len() + 1);
            for (step, (found, expected)) in found.into_iter().zip(expected).enumerate() {
                let difference = (f64::from(found) - expected).abs();
                assert!(
                    difference <= TOLERANCE * f64::from(recipe.learning_rate),
                    "{recipe:?}, step {step}: {found} for {expected}"
                );
            }
        }
    }
}
