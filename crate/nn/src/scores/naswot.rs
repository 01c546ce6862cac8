use nas_arch::Graph;

use super::linear_algebra::{Symmetric, log_determinant};
use super::{ImagePart, Method};
use crate::plan::Probe;

/// ln |det K| of the matrix K of which element (i, j) is the number of rectifiers that images i and j switch alike (Mellor et
/// al. 2021, "Neural Architecture Search without Training"). A rectifier is on where its output is positive.
#[derive(Default)]
pub(super) struct Naswot {
    /// The switches of each image, 64 in a word.
    codes: Vec<Vec<u64>>,
    /// Rectifiers.
    units: usize,
}

impl Method for Naswot {
    fn probe(&self, _graph: &Graph) -> Probe {
        Probe::Rectified
    }

    fn read_image(&mut self, _pass: u32, part: ImagePart<'_>) {
        let values = part.values_of(part.image);
        if self.codes.len() < part.batch {
            self.codes.resize(part.batch, Vec::new());
        }
        if part.image == 0 {
            self.units += values.len();
        }
        self.codes[part.image].extend(values.chunks(64).map(|values| {
            values.iter().enumerate().fold(0, |word, (bit, &value)| word | u64::from(value > 0.0) << bit)
        }));
    }

    /// Minus infinity where two images switch everything alike, and without rectifiers.
    fn score(&mut self) -> f64 {
        let mut alike = Symmetric::default();
        for (image, code) in self.codes.iter().enumerate() {
            alike.extend(self.codes[..=image].iter().map(|other| {
                let differences = code.iter().zip(other).map(|(left, right)| (left ^ right).count_ones());
                self.units as f64 - f64::from(differences.sum::<u32>())
            }));
        }
        if self.units == 0 { f64::NEG_INFINITY } else { log_determinant(&alike) }
    }
}
