//! Cells of nodes in the manner of `NASNet` (Zoph et al. 2018, section 3) and DARTS (Liu et al. 2019, section 2.1): each
//! node sums operators of earlier ones; one cell keeps the size of the image, another one halves it.

use nas_arch::{Activation, Conv2d, Graph, NetworkBuilder, Op, Padding, Pair, Pool, Shape, Style, TensorId};
use nas_member::Settings;

use super::Skeleton;
use crate::pick::{ALWAYS, Genes, Pick};
use crate::{GeneTree, Genotype};

/// Convolutions have a ReLU before them, and a normalization behind.
const NORMALIZED: Style = Style::normalized(Activation::Relu).linear();
/// A cell reads the two cells before it.
const CELL_INPUTS: [&str; 2] = ["before-last", "last"];

/// What stands between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeOperator {
    /// Its input; where the image is halved, a 1×1 convolution.
    Skip,
    MaxPool,
    AvgPool,
    /// Depthwise, then 1×1.
    Separable {
        kernel: u32,
    },
    /// Likewise, with gaps of one pixel in the kernel.
    Dilated {
        kernel: u32,
    },
}

impl NodeOperator {
    pub(super) const ALL: [Self; 7] = [
        Self::Skip,
        Self::MaxPool,
        Self::AvgPool,
        Self::Separable { kernel: 3 },
        Self::Separable { kernel: 5 },
        Self::Dilated { kernel: 3 },
        Self::Dilated { kernel: 5 },
    ];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::MaxPool => "max-pool3x3",
            Self::AvgPool => "avg-pool3x3",
            Self::Separable { kernel: 3 } => "separable3x3",
            Self::Separable { .. } => "separable5x5",
            Self::Dilated { kernel: 3 } => "dilated3x3",
            Self::Dilated { .. } => "dilated5x5",
        }
    }

    fn push(self, builder: &mut NetworkBuilder, name: &str, stride: Pair) -> TensorId {
        let channels = builder.shape().channels;
        let pool = Pool { stride: Some(stride), padding: Padding::Same, ..Pool::square(3) };
        let (kernel, dilation) = match self {
            Self::Skip if stride == Pair::ONE => return builder.push(name, Op::Identity),
            Self::Skip => return relu_conv(builder, name, Conv2d { stride, ..Conv2d::square(channels, 1) }),
            Self::MaxPool => return builder.pool(name, Op::MaxPool, pool),
            Self::AvgPool => return builder.pool(name, Op::AvgPool, pool),
            Self::Separable { kernel } => (kernel, Pair::ONE),
            Self::Dilated { kernel } => (kernel, Pair::square(2)),
        };
        builder.push(format!("{name}.relu"), Op::Relu);
        let depthwise =
            Conv2d { stride, dilation, groups: channels, bias: false, ..Conv2d::square(channels, kernel) };
        builder.push(format!("{name}.depthwise"), Op::Conv2d(depthwise));
        builder.conv(&format!("{name}.pointwise"), Conv2d::square(channels, 1), NORMALIZED)
    }
}

fn node_name(number: u32) -> String {
    format!("node{number}")
}

/// Names an operator by what it reads and what it is, so that it has the same weights in all networks that have it there, whichever
/// input it is; what stands there more than once is numbered.
fn edge_name(node: &str, source: usize, operator: NodeOperator, repeats: usize) -> String {
    let source = match CELL_INPUTS.get(source) {
        Some(&cell) => cell.to_owned(),
        None => node_name((source - CELL_INPUTS.len()) as u32 + 1),
    };
    let name = format!("{node}.{source}.{}", operator.id());
    if repeats == 0 { name } else { format!("{name}.{}", repeats + 1) }
}

fn relu_conv(builder: &mut NetworkBuilder, name: &str, conv: Conv2d) -> TensorId {
    builder.push(format!("{name}.relu"), Op::Relu);
    builder.conv(name, conv, NORMALIZED)
}

pub(super) struct Nodes {
    genes: GeneTree,
    operators: Vec<NodeOperator>,
    joins_all: bool,
    normal: Vec<Node>,
    /// Empty if there is one stage, and nothing to halve.
    reduction: Vec<Node>,
}

/// A node: what it reads, and by which operators.
struct Node(Vec<Edge>);

struct Edge {
    /// 0 and 1 are the cells before, 2 and on the nodes.
    source: Pick,
    operator: Pick,
}

