//! `hybrid`: `HyT-NAS`' 23 variables: stages of inverted residuals, then of MobileViT blocks (Mehta and Rastegari 2022,
//! "MobileViT"), for small images (docs/spaces/hybrid.md).

use nas_arch::{Activation, Conv2d, Graph, InvertedResidual, MobileVit, NetworkBuilder, Pair, Shape, Style};
use nas_member::{Member, Settings, Text};

use crate::declare::{integer, numbers, require_images};
use crate::pick::{ALWAYS, Genes, Pick, up_to};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};

const ID: &str = "hybrid";
const STYLE: Style = Style::normalized(Activation::Silu);
const KERNEL: u32 = 3;
/// Channels are multiples of it, so that every number of heads divides them.
const CHANNEL_STEP: u32 = 4;
const HEADS: [u32; 3] = [1, 2, 4];
const PATCHES: [u32; 3] = [2, 4, 8];
/// Channels of a stage in thousandths of those before.
const GROWTHS: [u32; 3] = [1000, 1500, 2000];
/// Channels in the middle of a perceptron in thousandths of its input's.
const FEED_FORWARD_RATIOS: [u32; 3] = [1000, 1500, 2000];
/// Stages of inverted residuals alone; each MobileViT stage begins with one more.
const CONVOLUTION_STAGES: u32 = 2;
/// Smallest side that a stage still halves, so that attention has several pixels to look at.
const LEAST_HALVED: u32 = 8;
const LEAST_SIDE: u32 = 4;

/// The space: two stages of inverted residuals, then up to three of one inverted residual and one MobileViT block.
pub struct Hybrid {
    problem: Problem,
    genes: GeneTree,
    first: Pick,
    /// Of each stage but the first.
    growths: Vec<Pick>,
    /// Of each stage.
    expansions: Vec<Pick>,
    /// Inverted residuals of the second stage.
    blocks: Pick,
    transformers: Vec<TransformerStage>,
}

struct TransformerStage {
    depth: Pick,
    heads: Pick,
    feed_forward: Pick,
    patch: Pick,
}

impl Hybrid {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Convolutions and attention", "Convoluciones y atención"),
            sentence: Text::new(
                "HyT-NAS: inverted residuals first, then MobileViT blocks that look at the whole image.",
                "HyT-NAS: primero residuales invertidos, después bloques MobileViT que miran la imagen entera.",
            ),
            settings: vec![
                integer("transformers", Text::new("MobileViT stages", "Etapas MobileViT"), 1, 3, 3),
                integer(
                    "max_blocks",
                    Text::new("Most blocks of a stage", "Máximo de bloques por etapa"),
                    1,
                    4,
                    4,
                ),
                numbers(
                    "first",
                    Text::new("Channels of the first stage", "Canales de la primera etapa"),
                    4,
                    64,
                    &[4, 8, 12, 16],
                ),
                numbers(
                    "expansions",
                    Text::new("Expansion factors", "Factores de expansión"),
                    1,
                    8,
                    &[1, 2, 4],
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
        let transformer_count = settings.integer("transformers");
        let stages = CONVOLUTION_STAGES + transformer_count;
        let blocks = up_to(settings.integer("max_blocks"));
        let mut genes = Genes::default();
        let first = genes.number("stage1.channels", settings.numbers("first"), ALWAYS);
        let growths = (2..=stages)
            .map(|stage| genes.thousandths(format!("stage{stage}.growth"), &GROWTHS, ALWAYS))
            .collect();
        let expansions = (1..=stages)
            .map(|stage| {
                genes.number(format!("stage{stage}.expansion"), settings.numbers("expansions"), ALWAYS)
            })
            .collect();
        let residuals = genes.number("stage2.blocks", &blocks, ALWAYS);
        let transformers = (CONVOLUTION_STAGES + 1..=stages)
            .map(|stage| TransformerStage {
                depth: genes.number(format!("stage{stage}.blocks"), &blocks, ALWAYS),
                heads: genes.number(format!("stage{stage}.heads"), &HEADS, ALWAYS),
                feed_forward: genes.thousandths(
                    format!("stage{stage}.feed_forward"),
                    &FEED_FORWARD_RATIOS,
                    ALWAYS,
                ),
                patch: genes.number(format!("stage{stage}.patch"), &PATCHES, ALWAYS),
            })
            .collect();
        Ok(Self { problem, genes: genes.tree(), first, growths, expansions, blocks: residuals, transformers })
    }

    /// Channels of each stage.
    fn channels(&self, genotype: &Genotype) -> Vec<u32> {
        let mut channels = vec![self.first.of(genotype).next_multiple_of(CHANNEL_STEP)];
        for growth in &self.growths {
            let before = channels[channels.len() - 1];
            channels.push((before * growth.of(genotype) / 1000).next_multiple_of(CHANNEL_STEP));
        }
        channels
    }
}

impl Space for Hybrid {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let channels = self.channels(genotype);
        let mut builder = NetworkBuilder::new(self.problem.input);
        builder.conv("stem", Conv2d::square(channels[0], KERNEL), STYLE);
        for (index, &out_channels) in channels.iter().enumerate() {
            let transformer = index.checked_sub(CONVOLUTION_STAGES as usize).map(|at| &self.transformers[at]);
            let blocks = if index == 1 { self.blocks.of(genotype) } else { 1 };
            for block in 1..=blocks {
                let Shape { channels, height, width } = builder.shape();
                let is_halved = index > 0 && block == 1 && height.min(width) >= LEAST_HALVED;
                let residual = InvertedResidual {
                    expanded: channels * self.expansions[index].of(genotype),
                    out_channels,
                    kernel: Pair::square(KERNEL),
                    stride: Pair::square(if is_halved { 2 } else { 1 }),
                    squeeze_excite: None,
                };
                builder.inverted_residual(&format!("stage{}.block{block}", index + 1), residual, STYLE);
            }
            if let Some(stage) = transformer {
                let block = MobileVit {
                    channels: out_channels,
                    depth: stage.depth.of(genotype),
                    heads: stage.heads.of(genotype),
                    hidden: out_channels * stage.feed_forward.of(genotype) / 1000,
                    patch: Pair::square(stage.patch.of(genotype)),
                    kernel: Pair::square(KERNEL),
                    out_channels,
                };
                builder.mobile_vit(&format!("stage{}.vit", index + 1), block, STYLE);
            }
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("heads divide the channels, patches are clamped")
    }
}

#[cfg(test)]
mod tests {
    use nas_member::SettingValue;
    use num_bigint::BigUint;

