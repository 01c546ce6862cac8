//! The order of steps that needs the least memory.
//!
//! Which values are alive depends on the *set* of steps that have run, not on their order (Liberis and Lane 2019,
//! "Neural networks on microcontrollers: saving memory at inference via operator reordering"). So the best order is a
//! path through the sets that can be reached, and dynamic programming over them is exact. A step that stands before or
//! behind every other in all orders cuts the search into parts (Ahn et al. 2020, "Ordering chaos: memory-aware scheduling
//! of irregularly wired neural networks for edge devices").

use core::ops::Range;
use std::collections::BTreeMap;

use nas_arch::Graph;

use crate::deployment::Deployment;
use crate::liveness::{Liveness, Occupancy, PIECE_STEPS_MAX, Piece};

/// Sets of equally many steps that are looked at. While there are no more, the search is exact; beyond, those with the
/// smallest peak go on.
const SETS_MAX: usize = 1024;
/// Sets that are looked at in one network, so that the largest one takes a fraction of a second. What then remains keeps
/// the given order.
const SETS_OF_NETWORK_MAX: usize = 1 << 17;

/// An order of steps, and what is known of it.
pub(crate) struct Schedule {
    /// The steps, by their places in the given order.
    pub(crate) order: Vec<usize>,
    /// Whether it is proven that no order needs less memory.
    pub(crate) is_optimal: bool,
    /// The most elements alive at once in the given order.
    pub(crate) given_peak: u64,
}

impl Schedule {
    /// The order with the smallest peak of live activations. Each part that would be no better keeps the given order.
    pub(crate) fn new(graph: &Graph, deployment: &Deployment) -> Self {
        let liveness = Liveness::new(graph, deployment);
        let occupancies = liveness.occupancies();
        let peak_of = |occupancies: &[Occupancy]| {
            occupancies.iter().map(|occupancy| occupancy.during).max().unwrap_or(0)
        };
        let mut order: Vec<usize> = (0..occupancies.len()).collect();
        let least = liveness.least_peak();
        let given_peak = peak_of(&occupancies).max(liveness.at_first());
        let (mut proven_peak, mut unproven_peak) = (least, 0);
        let mut sets_left = SETS_OF_NETWORK_MAX;
        if given_peak > least {
            for part in parts(deployment) {
                let is_whole = part.len() <= PIECE_STEPS_MAX;
                for first in part.clone().step_by(PIECE_STEPS_MAX) {
                    let steps = first..part.end.min(first + PIECE_STEPS_MAX);
                    let given_peak = peak_of(&occupancies[steps.clone()]);
                    if given_peak <= least || steps.len() == 1 {
                        proven_peak = proven_peak.max(given_peak);
                        continue;
                    }
                    let alive =
                        first.checked_sub(1).map_or(liveness.at_first(), |step| occupancies[step].after);
                    let piece = liveness.piece(steps.clone());
                    let Search { best, is_exhaustive } = search(&piece, alive, given_peak, &mut sets_left);
                    let peak = best.map_or(given_peak, |(peak, places)| {
                        places.iter().zip(&mut order[steps]).for_each(|(place, step)| *step = first + place);
                        peak
                    });
                    let known = if is_whole && is_exhaustive { &mut proven_peak } else { &mut unproven_peak };
                    *known = peak.max(*known);
                }
            }
        }
        Self { order, is_optimal: unproven_peak <= proven_peak, given_peak }
    }
}

