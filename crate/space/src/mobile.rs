//! `mobile`: stages of inverted residuals (Sandler et al. 2018, "`MobileNetV2`"; Howard et al. 2019, "Searching for
//! `MobileNetV3`"), and the resolution of the input (docs/spaces/mobile.md).

use nas_arch::{
    Activation, Conv2d, Graph, InvertedResidual, NetworkBuilder, Pair, Shape, SqueezeExcite, Style,
};
use nas_member::{Member, Settings, Text};

use crate::declare::{integer, numbers, require_images};
use crate::pick::{ALWAYS, Genes, Pick, scaled, up_to};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};

const ID: &str = "mobile";
const STYLE: Style = Style::normalized(Activation::Relu6);
/// Smallest side of an input: two halvings leave a pixel.
const LEAST_SIDE: u32 = 4;
/// Channels between the two convolutions of a squeeze-excite module, as a share of its channels (`MobileNetV3`,
/// section 5.3).
const SQUEEZE_SHARE: u32 = 250;

/// The space: a stem at one of several resolutions, then stages of equal inverted residuals, each but the first of
/// half the size.
pub struct Mobile {
    problem: Problem,
    genes: GeneTree,
    resolution: Pick,
    stem: Pick,
    stage_count: Pick,
    stages: Vec<Stage>,
}

struct Stage {
    depth: Pick,
    width: Pick,
    kernel: Pick,
    expansion: Pick,
    squeeze_excite: Pick,
}

impl Mobile {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Inverted residuals", "Residuales invertidos"),
            sentence: Text::new(
                "MobileNet's stages: depth, width, kernel, expansion and gates of each, and the resolution of the images.",
                "Las etapas de MobileNet: profundidad, ancho, núcleo, expansión y puertas de cada una, y la resolución de las imágenes.",
            ),
            settings: vec![
                integer("max_stages", Text::new("Most stages", "Máximo de etapas"), 1, 6, 3),
                integer(
                    "max_depth",
                    Text::new("Most blocks of a stage", "Máximo de bloques por etapa"),
                    1,
                    6,
                    2,
                ),
                numbers("stem", Text::new("First channels", "Primeros canales"), 1, 64, &[4, 8, 16]),
                numbers(
                    "widths",
                    Text::new("Channels of a stage", "Canales de una etapa"),
                    1,
                    256,
                    &[4, 8, 16, 24],
                ),
                numbers("kernels", Text::new("Kernel sizes", "Tamaños de núcleo"), 1, 11, &[3, 5]),
                numbers(
                    "expansions",
                    Text::new("Expansion factors", "Factores de expansión"),
                    1,
                    8,
                    &[1, 3, 6],
                ),
                numbers(
                    "resolutions",
                    Text::new(
                        "Resolution, in percent of the image's",
                        "Resolución, en porcentaje de la imagen",
                    ),
                    25,
                    100,
                    &[50, 75, 100],
                ),
            ],
        }
    }

    /// The space as configured by `settings`. Images that are not square have one resolution, their own.
    ///
    /// # Errors
    /// If the images are too small.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        require_images(ID, problem, LEAST_SIDE)?;
        let mut genes = Genes::default();
        let resolution =
            genes.number("resolution", &sides(problem.input, settings.numbers("resolutions")), ALWAYS);
        let stem = genes.number("stem", settings.numbers("stem"), ALWAYS);
        let most = settings.integer("max_stages");
        let stage_count = genes.number("stages", &up_to(most), ALWAYS);
        let stages = (1..=most)
            .map(|stage| {
                let id = |part: &str| format!("stage{stage}.{part}");
                let when = || stage_count.at_least(stage);
                Stage {
                    depth: genes.number(id("depth"), &up_to(settings.integer("max_depth")), when()),
                    width: genes.number(id("width"), settings.numbers("widths"), when()),
                    kernel: genes.number(id("kernel"), settings.numbers("kernels"), when()),
                    expansion: genes.number(id("expansion"), settings.numbers("expansions"), when()),
                    squeeze_excite: genes.switch(id("squeeze_excite"), when()),
                }
            })
            .collect();
        Ok(Self { problem, genes: genes.tree(), resolution, stem, stage_count, stages })
    }
}

/// Sides of the input in pixels, ascending. Of images that are not square the height stands for both.
fn sides(image: Shape, percents: &[u32]) -> Vec<u32> {
    if image.height != image.width {
        return vec![image.height];
    }
    let least = LEAST_SIDE.min(image.height);
    let mut sides: Vec<u32> =
        percents.iter().map(|percent| (image.height * percent / 100).max(least)).collect();
    sides.dedup();
    sides
}

