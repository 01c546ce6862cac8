use std::sync::Arc;

use nas_arch::{Graph, INPUT_TENSOR, ParameterRole, TensorId};
use nas_kernels::Image;

use super::buffer::{Buffer, Element};
use super::gradients::Gradients;
use super::{BufferId, Extent, Flow, Mode, Span, Tap, Task};
use crate::operators;
use crate::work::{Affine, Work};
use crate::{ParameterLayout, PlanError};

/// A plan before its buffers have places.
pub(super) struct Lowered {
    pub(super) tasks: Vec<Task>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) layer_outputs: Vec<Option<BufferId>>,
    pub(super) taps: Vec<Tap>,
}

/// Turns a graph into tasks, layer by layer: forward in order, then backward in reverse.
pub(crate) struct Lowering<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) flow: Flow,
    pub(crate) batch: u32,
    pub(crate) mode: Mode,
    layout: &'a ParameterLayout,
    tasks: Vec<Task>,
    buffers: Vec<Buffer>,
    /// The buffer of each root tensor's value, once it is computed.
    values: Vec<Option<BufferId>>,
    /// The layer that computes each layer: itself, or the one that it is fused into.
    computed_by: Vec<usize>,
    /// What the forward pass leaves for the backward pass of each layer; nothing where it computes nothing.
    trail: Vec<Option<Arc<dyn Backward>>>,
    pub(super) gradients: Gradients,
    pub(super) taps: Vec<Tap>,
    layer: Option<usize>,
    /// Whether values may be overwritten in place and equal gradients share a buffer.
    pub(super) reuse: bool,
}

/// What the forward pass of a layer leaves for its backward pass.
pub(crate) trait Backward {
    /// Emits the backward pass: gradients of the layer's parameters, and its share in the gradients of its inputs.
    fn lower(&self, lowering: &mut Lowering<'_>, node: usize, output_gradient: BufferId);

    /// Whether that pass reads the layer's output, so that no reader may write over it.
    fn reads_output(&self) -> bool {
        false
    }
}

impl<'a> Lowering<'a> {
    pub(super) fn new(graph: &'a Graph, layout: &'a ParameterLayout, batch: u32, mode: Mode) -> Self {
        let (nodes, tensors) = (graph.nodes.len(), graph.nodes.len() + 1);
        Self {
            graph,
            flow: if mode.differentiates_images() {
                Flow::with_trained_input(graph)
            } else {
                Flow::new(graph)
            },
            batch,
            mode,
            layout,
            tasks: Vec::new(),
            buffers: Vec::new(),
            values: vec![None; tensors],
            computed_by: (0..nodes).collect(),
            trail: vec![None; nodes],
            gradients: Gradients::new(tensors),
            taps: Vec::new(),
            layer: None,
            reuse: !mode.keeps_values(),
        }
    }

    pub(super) fn run(mut self) -> Result<Lowered, PlanError> {
        let parameters = self.layout.parameters_len() as u64;
        self.values[INPUT_TENSOR] = Some(operators::load(&mut self));
        if self.mode.goes_back() {
            operators::clear_parameter_gradients(&mut self, parameters);
        }
        for node in 0..self.graph.nodes.len() {
            if !self.flow.is_live(node) || self.flow.is_alias(node) || self.computed_by[node] != node {
                continue;
            }
            self.layer = Some(node);
            let layer = &self.graph.nodes[node];
            let trail = operators::forward(&mut self, node)
                .map_err(|source| PlanError::Layer { layer: layer.name.clone(), source })?;
            self.trail[node] = Some(trail);
        }
        self.layer = None;
        let output = self.flow.root(self.graph.nodes.len());
        let last = self.graph.nodes.len() - 1;
        operators::loss(&mut self, output)
            .map_err(|source| PlanError::Layer { layer: self.graph.nodes[last].name.clone(), source })?;
        if self.mode.goes_back() {
            self.backward();
        }
        match self.mode {
            Mode::Training { .. } => operators::update(&mut self, parameters),
            Mode::Gradients { .. } | Mode::Statistics | Mode::Inference => {}
            Mode::Probe(probe) => self.tap(probe),
        }
        let layer_outputs = (0..self.graph.nodes.len())
            .map(|node| {
                let group_end = self.computed_by.iter().rposition(|&head| head == node)?;
                if self.flow.is_alias(node) { None } else { self.values[group_end + 1] }
            })
            .collect();
        Ok(Lowered { tasks: self.tasks, buffers: self.buffers, layer_outputs, taps: self.taps })
    }

    fn backward(&mut self) {
        for node in (0..self.graph.nodes.len()).rev() {
            let Some(trail) = self.trail[node].clone() else { continue };
            self.layer = Some(node);
            self.with_gradient(self.output_tensor(node), |lowering, output_gradient| {
                lowering.tap_gradient(node, output_gradient);
                trail.lower(lowering, node, output_gradient);
            });
        }
        self.layer = None;
    }

    /// The tensor that a layer computes: its own, or that of the last layer fused into it.
    fn output_tensor(&self, node: usize) -> TensorId {
        self.computed_by.iter().rposition(|&head| head == node).map_or(node, |last| last) + 1
    }

    /// Has a layer computed by the one that is being lowered.
    pub(crate) fn fuse(&mut self, node: usize) {
        self.computed_by[node] = self.layer.expect("a layer is fused into a layer");
    }

