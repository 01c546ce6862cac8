//! `layers`: the lecture's "optimise a CNN". A stack of layers, each of which picks its operator from a list.

mod operator;

use nas_arch::{Activation, Graph, NetworkBuilder, Style};
use nas_member::{Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::{Gene, GeneTree, Genotype, Problem, Space};
use operator::{OPERATORS, Operator, push_layer};

/// The space: depth, then an operator and a width for each layer, then global average pooling and a classifier.
pub struct Layers {
    problem: Problem,
    genes: GeneTree,
    depths: Vec<u32>,
    operators: Vec<Operator>,
    widths: Vec<u32>,
    auto_norm: bool,
}

impl Layers {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        Member {
            id: "layers",
            title: Text::new("Layers", "Capas"),
            sentence: Text::new(
                "A stack of layers, each of which picks its operator from a list: the plainest space there is.",
                "Una pila de capas, cada una de las cuales elige su operador de una lista: el espacio más sencillo.",
            ),
            settings: vec![
                Setting {
                    name: "operators",
                    title: Text::new("Operators", "Operadores"),
                    kind: SettingKind::Words {
                        choices: OPERATORS.iter().map(|operator| operator.id()).collect(),
                    },
                    default: SettingValue::Words(
                        OPERATORS.iter().map(|operator| operator.id().to_owned()).collect(),
                    ),
                },
                Setting {
                    name: "widths",
                    title: Text::new("Channels", "Canales"),
                    kind: SettingKind::Numbers { min: 1, max: 256, at_most: 8 },
                    default: SettingValue::Numbers(vec![4, 8, 16, 32]),
                },
                Setting {
                    name: "max_depth",
                    title: Text::new("Most layers", "Máximo de capas"),
                    kind: SettingKind::Integer { min: 1, max: 12 },
                    default: SettingValue::Integer(6),
                },
                Setting {
                    name: "auto_norm",
                    title: Text::new(
                        "Batch normalization after each convolution",
                        "Normalización por lotes tras cada convolución",
                    ),
                    kind: SettingKind::Switch,
                    default: SettingValue::Switch(true),
                },
            ],
        }
    }

    /// The space as configured by `settings`.
    ///
    /// # Panics
    /// If the settings are not those that the space declares.
    #[must_use]
    pub fn new(problem: Problem, settings: &Settings) -> Self {
        let operators: Vec<Operator> = OPERATORS
            .into_iter()
            .filter(|operator| settings.words("operators").iter().any(|word| word == operator.id()))
            .collect();
        let widths = settings.numbers("widths").to_vec();
        let depths: Vec<u32> = (1..=settings.integer("max_depth")).collect();
        let auto_norm = settings.switch("auto_norm");
        let genes = GeneTree::new(genes(&depths, &operators, &widths));
        Self { problem, genes, depths, operators, widths, auto_norm }
    }
}

/// Gene 0 is the depth; layer i (from 0) has its operator at `1 + 2i` and its width at `2 + 2i`.
fn genes(depths: &[u32], operators: &[Operator], widths: &[u32]) -> Vec<Gene> {
    let mut genes = vec![Gene::ordinal("depth", depths)];
    let with_width =
        || (0..operators.len() as u16).filter(|&value| operators[usize::from(value)].has_width());
    for layer in 0..depths.len() {
        let operator = genes.len();
        let deep_enough = layer as u16..depths.len() as u16;
        let ids = operators.iter().map(|operator| operator.id());
        let weightless =
            (0..operators.len() as u16).filter(|&value| operators[usize::from(value)].is_weightless());
        let gene = Gene::new(format!("layer{}.operator", layer + 1), ids).of_operators(weightless);
        genes.push(gene.when(0, deep_enough));
        genes.push(Gene::ordinal(format!("layer{}.width", layer + 1), widths).when(operator, with_width()));
    }
    genes
}

impl Space for Layers {
    fn genes(&self) -> &GeneTree {
        &self.genes
    }

    fn shares_no_weights(&self) -> Option<&'static str> {
        None
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let value = |gene: usize| usize::from(genotype.0[gene]);
        let mut builder = NetworkBuilder::new(self.problem.input);
        let style = if self.auto_norm { Style::normalized } else { Style::plain }(Activation::Relu);
        for layer in 0..self.depths[value(0)] as usize {
            let operator = self.operators[value(1 + 2 * layer)];
            push_layer(&mut builder, layer + 1, operator, self.widths[value(2 + 2 * layer)], style);
        }
        builder.classifier(self.problem.classes);
        builder.graph().expect("every layer fits every image")
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::{Shape, canonical};
    use nas_numerics::Rng;
    use num_bigint::BigUint;

