//! One form and one name for equal networks.
//!
//! Two networks are equal when their graphs, with operators as labels and inputs in order (any order for an
//! addition), are isomorphic once dead operators are removed and identities contracted. The canonical order
//! comes from colour refinement with individualisation and pruning by automorphisms (McKay and Piperno 2014,
//! "Practical graph isomorphism, II"); for chains and most search spaces the first refinement already
//! separates all nodes.

use std::collections::BTreeMap;

use nas_numerics::{Digest, sha256};

use crate::{
    Contraction, Graph, INPUT_NAME, INPUT_TENSOR, Network, Op, Padding, Pair, Shape, TensorId, Zero,
};

/// Hexadecimal digits of a network's name: 48 bits, so that 10,000 networks collide with a chance of 2·10⁻⁷.
const NAME_DIGITS: usize = 12;

/// A network in canonical form.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    /// Only live layers, in canonical order, with canonical names.
    pub network: Network,
}

impl Canonical {
    /// Digest of that form: equal for isomorphic networks, different for all others.
    ///
    /// # Panics
    /// Never: a network is always JSON.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(serde_json::to_string(&self.network).expect("a network is always JSON").as_bytes())
    }

    /// A short name, equal for equal networks.
    #[must_use]
    pub fn name(&self) -> String {
        self.digest().short(NAME_DIGITS)
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
    Canonical { network: live.network(graph.input, &order) }
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
    /// The operator of each vertex; none for the input.
    ops: Vec<Option<Op>>,
}

/// By vertex; the colours in use are 0, 1, 2 and so on.
type Colours = Vec<usize>;
/// One line for each vertex in canonical order: its label and where its inputs stand in that order.
type Certificate<'a> = Vec<(&'a str, Vec<usize>)>;

impl Live {
    fn new(graph: &Graph) -> Self {
        let Contraction { sources, inputs, are_zero } = Contraction::new(graph);
        let output = sources[graph.nodes.len()];
        let mut is_live = vec![false; graph.nodes.len() + 1];
        is_live[INPUT_TENSOR] = true;
        is_live[output] = true;
        for node in (0..graph.nodes.len()).rev().filter(|node| sources[node + 1] == node + 1) {
            if is_live[node + 1] {
                inputs[node].iter().for_each(|&tensor| is_live[tensor] = true);
            }
        }
        let tensors: Vec<TensorId> = (0..is_live.len()).filter(|&tensor| is_live[tensor]).collect();
        let mut vertex = vec![usize::MAX; is_live.len()];
        tensors.iter().enumerate().for_each(|(v, &tensor)| vertex[tensor] = v);
        let op = |tensor: TensorId| {
            let op = &graph.nodes[tensor.checked_sub(1)?].op;
            Some(if are_zero[tensor] { Op::Zero(Zero::of(graph.shape(tensor))) } else { explicit(op) })
        };
        let reads = |tensor: TensorId| tensor.checked_sub(1).map_or(&[][..], |node| &inputs[node]);
        let is_commutative = |tensor| {
            let shapes: Vec<Shape> = reads(tensor).iter().map(|&input| graph.shape(input)).collect();
            op(tensor).is_some_and(|op| op.is_commutative(&shapes))
        };
        let ops: Vec<Option<Op>> = tensors.iter().map(|&tensor| op(tensor)).collect();
        Self {
            labels: ops.iter().map(|op| op.as_ref().map_or_else(|| INPUT_NAME.to_owned(), op_text)).collect(),
            inputs: tensors.iter().map(|&t| reads(t).iter().map(|&input| vertex[input]).collect()).collect(),
            commutative: tensors.iter().map(|&tensor| is_commutative(tensor)).collect(),
            output: vertex[output],
            ops,
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
        let mut signatures = Signatures::new(self);
        while smallest_shared_colour(&colours).is_some() {
            let refined = signatures.ranks(self, &colours);
            if refined == colours {
                break;
            }
            colours = refined;
        }
        colours
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
        let mut waiting = vec![0; colours.len()];
        colours.iter().enumerate().for_each(|(v, &colour)| waiting[colour] = v);
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

    fn certificate(&self, order: &[usize]) -> Certificate<'_> {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(index, &v)| place[v] = index);
        order.iter().map(|&v| (self.labels[v].as_str(), self.coloured_inputs(v, &place))).collect()
    }

    /// Writes the network down in this order, with canonical names.
    fn network(&self, input: Shape, order: &[usize]) -> Network {
        let mut network = Network::new(input);
        let mut names = vec![INPUT_NAME.to_owned(); order.len()];
        let mut place = vec![0; order.len()];
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, &vertex) in order.iter().enumerate() {
            place[vertex] = index;
            let Some(op) = &self.ops[vertex] else { continue };
            let count = counts.entry(op.id()).or_default();
            *count += 1;
            names[index] = format!("{}-{count}", op.id());
            let inputs = self.coloured_inputs(vertex, &place);
            let inputs: Vec<&str> = inputs.iter().map(|&input| names[input].as_str()).collect();
            network.push_reading(names[index].clone(), op.clone(), &inputs);
        }
        network
    }
}

