//! The genotype whose network is most like a given one: where a search may start.

use nas_arch::{Graph, Node, canonical};
use nas_numerics::Rng;

use crate::{Genotype, Space};

/// Genotypes drawn before the descents.
const DRAWS: usize = 64;
/// Of them so many are improved on.
const DESCENTS: usize = 4;
/// Mutations of each.
const STEPS: u32 = 400;
/// What a layer costs that only one of two networks has.
const MISSING: f64 = 1.0;
/// What a layer costs in whose place the other network has one of another kind: a little less than one that is missing and one
/// that is too much.
const OTHER_KIND: f64 = 1.9;
/// What it costs that two layers of one kind differ in what they compute, beside the shape, or in what they read.
const OTHER_DETAIL: f64 = 0.2;

/// A genotype, and how far its network is from the one that was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    /// The genotype.
    pub genotype: Genotype,
    /// Edit distance between the canonical networks: about one for each layer too much or too few, less for one of other
    /// widths; 0 if they are the same network.
    pub distance: f64,
}

/// Looks for the genotype whose canonical network is most like this one.
///
/// The distance is the weighted edit distance between the layers in canonical order (Wagner and Fischer 1974). From the best
/// of 64 random genotypes mutations lead to nearer ones: the same genotype each time, but not always the nearest there is.
///
/// # Panics
/// Never.
#[must_use]
pub fn most_alike(space: &dyn Space, network: &Graph) -> Alike {
    let wanted = canonical(network).graph;
    let genes = space.genes();
    let mut distance = |genotype: &Genotype| edit_distance(&wanted, &canonical(&space.graph(genotype)).graph);
    let mut rng = Rng::for_purpose(0, "alike", 0);
    let mut drawn: Vec<Alike> = (0..DRAWS)
        .map(|_| {
            let genotype = genes.draw(&mut rng);
            Alike { distance: distance(&genotype), genotype }
        })
        .collect();
    drawn.sort_by(|one, other| one.distance.total_cmp(&other.distance));
    let descend = |start: &Alike| {
        let (genotype, distance) = genes.descend(&start.genotype, &mut distance, STEPS, &mut rng);
        Alike { genotype, distance }
    };
    let found = drawn[..DESCENTS].iter().map(descend);
    found.min_by(|one, other| one.distance.total_cmp(&other.distance)).expect("there are descents")
}

/// The least cost of making one list of layers the other by leaving away, putting in and replacing.
fn edit_distance(one: &Graph, other: &Graph) -> f64 {
    // Row by row of the table of distances between beginnings; `before[j]`: of the layers so far from the first j.
    let mut before: Vec<f64> = (0..=other.nodes.len()).map(|count| count as f64 * MISSING).collect();
    for (row, node) in one.nodes.iter().enumerate() {
        let mut here = vec![before[0] + MISSING];
        for (column, candidate) in other.nodes.iter().enumerate() {
            let replaced = before[column] + difference((row, node), (column, candidate));
            let missing = before[column + 1].min(here[column]) + MISSING;
            here.push(replaced.min(missing));
        }
        before = here;
    }
    before[other.nodes.len()]
}

/// How much two layers differ; 0 for the same one.
fn difference((at, node): (usize, &Node), (other_at, other): (usize, &Node)) -> f64 {
    if node.op.id() != other.op.id() {
        return OTHER_KIND;
    }
    let unlike = |one: u32, other: u32| 1.0 - f64::from(one.min(other)) / f64::from(one.max(other));
    let (shape, other_shape) = (node.shape, other.shape);
    let shapes = 0.3 * unlike(shape.channels, other_shape.channels)
        + 0.15 * unlike(shape.height, other_shape.height)
        + 0.15 * unlike(shape.width, other_shape.width);
    // Tensor t is written by layer t − 1: how many layers lie between a layer and what it reads.
    let reach = |at: usize, node: &Node| node.inputs.iter().map(|&input| at + 1 - input).collect::<Vec<_>>();
    let detail = |differs: bool| if differs { OTHER_DETAIL } else { 0.0 };
    shapes + detail(node.op != other.op) + detail(reach(at, node) != reach(other_at, other))
}

#[cfg(test)]
mod tests {
    use nas_arch::{Shape, reference};
    use nas_member::Settings;

    use super::*;
    use crate::{Custom, Joint, Problem, space, spaces};

    fn default_space(id: &str, input: Shape) -> Box<dyn Space> {
        let members = spaces();
        let member = members.iter().find(|member| member.id == id).unwrap();
        space(id, Problem { input, classes: 10 }, &Settings::defaults(&member.settings)).unwrap()
    }

    #[test]
    fn distances_are_those_worked_out_by_hand() {
        let graph = |name: &str| reference(name).unwrap().resolve().unwrap();
        let digits = graph("digits-tiny");
        assert_eq!(edit_distance(&digits, &digits), 0.0);
        let mut shorter = digits.clone();
        shorter.nodes.pop();
        assert_eq!(edit_distance(&digits, &shorter), MISSING);
        assert_eq!(edit_distance(&shorter, &digits), MISSING);
        let mut wider = digits.clone();
        wider.nodes[0].shape.channels *= 2;
        assert!((edit_distance(&digits, &wider) - 0.15).abs() < 1e-12);
        let mut nothing = digits.clone();
        nothing.nodes.clear();
        assert_eq!(edit_distance(&digits, &nothing), digits.nodes.len() as f64);
    }

    /// Networks of the spaces themselves are found again, or come near: of some thirty layers few differ.
    #[test]
    fn networks_of_a_space_are_found_again() {
        let mut distances = Vec::new();
        for member in spaces().iter().filter(|member| ![Custom::ID, Joint::ID].contains(&member.id)) {
            let space = default_space(member.id, Shape::new(1, 16, 16));
            let mut rng = Rng::for_purpose(3, "test", 0);
            for _ in 0..3 {
                let genotype = space.genes().draw(&mut rng);
                let network = space.graph(&genotype);
                let alike = most_alike(&*space, &network);
                let found = space.graph(&alike.genotype);
                let is_same = canonical(&found).digest() == canonical(&network).digest();
                assert_eq!(alike.distance == 0.0, is_same, "{}", member.id);
                distances.push(alike.distance);
            }
        }
        assert!(distances.iter().all(|distance| *distance < 5.0), "{distances:?}");
        assert!(distances.iter().filter(|distance| **distance == 0.0).count() >= 16, "{distances:?}");
    }
}
