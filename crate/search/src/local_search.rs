use nas_member::{Member, Text};
use nas_space::Genotype;

use crate::{Ask, Inspection, Proposal, Strategy, Told};

/// Climbs whose neighbours are looked at again before a new one starts: as many as can be under way at once. Older ones
/// have long reached their top.
const OPEN_CLIMBS: usize = 8;
/// Draws for a start that was not seen before; in a space that is nearly exhausted an old one is taken.
const FRESH_DRAWS: u32 = 100;

/// Hill climbing with restarts: from a random start to the first better one of its neighbours, in random order, until none
/// is better; then from another start (White et al. 2021, "Exploring the Loss Landscape in Neural Architecture Search").
///
/// Where several candidates are under way and nothing is known to climb from, more starts are drawn. Those told one after
/// another are a wave: each is a climb of its own, and the best of the newest wave goes on first.
#[derive(Default)]
pub struct LocalSearch {
    /// The newest last.
    climbs: Vec<Climb>,
    /// The climb of each ask.
    climb_of: Vec<(u32, usize)>,
    /// Results that were no starts.
    told_on_the_way: usize,
    /// What was evaluated, by ascending genotype; of the same one again the best.
    seen: Vec<Told>,
}

struct Climb {
    /// Its best; of equals the first one.
    top: Told,
    /// The results before its start that were no starts: starts told one after another have as many.
    wave: usize,
}

impl LocalSearch {
    pub(crate) fn member() -> Member {
        Member {
            id: "local-search",
            title: Text::new("Local search", "Búsqueda local"),
            sentence: Text::new(
                "Goes from neighbor to better neighbor, and starts anew where none is better.",
                "Pasa de vecina a vecina mejor, y vuelve a empezar donde ninguna es mejor.",
            ),
            settings: Vec::new(),
        }
    }

    /// Where a genotype stands among those seen, or where it would.
    fn place(&self, genotype: &Genotype) -> Result<usize, usize> {
        self.seen.binary_search_by(|seen| seen.genotype.cmp(genotype))
    }

    /// A new neighbour on the way up from the top of an open climb.
    fn step(&self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let mut open: Vec<&Climb> = self.climbs.iter().rev().take(OPEN_CLIMBS).collect();
        let order = |a: &Climb, b: &Climb| b.wave.cmp(&a.wave).then(a.top.error().total_cmp(&b.top.error()));
        while let Some(next) = (0..open.len()).min_by(|&a, &b| order(open[a], open[b])) {
            let proposal = self.step_from(&open.remove(next).top, ask);
            if proposal.is_some() {
                return proposal;
            }
        }
        None
    }

    /// The first neighbour that is new; one that was seen and is better is the next stand, at no cost.
    fn step_from<'a>(&'a self, mut stand: &'a Told, ask: &mut Ask<'_>) -> Option<Proposal> {
        'climb: loop {
            let mut neighbours = ask.genes.neighbours(&stand.genotype);
            ask.rng.shuffle(&mut neighbours);
            for genotype in neighbours {
                match self.place(&genotype) {
                    Ok(place) if self.seen[place].error() < stand.error() => {
                        stand = &self.seen[place];
                        continue 'climb;
                    }
                    Err(_) if !ask.pending.contains(&genotype) && ask.is_feasible(&genotype) => {
                        return Some(Proposal { genotype, parent: Some(stand.ask) });
                    }
                    _ => {}
                }
            }
            return None;
        }
    }

    fn start(&self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let mut genotype = ask.draw()?;
        for _ in 1..FRESH_DRAWS {
            if self.place(&genotype).is_err() && !ask.pending.contains(&genotype) {
                break;
            }
            genotype = ask.draw()?;
        }
        Some(Proposal { genotype, parent: None })
    }
}