/// What tells vertices of one colour apart: the colours of what they read, then of what reads them, with the places at which it
/// does. One buffer for all vertices, used again in each round.
struct Signatures {
    /// For each vertex, where its inputs stand in `inputs`.
    input_starts: Vec<usize>,
    /// Colours.
    inputs: Vec<usize>,
    /// For each vertex, where its readers stand in `readers` and `reader_places`.
    reader_starts: Vec<usize>,
    /// Readers, and the places at which they read; 0 where the place makes no difference.
    readers: Vec<(usize, usize)>,
    /// Colours of the readers, and the places.
    reader_colours: Vec<(usize, usize)>,
}

impl Signatures {
    fn new(live: &Live) -> Self {
        let count = live.inputs.len();
        let mut reader_counts = vec![0; count];
        live.inputs.iter().flatten().for_each(|&input| reader_counts[input] += 1);
        let input_starts = starts(live.inputs.iter().map(Vec::len));
        let reader_starts = starts(reader_counts.iter().copied());
        let mut readers = vec![(0, 0); reader_starts[count]];
        let mut free = reader_starts.clone();
        for (reader, inputs) in live.inputs.iter().enumerate() {
            for (place, &input) in inputs.iter().enumerate() {
                readers[free[input]] = (reader, if live.commutative[reader] { 0 } else { place });
                free[input] += 1;
            }
        }
        Self {
            inputs: vec![0; input_starts[count]],
            reader_colours: readers.clone(),
            readers,
            input_starts,
            reader_starts,
        }
    }

    /// The ranks of the vertices by colour, then by signature. Only where several share a colour the signature matters.
    fn ranks(&mut self, live: &Live, colours: &Colours) -> Colours {
        let mut order: Vec<usize> = (0..colours.len()).collect();
        order.sort_unstable_by_key(|&vertex| colours[vertex]);
        for class in order.chunk_by_mut(|&a, &b| colours[a] == colours[b]).filter(|class| class.len() > 1) {
            for &vertex in &*class {
                self.look(live, vertex, colours);
            }
            class.sort_unstable_by(|&a, &b| self.of(a).cmp(&self.of(b)));
        }
        let mut ranks = vec![0; colours.len()];
        for pair in order.windows(2) {
            let [before, vertex] = [pair[0], pair[1]];
            let differs = colours[before] != colours[vertex] || self.of(before) != self.of(vertex);
            ranks[vertex] = ranks[before] + usize::from(differs);
        }
        ranks
    }

    /// Notes the colours around a vertex.
    fn look(&mut self, live: &Live, vertex: usize, colours: &Colours) {
        let inputs = &mut self.inputs[self.input_starts[vertex]..self.input_starts[vertex + 1]];
        inputs.iter_mut().zip(&live.inputs[vertex]).for_each(|(noted, &input)| *noted = colours[input]);
        if live.commutative[vertex] {
            inputs.sort_unstable();
        }
        let range = self.reader_starts[vertex]..self.reader_starts[vertex + 1];
        let noted = &mut self.reader_colours[range.clone()];
        for (noted, &(reader, place)) in noted.iter_mut().zip(&self.readers[range]) {
            *noted = (colours[reader], place);
        }
        noted.sort_unstable();
    }

