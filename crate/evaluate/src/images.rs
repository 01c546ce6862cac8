use nas_arch::Shape;
use nas_data::{Augmenter, DataError, Dataset};
use nas_nn::{SampleSizes, Samples, Split, TrainingEpoch};
use nas_numerics::Rng;
use nas_run::DataSpec;

/// The images of a run: a dataset at its resolution, with its number of training images, and how they are changed in
/// training.
pub struct Images {
    spec: DataSpec,
    dataset: Dataset,
    augmenter: Option<Augmenter>,
}

impl Images {
    /// Brings a dataset to what a run asks for.
    ///
    /// # Errors
    /// If the dataset cannot be had at this resolution or with so many images, or they cannot be changed like this.
    pub fn prepare(dataset: &Dataset, spec: &DataSpec) -> Result<Self, DataError> {
        let dataset = dataset.at_resolution(spec.res)?.with_train_samples(spec.samples)?;
        let augmentation = spec.augmentation;
        let augmenter =
            (!augmentation.is_identity()).then(|| Augmenter::new(augmentation, &dataset)).transpose()?;
        Ok(Self { spec: spec.clone(), dataset, augmenter })
    }

    /// What they were prepared for.
    #[must_use]
    pub fn spec(&self) -> &DataSpec {
        &self.spec
    }
}

impl Samples for Images {
    fn sizes(&self) -> SampleSizes {
        let data = &self.dataset;
        SampleSizes {
            image: Shape::new(data.channels(), data.resolution(), data.resolution()),
            classes: data.classes(),
            train: data.samples(nas_data::Split::Train),
            validation: data.samples(nas_data::Split::Validation),
            test: data.samples(nas_data::Split::Test),
        }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        let split = match split {
            Split::Train => nas_data::Split::Train,
            Split::Validation => nas_data::Split::Validation,
            Split::Test => nas_data::Split::Test,
        };
        self.dataset.fill_batch(split, indices, images, labels);
    }

    /// Each image has a generator of its own for each epoch, so that neither the network nor the rest of the batch plays a
    /// part.
    fn fill_for_training(
        &self,
        TrainingEpoch { run_seed, replicate, epoch }: TrainingEpoch,
        indices: &[u32],
        images: &mut [f32],
        labels: &mut [u32],
    ) {
        self.fill(Split::Train, indices, images, labels);
        let Some(augmenter) = &self.augmenter else { return };
        let mut augmenter = augmenter.clone();
        let purpose = format!("augmentation/{replicate}");
        let values = self.sizes().image.elements() as usize;
        for (&index, image) in indices.iter().zip(images.chunks_exact_mut(values)) {
            let draw = u64::from(epoch) << 32 | u64::from(index);
            augmenter.change(image, &mut Rng::for_purpose(run_seed, &purpose, draw));
        }
    }
}
