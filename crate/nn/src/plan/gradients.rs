//! Who owns which gradient.

use nas_arch::TensorId;
use nas_kernels::Share;

use super::{BufferId, Lowering};

/// The gradient of each root tensor, as far as it has been summed.
///
/// Tensors share a buffer as long as their gradients are equal: the inputs of an addition hold its output's gradient.
/// Who writes to a buffer that others hold takes a copy first.
#[derive(Debug, Clone)]
pub(super) struct Gradients {
    of_tensor: Vec<Option<BufferId>>,
    holders: Vec<u32>,
}

/// What becomes of what is in a buffer before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// It is arbitrary, and overwritten.
    Set,
    /// It is added to.
    Add,
}

impl Write {
    /// Brings a buffer to the state in which the first share can add to it, and the others go on.
    pub(crate) fn prepare(self, share: Share, values: &mut [f32]) {
        if self == Self::Set && share.is_first() {
            values.fill(0.0);
        }
    }
}

impl Gradients {
    pub(super) fn new(tensors: usize) -> Self {
        Self { of_tensor: vec![None; tensors], holders: Vec::new() }
    }

    fn holders(&mut self, buffer: BufferId) -> &mut u32 {
        if self.holders.len() <= buffer.index() {
            self.holders.resize(buffer.index() + 1, 0);
        }
        &mut self.holders[buffer.index()]
    }

    fn hold(&mut self, tensor: TensorId, buffer: BufferId) {
        *self.holders(buffer) += 1;
        self.of_tensor[tensor] = Some(buffer);
    }

    fn release(&mut self, tensor: TensorId) -> Option<BufferId> {
        let buffer = self.of_tensor[tensor].take()?;
        *self.holders(buffer) -= 1;
        Some(buffer)
    }
}

impl Lowering<'_> {
    /// Emits with `lower` the way back from a tensor, if it has a gradient: it loses its claim on it, but what is read on
    /// the way is not given to anybody else to change.
    pub(super) fn with_gradient(&mut self, tensor: TensorId, lower: impl FnOnce(&mut Self, BufferId)) {
        let Some(gradient) = self.gradients.release(tensor) else { return };
        *self.gradients.holders(gradient) += 1;
        lower(self, gradient);
        *self.gradients.holders(gradient) -= 1;
    }

    /// The buffer of a tensor's gradient, if it has one.
    pub(super) fn gradient(&self, tensor: TensorId) -> Option<BufferId> {
        self.gradients.of_tensor[self.flow.root(tensor)]
    }

    /// The gradient that is being lowered, as a buffer that may be changed: itself, or a copy if a tensor holds it.
    pub(crate) fn own(&mut self, gradient: BufferId) -> BufferId {
        if self.reuse && *self.gradients.holders(gradient) == 1 { gradient } else { self.copied(gradient) }
    }

    /// Adds a buffer, which the caller will not change any more, to a tensor's gradient.
    pub(crate) fn give_gradient(&mut self, tensor: TensorId, gradient: BufferId) {
        let tensor = self.flow.root(tensor);
        if !self.flow.is_trained(tensor) {
            return;
        }
        if self.reuse && self.gradients.of_tensor[tensor].is_none() {
            self.gradients.hold(tensor, gradient);
            return;
        }
        // Its own, and the claim of whoever gives it: the tensor may hold this very buffer.
        *self.gradients.holders(gradient) += 1;
        match self.gradient_target(tensor) {
            (to, Write::Set) => self.copy(gradient, to),
            (to, Write::Add) => self.add_assign(gradient, to),
        }
        *self.gradients.holders(gradient) -= 1;
    }

    /// The buffer to which a share in a tensor's gradient is written, and how.
    pub(crate) fn gradient_target(&mut self, tensor: TensorId) -> (BufferId, Write) {
        let tensor = self.flow.root(tensor);
        let (buffer, write) = match self.gradients.release(tensor) {
            None => (self.floats(self.image_elements(tensor)), Write::Set),
            Some(gradient) if *self.gradients.holders(gradient) == 0 => (gradient, Write::Add),
            Some(gradient) => (self.copied(gradient), Write::Add),
        };
        self.gradients.hold(tensor, buffer);
        (buffer, write)
    }

    fn copied(&mut self, gradient: BufferId) -> BufferId {
        let copy = self.floats(self.buffer_elements(gradient));
        self.copy(gradient, copy);
        copy
    }
}
