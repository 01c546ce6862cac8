//! From a network to trained weights: a static plan of memory and instructions, and a trainer that works
//! through it a little at a time.
//!
//! A [`Plan`] is a [`nas_arch::Graph`] turned into a list of instructions (forward, loss, backward,
//! update) over buffers whose places in one flat arena follow from their lifetimes. [`Trainer`] runs that
//! list for as many multiply-accumulates as it is given at a time ([`Trainer::step`]), pulling images from a
//! [`Samples`]; how the work is cut into calls changes no bit of the result, and nothing is allocated on the
//! way. Parameters, gradients, optimiser state and running statistics lie in one flat buffer each;
//! [`ParameterLayout`] finds them by path and translates from and to `PyTorch`'s order of elements.
//! [`Scorer`] makes passes over one batch without updating anything, for the zero-cost scores.
//!
//! ```
//! use nas_arch::{Network, Optimizer, Recipe, Schedule};
//! use nas_nn::{Event, SampleSizes, Samples, Seeds, Split, Trainer};
//!
//! /// Images that are black or white, and are labelled so.
//! struct Shades;
//!
//! impl Samples for Shades {
//!     fn sizes(&self) -> SampleSizes {
//!         SampleSizes { image: [1, 2, 2].into(), classes: 2, train: 16, validation: 4, test: 4 }
//!     }
//!     fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
//!         for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(4)).zip(labels) {
//!             *label = index % 2;
//!             image.fill(*label as f32 - 0.5);
//!         }
//!     }
//! }
//!
//! let network = Network::from_json(r#"{"input": [1, 2, 2], "layers": [{"op": "dense", "out_features": 2}]}"#)?;
//! let recipe = Recipe {
//!     batch_size: 4,
//!     optimizer: Optimizer::adam_w(),
//!     learning_rate: 0.1,
//!     warmup_epochs: 0.0,
//!     horizon_epochs: 8,
//!     label_smoothing: 0.0,
//!     schedule: Schedule::Cosine,
//!     clip_norm: None,
//! };
//! let seeds = Seeds { key: nas_numerics::sha256(b"key"), run_seed: 7, replicate: 0 };
//! let mut trainer = Trainer::new(&network.resolve()?, &recipe, seeds, Shades.sizes(), 1 << 20)?;
//! trainer.train_to(8)?;
//! let accuracy = loop {
//!     match trainer.step(&Shades, 1_000_000).event {
//!         Some(Event::EpochEnd { epoch: 8, validation, .. }) => break validation.accuracy,
//!         Some(Event::Diverged { step, layer }) => panic!("{layer} diverged in step {step}"),
//!         _ => {}
//!     }
//! };
//! assert_eq!(accuracy, 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod folding;
mod initialize;
mod layout;
mod learning_rate;
mod memory;
mod operators;
mod optimizer;
mod plan;
mod samples;
mod scores;
mod snapshot;
mod super_network;
mod trainer;
mod weights;
mod work;

pub use error::{PlanError, SnapshotError, TrainerError, WeightsError};
pub use folding::fold_batch_norms;
pub use layout::{ParameterLayout, Slot, Storage};
pub use learning_rate::LearningRates;
#[doc(no_inline)]
pub use nas_kernels::{Level, peak, with_level};
pub use plan::Plan;
pub use samples::{SampleSizes, Samples, Split, TrainingEpoch};
pub use scores::{Proxy, Scorer};
pub use super_network::{PathEvent, PathReport, PathScorer, PathTrainer, SharedWeights};
pub use trainer::{Event, Score, Seeds, StepReport, Trainer};
pub use weights::{Matched, NamedTensor};
