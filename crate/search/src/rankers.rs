//! An ensemble of rank predictors: boosted regression trees that learn which of two results is the better one.

mod described;
mod tree;

use nas_numerics::Rng;
use nas_space::{GeneTree, Genotype};

pub use described::{Description, RankPredictor};
use tree::{Grower, Slope, Tree};

/// Members of the ensemble, each on a sample of its own.
const MEMBERS: u32 = 5;
/// Trees of each member.
const TREES: u32 = 40;
/// Share of a tree's step that is taken.
const SHRINKAGE: f64 = 0.4;
/// Pairs that each result of a sample begins, for each tree.
const PAIRS: u32 = 4;

/// An ensemble of rank predictors over genotypes: sums of regression trees (Friedman 2001, "Greedy Function Approximation: A
/// Gradient Boosting Machine") under the pairwise loss of `RankNet` (Burges et al. 2005, "Learning to Rank Using
/// Gradient Descent", section 3), each learnt from a sample drawn with replacement (bagging; Breiman 1996). An inactive gene
/// has its first value; whether it counts, the gene above it tells. Scores have the order of errors and no unit.
pub(crate) struct Rankers(Vec<Tree>);

impl Rankers {
    /// Learns to order genotypes by their errors. Samples and pairs are drawn from `rng`.
    pub(crate) fn learn(genes: &GeneTree, genotypes: &[&Genotype], errors: &[f64], rng: &mut Rng) -> Self {
        let genes: Vec<(usize, bool)> =
            genes.genes().iter().map(|gene| (gene.choices.len(), gene.is_ordinal)).collect();
        let mut trees = Vec::new();
        for _ in 0..MEMBERS {
            let count = genotypes.len() as u32;
            let sample: Vec<usize> = (0..count).map(|_| rng.below(count) as usize).collect();
            let mut scores = vec![0.0; genotypes.len()];
            for _ in 0..TREES {
                let slopes = slopes(&sample, &scores, errors, rng);
                let tree = Grower { genotypes, genes: &genes, slopes: &slopes }.grow();
                for (score, genotype) in scores.iter_mut().zip(genotypes) {
                    *score += SHRINKAGE * tree.value(genotype);
                }
                trees.push(tree);
            }
        }
        Self(trees)
    }

    /// The mean of the members' scores: the lower, the better the rank.
    pub(crate) fn score(&self, genotype: &Genotype) -> f64 {
        let sum: f64 = self.0.iter().map(|tree| tree.value(genotype)).sum();
        SHRINKAGE * sum / f64::from(MEMBERS)
    }
}

/// Slopes of the loss over pairs of a sample: −ln of the probability that the predictor gives for the right order.
fn slopes(sample: &[usize], scores: &[f64], errors: &[f64], rng: &mut Rng) -> Vec<Slope> {
    let mut slopes = vec![Slope::default(); scores.len()];
    for &one in sample {
        for _ in 0..PAIRS {
            let other = *rng.choose(sample);
            if errors[one] == errors[other] {
                continue;
            }
            let (worse, better) = if errors[one] > errors[other] { (one, other) } else { (other, one) };
            let wrong = 1.0 / (1.0 + libm::exp(scores[worse] - scores[better]));
            let curvature = wrong * (1.0 - wrong);
            slopes[worse].add(Slope { gradient: -wrong, curvature });
            slopes[better].add(Slope { gradient: wrong, curvature });
        }
    }
    slopes
}

#[cfg(test)]
mod tests {
    use nas_space::Gene;

    use super::*;

    #[test]
    fn the_order_of_results_never_seen_is_predicted() {
        let genes = GeneTree::new(vec![
            Gene::new("operator", 0..4),
            Gene::ordinal("width", 0..8),
            Gene::new("nothing", 0..5),
            Gene::ordinal("depth", 0..3),
        ]);
        let error = |genotype: &Genotype| {
            let operator = [0.3, 0.0, 0.5, 0.1][usize::from(genotype.0[0])];
            operator - 0.05 * f64::from(genotype.0[1]) + 0.1 * f64::from(genotype.0[3])
        };
        let mut rng = Rng::for_purpose(5, "test", 0);
        let all: Vec<Genotype> = (0..160).map(|_| genes.draw(&mut rng)).collect();
        let (seen, unseen) = all.split_at(100);
        let seen: Vec<&Genotype> = seen.iter().collect();
        let errors: Vec<f64> = seen.iter().map(|genotype| error(genotype)).collect();
        let rankers = Rankers::learn(&genes, &seen, &errors, &mut rng);
        let (mut right, mut pairs) = (0, 0);
        for one in unseen {
            for other in unseen.iter().filter(|other| error(one) < error(other) - 1e-9) {
                pairs += 1;
                right += u32::from(rankers.score(one) < rankers.score(other));
            }
        }
        assert!(f64::from(right) > 0.9 * f64::from(pairs), "{right} of {pairs} pairs");
    }
}