    fn of(&self, vertex: usize) -> (&[usize], &[(usize, usize)]) {
        let inputs = &self.inputs[self.input_starts[vertex]..self.input_starts[vertex + 1]];
        (inputs, &self.reader_colours[self.reader_starts[vertex]..self.reader_starts[vertex + 1]])
    }
}

/// Where parts of these lengths start, and where the last one ends.
fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut starts = vec![0];
    let mut end = 0;
    starts.extend(lengths.map(|length| {
        end += length;
        end
    }));
    starts
}

/// Search for the order with the smallest certificate.
struct Search<'a> {
    live: &'a Live,
    best: Option<(Certificate<'a>, Vec<usize>)>,
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
            let mut told_apart: Colours =
                colours.iter().map(|&colour| colour + usize::from(colour >= colours[vertex])).collect();
            told_apart[vertex] = colours[vertex];
            fixed.push(vertex);
            self.explore(&self.live.refine(told_apart), fixed);
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
    let shared = smallest_shared_colour(colours)?;
    Some((0..colours.len()).filter(|&v| colours[v] == shared).collect())
}

/// The first colour that several vertices share.
fn smallest_shared_colour(colours: &Colours) -> Option<usize> {
    let mut sizes = vec![0; colours.len()];
    for &colour in colours {
        sizes[colour] += 1;
    }
    sizes.iter().position(|&size| size > 1)
}

/// Replaces each value by its rank among the distinct ones.
fn ranks<T: Ord>(values: &[T]) -> Vec<usize> {
    let mut distinct: Vec<&T> = values.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    values.iter().map(|value| distinct.partition_point(|other| *other < value)).collect()
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
        Op::MaxPool(pool) | Op::AvgPool(pool) => {
            pool.stride = Some(pool.stride());
            pool.padding = padding(pool.padding, pool.kernel, Pair::ONE);
        }
        _ => {}
    }
    op
}

