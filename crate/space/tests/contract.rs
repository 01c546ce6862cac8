//! What every space must do, run on every member of the registry, for several problems and with every setting at its
//! bounds.

use std::collections::BTreeMap;

use nas_arch::{Graph, Network, Op, Shape, canonical};
use nas_cost::NetworkCosts;
use nas_member::{Member, Setting, SettingKind, SettingValue, Settings};
use nas_numerics::Rng;
use nas_space::{Genotype, Problem, Space, SpaceError, configured_space, space, spaces};

/// Images and signals, from a single pixel to colour.
const PROBLEMS: [Problem; 8] = [
    Problem { input: Shape::new(1, 8, 8), classes: 10 },
    Problem { input: Shape::new(1, 28, 28), classes: 10 },
    Problem { input: Shape::new(3, 32, 32), classes: 2 },
    Problem { input: Shape::new(1, 49, 13), classes: 12 },
    Problem { input: Shape::new(1, 1, 40), classes: 4 },
    Problem { input: Shape::new(13, 1, 49), classes: 12 },
    Problem { input: Shape::new(1, 1, 1), classes: 3 },
    Problem { input: Shape::new(2, 5, 17), classes: 7 },
];
/// Draws from the first problem a space takes; the others get a hundredth.
const DRAWS: u32 = 10_000;

/// The file of the space that is made of one.
const CUSTOM: &str = include_str!("../../../docs/spaces/examples/mobile-blocks.json");

fn make(
    id: &str,
    problem: Problem,
    settings_of: &dyn Fn(&Member) -> Settings,
) -> Result<Box<dyn Space>, SpaceError> {
    configured_space(id, problem, settings_of, Some(CUSTOM))
}

fn defaults(member: &Member) -> Settings {
    Settings::defaults(&member.settings)
}

/// A space with its defaults over one problem.
struct Case {
    id: &'static str,
    space: Box<dyn Space>,
    problem: Problem,
    /// How often to draw from it.
    draws: u32,
}

/// Every space with its defaults over every problem that it takes.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for member in spaces() {
        let mut draws = DRAWS;
        for problem in PROBLEMS {
            match make(member.id, problem, &defaults) {
                Ok(space) => cases.push(Case { id: member.id, space, problem, draws }),
                Err(SpaceError::Unsuitable { .. }) => continue,
                Err(error) => panic!("{error}"),
            }
            draws = DRAWS / 100;
        }
        assert_ne!(draws, DRAWS, "{} takes none of the problems", member.id);
    }
    cases
}

/// The lowest or the highest value of a setting. Of a choice, the first or the last.
fn bound(setting: &Setting, is_highest: bool) -> SettingValue {
    match &setting.kind {
        SettingKind::Integer { min, max } => SettingValue::Integer(if is_highest { *max } else { *min }),
        SettingKind::Real { min, max } => SettingValue::Real(if is_highest { *max } else { *min }),
        SettingKind::Switch => SettingValue::Switch(is_highest),
        SettingKind::Choice { choices } => {
            let at = if is_highest { choices.len() - 1 } else { 0 };
            SettingValue::Word(choices[at].id.to_owned())
        }
        SettingKind::Words { choices } => {
            let taken = if is_highest { choices.len() } else { 1 };
            SettingValue::Words(choices.iter().take(taken).map(ToString::to_string).collect())
        }
        SettingKind::Numbers { min, max, .. } => {
            SettingValue::Numbers(vec![if is_highest { *max } else { *min }])
        }
    }
}

/// A member's settings, all at their lowest.
fn lowest(member: &Member) -> Settings {
    let values: BTreeMap<&str, SettingValue> =
        member.settings.iter().map(|setting| (setting.name, bound(setting, false))).collect();
    Settings::new(&member.settings, |name| values.get(name))
}

fn resolve(id: &str, network: &Network) -> Graph {
    network.resolve().unwrap_or_else(|error| panic!("{id}: {error}"))
}

/// Checks that a genotype is one of the space and decodes to a network for the problem.
fn check(id: &str, space: &dyn Space, problem: Problem, genotype: &Genotype) -> Graph {
    space.genes().check(genotype).unwrap_or_else(|error| panic!("{id}: {genotype:?}: {error}"));
    let graph = space.graph(genotype);
    assert_eq!(resolve(id, &space.decode(genotype)), graph, "{id}");
    assert_eq!(graph.output(), Shape::new(problem.classes, 1, 1), "{id}");
    // A space may choose a lower resolution; the images are shrunk to it.
    let (input, image) = (graph.input, problem.input);
    let is_shrunk = image.height == image.width && input.height == input.width && input.height < image.height;
    assert!(input == image || (is_shrunk && input.channels == image.channels), "{id}: {input} for {image}");
    graph
}

