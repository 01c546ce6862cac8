//! The networks of NAS-Bench-201 (Dong and Yang 2020, "NAS-Bench-201: Extending the Scope of Reproducible Neural
//! Architecture Search", section 2).

use core::fmt;
use core::str::FromStr;

use crate::{
    Activation, Conv2d, Graph, Insets, Network, NetworkBuilder, NetworkError, Op, Padding, Pair, Pool, Shape,
    Style, TensorId, Zero,
};

/// Edges of a cell, as pairs of nodes: from which, to which.
const EDGES: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];

/// What stands on an edge of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellOperator {
    /// Nothing: zeros.
    None,
    /// The node's tensor, unchanged.
    SkipConnect,
    /// ReLU, convolution 1×1, batch normalization.
    NorConv1x1,
    /// ReLU, convolution 3×3, batch normalization.
    NorConv3x3,
    /// Mean of 3×3 pixels.
    AvgPool3x3,
}

impl CellOperator {
    /// All operators, in the order of the paper.
    pub const ALL: [Self; 5] =
        [Self::None, Self::SkipConnect, Self::NorConv1x1, Self::NorConv3x3, Self::AvgPool3x3];

    /// The name in the benchmark.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SkipConnect => "skip_connect",
            Self::NorConv1x1 => "nor_conv_1x1",
            Self::NorConv3x3 => "nor_conv_3x3",
            Self::AvgPool3x3 => "avg_pool_3x3",
        }
    }
}

/// A cell: four nodes, and an operator on each edge from an earlier to a later one. A node is the sum of the edges that
/// end there; node 0 is the cell's input and node 3 its output.
///
/// As text it is what the benchmark calls it: `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`, where `a~0` is the operator `a` from
/// node 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NasBench201Cell {
    /// From 0 to 1, 0 to 2, 1 to 2, 0 to 3, 1 to 3 and 2 to 3.
    pub operators: [CellOperator; 6],
}

/// The sizes of a network around its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NasBench201Skeleton {
    /// Channels of the first stage; each of the other two has twice those before.
    pub channels: u32,
    /// Cells in each stage.
    pub cells: u32,
}

impl NasBench201Skeleton {
    /// That of the paper.
    pub const PUBLISHED: Self = Self { channels: 16, cells: 5 };

    /// The network: a convolution, three stages of cells with a residual block of stride 2 between them, the mean and
    /// the classifier.
    ///
    /// # Errors
    /// If a tensor or the number of layers is too large.
    pub fn network(self, cell: NasBench201Cell, input: Shape, classes: u32) -> Result<Network, NetworkError> {
        self.graph(cell, input, classes).map(|graph| graph.network())
    }

    /// The same, resolved.
    ///
    /// # Errors
    /// As [`Self::network`].
    pub fn graph(self, cell: NasBench201Cell, input: Shape, classes: u32) -> Result<Graph, NetworkError> {
        let Self { mut channels, cells } = self;
        let mut builder = NetworkBuilder::new(input);
        builder.conv("stem", Conv2d::square(channels, 3), NORMALIZED);
        for stage in 1..=3 {
            if stage > 1 {
                channels = channels.saturating_mul(2);
                builder.nas_bench_201_reduction(&format!("reduction{}", stage - 1), channels);
            }
            for number in 1..=cells {
                builder.nas_bench_201_cell(&format!("stage{stage}.cell{number}"), cell);
            }
        }
        builder.norm_and_activation("last", Style::normalized(Activation::Relu));
        builder.classifier(classes);
        builder.graph()
    }
}

/// A convolution without bias, then a batch normalization.
const NORMALIZED: Style = Style::normalized(Activation::Relu).linear();

impl NetworkBuilder {
    /// Adds a cell of NAS-Bench-201; the operator from node 0 to node 1 is `name.edge01`, or `name.edge01.nor_conv_3x3` if it has
    /// weights, node 1 is `name.node1`.
    ///
    /// # Shapes
    /// They stay.
    pub fn nas_bench_201_cell(&mut self, name: &str, cell: NasBench201Cell) -> TensorId {
        let mut nodes = vec![self.newest()];
        for node in 1..4 {
            let edges: Vec<TensorId> = EDGES
                .iter()
                .zip(cell.operators)
                .filter(|((_, to), _)| *to == node)
                .map(|((from, to), operator)| {
                    self.continue_from(nodes[*from]);
                    self.cell_operator(&format!("{name}.edge{from}{to}"), operator)
                })
                .collect();
            nodes.push(self.push_reading(format!("{name}.node{node}"), Op::Add, &edges));
        }
        self.newest()
    }

