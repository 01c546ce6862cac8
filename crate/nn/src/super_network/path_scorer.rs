use nas_arch::{Graph, Op};

use super::SharedWeights;
use super::pass::{Batch, Pass};
use crate::memory::Memory;
use crate::plan::Mode;
use crate::samples::shuffle_images;
use crate::trainer::{Tally, check_sizes};
use crate::{PlanError, SampleSizes, Samples, Score, Seeds, Split, TrainerError};

/// Validates one network with the weights of a super-network, a little at a time.
///
/// The statistics of batch normalizations were never those of one path. They are found anew first: means and variances of
/// batches of training images, averaged. The images are the first ones in the order of the first
/// epoch, unchanged by augmentation, the same for all networks.
pub struct PathScorer {
    seeds: Seeds,
    sizes: SampleSizes,
    batch_size: u32,
    pub(super) memory: Memory,
    calibration: Pass,
    validation: Pass,
    /// For the images that do not fill a batch; none if all do.
    rest: Option<Pass>,
    /// Training images, as many as statistics are learnt from.
    order: Vec<u32>,
    /// 0, 1, 2, …
    sequence: Vec<u32>,
    /// Sums of the statistics of batches.
    sums: Vec<f64>,
    /// Batches done, of the calibration, then of the validation.
    batches: u32,
    tally: Tally,
}

impl PathScorer {
    /// Plans the passes over batches of `batch_size` images: `calibration_batches` of training images, or as many as there are, then
    /// the validation split. `memory_limit` is in bytes.
    ///
    /// # Errors
    /// If the network does not fit the data or the memory limit.
    ///
    /// # Panics
    /// If there are no images in a batch, or no batches.
    pub fn new(
        graph: &Graph,
        weights: &SharedWeights,
        seeds: Seeds,
        sizes: SampleSizes,
        [batch_size, calibration_batches]: [u32; 2],
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        assert!(batch_size > 0 && calibration_batches > 0, "statistics are learnt from some images");
        check_sizes(graph, sizes)?;
        let batch_size = batch_size.min(sizes.train).min(sizes.validation);
        let plan = |batch, mode| -> Result<Pass, PlanError> {
            Pass::new(&forgetful(graph), batch, mode, memory_limit)
        };
        let rest = sizes.validation % batch_size;
        let mut scorer = Self {
            calibration: plan(batch_size, Mode::Statistics)?,
            validation: plan(batch_size, Mode::Inference)?,
            rest: if rest > 0 { Some(plan(rest, Mode::Inference)?) } else { None },
            seeds,
            sizes,
            batch_size,
            memory: Memory::default(),
            order: (0..sizes.train).collect(),
            sequence: (0..sizes.validation).collect(),
            sums: Vec::new(),
            batches: 0,
            tally: Tally::default(),
        };
        for pass in [&scorer.calibration, &scorer.validation].into_iter().chain(&scorer.rest) {
            pass.fit(&mut scorer.memory, batch_size);
        }
        weights.gather(graph, &scorer.calibration.layout, &mut scorer.memory.parameters);
        shuffle_images(seeds.run_seed, &format!("batches/{}", seeds.replicate), 0, &mut scorer.order);
        let calibration_batches = calibration_batches.min(sizes.train / batch_size);
        scorer.order.truncate((calibration_batches * batch_size) as usize);
        scorer.sums.resize(scorer.memory.statistics.len(), 0.0);
        Ok(scorer)
    }

    /// Works for about `macs` multiply-accumulates. When all is done, the score on the validation split; a loss that is not
    /// finite stays so. The score does not depend on how the work is cut into calls.
    ///
    /// # Panics
    /// If the samples have other sizes than the scorer was made for, or labels that are no class.
    pub fn step(&mut self, samples: &dyn Samples, macs: u64) -> Option<Score> {
        let sizes = samples.sizes();
        assert!(sizes == self.sizes, "samples of {sizes:?} for a scorer of {:?}", self.sizes);
        let calibration_batches = self.order.len() as u32 / self.batch_size;
        let batches = calibration_batches + sizes.validation.div_ceil(self.batch_size);
        let mut spent = 0;
        while self.batches < batches {
            spent += match self.batches.checked_sub(calibration_batches) {
                None => self.calibrate(samples),
                Some(batch) => self.validate(samples, batch),
            };
            if spent >= macs {
                return None;
            }
        }
        Some(self.tally.score())
    }

    fn calibrate(&mut self, samples: &dyn Samples) -> u64 {
        let first = (self.batches * self.batch_size) as usize;
        let indices = &self.order[first..first + self.batch_size as usize];
        let batch = Batch { samples, split: Split::Train, indices, seeds: self.seeds, epoch: 0, update: 0 };
        let (macs, loss) = self.calibration.advance(&mut self.memory, batch);
        if loss.is_some() {
            self.batches += 1;
            let statistics = &mut self.memory.statistics;
            for (sum, statistic) in self.sums.iter_mut().zip(&*statistics) {
                *sum += f64::from(*statistic);
            }
            if self.batches * self.batch_size == self.order.len() as u32 {
                for (sum, statistic) in self.sums.iter().zip(statistics) {
                    *statistic = (sum / f64::from(self.batches)) as f32;
                }
            }
        }
        macs
    }

    fn validate(&mut self, samples: &dyn Samples, batch: u32) -> u64 {
        let first = (batch * self.batch_size) as usize;
        let indices = &self.sequence[first..self.sequence.len().min(first + self.batch_size as usize)];
        let images = indices.len() as u32;
        let pass = match &mut self.rest {
            Some(rest) if images < self.batch_size => rest,
            _ => &mut self.validation,
        };
        let split = Split::Validation;
        let batch = Batch { samples, split, indices, seeds: self.seeds, epoch: 0, update: 0 };
        let (macs, loss) = pass.advance(&mut self.memory, batch);
        if let Some(loss) = loss {
            self.batches += 1;
            self.tally.add(loss, images);
        }
        macs
    }
}

/// A network whose running statistics are those of the last batch.
fn forgetful(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
        if let Op::BatchNorm(norm) = &mut node.op {
            norm.momentum = 1.0;
        }
    }
    graph
}
