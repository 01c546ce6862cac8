//! Where an acquisition function is largest.

use nas_space::Genotype;

use crate::known::Known;
use crate::{Ask, Told};

/// How many candidates are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Drawn from the whole space.
    pub(crate) draws: usize,
    /// The best results, of which there are mutants.
    pub(crate) parents: usize,
    /// Mutants of them, of each equally many on average.
    pub(crate) mutants: usize,
    /// Steps uphill from the best candidate.
    pub(crate) climbs: u32,
    /// Neighbours that a step looks at, at most.
    pub(crate) neighbours: usize,
}

/// Ranked candidates: the acquisition of each, the largest first, and the ask it is a mutant of.
pub(crate) type Ranked = Vec<(f64, Genotype, Option<u32>)>;

/// Candidates from the whole space, within the limits or not.
pub(crate) fn draw_anywhere(ask: &mut Ask<'_>, effort: Effort) -> Vec<Genotype> {
    (0..effort.draws).map(|_| ask.genes.draw(&mut ask.rng)).collect()
}

/// Genotypes that are not known, by falling acquisition: drawn from everywhere and mutants of the best results; and then,
/// step by step, neighbours of the best of them as long as there is a better one (as in SMAC; Hutter et al. 2011,
/// "Sequential Model-Based Optimization for General Algorithm Configuration", section 4.3).
///
/// `drawn` come from everywhere. `acquire` gives the acquisition of many genotypes at once; `parents` come best first.
pub(crate) fn rank_proposals(
    ask: &mut Ask<'_>,
    known: &Known<'_>,
    effort: Effort,
    drawn: Vec<Genotype>,
    parents: &[&Told],
    acquire: &mut dyn FnMut(&mut Ask<'_>, &[Genotype]) -> Vec<f64>,
) -> Ranked {
    let mut found: Vec<(Genotype, Option<u32>)> =
        drawn.into_iter().map(|genotype| (genotype, None)).collect();
    let parents = &parents[..parents.len().min(effort.parents)];
    for _ in 0..effort.mutants {
        let parent = *ask.rng.choose(parents);
        found.push((ask.genes.mutate(&parent.genotype, &mut ask.rng), Some(parent.ask)));
    }
    let mut ranked = Ranked::new();
    enter(&mut ranked, found, ask, known, acquire);
    for _ in 0..effort.climbs {
        let Some((best, genotype, parent)) = ranked.first().cloned() else { break };
        let mut neighbours = ask.genes.neighbours(&genotype);
        ask.rng.shuffle(&mut neighbours);
        neighbours.truncate(effort.neighbours);
        let found = neighbours.into_iter().map(|neighbour| (neighbour, parent)).collect();
        enter(&mut ranked, found, ask, known, acquire);
        if ranked[0].0 <= best {
            break;
        }
    }
    ranked
}

/// Enters those found that are neither known nor ranked.
fn enter(
    ranked: &mut Ranked,
    mut found: Vec<(Genotype, Option<u32>)>,
    ask: &mut Ask<'_>,
    known: &Known<'_>,
    acquire: &mut dyn FnMut(&mut Ask<'_>, &[Genotype]) -> Vec<f64>,
) {
    found.sort();
    found.dedup_by(|a, b| a.0 == b.0);
    found.retain(|(genotype, _)| {
        !known.contains(genotype) && ranked.iter().all(|(_, other, _)| other != genotype)
    });
    let genotypes: Vec<Genotype> = found.iter().map(|(genotype, _)| genotype.clone()).collect();
    let acquired = acquire(ask, &genotypes);
    ranked
        .extend(acquired.into_iter().zip(found).map(|(value, (genotype, parent))| (value, genotype, parent)));
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
}
