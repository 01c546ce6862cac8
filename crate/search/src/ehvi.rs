use std::collections::BTreeMap;

use nas_member::{Member, Settings, Text};
use nas_space::{GeneTree, Genotype};

use crate::bayesian::startup;
use crate::gaussian::Belief;
use crate::improvement::Improvable;
use crate::known::Known;
use crate::proposals::{Effort, draw_anywhere, rank_proposals};
use crate::surrogate::Surrogate;
use crate::{Appraisal, Ask, Inspection, Proposal, Strategy, Told, non_dominated_sort};

/// Share of the first results whose error counts. The least accurate would stretch the range in which the process learns;
/// it makes no difference which of them one has.
const COUNTED: f64 = 0.8;
/// Least standard deviation of the errors, for when all are equal.
const MIN_DEVIATION: f64 = 1e-9;
/// Standard deviation of the kernel's priors. On NAS-Bench-201 errors took a wider one than ranks.
const PRIOR_DEVIATION: f64 = 0.7;
/// Every candidate that is looked at has to be priced.
const EFFORT: Effort = Effort { draws: 30, parents: 30, mutants: 40, climbs: 4, neighbours: 24 };

/// Bayesian optimization of two or three objectives by expected hypervolume improvement (Emmerich et al. 2006,
/// "Single- and Multiobjective Evolutionary Optimization Assisted by Gaussian Random Field Metamodels"): a Gaussian
/// process learns the errors; costs are known before a candidate is evaluated, so that they need no model.
pub struct Ehvi {
    genes: GeneTree,
    startup: u32,
    told: Vec<Told>,
}

impl Ehvi {
    pub(crate) fn member() -> Member {
        Member {
            id: "ehvi",
            title: Text::new("Bayesian Pareto search (EHVI)", "Búsqueda bayesiana de Pareto (EHVI)"),
            sentence: Text::new(
                "A Gaussian process predicts the error of every candidate; the one by which the Pareto front should grow most comes next.",
                "Un proceso gaussiano predice el error de cada candidata; la que más debería hacer crecer el frente de Pareto es la siguiente.",
            ),
            settings: vec![startup(20)],
        }
    }

    /// The strategy as configured by `settings`, for a space of these genes.
    #[must_use]
    pub fn new(settings: &Settings, genes: &GeneTree) -> Self {
        Self { genes: genes.clone(), startup: settings.integer("startup"), told: Vec::new() }
    }

    fn learn(&self, pending: &[Genotype]) -> Surrogate<'_> {
        let bound = self.error_bound();
        Surrogate::learn(
            &self.genes,
            &self.best_first(),
            &|errors| clipped(errors, bound),
            PRIOR_DEVIATION,
            pending,
        )
    }

    /// The error that counts no longer. It is taken from the first results alone: drawn by lot they tell what is ordinary,
    /// while the later ones are the better the longer the search.
    fn error_bound(&self) -> f64 {
        let mut first: Vec<f64> = self.told.iter().take(self.startup as usize).map(Told::error).collect();
        first.sort_by(f64::total_cmp);
        first[(COUNTED * (first.len() - 1) as f64) as usize]
    }

    /// The results front by front.
    fn best_first(&self) -> Vec<&Told> {
        let objectives: Vec<Vec<f64>> = self.told.iter().map(|told| told.objectives.clone()).collect();
        let fronts = non_dominated_sort(&objectives, &vec![0.0; self.told.len()]);
        fronts.into_iter().flatten().map(|index| &self.told[index]).collect()
    }

    /// The candidate by which the dominated space should grow most, if one within the limits is found.
    fn propose(&self, ask: &mut Ask<'_>, known: &Known<'_>) -> Option<Proposal> {
        let surrogate = self.learn(ask.pending);
        let drawn = draw_anywhere(ask, EFFORT);
        let mut appraisals: BTreeMap<Genotype, Appraisal> =
            drawn.iter().map(|genotype| (genotype.clone(), (ask.appraise)(genotype))).collect();
        let improvable = improvable(&surrogate, &appraisals, ask);
        let mut acquire = |ask: &mut Ask<'_>, genotypes: &[Genotype]| -> Vec<f64> {
            let expect = |(genotype, belief): (&Genotype, Belief)| {
                let appraisal =
                    appraisals.entry(genotype.clone()).or_insert_with(|| (ask.appraise)(genotype));
                let is_feasible = appraisal.violation == 0.0;
                if is_feasible { improvable.expect(belief, &appraisal.costs) } else { f64::NEG_INFINITY }
            };
            genotypes.iter().zip(surrogate.process.beliefs(genotypes)).map(expect).collect()
        };
        let ranked = rank_proposals(ask, known, EFFORT, drawn, &self.best_first(), &mut acquire);
        let (growth, genotype, parent) = ranked.into_iter().next()?;
        (growth > f64::NEG_INFINITY).then_some(Proposal { genotype, parent })
    }
}

/// Errors in units of their standard deviation, from their mean; those beyond the bound are set to it.
fn clipped(errors: &[f64], bound: f64) -> Vec<f64> {
    let clipped: Vec<f64> = errors.iter().map(|error| error.min(bound)).collect();
    let count = errors.len() as f64;
    let mean = clipped.iter().sum::<f64>() / count;
    let variance = clipped.iter().map(|error| (error - mean) * (error - mean)).sum::<f64>() / count;
    let deviation = libm::sqrt(variance).max(MIN_DEVIATION);
    clipped.iter().map(|error| (error - mean) / deviation).collect()
}

/// What is to be improved upon: the results as the process sees them, and what is under way where it expects it. The
/// reference is the largest error that counts and the largest cost of the results and of candidates from the whole space.
fn improvable(
    surrogate: &Surrogate<'_>,
    drawn: &BTreeMap<Genotype, Appraisal>,
    ask: &mut Ask<'_>,
) -> Improvable {
    let seen = surrogate.observed.iter().zip(&surrogate.smoothed);
    let mut points: Vec<Vec<f64>> =
        seen.map(|(told, &mean)| [&[mean], &told.objectives[1..]].concat()).collect();
    let mut reference = points[0].clone();
    let mut raise = |from: usize, values: &[f64]| {
        reference[from..].iter_mut().zip(values).for_each(|(bound, value)| *bound = bound.max(*value));
    };
    for point in &points {
        raise(0, point);
    }
    for appraisal in drawn.values().filter(|appraisal| appraisal.violation == 0.0) {
        raise(1, &appraisal.costs);
    }
    let beliefs = surrogate.process.beliefs(ask.pending);
    for (genotype, belief) in ask.pending.iter().zip(beliefs) {
        points.push([&[belief.mean], (ask.appraise)(genotype).costs.as_slice()].concat());
    }
    Improvable::new(&points, reference)
}

impl Strategy for Ehvi {
    /// Asks are random until `startup` results are told.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Option<Proposal> {
        let known = Known::new(&self.told, ask.pending);
        if self.told.len() >= self.startup as usize
            && let Some(proposal) = self.propose(ask, &known)
        {
            return Some(proposal);
        }
        known.draw_another(ask).map(|genotype| Proposal { genotype, parent: None })
    }

    fn tell(&mut self, told: &Told) {
        self.told.push(told.clone());
    }

    fn inspect(&self) -> Inspection {
        if self.told.is_empty() { Inspection::Memoryless } else { self.learn(&[]).inspect() }
    }
}
