use nas_arch::Graph;

use super::linear_algebra::{Symmetric, eigenvalues};
use super::{ImagePart, Method};
use crate::plan::Probe;

/// Added to each eigenvalue: `k` of `jacob_cov` of Abdelfattah et al. 2021.
const OFFSET: f64 = 1e-5;

/// −Σ (ln(λ + k) + 1/(λ + k)) over the eigenvalues λ of the correlations between the images' Jacobians ∂(Σ outputs)/∂pixels,
/// k = `OFFSET` (Mellor et al. 2020, arXiv 2006.04647; `jacob_cov` of Abdelfattah et al. 2021).
#[derive(Default)]
pub(super) struct JacobCov {
    means: Vec<f64>,
    /// Of the centred Jacobians.
    products: Symmetric,
}

impl Method for JacobCov {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::ImageGradients
    }

    fn read_image(&mut self, _pass: u32, part: ImagePart<'_>) {
        let jacobian = part.values_of(part.image);
        let mean = jacobian.iter().map(|&value| f64::from(value)).sum::<f64>() / jacobian.len() as f64;
        self.means.push(mean);
        self.products.extend((0..=part.image).map(|other| {
            let centred = jacobian.iter().map(|&value| f64::from(value) - mean);
            let others = part.values_of(other).iter().map(|&value| f64::from(value) - self.means[other]);
            centred.zip(others).map(|(left, right)| left * right).sum()
        }));
    }

    /// Not a number where a Jacobian is constant.
    fn score(&mut self) -> f64 {
        let size = self.means.len();
        let lengths: Vec<f64> = (0..size).map(|image| libm::sqrt(self.products.get(image, image))).collect();
        let correlation = |row: usize, column: usize| {
            let correlation = self.products.get(row, column) / (lengths[row] * lengths[column]);
            // As NumPy's `corrcoef`; what is not a number stays so.
            correlation.clamp(-1.0, 1.0)
        };
        let mut correlations = Symmetric::default();
        for row in 0..size {
            correlations.extend((0..=row).map(|column| correlation(row, column)));
        }
        if size == 0 || !correlations.is_finite() {
            return f64::NAN;
        }
        -eigenvalues(correlations)
            .into_iter()
            .map(|eigenvalue| eigenvalue + OFFSET)
            .map(|value| libm::log(value) + 1.0 / value)
            .sum::<f64>()
    }
}
