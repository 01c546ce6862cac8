//! `meta-kernel`: the sizes of depthwise kernels as genes (García López et al. 2020, "E-DNAS: Differentiable Neural
//! Architecture Search for Embedded Systems"): each is a part of one large kernel (docs/spaces/meta-kernel.md).

use nas_arch::{Activation, Conv2d, Graph, MetaConv2d, NetworkBuilder, Op, Pair, Pool, Shape, Style};
use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::declare::{integer, numbers, require_images};
use crate::pick::{ALWAYS, Genes, Pick, up_to};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError, SuperNetwork};

const ID: &str = "meta-kernel";
const STYLE: Style = Style::normalized(Activation::Relu);
const LEAST_SIDE: u32 = 4;
const SIZES: [&str; 6] = ["1", "3", "5", "7", "9", "11"];

/// The space: a stem, then depthwise convolutions whose kernels have a size of their own, each before a 1×1
/// convolution.
pub struct MetaKernel {
    problem: Problem,
    genes: GeneTree,
    sizes: Vec<u32>,
    stem: u32,
    depth: Pick,
    layers: Vec<Layer>,
}

struct Layer {
    kernel: Pick,
    width: Pick,
    pool: Pick,
}

impl MetaKernel {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Meta-kernels", "Metanúcleos"),
            sentence: Text::new(
                "E-DNAS: how large is the kernel of each depthwise convolution? Each is a part of one kernel of 11×11.",
                "E-DNAS: ¿qué tamaño tiene el núcleo de cada convolución por canal? Cada uno es parte de un núcleo de 11×11.",
            ),
            settings: vec![
                Setting {
                    name: "sizes",
                    title: Text::new("Kernel sizes", "Tamaños de núcleo"),
                    kind: SettingKind::Words { choices: SIZES.to_vec() },
                    default: SettingValue::Words(SIZES[1..].iter().map(ToString::to_string).collect()),
                },
                numbers("widths", Text::new("Channels", "Canales"), 1, 256, &[8, 16, 32]),
                integer("stem", Text::new("First channels", "Primeros canales"), 1, 64, 8),
                integer("max_depth", Text::new("Most layers", "Máximo de capas"), 1, 8, 4),
            ],
        }
    }

    /// The space as configured by `settings`.
    ///
    /// # Errors
    /// If the images are too small.
    ///
    /// # Panics
    /// If the settings are not those that the space declares.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        require_images(ID, problem, LEAST_SIDE)?;
        let sizes: Vec<u32> = SIZES
            .iter()
            .filter(|size| settings.words("sizes").iter().any(|word| word == *size))
            .map(|size| size.parse().expect("a size is a number"))
            .collect();
        let most = settings.integer("max_depth");
        let mut genes = Genes::default();
        let depth = genes.number("depth", &up_to(most), ALWAYS);
        let layers = (1..=most)
            .map(|layer| {
                let id = |part: &str| format!("layer{layer}.{part}");
                Layer {
                    kernel: genes.number(id("kernel"), &sizes, depth.at_least(layer)),
                    width: genes.number(id("width"), settings.numbers("widths"), depth.at_least(layer)),
                    pool: genes.switch(id("pool"), depth.at_least(layer)),
                }
            })
            .collect();
        Ok(Self { problem, genes: genes.tree(), sizes, stem: settings.integer("stem"), depth, layers })
    }

    /// The network of a genotype; with `all_sizes`, every depthwise convolution mixes all sizes.
    fn graph_of(&self, genotype: &Genotype, all_sizes: bool) -> Graph {
        let mut builder = NetworkBuilder::new(self.problem.input);
        builder.conv("stem", Conv2d::square(self.stem, 3), STYLE);
        for (index, layer) in self.layers.iter().take(self.depth.of(genotype) as usize).enumerate() {
            let name = format!("layer{}", index + 1);
            let Shape { channels, height, width } = builder.shape();
            // A larger kernel would reach from no pixel to any other.
            let reach = 2 * height.max(width) - 1;
            let depthwise = format!("{name}.depthwise");
            if all_sizes {
                let mut sizes: Vec<u32> = self.sizes.iter().map(|&size| size.min(reach)).collect();
                sizes.dedup();
                let meta =
                    MetaConv2d { groups: channels, bias: STYLE.bias, ..MetaConv2d::new(channels, &sizes) };
                builder.push(&depthwise, Op::MetaConv2d(meta));
                builder.norm_and_activation(&depthwise, STYLE);
            } else {
                let kernel = Pair::square(layer.kernel.of(genotype).min(reach));
                builder.depthwise(&depthwise, kernel, Pair::ONE, STYLE);
            }
            builder.conv(&format!("{name}.pointwise"), Conv2d::square(layer.width.of(genotype), 1), STYLE);
            if layer.pool.is_on(genotype) {
                builder.pool(format!("{name}.pool"), Op::MaxPool, Pool::square(2));
            }
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("kernels with padding fit any image")
    }
}

