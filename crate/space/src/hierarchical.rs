//! `hierarchical`: `MnasNet`'s factorized space (Tan et al. 2019, "`MnasNet`: Platform-Aware Neural Architecture Search
//! for Mobile", section 4.1): operators make a layer, equal layers a block, different blocks the model
//! (docs/spaces/hierarchical.md).

use nas_arch::{
    Activation, Conv2d, Graph, InvertedResidual, NetworkBuilder, Op, Padding, Pair, Pool, Separable, Shape,
    SqueezeExcite, Style, TensorId,
};
use nas_member::{Member, Settings, Text};

use crate::declare::{integer, require_images};
use crate::pick::{ALWAYS, Genes, Pick, scaled};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};

const ID: &str = "hierarchical";
const STYLE: Style = Style::normalized(Activation::Relu6);
const LEAST_SIDE: u32 = 4;
/// Channels of the blocks and their strides, in `MobileNetV2` (Sandler et al. 2018, table 2) with a base of 16.
const SKELETON: [(u32, u32); 7] =
    [(1000, 1), (1500, 2), (2000, 2), (4000, 2), (6000, 1), (10_000, 2), (20_000, 1)];
/// Channels of a block in thousandths of the skeleton's.
const WIDTHS: [u32; 3] = [750, 1000, 1250];
/// Layers of a block: the skeleton's two, one fewer or one more.
const LAYERS: [u32; 3] = [1, 2, 3];
const KERNELS: [u32; 2] = [3, 5];
const EXPANSIONS: [u32; 2] = [3, 6];
/// `SERatio`: channels between the convolutions of a squeeze-excite module, in thousandths.
const SQUEEZE_RATIO: u32 = 250;

const OPERATORS: [&str; 3] = ["conv", "separable", "inverted-residual"];
const CONV: u32 = 0;
const SEPARABLE: u32 = 1;
const INVERTED_RESIDUAL: u32 = 2;

const SKIPS: [&str; 3] = ["none", "identity", "pool"];
const IDENTITY: u32 = 1;
const POOL: u32 = 2;

/// The space: a stem, then blocks of equal layers, each block with choices of its own.
pub struct Hierarchical {
    problem: Problem,
    genes: GeneTree,
    base: u32,
    blocks: Vec<Block>,
}

struct Block {
    operator: Pick,
    kernel: Pick,
    expansion: Pick,
    squeeze_excite: Pick,
    skip: Pick,
    width: Pick,
    layers: Pick,
}

impl Hierarchical {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Hierarchical", "Jerárquico"),
            sentence: Text::new(
                "MnasNet's factorized space: each block chooses its operator, kernel, skip, width and number of layers.",
                "El espacio factorizado de MnasNet: cada bloque elige su operador, núcleo, atajo, ancho y número de capas.",
            ),
            settings: vec![
                integer("blocks", Text::new("Blocks", "Bloques"), 1, 7, 4),
                integer(
                    "base",
                    Text::new("Channels of the first block", "Canales del primer bloque"),
                    2,
                    32,
                    8,
                ),
            ],
        }
    }

    /// The space as configured by `settings`.
    ///
    /// # Errors
    /// If the images are too small.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        require_images(ID, problem, LEAST_SIDE)?;
        let mut genes = Genes::default();
        let blocks = (1..=settings.integer("blocks"))
            .map(|block| {
                let id = |part: &str| format!("block{block}.{part}");
                let operator = genes.operator(id("operator"), &OPERATORS, |_| false, ALWAYS);
                Block {
                    kernel: genes.number(id("kernel"), &KERNELS, ALWAYS),
                    expansion: genes.number(id("expansion"), &EXPANSIONS, operator.is(INVERTED_RESIDUAL)),
                    squeeze_excite: genes.switch(id("squeeze_excite"), operator.is(INVERTED_RESIDUAL)),
                    skip: genes.word(id("skip"), &SKIPS, operator.at_most(SEPARABLE)),
                    width: genes.thousandths(id("width"), &WIDTHS, ALWAYS),
                    layers: genes.number(id("layers"), &LAYERS, ALWAYS),
                    operator,
                }
            })
            .collect();
        Ok(Self { problem, genes: genes.tree(), base: settings.integer("base"), blocks })
    }
}