impl Nodes {
    pub(super) fn new(settings: &Settings) -> Self {
        let operators: Vec<NodeOperator> = NodeOperator::ALL
            .into_iter()
            .filter(|operator| settings.words("operators").iter().any(|word| word == operator.id()))
            .collect();
        let ids: Vec<&str> = operators.iter().map(|operator| operator.id()).collect();
        let is_weightless = |place: usize| {
            !matches!(operators[place], NodeOperator::Separable { .. } | NodeOperator::Dilated { .. })
        };
        let mut genes = Genes::default();
        let mut cell = |kind: &str| -> Vec<Node> {
            let mut sources = CELL_INPUTS.map(str::to_owned).to_vec();
            let mut nodes = Vec::new();
            for node in 1..=settings.integer("nodes") {
                let words: Vec<&str> = sources.iter().map(String::as_str).collect();
                let edge = |input| {
                    let id = |part: &str| format!("{kind}.node{node}.{part}{input}");
                    Edge {
                        source: genes.word(id("input"), &words, ALWAYS),
                        operator: genes.operator(id("operator"), &ids, is_weightless, ALWAYS),
                    }
                };
                nodes.push(Node((1..=settings.integer("inputs")).map(edge).collect()));
                sources.push(node_name(node));
            }
            nodes
        };
        let normal = cell("normal");
        let reduction = if settings.integer("stages") > 1 { cell("reduction") } else { Vec::new() };
        Self {
            genes: genes.tree(),
            operators,
            joins_all: settings.word("concat") == "all",
            normal,
            reduction,
        }
    }

    pub(super) const fn genes(&self) -> &GeneTree {
        &self.genes
    }

    pub(super) const fn joins_all(&self) -> bool {
        self.joins_all
    }

    /// A stem, stages of normal cells with a reduction cell between them, the mean of each channel and a classifier.
    pub(super) fn graph(
        &self,
        genotype: &Genotype,
        Skeleton { mut channels, cells, stages }: Skeleton,
        input: Shape,
        classes: u32,
    ) -> Graph {
        let mut builder = NetworkBuilder::new(input);
        let stem = builder.conv("stem", Conv2d::square(channels, 3), NORMALIZED);
        let mut before = [stem, stem];
        for stage in 1..=stages {
            if stage > 1 {
                channels *= 2;
                let name = format!("reduction{}", stage - 1);
                let halved = |size: u32| size.min(2);
                let Shape { height, width, .. } = builder.shape();
                let stride = Pair { vertical: halved(height), horizontal: halved(width) };
                let output = self.push_cell(&mut builder, genotype, &name, before, channels, stride);
                before = [before[1], output];
            }
            for cell in 1..=cells {
                let name = format!("stage{stage}.cell{cell}");
                let output = self.push_cell(&mut builder, genotype, &name, before, channels, Pair::ONE);
                before = [before[1], output];
            }
        }
        builder.push("relu", Op::Relu);
        builder.classifier(classes);
        builder.graph().expect("operators with padding fit any image")
    }

