//! Images that come from no data set.

use nas_numerics::Rng;

use crate::{SampleSizes, Samples, Split};

/// Images of ones.
pub(super) struct Ones(pub(super) SampleSizes);

impl Samples for Ones {
    fn sizes(&self) -> SampleSizes {
        self.0
    }

    fn fill(&self, _split: Split, _indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        images.fill(1.0);
        labels.fill(0);
    }
}

/// Images x + `change` · ε of standard normal pixels: each image has one generator for x and one for ε.
pub(super) struct Noise {
    pub(super) sizes: SampleSizes,
    pub(super) run_seed: u32,
    pub(super) change: f32,
}

impl Samples for Noise {
    fn sizes(&self) -> SampleSizes {
        self.sizes
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let elements = images.len() / indices.len();
        for (&index, image) in indices.iter().zip(images.chunks_exact_mut(elements)) {
            let mut rng = Rng::for_purpose(self.run_seed, "noise", u64::from(index));
            image.fill_with(|| rng.normal());
            if self.change != 0.0 {
                let mut rng = Rng::for_purpose(self.run_seed, "change of noise", u64::from(index));
                for pixel in image {
                    *pixel += self.change * rng.normal();
                }
            }
        }
        labels.fill(0);
    }
}
