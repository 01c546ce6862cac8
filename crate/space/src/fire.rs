//! `fire`: `SqueezeNet`'s metaparameters (Iandola et al. 2016, "`SqueezeNet`", sections 5 and 6), for small images
//! (docs/spaces/fire.md).

use nas_arch::{
    Activation, Bypass, Conv2d, Fire as FireModule, Graph, NetworkBuilder, Op, Pair, Pool, Style,
};
use nas_member::{Member, Settings, Text};

use crate::declare::{integer, numbers, require_images, switch};
use crate::pick::{ALWAYS, Genes, Pick, scaled, up_to};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};

const ID: &str = "fire";
/// Share of 3×3 kernels among those a module expands with, in thousandths (`pct3x3`).
const SHARES_3X3: [u32; 3] = [250, 500, 750];
/// Channels that a module squeezes to, as a share of those it expands to, in thousandths (`SR`).
const SQUEEZE_RATIOS: [u32; 4] = [125, 250, 500, 750];
/// The largest pools: as in the paper, 3×3 windows two pixels apart.
const POOL_KERNEL: u32 = 3;
/// Smallest height and width that a first pool makes smaller and a 3×3 kernel still sees a neighbor in.
const LEAST_SIDE: u32 = 4;

/// The space: a first convolution, then Fire modules whose widths follow from four numbers, with pools in between.
pub struct Fire {
    problem: Problem,
    style: Style,
    genes: GeneTree,
    modules: Pick,
    first: Pick,
    first_kernel: Pick,
    base_e: Pick,
    incr_e: Pick,
    freq: Pick,
    pct3x3: Pick,
    squeeze_ratio: Pick,
    bypass: Pick,
    /// Whether a pool follows the first convolution, the first module, and so on.
    pools: Vec<Pick>,
}

impl Fire {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: ID,
            title: Text::new("Fire modules", "Módulos Fire"),
            sentence: Text::new(
                "SqueezeNet's metaparameters: a few numbers that set the widths of all Fire modules, and where to pool.",
                "Los metaparámetros de SqueezeNet: unos pocos números que fijan los anchos de todos los módulos Fire, y dónde reducir.",
            ),
            settings: vec![
                integer("max_modules", Text::new("Most modules", "Máximo de módulos"), 1, 8, 4),
                numbers("first", Text::new("First filters", "Primeros filtros"), 1, 128, &[4, 8, 16]),
                numbers(
                    "base_e",
                    Text::new("Filters of the first module", "Filtros del primer módulo"),
                    2,
                    256,
                    &[8, 16, 32],
                ),
                numbers(
                    "incr_e",
                    Text::new("More filters each time", "Filtros de más cada vez"),
                    0,
                    256,
                    &[0, 8, 16],
                ),
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
    /// If the images are too small.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        require_images(ID, problem, LEAST_SIDE)?;
        let most = settings.integer("max_modules");
        let mut genes = Genes::default();
        let modules = genes.number("modules", &up_to(most), ALWAYS);
        let first = genes.number("first", settings.numbers("first"), ALWAYS);
        let first_kernel = genes.number("first_kernel", &[3, 5], ALWAYS);
        let base_e = genes.number("base_e", settings.numbers("base_e"), ALWAYS);
        let incr_e = genes.number("incr_e", settings.numbers("incr_e"), ALWAYS);
        let freq = genes.number("freq", &[1, 2, 3], incr_e.at_least(1));
        let pct3x3 = genes.thousandths("pct3x3", &SHARES_3X3, ALWAYS);
        let squeeze_ratio = genes.thousandths("squeeze_ratio", &SQUEEZE_RATIOS, ALWAYS);
        let bypass = genes.word("bypass", &["none", "simple", "complex"], ALWAYS);
        let pools = (0..most)
            .map(|module| match module {
                0 => genes.switch("first.pool", ALWAYS),
                _ => genes.switch(format!("module{module}.pool"), modules.at_least(module + 1)),
            })
            .collect();
        let style = if settings.switch("norm") {
            Style::normalized(Activation::Relu)
        } else {
            Style::plain(Activation::Relu)
        };
        let genes = genes.tree();
        Ok(Self {
            problem,
            style,
            genes,
            modules,
            first,
            first_kernel,
            base_e,
            incr_e,
            freq,
            pct3x3,
            squeeze_ratio,
            bypass,
            pools,
        })
    }

