//! `custom`: a space that a JSON file composes of the blocks of the others (docs/spaces/custom.md).

mod file;
mod form;

use nas_arch::{
    Activation, BasicResidual, Bypass, Conv2d, Fire, Graph, InvertedResidual, MAX_ELEMENTS, NetworkBuilder,
    Op, Pair, Pool, Separable, SqueezeExcite, Style,
};
use nas_member::{Member, Text};
use thiserror::Error;

use crate::pick::{Pick, scaled};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};
use form::MAX_CHANNELS;

const STYLE: Style = Style::normalized(Activation::Relu);
/// Channels between the two convolutions of a squeeze-excite module, as a share of its channels.
const SQUEEZE_SHARE: u32 = 250;

/// The largest file, in bytes: a link that holds one can still be sent.
pub const MAX_CUSTOM_BYTES: usize = 16_384;

/// The space of a file.
pub struct Custom {
    problem: Problem,
    genes: GeneTree,
    layers: Vec<Item>,
}

/// Why a file is no space.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomError {
    /// Longer than [`MAX_CUSTOM_BYTES`].
    #[error("the file has {0} bytes: at most {MAX_CUSTOM_BYTES} are allowed")]
    TooLong(usize),
    /// Something in it is not as it must be.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1, where the gene or block begins, or where the text stops being JSON.
        line: usize,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// A number of a block: written in the file, or chosen by a gene.
enum Number {
    Fixed(u32),
    Chosen(Pick),
}

/// What stands in a list of layers.
enum Item {
    Conv {
        out_channels: Number,
        kernel: Number,
        stride: Number,
    },
    Separable {
        out_channels: Number,
        kernel: Number,
        stride: Number,
    },
    Residual {
        out_channels: Number,
        kernel: Number,
        stride: Number,
    },
    InvertedResidual {
        out_channels: Number,
        kernel: Number,
        stride: Number,
        expansion: Number,
        squeeze_excite: Number,
    },
    Fire {
        squeeze: Number,
        expand1x1: Number,
        expand3x3: Number,
    },
    MaxPool {
        kernel: Number,
    },
    AvgPool {
        kernel: Number,
    },
    Repeat {
        times: Number,
        layers: Vec<Item>,
    },
    /// The list that the gene's value names.
    Choose {
        gene: Pick,
        lists: Vec<Vec<Item>>,
    },
}

impl Custom {
    /// Its identifier.
    pub(crate) const ID: &'static str = "custom";

    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: Self::ID,
            title: Text::new("Custom", "A medida"),
            sentence: Text::new(
                "A space of your own: a JSON file says which blocks there are and what may be chosen of them.",
                "Un espacio propio: un archivo JSON dice qué bloques hay y qué se puede elegir de ellos.",
            ),
            settings: Vec::new(),
        }
    }

    /// The space that a file describes, for a problem.
    ///
    /// # Errors
    /// If the text is no such file, with the line, or its blocks could be too large for the images.
    pub fn from_json(problem: Problem, text: &str) -> Result<Self, SpaceError> {
        let (genes, layers) = file::read(text)?;
        // The widest tensor is an expanded one; no block makes the image larger.
        let widest = u64::from(MAX_CHANNELS * form::MAX_EXPANSION) * problem.input.pixels();
        if widest > MAX_ELEMENTS || problem.input.channels > MAX_CHANNELS {
            let reason = format!(
                "images of {} are too large for its widest blocks: choose a lower resolution",
                problem.input
            );
            return Err(SpaceError::Unsuitable { id: Self::ID, reason });
        }
        Ok(Self { problem, genes, layers })
    }

    /// Refuses to be made without a file.
    pub(crate) fn without_file() -> SpaceError {
        let reason = "it is made of a file: give one, or choose another space".to_owned();
        SpaceError::Unsuitable { id: Self::ID, reason }
    }
}

impl Number {
    fn of(&self, genotype: &Genotype) -> u32 {
        match self {
            Self::Fixed(value) => *value,
            Self::Chosen(pick) => pick.of(genotype),
        }
    }
}

impl Space for Custom {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let mut builder = NetworkBuilder::new(self.problem.input);
        push_all(&self.layers, &mut builder, genotype, "");
        builder.classifier(self.problem.classes);
        builder.graph().expect("the bounds of all numbers were checked when the file was read")
    }
}

/// Adds layers; their names begin with `prefix`.
fn push_all(layers: &[Item], builder: &mut NetworkBuilder, genotype: &Genotype, prefix: &str) {
    for (index, item) in layers.iter().enumerate() {
        push(item, builder, genotype, &format!("{prefix}{}", index + 1));
    }
}

