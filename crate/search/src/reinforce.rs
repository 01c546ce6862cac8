use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_numerics::Rng;
use nas_space::{GeneTree, Genotype};

use crate::{Ask, Inspection, Proposal, Strategy, Told, weighted_product};

/// Samples of the policy that may break a limit before a candidate is drawn uniformly instead.
const MAX_SAMPLES: u32 = 200;
/// Rewards that a new one is compared with.
const REWARDS_REMEMBERED: usize = 100;

/// Policy gradient (Williams 1992, "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement
/// Learning"; Zoph and Le 2017 for NAS): for each gene a categorical policy, from which the active genes are sampled. A result
/// changes the logits of what was sampled by `rate · (advantage · ∇ log π + entropy · ∇ H)`.
///
/// The advantage compares the reward with a baseline: the median of the rewards before it. It is the share of them that the
/// reward beats, minus the share that beats it, so that it depends on neither the scale of errors nor on single failures.
///
/// The reward is the accuracy; with a target cost it is [`weighted_product`].
pub struct Reinforce {
    rate: f64,
    entropy: f64,
    target: f64,
    exponent: f64,
    genes: GeneTree,
    /// [gene, choice]
    logits: Vec<Vec<f64>>,
    /// The newest last.
    rewards: Vec<f64>,
}

impl Reinforce {
    pub(crate) fn member() -> Member {
        let real = |name, title, min, max, default| Setting {
            name,
            title,
            kind: SettingKind::Real { min, max },
            default: SettingValue::Real(default),
        };
        Member {
            id: "reinforce",
            title: Text::new("Reinforcement learning", "Aprendizaje por refuerzo"),
            sentence: Text::new(
                "Samples each gene from probabilities, and raises those of what did better than the median.",
                "Sortea cada gen según probabilidades, y eleva las de lo que superó a la mediana.",
            ),
            settings: vec![
                real("rate", Text::new("Learning rate", "Tasa de aprendizaje"), 0.0, 10.0, 0.5),
                real("entropy", Text::new("Entropy bonus", "Bonificación por entropía"), 0.0, 10.0, 0.2),
                real(
                    "target",
                    Text::new("Target cost; 0 for none", "Coste objetivo; 0 para ninguno"),
                    0.0,
                    1e15,
                    0.0,
                ),
                real(
                    "exponent",
                    Text::new("Exponent of cost / target", "Exponente de coste / objetivo"),
                    -2.0,
                    0.0,
                    -0.07,
                ),
            ],
        }
    }

    /// The strategy as configured by `settings`, for these genes.
    #[must_use]
    pub fn new(settings: &Settings, genes: &GeneTree) -> Self {
        Self {
            rate: settings.real("rate"),
            entropy: settings.real("entropy"),
            target: settings.real("target"),
            exponent: settings.real("exponent"),
            logits: genes.genes().iter().map(|gene| vec![0.0; gene.choices.len()]).collect(),
            genes: genes.clone(),
            rewards: Vec::new(),
        }
    }

    /// A genotype sampled from the policies of the genes that become active.
    fn sample(&self, rng: &mut Rng) -> Genotype {
        let genes = self.genes.genes();
        let mut genotype = Genotype(vec![0; genes.len()]);
        let mut are_active = vec![false; genes.len()];
        for (index, gene) in genes.iter().enumerate() {
            are_active[index] = gene.parent.as_ref().is_none_or(|parent| {
                are_active[parent.gene] && parent.values.contains(&genotype.0[parent.gene])
            });
            if are_active[index] {
                genotype.0[index] = categorical(&probabilities(&self.logits[index]), rng);
            }
        }
        genotype
    }

    fn reward(&self, told: &Told) -> f64 {
        let accuracy = 1.0 - told.error();
        match told.objectives.get(1) {
            Some(&cost) if self.target > 0.0 => weighted_product(accuracy, cost, self.target, self.exponent),
            _ => accuracy,
        }
    }

    /// Of the rewards remembered, the share that this one beats minus the share that beats it.
    fn advantage(&self, reward: f64) -> f64 {
        let remembered = &self.rewards[self.rewards.len().saturating_sub(REWARDS_REMEMBERED)..];
        let sign = |other: &f64| f64::from(i8::from(reward > *other) - i8::from(reward < *other));
        remembered.iter().map(sign).sum::<f64>() / remembered.len().max(1) as f64
    }
}

impl Strategy for Reinforce {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        for _ in 0..MAX_SAMPLES {
            let genotype = self.sample(&mut ask.rng);
            if ask.is_feasible(&genotype) {
                return Some(Proposal { genotype, parent: None });
            }
        }
        ask.draw().map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        let reward = self.reward(told);
        let advantage = self.advantage(reward);
        self.rewards.push(reward);
        for gene in self.genes.active(&told.genotype) {
            let chosen = usize::from(told.genotype.0[gene]);
            let probabilities = probabilities(&self.logits[gene]);
            let entropy = entropy(&probabilities);
            for (choice, (logit, p)) in self.logits[gene].iter_mut().zip(probabilities).enumerate() {
                // ∂ log π(chosen) / ∂ logit and ∂ H / ∂ logit.
                let likelihood = f64::from(u8::from(choice == chosen)) - p;
                let spread = -p * (libm::log(p) + entropy);
                *logit += self.rate * (advantage * likelihood + self.entropy * spread);
            }
        }
    }

    fn inspect(&self) -> Inspection {
        Inspection::Policy { probabilities: self.logits.iter().map(|logits| probabilities(logits)).collect() }
    }
}