    /// The module behind `index` others: `base_e + incr_e · ⌊index / freq⌋` filters expand, a share `pct3x3` of them with
    /// 3×3 kernels; a share `squeeze_ratio` of as many squeezes.
    fn module(&self, genotype: &Genotype, index: u32) -> FireModule {
        let expand = self.base_e.of(genotype) + self.incr_e.of(genotype) * (index / self.freq.of(genotype));
        let expand3x3 = expand * self.pct3x3.of(genotype) / 1000;
        let bypass = [Bypass::None, Bypass::Simple, Bypass::Complex][self.bypass.of(genotype) as usize];
        FireModule {
            squeeze: scaled(expand, self.squeeze_ratio.of(genotype)),
            expand1x1: expand - expand3x3,
            expand3x3,
            bypass,
        }
    }
}

impl Space for Fire {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let mut builder = NetworkBuilder::new(self.problem.input);
        let first = Conv2d::square(self.first.of(genotype), self.first_kernel.of(genotype));
        builder.conv("first", first, self.style);
        for index in 0..self.modules.of(genotype) {
            if self.pools[index as usize].is_on(genotype) {
                halve(&mut builder, format!("pool{}", index + 1));
            }
            builder.fire(&format!("fire{}", index + 1), self.module(genotype, index), self.style);
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("every width is at least 1 and every pool fits")
    }
}

/// A pool with stride 2; none where a single pixel is left.
fn halve(builder: &mut NetworkBuilder, name: String) {
    if builder.shape().pixels() > 1 {
        let stride = Some(Pair::square(2));
        let padding = nas_arch::Padding::Same;
        builder.pool(name, Op::MaxPool, Pool { stride, padding, ..Pool::square(POOL_KERNEL) });
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::{Shape, canonical};
    use nas_member::SettingValue;
    use num_bigint::BigUint;

    use super::*;

    fn fire(chosen: &[(&str, SettingValue)]) -> Fire {
        let settings = Settings::new(&Fire::member().settings, |name| {
            chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        });
        Fire::new(Problem { input: Shape::new(1, 8, 8), classes: 10 }, &settings).unwrap()
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // 3 first widths, 2 kernels, 3 bases; no increment, or 2 with 3 frequencies; 3 shares, 4 ratios, 3 bypasses;
        // a pool or none before each module.
        let shared = 3 * 2 * 3 * (1 + 2 * 3) * 3 * 4 * 3;
        assert_eq!(fire(&[]).genes().size(), BigUint::from(shared * (2 + 4 + 8 + 16) as u32));
    }

    #[test]
    fn widths_follow_the_formula() {
        // modules 4, first 8, kernel 3, base 16, increment 8 every 2, half 3×3, ratio 0.125, simple bypass, no pools.
        let space = fire(&[]);
        let genotype = Genotype(vec![3, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0]);
        let modules: Vec<_> = (0..4).map(|index| space.module(&genotype, index)).collect();
        let widths = |m: &FireModule| (m.squeeze, m.expand1x1, m.expand3x3);
        assert_eq!(
            modules.iter().map(widths).collect::<Vec<_>>(),
            [(2, 8, 8), (2, 8, 8), (3, 12, 12), (3, 12, 12)]
        );
        let network = space.decode(&genotype);
        // Between equal widths only: around the second and the fourth.
        assert_eq!(network.layers.iter().filter(|layer| layer.op == Op::Add).count(), 2);
        let graph = network.resolve().unwrap();
        let params: u64 =
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
        // Weights, and scale and shift of each output: first, four modules, classifier.
        let module = |input: u64, s: u64, e: u64| input * s + s * e / 2 + 9 * s * e / 2 + 2 * (s + e);
        let expected =
            9 * 8 + 16 + module(8, 2, 16) + module(16, 2, 16) + module(16, 3, 24) + module(24, 3, 24) + 250;
        assert_eq!(params, expected);
    }

    #[test]
    fn pools_halve_until_one_pixel_is_left() {
        let modules = [("max_modules", SettingValue::Integer(8))];
        let space = fire(&modules);
        let mut genotype = Genotype(vec![7, 0, 0, 0, 0, 0, 0, 0, 0]);
        genotype.0.extend([1; 8]);
        space.genes().check(&genotype).unwrap();
        let pools = |network: &nas_arch::Network| {
            network.layers.iter().filter(|layer| layer.op.id() == "max-pool").count()
        };
        assert_eq!(pools(&space.decode(&genotype)), 3, "8 → 4 → 2 → 1");
    }

    #[test]
    fn a_frequency_that_never_counts_makes_no_new_network() {
        let space = fire(&[]);
        let name = |freq| {
            // One module: its width is the base whatever the increment.
            let genotype = Genotype(vec![0, 0, 0, 0, 1, freq, 0, 0, 0, 0, 0, 0, 0]);
            canonical(&space.decode(&genotype).resolve().unwrap()).name()
        };
        assert_eq!(name(0), name(2));
    }
}
