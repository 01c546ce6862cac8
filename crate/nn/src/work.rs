//! What the tasks of a plan are made of.

use nas_kernels::{Loss, Share};

use crate::optimizer::OptimizerState;
use crate::plan::Span;
use crate::{Samples, Split};

/// A piece of a network's arithmetic: one pass of one operator over some images of a batch.
pub(crate) trait Work: Send + Sync {
    /// What it is, in the words of a profile: `conv2d forward`.
    fn name(&self) -> &'static str;

    /// Floats of working memory for so many images; they become the last of the buffers.
    fn scratch_len(&self, _images: usize) -> usize {
        0
    }

    /// Into how many shares one image may be parted that costs so many multiply-accumulates.
    fn shares(&self, _macs: u64) -> u64 {
        1
    }

    /// Computes.
    fn run(&self, chunk: Chunk, buffers: Buffers<'_>, state: &mut State<'_>);
}

/// Multiply-accumulates of a share of one image where operators are products of matrices, which do some of them in a
/// nanosecond, and where they are not, which takes up to some ten nanoseconds for each: a few milliseconds, so that a
/// trainer halts at once, and far more than it costs to begin a share.
pub(crate) const PRODUCT_SHARE_MACS: u64 = 1 << 25;
pub(crate) const ELEMENT_SHARE_MACS: u64 = 1 << 20;

/// The images of a batch that are worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The first.
    pub(crate) first: usize,
    /// How many.
    pub(crate) images: usize,
    /// Images in the batch.
    pub(crate) batch: usize,
    /// What is done of the images: everything, or a share of the only one.
    pub(crate) share: Share,
}

/// The slices of a task's buffers, in the order in which it named them: of buffers that have a part for each image,
/// the parts of the chunk.
pub(crate) struct Buffers<'a> {
    pub(crate) arena: &'a mut [f32],
    pub(crate) index_arena: &'a mut [u32],
    pub(crate) spans: &'a [Span],
}

impl<'a> Buffers<'a> {
    /// The first `N` buffers; a scratch that the task did not ask for is empty.
    ///
    /// # Panics
    /// If two of them overlap: the plan is wrong.
    pub(crate) fn floats<const N: usize>(self) -> [&'a mut [f32]; N] {
        self.floats_and_index().0
    }

    /// The first `N` buffers, and the one behind them, which holds indices.
    ///
    /// # Panics
    /// As [`Self::floats`].
    pub(crate) fn floats_and_index<const N: usize>(self) -> ([&'a mut [f32]; N], &'a mut [u32]) {
        let ranges: [_; N] =
            core::array::from_fn(|position| self.spans.get(position).map_or(0..0, |span| span.range()));
        let floats = self
            .arena
            .get_disjoint_mut(ranges)
            .unwrap_or_else(|error| panic!("buffers at {:?} of one task: {error}", self.spans));
        let index = self.spans.get(N).map_or(0..0, |span| span.range());
        (floats, self.index_arena.get_mut(index).unwrap_or_default())
    }
}

/// What a task reaches beside its buffers.
pub(crate) struct State<'a> {
    pub(crate) parameters: &'a mut [f32],
    pub(crate) gradients: &'a mut [f32],
    pub(crate) statistics: &'a mut [f32],
    /// Labels of the batch.
    pub(crate) labels: &'a mut [u32],
    pub(crate) surroundings: Surroundings<'a>,
    /// What the loss left.
    pub(crate) loss: Option<Loss>,
}

/// Where a plan's first and last task reach outside the trainer's memory.
pub(crate) struct Surroundings<'a> {
    pub(crate) samples: &'a dyn Samples,
    pub(crate) split: Split,
    /// Images of the batch.
    pub(crate) indices: &'a [u32],
    pub(crate) optimizer: &'a mut OptimizerState,
    pub(crate) learning_rate: f32,
    /// Seed of the run, and number of the repetition: what is dropped is drawn from them.
    pub(crate) run_seed: u32,
    pub(crate) replicate: u32,
    /// Number of the epoch, from 0.
    pub(crate) epoch: u32,
    /// Number of the update, from 1.
    pub(crate) step: u32,
}

/// The weights of a layer and its bias, if it has one: where they lie.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affine {
    pub(crate) weights: Span,
    pub(crate) bias: Option<Span>,
}

impl Affine {
    pub(crate) fn of(self, parameters: &[f32]) -> (&[f32], Option<&[f32]>) {
        (&parameters[self.weights.range()], self.bias.map(|bias| &parameters[bias.range()]))
    }

    pub(crate) fn of_mut(self, gradients: &mut [f32]) -> (&mut [f32], Option<&mut [f32]>) {
        match self.bias {
            None => (&mut gradients[self.weights.range()], None),
            Some(bias) => {
                let [weights, bias] = two(gradients, self.weights, bias);
                (weights, Some(bias))
            }
        }
    }
}

/// Two parameters at once.
///
/// # Panics
/// If they overlap: the layout is wrong.
pub(crate) fn two(buffer: &mut [f32], first: Span, second: Span) -> [&mut [f32]; 2] {
    buffer.get_disjoint_mut([first.range(), second.range()]).expect("parameters do not overlap")
}