impl Block {
    /// One layer.
    fn push(
        &self,
        builder: &mut NetworkBuilder,
        genotype: &Genotype,
        name: &str,
        out_channels: u32,
        stride: Pair,
    ) {
        let input = builder.newest();
        let channels = builder.shape().channels;
        let kernel = Pair::square(self.kernel.of(genotype));
        let output = match self.operator.of(genotype) {
            CONV => builder.conv(name, Conv2d { stride, ..Conv2d::new(out_channels, kernel) }, STYLE),
            SEPARABLE => builder.separable(name, Separable { out_channels, kernel, stride }, STYLE),
            _ => {
                let expanded = channels * self.expansion.of(genotype);
                let squeezed = scaled(expanded, SQUEEZE_RATIO);
                let gate = SqueezeExcite { squeezed, gate: Activation::Sigmoid };
                let squeeze_excite = self.squeeze_excite.is_on(genotype).then_some(gate);
                let block = InvertedResidual { expanded, out_channels, kernel, stride, squeeze_excite };
                builder.inverted_residual(name, block, STYLE);
                return;
            }
        };
        if channels == out_channels {
            self.push_skip(builder, genotype, name, [input, output], stride);
        }
    }

    fn push_skip(
        &self,
        builder: &mut NetworkBuilder,
        genotype: &Genotype,
        name: &str,
        [input, output]: [TensorId; 2],
        stride: Pair,
    ) {
        let shortcut = match self.skip.of(genotype) {
            IDENTITY if stride == Pair::ONE => input,
            POOL => {
                builder.continue_from(input);
                let pool = Pool { stride: Some(stride), padding: Padding::Same, ..Pool::square(3) };
                builder.pool(format!("{name}.skip"), Op::AvgPool, pool)
            }
            _ => return,
        };
        builder.push_reading(format!("{name}.add"), Op::Add, &[output, shortcut]);
    }
}

impl Space for Hierarchical {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let mut builder = NetworkBuilder::new(self.problem.input);
        builder.conv("stem", Conv2d::square(self.base, 3), STYLE);
        for (number, (block, (width, stride))) in self.blocks.iter().zip(SKELETON).enumerate() {
            let out_channels = scaled(scaled(self.base, width), block.width.of(genotype));
            for layer in 1..=block.layers.of(genotype) {
                let Shape { height, width, .. } = builder.shape();
                let stride = if layer > 1 { 1 } else { stride };
                let stride = Pair { vertical: stride.min(height), horizontal: stride.min(width) };
                block.push(
                    &mut builder,
                    genotype,
                    &format!("block{}.layer{layer}", number + 1),
                    out_channels,
                    stride,
                );
            }
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("convolutions with padding fit any image")
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;

    fn hierarchical() -> Hierarchical {
        let settings = Settings::defaults(&Hierarchical::member().settings);
        Hierarchical::new(Problem { input: Shape::new(3, 32, 32), classes: 10 }, &settings).unwrap()
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // Two operators with three skips each, one with two expansions, gated or not; two kernels, three widths, three
        // numbers of layers; four blocks.
        let block = (2 * 3 + 2 * 2) * 2 * 3 * 3u64;
        assert_eq!(hierarchical().genes().size(), BigUint::from(block.pow(4)));
    }

    /// Genes of a block: operator, kernel, expansion, squeeze-excite, skip, width, layers.
    fn genotype(blocks: [[u16; 7]; 4]) -> Genotype {
        // Operators are declared first, whatever the order of the fields.
        Genotype(blocks.concat())
    }

    #[test]
    fn widths_and_strides_are_the_skeleton_s() {
        let space = hierarchical();
        let plain = [0, 0, 0, 0, 0, 1, 0];
        let graph = space.decode(&genotype([plain; 4])).resolve().unwrap();
        let shape = |block: usize| {
            let name = format!("block{block}.layer1.act");
            graph.nodes.iter().find(|node| node.name == name).map(|node| node.shape)
        };
        let expected = [[8, 32, 32], [12, 16, 16], [16, 8, 8], [32, 4, 4]];
        assert_eq!([1, 2, 3, 4].map(shape), expected.map(|shape| Some(Shape::from(shape))));
        let params: u64 =
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
        let conv = |from: u64, to: u64| 9 * from * to + 2 * to;
        assert_eq!(params, conv(3, 8) + conv(8, 8) + conv(8, 12) + conv(12, 16) + conv(16, 32) + 330);
    }

    #[test]
    fn shortcuts_stand_where_shapes_allow() {
        let space = hierarchical();
        let count = |block: [u16; 7], id: &str| {
            let network = space.decode(&genotype([block; 4]));
            assert!(network.resolve().is_ok());
            network.layers.iter().filter(|layer| layer.op.id() == id).count()
        };
        // Three layers a block. The first of block 1 keeps 8 channels; the others' first change them.
        assert_eq!(count([0, 0, 0, 0, 1, 1, 2], "add"), 9);
        assert_eq!(count([1, 0, 0, 0, 2, 1, 2], "add"), 9);
        assert_eq!(count([1, 0, 0, 0, 2, 1, 2], "avg-pool"), 9);
        assert_eq!(count([0, 0, 0, 0, 0, 1, 2], "add"), 0);
        assert_eq!(count([2, 1, 1, 1, 0, 1, 2], "add"), 9);
        assert_eq!(count([2, 1, 1, 1, 0, 1, 2], "multiply"), 12);
    }
}