impl Strategy for LocalSearch {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        self.step(ask).or_else(|| self.start(ask))
    }

    fn tell(&mut self, told: &Told) {
        match self.place(&told.genotype) {
            Err(place) => self.seen.insert(place, told.clone()),
            Ok(place) if told.error() < self.seen[place].error() => self.seen[place] = told.clone(),
            Ok(_) => {}
        }
        let parent = self.climb_of.iter().rev().find(|(ask, _)| Some(*ask) == told.parent);
        let place = parent.map_or(self.climbs.len(), |(_, place)| *place);
        match self.climbs.get_mut(place) {
            Some(climb) if told.error() < climb.top.error() => climb.top = told.clone(),
            Some(_) => {}
            None => self.climbs.push(Climb { top: told.clone(), wave: self.told_on_the_way }),
        }
        self.told_on_the_way += usize::from(parent.is_some());
        self.climb_of.push((told.ask, place));
    }

    fn inspect(&self) -> Inspection {
        Inspection::Climbs { tops: self.climbs.iter().map(|climb| climb.top.ask).collect() }
    }
}

#[cfg(test)]
mod tests {
    use nas_numerics::Rng;
    use nas_space::{Gene, GeneTree};

    use super::*;
    use crate::Appraisal;

    fn told(ask: u32, values: [u16; 2], parent: Option<u32>, error: f64) -> Told {
        Told { ask, genotype: Genotype(values.to_vec()), parent, objectives: vec![error] }
    }

    /// What is proposed next in a space of 3·3, where all but these are within the limits.
    fn next(strategy: &mut LocalSearch, outside: &[[u16; 2]], pending: &[Genotype]) -> Proposal {
        let genes = GeneTree::new(vec![Gene::new("a", 0..3), Gene::new("b", 0..3)]);
        let mut appraise = |genotype: &Genotype| {
            if outside.iter().any(|values| *values == genotype.0[..]) {
                Appraisal::infeasible(1.0)
            } else {
                Appraisal::feasible(Vec::new())
            }
        };
        let rng = Rng::for_purpose(5, "ask", 0);
        strategy.ask(&mut Ask { number: 9, genes: &genes, rng, pending, appraise: &mut appraise }).unwrap()
    }

    #[test]
    fn it_moves_to_the_first_better_neighbor() {
        let mut strategy = LocalSearch::default();
        strategy.restore(&[
            told(0, [0, 0], None, 0.5),
            told(1, [0, 1], Some(0), 0.6),
            told(2, [1, 0], Some(0), 0.4),
        ]);
        assert_eq!(strategy.inspect(), Inspection::Climbs { tops: vec![2] });
        let proposal = next(&mut strategy, &[], &[]);
        assert_eq!(proposal.parent, Some(2));
        assert!([[1, 1], [1, 2], [2, 0]].iter().any(|values| *values == proposal.genotype.0[..]));
    }

    #[test]
    fn where_no_neighbor_is_left_it_starts_anew() {
        let mut strategy = LocalSearch::default();
        strategy.restore(&[
            told(0, [0, 0], None, 0.1),
            told(1, [0, 1], Some(0), 0.6),
            told(2, [1, 0], Some(0), 0.4),
        ]);
        // (0, 2) breaks a limit and (2, 0) is under way.
        let proposal = next(&mut strategy, &[[0, 2]], &[Genotype(vec![2, 0])]);
        assert_eq!(proposal.parent, None);
        assert!(proposal.genotype.0.iter().all(|&value| value > 0), "{proposal:?}");
        // The new climb goes on, however bad it is.
        strategy.tell(&told(3, [2, 2], None, 0.9));
        assert_eq!(next(&mut strategy, &[], &[]).parent, Some(3));
    }

    #[test]
    fn the_best_of_several_starts_goes_on_first() {
        let mut strategy = LocalSearch::default();
        strategy.restore(&[told(0, [0, 0], None, 0.5), told(1, [1, 1], None, 0.4)]);
        strategy.restore(&[told(2, [1, 0], Some(1), 0.6)]);
        assert_eq!(next(&mut strategy, &[], &[]).parent, Some(1));
        // One that is told after a step is a wave of its own, however bad it is.
        strategy.tell(&told(3, [2, 2], None, 0.9));
        assert_eq!(next(&mut strategy, &[], &[]).parent, Some(3));
        assert_eq!(strategy.inspect(), Inspection::Climbs { tops: vec![0, 1, 3] });
    }

    #[test]
    fn equals_are_not_climbed() {
        let mut strategy = LocalSearch::default();
        strategy.restore(&[told(0, [0, 0], None, 0.5), told(1, [0, 1], Some(0), 0.5)]);
        assert_eq!(next(&mut strategy, &[], &[]).parent, Some(0));
    }
}
