use nas_arch::{Graph, INPUT_TENSOR, Op, TensorId};

/// What flows where in a graph: which layers matter, which tensors are one and the same, which need gradients.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    live: Vec<bool>,
    root: Vec<TensorId>,
    readers: Vec<u32>,
    /// The last live layer that reads a tensor.
    last_reader: Vec<Option<usize>>,
    trained: Vec<bool>,
}

impl Flow {
    pub(crate) fn new(graph: &Graph) -> Self {
        Self::of(graph, false)
    }

    /// As [`Self::new`], but the input needs a gradient too.
    pub(crate) fn with_trained_input(graph: &Graph) -> Self {
        Self::of(graph, true)
    }

    fn of(graph: &Graph, is_input_trained: bool) -> Self {
        let (nodes, tensors) = (graph.nodes.len(), graph.nodes.len() + 1);
        let mut live = vec![false; nodes];
        live[nodes - 1] = true;
        for node in (0..nodes).rev() {
            if live[node] {
                for &tensor in graph.nodes[node].inputs.iter().filter(|&&tensor| tensor != INPUT_TENSOR) {
                    live[tensor - 1] = true;
                }
            }
        }
        let mut flow = Self {
            live,
            root: (0..tensors).collect(),
            readers: vec![0; tensors],
            last_reader: vec![None; tensors],
            trained: vec![false; tensors],
        };
        flow.trained[INPUT_TENSOR] = is_input_trained;
        for (node, layer) in graph.nodes.iter().enumerate() {
            let output = node + 1;
            if passes_through(&layer.op, layer.inputs.len()) {
                flow.root[output] = flow.root[layer.inputs[0]];
                continue;
            }
            flow.trained[output] = layer.parameters.iter().any(|parameter| parameter.role.is_trainable())
                || layer.inputs.iter().any(|&tensor| flow.trained[flow.root[tensor]]);
            if flow.live[node] {
                for &tensor in &layer.inputs {
                    flow.readers[flow.root[tensor]] += 1;
                    flow.last_reader[flow.root[tensor]] = Some(node);
                }
            }
        }
        flow
    }

    /// Whether the output depends on a layer.
    pub(crate) fn is_live(&self, node: usize) -> bool {
        self.live[node]
    }

    /// Whether a layer computes nothing: its output is its input.
    pub(crate) fn is_alias(&self, node: usize) -> bool {
        self.root[node + 1] != node + 1
    }

    /// The tensor whose value a tensor has: itself, unless it only passes another one on.
    pub(crate) fn root(&self, tensor: TensorId) -> TensorId {
        self.root[tensor]
    }

    /// How often live layers read a root tensor.
    pub(crate) fn readers(&self, root: TensorId) -> u32 {
        self.readers[root]
    }

    /// The live layer that reads a root tensor, if one does so, once.
    pub(crate) fn sole_reader(&self, root: TensorId) -> Option<usize> {
        self.last_reader[root].filter(|_| self.readers[root] == 1)
    }

    /// Whether a root tensor depends on something that is trained, so that it needs a gradient.
    pub(crate) fn is_trained(&self, root: TensorId) -> bool {
        self.trained[root]
    }
}

fn passes_through(op: &Op, inputs: usize) -> bool {
    match op {
        Op::Identity => true,
        Op::Add | Op::Concat => inputs == 1,
        _ => false,
    }
}
