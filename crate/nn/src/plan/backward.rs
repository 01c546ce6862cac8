//! Backward passes, and who owns which gradient.

use nas_arch::{Op, TensorId};
use nas_kernels::ConcatPart;

use super::lowering::{Lowering, Trail};
use super::{BatchNormLayer, BufferId, Conv2dLayer, DenseLayer, Instruction};

/// The gradient of each root tensor, as far as it has been summed.
///
/// Tensors share a buffer as long as their gradients are equal: the inputs of an addition hold its output's gradient.
/// Who writes to a buffer that others hold takes a copy first.
#[derive(Debug, Clone)]
pub(super) struct Gradients {
    of_tensor: Vec<Option<BufferId>>,
    holders: Vec<u32>,
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

    fn release(&mut self, tensor: TensorId) {
        if let Some(buffer) = self.of_tensor[tensor].take() {
            *self.holders(buffer) -= 1;
        }
    }

    fn is_shared(&self, buffer: BufferId) -> bool {
        self.holders.get(buffer.index()).is_some_and(|&holders| holders > 1)
    }
}

impl Lowering<'_> {
    /// Emits the backward pass of a layer: gradients of its parameters, and its share in the gradients of its inputs.
    pub(super) fn backward(&mut self, node: usize) {
        let output = node + 1;
        let Some(output_gradient) = self.gradients.of_tensor[output] else { return };
        match self.trail[node].clone() {
            Trail::None => unreachable!("layer {node} has a gradient but no forward pass"),
            Trail::Conv2d(layer) => self.conv2d_backward(node, layer, output_gradient),
            Trail::Dense(layer) => self.dense_backward(node, layer, output_gradient),
            Trail::BatchNorm { layer, mean, inverse_std } => {
                self.batch_norm_backward(node, layer, [mean, inverse_std], output_gradient);
            }
            Trail::Relu => self.relu_backward(node, output_gradient),
            Trail::MaxPool { options, argmax } => {
                let input_gradient = self.writable_gradient(self.input(node));
                let instruction =
                    Instruction::MaxPoolBackward { options, argmax, output_gradient, input_gradient };
                self.emit(instruction, self.tensor_elements(output));
            }
            Trail::AvgPool(options) => {
                let Op::AvgPool(pool) = &self.graph.nodes[node].op else {
                    unreachable!("the trail of an average pool is left by one")
                };
                let macs = self.window_macs(node, pool);
                let input_gradient = self.writable_gradient(self.input(node));
                self.emit(Instruction::AvgPoolBackward { options, output_gradient, input_gradient }, macs);
            }
            Trail::GlobalAvgPool(options) => {
                let input_gradient = self.writable_gradient(self.input(node));
                let macs = self.buffer_elements(input_gradient);
                self.emit(
                    Instruction::GlobalAvgPoolBackward { options, output_gradient, input_gradient },
                    macs,
                );
            }
            Trail::Add => self.add_backward(node, output_gradient),
            Trail::Concat(parts) => self.concat_backward(node, &parts, output_gradient),
        }
        self.gradients.release(output);
    }

    fn conv2d_backward(&mut self, node: usize, layer: Conv2dLayer, output_gradient: BufferId) {
        let tensor = self.input(node);
        let (input, macs, scratch_len) =
            (self.value(tensor), self.weight_macs(node), layer.options.scratch_len() as u64);
        let scratch = self.float(scratch_len);
        self.emit(Instruction::Conv2dBackwardParameters { layer, input, output_gradient, scratch }, macs);
        if self.flow.is_trained(tensor) {
            let input_gradient = self.writable_gradient(tensor);
            let scratch = self.float(scratch_len);
            let instruction =
                Instruction::Conv2dBackwardInput { layer, output_gradient, input_gradient, scratch };
            self.emit(instruction, macs);
        }
    }

    fn dense_backward(&mut self, node: usize, layer: DenseLayer, output_gradient: BufferId) {
        let tensor = self.input(node);
        let (input, macs) = (self.value(tensor), self.weight_macs(node));
        self.emit(Instruction::DenseBackwardParameters { layer, input, output_gradient }, macs);
        if self.flow.is_trained(tensor) {
            let input_gradient = self.writable_gradient(tensor);
            let scratch = self.float(layer.options.scratch_len() as u64);
            let instruction =
                Instruction::DenseBackwardInput { layer, output_gradient, input_gradient, scratch };
            self.emit(instruction, macs);
        }
    }

    fn batch_norm_backward(
        &mut self,
        node: usize,
        layer: BatchNormLayer,
        [mean, inverse_std]: [BufferId; 2],
        output_gradient: BufferId,
    ) {
        let tensor = self.input(node);
        let input = self.value(tensor);
        // The kernel computes the input's gradient in any case.
        let input_gradient = if self.flow.is_trained(tensor) {
            self.writable_gradient(tensor)
        } else {
            self.cleared(self.tensor_elements(tensor))
        };
        let scratch = self.float(layer.options.scratch_len() as u64);
        let instruction = Instruction::BatchNormBackward {
            layer,
            input,
            mean,
            inverse_std,
            output_gradient,
            input_gradient,
            scratch,
        };
        self.emit(instruction, self.tensor_elements(tensor));
    }

    fn relu_backward(&mut self, node: usize, output_gradient: BufferId) {
        let tensor = self.input(node);
        let (output, elements) = (self.value(node + 1), self.tensor_elements(tensor));
        let is_first = self.gradients.of_tensor[tensor].is_none();
        if self.reuse && is_first && !self.gradients.is_shared(output_gradient) {
            self.emit(Instruction::ReluBackwardInPlace { output, gradient: output_gradient }, elements);
            self.gradients.hold(tensor, output_gradient);
        } else {
            let input_gradient = self.writable_gradient(tensor);
            self.emit(Instruction::ReluBackward { output, output_gradient, input_gradient }, elements);
        }
    }

    fn add_backward(&mut self, node: usize, output_gradient: BufferId) {
        let graph = self.graph;
        for &tensor in &graph.nodes[node].inputs {
            let tensor = self.flow.root(tensor);
            if !self.flow.is_trained(tensor) {
                continue;
            }
            if self.reuse && self.gradients.of_tensor[tensor].is_none() {
                self.gradients.hold(tensor, output_gradient);
            } else {
                let to = self.writable_gradient(tensor);
                self.emit(Instruction::AddAssign { from: output_gradient, to }, self.tensor_elements(tensor));
            }
        }
    }

    fn concat_backward(&mut self, node: usize, parts: &[ConcatPart], output_gradient: BufferId) {
        let graph = self.graph;
        for (&tensor, &part) in graph.nodes[node].inputs.iter().zip(parts) {
            let tensor = self.flow.root(tensor);
            if self.flow.is_trained(tensor) {
                let input_gradient = self.writable_gradient(tensor);
                let elements = self.tensor_elements(tensor);
                self.emit(Instruction::ConcatBackward { part, output_gradient, input_gradient }, elements);
            }
        }
    }

    /// The buffer to which a tensor's gradient can be added: cleared if there was none, a copy if others hold it.
    pub(super) fn writable_gradient(&mut self, tensor: TensorId) -> BufferId {
        let elements = self.tensor_elements(tensor);
        let buffer = match self.gradients.of_tensor[tensor] {
            None => self.cleared(elements),
            Some(shared) if self.gradients.is_shared(shared) => {
                let copy = self.float(elements);
                self.emit(Instruction::Copy { from: shared, to: copy }, elements);
                copy
            }
            Some(own) => return own,
        };
        self.gradients.release(tensor);
        self.gradients.hold(tensor, buffer);
        buffer
    }

    fn cleared(&mut self, elements: u64) -> BufferId {
        let values = self.float(elements);
        self.emit(Instruction::Clear { values }, elements);
        values
    }
}