    fn push_cell(
        &self,
        builder: &mut NetworkBuilder,
        genotype: &Genotype,
        name: &str,
        before: [TensorId; CELL_INPUTS.len()],
        channels: u32,
        stride: Pair,
    ) -> TensorId {
        let nodes = if stride == Pair::ONE { &self.normal } else { &self.reduction };
        let newest = builder.shape_of(before[1]);
        let mut sources: Vec<TensorId> = Vec::with_capacity(CELL_INPUTS.len() + nodes.len());
        for (input, tensor) in before.into_iter().enumerate() {
            // The cell before the last may stand before a reduction: then it is halved too.
            let Shape { height, width, .. } = builder.shape_of(tensor);
            let catch_up =
                Pair { vertical: height.div_ceil(newest.height), horizontal: width.div_ceil(newest.width) };
            builder.continue_from(tensor);
            let conv = Conv2d { stride: catch_up, ..Conv2d::square(channels, 1) };
            sources.push(relu_conv(builder, &format!("{name}.input{}", input + 1), conv));
        }
        let mut is_read = vec![false; CELL_INPUTS.len() + nodes.len()];
        for (index, Node(edges)) in nodes.iter().enumerate() {
            let node = format!("{name}.{}", node_name(index as u32 + 1));
            let picks: Vec<_> = edges
                .iter()
                .map(|Edge { source, operator }| (source.of(genotype), operator.of(genotype)))
                .collect();
            let mut summands = Vec::with_capacity(edges.len());
            for (input, &(source, operator)) in picks.iter().enumerate() {
                let repeats = picks[..input].iter().filter(|&&pick| pick == (source, operator)).count();
                let source = source as usize;
                is_read[source] = true;
                builder.continue_from(sources[source]);
                let operator = self.operators[operator as usize];
                let stride = if source < CELL_INPUTS.len() { stride } else { Pair::ONE };
                summands.push(operator.push(builder, &edge_name(&node, source, operator, repeats), stride));
            }
            sources.push(builder.push_reading(node, Op::Add, &summands));
        }
        let joined: Vec<TensorId> = (CELL_INPUTS.len()..sources.len())
            .filter(|&source| self.joins_all || !is_read[source])
            .map(|source| sources[source])
            .collect();
        builder.push_reading(format!("{name}.concat"), Op::Concat, &joined)
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::canonical;
    use nas_member::SettingValue;
    use num_bigint::BigUint;

    use super::super::{Cell, cell};
    use super::*;
    use crate::Space;

    fn nodes(chosen: &[(&str, u32)]) -> Cell {
        let mut settings = vec![("kind", SettingValue::Word("nodes".into()))];
        settings.extend(chosen.iter().map(|&(name, value)| (name, SettingValue::Integer(value))));
        cell(Shape::new(1, 8, 8), &settings)
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // Each input is one of seven operators of one of 2, 3 and 4 sources; two inputs, two kinds of cells.
        let inputs = |sources: u64| (7 * sources) * (7 * sources);
        let one_cell = inputs(2) * inputs(3) * inputs(4);
        assert_eq!(nodes(&[]).genes().size(), BigUint::from(one_cell) * one_cell);
        assert_eq!(nodes(&[("stages", 1), ("nodes", 1), ("inputs", 1)]).genes().size(), BigUint::from(14u32));
    }

    #[test]
    fn shapes_are_halved_by_reductions_and_widened_by_nodes() {
        let space = nodes(&[("stages", 3), ("cells", 2)]);
        let genotype = Genotype(vec![0; space.genes().genes().len()]);
        let graph = space.decode(&genotype).resolve().unwrap();
        let shape = |name: &str| graph.nodes.iter().find(|node| node.name == name).map(|node| node.shape);
        let expected = [
            ("stage1.cell1.concat", [24, 8, 8]),
            ("reduction1.concat", [48, 4, 4]),
            ("stage2.cell1.concat", [48, 4, 4]),
            ("reduction2.concat", [96, 2, 2]),
            ("stage3.cell2.concat", [96, 2, 2]),
        ];
        for (name, expected) in expected {
            assert_eq!(shape(name), Some(Shape::from(expected)), "{name}");
        }
    }

    /// One cell of one node that reads the stem by a separable 3×3 convolution and an identity, by hand.
    #[test]
    fn parameters_are_those_of_the_operators() {
        let space = nodes(&[("stages", 1), ("nodes", 1)]);
        let params = |genes: [u16; 4]| {
            let canonical = canonical(&space.decode(&Genotype(genes.to_vec())).resolve().unwrap());
            let trainable = canonical.graph.parameters().filter(|(_, p)| p.role.is_trainable());
            trainable.map(|(_, p)| p.elements()).sum::<u64>()
        };
        let (stem, input, classifier) = (72 + 16, 64 + 16, 8 * 10 + 10);
        // Both read the same input; then each its own.
        assert_eq!(params([1, 3, 1, 0]), stem + input + (72 + 64 + 16) + classifier);
        assert_eq!(params([0, 3, 1, 0]), stem + 2 * input + (72 + 64 + 16) + classifier);
        assert_eq!(params([0, 6, 0, 1]), stem + input + (200 + 64 + 16) + classifier);
    }

    #[test]
    fn loose_ends_are_the_nodes_that_no_other_one_reads() {
        let word = |word: &str| SettingValue::Word(word.into());
        let settings = [
            ("kind", word("nodes")),
            ("concat", word("loose-ends")),
            ("stages", SettingValue::Integer(1)),
            ("nodes", SettingValue::Integer(2)),
            ("inputs", SettingValue::Integer(1)),
        ];
        let space = cell(Shape::new(1, 8, 8), &settings);
        let joined = |genes: [u16; 4]| {
            let network = space.decode(&Genotype(genes.to_vec()));
            network.layers.iter().find(|layer| layer.op == Op::Concat).map(|layer| layer.inputs.len())
        };
        assert_eq!(joined([0, 3, 1, 3]), Some(2));
        assert_eq!(joined([0, 3, 2, 3]), Some(1), "node 2 reads node 1");
    }
}
