use core::ops::Range;

use nas_arch::{Graph, Op, ParameterRole};
use nas_numerics::Digest;

use super::images::{Noise, Ones};
use super::{ImagePart, Input, Method, Proxy, WeightsPart, pass_through};
use crate::initialize::Initialization;
use crate::memory::Memory;
use crate::optimizer::OptimizerState;
use crate::plan::{Mode, Plan, Probe, Tap};
use crate::samples::shuffle_images;
use crate::trainer::check_sizes;
use crate::work::Surroundings;
use crate::{
    Matched, NamedTensor, ParameterLayout, PlanError, SampleSizes, Samples, Seeds, Split, TrainerError,
};

/// Weights that are read at once: a few milliseconds.
const WEIGHTS_AT_ONCE: usize = 1 << 20;
/// Drawing a normal number takes about as long as so many multiply-accumulates.
const MACS_PER_DRAWN_WEIGHT: u64 = 100;
/// Bytes of a float and of an index.
const ELEMENT_BYTES: u64 = 4;

/// Computes one score of one untrained network, a little at a time.
///
/// Data are the first images of the order in which a training of the same run sees them, unchanged by augmentation; batches
/// are normalised by their own statistics; dropout passes everything on.
pub struct Scorer {
    method: Box<dyn Method>,
    graph: Graph,
    pub(super) layout: ParameterLayout,
    plan: Plan,
    pub(super) memory: Memory,
    initialization: Option<Initialization>,
    /// Without parameters: a plan's steps ask for one, a probe's never use it.
    optimizer: OptimizerState,
    seeds: Seeds,
    sizes: SampleSizes,
    /// Images of the batch.
    indices: Vec<u32>,
    /// Parts of the weights that are read one by one: number of the tensor, and where.
    parts: Vec<(usize, Range<usize>)>,
    phase: Phase,
}

/// Where a scorer stands.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Initializing,
    Before { pass: u32 },
    Running { pass: u32, step: usize },
    Reading { pass: u32, part: usize },
    Done { score: Option<f64> },
}

impl Scorer {
    /// Plans the passes over `batch` images, or as many as there are. Memory is filled and weights are drawn by the first
    /// steps. `memory_limit` is in bytes.
    ///
    /// # Errors
    /// If the network does not fit the data or the memory limit.
    pub fn new(
        graph: &Graph,
        proxy: Proxy,
        seeds: Seeds,
        sizes: SampleSizes,
        batch: u32,
        memory_limit: u64,
    ) -> Result<Self, TrainerError> {
        check_sizes(graph, sizes)?;
        let method = proxy.method();
        let mut graph = graph.clone();
        pass_through(&mut graph, |op| matches!(op, Op::Dropout(_)));
        method.prepare(&mut graph);
        let batch = if method.input(0) == Input::Ones { 1 } else { batch.clamp(1, sizes.train) };
        let layout = ParameterLayout::new(&graph);
        let plan = Plan::compile(&graph, &layout, batch, Mode::Probe(method.probe(&graph)))?;
        let [floats, indices] = plan.arena_lens();
        let elements = floats
            + indices
            + 2 * layout.parameters_len() as u64
            + layout.statistics_len() as u64
            + u64::from(sizes.train);
        let (needed_bytes, limit_bytes) = (elements * ELEMENT_BYTES, memory_limit.min(usize::MAX as u64));
        if needed_bytes > limit_bytes {
            return Err(PlanError::TooLarge { needed_bytes, limit_bytes }.into());
        }
        Ok(Self {
            memory: Memory::reserve(&layout, plan.arena_lens(), batch),
            initialization: Some(initialization(&graph, &*method, seeds.key)),
            optimizer: OptimizerState::none(),
            indices: (0..sizes.train).collect(),
            parts: parts(&layout),
            phase: Phase::Initializing,
            method,
            graph,
            layout,
            plan,
            seeds,
            sizes,
        })
    }

    /// Draws the weights now, then copies those that fit from others: by path and shape.
    ///
    /// # Panics
    /// If the first pass has begun.
    pub fn copy_matching(&mut self, tensors: &[NamedTensor]) -> Matched {
        while self.initialize().is_some() {}
        assert!(matches!(self.phase, Phase::Before { pass: 0 }), "weights are given before the first pass");
        crate::weights::copy_matching(&self.layout, &mut self.memory, tensors)
    }

