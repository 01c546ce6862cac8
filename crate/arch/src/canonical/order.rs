//! The order that equal graphs share.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use smallvec::SmallVec;

use super::colouring::{Colouring, Signatures};
use super::live::{Live, Vertex};

/// The vertices in canonical order; the input comes first.
pub(super) fn canonical_order(live: &Live) -> Vec<Vertex> {
    let mut signatures = Signatures::new(live);
    let colouring = Colouring::new(live, &mut signatures);
    if colouring.shared_class().is_none() {
        return topological(live, &colouring);
    }
    let mut search = Search { live, signatures, best: None, automorphisms: Vec::new() };
    search.explore(&colouring, &mut Vec::new());
    search.best.expect("the search ends in at least one leaf").1
}

/// Topological order that prefers the smallest colour; every vertex must have its own.
fn topological(live: &Live, colouring: &Colouring) -> Vec<Vertex> {
    let mut missing: Vec<usize> = live.inputs.iter().map(SmallVec::len).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = BinaryHeap::with_capacity(missing.len());
    ready.extend(
        (0..missing.len())
            .filter(|&vertex| missing[vertex] == 0)
            .map(|vertex| Reverse(colouring.colours[vertex])),
    );
    let mut order = Vec::with_capacity(missing.len());
    while let Some(Reverse(colour)) = ready.pop() {
        let vertex = colouring.order[colour];
        order.push(vertex);
        for &(reader, _) in &live.readers[vertex] {
            missing[reader] -= 1;
            if missing[reader] == 0 {
                ready.push(Reverse(colouring.colours[reader]));
            }
        }
    }
    order
}

/// For each vertex in an order its label, then one more than the places of its inputs in that order, then 0.
type Certificate = Vec<usize>;

fn certificate(live: &Live, order: &[Vertex]) -> Certificate {
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &vertex)| places[vertex] = place);
    let mut certificate = Vec::with_capacity(4 * order.len());
    for &vertex in order {
        certificate.push(live.labels[vertex]);
        certificate.extend(live.read_by(vertex, &places).iter().map(|place| place + 1));
        certificate.push(0);
    }
    certificate
}

/// Search for the order with the smallest certificate.
struct Search<'a> {
    live: &'a Live<'a>,
    signatures: Signatures,
    best: Option<(Certificate, Vec<Vertex>)>,
    /// Permutations of the vertices under which the graph is unchanged, found on the way.
    automorphisms: Vec<Vec<Vertex>>,
}

impl Search<'_> {
    /// Explores all ways to tell apart what refinement left equal; `fixed` are the vertices told apart so far.
    fn explore(&mut self, colouring: &Colouring, fixed: &mut Vec<Vertex>) {
        let Some(class) = colouring.shared_class() else { return self.leaf(colouring) };
        let mut explored: Vec<Vertex> = Vec::new();
        for &vertex in class {
            if self.is_image_of(vertex, &explored, fixed) {
                continue;
            }
            explored.push(vertex);
            fixed.push(vertex);
            let told_apart = colouring.told_apart(vertex, self.live, &mut self.signatures);
            self.explore(&told_apart, fixed);
            fixed.pop();
        }
    }

    fn leaf(&mut self, colouring: &Colouring) {
        let order = topological(self.live, colouring);
        let certificate = certificate(self.live, &order);
        match &self.best {
            Some((best, best_order)) if *best == certificate => {
                let mut image = vec![0; order.len()];
                best_order.iter().zip(&order).for_each(|(&from, &to)| image[from] = to);
                self.automorphisms.push(image);
            }
            Some((best, _)) if *best < certificate => {}
            _ => self.best = Some((certificate, order)),
        }
    }

    /// Whether an automorphism that keeps `fixed` in place maps an explored vertex to this one.
    fn is_image_of(&self, vertex: Vertex, explored: &[Vertex], fixed: &[Vertex]) -> bool {
        let mut reached = explored.to_vec();
        let mut next = 0;
        while next < reached.len() {
            for image in self.automorphisms.iter().filter(|image| fixed.iter().all(|&v| image[v] == v)) {
                if !reached.contains(&image[reached[next]]) {
                    reached.push(image[reached[next]]);
                }
            }
            next += 1;
        }
        reached.contains(&vertex)
    }
}
