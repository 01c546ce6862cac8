//! One form and one name for equal networks.
//!
//! Two networks are equal when their graphs, with operators as labels and inputs in order (any order for an
//! addition), are isomorphic once dead operators are removed and identities contracted. The canonical order
//! comes from colour refinement with individualisation and pruning by automorphisms (McKay and Piperno 2014,
//! "Practical graph isomorphism, II"); for chains and most search spaces the first refinement already
//! separates all nodes.

use std::collections::BTreeMap;

use nas_numerics::{Digest, sha256};

use crate::{Graph, INPUT_NAME, INPUT_TENSOR, Network, Op, Padding, Pair, TensorId};

/// Hexadecimal digits of a network's name: 48 bits, so that 10,000 networks collide with a chance of 2·10⁻⁷.
const NAME_DIGITS: usize = 12;

/// A network in canonical form.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    /// Only live layers, in canonical order, with canonical names.
    pub network: Network,
    /// Digest of that form: equal for isomorphic networks, different for all others.
    pub digest: Digest,
}

impl Canonical {
    /// A short name, equal for equal networks.
    #[must_use]
    pub fn name(&self) -> String {
        self.digest.short(NAME_DIGITS)
    }
}

/// The canonical form of a graph.
///
/// # Panics
/// Never for a graph that was resolved from a network.
#[must_use]
pub fn canonical(graph: &Graph) -> Canonical {
    let live = Live::new(graph);
    let order = live.canonical_order();
    let network = live.network(graph, &order);
    let text = serde_json::to_string(&network).expect("a network is always JSON");
    Canonical { network, digest: sha256(text.as_bytes()) }
}

/// The live part of a graph: vertex 0 is the input, the others are nodes that reach the output.
struct Live {
    /// What each vertex computes, as text.
    labels: Vec<String>,
    /// Vertices each vertex reads, in order.
    inputs: Vec<Vec<usize>>,
    /// For each vertex, whether the order of its inputs makes no difference.
    commutative: Vec<bool>,
    /// The vertex whose output is the network's.
    output: usize,
    /// Node of the graph behind each vertex; none for the input.
    nodes: Vec<Option<usize>>,
}

type Colours = Vec<usize>;
/// One line for each vertex in canonical order: its label and where its inputs stand in that order.
type Certificate = Vec<(String, Vec<usize>)>;

impl Live {
    fn new(graph: &Graph) -> Self {
        let source = contracted_sources(graph);
        let output = source[graph.nodes.len()];
        let mut is_live = vec![false; graph.nodes.len() + 1];
        is_live[INPUT_TENSOR] = true;
        is_live[output] = true;
        for node in (0..graph.nodes.len()).rev().filter(|node| source[node + 1] == node + 1) {
            if is_live[node + 1] {
                graph.nodes[node].inputs.iter().for_each(|&tensor| is_live[source[tensor]] = true);
            }
        }
        let tensors: Vec<TensorId> = (0..is_live.len()).filter(|&tensor| is_live[tensor]).collect();
        let vertex: BTreeMap<TensorId, usize> =
            tensors.iter().enumerate().map(|(v, &tensor)| (tensor, v)).collect();
        let node = |tensor: TensorId| tensor.checked_sub(1).map(|node| &graph.nodes[node]);
        let label = |tensor| node(tensor).map_or_else(|| INPUT_NAME.to_owned(), |node| op_text(&node.op));
        let reads = |tensor| {
            node(tensor).map_or_else(Vec::new, |node| {
                node.inputs.iter().map(|input| vertex[&source[*input]]).collect()
            })
        };
        Self {
            labels: tensors.iter().map(|&tensor| label(tensor)).collect(),
            inputs: tensors.iter().map(|&tensor| reads(tensor)).collect(),
            commutative: tensors
                .iter()
                .map(|&t| node(t).is_some_and(|node| node.op.is_commutative()))
                .collect(),
            output: vertex[&output],
            nodes: tensors.iter().map(|tensor| tensor.checked_sub(1)).collect(),
        }
    }