    /// Adds a task that works on each image by itself; `macs` is what it costs for one. All buffers that it reads or
    /// writes are named: lifetimes are read off that list.
    pub(crate) fn each_image(&mut self, work: impl Work + 'static, buffers: &[BufferId], macs: u64) {
        self.emit(Arc::new(work), buffers, Extent::EachImage, macs);
    }

    /// Adds a task over the whole batch.
    pub(crate) fn whole_batch(&mut self, work: impl Work + 'static, buffers: &[BufferId], macs: u64) {
        self.emit(Arc::new(work), buffers, Extent::Batch, macs);
    }

    fn emit(&mut self, work: Arc<dyn Work>, buffers: &[BufferId], extent: Extent, macs: u64) {
        self.tasks.push(Task { work, buffers: buffers.to_vec(), extent, layer: self.layer, macs });
    }

    /// A new buffer of so many floats for each image.
    pub(crate) fn floats(&mut self, elements: u64) -> BufferId {
        self.new_buffer(Buffer { element: Element::Float, extent: Extent::EachImage, elements })
    }

    /// A new buffer of so many indices for each image.
    pub(crate) fn indices(&mut self, elements: u64) -> BufferId {
        self.new_buffer(Buffer { element: Element::Index, extent: Extent::EachImage, elements })
    }

    /// A new buffer of so many floats for the batch.
    pub(crate) fn batch_floats(&mut self, elements: u64) -> BufferId {
        self.new_buffer(Buffer { element: Element::Float, extent: Extent::Batch, elements })
    }

    fn new_buffer(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() as u32 - 1)
    }

    /// Elements of a buffer, for each image or for the batch.
    pub(crate) fn buffer_elements(&self, buffer: BufferId) -> u64 {
        self.buffers[buffer.index()].elements
    }

    /// Elements of a tensor for one image.
    pub(crate) fn image_elements(&self, tensor: TensorId) -> u64 {
        self.graph.shape(tensor).elements()
    }

    /// A tensor of the whole batch, as the kernels have it.
    pub(crate) fn image(&self, tensor: TensorId) -> Image {
        let shape = self.graph.shape(tensor);
        Image {
            batch: self.batch as usize,
            height: shape.height as usize,
            width: shape.width as usize,
            channels: shape.channels as usize,
        }
    }

    /// The buffer that holds a tensor's value.
    pub(crate) fn value(&self, tensor: TensorId) -> BufferId {
        self.values[self.flow.root(tensor)].expect("inputs are computed before they are read")
    }

    /// The tensor that a layer reads (the first, when there are several), seen through identities.
    pub(crate) fn input(&self, node: usize) -> TensorId {
        self.flow.root(self.graph.nodes[node].inputs[0])
    }

    /// All tensors that a layer reads, seen through identities.
    pub(crate) fn inputs(&self, node: usize) -> Vec<TensorId> {
        self.graph.nodes[node].inputs.iter().map(|&tensor| self.flow.root(tensor)).collect()
    }

    /// A new buffer for the output of a layer.
    pub(crate) fn new_output(&mut self, node: usize) -> BufferId {
        let output = self.floats(self.image_elements(node + 1));
        self.values[node + 1] = Some(output);
        output
    }

    /// Lets the output of a layer lie where the value of a tensor lay.
    pub(crate) fn overwrite(&mut self, tensor: TensorId, node: usize) -> BufferId {
        let values = self.value(tensor);
        self.values[node + 1] = Some(values);
        values
    }

    /// Whether a layer that reads this tensor may write its output over it: nothing else reads it, neither forward nor
    /// backward.
    pub(crate) fn may_overwrite(&self, tensor: TensorId) -> bool {
        let is_kept = || {
            let producer = tensor.checked_sub(1).map(|producer| self.computed_by[producer]);
            let trail = producer.and_then(|producer| self.trail[producer].as_ref());
            trail.is_some_and(|trail| trail.reads_output())
        };
        self.reuse && self.flow.readers(tensor) == 1 && !(self.mode.is_training() && is_kept())
    }

    /// The layer that alone reads the output of another one, if there is such a one that can be computed with it.
    pub(crate) fn sole_reader(&self, node: usize) -> Option<usize> {
        self.flow.sole_reader(node + 1).filter(|_| self.reuse)
    }

    /// Where a parameter of a layer lies.
    ///
    /// # Panics
    /// If the layer has no such parameter.
    pub(crate) fn parameter(&self, node: usize, role: ParameterRole) -> Span {
        self.optional_parameter(node, role).unwrap_or_else(|| panic!("layer {node} has no {role:?}"))
    }

    pub(crate) fn optional_parameter(&self, node: usize, role: ParameterRole) -> Option<Span> {
        self.layout.range(node, role).map(Span::from)
    }

    /// Weights and bias of a layer.
    pub(crate) fn affine(&self, node: usize) -> Affine {
        Affine {
            weights: self.parameter(node, ParameterRole::Weight),
            bias: self.optional_parameter(node, ParameterRole::Bias),
        }
    }

    /// Multiply-accumulates of a convolution or a dense layer for one image: each output sums fan-in products.
    pub(crate) fn weight_macs(&self, node: usize) -> u64 {
        self.image_elements(node + 1) * self.graph.nodes[node].parameters[0].fan_in()
    }
}