/// The softmax of logits.
fn probabilities(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| libm::exp(logit - largest)).collect();
    let sum: f64 = exponentials.iter().sum();
    // The least positive number keeps logarithms finite.
    exponentials.iter().map(|exponential| (exponential / sum).max(f64::MIN_POSITIVE)).collect()
}

/// In nats.
fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().map(|p| p * libm::log(*p)).sum::<f64>()
}

fn categorical(probabilities: &[f64], rng: &mut Rng) -> u16 {
    let mut rest = f64::from(rng.unit());
    let last = probabilities.len() - 1;
    let chosen = probabilities[..last].iter().position(|p| {
        rest -= p;
        rest < 0.0
    });
    chosen.unwrap_or(last) as u16
}

#[cfg(test)]
mod tests {
    use nas_space::Gene;

    use super::*;

    fn genes() -> GeneTree {
        GeneTree::new(vec![
            Gene::new("kind", 0..2),
            Gene::new("width", 0..3).when(0, [1]),
            Gene::new("kernel", 0..4),
        ])
    }

    fn reinforce(rate: f64, entropy: f64) -> Reinforce {
        let member = Reinforce::member();
        Reinforce { rate, entropy, ..Reinforce::new(&Settings::defaults(&member.settings), &genes()) }
    }

    fn told(ask: u32, values: [u16; 3], error: f64) -> Told {
        Told { ask, genotype: Genotype(values.to_vec()), parent: None, objectives: vec![error, 8.0] }
    }

    #[test]
    fn the_policy_follows_the_gradient() {
        // The gradient of advantage · log π + entropy · H, by central differences.
        const STEP: f64 = 1e-5;
        let logits = [0.3, -0.2, 0.9];
        let objective = |logits: &[f64]| {
            let p = probabilities(logits);
            0.5 * libm::log(p[2]) + 0.1 * entropy(&p)
        };
        let mut strategy = reinforce(1.0, 0.1);
        strategy.logits[1] = logits.to_vec();
        // Beats three of four, is beaten by one.
        strategy.rewards = vec![0.1, 0.2, 0.3, 0.9];
        strategy.tell(&told(0, [1, 2, 0], 0.5));
        for choice in 0..3 {
            let (mut above, mut below) = (logits, logits);
            above[choice] += STEP;
            below[choice] -= STEP;
            let expected = (objective(&above) - objective(&below)) / (2.0 * STEP);
            let found = strategy.logits[1][choice] - logits[choice];
            assert!((found - expected).abs() < 1e-8, "{choice}: {found}, {expected}");
        }
    }

    #[test]
    fn genes_that_were_inactive_learn_nothing() {
        let mut strategy = reinforce(1.0, 0.0);
        strategy.restore(&[told(0, [0, 0, 1], 0.5), told(1, [0, 0, 1], 0.1)]);
        assert_eq!(strategy.logits[1], [0.0; 3]);
        let Inspection::Policy { probabilities } = strategy.inspect() else { panic!("no policy") };
        assert!(probabilities[2][1] > 0.25 && probabilities[0][0] > 0.5, "{probabilities:?}");
    }

    #[test]
    fn samples_have_the_policy_s_shares() {
        const SAMPLES: u32 = 20_000;
        let mut strategy = reinforce(1.0, 0.0);
        strategy.logits[2] = [1.0, 2.0, 4.0, 1.0].map(libm::log).to_vec();
        let mut rng = Rng::for_purpose(2, "test", 0);
        let mut counts = [0; 4];
        for _ in 0..SAMPLES {
            let genotype = strategy.sample(&mut rng);
            genes().check(&genotype).unwrap();
            counts[usize::from(genotype.0[2])] += 1;
        }
        for (count, share) in counts.into_iter().zip([0.125, 0.25, 0.5, 0.125]) {
            // Four standard errors.
            assert!((f64::from(count) / f64::from(SAMPLES) - share).abs() < 0.0142, "{counts:?}");
        }
    }

    #[test]
    fn a_target_weighs_the_cost() {
        let mut strategy = reinforce(1.0, 0.0);
        assert_eq!(strategy.reward(&told(0, [0, 0, 0], 0.2)), 0.8);
        (strategy.target, strategy.exponent) = (4.0, -0.5);
        // (8 / 4)^−0.5
        assert!((strategy.reward(&told(0, [0, 0, 0], 0.2)) - 0.8 * 0.707_106_781_186_547_5).abs() < 1e-15);
    }
}
