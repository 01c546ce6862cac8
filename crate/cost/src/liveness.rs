use core::ops::Range;

use nas_arch::{Graph, Op};
use smallvec::SmallVec;

use crate::deployment::{Deployment, ValueId, Values};

/// Steps that are looked at together: a set of them is a number.
pub(crate) const PIECE_STEPS_MAX: usize = 64;

/// Which values are alive as the steps of a deployment run. Sizes are in elements.
pub(crate) struct Liveness<'a> {
    deployment: &'a Deployment,
    /// Elements of each value.
    sizes: Vec<u64>,
    /// The steps that read each value.
    readers: Vec<SmallVec<[usize; 2]>>,
    /// Whether each step may write over an input.
    is_element_wise: Vec<bool>,
}

/// Elements alive at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occupancy {
    /// While it runs.
    pub(crate) during: u64,
    /// Once it has run.
    pub(crate) after: u64,
}

impl<'a> Liveness<'a> {
    pub(crate) fn new(graph: &Graph, deployment: &'a Deployment) -> Self {
        let steps = &deployment.steps;
        let node = |step: usize| &graph.nodes[deployment.steps[step].node];
        let sizes: Vec<u64> = core::iter::once(graph.input.elements())
            .chain((0..steps.len()).map(|step| node(step).shape.elements()))
            .collect();
        let mut readers = vec![SmallVec::new(); sizes.len()];
        for (index, step) in steps.iter().enumerate() {
            step.reads.iter().for_each(|&value| readers[value].push(index));
        }
        let is_element_wise = (0..steps.len()).map(|step| is_element_wise(&node(step).op)).collect();
        Self { deployment, sizes, readers, is_element_wise }
    }

    /// Elements alive before the first step: the network's input.
    pub(crate) fn at_first(&self) -> u64 {
        self.sizes[0]
    }

    /// What is alive at each step, in the order of the deployment.
    pub(crate) fn occupancies(&self) -> Vec<Occupancy> {
        let count = self.is_element_wise.len();
        let mut occupancies = Vec::with_capacity(count);
        let mut alive = self.at_first();
        for first in (0..count).step_by(PIECE_STEPS_MAX) {
            let piece = self.piece(first..count.min(first + PIECE_STEPS_MAX));
            let mut has_run = 0;
            for step in 0..piece.len() {
                let occupancy = piece.occupancy(step, alive, has_run);
                alive = occupancy.after;
                has_run |= 1 << step;
                occupancies.push(occupancy);
            }
        }
        occupancies
    }

    /// A bound that no order goes below: what some step reads and writes is alive while it runs.
    pub(crate) fn least_peak(&self) -> u64 {
        let needed = |step: usize| {
            let reads = distinct(&self.deployment.steps[step].reads);
            let read: u64 = reads.iter().map(|&value| self.sizes[value]).sum();
            let overwrites = reads.iter().any(|&value| self.may_overwrite(step, value));
            read + if overwrites { 0 } else { self.sizes[step + 1] }
        };
        (0..self.is_element_wise.len()).map(needed).max().unwrap_or(self.sizes[0])
    }

    /// Some steps that may change places among themselves, when all before them have run.
    pub(crate) fn piece(&self, steps: Range<usize>) -> Piece {
        assert!(steps.len() <= PIECE_STEPS_MAX, "a piece of {} steps", steps.len());
        let ends_with_first = self.readers[0].is_empty() && self.deployment.output != 0 && steps.start == 0;
        let step = |step: usize| {
            let reads = distinct(&self.deployment.steps[step].reads);
            let producers = reads.iter().filter_map(|value| value.checked_sub(1));
            PieceStep {
                needs: set_of(producers.filter(|producer| steps.contains(producer)), steps.start),
                writes: self.sizes[step + 1],
                reads: reads
                    .iter()
                    .map(|&value| Read {
                        elements: self.sizes[value],
                        may_be_overwritten: self.may_overwrite(step, value),
                        readers: self.readers_in(value, &steps),
                    })
                    .collect(),
            }
        };
        Piece {
            ends_with_first: if ends_with_first { self.sizes[0] } else { 0 },
            steps: steps.clone().map(step).collect(),
        }
    }

