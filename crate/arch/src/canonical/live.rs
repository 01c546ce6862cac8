//! What is left of a graph to be brought into order.

use smallvec::SmallVec;

use crate::{Contraction, Graph, INPUT_TENSOR, Inputs, Node, Op, Padding, Pair, TensorId, Zero};

/// A vertex of the live part of a graph: 0 is the input, the others are nodes that reach the output.
pub(super) type Vertex = usize;

/// The live part of a graph.
pub(super) struct Live<'a> {
    graph: &'a Graph,
    /// The tensor that each vertex computes.
    tensors: Vec<TensorId>,
    /// The operator of each vertex; none for the input.
    ops: Vec<Option<Op>>,
    /// What each vertex computes, as a rank: the input first, then the operators in the order of their texts.
    pub(super) labels: Vec<usize>,
    /// Vertices each vertex reads, in order.
    pub(super) inputs: Vec<SmallVec<[Vertex; 2]>>,
    /// For each vertex, whether the order of its inputs makes no difference.
    pub(super) commutative: Vec<bool>,
    /// Vertices that read each vertex, and the places at which they do; 0 where the place makes no difference.
    pub(super) readers: Vec<SmallVec<[(Vertex, usize); 2]>>,
    /// The vertex whose output is the network's.
    pub(super) output: Vertex,
}

impl<'a> Live<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let Contraction { sources, inputs: contracted, are_zero } = Contraction::new(graph);
        let output = sources[graph.nodes.len()];
        let mut is_live = vec![false; graph.nodes.len() + 1];
        is_live[INPUT_TENSOR] = true;
        is_live[output] = true;
        for node in (0..graph.nodes.len()).rev().filter(|node| sources[node + 1] == node + 1) {
            if is_live[node + 1] {
                contracted[node].iter().for_each(|&tensor| is_live[tensor] = true);
            }
        }
        let tensors: Vec<TensorId> = (0..is_live.len()).filter(|&tensor| is_live[tensor]).collect();
        let mut vertices: Vec<Vertex> = vec![Vertex::MAX; is_live.len()];
        tensors.iter().enumerate().for_each(|(vertex, &tensor)| vertices[tensor] = vertex);
        let count = tensors.len();
        let mut live = Self {
            graph,
            ops: Vec::with_capacity(count),
            labels: Vec::new(),
            inputs: Vec::with_capacity(count),
            commutative: Vec::with_capacity(count),
            readers: vec![SmallVec::new(); count],
            output: vertices[output],
            tensors: Vec::new(),
        };
        live.add(None, SmallVec::new(), false);
        for &tensor in &tensors[1..] {
            let read = &contracted[tensor - 1];
            let op = match &graph.nodes[tensor - 1].op {
                _ if are_zero[tensor] => Op::Zero(Zero::of(graph.shape(tensor))),
                op => explicit(op),
            };
            let is_commutative = op.is_commutative(&graph.shapes(read));
            live.add(Some(op), read.iter().map(|&tensor| vertices[tensor]).collect(), is_commutative);
        }
        live.labels = label_ranks(&live.ops);
        live.tensors = tensors;
        live
    }

    fn add(&mut self, op: Option<Op>, inputs: SmallVec<[Vertex; 2]>, is_commutative: bool) {
        let vertex = self.ops.len();
        for (place, &input) in inputs.iter().enumerate() {
            self.readers[input].push((vertex, if is_commutative { 0 } else { place }));
        }
        self.ops.push(op);
        self.inputs.push(inputs);
        self.commutative.push(is_commutative);
    }

    /// Colours, or places, of what a vertex reads; ascending where the order makes no difference.
    pub(super) fn read_by(&self, vertex: Vertex, colours: &[usize]) -> Inputs {
        let mut inputs: Inputs = self.inputs[vertex].iter().map(|&input| colours[input]).collect();
        if self.commutative[vertex] {
            inputs.sort_unstable();
        }
        inputs
    }

    /// The names of the nodes in this order.
    pub(super) fn names_in_order(&self, order: &[Vertex]) -> Vec<String> {
        let nodes = order.iter().filter(|&&vertex| self.tensors[vertex] != INPUT_TENSOR);
        nodes.map(|&vertex| self.graph.nodes[self.tensors[vertex] - 1].name.clone()).collect()
    }

    /// The graph with its nodes in this order and named by it. The input comes first.
    pub(super) fn in_order(mut self, order: &[Vertex]) -> Graph {
        let mut places: Vec<TensorId> = vec![INPUT_TENSOR; order.len()];
        order.iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place);
        let mut counts: Vec<(&str, u32)> = Vec::new();
        let mut graph = Graph { input: self.graph.input, nodes: Vec::with_capacity(order.len() - 1) };
        for &vertex in order {
            let Some(op) = self.ops[vertex].take() else { continue };
            let name = numbered(op.id(), &mut counts);
            let inputs = self.read_by(vertex, &places);
            let parameters = op.parameters(&graph.shapes(&inputs));
            let shape = self.graph.shape(self.tensors[vertex]);
            graph.nodes.push(Node { name, op, inputs, shape, parameters });
        }
        graph
    }
}