#[test]
fn every_draw_is_a_sound_network_whose_dead_operators_cost_nothing() {
    for Case { id, space, problem, draws } in cases() {
        let mut rng = Rng::for_purpose(1, "contract", 0);
        for draw in 0..draws {
            let graph = check(id, &*space, problem, &space.genes().draw(&mut rng));
            let canonical = canonical(&graph);
            let live = &canonical.graph;
            assert_eq!(resolve(id, &canonical.network()), *live, "{id}");
            if draw % 10 == 0 {
                assert_eq!(nas_arch::canonical(live), canonical, "{id}: a canonical form is its own");
            }
            let [written, live] = [&graph, live].map(|graph| NetworkCosts::of(graph).unwrap());
            let figures = |costs: &NetworkCosts| (costs.params_total, costs.macs);
            assert_eq!(figures(&written), figures(&live), "{id}");
        }
    }
}

/// The same network with other names, its layers in another order and a dead layer among them.
fn disguised(network: &Network, rng: &mut Rng) -> Network {
    let mut renamed = Network::new(network.input);
    let name = |name: &str| if name == "input" { name.to_owned() } else { format!("other-{name}") };
    let mut placed = vec!["input".to_owned()];
    let mut waiting: Vec<_> = network.layers[..network.layers.len() - 1].iter().collect();
    while !waiting.is_empty() {
        let ready: Vec<usize> = (0..waiting.len())
            .filter(|&at| waiting[at].inputs.iter().all(|input| placed.contains(input)))
            .collect();
        let layer = waiting.remove(*rng.choose(&ready));
        placed.push(layer.name.clone());
        let mut inputs: Vec<String> = layer.inputs.iter().map(|input| name(input)).collect();
        if layer.op == Op::Add {
            rng.shuffle(&mut inputs);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        renamed.push_reading(name(&layer.name), layer.op.clone(), &inputs);
    }
    renamed.push_reading("dead", Op::Sigmoid, &["input"]);
    let last = network.layers.last().unwrap();
    let inputs: Vec<String> = last.inputs.iter().map(|input| name(input)).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    renamed.push_reading(name(&last.name), last.op.clone(), &inputs);
    renamed
}

#[test]
fn isomorphic_networks_share_their_name() {
    for Case { id, space, draws, .. } in cases() {
        let mut rng = Rng::for_purpose(2, "contract", 0);
        for _ in 0..draws / 50 {
            let network = space.decode(&space.genes().draw(&mut rng));
            let name = |network: &Network| canonical(&resolve(id, network)).name();
            assert_eq!(name(&disguised(&network, &mut rng)), name(&network), "{id}");
        }
    }
}

#[test]
fn mutants_neighbours_and_children_stay_inside() {
    for Case { id, space, problem, draws } in cases() {
        let genes = space.genes();
        let mut rng = Rng::for_purpose(3, "contract", 0);
        let mut genotype = genes.draw(&mut rng);
        for _ in 0..draws / 10 {
            let mutant = genes.mutate(&genotype, &mut rng);
            assert_ne!(mutant, genotype, "{id}");
            check(id, &*space, problem, &mutant);
            check(id, &*space, problem, &genes.crossover(&mutant, &genes.draw(&mut rng), &mut rng));
            genotype = mutant;
        }
        let neighbours = genes.neighbours(&genotype);
        assert!(!neighbours.is_empty() && !neighbours.contains(&genotype), "{id}");
        for neighbour in &neighbours {
            check(id, &*space, problem, neighbour);
        }
    }
}

#[test]
fn the_same_seed_draws_the_same() {
    for Case { id, space, .. } in cases() {
        let network = || {
            let mut rng = Rng::for_purpose(4, "contract", 0);
            let genotype = space.genes().draw(&mut rng);
            space.decode(&space.genes().mutate(&genotype, &mut rng))
        };
        assert_eq!(network(), network(), "{id}");
    }
}

#[test]
fn draws_are_uniform_over_the_genotypes_of_a_small_configuration() {
    /// The largest configuration that is counted through.
    const MOST: u32 = 20_000;
    for member in spaces() {
        let space = make(member.id, PROBLEMS[1], &lowest).unwrap();
        let size = u32::try_from(space.genes().size()).ok().filter(|&size| size <= MOST);
        let size =
            size.unwrap_or_else(|| panic!("{}: {} genotypes at least", member.id, space.genes().size()));
        assert_eq!(space.genes().all().count(), size as usize, "{}", member.id);
        let draws = size * 10;
        let mut rng = Rng::for_purpose(5, "contract", 0);
        let mut counts: BTreeMap<Genotype, u32> = space.genes().all().map(|genotype| (genotype, 0)).collect();
        (0..draws).for_each(|_| *counts.get_mut(&space.genes().draw(&mut rng)).unwrap() += 1);
        let deviation = |&count: &u32| (f64::from(count) - 10.0) * (f64::from(count) - 10.0) / 10.0;
        let chi_squared: f64 = counts.values().map(deviation).sum();
        assert!(chi_squared <= chi_squared_quantile(size - 1), "{}: {chi_squared} for {size}", member.id);
    }
}

/// What χ² exceeds with a probability of 0.001, approximately (Wilson and Hilferty 1931).
fn chi_squared_quantile(freedom: u32) -> f64 {
    let spread = 2.0 / (9.0 * f64::from(freedom.max(1)));
    let root = 1.0 - spread + 3.09 * spread.sqrt();
    f64::from(freedom) * root * root * root
}

#[test]
fn every_setting_works_at_its_bounds() {
    for member in spaces() {
        for setting in &member.settings {
            for value in [bound(setting, false), bound(setting, true)] {
                let settings =
                    Settings::new(&member.settings, |name| (name == setting.name).then_some(&value));
                let place = format!("{}.{}={value}", member.id, setting.name);
                for problem in [PROBLEMS[0], PROBLEMS[2], PROBLEMS[5]] {
                    match space(member.id, problem, &settings) {
                        Err(SpaceError::Unsuitable { .. }) => {}
                        Err(error) => panic!("{place}: {error}"),
                        Ok(space) => {
                            let mut rng = Rng::for_purpose(6, "contract", 0);
                            for _ in 0..10 {
                                check(&place, &*space, problem, &space.genes().draw(&mut rng));
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_gene_has_a_name_of_its_own() {
    for Case { id, space, .. } in cases() {
        let genes = space.genes().genes();
        let mut ids: Vec<&str> = genes.iter().map(|gene| gene.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), genes.len(), "{id}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    let refusal = |id: &str, problem| {
        let member = spaces().into_iter().find(|member| member.id == id).unwrap();
        space(id, problem, &Settings::defaults(&member.settings)).err().unwrap().to_string()
    };
    let one_pixel = PROBLEMS[6];
    // The networks of 'accelerator' are those of 'layers', unless it is told otherwise; a file of 'custom' says what it takes.
    let takes_all = ["layers", "accelerator", "custom"];
    for member in spaces().iter().filter(|member| !takes_all.contains(&member.id)) {
        let message = refusal(member.id, one_pixel);
        assert!(message.contains("cannot be searched here") && message.contains("1×1×1"), "{message}");
    }
    assert_eq!(
        refusal("custom", PROBLEMS[0]),
        "the search space 'custom' cannot be searched here: it is made of a file: give one, or choose another space"
    );
    assert_eq!(
        refusal("fire", PROBLEMS[4]),
        "the search space 'fire' cannot be searched here: it needs images of at least 4×4 pixels, these have 1×1×40: \
         search 'signal' or 'layers' instead"
    );
}

#[test]
fn an_unknown_space_is_refused_with_the_known_ones() {
    let error = space("outer", PROBLEMS[0], &Settings::defaults(&[])).err().unwrap().to_string();
    let known = spaces().iter().map(|member| member.id).collect::<Vec<_>>().join(", ");
    assert_eq!(error, format!("there is no search space 'outer': use one of {known}"));
}

/// An operator without its numbers of channels.
fn without_channels(op: &Op) -> String {
    let mut op = serde_json::to_value(op).unwrap();
    let fields = op.as_object_mut().unwrap();
    for channels in ["out_channels", "out_features", "groups"] {
        fields.remove(channels);
    }
    op.to_string()
}

#[test]
fn equal_names_are_equal_operators_where_weights_are_shared() {
    let mut sharing = Vec::new();
    for Case { id, space, .. } in cases().iter().filter(|case| case.space.shares_no_weights().is_none()) {
        sharing.push(*id);
        let mut known = BTreeMap::new();
        for draw in 0..300 {
            let genotype = space.genes().draw(&mut Rng::for_purpose(7, "share", draw));
            let graph = space.decode(&genotype).resolve().unwrap();
            for node in graph.nodes.iter().filter(|node| !node.parameters.is_empty()) {
                let op = without_channels(&node.op);
                let before = known.entry(node.name.clone()).or_insert_with(|| op.clone());
                assert_eq!(*before, op, "{id}: {}", node.name);
            }
        }
    }
    sharing.dedup();
    assert_eq!(sharing, ["layers", "cell"]);
}
