//! The cell of NAS-Bench-201 (Dong and Yang 2020): six edges, five operators.

use nas_arch::{CellOperator, Graph, NasBench201Cell, NasBench201Skeleton, Shape};

use super::Skeleton;
use crate::pick::{ALWAYS, Genes, Pick};
use crate::{GeneTree, Genotype};

/// Edges of the cell, in the order of [`NasBench201Cell::operators`].
const EDGES: [&str; 6] = ["edge0-1", "edge0-2", "edge1-2", "edge0-3", "edge1-3", "edge2-3"];
/// The nodes they join.
const ENDS: [(usize, usize); 6] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];

pub(super) struct NasBench201 {
    genes: GeneTree,
    edges: [Pick; 6],
}

impl NasBench201 {
    pub(super) fn new() -> Self {
        let mut genes = Genes::default();
        let operators = CellOperator::ALL.map(CellOperator::id);
        let is_weightless = |place: usize| {
            !matches!(CellOperator::ALL[place], CellOperator::NorConv1x1 | CellOperator::NorConv3x3)
        };
        let edges = EDGES.map(|edge| genes.operator(edge, &operators, is_weightless, ALWAYS));
        Self { genes: genes.tree(), edges }
    }

    pub(super) const fn genes(&self) -> &GeneTree {
        &self.genes
    }

    pub(super) fn graph(
        &self,
        genotype: &Genotype,
        Skeleton { channels, cells, .. }: Skeleton,
        input: Shape,
        classes: u32,
    ) -> Graph {
        let operators = live(self.edges.each_ref().map(|edge| CellOperator::ALL[edge.of(genotype) as usize]));
        let skeleton = NasBench201Skeleton { channels, cells };
        let graph = skeleton.graph(NasBench201Cell { operators }, input, classes);
        graph.expect("the skeleton fits any image")
    }
}

/// The cell without the operators that are on no way from its input to its output: they make nothing of the image.
fn live(operators: [CellOperator; 6]) -> [CellOperator; 6] {
    let mut is_reached = [true, false, false, false];
    let mut is_used = [false, false, false, true];
    let joins = |operator: CellOperator| operator != CellOperator::None;
    for (operator, (from, to)) in operators.into_iter().zip(ENDS) {
        is_reached[to] |= is_reached[from] && joins(operator);
    }
    for (operator, (from, to)) in operators.into_iter().zip(ENDS).rev() {
        is_used[from] |= is_used[to] && joins(operator);
    }
    let mut live = operators;
    for (operator, (from, to)) in live.iter_mut().zip(ENDS) {
        if !(is_reached[from] && is_used[to]) {
            *operator = CellOperator::None;
        }
    }
    live
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use nas_arch::{Op, canonical};
    use nas_cost::NetworkCosts;
    use nas_member::SettingValue;
    use num_bigint::BigUint;

    use super::super::cell;
    use super::*;
    use crate::{Space, distinct_networks};

    const IMAGE: Shape = Shape::new(3, 32, 32);

    #[test]
    fn there_are_15_625_cells() {
        assert_eq!(cell(IMAGE, &[]).genes().size(), BigUint::from(15_625u32));
    }

    /// The best cell on CIFAR-10, |c3~0|+|c1~0|c3~1|+|skip~0|c1~1|c3~2|, in the published skeleton: 858,426 parameters
    /// and 121.82 million MACs.
    #[test]
    fn the_best_cell_costs_what_is_published() {
        let published = [("channels", SettingValue::Integer(16)), ("cells", SettingValue::Integer(5))];
        let network = cell(IMAGE, &published).decode(&Genotype(vec![3, 2, 3, 1, 2, 3]));
        let costs = NetworkCosts::of(&network.resolve().unwrap()).unwrap();
        assert_eq!(costs.params, 858_426);
        assert_eq!(costs.macs / 10_000, 12_181);
    }

    /// 9,445 cells differ in their live edges, as in the data of the benchmark. Some of these are the same graph once
    /// identities are contracted: sums are unordered, and nodes have no names.
    #[test]
    fn distinct_cells_are_counted() {
        let space = cell(Shape::new(1, 8, 8), &[]);
        let operators = |genotype: &Genotype| {
            let operator = |edge: usize| CellOperator::ALL[usize::from(genotype.0[edge])];
            live(std::array::from_fn(operator))
        };
        let cells: BTreeSet<_> = space.genes().all().map(|genotype| operators(&genotype)).collect();
        assert_eq!(cells.len(), 9445);
        assert_eq!(distinct_networks(&space, 15_625), Some(6334));
    }

    #[test]
    fn only_edges_on_a_way_from_input_to_output_are_live() {
        let of = |values: [usize; 6]| values.map(|value| CellOperator::ALL[value]);
        // (cell, what is live of it)
        let cases = [
            ([3, 2, 3, 1, 2, 3], [3, 2, 3, 1, 2, 3]),
            // Node 1 is read by nothing; then fed by nothing.
            ([3, 2, 0, 1, 0, 4], [0, 2, 0, 1, 0, 4]),
            ([0, 2, 3, 1, 2, 4], [0, 2, 0, 1, 0, 4]),
            // The input does not reach the output.
            ([3, 3, 3, 0, 0, 0], [0; 6]),
            ([0, 0, 3, 0, 3, 3], [0; 6]),
        ];
        for (cell, expected) in cases {
            assert_eq!(live(of(cell)), of(expected), "{cell:?}");
        }
    }

    #[test]
    fn dead_operators_vanish() {
        let space = cell(Shape::new(1, 8, 8), &[]);
        let canonical =
            |values: [u16; 6]| canonical(&space.decode(&Genotype(values.to_vec())).resolve().unwrap());
        // Node 1 is read by nothing.
        assert_eq!(canonical([3, 2, 0, 1, 0, 4]), canonical([0, 2, 0, 1, 0, 4]));
        let is_pool = |op: &Op| matches!(op, Op::AvgPool(_));
        let cell = canonical([4, 4, 4, 1, 0, 0]).network();
        // Two reductions have a pool each; those of the cells reach no output.
        assert_eq!(cell.layers.iter().filter(|layer| is_pool(&layer.op)).count(), 2);
    }
}