    /// The vertices in canonical order; the input comes first.
    fn canonical_order(&self) -> Vec<usize> {
        let start: Vec<_> = (0..self.labels.len()).map(|v| (&self.labels[v], v == self.output)).collect();
        let mut search = Search { live: self, best: None, automorphisms: Vec::new() };
        search.explore(&self.refine(ranks(&start)), &mut Vec::new());
        search.best.expect("the search ends in at least one leaf").1
    }

    /// Splits classes of colour until each vertex's readers and inputs are told by its colour.
    fn refine(&self, mut colours: Colours) -> Colours {
        loop {
            let mut readers = vec![Vec::new(); colours.len()];
            for (reader, inputs) in self.inputs.iter().enumerate() {
                for (place, &input) in inputs.iter().enumerate() {
                    let place = if self.commutative[reader] { 0 } else { place };
                    readers[input].push((colours[reader], place));
                }
            }
            let signatures: Vec<_> = readers
                .into_iter()
                .enumerate()
                .map(|(v, mut readers)| {
                    readers.sort_unstable();
                    (colours[v], self.coloured_inputs(v, &colours), readers)
                })
                .collect();
            let refined = ranks(&signatures);
            if refined == colours {
                return colours;
            }
            colours = refined;
        }
    }

    fn coloured_inputs(&self, vertex: usize, colours: &Colours) -> Vec<usize> {
        let mut inputs: Vec<usize> = self.inputs[vertex].iter().map(|&input| colours[input]).collect();
        if self.commutative[vertex] {
            inputs.sort_unstable();
        }
        inputs
    }

    /// Topological order that prefers the smallest colour; every vertex must have its own.
    fn order(&self, colours: &Colours) -> Vec<usize> {
        let mut waiting: Vec<usize> = (0..colours.len()).collect();
        waiting.sort_unstable_by_key(|&v| colours[v]);
        let mut placed = vec![false; colours.len()];
        let mut order = Vec::with_capacity(colours.len());
        while !waiting.is_empty() {
            let ready = |&v: &usize| self.inputs[v].iter().all(|&input| placed[input]);
            let next = waiting.remove(waiting.iter().position(ready).expect("the graph has no cycle"));
            placed[next] = true;
            order.push(next);
        }
        order
    }

    fn certificate(&self, order: &[usize]) -> Certificate {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(index, &v)| place[v] = index);
        order.iter().map(|&v| (self.labels[v].clone(), self.coloured_inputs(v, &place))).collect()
    }

    /// Writes the network down in this order, with canonical names.
    fn network(&self, graph: &Graph, order: &[usize]) -> Network {
        let mut network = Network::new(graph.input);
        let mut names = vec![INPUT_NAME.to_owned(); order.len()];
        let mut place = vec![0; order.len()];
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, &vertex) in order.iter().enumerate() {
            place[vertex] = index;
            let Some(node) = self.nodes[vertex].map(|node| &graph.nodes[node]) else { continue };
            let count = counts.entry(node.op.id()).or_default();
            *count += 1;
            names[index] = format!("{}-{count}", node.op.id());
            let inputs = self.coloured_inputs(vertex, &place);
            let inputs: Vec<&str> = inputs.iter().map(|&input| names[input].as_str()).collect();
            network.push_reading(names[index].clone(), explicit(&node.op), &inputs);
        }
        network
    }
}

/// Search for the order with the smallest certificate.
struct Search<'a> {
    live: &'a Live,
    best: Option<(Certificate, Vec<usize>)>,
    /// Permutations of the vertices under which the graph is unchanged, found on the way.
    automorphisms: Vec<Vec<usize>>,
}