/// The steps cut where a step stands in a fixed place in all orders: such a step is a part of its own.
///
/// All steps before `i` must run before it if each has a reader up to `i`, and all behind it after it if each reads
/// something from `i` on.
fn parts(deployment: &Deployment) -> Vec<Range<usize>> {
    let count = deployment.steps.len();
    let mut first_reader = vec![count; count];
    let mut last_read = vec![None; count];
    for (step, reads) in deployment.steps.iter().map(|step| &step.reads).enumerate() {
        for producer in reads.iter().filter_map(|value| value.checked_sub(1)) {
            first_reader[producer] = first_reader[producer].min(step);
            last_read[step] = last_read[step].max(Some(producer));
        }
    }
    // The earliest of what each of the steps from here on reads last; none if one of them reads no step.
    let mut earliest = vec![Some(count); count + 1];
    for step in (0..count).rev() {
        earliest[step] = earliest[step + 1].min(last_read[step]);
    }
    let mut parts = Vec::new();
    let (mut first, mut latest_reader) = (0, 0);
    for step in 0..count {
        if latest_reader <= step && earliest[step + 1] >= Some(step) {
            parts.extend((first < step).then_some(first..step));
            parts.push(step..step + 1);
            first = step + 1;
        }
        latest_reader = latest_reader.max(first_reader[step]);
    }
    parts.extend((first < count).then_some(first..count));
    parts
}

struct Search {
    /// The smallest peak below the given one and its order, if one was found.
    best: Option<(u64, Vec<usize>)>,
    /// Whether all orders were looked at.
    is_exhaustive: bool,
}

/// A set of steps that have run, with the best way that leads there.
#[derive(Clone, Copy)]
struct Reached {
    alive: u64,
    peak: u64,
    /// The set before it, as its place among those with one step less, and the step between them.
    before: usize,
    step: usize,
}