    /// The steps of a piece after which a value is no longer needed; none if it is needed beyond.
    fn readers_in(&self, value: ValueId, steps: &Range<usize>) -> Option<u64> {
        let readers = &self.readers[value];
        // Readers are in ascending order.
        let is_read_later = readers.last().is_some_and(|&reader| reader >= steps.end);
        let is_needed_beyond = value == self.deployment.output || is_read_later;
        let inside = readers.iter().copied().filter(|reader| steps.contains(reader));
        (!is_needed_beyond).then(|| set_of(inside, steps.start))
    }

    fn may_overwrite(&self, step: usize, value: ValueId) -> bool {
        self.is_element_wise[step] && self.sizes[value] == self.sizes[step + 1]
    }
}

/// Steps that may change places among themselves; they are counted from the first of them.
pub(crate) struct Piece {
    steps: Vec<PieceStep>,
    /// Elements of a network input that nobody reads: they are alive during the first step only.
    ends_with_first: u64,
}

struct PieceStep {
    /// The steps of the piece that must run before.
    needs: u64,
    /// Elements of its output.
    writes: u64,
    /// Each value that it reads, once.
    reads: SmallVec<[Read; 2]>,
}

struct Read {
    elements: u64,
    may_be_overwritten: bool,
    /// The steps of the piece that read it, if nobody needs it later.
    readers: Option<u64>,
}

impl Piece {
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether a step may run once the steps of a set have.
    pub(crate) fn may_run(&self, step: usize, has_run: u64) -> bool {
        has_run & (1 << step) == 0 && self.steps[step].needs & !has_run == 0
    }

    /// What is alive at a step, when `alive` elements are alive before it and the steps of a set have run.
    pub(crate) fn occupancy(&self, step: usize, alive: u64, has_run: u64) -> Occupancy {
        let PieceStep { writes, reads, .. } = &self.steps[step];
        let has_run_then = has_run | 1 << step;
        let is_last = |read: &&Read| read.readers.is_some_and(|readers| readers & !has_run_then == 0);
        let overwrites = reads.iter().filter(is_last).any(|read| read.may_be_overwritten);
        let ended: u64 = reads.iter().filter(is_last).map(|read| read.elements).sum();
        let during = alive + if overwrites { 0 } else { *writes };
        let unread = if has_run == 0 { self.ends_with_first } else { 0 };
        Occupancy { during, after: alive + writes - ended - unread }
    }
}

fn set_of(steps: impl Iterator<Item = usize>, first: usize) -> u64 {
    steps.fold(0, |set, step| set | 1 << (step - first))
}

/// The values, each once.
fn distinct(values: &[ValueId]) -> Values {
    let is_first = |(place, value): &(usize, &ValueId)| !values[..*place].contains(value);
    values.iter().enumerate().filter(is_first).map(|(_, &value)| value).collect()
}

/// Whether each element of the output depends on the same element of the inputs (of a layer normalisation: on its
/// pixel), so that the step may write over an input.
const fn is_element_wise(op: &Op) -> bool {
    match op {
        Op::Add
        | Op::Multiply
        | Op::Mixture
        | Op::BatchNorm(_)
        | Op::LayerNorm(_)
        | Op::Relu
        | Op::Relu6
        | Op::LeakyRelu(_)
        | Op::Silu
        | Op::Gelu
        | Op::HardSwish
        | Op::HardSigmoid
        | Op::Sigmoid
        | Op::Tanh => true,
        Op::Conv2d(_)
        | Op::MetaConv2d(_)
        | Op::MaxPool(_)
        | Op::AvgPool(_)
        | Op::GlobalAvgPool
        | Op::Dense(_)
        | Op::Attention(_)
        | Op::Concat
        | Op::ChannelShuffle(_)
        | Op::Upsample(_)
        | Op::Downsample(_)
        | Op::Dropout(_)
        | Op::Zero(_)
        | Op::Identity => false,
    }
}
