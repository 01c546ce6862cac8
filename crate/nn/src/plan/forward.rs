//! Forward passes.

use nas_arch::{BatchNorm, Conv2d, Dense, Op, ParameterRole, Pool, TensorId};
use nas_kernels::{self as kernels, AvgPool, ConcatPart, GlobalAvgPool, MaxPool, ShapeError};

use super::lowering::{Lowering, Trail};
use super::operator::{conv_window, image, pool_window};
use super::{BatchNormLayer, BufferId, Conv2dLayer, DenseLayer, Instruction, Mode, in_layer};
use crate::PlanError;

impl Lowering<'_> {
    /// Emits the forward pass of a layer.
    pub(super) fn forward(&mut self, node: usize) -> Result<Trail, PlanError> {
        if !self.flow.is_live(node) || self.flow.is_alias(node) {
            return Ok(Trail::None);
        }
        let graph = self.graph;
        let layer = &graph.nodes[node];
        let trail = match &layer.op {
            Op::Conv2d(conv) => self.conv2d_forward(node, conv),
            Op::Dense(dense) => self.dense_forward(node, *dense),
            Op::BatchNorm(norm) => self.batch_norm_forward(node, *norm),
            Op::Relu => Ok(self.relu_forward(node)),
            Op::MaxPool(pool) => self.max_pool_forward(node, pool),
            Op::AvgPool(pool) => self.avg_pool_forward(node, pool),
            Op::GlobalAvgPool => self.global_avg_pool_forward(node),
            Op::Add => Ok(self.add_forward(node)),
            Op::Concat => self.concat_forward(node),
            Op::Identity => unreachable!("an identity is an alias"),
            op => return Err(PlanError::NotBuilt { layer: layer.name.clone(), op: op.id() }),
        };
        trail.map_err(in_layer(&layer.name))
    }

    fn conv2d_forward(&mut self, node: usize, conv: &Conv2d) -> Result<Trail, ShapeError> {
        let input_image = image(self.batch, self.graph.input_shape(node));
        let (out_channels, groups) = (conv.out_channels as usize, conv.groups as usize);
        let layer = Conv2dLayer {
            options: kernels::Conv2d::new(input_image, out_channels, conv_window(conv), groups)?,
            weights: self.parameter(node, ParameterRole::Weight),
            bias: self.optional_parameter(node, ParameterRole::Bias),
        };
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let scratch = self.float(layer.options.scratch_len() as u64);
        self.emit(Instruction::Conv2dForward { layer, input, output, scratch }, self.weight_macs(node));
        Ok(Trail::Conv2d(layer))
    }

    fn dense_forward(&mut self, node: usize, dense: Dense) -> Result<Trail, ShapeError> {
        let in_features = self.graph.input_shape(node).elements() as usize;
        let layer = DenseLayer {
            options: kernels::Dense::new(self.batch as usize, in_features, dense.out_features as usize)?,
            weights: self.parameter(node, ParameterRole::Weight),
            bias: self.optional_parameter(node, ParameterRole::Bias),
        };
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let scratch = self.float(layer.options.scratch_len() as u64);
        self.emit(Instruction::DenseForward { layer, input, output, scratch }, self.weight_macs(node));
        Ok(Trail::Dense(layer))
    }

    fn batch_norm_forward(&mut self, node: usize, norm: BatchNorm) -> Result<Trail, ShapeError> {
        let shape = self.graph.input_shape(node);
        let rows = u64::from(self.batch) * shape.pixels();
        let layer = BatchNormLayer {
            options: kernels::BatchNorm::new(
                rows as usize,
                shape.channels as usize,
                norm.epsilon,
                norm.momentum,
            )?,
            scale: self.parameter(node, ParameterRole::Scale),
            shift: self.parameter(node, ParameterRole::Shift),
            running_mean: self.parameter(node, ParameterRole::RunningMean),
            running_variance: self.parameter(node, ParameterRole::RunningVariance),
        };
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let elements = self.tensor_elements(node + 1);
        if matches!(self.mode, Mode::Inference) {
            self.emit(Instruction::BatchNormInferenceForward { layer, input, output }, elements);
            return Ok(Trail::None);
        }
        let channels = u64::from(shape.channels);
        let (mean, inverse_std) = (self.float(channels), self.float(channels));
        let instruction = Instruction::BatchNormTrainingForward { layer, input, output, mean, inverse_std };
        self.emit(instruction, elements);
        Ok(Trail::BatchNorm { layer, mean, inverse_std })
    }

    fn relu_forward(&mut self, node: usize) -> Trail {
        let tensor = self.input(node);
        let elements = self.tensor_elements(tensor);
        if self.may_overwrite(tensor) {
            let values = self.value(tensor);
            self.values[node + 1] = Some(values);
            self.emit(Instruction::ReluForwardInPlace { values }, elements);
        } else {
            let (input, output) = (self.value(tensor), self.output(node));
            self.emit(Instruction::ReluForward { input, output }, elements);
        }
        Trail::Relu
    }

    fn max_pool_forward(&mut self, node: usize, pool: &Pool) -> Result<Trail, ShapeError> {
        let options = MaxPool::new(image(self.batch, self.graph.input_shape(node)), pool_window(pool))?;
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let argmax = self.index(self.buffer_elements(output));
        let macs = self.window_macs(node, pool);
        self.emit(Instruction::MaxPoolForward { options, input, output, argmax }, macs);
        Ok(Trail::MaxPool { options, argmax })
    }

    fn avg_pool_forward(&mut self, node: usize, pool: &Pool) -> Result<Trail, ShapeError> {
        let options = AvgPool::new(image(self.batch, self.graph.input_shape(node)), pool_window(pool))?;
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let macs = self.window_macs(node, pool);
        self.emit(Instruction::AvgPoolForward { options, input, output }, macs);
        Ok(Trail::AvgPool(options))
    }

    fn global_avg_pool_forward(&mut self, node: usize) -> Result<Trail, ShapeError> {
        let options = GlobalAvgPool::new(image(self.batch, self.graph.input_shape(node)))?;
        let (input, output) = (self.value(self.input(node)), self.output(node));
        let macs = self.buffer_elements(input);
        self.emit(Instruction::GlobalAvgPoolForward { options, input, output }, macs);
        Ok(Trail::GlobalAvgPool(options))
    }

    fn add_forward(&mut self, node: usize) -> Trail {
        let elements = self.tensor_elements(node + 1);
        let inputs: Vec<TensorId> =
            self.graph.nodes[node].inputs.iter().map(|&tensor| self.flow.root(tensor)).collect();
        // One of the first two: the sum has the same bits in either order.
        let overwritten = inputs[..2].iter().position(|&tensor| self.may_overwrite(tensor));
        let (output, rest) = if let Some(position) = overwritten {
            let output = self.value(inputs[position]);
            self.values[node + 1] = Some(output);
            let mut rest = inputs;
            rest.remove(position);
            (output, rest)
        } else {
            let (left, right, output) = (self.value(inputs[0]), self.value(inputs[1]), self.output(node));
            if left == right {
                self.emit(Instruction::Copy { from: left, to: output }, elements);
                (output, inputs[1..].to_vec())
            } else {
                self.emit(Instruction::AddForward { left, right, output }, elements);
                (output, inputs[2..].to_vec())
            }
        };
        for tensor in rest {
            self.emit(Instruction::AddAssign { from: self.value(tensor), to: output }, elements);
        }
        Trail::Add
    }

    fn concat_forward(&mut self, node: usize) -> Result<Trail, ShapeError> {
        let graph = self.graph;
        let output = self.output(node);
        let shape = graph.shape(node + 1);
        let rows = u64::from(self.batch) * shape.pixels();
        let mut parts = Vec::new();
        let mut offset = 0;
        for &tensor in &graph.nodes[node].inputs {
            let channels = graph.shape(tensor).channels as usize;
            let part = ConcatPart::new(rows as usize, channels, offset, shape.channels as usize)?;
            offset += channels;
            let input = self.value(tensor);
            self.emit(Instruction::ConcatForward { part, input, output }, self.tensor_elements(tensor));
            parts.push(part);
        }
        Ok(Trail::Concat(parts))
    }

    /// A new buffer for a layer's output.
    fn output(&mut self, node: usize) -> BufferId {
        let output = self.float(self.tensor_elements(node + 1));
        self.values[node + 1] = Some(output);
        output
    }

    /// Whether a layer that reads this tensor may write its output over it: nothing else reads it, neither forward
    /// nor backward. Of all operators only the rectifier's backward pass reads the output.
    fn may_overwrite(&self, tensor: TensorId) -> bool {
        let kept_by_producer = matches!(self.mode, Mode::Training { .. })
            && tensor.checked_sub(1).is_some_and(|producer| matches!(self.trail[producer], Trail::Relu));
        self.reuse && self.flow.readers(tensor) == 1 && !kept_by_producer
    }

    /// Multiply-accumulates of a convolution or a dense layer: each output sums fan-in products.
    pub(super) fn weight_macs(&self, node: usize) -> u64 {
        self.tensor_elements(node + 1) * self.graph.nodes[node].parameters[0].fan_in()
    }

    /// Elements under all windows of a pool.
    pub(super) fn window_macs(&self, node: usize, pool: &Pool) -> u64 {
        self.tensor_elements(node + 1) * u64::from(pool.kernel.vertical) * u64::from(pool.kernel.horizontal)
    }
}
