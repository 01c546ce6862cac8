//! `cell`: what a cell computes is searched, and the network is made of copies of it (docs/spaces/cell.md).

mod nas_bench_201;
mod nodes;

use nas_arch::Graph;
use nas_member::{Choice, Member, Setting, SettingKind, SettingValue, Settings, Text};

use crate::declare::{integer, require_images};
use crate::{GeneTree, Genotype, Problem, Space, SpaceError};
use nas_bench_201::NasBench201;
use nodes::{NodeOperator, Nodes};

const ID: &str = "cell";
/// Smallest side of an image that two reductions leave something of.
const LEAST_SIDE: u32 = 4;

/// The space, of one of two kinds of cells.
pub struct Cell {
    problem: Problem,
    skeleton: Skeleton,
    kind: Kind,
}

enum Kind {
    NasBench201(NasBench201),
    Nodes(Nodes),
}

/// What stands around the cells.
#[derive(Debug, Clone, Copy)]
struct Skeleton {
    /// Channels of the first stage; each other has twice those before.
    channels: u32,
    /// Cells of a stage.
    cells: u32,
    /// Stages, where the kind does not fix them.
    stages: u32,
}

impl Cell {
    /// How it is listed.
    pub(crate) fn member() -> Member {
        let operators: Vec<&'static str> = NodeOperator::ALL.iter().map(|operator| operator.id()).collect();
        Member {
            id: ID,
            title: Text::new("Cells", "Celdas"),
            sentence: Text::new(
                "A small graph of operators, the cell, of which the whole network is made: NAS-Bench-201's, or larger ones.",
                "Un pequeño grafo de operadores, la celda, del que se hace toda la red: la de NAS-Bench-201 u otras mayores.",
            ),
            settings: vec![
                Setting {
                    name: "kind",
                    title: Text::new("Kind of cell", "Tipo de celda"),
                    kind: SettingKind::Choice {
                        choices: vec![
                            Choice::new("nas-bench-201", "NAS-Bench-201", "NAS-Bench-201"),
                            Choice::new("nodes", "Nodes with inputs", "Nodos con entradas"),
                        ],
                    },
                    default: SettingValue::Word("nas-bench-201".into()),
                },
                integer(
                    "channels",
                    Text::new("Channels of the first stage", "Canales de la primera etapa"),
                    1,
                    64,
                    8,
                ),
                integer("cells", Text::new("Cells of a stage", "Celdas por etapa"), 1, 5, 1),
                integer("stages", Text::new("Stages (nodes)", "Etapas (nodos)"), 1, 4, 2),
                integer("nodes", Text::new("Nodes of a cell (nodes)", "Nodos de una celda (nodos)"), 1, 5, 3),
                integer(
                    "inputs",
                    Text::new("Inputs of a node (nodes)", "Entradas de un nodo (nodos)"),
                    1,
                    3,
                    2,
                ),
                Setting {
                    name: "concat",
                    title: Text::new("What a cell joins (nodes)", "Qué une una celda (nodos)"),
                    kind: SettingKind::Choice {
                        choices: vec![
                            Choice::new("all", "All nodes", "Todos los nodos"),
                            Choice::new(
                                "loose-ends",
                                "Nodes no other one reads",
                                "Nodos que ningún otro lee",
                            ),
                        ],
                    },
                    default: SettingValue::Word("all".into()),
                },
                Setting {
                    name: "operators",
                    title: Text::new("Operators (nodes)", "Operadores (nodos)"),
                    kind: SettingKind::Words { choices: operators.clone() },
                    default: SettingValue::Words(operators.iter().map(ToString::to_string).collect()),
                },
            ],
        }
    }

    /// The space as configured by `settings`.
    ///
    /// # Errors
    /// If the images are too small.
    pub fn new(problem: Problem, settings: &Settings) -> Result<Self, SpaceError> {
        require_images(ID, problem, LEAST_SIDE)?;
        let kind = match settings.word("kind") {
            "nas-bench-201" => Kind::NasBench201(NasBench201::new()),
            _ => Kind::Nodes(Nodes::new(settings)),
        };
        let skeleton = Skeleton {
            channels: settings.integer("channels"),
            cells: settings.integer("cells"),
            stages: settings.integer("stages"),
        };
        Ok(Self { problem, skeleton, kind })
    }
}

impl Space for Cell {
    fn genes(&self) -> &GeneTree {
        match &self.kind {
            Kind::NasBench201(cell) => cell.genes(),
            Kind::Nodes(cell) => cell.genes(),
        }
    }

    fn shares_no_weights(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Nodes(cell) if !cell.joins_all() => {
                Some("what its cells join differs from network to network: choose cell.concat=all")
            }
            Kind::NasBench201(_) | Kind::Nodes(_) => None,
        }
    }

    fn graph(&self, genotype: &Genotype) -> Graph {
        let Problem { input, classes } = self.problem;
        match &self.kind {
            Kind::NasBench201(cell) => cell.graph(genotype, self.skeleton, input, classes),
            Kind::Nodes(cell) => cell.graph(genotype, self.skeleton, input, classes),
        }
    }
}

/// A cell of either kind, of default settings but for those chosen.
#[cfg(test)]
fn cell(input: nas_arch::Shape, chosen: &[(&str, SettingValue)]) -> Cell {
    let settings = Settings::new(&Cell::member().settings, |name| {
        chosen.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    });
    Cell::new(Problem { input, classes: 10 }, &settings).unwrap()
}
