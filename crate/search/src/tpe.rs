use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};
use nas_numerics::Rng;
use nas_space::{GeneTree, Genotype};

use crate::known::Known;
use crate::{Ask, Densities, Inspection, Proposal, Strategy, Told};

/// Candidates drawn from the density of the good ones for each proposal; the same number as in the package Optuna.
const CANDIDATES: usize = 24;
/// Draws that look for them: a known genotype is no candidate.
const MAX_CANDIDATES: usize = 200;
/// Weight of the uniform distribution in each density, in observations.
const PRIOR_WEIGHT: f64 = 1.0;

/// Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4): the
/// density of each gene's values among the good results and among the others; of some candidates drawn from the good
/// density the one with the largest ratio of both is proposed, which is the one with the largest expected improvement.
///
/// A gene's densities count the results in which it is active. What is under way counts as not good, so that several
/// open proposals differ.
pub struct Tpe {
    genes: GeneTree,
    startup: u32,
    good_share: f64,
    told: Vec<Told>,
}

impl Tpe {
    pub(crate) fn member() -> Member {
        Member {
            id: "tpe",
            title: Text::new("Parzen estimator (TPE)", "Estimador de Parzen (TPE)"),
            sentence: Text::new(
                "Learns which choices are frequent among the good candidates and rare among the others, and draws from them.",
                "Aprende qué opciones son frecuentes entre las buenas candidatas y raras entre las demás, y sortea entre ellas.",
            ),
            settings: vec![
                Setting {
                    name: "startup",
                    title: Text::new("Random candidates first", "Candidatas al azar primero"),
                    kind: SettingKind::Integer { min: 1, max: 1000 },
                    default: SettingValue::Integer(10),
                },
                Setting {
                    name: "good_share",
                    title: Text::new("Share of good candidates", "Proporción de buenas candidatas"),
                    kind: SettingKind::Real { min: 0.01, max: 0.5 },
                    default: SettingValue::Real(0.1),
                },
            ],
        }
    }

    /// The strategy as configured by `settings`, for a space of these genes.
    #[must_use]
    pub fn new(settings: &Settings, genes: &GeneTree) -> Self {
        let (startup, good_share) = (settings.integer("startup"), settings.real("good_share"));
        Self { genes: genes.clone(), startup, good_share, told: Vec::new() }
    }

    /// The densities of both groups, one for each gene; those under way are not good.
    fn densities(&self, pending: &[Genotype]) -> Densities {
        let mut order: Vec<&Told> = self.told.iter().collect();
        order.sort_by(|a, b| a.error().total_cmp(&b.error()).then(a.ask.cmp(&b.ask)));
        let good = libm::ceil(self.good_share * order.len() as f64) as usize;
        let (good, bad) = order.split_at(good);
        let bad = bad.iter().map(|told| &told.genotype).chain(pending);
        Densities {
            good: self.density(&mut good.iter().map(|told| &told.genotype)),
            bad: self.density(&mut bad.into_iter()),
        }
    }

    /// For each gene the probability of each value among these genotypes, mixed with the uniform distribution.
    fn density(&self, genotypes: &mut dyn Iterator<Item = &Genotype>) -> Vec<Vec<f64>> {
        let genes = self.genes.genes();
        let mut density: Vec<Vec<f64>> = genes
            .iter()
            .map(|gene| vec![PRIOR_WEIGHT / gene.choices.len() as f64; gene.choices.len()])
            .collect();
        for genotype in genotypes {
            for gene in self.genes.active(genotype) {
                density[gene][usize::from(genotype.0[gene])] += 1.0;
            }
        }
        for values in &mut density {
            let total: f64 = values.iter().sum();
            for value in values {
                *value /= total;
            }
        }
        density
    }

    /// Draws each active gene from the density of its values.
    fn draw(&self, density: &[Vec<f64>], rng: &mut Rng) -> Genotype {
        let mut genotype = Genotype(vec![0; density.len()]);
        let mut is_active = vec![false; density.len()];
        for (index, (gene, shares)) in self.genes.genes().iter().zip(density).enumerate() {
            is_active[index] = gene.parent.as_ref().is_none_or(|parent| {
                is_active[parent.gene] && parent.values.contains(&genotype.0[parent.gene])
            });
            if is_active[index] {
                let mut rest = f64::from(rng.unit());
                let drawn = shares.iter().position(|&share| {
                    rest -= share;
                    rest < 0.0
                });
                // Rounding may leave a rest behind the last value.
                genotype.0[index] = drawn.unwrap_or(shares.len() - 1) as u16;
            }
        }
        genotype
    }

