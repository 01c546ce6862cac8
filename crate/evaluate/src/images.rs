use nas_arch::Shape;
use nas_data::{Augmenter, DataError, Dataset, shrink};
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

/// Images as a network with a smaller input sees them: each is shrunk to that input by area averaging, after all that
/// the run does to it, so that networks of every resolution learn from the same images.
pub(crate) struct Shrunk<'a> {
    images: &'a Images,
    input: Shape,
}

impl<'a> Shrunk<'a> {
    /// These images for a network with this input; none if they cannot be, or need not be, shrunk to it.
    pub(crate) fn new(images: &'a Images, input: Shape) -> Option<Self> {
        let image = images.sizes().image;
        let is_smaller = input.channels == image.channels
            && input.height == input.width
            && (1..image.height).contains(&input.height);
        is_smaller.then_some(Self { images, input })
    }

    fn shrink(&self, shrunk: &mut [f32], fill: impl FnOnce(&mut [f32])) {
        let image = self.images.sizes().image;
        let batch = shrunk.len() / self.input.elements() as usize;
        let mut images = vec![0.0; batch * image.elements() as usize];
        fill(&mut images);
        shrink(&images, image.channels as usize, image.height as usize, self.input.height as usize, shrunk);
    }
}

impl Samples for Shrunk<'_> {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { image: self.input, ..self.images.sizes() }
    }

    fn fill(&self, split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        self.shrink(images, |whole| self.images.fill(split, indices, whole, labels));
    }

    fn fill_for_training(
        &self,
        epoch: TrainingEpoch,
        indices: &[u32],
        images: &mut [f32],
        labels: &mut [u32],
    ) {
        self.shrink(images, |whole| self.images.fill_for_training(epoch, indices, whole, labels));
    }
}