impl Stage {
    fn push(&self, builder: &mut NetworkBuilder, genotype: &Genotype, number: usize) {
        let half = |size: u32| if number > 1 && size > 1 { 2 } else { 1 };
        for block in 0..self.depth.of(genotype) {
            let Shape { channels, height, width } = builder.shape();
            let stride = match block {
                0 => Pair { vertical: half(height), horizontal: half(width) },
                _ => Pair::ONE,
            };
            let expanded = channels * self.expansion.of(genotype);
            let gate =
                SqueezeExcite { squeezed: scaled(expanded, SQUEEZE_SHARE), gate: Activation::HardSigmoid };
            let residual = InvertedResidual {
                expanded,
                out_channels: self.width.of(genotype),
                kernel: Pair::square(self.kernel.of(genotype)),
                stride,
                squeeze_excite: self.squeeze_excite.is_on(genotype).then_some(gate),
            };
            builder.inverted_residual(&format!("stage{number}.block{}", block + 1), residual, STYLE);
        }
    }
}

impl Space for Mobile {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let image = self.problem.input;
        let height = self.resolution.of(genotype);
        let width = if image.height == image.width { height } else { image.width };
        let mut builder = NetworkBuilder::new(Shape { height, width, ..image });
        builder.conv("stem", Conv2d::square(self.stem.of(genotype), 3), STYLE);
        for (index, stage) in self.stages.iter().take(self.stage_count.of(genotype) as usize).enumerate() {
            stage.push(&mut builder, genotype, index + 1);
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("convolutions with padding fit any image")
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Op;
    use nas_member::SettingValue;
    use num_bigint::BigUint;

    use super::*;

    fn mobile(input: Shape, chosen: &[(&str, SettingValue)]) -> Mobile {
        let settings = Settings::new(&Mobile::member().settings, |name| {
            chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        });
        Mobile::new(Problem { input, classes: 10 }, &settings).unwrap()
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // A stage: 2 depths, 4 widths, 2 kernels, 3 expansions, gates or none: 96. Three resolutions, three stems.
        let expected = 9 * (96u32 + 96 * 96 + 96 * 96 * 96);
        assert_eq!(mobile(Shape::new(1, 8, 8), &[]).genes().size(), BigUint::from(expected));
    }

    #[test]
    fn resolutions_are_sides_of_the_input() {
        let whole: &[u32] = &[25, 50, 75, 100];
        assert_eq!(sides(Shape::new(3, 32, 32), whole), [8, 16, 24, 32]);
        assert_eq!(
            sides(Shape::new(1, 8, 8), whole),
            [4, 6, 8],
            "a quarter and a half are the smallest side"
        );
        assert_eq!(sides(Shape::new(1, 4, 4), whole), [4]);
        assert_eq!(sides(Shape::new(1, 49, 13), whole), [49], "not square");
        let space = mobile(Shape::new(3, 32, 32), &[]);
        let inputs = [0, 1, 2].map(|resolution| {
            let mut genotype = Genotype(vec![0; space.genes().genes().len()]);
            genotype.0[0] = resolution;
            space.decode(&genotype).input
        });
        assert_eq!(inputs, [Shape::new(3, 16, 16), Shape::new(3, 24, 24), Shape::new(3, 32, 32)]);
    }

    #[test]
    fn a_stage_halves_once_and_repeats_its_block() {
        // Whole image, stem 8, two stages of two blocks: 8 channels, kernel 3, factor 3; 16 channels, kernel 5, factor 1,
        // with gates.
        let space = mobile(Shape::new(1, 8, 8), &[]);
        let genotype = Genotype(vec![2, 1, 1, 1, 1, 0, 1, 0, 1, 2, 1, 0, 1, 0, 0, 0, 0, 0]);
        space.genes().check(&genotype).unwrap();
        let network = space.decode(&genotype);
        let graph = network.resolve().unwrap();
        let shape = |name: &str| graph.nodes.iter().find(|node| node.name == name).map(|node| node.shape);
        assert_eq!(shape("stage1.block2.add"), Some(Shape::new(8, 8, 8)));
        assert_eq!(shape("stage2.block1.project.norm"), Some(Shape::new(16, 4, 4)));
        assert_eq!(shape("stage2.block2.add"), Some(Shape::new(16, 4, 4)));
        assert_eq!(network.layers.iter().filter(|layer| layer.op == Op::Multiply).count(), 2);
        let params: u64 =
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
        // Stem; two blocks 8 → 24 → 24 → 8; 8 → 8 → 16 and 16 → 16 → 16 with gates of 2 and 4; classifier.
        let first = 8 * 24 + 48 + 9 * 24 + 48 + 24 * 8 + 16;
        let gate = |channels: u64, squeezed: u64| 2 * channels * squeezed + channels + squeezed;
        let second = 25 * 8 + 16 + gate(8, 2) + 8 * 16 + 32 + 25 * 16 + 32 + gate(16, 4) + 16 * 16 + 32;
        assert_eq!(params, 72 + 16 + 2 * first + second + 170);
    }
}