    /// How much more likely a genotype is among the good ones: the logarithm of the ratio of both densities.
    fn score(&self, densities: &Densities, genotype: &Genotype) -> f64 {
        let ratio = |gene: usize| {
            let value = usize::from(genotype.0[gene]);
            libm::log(densities.good[gene][value] / densities.bad[gene][value])
        };
        self.genes.active(genotype).into_iter().map(ratio).sum()
    }
}

impl Strategy for Tpe {
    /// Asks are random until `startup` results are told, and where no candidate of the good density is left.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let known = Known::new(&self.told, ask.pending);
        if self.told.len() >= self.startup as usize {
            let densities = self.densities(ask.pending);
            let mut candidates: Vec<(f64, Genotype)> = (0..MAX_CANDIDATES)
                .map(|_| self.draw(&densities.good, &mut ask.rng))
                .filter(|genotype| !known.contains(genotype))
                .take(CANDIDATES)
                .map(|genotype| (self.score(&densities, &genotype), genotype))
                .collect();
            candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
            for (_, genotype) in candidates {
                if ask.is_feasible(&genotype) {
                    return Some(Proposal { genotype, parent: None });
                }
            }
        }
        known.draw_another(ask).map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.told.push(told.clone());
    }

    fn inspect(&self) -> Inspection {
        Inspection::Densities(self.densities(&[]))
    }
}

#[cfg(test)]
mod tests {
    use nas_space::Gene;

    use super::*;

    fn tpe() -> Tpe {
        let genes = GeneTree::new(vec![
            Gene::new("operator", ["pool", "conv"]),
            Gene::new("width", 0..4).when(0, [1]),
        ]);
        Tpe { genes, startup: 1, good_share: 0.5, told: Vec::new() }
    }

    fn told(ask: u32, values: [u16; 2], error: f64) -> Told {
        Told { ask, genotype: Genotype(values.to_vec()), parent: None, objectives: vec![error] }
    }

    #[test]
    fn densities_count_where_a_gene_is_active() {
        let mut strategy = tpe();
        strategy.restore(&[
            told(0, [1, 3], 0.1),
            told(1, [0, 0], 0.2),
            told(2, [1, 1], 0.8),
            told(3, [1, 1], 0.9),
        ]);
        let densities = strategy.densities(&[Genotype(vec![1, 2])]);
        // Each with one observation spread over all choices.
        assert_eq!(densities.good, [vec![1.5 / 3.0, 1.5 / 3.0], vec![0.125, 0.125, 0.125, 1.25 / 2.0]]);
        // With the one under way.
        assert_eq!(densities.bad, [vec![0.5 / 4.0, 3.5 / 4.0], vec![0.0625, 2.25 / 4.0, 1.25 / 4.0, 0.0625]]);
        let score = strategy.score(&densities, &Genotype(vec![1, 3]));
        assert!((score - libm::log(0.5 / 0.875 * 0.625 / 0.0625)).abs() < 1e-12);
        // The width does not count where there is none.
        let score = strategy.score(&densities, &Genotype(vec![0, 0]));
        assert!((score - libm::log(0.5 / 0.125)).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_density() {
        const DRAWS: u32 = 4000;
        let strategy = tpe();
        let density = [vec![0.25, 0.75], vec![0.1, 0.2, 0.3, 0.4]];
        let mut rng = Rng::for_purpose(1, "test", 0);
        let (mut convolutions, mut widest) = (0, 0);
        for _ in 0..DRAWS {
            let genotype = strategy.draw(&density, &mut rng);
            strategy.genes.check(&genotype).unwrap();
            convolutions += u32::from(genotype.0[0] == 1);
            widest += u32::from(genotype.0[1] == 3);
        }
        // Four standard deviations are 110 and 116.
        assert!(convolutions.abs_diff(3000) < 110, "{convolutions}");
        assert!(widest.abs_diff(1200) < 116, "{widest}");
    }
}
