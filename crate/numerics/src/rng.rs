use rand_core::Rng as _;
use rand_pcg::Pcg32;

use crate::Digester;

/// The one random number generator of the house: PCG-XSH-RR 64/32 (O'Neill 2014, "PCG: A Family of Simple
/// Fast Space-Efficient Statistically Good Algorithms for Random Number Generation").
///
/// Ranges, shuffles and normal draws are defined here on `u32` only: the rand crate may change the values
/// of its own between minor versions, and `usize` ranges differ between 32 and 64 bits.
#[derive(Clone, Debug)]
pub struct Rng(Pcg32);

impl Rng {
    /// The generator for one purpose of one seed: `Rng::for_purpose(seed, "ask", k)` is independent of
    /// every other purpose and index.
    #[must_use]
    pub fn for_purpose(seed: u32, purpose: &str, index: u64) -> Self {
        Self::from_digester(Digester::new().number(u64::from(seed)).text(purpose).number(index))
    }

    /// The generator that a digest names, for draws that belong to a key rather than to a seed (the initial
    /// weights of one parameter of one evaluation).
    #[must_use]
    pub fn from_digester(digester: Digester) -> Self {
        let digest = digester.finish().0;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| digest[at + i]));
        Self(Pcg32::new(word(0), word(8)))
    }

    /// A uniform 32-bit number.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A uniform number in `0..bound`, without bias (Lemire 2019, "Fast Random Integer Generation in an
    /// Interval", with rejection).
    ///
    /// # Panics
    /// If `bound` is zero.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "an empty range has no number to draw");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// A uniform number in `[0, 1)` with 24 random bits.
    pub fn unit(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// A standard normal number (Box and Muller 1958; one of the pair is used).
    pub fn normal(&mut self) -> f32 {
        // In (0, 1]: the logarithm of zero is never taken.
        let radius = 1.0 - self.unit();
        let angle = core::f32::consts::TAU * self.unit();
        libm::sqrtf(-2.0 * libm::logf(radius)) * libm::cosf(angle)
    }

    /// True with the probability `chance`.
    pub fn happens(&mut self, chance: f32) -> bool {
        self.unit() < chance
    }

    /// One of `items`, each equally likely.
    ///
    /// # Panics
    /// If `items` is empty.
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// Brings `items` into a uniformly random order (Fisher and Yates, from the end).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        let mut rng = Rng::for_purpose(7, "golden", 0);
        let drawn: Vec<u32> = (0..4).map(|_| rng.next_u32()).collect();
        assert_eq!(drawn, [4_075_780_389, 3_707_712_659, 2_794_754_566, 1_943_761_120]);
        let derived = (rng.below(1000), rng.unit().to_bits(), rng.normal().to_bits());
        assert_eq!(derived, (632, 1_061_663_466, 1_048_748_482));
    }

    #[test]
    fn purposes_and_indices_are_independent_streams() {
        let first = |purpose, index| Rng::for_purpose(7, purpose, index).next_u32();
        assert_ne!(first("ask", 0), first("ask", 1));
        assert_ne!(first("ask", 0), first("batch", 0));
    }

    #[test]
    fn ranges_are_uniform() {
        // χ² with 6 degrees of freedom exceeds 22.46 with probability 0.001.
        const DRAWS: u32 = 70_000;
        let mut rng = Rng::for_purpose(1, "chi-squared", 0);
        let mut counts = [0u32; 7];
        for _ in 0..DRAWS {
            counts[rng.below(7) as usize] += 1;
        }
        let expected = f64::from(DRAWS) / 7.0;
        let chi_squared: f64 =
            counts.iter().map(|&n| (f64::from(n) - expected) * (f64::from(n) - expected) / expected).sum();
        assert!(chi_squared < 22.46, "{chi_squared}: {counts:?}");
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        const DRAWS: usize = 100_000;
        let mut rng = Rng::for_purpose(1, "normal", 0);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| f64::from(rng.normal())).collect();
        let mean = drawn.iter().sum::<f64>() / DRAWS as f64;
        let variance = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / DRAWS as f64;
        // Four standard errors: 4/√n for the mean, 4·√(2/n) for the variance.
        assert!(mean.abs() < 0.0127, "{mean}");
        assert!((variance - 1.0).abs() < 0.018, "{variance}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Rng::for_purpose(3, "shuffle", 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
