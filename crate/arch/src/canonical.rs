//! One form and one name for equal networks.
//!
//! Two networks are equal when their graphs, with operators as labels and inputs in order (any order for an
//! addition), are isomorphic once dead operators are removed and identities contracted. The canonical order
//! comes from colour refinement with individualisation and pruning by automorphisms (McKay and Piperno 2014,
//! "Practical graph isomorphism, II"); for chains and most search spaces the first refinement already
//! separates all nodes.

mod colouring;
mod live;
mod order;

use nas_numerics::{Digest, sha256};

use crate::{Graph, Network};
use live::Live;
use order::canonical_order;

/// Hexadecimal digits of a network's name: 48 bits, so that 10,000 networks collide with a chance of 2·10⁻⁷.
const NAME_DIGITS: usize = 12;

/// A network in canonical form.
#[derive(Debug, Clone, PartialEq)]
pub struct Canonical {
    /// Only live layers, in canonical order, with canonical names.
    pub graph: Graph,
}

impl Canonical {
    /// The network written down in that form.
    #[must_use]
    pub fn network(&self) -> Network {
        self.graph.network()
    }

    /// Digest of that form: equal for isomorphic networks, different for all others.
    ///
    /// # Panics
    /// Never: a network is always JSON.
    #[must_use]
    pub fn digest(&self) -> Digest {
        sha256(serde_json::to_string(&self.network()).expect("a network is always JSON").as_bytes())
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
    let order = canonical_order(&live);
    Canonical { graph: live.in_order(&order) }
}

/// The canonical form of a graph, and the names that its layers have in the graph, in its order.
///
/// # Panics
/// Never for a graph that was resolved from a network.
#[must_use]
pub fn canonical_with_names(graph: &Graph) -> (Canonical, Vec<String>) {
    let live = Live::new(graph);
    let order = canonical_order(&live);
    let names = live.names_in_order(&order);
    (Canonical { graph: live.in_order(&order) }, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ChannelShuffle, Conv2d, Dropout, MetaConv2d, Op, Padding, Pair, Pool, Resample, Shape, Zero,
    };

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
    fn layers_are_known_by_their_names_in_the_graph() {
        let network = build(&[
            ("stem", conv(8, 3), &["input"]),
            ("dead", conv(8, 5), &["stem"]),
            ("same", Op::Identity, &["stem"]),
            ("head", conv(4, 1), &["same"]),
        ]);
        let (canonical, names) = canonical_with_names(&network.resolve().unwrap());
        let own: Vec<&str> = canonical.graph.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(own, ["conv2d-1", "conv2d-2"]);
        assert_eq!(names, ["stem", "head"]);
        assert_eq!(canonical, super::canonical(&network.resolve().unwrap()));
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
            assert_eq!(canonical(&build(&layers).resolve().unwrap()).graph.nodes.len(), 2, "{what}");
        }
        let one_of_a_shape = [
            ("z", zeros(2, 8), &["input"][..]),
            ("y", zeros(2, 8), &["input"]),
            ("c", Op::Concat, &["input", "z", "y"]),
        ];
        assert_eq!(canonical(&build(&one_of_a_shape).resolve().unwrap()).graph.nodes.len(), 2);
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
            canonical(&gated.resolve().unwrap()).network().resolve().is_ok(),
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
        assert_eq!(canonical(&network.resolve().unwrap()).graph.nodes.len(), 25);
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
        assert_eq!(canonical(&once.graph), once);
        assert_eq!(once.network().resolve().unwrap(), once.graph);
    }

    #[test]
    fn names_are_pinned() {
        assert_eq!(name(&[("a", conv(8, 3), &["input"]), ("r", Op::Relu, &["a"])]), "ca26ea9f46b3");
    }
}