impl Space for MetaKernel {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        self.graph_of(genotype, false)
    }

    fn super_network(&self, genotype: &Genotype) -> Option<SuperNetwork> {
        let layers = self.layers.iter().take(self.depth.of(genotype) as usize).enumerate();
        let mixtures =
            layers.map(|(index, layer)| (layer.kernel.gene(), format!("layer{}.depthwise", index + 1)));
        Some(SuperNetwork { network: self.graph_of(genotype, true).network(), mixtures: mixtures.collect() })
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::canonical;
    use num_bigint::BigUint;

    use super::*;

    fn meta_kernel(side: u32) -> MetaKernel {
        let settings = Settings::defaults(&MetaKernel::member().settings);
        MetaKernel::new(Problem { input: Shape::new(1, side, side), classes: 10 }, &settings).unwrap()
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // Five sizes, three widths, a pool or none: 30 a layer.
        let expected = 30u32 + 30 * 30 + 30 * 30 * 30 + 30 * 30 * 30 * 30;
        assert_eq!(meta_kernel(8).genes().size(), BigUint::from(expected));
    }

    #[test]
    fn parameters_follow_the_sizes() {
        let space = meta_kernel(28);
        let params = |size: u16| {
            let graph =
                space.decode(&Genotype(vec![0, size, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).resolve().unwrap();
            let trainable = graph.parameters().filter(|(_, p)| p.role.is_trainable());
            trainable.map(|(_, p)| p.elements()).sum::<u64>()
        };
        let rest = 72 + 16 + 16 + 8 * 16 + 32 + 170;
        assert_eq!([0, 1, 2, 3, 4].map(params), [3, 5, 7, 9, 11].map(|size| size * size * 8 + rest));
    }

    #[test]
    fn kernels_reach_no_farther_than_the_image() {
        let space = meta_kernel(4);
        let name = |size: u16| {
            let network = space.decode(&Genotype(vec![0, size, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
            canonical(&network.resolve().unwrap()).name()
        };
        // 7 reaches from corner to corner of 4×4.
        assert_eq!(name(2), name(4));
        assert_ne!(name(1), name(2));
    }

    #[test]
    fn the_super_network_holds_every_size_in_the_order_of_the_choices() {
        let space = meta_kernel(8);
        // Two layers, a pool behind the first one: 4×4 pixels are left, which 7 columns span.
        let genotype = Genotype(vec![1, 0, 0, 1, 4, 1, 0, 0, 0, 0, 0, 0, 0]);
        let SuperNetwork { network, mixtures } = space.super_network(&genotype).unwrap();
        assert!(network.resolve().is_ok());
        assert_eq!(mixtures, [(1, "layer1.depthwise".to_owned()), (4, "layer2.depthwise".to_owned())]);
        let sizes: Vec<_> = network
            .layers
            .iter()
            .filter_map(
                |layer| if let Op::MetaConv2d(meta) = &layer.op { Some(meta.sizes.clone()) } else { None },
            )
            .collect();
        assert_eq!(sizes, [vec![3, 5, 7, 9, 11], vec![3, 5, 7]]);
        let kernels = |network: &nas_arch::Network| network.layers.len();
        assert_eq!(kernels(&network), kernels(&space.decode(&genotype)));
    }
}