impl Search<'_> {
    /// Explores all ways to tell apart what refinement left equal; `fixed` are the vertices told apart so far.
    fn explore(&mut self, colours: &Colours, fixed: &mut Vec<usize>) {
        let Some(class) = smallest_shared_class(colours) else { return self.leaf(colours) };
        let mut explored: Vec<usize> = Vec::new();
        for vertex in class {
            if self.is_image_of(vertex, &explored, fixed) {
                continue;
            }
            explored.push(vertex);
            let mut told_apart: Vec<_> = colours.iter().map(|&colour| (colour, 1)).collect();
            told_apart[vertex].1 = 0;
            fixed.push(vertex);
            self.explore(&self.live.refine(ranks(&told_apart)), fixed);
            fixed.pop();
        }
    }

    fn leaf(&mut self, colours: &Colours) {
        let order = self.live.order(colours);
        let certificate = self.live.certificate(&order);
        match &self.best {
            Some((best, best_order)) if *best == certificate => {
                let mut image = vec![0; order.len()];
                best_order.iter().zip(&order).for_each(|(&from, &to)| image[from] = to);
                self.automorphisms.push(image);
            }
            Some((best, _)) if *best < certificate => {}
            _ => self.best = Some((certificate, order)),
        }
    }

    /// Whether an automorphism that keeps `fixed` in place maps an explored vertex to this one.
    fn is_image_of(&self, vertex: usize, explored: &[usize], fixed: &[usize]) -> bool {
        let mut reached = explored.to_vec();
        let mut next = 0;
        while next < reached.len() {
            for image in self.automorphisms.iter().filter(|image| fixed.iter().all(|&v| image[v] == v)) {
                if !reached.contains(&image[reached[next]]) {
                    reached.push(image[reached[next]]);
                }
            }
            next += 1;
        }
        reached.contains(&vertex)
    }
}

/// The vertices of the first colour that several share.
fn smallest_shared_class(colours: &Colours) -> Option<Vec<usize>> {
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    colours.iter().enumerate().for_each(|(v, &colour)| classes.entry(colour).or_default().push(v));
    classes.into_values().find(|class| class.len() > 1)
}

/// Replaces each value by its rank among the distinct ones.
fn ranks<T: Ord>(values: &[T]) -> Vec<usize> {
    let mut distinct: Vec<&T> = values.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    values.iter().map(|value| distinct.partition_point(|other| *other < value)).collect()
}

/// For each tensor, the tensor that holds the same values once identities are contracted.
#[must_use]
pub fn contracted_sources(graph: &Graph) -> Vec<TensorId> {
    let mut source: Vec<TensorId> = vec![INPUT_TENSOR];
    for (index, node) in graph.nodes.iter().enumerate() {
        let input = source[node.inputs[0]];
        let reads_relu = input.checked_sub(1).is_some_and(|node| graph.nodes[node].op == Op::Relu);
        let is_identity = match &node.op {
            Op::Identity => true,
            Op::Add | Op::Concat => node.inputs.len() == 1,
            Op::MaxPool(pool) | Op::AvgPool(pool) => pool.kernel == Pair::ONE && pool.stride() == Pair::ONE,
            Op::Relu => reads_relu,
            Op::GlobalAvgPool => graph.input_shape(index).pixels() == 1,
            Op::Conv2d(_) | Op::BatchNorm(_) | Op::Dense(_) => false,
        };
        source.push(if is_identity { input } else { index + 1 });
    }
    source
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
    let mut op = op.clone();
    match &mut op {
        Op::Conv2d(conv) => {
            if conv.kernel == Pair::ONE {
                conv.dilation = Pair::ONE;
            }
            conv.padding = padding(conv.padding, conv.kernel, conv.dilation);
        }
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            pool.stride = Some(pool.stride());
            pool.padding = padding(pool.padding, pool.kernel, Pair::ONE);
        }
        _ => {}
    }
    op
}