    /// Multiply-accumulates of all passes.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.plan.macs() * u64::from(self.method.passes())
    }

    /// The share of the passes that is done, 0 to 1.
    #[must_use]
    pub fn fraction_done(&self) -> f32 {
        let (pass, of_pass) = match self.phase {
            Phase::Initializing => (0, 0.0),
            Phase::Before { pass } => (pass, 0.0),
            Phase::Running { pass, step } => (pass, step as f32 / self.plan.steps_len() as f32),
            Phase::Reading { pass, .. } => (pass, 1.0),
            Phase::Done { .. } => (self.method.passes(), 0.0),
        };
        (pass as f32 + of_pass) / self.method.passes() as f32
    }

    /// Works for about `macs` multiply-accumulates. When all is done: the score, or none where it is not defined for this
    /// network or is not a finite number; so says every further call. The score does not depend on how the work is cut into
    /// calls.
    ///
    /// # Panics
    /// If the samples have other sizes than the scorer was made for, or labels that are no class.
    pub fn step(&mut self, samples: &dyn Samples, macs: u64) -> Option<Option<f64>> {
        let sizes = samples.sizes();
        assert!(sizes == self.sizes, "samples of {sizes:?} for a scorer of {:?}", self.sizes);
        let mut spent = 0;
        loop {
            spent += match self.phase {
                Phase::Initializing => self.initialize().unwrap_or(0),
                Phase::Before { pass } => self.begin(pass),
                Phase::Running { pass, step } => self.run(pass, step, samples),
                Phase::Reading { pass, part } => self.read(pass, part),
                Phase::Done { score } => return Some(score),
            };
            if spent >= macs {
                return None;
            }
        }
    }

    /// Fills some of the memory, then draws some of the weights, then the order of the images.
    fn initialize(&mut self) -> Option<u64> {
        let drawing = self.initialization.as_mut()?;
        if let Some(elements) = self.memory.fill(&self.layout, self.plan.arena_lens()) {
            return Some(elements as u64);
        }
        let Memory { parameters, statistics, labels, .. } = &mut self.memory;
        if let Some(drawn) = drawing.advance(&self.layout, parameters, statistics) {
            return Some(drawn as u64 * MACS_PER_DRAWN_WEIGHT);
        }
        let purpose = format!("batches/{}", self.seeds.replicate);
        if self.method.input(0) == Input::Data {
            shuffle_images(self.seeds.run_seed, &purpose, 0, &mut self.indices);
        }
        self.indices.truncate(labels.len());
        self.initialization = None;
        self.phase = Phase::Before { pass: 0 };
        None
    }

    fn begin(&mut self, pass: u32) -> u64 {
        let weights = self.layout.decaying_len();
        self.method.before(pass, &mut self.memory.parameters, weights);
        self.phase = Phase::Running { pass, step: 0 };
        self.memory.parameters.len() as u64
    }

    fn run(&mut self, pass: u32, step: usize, samples: &dyn Samples) -> u64 {
        let Seeds { run_seed, replicate, .. } = self.seeds;
        let (ones, noise);
        let samples: &dyn Samples = match self.method.input(pass) {
            Input::Data => samples,
            Input::Ones => {
                ones = Ones(self.sizes);
                &ones
            }
            Input::Noise { change } => {
                noise = Noise { sizes: self.sizes, run_seed, change };
                &noise
            }
        };
        let mut surroundings = Surroundings {
            samples,
            split: Split::Train,
            indices: &self.indices,
            optimizer: &mut self.optimizer,
            learning_rate: 0.0,
            run_seed,
            replicate,
            epoch: 0,
            step: 1,
        };
        self.plan.run(step, &mut self.memory, &mut surroundings);
        self.phase = if step + 1 < self.plan.steps_len() {
            Phase::Running { pass, step: step + 1 }
        } else {
            Phase::Reading { pass, part: 0 }
        };
        self.plan.step_macs(step)
    }

    fn read(&mut self, pass: u32, part: usize) -> u64 {
        let reads_weights =
            matches!(self.method.probe(&self.graph), Probe::LossGradients | Probe::OutputGradients);
        let read = if reads_weights { self.read_weights(pass, part) } else { self.read_tap(pass, part) };
        self.phase = match read {
            Some(_) => Phase::Reading { pass, part: part + 1 },
            None if pass + 1 < self.method.passes() => Phase::Before { pass: pass + 1 },
            None => Phase::Done { score: Some(self.method.score()).filter(|score| score.is_finite()) },
        };
        read.unwrap_or(0)
    }

    fn read_weights(&mut self, pass: u32, part: usize) -> Option<u64> {
        let (tensor, range) = self.parts.get(part)?.clone();
        let (weights, gradients) =
            (&self.memory.parameters[range.clone()], &self.memory.gradients[range.clone()]);
        self.method.read_weights(pass, WeightsPart { tensor, start: range.start, weights, gradients });
        Some(range.len() as u64)
    }

    fn read_tap(&mut self, pass: u32, part: usize) -> Option<u64> {
        let (tap, image) = (part / self.indices.len(), part % self.indices.len());
        let &Tap { tensor, buffer, gradient } = self.plan.taps().get(tap)?;
        let values = &self.memory.arena[self.plan.tapped(buffer).range()];
        let gradients =
            gradient.map_or(&[][..], |buffer| &self.memory.arena[self.plan.tapped(buffer).range()]);
        let batch = self.indices.len();
        let part = ImagePart { graph: &self.graph, tap, tensor, image, values, gradients, batch };
        self.method.read_image(pass, part);
        // A score may compare an image with all before.
        Some(values.len() as u64)
    }
}

fn initialization(graph: &Graph, method: &dyn Method, key: Digest) -> Initialization {
    if method.has_standard_weights() {
        Initialization::standard_normal(graph, key)
    } else {
        Initialization::new(graph, key)
    }
}

/// All weights, in pieces of one tensor.
fn parts(layout: &ParameterLayout) -> Vec<(usize, Range<usize>)> {
    let weights = layout.slots().iter().filter(|slot| slot.role == ParameterRole::Weight);
    let pieces = |(tensor, range): (usize, Range<usize>)| {
        let end = range.end;
        range.step_by(WEIGHTS_AT_ONCE).map(move |start| (tensor, start..end.min(start + WEIGHTS_AT_ONCE)))
    };
    weights.map(|slot| slot.range.clone()).enumerate().flat_map(pieces).collect()
}
