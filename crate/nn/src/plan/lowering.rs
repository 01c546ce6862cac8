use nas_arch::{Graph, INPUT_TENSOR, ParameterRole, TensorId};
use nas_kernels::{AvgPool, ConcatPart, GlobalAvgPool, MaxPool, SoftmaxCrossEntropy};

use super::{
    BatchNormLayer, Buffer, BufferId, Conv2dLayer, DenseLayer, Element, Flow, Instruction, Mode, Span, Task,
    backward::Gradients, in_layer,
};
use crate::{ParameterLayout, PlanError};

/// A plan before its buffers have places.
pub(super) struct Lowered {
    pub(super) tasks: Vec<Task>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) layer_outputs: Vec<Option<BufferId>>,
}

/// Turns a graph into instructions, layer by layer: forward in order, then backward in reverse.
pub(super) struct Lowering<'a> {
    pub(super) graph: &'a Graph,
    pub(super) flow: Flow,
    pub(super) batch: u32,
    pub(super) mode: Mode,
    layout: &'a ParameterLayout,
    tasks: Vec<Task>,
    buffers: Vec<Buffer>,
    /// The buffer of each root tensor's value, once it is computed.
    pub(super) values: Vec<Option<BufferId>>,
    /// What the forward pass leaves for the backward pass of each layer.
    pub(super) trail: Vec<Trail>,
    pub(super) gradients: Gradients,
    layer: Option<usize>,
    /// Whether values may be overwritten in place and equal gradients share a buffer.
    pub(super) reuse: bool,
}

/// What the forward pass of a layer leaves for its backward pass.
#[derive(Debug, Clone)]
pub(super) enum Trail {
    /// The layer computes nothing, or nothing depends on it.
    None,
    Conv2d(Conv2dLayer),
    Dense(DenseLayer),
    BatchNorm {
        layer: BatchNormLayer,
        mean: BufferId,
        inverse_std: BufferId,
    },
    Relu,
    MaxPool {
        options: MaxPool,
        argmax: BufferId,
    },
    AvgPool(AvgPool),
    GlobalAvgPool(GlobalAvgPool),
    Add,
    Concat(Vec<ConcatPart>),
}

impl<'a> Lowering<'a> {
    pub(super) fn new(graph: &'a Graph, layout: &'a ParameterLayout, batch: u32, mode: Mode) -> Self {
        let tensors = graph.nodes.len() + 1;
        Self {
            graph,
            flow: Flow::new(graph),
            batch,
            mode,
            layout,
            tasks: Vec::new(),
            buffers: Vec::new(),
            values: vec![None; tensors],
            trail: Vec::with_capacity(graph.nodes.len()),
            gradients: Gradients::new(tensors),
            layer: None,
            reuse: true,
        }
    }

    pub(super) fn run(mut self) -> Result<Lowered, PlanError> {
        let images = self.float(self.tensor_elements(INPUT_TENSOR));
        self.emit(Instruction::Load { images }, self.tensor_elements(INPUT_TENSOR));
        self.values[INPUT_TENSOR] = Some(images);
        if matches!(self.mode, Mode::Training { .. }) {
            self.emit(Instruction::ClearParameterGradients, self.layout.parameters_len() as u64);
        }
        for node in 0..self.graph.nodes.len() {
            self.layer = Some(node);
            let trail = self.forward(node)?;
            self.trail.push(trail);
        }
        self.layer = None;
        self.loss()?;
        let layer_outputs = (0..self.graph.nodes.len())
            .map(|node| if self.flow.is_alias(node) { None } else { self.values[node + 1] })
            .collect();
        Ok(Lowered { tasks: self.tasks, buffers: self.buffers, layer_outputs })
    }

    /// The loss, and in training everything behind it.
    fn loss(&mut self) -> Result<(), PlanError> {
        let output = self.flow.root(self.graph.nodes.len());
        let elements = self.tensor_elements(output);
        let classes = self.graph.output().elements() as usize;
        let label_smoothing = match self.mode {
            Mode::Training { label_smoothing } => label_smoothing,
            Mode::Inference => 0.0,
        };
        let options = SoftmaxCrossEntropy::new(self.batch as usize, classes, label_smoothing)
            .map_err(in_layer(&self.graph.nodes[self.graph.nodes.len() - 1].name))?;
        let (logits, probabilities) = (self.value(output), self.float(elements));
        let scratch = self.float(options.scratch_len() as u64);
        self.emit(Instruction::LossForward { options, logits, probabilities, scratch }, elements);
        if matches!(self.mode, Mode::Inference) {
            return Ok(());
        }
        if self.flow.is_trained(output) {
            let logits_gradient = self.writable_gradient(output);
            self.emit(Instruction::LossBackward { options, probabilities, logits_gradient }, elements);
        }
        for node in (0..self.graph.nodes.len()).rev() {
            self.layer = Some(node);
            self.backward(node);
        }
        self.layer = None;
        self.emit(Instruction::Update, self.layout.parameters_len() as u64);
        Ok(())
    }

    pub(super) fn emit(&mut self, instruction: Instruction, macs: u64) {
        self.tasks.push(Task { instruction, layer: self.layer, macs });
    }

    pub(super) fn float(&mut self, elements: u64) -> BufferId {
        self.new_buffer(Buffer { element: Element::Float, elements })
    }

    pub(super) fn index(&mut self, elements: u64) -> BufferId {
        self.new_buffer(Buffer { element: Element::Index, elements })
    }

    fn new_buffer(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() as u32 - 1)
    }

    pub(super) fn buffer_elements(&self, buffer: BufferId) -> u64 {
        self.buffers[buffer.index()].elements
    }

    /// Elements of a tensor for the whole batch.
    pub(super) fn tensor_elements(&self, tensor: TensorId) -> u64 {
        u64::from(self.batch) * self.graph.shape(tensor).elements()
    }

    /// The buffer that holds a tensor's value.
    pub(super) fn value(&self, tensor: TensorId) -> BufferId {
        self.values[self.flow.root(tensor)].expect("inputs are computed before they are read")
    }

    /// The tensor that a layer reads (the first, when there are several), seen through identities.
    pub(super) fn input(&self, node: usize) -> TensorId {
        self.flow.root(self.graph.nodes[node].inputs[0])
    }

    /// Where a parameter of a layer lies.
    ///
    /// # Panics
    /// If the layer has no such parameter.
    pub(super) fn parameter(&self, node: usize, role: ParameterRole) -> Span {
        self.optional_parameter(node, role).unwrap_or_else(|| panic!("layer {node} has no {role:?}"))
    }

    pub(super) fn optional_parameter(&self, node: usize, role: ParameterRole) -> Option<Span> {
        self.layout.range(node, role).map(Span::from)
    }
}
