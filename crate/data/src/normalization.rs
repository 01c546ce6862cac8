use crate::PIXEL_SCALE;

/// The affine map from a stored value `v` in `0..=value_max` to what a network sees:
/// `(v − mean) / standard_deviation`.
///
/// One pair for all channels, so that a chip that reads a sensor needs one scale and one zero point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalization {
    /// Mean of the training pixels.
    pub mean: f32,
    /// Standard deviation of the training pixels over their number `n`, not `n − 1`.
    pub standard_deviation: f32,
}

impl Normalization {
    /// The statistics of pixels in units of 1 / [`PIXEL_SCALE`], or nothing when all are equal.
    ///
    /// The sums are integers, so that their order does not matter; the variance is (n·Σv² − (Σv)²) / n², and
    /// rounding begins with the division.
    pub(crate) fn of(pixels: &[u16]) -> Option<Self> {
        let count = pixels.len() as u64;
        let sum: u64 = pixels.iter().map(|&pixel| u64::from(pixel)).sum();
        let squares: u64 = pixels.iter().map(|&pixel| u64::from(pixel) * u64::from(pixel)).sum();
        let spread = u128::from(count) * u128::from(squares) - u128::from(sum) * u128::from(sum);
        if spread == 0 {
            return None;
        }
        let unit = count as f64 * f64::from(PIXEL_SCALE);
        let mean = (sum as f64 / unit) as f32;
        let standard_deviation = ((spread as f64).sqrt() / unit) as f32;
        Some(Self { mean, standard_deviation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_by_hand() {
        // 1, 2, 3, 6: mean 3, squared distances 4 + 1 + 0 + 9, variance 3.5.
        let pixels = [1, 2, 3, 6].map(|value| value * PIXEL_SCALE);
        let normalization = Normalization::of(&pixels).expect("they differ");
        assert_eq!(normalization.mean, 3.0);
        assert_eq!(normalization.standard_deviation, 3.5f64.sqrt() as f32);
    }

    #[test]
    fn equal_pixels_have_none() {
        assert_eq!(Normalization::of(&[7; 100]), None);
        assert_eq!(Normalization::of(&[]), None);
    }
}
