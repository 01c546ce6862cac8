use nas_numerics::Rng;
use nas_space::{Gene, GeneTree, Genotype};

use super::Rankers;

/// Bins that a number is sorted into.
const BINS: usize = 16;

/// What is known of a candidate before its result.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its genes.
    pub genotype: Genotype,
    /// Numbers beside them: costs, or what a part of an evaluation has shown. As many for each candidate.
    pub numbers: Vec<f64>,
}

/// Foresees the order of results from genes and numbers: the rank ensemble of HyT-NAS, for which a number is one more ordinal gene,
/// its bins ending at quantiles of what was learnt from.
pub struct RankPredictor {
    rankers: Rankers,
    /// For each number where its bins end.
    ends: Vec<Vec<f64>>,
}

impl RankPredictor {
    /// Learns to order candidates by their errors. Samples and pairs are drawn from `rng`.
    ///
    /// # Panics
    /// If there is no candidate.
    #[must_use]
    pub fn learn(genes: &GeneTree, described: &[&Description], errors: &[f64], rng: &mut Rng) -> Self {
        let numbers = described[0].numbers.len();
        let ends = (0..numbers).map(|number| bin_ends(described.iter().map(|one| one.numbers[number])));
        let ends: Vec<Vec<f64>> = ends.collect();
        let bins =
            ends.iter().enumerate().map(|(number, ends)| Gene::ordinal(number.to_string(), 0..=ends.len()));
        let genes = GeneTree::new(genes.genes().iter().cloned().chain(bins).collect());
        let binned: Vec<Genotype> = described.iter().map(|one| binned(one, &ends)).collect();
        let rankers = Rankers::learn(&genes, &binned.iter().collect::<Vec<_>>(), errors, rng);
        Self { rankers, ends }
    }

    /// The lower, the better the rank; without a unit.
    #[must_use]
    pub fn score(&self, description: &Description) -> f64 {
        self.rankers.score(&binned(description, &self.ends))
    }
}

/// The largest values of all bins but the last, as equal in number as ties allow.
fn bin_ends(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let end = |bin: usize| sorted[(bin * sorted.len()).div_ceil(BINS).max(1) - 1];
    let mut ends: Vec<f64> = (1..BINS).map(end).collect();
    ends.dedup();
    ends
}

fn binned(description: &Description, ends: &[Vec<f64>]) -> Genotype {
    let bins = description.numbers.iter().zip(ends);
    let bins = bins.map(|(number, ends)| ends.partition_point(|end| end < number) as u16);
    Genotype(description.genotype.0.iter().copied().chain(bins).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_bins_of_equal_size() {
        let values = (0..64).map(f64::from);
        let ends = bin_ends(values.clone());
        assert_eq!(ends.len(), BINS - 1);
        let bin = |number| {
            binned(
                &Description { genotype: Genotype(vec![7]), numbers: vec![number] },
                std::slice::from_ref(&ends),
            )
        };
        let bins: Vec<u16> = values.map(|number| bin(number).0[1]).collect();
        assert_eq!(bins, (0..64).map(|i| i / 4).collect::<Vec<u16>>());
        assert_eq!((bin(-9.0).0, bin(1e9).0), (vec![7, 0], vec![7, 15]));
        assert_eq!(bin_ends([3.0; 9].into_iter()), [3.0]);
    }

    #[test]
    fn an_order_that_genes_do_not_tell_is_learnt_from_numbers() {
        let genes = GeneTree::new(vec![Gene::new("nothing", 0..4)]);
        let mut rng = Rng::for_purpose(3, "test", 0);
        let mut drawn = || {
            let numbers = vec![f64::from(rng.unit()), f64::from(rng.unit())];
            Description { genotype: Genotype(vec![rng.below(4) as u16]), numbers }
        };
        let [seen, unseen] = [80, 40].map(|count| (0..count).map(|_| drawn()).collect::<Vec<_>>());
        let error = |one: &Description| 0.8 - 0.5 * one.numbers[1];
        let errors: Vec<f64> = seen.iter().map(error).collect();
        let mut rng = Rng::for_purpose(4, "test", 0);
        let predictor = RankPredictor::learn(&genes, &seen.iter().collect::<Vec<_>>(), &errors, &mut rng);
        let pairs: Vec<(f64, f64)> = unseen.iter().map(|one| (predictor.score(one), error(one))).collect();
        let tau = nas_numerics::kendall_tau(&pairs).unwrap();
        assert!(tau > 0.8, "{tau}");
    }
}
