//! What every space must do, run on every member of the registry, for several problems.

use nas_arch::{Shape, canonical};
use nas_member::Settings;
use nas_numerics::Rng;
use nas_space::{Problem, Space, space, spaces};

/// Images from a single pixel to colour.
const PROBLEMS: [Problem; 4] = [
    Problem { input: Shape::new(1, 8, 8), classes: 10 },
    Problem { input: Shape::new(3, 32, 32), classes: 2 },
    Problem { input: Shape::new(1, 1, 1), classes: 3 },
    Problem { input: Shape::new(2, 5, 17), classes: 7 },
];
const DRAWS: u32 = 300;

/// Runs `check` on every space with its defaults over every problem.
fn for_each(check: impl Fn(&str, &dyn Space, Problem)) {
    for member in spaces() {
        for problem in PROBLEMS {
            let space = space(member.id, problem, &Settings::defaults(&member.settings)).unwrap();
            check(member.id, &*space, problem);
        }
    }
}

#[test]
fn every_draw_is_a_genotype_and_decodes_to_a_network_for_the_problem() {
    for_each(|id, space, problem| {
        let mut rng = Rng::for_purpose(1, "contract", 0);
        for _ in 0..DRAWS {
            let genotype = space.genes().draw(&mut rng);
            space.genes().check(&genotype).unwrap();
            let graph = space.decode(&genotype).resolve().unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(
                (graph.input, graph.output()),
                (problem.input, Shape::new(problem.classes, 1, 1)),
                "{id}"
            );
        }
    });
}

#[test]
fn canonical_names_are_stable() {
    for_each(|id, space, _| {
        let mut rng = Rng::for_purpose(2, "contract", 0);
        for _ in 0..DRAWS / 3 {
            let genotype = space.genes().draw(&mut rng);
            let once = canonical(&space.decode(&genotype).resolve().unwrap());
            let again = canonical(&once.network.resolve().unwrap());
            assert_eq!(once, again, "{id}: {genotype:?}");
        }
    });
}

#[test]
fn mutants_stay_inside_and_differ() {
    for_each(|id, space, _| {
        let mut rng = Rng::for_purpose(3, "contract", 0);
        let mut genotype = space.genes().draw(&mut rng);
        for _ in 0..DRAWS {
            let mutant = space.genes().mutate(&genotype, &mut rng);
            space.genes().check(&mutant).unwrap();
            assert_ne!(mutant, genotype, "{id}");
            genotype = mutant;
        }
    });
}

#[test]
fn the_same_seed_draws_the_same() {
    for_each(|id, space, _| {
        let draw = || space.genes().draw(&mut Rng::for_purpose(4, "contract", 0));
        assert_eq!(draw(), draw(), "{id}");
    });
}

#[test]
fn an_unknown_space_is_refused_with_the_known_ones() {
    let error = space("outer", PROBLEMS[0], &Settings::defaults(&[])).err().unwrap().to_string();
    assert_eq!(error, "there is no search space 'outer': use one of layers, accelerator");
}
