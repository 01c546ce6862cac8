//! Colours that tell the vertices of a graph apart.

use super::live::{Live, Vertex};

/// A colour for each vertex. It is the number of vertices whose colours come before it.
#[derive(Clone)]
pub(super) struct Colouring {
    pub(super) colours: Vec<usize>,
    /// The vertices, those of one colour side by side, in the order of the colours.
    pub(super) order: Vec<Vertex>,
}

impl Colouring {
    /// The colours that labels and output give, refined.
    pub(super) fn new(live: &Live, signatures: &mut Signatures) -> Self {
        let count = live.labels.len();
        let label = |vertex: Vertex| (live.labels[vertex], vertex == live.output);
        let mut order: Vec<Vertex> = (0..count).collect();
        order.sort_unstable_by_key(|&vertex| label(vertex));
        let mut colours = vec![0; count];
        for place in 1..count {
            let [before, vertex] = [order[place - 1], order[place]];
            colours[vertex] = if label(before) == label(vertex) { colours[before] } else { place };
        }
        let mut colouring = Self { colours, order };
        colouring.refine(live, signatures, vec![true; count]);
        colouring
    }

    /// The same with one vertex before the others of its colour, refined.
    pub(super) fn told_apart(&self, vertex: Vertex, live: &Live, signatures: &mut Signatures) -> Self {
        let mut colouring = self.clone();
        let first = self.colours[vertex];
        let class = &mut colouring.order[first..first + self.class(first).len()];
        let place = class.iter().position(|&other| other == vertex).expect("a vertex is in its class");
        class.swap(0, place);
        let mut may_split = vec![false; self.order.len()];
        for &other in &class[1..] {
            colouring.colours[other] = first + 1;
        }
        for &member in &*class {
            mark_neighbours(live, member, &mut may_split);
        }
        colouring.refine(live, signatures, may_split);
        colouring
    }

    /// The vertices of the first colour that several share.
    pub(super) fn shared_class(&self) -> Option<&[Vertex]> {
        let mut first = 0;
        while first < self.order.len() {
            let class = self.class(first);
            if class.len() > 1 {
                return Some(class);
            }
            first += 1;
        }
        None
    }

    /// The vertices of a colour.
    fn class(&self, colour: usize) -> &[Vertex] {
        let rest = &self.order[colour..];
        let len = rest.iter().take_while(|&&vertex| self.colours[vertex] == colour).count();
        &rest[..len]
    }

    /// Splits classes of colour until each vertex's readers and inputs are told by its colour. Only classes can split of
    /// which a vertex reads, or is read by, one of a class that split before.
    fn refine(&mut self, live: &Live, signatures: &mut Signatures, mut may_split: Vec<bool>) {
        let mut recoloured: Vec<(Vertex, usize)> = Vec::new();
        let mut next_may_split = vec![false; self.order.len()];
        loop {
            let mut first = 0;
            while first < self.order.len() {
                let end = first + self.class(first).len();
                let class = &mut self.order[first..end];
                if class.len() > 1 && class.iter().any(|&vertex| may_split[vertex]) {
                    for &vertex in &*class {
                        signatures.look(live, vertex, &self.colours);
                    }
                    class.sort_unstable_by(|&a, &b| signatures.of(a).cmp(signatures.of(b)));
                    let known = recoloured.len();
                    let mut colour = first;
                    for place in 1..class.len() {
                        if signatures.of(class[place]) != signatures.of(class[place - 1]) {
                            colour = first + place;
                        }
                        if colour > first {
                            recoloured.push((class[place], colour));
                        }
                    }
                    if recoloured.len() > known {
                        for &vertex in &*class {
                            mark_neighbours(live, vertex, &mut next_may_split);
                        }
                    }
                }
                first = end;
            }
            if recoloured.is_empty() {
                return;
            }
            recoloured.drain(..).for_each(|(vertex, colour)| self.colours[vertex] = colour);
            core::mem::swap(&mut may_split, &mut next_may_split);
            next_may_split.fill(false);
        }
    }
}

fn mark_neighbours(live: &Live, vertex: Vertex, marks: &mut [bool]) {
    live.inputs[vertex].iter().for_each(|&input| marks[input] = true);
    live.readers[vertex].iter().for_each(|&(reader, _)| marks[reader] = true);
}

/// What tells vertices of one colour apart: the colours of what they read, then of what reads them, with the places at which it
/// does. One buffer for all vertices, used again in each round.
pub(super) struct Signatures {
    /// For each vertex, where its signature starts, and where the last one ends.
    starts: Vec<usize>,
    values: Vec<(usize, usize)>,
}

/// Behind the colours of what is read, so that shorter lists come first. All colours are told as one more than they are.
const END: (usize, usize) = (0, 0);

impl Signatures {
    pub(super) fn new(live: &Live) -> Self {
        let mut starts = Vec::with_capacity(live.inputs.len() + 1);
        let mut end = 0;
        starts.push(end);
        for (inputs, readers) in live.inputs.iter().zip(&live.readers) {
            end += inputs.len() + 1 + readers.len();
            starts.push(end);
        }
        Self { values: vec![END; end], starts }
    }

    /// Notes the colours around a vertex.
    fn look(&mut self, live: &Live, vertex: Vertex, colours: &[usize]) {
        let noted = &mut self.values[self.starts[vertex]..self.starts[vertex + 1]];
        let (inputs, behind) = noted.split_at_mut(live.inputs[vertex].len());
        inputs
            .iter_mut()
            .zip(&live.inputs[vertex])
            .for_each(|(noted, &input)| *noted = (colours[input] + 1, 0));
        if live.commutative[vertex] {
            inputs.sort_unstable();
        }
        let readers = &mut behind[1..];
        for (noted, &(reader, place)) in readers.iter_mut().zip(&live.readers[vertex]) {
            *noted = (colours[reader] + 1, place);
        }
        readers.sort_unstable();
    }

    fn of(&self, vertex: Vertex) -> &[(usize, usize)] {
        &self.values[self.starts[vertex]..self.starts[vertex + 1]]
    }
}