    use super::*;

    fn hybrid(side: u32, chosen: &[(&str, SettingValue)]) -> Hybrid {
        let settings = Settings::new(&Hybrid::member().settings, |name| {
            chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        });
        Hybrid::new(Problem { input: Shape::new(3, side, side), classes: 10 }, &settings).unwrap()
    }

    /// 4⁴ numbers of blocks, 3⁵ expansions, 4 first widths, 3⁴ growths, and 3⁹ heads, ratios and patches.
    #[test]
    fn there_are_23_variables_and_as_many_genotypes_as_in_the_paper_s_code() {
        let space = hybrid(32, &[]);
        assert_eq!(space.genes().genes().len(), 23);
        assert_eq!(space.genes().size(), BigUint::from(396_718_580_736u64));
    }

    #[test]
    fn channels_grow_in_steps_that_all_heads_divide() {
        let space = hybrid(32, &[]);
        let mut genotype = Genotype(vec![0; 23]);
        genotype.0[..5].copy_from_slice(&[1, 0, 1, 1, 2]);
        // 8, then ×1, ×1.5, ×1.5 (18 becomes 20), ×2.
        assert_eq!(space.channels(&genotype), [8, 8, 12, 20, 40]);
    }

    #[test]
    fn stages_halve_while_eight_pixels_are_left() {
        let sides = |side: u32| {
            let graph = hybrid(side, &[]).decode(&Genotype(vec![0; 23])).resolve().unwrap();
            let side_of = |stage: usize| {
                let name = format!("stage{stage}.block1.project.norm");
                graph.nodes.iter().find(|node| node.name == name).map(|node| node.shape.height)
            };
            (1..=5).map(|stage| side_of(stage).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(sides(32), [32, 16, 8, 4, 4]);
        assert_eq!(sides(8), [8, 4, 4, 4, 4]);
    }

    /// Parameters by hand of the smallest network with one MobileViT stage, 4 channels throughout.
    #[test]
    fn parameters_are_those_of_the_blocks() {
        let space = hybrid(8, &[("transformers", SettingValue::Integer(1))]);
        let genotype = Genotype(vec![0; space.genes().genes().len()]);
        let graph = space.decode(&genotype).resolve().unwrap();
        let params: u64 =
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
        let norm = 8;
        let stem = 3 * 9 * 4 + norm;
        // Without expansion: depthwise and projection.
        let residual = 9 * 4 + norm + 16 + norm;
        let attention = norm + (4 * 12 + 12) + (16 + 4);
        let perceptron = norm + 2 * (16 + 4);
        let vit = (9 * 16 + norm) + 16 + attention + perceptron + norm + (16 + norm) + (9 * 8 * 4 + norm);
        assert_eq!(params, stem + 3 * residual + vit + 50);
    }
}
