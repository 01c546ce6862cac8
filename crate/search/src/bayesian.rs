use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_space::{GeneTree, Genotype};

use crate::gaussian::{expected_shortfall, normal_scores};
use crate::known::Known;
use crate::proposals::{Effort, draw_anywhere, rank_proposals};
use crate::surrogate::{Surrogate, by_error};
use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Candidates cost a prediction each; the limits are looked at for the best ones only.
const EFFORT: Effort = Effort { draws: 100, parents: 10, mutants: 100, climbs: 6, neighbours: 64 };

/// Standard deviation of the kernel's priors. On NAS-Bench-201 one of 1.5 made one search in six believe too much in too few
/// results, and stay where it was.
const PRIOR_DEVIATION: f64 = 0.5;

/// Bayesian optimization (Jones et al. 1998, "Efficient Global Optimization of Expensive Black-Box Functions"): a Gaussian
/// process learns the ranks of the results; the candidate with the largest expected improvement is proposed.
///
/// What is under way is believed to come out as expected, so that several open proposals differ. At most 500 results
/// are learnt from: the better ones and a spread of the others.
pub struct Bayesian {
    genes: GeneTree,
    startup: u32,
    told: Vec<Told>,
}

impl Bayesian {
    pub(crate) fn member() -> Member {
        Member {
            id: "bayesian",
            title: Text::new("Bayesian optimization", "Optimización bayesiana"),
            sentence: Text::new(
                "A Gaussian process predicts every candidate with its uncertainty; the one that promises the largest improvement comes next.",
                "Un proceso gaussiano predice cada candidata con su incertidumbre; la que promete la mayor mejora es la siguiente.",
            ),
            settings: vec![startup(10)],
        }
    }

    /// The strategy as configured by `settings`, for a space of these genes.
    #[must_use]
    pub fn new(settings: &Settings, genes: &GeneTree) -> Self {
        Self { genes: genes.clone(), startup: settings.integer("startup"), told: Vec::new() }
    }
}

/// How many candidates are drawn by lot before a model is learnt.
pub(crate) fn startup(default: u32) -> Setting {
    Setting {
        name: "startup",
        title: Text::new("Random candidates first", "Candidatas al azar primero"),
        kind: SettingKind::Integer { min: 1, max: 1000 },
        default: SettingValue::Integer(default),
    }
}

impl Strategy for Bayesian {
    /// Asks are random until `startup` results are told.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let known = Known::new(&self.told, ask.pending);
        if self.told.len() >= self.startup as usize {
            let best_first = by_error(&self.told);
            let surrogate =
                Surrogate::learn(&self.genes, &best_first, &normal_scores, PRIOR_DEVIATION, ask.pending);
            let incumbent = surrogate.least();
            let mut acquire = |_: &mut Ask<'_>, genotypes: &[Genotype]| {
                let beliefs = surrogate.process.beliefs(genotypes);
                beliefs
                    .iter()
                    .map(|belief| expected_shortfall(incumbent, belief.mean, belief.deviation))
                    .collect()
            };
            let drawn = draw_anywhere(ask, EFFORT);
            for (_, genotype, parent) in rank_proposals(ask, &known, EFFORT, drawn, &best_first, &mut acquire)
            {
                if ask.is_feasible(&genotype) {
                    return Some(Proposal { genotype, parent });
                }
            }
        }
        known.draw_another(ask).map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.told.push(told.clone());
    }

    fn inspect(&self) -> Inspection {
        if self.told.is_empty() {
            return Inspection::Memoryless;
        }
        Surrogate::learn(&self.genes, &by_error(&self.told), &normal_scores, PRIOR_DEVIATION, &[]).inspect()
    }
}
