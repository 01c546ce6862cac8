use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_numerics::{Digester, Rng};

use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Simulated annealing (Kirkpatrick et al. 1983, "Optimization by Simulated Annealing"): a walk that always takes a better
/// candidate, and a worse one with probability exp(−Δ/T), where Δ is what its error is larger by. The temperature T halves
/// every so many results.
///
/// What decides is drawn from a digest of the result, so that the state depends on what was told only.
pub struct Annealing {
    temperature: f64,
    half_life: u32,
    told: u32,
    current: Option<Told>,
}

impl Annealing {
    pub(crate) fn member() -> Member {
        Member {
            id: "annealing",
            title: Text::new("Simulated annealing", "Recocido simulado"),
            sentence: Text::new(
                "Walks from candidate to candidate; as it cools down, it accepts worse ones more and more rarely.",
                "Pasa de candidata en candidata; a medida que se enfría, acepta peores cada vez menos.",
            ),
            settings: vec![
                Setting {
                    name: "temperature",
                    title: Text::new("First temperature, as an error", "Primera temperatura, como error"),
                    kind: SettingKind::Real { min: 0.0, max: 1.0 },
                    default: SettingValue::Real(0.005),
                },
                Setting {
                    name: "half_life",
                    title: Text::new("Results until half as hot", "Resultados hasta la mitad de temperatura"),
                    kind: SettingKind::Integer { min: 1, max: 10_000 },
                    default: SettingValue::Integer(100),
                },
            ],
        }
    }

    /// The strategy as configured by `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (temperature, half_life) = (settings.real("temperature"), settings.integer("half_life"));
        Self { temperature, half_life, told: 0, current: None }
    }

    /// The temperature at which the next result is judged.
    fn temperature(&self) -> f64 {
        self.temperature * libm::exp2(-f64::from(self.told) / f64::from(self.half_life))
    }

    fn accepts(&self, told: &Told, current: &Told) -> bool {
        let worse_by = told.error() - current.error();
        if worse_by <= 0.0 {
            return true;
        }
        let genes = told.genotype.0.iter();
        let start = Digester::new().text("accept").number(u64::from(told.ask)).number(told.error().to_bits());
        let digester = genes.fold(start, |digester, &value| digester.number(u64::from(value)));
        // At a temperature of 0 the quotient is infinite: never.
        f64::from(Rng::from_digester(digester).unit()) < libm::exp(-worse_by / self.temperature())
    }
}

impl Strategy for Annealing {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        if let Some(current) = &self.current
            && let Some(genotype) = ask.mutant(&current.genotype)
        {
            return Some(Proposal { genotype, parent: Some(current.ask) });
        }
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        if self.current.as_ref().is_none_or(|current| self.accepts(told, current)) {
            self.current = Some(told.clone());
        }
        self.told += 1;
    }

    fn inspect(&self) -> Inspection {
        let current = self.current.as_ref().map(|current| current.ask);
        Inspection::Walk { current, temperature: self.temperature() }
    }
}

#[cfg(test)]
mod tests {
    use nas_space::Genotype;

    use super::*;

    fn told(ask: u32, error: f64) -> Told {
        Told { ask, genotype: Genotype(vec![ask as u16]), parent: None, objectives: vec![error] }
    }

    #[test]
    fn worse_ones_are_accepted_with_the_probability_of_their_temperature() {
        const TRIALS: u32 = 20_000;
        let strategy = Annealing { temperature: 0.4, half_life: 10, told: 10, current: None };
        assert_eq!(strategy.temperature(), 0.2);
        let current = told(0, 0.5);
        let accepted = (1..=TRIALS).filter(|&ask| strategy.accepts(&told(ask, 0.7), &current)).count();
        // exp(−1), within four standard errors √(p(1 − p)/n).
        let share = accepted as f64 / f64::from(TRIALS);
        assert!((share - 0.3679).abs() < 0.0137, "{share}");
    }

    #[test]
    fn without_heat_it_only_improves() {
        let mut strategy = Annealing { temperature: 0.0, half_life: 1, told: 0, current: None };
        strategy.restore(&[told(0, 0.5), told(1, 0.6), told(2, 0.5), told(3, 0.50001)]);
        assert_eq!(strategy.inspect(), Inspection::Walk { current: Some(2), temperature: 0.0 });
    }
}