fn op_text(op: &Op) -> String {
    serde_json::to_string(&explicit(op)).expect("an operator is always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2d, Pool, Shape};

    fn conv(channels: u32, kernel: u32) -> Op {
        Op::Conv2d(Conv2d::square(channels, kernel))
    }

    fn build(layers: &[(&str, Op, &[&str])]) -> Network {
        let mut network = Network::new(Shape::new(4, 8, 8));
        for (name, op, inputs) in layers {
            network.push_reading(*name, op.clone(), inputs);
        }
        network
    }

    fn name(layers: &[(&str, Op, &[&str])]) -> String {
        canonical(&build(layers).resolve().unwrap()).name()
    }

    #[test]
    fn names_and_order_of_layers_do_not_matter() {
        let one = name(&[
            ("a", conv(8, 3), &["input"]),
            ("b", conv(8, 1), &["input"]),
            ("c", Op::Add, &["a", "b"]),
        ]);
        let other = name(&[
            ("y", conv(8, 1), &["input"]),
            ("x", conv(8, 3), &["input"]),
            ("z", Op::Add, &["y", "x"]),
        ]);
        assert_eq!(one, other);
    }

    #[test]
    fn the_order_of_a_concatenation_matters() {
        let layers = |inputs| {
            name(&[("a", conv(8, 3), &["input"]), ("b", conv(8, 1), &["input"]), ("c", Op::Concat, inputs)])
        };
        assert_ne!(layers(&["a", "b"]), layers(&["b", "a"]));
    }

    #[test]
    fn dead_layers_and_identities_vanish() {
        let plain = name(&[("a", conv(8, 3), &["input"]), ("r", Op::Relu, &["a"])]);
        let padded = name(&[
            ("dead", conv(64, 3), &["input"]),
            ("same", Op::Identity, &["input"]),
            ("a", conv(8, 3), &["same"]),
            ("one", Op::MaxPool(Pool::square(1)), &["a"]),
            ("r", Op::Relu, &["one"]),
            ("again", Op::Relu, &["r"]),
            ("end", Op::Concat, &["again"]),
        ]);
        assert_eq!(plain, padded);
    }

    #[test]
    fn a_shared_layer_differs_from_two_equal_ones() {
        // Both unfold to the same tree, so what a layer computes from is not enough to tell them apart.
        let shared = name(&[
            ("a", conv(4, 3), &["input"]),
            ("b", conv(4, 1), &["a"]),
            ("c", conv(4, 1), &["a"]),
            ("d", Op::Add, &["b", "c"]),
        ]);
        let apart = name(&[
            ("a1", conv(4, 3), &["input"]),
            ("a2", conv(4, 3), &["input"]),
            ("b", conv(4, 1), &["a1"]),
            ("c", conv(4, 1), &["a2"]),
            ("d", Op::Add, &["b", "c"]),
        ]);
        assert_ne!(shared, apart);
    }

    #[test]
    fn many_equal_branches_are_ordered_quickly() {
        // 24! orders without pruning by automorphisms.
        let names: Vec<String> = (0..24).map(|i| format!("b{i}")).collect();
        let mut network = Network::new(Shape::new(4, 8, 8));
        for name in &names {
            network.push_reading(name.clone(), conv(4, 3), &["input"]);
        }
        let inputs: Vec<&str> = names.iter().map(String::as_str).collect();
        network.push_reading("sum", Op::Add, &inputs);
        assert_eq!(canonical(&network.resolve().unwrap()).network.layers.len(), 25);
    }

    #[test]
    fn the_canonical_form_is_its_own_canonical_form() {
        let network = build(&[
            ("s", conv(4, 1), &["input"]),
            ("e3", conv(8, 3), &["s"]),
            ("e1", conv(8, 1), &["s"]),
            ("c", Op::Concat, &["e1", "e3"]),
            ("p", Op::AvgPool(Pool::square(2)), &["c"]),
        ]);
        let once = canonical(&network.resolve().unwrap());
        let twice = canonical(&once.network.resolve().unwrap());
        assert_eq!(once, twice);
    }

    #[test]
    fn names_are_pinned() {
        assert_eq!(name(&[("a", conv(8, 3), &["input"]), ("r", Op::Relu, &["a"])]), "ca26ea9f46b3");
    }
}
