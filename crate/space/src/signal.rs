//! `signal`: one-dimensional convolutions along the width: signals and spectrograms (docs/spaces/signal.md).

use nas_arch::{Activation, Conv2d, Graph, Insets, NetworkBuilder, Padding, Pair, Separable, Shape, Style};
use nas_member::{Member, Settings, Text};

use crate::declare::{integer, numbers, switch};
use crate::pick::{ALWAYS, Genes, Pick, up_to};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};

const ID: &str = "signal";
/// Fewest columns: a kernel of three steps and two halvings.
const LEAST_COLUMNS: u32 = 8;

const OPERATORS: [&str; 2] = ["conv", "separable"];
const SEPARABLE: u32 = 1;

/// The space: a first convolution that spans all rows, then convolutions along the columns.
pub struct Signal {
    problem: Problem,
    style: Style,
    genes: GeneTree,
    first_width: Pick,
    first_kernel: Pick,
    depth: Pick,
    layers: Vec<Layer>,
}

struct Layer {
    operator: Pick,
    kernel: Pick,
    width: Pick,
    stride: Pick,
}

impl Signal {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Signals", "Señales"),
            sentence: Text::new(
                "Convolutions along one dimension, for sensors and keywords: all rows of a column are channels.",
                "Convoluciones en una dimensión, para sensores y palabras clave: todas las filas de una columna son canales.",
            ),
            settings: vec![
                integer("max_depth", Text::new("Most layers", "Máximo de capas"), 1, 8, 4),
                numbers("widths", Text::new("Channels", "Canales"), 1, 256, &[4, 8, 16, 32]),
                numbers("kernels", Text::new("Kernel lengths", "Longitudes de núcleo"), 1, 31, &[3, 5, 9]),
                switch(
                    "norm",
                    Text::new(
                        "Batch normalization after each convolution",
                        "Normalización por lotes tras cada convolución",
                    ),
                    true,
                ),
            ],
        }
    }

    /// The space as configured by `settings`.
    ///
    /// # Errors
    /// If there are too few columns.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        let input = problem.input;
        if input.width < LEAST_COLUMNS {
            let reason = format!(
                "it convolves along at least {LEAST_COLUMNS} columns, these images are {input}: search 'layers' instead"
            );
            return Err(SpaceError::Unsuitable { id: ID, reason });
        }
        let (widths, kernels) = (settings.numbers("widths"), settings.numbers("kernels"));
        let most = settings.integer("max_depth");
        let mut genes = Genes::default();
        let first_width = genes.number("first.width", widths, ALWAYS);
        let first_kernel = genes.number("first.kernel", kernels, ALWAYS);
        let depth = genes.number("depth", &up_to(most), ALWAYS);
        let layers = (1..=most)
            .map(|layer| {
                let id = |part: &str| format!("layer{layer}.{part}");
                Layer {
                    operator: genes.operator(id("operator"), &OPERATORS, |_| false, depth.at_least(layer)),
                    kernel: genes.number(id("kernel"), kernels, depth.at_least(layer)),
                    width: genes.number(id("width"), widths, depth.at_least(layer)),
                    stride: genes.number(id("stride"), &[1, 2], depth.at_least(layer)),
                }
            })
            .collect();
        let style = if settings.switch("norm") {
            Style::normalized(Activation::Relu)
        } else {
            Style::plain(Activation::Relu)
        };
        Ok(Self { problem, style, genes: genes.tree(), first_width, first_kernel, depth, layers })
    }
}

/// Kernel of one row.
const fn along(length: u32) -> Pair {
    Pair { vertical: 1, horizontal: length }
}

impl Space for Signal {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let Shape { height, .. } = self.problem.input;
        let mut builder = NetworkBuilder::new(self.problem.input);
        let length = self.first_kernel.of(genotype);
        // No padding vertically: the kernel has as many rows as the image, and one row comes out.
        let insets = Insets { top: 0, bottom: 0, ..Padding::Same.insets(along(length), Pair::ONE) };
        let first = Conv2d {
            padding: Padding::Explicit(insets),
            ..Conv2d::new(self.first_width.of(genotype), Pair { vertical: height, horizontal: length })
        };
        builder.conv("first", first, self.style);
        for (index, layer) in self.layers.iter().take(self.depth.of(genotype) as usize).enumerate() {
            let name = format!("layer{}", index + 1);
            let (out_channels, kernel) = (layer.width.of(genotype), along(layer.kernel.of(genotype)));
            let stride = along(layer.stride.of(genotype).min(builder.shape().width));
            if layer.operator.of(genotype) == SEPARABLE {
                builder.separable(&name, Separable { out_channels, kernel, stride }, self.style);
            } else {
                builder.conv(&name, Conv2d { stride, ..Conv2d::new(out_channels, kernel) }, self.style);
            }
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("convolutions with padding fit any signal")
    }
}

#[cfg(test)]
mod tests {
    use nas_cost::NetworkCosts;
    use num_bigint::BigUint;

    use super::*;

    fn signal(input: Shape) -> Signal {
        let settings = Settings::defaults(&Signal::member().settings);
        Signal::new(Problem { input, classes: 12 }, &settings).unwrap()
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // Two operators, three kernels, four widths, two strides: 48 a layer; 4 · 3 first ones.
        let expected = 12 * (48u32 + 48 * 48 + 48 * 48 * 48 + 48 * 48 * 48 * 48);
        assert_eq!(signal(Shape::new(1, 1, 40)).genes().size(), BigUint::from(expected));
    }

    /// First 8 channels of 3 columns; 16 channels of 5 with stride 2; separable 4 channels of 9.
    fn genotype() -> Genotype {
        Genotype(vec![1, 0, 1, 0, 1, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    #[test]
    fn rows_become_channels_and_columns_are_convolved() {
        let space = signal(Shape::new(1, 13, 49));
        space.genes().check(&genotype()).unwrap();
        let graph = space.decode(&genotype()).resolve().unwrap();
        let shapes: Vec<Shape> =
            graph.nodes.iter().filter(|node| node.op.id() == "conv2d").map(|node| node.shape).collect();
        let expected = [[8, 1, 49], [16, 1, 25], [16, 1, 25], [4, 1, 25]];
        assert_eq!(shapes, expected.map(Shape::from));
        let params: u64 =
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
        assert_eq!(params, 13 * 3 * 8 + 16 + 5 * 8 * 16 + 32 + 9 * 16 + 32 + 64 + 8 + 60);
    }

    /// Thirteen features of each moment are the same work whether they are channels or rows.
    #[test]
    fn channels_and_rows_are_the_same_network() {
        let costs = |input| {
            let costs = NetworkCosts::of(&signal(input).decode(&genotype()).resolve().unwrap()).unwrap();
            (costs.params, costs.macs, costs.memory.int8.peak_ram_bytes)
        };
        assert_eq!(costs(Shape::new(13, 1, 49)), costs(Shape::new(1, 13, 49)));
    }
}