/// Looks for an order with a peak below `given_peak`, when `alive` elements are alive before the first step.
fn search(piece: &Piece, alive: u64, given_peak: u64, sets_left: &mut usize) -> Search {
    let mut levels: Vec<Vec<(u64, Reached)>> =
        vec![vec![(0, Reached { alive, peak: 0, before: 0, step: 0 })]];
    let mut is_exhaustive = true;
    for level in 0..piece.len() {
        let mut next: BTreeMap<u64, Reached> = BTreeMap::new();
        for (before, &(set, reached)) in levels[level].iter().enumerate() {
            for step in (0..piece.len()).filter(|&step| piece.may_run(step, set)) {
                let Occupancy { during, after } = piece.occupancy(step, reached.alive, set);
                let peak = reached.peak.max(during);
                let set = set | 1 << step;
                if during < given_peak && next.get(&set).is_none_or(|known| peak < known.peak) {
                    next.insert(set, Reached { alive: after, peak, before, step });
                }
            }
        }
        let mut next: Vec<(u64, Reached)> = next.into_iter().collect();
        if next.len() > SETS_MAX {
            next.sort_by_key(|&(set, Reached { alive, peak, .. })| (peak, alive, set));
            next.truncate(SETS_MAX);
            is_exhaustive = false;
        }
        if next.is_empty() {
            return Search { best: None, is_exhaustive };
        }
        let Some(left) = sets_left.checked_sub(next.len()) else {
            return Search { best: None, is_exhaustive: false };
        };
        *sets_left = left;
        levels.push(next);
    }
    let peak = levels[piece.len()][0].1.peak;
    let mut steps = Vec::with_capacity(piece.len());
    let mut place = 0;
    for level in levels[1..].iter().rev() {
        let Reached { before, step, .. } = level[place].1;
        steps.push(step);
        place = before;
    }
    steps.reverse();
    Search { best: Some((peak, steps)), is_exhaustive }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::NetworkCosts;
    use crate::memory::Alive;

    fn graph(input: &str, layers: &str) -> Graph {
        let text = format!(r#"{{"input": {input}, "layers": [{layers}]}}"#);
        Network::from_json(&text).unwrap_or_else(|error| panic!("{error} in {text}")).resolve().unwrap()
    }

    fn conv(name: &str, channels: u32, input: &str) -> String {
        format!(
            r#"{{"name":"{name}","op":"conv2d","out_channels":{channels},"kernel":3,"inputs":["{input}"]}}"#
        )
    }

    /// Order, peak in it, peak in the given order, whether it is proven.
    fn scheduled(graph: &Graph) -> (Vec<usize>, u64, u64, bool) {
        let given = Deployment::new(graph);
        let Schedule { order, is_optimal, given_peak } = Schedule::new(graph, &given);
        let peak = Alive::new(graph, &given.reordered(&order)).peak;
        (order, peak, given_peak, is_optimal)
    }

    /// The smallest peak of all orders, one after the other.
    fn smallest_peak(graph: &Graph, deployment: &Deployment, order: &mut Vec<usize>) -> u64 {
        let count = deployment.steps.len();
        if order.len() == count {
            return Alive::new(graph, &deployment.clone().reordered(order)).peak;
        }
        let mut smallest = u64::MAX;
        for step in 0..count {
            let mut reads = deployment.steps[step].reads.iter();
            if !order.contains(&step) && reads.all(|&value| value == 0 || order.contains(&(value - 1))) {
                order.push(step);
                smallest = smallest.min(smallest_peak(graph, deployment, order));
                order.pop();
            }
        }
        smallest
    }

    #[test]
    fn a_branch_is_finished_before_the_next_begins() {
        // Two branches widen to 8 channels and narrow to 1; written breadth first, both wide maps are alive at once.
        let layers = [
            conv("wide1", 8, "input"),
            conv("wide2", 8, "input"),
            conv("narrow1", 1, "wide1"),
            conv("narrow2", 1, "wide2"),
            r#"{"op":"concat","inputs":["narrow1","narrow2"]}"#.into(),
        ];
        let graph = graph("[1,4,4]", &layers.join(","));
        // 1 + 8 + 8 channels; with a branch at a time 1 + 1 + 8.
        assert_eq!(scheduled(&graph), (vec![0, 2, 1, 3, 4], 160, 272, true));
        let costs = NetworkCosts::of(&graph).unwrap();
        let moments: Vec<(u32, u64)> =
            costs.memory.int8.timeline.iter().map(|moment| (moment.layer, moment.bytes)).collect();
        assert_eq!(moments, [(0, 144), (2, 160), (1, 160), (3, 160), (4, 64)]);
        assert_eq!(costs.memory.int8.peak_ram_bytes, 160);
        assert_eq!(costs.memory.given_order_peak_ram_bytes, 272);
        assert_eq!(costs.layers[1].ram_bytes_int8, 160);
    }

    #[test]
    fn what_leaves_little_runs_before_what_needs_much() {
        let layers = [
            conv("wide", 8, "input"),
            conv("narrow", 2, "wide"),
            r#"{"name":"pooled","op":"max-pool","kernel":2,"inputs":["input"]}"#.into(),
            conv("thin", 1, "pooled"),
            r#"{"name":"up","op":"upsample","inputs":["thin"]}"#.into(),
            r#"{"op":"concat","inputs":["narrow","up"]}"#.into(),
        ];
        // As written the input (4 channels of 16 pixels) stays while the wide branch narrows: 64 + 128 + 32. With the
        // pooled branch first only its 4 pixels stay: 64 + 4 + 128.
        let graph = graph("[4,4,4]", &layers.join(","));
        assert_eq!(scheduled(&graph), (vec![2, 3, 0, 1, 4, 5], 196, 224, true));
    }

    #[test]
    fn an_order_that_is_as_good_is_kept() {
        let layers = [
            conv("squeeze", 2, "input"),
            conv("expand3", 4, "squeeze"),
            conv("expand1", 4, "squeeze"),
            r#"{"op":"concat","inputs":["expand1","expand3"]}"#.into(),
        ];
        let (order, peak, given, is_optimal) = scheduled(&graph("[8,4,4]", &layers.join(",")));
        assert_eq!((order, peak, is_optimal), (vec![0, 1, 2, 3], given, true));
    }

    /// Random graphs of convolutions, sums and concatenations of a few earlier layers.
    fn random_layers(seed: u64, count: usize) -> String {
        let mut state = seed;
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        let mut layers: Vec<String> = Vec::new();
        for index in 0..count {
            let earlier =
                |place: usize| if place == 0 { "input".to_owned() } else { format!("l{}", place - 1) };
            let (a, b) = (earlier(below(index + 1)), earlier(below(index + 1)));
            layers.push(match below(4) {
                0 => format!(r#"{{"name":"l{index}","op":"concat","inputs":["{a}","{b}"]}}"#),
                1 => format!(r#"{{"name":"l{index}","op":"sigmoid","inputs":["{a}"]}}"#),
                _ => conv(&format!("l{index}"), 1 + below(9) as u32, &a),
            });
        }
        let last: Vec<usize> = (count - 3..count).collect();
        layers.extend(last.iter().map(|place| {
            format!(r#"{{"name":"mean{place}","op":"global-avg-pool","inputs":["l{place}"]}}"#)
        }));
        let means: Vec<String> = last.iter().map(|place| format!(r#""mean{place}""#)).collect();
        layers.push(format!(r#"{{"op":"concat","inputs":[{}]}}"#, means.join(",")));
        layers.join(",")
    }

    #[test]
    fn no_order_of_a_small_graph_needs_less() {
        let mut improved = 0;
        for seed in 0..300 {
            let graph = graph("[2,3,3]", &random_layers(seed, 5));
            let (_, peak, given, is_optimal) = scheduled(&graph);
            let smallest = smallest_peak(&graph, &Deployment::new(&graph), &mut Vec::new());
            assert_eq!((peak, is_optimal), (smallest, true), "seed {seed}");
            improved += u32::from(peak < given);
        }
        assert!(improved > 20, "only {improved} of 300 could be improved: the test shows little");
    }

    #[test]
    fn large_graphs_are_ordered_too_and_say_what_is_proven() {
        // 100 wide branches, narrowed one after the other only in the best order: more than a set has bits.
        let branches = 100;
        let wide = (0..branches).map(|index| conv(&format!("w{index}"), 8, "input"));
        let narrow = (0..branches).map(|index| conv(&format!("n{index}"), 1, &format!("w{index}")));
        let names: Vec<String> = (0..branches).map(|index| format!(r#""n{index}""#)).collect();
        let concat = format!(r#"{{"op":"concat","inputs":[{}]}}"#, names.join(","));
        let layers: Vec<String> = wide.chain(narrow).chain([concat]).collect();
        let (_, peak, given, is_optimal) = scheduled(&graph("[1,2,2]", &layers.join(",")));
        assert!(peak <= given && !is_optimal, "{peak} of {given}");
    }

    #[test]
    fn steps_with_a_fixed_place_are_parts_of_their_own() {
        let parts_of = |layers: &[String]| {
            let graph = graph("[1,4,4]", &layers.join(","));
            parts(&Deployment::new(&graph))
        };
        let chain = [conv("a", 2, "input"), conv("b", 2, "a"), conv("c", 2, "b")];
        assert_eq!(parts_of(&chain), [0..1, 1..2, 2..3]);
        let residual = [
            conv("a", 1, "input"),
            conv("b", 1, "a"),
            r#"{"name":"s","op":"add","inputs":["input","b"]}"#.into(),
            conv("x", 1, "s"),
            conv("y", 1, "s"),
            r#"{"op":"add","inputs":["x","y"]}"#.into(),
        ];
        assert_eq!(parts_of(&residual), [0..1, 1..2, 2..3, 3..5, 5..6]);
        // The second branch reads the input only.
        let branches =
            [conv("a", 1, "input"), conv("b", 1, "input"), r#"{"op":"add","inputs":["a","b"]}"#.into()];
        assert_eq!(parts_of(&branches), [0..2, 2..3]);
    }
}