    use super::*;

    const DIGITS: Problem = Problem { input: Shape::new(1, 8, 8), classes: 10 };

    fn layers(chosen: &[(&str, SettingValue)]) -> Layers {
        let settings = Settings::new(&Layers::member().settings, |name| {
            chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
        });
        Layers::new(DIGITS, &settings)
    }

    #[test]
    fn the_size_follows_from_the_lists() {
        // Five operators have one of four widths, four have none: 24 ways a layer, and 24 + 24² + … + 24⁶.
        let expected: BigUint = (1..=6).map(|depth| BigUint::from(24u32).pow(depth)).sum();
        assert_eq!(layers(&[]).genes().size(), expected);
        let words = SettingValue::Words(vec!["conv3x3".into(), "max-pool".into()]);
        let small = layers(&[("operators", words), ("max_depth", SettingValue::Integer(2))]);
        assert_eq!(small.genes().size(), BigUint::from(5u32 + 25));
    }

    #[test]
    fn every_draw_decodes_to_a_sound_network() {
        for auto_norm in [true, false] {
            let space = layers(&[("auto_norm", SettingValue::Switch(auto_norm))]);
            let mut rng = Rng::for_purpose(1, "test", 0);
            for _ in 0..2000 {
                let network = space.decode(&space.genes().draw(&mut rng));
                let graph = network.resolve().unwrap_or_else(|error| panic!("{error}: {network:?}"));
                assert_eq!(graph.output(), Shape::new(10, 1, 1));
            }
        }
    }

    #[test]
    fn every_operator_can_be_alone() {
        let space = layers(&[("max_depth", SettingValue::Integer(1))]);
        let parameters = |operator: Operator| {
            let index = OPERATORS.iter().position(|other| *other == operator).unwrap() as u16;
            let genotype = Genotype(vec![0, index, u16::from(operator.has_width())]);
            let graph = space.decode(&genotype).resolve().unwrap();
            graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum::<u64>()
        };
        let head = |channels: u64| channels * 10 + 10;
        // Width 8; convolutions lose their bias to the normalisation's shift: weights + scale and shift.
        assert_eq!(parameters(Operator::Conv { kernel: 1 }), 8 + 16 + head(8));
        assert_eq!(parameters(Operator::Conv { kernel: 3 }), 72 + 16 + head(8));
        assert_eq!(parameters(Operator::Conv { kernel: 5 }), 200 + 16 + head(8));
        assert_eq!(parameters(Operator::Separable), 9 + 2 + 8 + 16 + head(8));
        // Squeeze to 2, expand to 4 by 1×1 and 4 by 3×3.
        assert_eq!(parameters(Operator::Fire), (2 + 4) + (8 + 8) + (72 + 8) + head(8));
        assert_eq!(parameters(Operator::BatchNorm), 2 + head(1));
        assert_eq!(parameters(Operator::MaxPool), head(1));
        assert_eq!(parameters(Operator::AvgPool), head(1));
        assert_eq!(parameters(Operator::Identity), head(1));
    }

    #[test]
    fn identities_do_not_make_new_networks() {
        let space = layers(&[("max_depth", SettingValue::Integer(2))]);
        let identity = OPERATORS.iter().position(|operator| *operator == Operator::Identity).unwrap() as u16;
        let name =
            |genes: &[u16]| canonical(&space.decode(&Genotype(genes.to_vec())).resolve().unwrap()).name();
        let alone = name(&[0, 1, 2, 0, 0]);
        assert_eq!(name(&[1, 1, 2, identity, 0]), alone);
        assert_eq!(name(&[1, identity, 0, 1, 2]), alone);
        assert_ne!(name(&[0, 1, 3, 0, 0]), alone);
    }

    #[test]
    fn without_auto_norm_only_the_operator_normalizes() {
        let space = layers(&[("auto_norm", SettingValue::Switch(false))]);
        let network = space.decode(&Genotype(vec![0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        let ids: Vec<&str> = network.layers.iter().map(|layer| layer.op.id()).collect();
        assert_eq!(ids, ["conv2d", "relu", "global-avg-pool", "dense"]);
    }
}
