use nas_space::{GeneTree, Genotype};

/// Covariance of two genotypes, in units of the process' variance: exp(−Σ scale · difference) over the genes.
///
/// The difference of a gene is 0 where both have the same value or the gene is inactive in both, 1 where it is active in one
/// only (Hutter and Osborne 2013, "A Kernel for Hierarchical Parameter Spaces", section 3), and otherwise that of
/// the values: 1 for categories (Hamming distance), their distance as a share of the range for ordinal genes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kernel {
    /// Whether a gene's choices have an order.
    is_ordinal: Vec<bool>,
    /// For each gene how much its difference counts.
    pub(crate) scales: Vec<f64>,
    /// Variance of the noise.
    pub(crate) noise: f64,
}

/// A genotype as the kernel sees it: for each gene its value (as a share of the range for ordinal genes), or `INACTIVE`.
pub(crate) type Position = Vec<f64>;

const INACTIVE: f64 = -1.0;

impl Kernel {
    pub(crate) fn new(genes: &GeneTree, scales: Vec<f64>, noise: f64) -> Self {
        Self { is_ordinal: genes.genes().iter().map(|gene| gene.is_ordinal).collect(), scales, noise }
    }

    /// Where a genotype lies.
    pub(crate) fn position(genes: &GeneTree, genotype: &Genotype) -> Position {
        let mut position = vec![INACTIVE; genotype.0.len()];
        for index in genes.active(genotype) {
            let (gene, value) = (&genes.genes()[index], f64::from(genotype.0[index]));
            let range = (gene.choices.len() as f64 - 1.0).max(1.0);
            position[index] = if gene.is_ordinal { value / range } else { value };
        }
        position
    }

    /// By how much a gene's values differ, from 0 to 1.
    pub(crate) fn difference(&self, gene: usize, one: f64, other: f64) -> f64 {
        if one == other {
            0.0
        } else if self.is_ordinal[gene] && one != INACTIVE && other != INACTIVE {
            (one - other).abs()
        } else {
            1.0
        }
    }

    pub(crate) fn covariance(&self, one: &Position, other: &Position) -> f64 {
        let mut distance = 0.0;
        for (gene, scale) in self.scales.iter().enumerate() {
            distance += scale * self.difference(gene, one[gene], other[gene]);
        }
        libm::exp(-distance)
    }

    /// Covariances of observations at these positions: those of the positions, and the noise on the diagonal. The
    /// lower triangle is zero.
    ///
    /// # Shapes
    /// [n, n]
    pub(super) fn matrix(&self, positions: &[Position]) -> Vec<f64> {
        let n = positions.len();
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            matrix[i * n + i] = 1.0 + self.noise;
            for j in i + 1..n {
                matrix[i * n + j] = self.covariance(&positions[i], &positions[j]);
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use nas_space::Gene;

    use super::*;

    fn genes() -> GeneTree {
        GeneTree::new(vec![
            Gene::ordinal("size", 0..5),
            Gene::new("operator", ["pool", "conv"]),
            Gene::ordinal("width", 0..3).when(1, [1]),
        ])
    }

    #[test]
    fn differences_count_by_kind() {
        let genes = genes();
        let kernel = Kernel::new(&genes, vec![0.4, 0.5, 2.0], 0.1);
        let covariance = |one: [u16; 3], other: [u16; 3]| {
            let position = |values: [u16; 3]| Kernel::position(&genes, &Genotype(values.to_vec()));
            kernel.covariance(&position(one), &position(other))
        };
        assert_eq!(covariance([3, 1, 2], [3, 1, 2]), 1.0);
        // Two of four steps.
        assert_eq!(covariance([1, 1, 2], [3, 1, 2]), libm::exp(-0.4 * 0.5));
        // The operator differs and the width stands in one alone, whatever it is.
        assert_eq!(covariance([3, 1, 2], [3, 0, 0]), libm::exp(-2.5));
        assert_eq!(covariance([3, 1, 0], [3, 0, 0]), libm::exp(-2.5));
        assert_eq!(covariance([3, 1, 0], [3, 1, 1]), libm::exp(-1.0));
    }
}