/// The identifier of an operator, and how often there was one.
fn numbered(id: &'static str, counts: &mut Vec<(&'static str, u32)>) -> String {
    let place = counts.iter().position(|&(other, _)| other == id).unwrap_or_else(|| {
        counts.push((id, 0));
        counts.len() - 1
    });
    counts[place].1 += 1;
    format!("{id}-{}", counts[place].1)
}

/// The ranks of operators by their texts; the input, which is none, comes first. Only a text of each is made.
fn label_ranks(ops: &[Option<Op>]) -> Vec<usize> {
    let mut distinct: Vec<(&Op, String)> = Vec::new();
    let mut place_of = |op| {
        distinct.iter().position(|(other, _)| *other == op).unwrap_or_else(|| {
            distinct.push((op, op_text(op)));
            distinct.len() - 1
        })
    };
    let places: Vec<Option<usize>> = ops.iter().map(|op| op.as_ref().map(&mut place_of)).collect();
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    order.sort_unstable_by(|&a, &b| distinct[a].1.cmp(&distinct[b].1));
    let mut ranks = vec![0; order.len()];
    order.iter().enumerate().for_each(|(rank, &place)| ranks[place] = rank + 1);
    places.iter().map(|place| place.map_or(0, |place| ranks[place])).collect()
}

fn op_text(op: &Op) -> String {
    serde_json::to_string(op).expect("an operator is always JSON")
}

/// The operator with everything that can be written in two ways written in one.
fn explicit(op: &Op) -> Op {
    let padding = |padding: Padding, kernel, dilation| {
        let insets = padding.insets(kernel, dilation);
        if insets == Padding::Same.insets(kernel, dilation) {
            Padding::Same
        } else {
            Padding::Explicit(insets)
        }
    };
    let mut op = match op {
        // A mixture of one kernel has the weight 1.
        Op::MetaConv2d(meta) if meta.sizes.len() == 1 => Op::Conv2d(meta.convolution()),
        _ => op.clone(),
    };
    match &mut op {
        Op::Conv2d(conv) => {
            if conv.kernel == Pair::ONE {
                conv.dilation = Pair::ONE;
            }
            conv.padding = padding(conv.padding, conv.kernel, conv.dilation);
        }
        Op::MetaConv2d(meta) => {
            meta.padding = padding(meta.padding, meta.convolution().kernel, meta.dilation);
        }
        // Minus zero is zero, and written otherwise.
        Op::LeakyRelu(leaky) => leaky.negative_slope += 0.0,
        Op::BatchNorm(norm) => {
            norm.epsilon += 0.0;
            norm.momentum += 0.0;
        }
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            pool.stride = Some(pool.stride());
            pool.padding = padding(pool.padding, pool.kernel, Pair::ONE);
        }
        _ => {}
    }
    op
}