    /// Adds the residual block between two stages: two convolutions behind a ReLU each, the first with stride 2, beside
    /// a mean of 2×2 pixels and a convolution 1×1.
    ///
    /// # Shapes
    /// `C×H×W` to `channels × ⌈H / 2⌉ × ⌈W / 2⌉`.
    pub fn nas_bench_201_reduction(&mut self, name: &str, channels: u32) -> TensorId {
        let input = self.newest();
        let conv = Conv2d::square(channels, 3);
        self.push(format!("{name}.relu1"), Op::Relu);
        self.conv(&format!("{name}.conv1"), Conv2d { stride: Pair::square(2), ..conv }, NORMALIZED);
        self.push(format!("{name}.relu2"), Op::Relu);
        let branch = self.conv(&format!("{name}.conv2"), conv, NORMALIZED);
        self.continue_from(input);
        // Of an odd height or width, the last window has one row or column: so both branches have equal shapes.
        let Shape { height, width, .. } = self.shape();
        let insets = Insets { top: 0, left: 0, bottom: height % 2, right: width % 2 };
        let pool = Pool { padding: Padding::Explicit(insets), ..Pool::square(2) };
        self.pool(format!("{name}.pool"), Op::AvgPool, pool);
        let shortcut = Conv2d { bias: false, ..Conv2d::square(channels, 1) };
        let shortcut = self.push(format!("{name}.shortcut"), Op::Conv2d(shortcut));
        self.push_reading(format!("{name}.add"), Op::Add, &[shortcut, branch])
    }

    fn cell_operator(&mut self, name: &str, operator: CellOperator) -> TensorId {
        let channels = self.shape().channels;
        match operator {
            CellOperator::None => self.push(name, Op::Zero(Zero::default())),
            CellOperator::SkipConnect => self.push(name, Op::Identity),
            CellOperator::NorConv1x1 | CellOperator::NorConv3x3 => {
                let kernel = if operator == CellOperator::NorConv1x1 { 1 } else { 3 };
                self.push(format!("{name}.relu"), Op::Relu);
                self.conv(&format!("{name}.{}", operator.id()), Conv2d::square(channels, kernel), NORMALIZED)
            }
            CellOperator::AvgPool3x3 => {
                let pool = Pool { stride: Some(Pair::ONE), padding: Padding::Same, ..Pool::square(3) };
                self.push(name, Op::AvgPool(pool))
            }
        }
    }
}

impl fmt::Display for NasBench201Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((from, to), operator) in EDGES.into_iter().zip(self.operators) {
            if from == 0 {
                formatter.write_str(if to == 1 { "|" } else { "+|" })?;
            }
            write!(formatter, "{}~{from}|", operator.id())?;
        }
        Ok(())
    }
}

impl FromStr for NasBench201Cell {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError::Cell { text: text.to_owned() };
        let words: Vec<&str> = text.split(['|', '+']).filter(|word| !word.is_empty()).collect();
        let mut operators = [CellOperator::None; 6];
        if words.len() != operators.len() {
            return Err(error());
        }
        for ((word, (from, _)), slot) in words.into_iter().zip(EDGES).zip(&mut operators) {
            let (id, node) = word.split_once('~').ok_or_else(error)?;
            let operator = CellOperator::ALL.into_iter().find(|operator| operator.id() == id);
            *slot = operator.filter(|_| node == from.to_string()).ok_or_else(error)?;
        }
        let cell = Self { operators };
        if cell.to_string() == text { Ok(cell) } else { Err(error()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str =
        "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";

    #[test]
    fn a_cell_is_written_as_it_is_read() {
        let cell: NasBench201Cell = MIXED.parse().unwrap();
        assert_eq!(cell.operators[2], CellOperator::AvgPool3x3);
        assert_eq!(cell.to_string(), MIXED);
    }

    #[test]
    fn what_is_no_cell_is_refused() {
        let cases = [
            "",
            "|nor_conv_3x3~0|",
            &MIXED.replace("none", "max_pool_3x3"),
            &MIXED.replace("~2", "~1"),
            &MIXED.replace('+', ""),
            &format!("{MIXED}+|none~0|"),
        ];
        for text in cases {
            let error = text.parse::<NasBench201Cell>().unwrap_err().to_string();
            assert!(error.contains("|nor_conv_3x3~0|+|"), "{text}: {error}");
        }
    }

    #[test]
    fn the_skeleton_fits_any_image() {
        let skeleton = NasBench201Skeleton { channels: 4, cells: 1 };
        for (height, width) in [(32, 32), (7, 5), (1, 9), (1, 1)] {
            let network = skeleton.network(MIXED.parse().unwrap(), Shape::new(3, height, width), 10);
            let graph = network.unwrap().resolve().unwrap();
            assert_eq!(graph.output(), Shape::new(10, 1, 1), "{height}×{width}");
        }
    }
}