fn push(item: &Item, builder: &mut NetworkBuilder, genotype: &Genotype, number: &str) {
    let of = |value: &Number| value.of(genotype);
    let square = |value: &Number| Pair::square(value.of(genotype));
    let name = format!("layer{number}");
    match item {
        Item::Conv { out_channels, kernel, stride } => {
            let conv = Conv2d { stride: square(stride), ..Conv2d::new(of(out_channels), square(kernel)) };
            builder.conv(&name, conv, STYLE);
        }
        Item::Separable { out_channels, kernel, stride } => {
            let (out_channels, kernel, stride) = (of(out_channels), square(kernel), square(stride));
            builder.separable(&name, Separable { out_channels, kernel, stride }, STYLE);
        }
        Item::Residual { out_channels, kernel, stride } => {
            let (out_channels, kernel, stride) = (of(out_channels), square(kernel), square(stride));
            let shortcut = STYLE.linear();
            builder.basic_residual(&name, BasicResidual { out_channels, kernel, stride, shortcut }, STYLE);
        }
        Item::InvertedResidual { out_channels, kernel, stride, expansion, squeeze_excite } => {
            let expanded = builder.shape().channels * of(expansion);
            let gate =
                SqueezeExcite { squeezed: scaled(expanded, SQUEEZE_SHARE), gate: Activation::HardSigmoid };
            let residual = InvertedResidual {
                expanded,
                out_channels: of(out_channels),
                kernel: square(kernel),
                stride: square(stride),
                squeeze_excite: (of(squeeze_excite) == 1).then_some(gate),
            };
            builder.inverted_residual(&name, residual, STYLE);
        }
        Item::Fire { squeeze, expand1x1, expand3x3 } => {
            let (squeeze, expand1x1, expand3x3) = (of(squeeze), of(expand1x1), of(expand3x3));
            builder.fire(&name, Fire { squeeze, expand1x1, expand3x3, bypass: Bypass::None }, STYLE);
        }
        Item::MaxPool { kernel } => _ = builder.pool(name, Op::MaxPool, Pool::square(of(kernel))),
        Item::AvgPool { kernel } => _ = builder.pool(name, Op::AvgPool, Pool::square(of(kernel))),
        Item::Repeat { times, layers } => {
            for time in 1..=of(times) {
                push_all(layers, builder, genotype, &format!("{number}.{time}."));
            }
        }
        Item::Choose { gene, lists } => {
            push_all(&lists[gene.of(genotype) as usize], builder, genotype, &format!("{number}."));
        }
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Shape;
    use num_bigint::BigUint;

    use super::*;

    const DIGITS: Problem = Problem { input: Shape::new(1, 8, 8), classes: 10 };
    const EXAMPLES: [(&str, u32); 3] = [
        // Two widths, two depths, two widths, three depths.
        (include_str!("../../../docs/spaces/examples/residual-stages.json"), 2 * 2 * 2 * 3),
        // Two stems, three second parts; one expansion without a choice of gates, two with one.
        (include_str!("../../../docs/spaces/examples/mobile-blocks.json"), 2 * 3 * (1 + 2 * 2)),
        // Three numbers of blocks; two squeezes or two kernels.
        (include_str!("../../../docs/spaces/examples/fire-or-separable.json"), 3 * (2 + 2)),
    ];

    fn error(genes: &str, layers: &str) -> String {
        let text = format!("{{\n\"format\": 1,\n\"genes\": [\n{genes}\n],\n\"layers\": [\n{layers}\n]}}");
        match Custom::from_json(DIGITS, &text) {
            Err(SpaceError::Custom(error)) => error.to_string(),
            other => panic!("{layers}: {:?}", other.err()),
        }
    }

    #[test]
    fn the_examples_have_the_sizes_that_follow_from_their_lists() {
        for (text, size) in EXAMPLES {
            let space = Custom::from_json(DIGITS, text).unwrap();
            assert_eq!(space.genes().size(), BigUint::from(size));
            for genotype in space.genes().all() {
                assert_eq!(space.decode(&genotype).resolve().unwrap().output(), Shape::new(10, 1, 1));
            }
        }
    }

    #[test]
    fn numbers_are_those_that_genes_choose() {
        let space = Custom::from_json(DIGITS, EXAMPLES[0].0).unwrap();
        let params = |genes: [u16; 4]| {
            let graph = space.decode(&Genotype(genes.to_vec())).resolve().unwrap();
            let trainable = graph.parameters().filter(|(_, p)| p.role.is_trainable());
            trainable.map(|(_, p)| p.elements()).sum::<u64>()
        };
        let conv = |kernel: u64, from: u64, to: u64| kernel * kernel * from * to + 2 * to;
        let residual = |width: u64| 2 * conv(3, width, width);
        let halving = |from: u64, to: u64| conv(3, from, to) + conv(3, to, to) + conv(1, from, to);
        assert_eq!(params([0, 0, 0, 0]), conv(3, 1, 4) + residual(4) + halving(4, 8) + 90);
        assert_eq!(
            params([1, 1, 1, 2]),
            conv(3, 1, 8) + 2 * residual(8) + halving(8, 16) + 2 * residual(16) + 170
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        const GENES: &str = r#"{"id": "n", "choices": [1, 2]},
            {"id": "w", "choices": ["a", "b"]}"#;
        let cases = [
            (GENES, "{\"block\": \"conv\"}", "line 8: 'conv' needs \"out_channels\""),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": 4},\n{\"block\": \"cnov\"}",
                "line 9: there is no block 'cnov'",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": 4000}",
                "line 8: out_channels is 4000, it must be from 1 to 1024",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": \"$m\"}",
                "line 8: there is no gene 'm' before this: there are n, w",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": \"$w\"}",
                "line 8: out_channels is chosen by 'w', which has words",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": \"n\"}",
                "line 8: out_channels is 'n': write a number, or '$n'",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": -4}",
                "line 8: out_channels: expected a whole number",
            ),
            (
                GENES,
                "{\"block\": \"conv\", \"out_channels\": 4, \"kernal\": 3}",
                "line 8: 'conv' has no \"kernal\"",
            ),
            (GENES, "{\"block\": \"max-pool\"},\n{\"repeat\": 2}", "line 9: missing field `layers`"),
            (GENES, "{\"repeat\": 17, \"layers\": []}", "line 8: repeat is 17, it must be from 0 to 16"),
            (
                GENES,
                "{\"repeat\": 2, \"layers\": [\n\n{\"block\": \"x\"}]}",
                "line 10: there is no block 'x'",
            ),
            (GENES, "{\"choose\": \"n\", \"between\": {}}", "line 8: 'n' chooses numbers"),
            (
                GENES,
                "{\"choose\": \"w\", \"between\": {\"a\": []}}",
                "line 8: \"between\" says nothing of 'b'",
            ),
            (
                GENES,
                "{\"choose\": \"w\", \"between\": {\"a\": [], \"b\": [], \"c\": []}}",
                "line 8: 'c' is no choice of 'w'",
            ),
            (GENES, "{}", "line 8: expected an object with \"block\""),
            (GENES, "[", "line 9: "),
            ("", "", "line 1: there is nothing to choose"),
            ("{\"id\": \"n\", \"choices\": [2, 1]}", "", "line 4: gene 'n': its numbers must be ascending"),
            ("{\"id\": \"n\", \"choices\": []}", "", "line 4: gene 'n'"),
            ("{\"id\": \"w\", \"choices\": [\"a\", \"a\"]}", "", "line 4: gene 'w': its words must differ"),
            (
                "{\"id\": \"n\", \"choices\": [1]},\n{\"id\": \"n\", \"choices\": [1]}",
                "",
                "line 5: gene 'n': give every gene a name",
            ),
            ("{\"id\": \"n\",\n \"choice\": [1]}", "", "line 5: unknown field `choice`"),
            (
                "{\"id\": \"n\", \"choices\": [1], \"when\": {\"gene\": \"m\", \"is\": [1]}}",
                "",
                "line 4: there is no gene 'm'",
            ),
            (
                "{\"id\": \"n\", \"choices\": [1]}, {\"id\": \"m\", \"choices\": [1], \"when\": {\"gene\": \"n\", \"is\": [2]}}",
                "",
                "line 4: gene 'm': \"is\" must list some of the choices of 'n'",
            ),
        ];
        for (genes, layers, expected) in cases {
            let error = error(genes, layers);
            assert!(error.starts_with(expected), "{layers}\n  gave: {error}\n  expected: {expected}");
        }
    }

    #[test]
    fn what_could_grow_without_bound_is_refused() {
        const GENE: &str = r#"{"id": "n", "choices": [1, 16]}"#;
        let nested = |depth: usize, inside: &str| {
            let open = "{\"repeat\": \"$n\", \"layers\": [".repeat(depth);
            format!("{open}{inside}{}", "]}".repeat(depth))
        };
        assert!(error(GENE, &nested(3, "{\"block\": \"max-pool\"}")).contains("at most 1024 are allowed"));
        assert!(error(GENE, &nested(9, "")).contains("more than 8 deep"));
        let long = " ".repeat(MAX_CUSTOM_BYTES);
        assert!(error(GENE, &long).contains("at most 16384 are allowed"));
        let (text, _) = EXAMPLES[0];
        for input in [Shape::new(1, 1024, 1024), Shape::new(2000, 8, 8)] {
            let error = Custom::from_json(Problem { input, classes: 10 }, text).err().unwrap();
            assert!(matches!(error, SpaceError::Unsuitable { .. }), "{error}");
        }
    }

    #[test]
    fn any_change_of_a_file_is_read_or_refused() {
        let (text, _) = EXAMPLES[2];
        for (place, _) in text.char_indices() {
            for with in ["", "9", "\"", "{"] {
                let mut changed = text.to_owned();
                changed.replace_range(place..=place, with);
                if let Ok(space) = Custom::from_json(DIGITS, &changed) {
                    let mut rng = nas_numerics::Rng::for_purpose(1, "test", 0);
                    assert!(space.decode(&space.genes().draw(&mut rng)).resolve().is_ok());
                }
            }
        }
    }
}