fn op_text(op: &Op) -> String {
    serde_json::to_string(op).expect("an operator is always JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChannelShuffle, Conv2d, Dropout, MetaConv2d, Pool, Resample};

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
    fn settings_that_change_nothing_make_identities() {
        let plain = name(&[("a", conv(4, 3), &["input"]), ("s", Op::Sigmoid, &["a"])]);
        let identities = [
            ("between 0 and 1 already", Op::Relu),
            ("below 6 already", Op::Relu6),
            ("one group", Op::ChannelShuffle(ChannelShuffle { groups: 1 })),
            ("groups of one channel", Op::ChannelShuffle(ChannelShuffle { groups: 4 })),
            ("each pixel once", Op::Upsample(Resample { factor: Pair::ONE })),
            ("every pixel", Op::Downsample(Resample { factor: Pair::ONE })),
            ("nothing is dropped", Op::Dropout(Dropout { probability: 0.0 })),
            ("a weight of 1", Op::Mixture),
        ];
        for (what, op) in identities {
            let layers = [("a", conv(4, 3), &["input"][..]), ("s", Op::Sigmoid, &["a"]), ("i", op, &["s"])];
            assert_eq!(name(&layers), plain, "{what}");
        }
        let others = [
            Op::LeakyRelu(crate::LeakyRelu::default()),
            Op::Sigmoid,
            Op::Dropout(Dropout::default()),
            Op::ChannelShuffle(ChannelShuffle { groups: 2 }),
            Op::Downsample(Resample::default()),
            Op::Zero(Zero::default()),
        ];
        for op in others {
            let layers =
                [("a", conv(4, 3), &["input"][..]), ("s", Op::Sigmoid, &["a"]), ("o", op.clone(), &["s"])];
            assert_ne!(name(&layers), plain, "{op:?}");
        }
    }

    #[test]
    fn zeros_are_no_summands() {
        let zero = || Op::Zero(Zero::default());
        let plain = name(&[
            ("a", conv(4, 3), &["input"]),
            ("b", conv(4, 1), &["input"]),
            ("sum", Op::Add, &["a", "b"]),
        ]);
        let with_zero = name(&[
            ("a", conv(4, 3), &["input"]),
            ("dead", conv(4, 5), &["a"]),
            ("z", zero(), &["dead"]),
            ("same", Op::Identity, &["z"]),
            ("b", conv(4, 1), &["input"]),
            ("sum", Op::Add, &["same", "a", "z", "b"]),
        ]);
        assert_eq!(plain, with_zero);

        let alone = name(&[("a", conv(4, 3), &["input"])]);
        let summand =
            [("a", conv(4, 3), &["input"][..]), ("z", zero(), &["input"]), ("s", Op::Add, &["z", "a"])];
        assert_eq!(name(&summand), alone, "a sum of one summand is that summand");
    }

    #[test]
    fn what_is_computed_from_zeros_without_parameters_is_zero() {
        let zeros = |channels, size| Op::Zero(Zero::of(Shape::new(channels, size, size)));
        let norm = || Op::BatchNorm(crate::BatchNorm::default());
        let expected = name(&[("z", zeros(4, 4), &["input"]), ("n", norm(), &["z"])]);
        let computed = name(&[
            ("dead", conv(4, 5), &["input"]),
            ("z", Op::Zero(Zero::default()), &["dead"]),
            ("y", Op::Zero(Zero::default()), &["input"]),
            ("sum", Op::Add, &["z", "y"]),
            ("other", conv(4, 3), &["dead"]),
            ("gated", Op::Multiply, &["other", "sum"]),
            ("p", Op::MaxPool(Pool::square(2)), &["gated"]),
            ("t", Op::Tanh, &["p"]),
            ("n", norm(), &["t"]),
        ]);
        assert_eq!(computed, expected);
        for (what, op) in [("a convolution", conv(8, 3)), ("a norm", norm()), ("1/2 at 0", Op::Sigmoid)] {
            let layers = [("z", zeros(8, 8), &["input"][..]), ("o", op, &["z"])];
            assert_eq!(canonical(&build(&layers).resolve().unwrap()).network.layers.len(), 2, "{what}");
        }
        let one_of_a_shape = [
            ("z", zeros(2, 8), &["input"][..]),
            ("y", zeros(2, 8), &["input"]),
            ("c", Op::Concat, &["input", "z", "y"]),
        ];
        assert_eq!(canonical(&build(&one_of_a_shape).resolve().unwrap()).network.layers.len(), 2);
    }

    #[test]
    fn products_of_equal_shapes_commute() {
        let layers = |inputs| {
            name(&[("a", conv(4, 3), &["input"]), ("b", conv(4, 1), &["input"]), ("p", Op::Multiply, inputs)])
        };
        assert_eq!(layers(&["a", "b"]), layers(&["b", "a"]));
        let gated = build(&[
            ("g", Op::GlobalAvgPool, &["input"]),
            ("a", conv(4, 3), &["input"]),
            ("p", Op::Multiply, &["a", "g"]),
        ]);
        assert!(
            canonical(&gated.resolve().unwrap()).network.resolve().is_ok(),
            "the gate stays the second input"
        );
        let mixture = |inputs| {
            name(&[("a", conv(4, 3), &["input"]), ("b", conv(4, 1), &["input"]), ("m", Op::Mixture, inputs)])
        };
        assert_ne!(mixture(&["a", "b"]), mixture(&["b", "a"]), "each input has its own weight");
    }

    #[test]
    fn a_mixture_of_one_kernel_is_a_convolution() {
        let meta = |sizes: &[u32]| name(&[("m", Op::MetaConv2d(MetaConv2d::new(8, sizes)), &["input"])]);
        assert_eq!(meta(&[3]), name(&[("c", conv(8, 3), &["input"])]));
        assert_ne!(meta(&[1, 3]), meta(&[3]));
        let padded = MetaConv2d {
            padding: Padding::Explicit(crate::Insets { top: 2, left: 2, bottom: 2, right: 2 }),
            ..MetaConv2d::new(8, &[3, 5])
        };
        assert_eq!(meta(&[3, 5]), name(&[("m", Op::MetaConv2d(padded), &["input"])]));
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
