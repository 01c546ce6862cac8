//! Trainings that begin with the weights of the parent's.

use nas_arch::Canonical;
use nas_space::Genotype;

use super::{Candidate, Run, Trainee};
use crate::evaluation::MAX_DEPTH;
use crate::{HotStartLine, Inheritance, Job, JobKind};

impl Run {
    /// The training whose weights a child of this parent begins with. None where trainings begin cold, the parent's failed,
    /// the weights have passed through many trainings already, or no layer is the same.
    pub(super) fn lineage(&self, genotype: &Genotype, parent: Option<u32>) -> Option<Inheritance> {
        self.problem.hot_start.as_ref()?;
        let parent = parent?;
        let donor = self.donor(parent);
        let is_trained = donor.result.as_ref().is_some_and(|result| result.failure.is_none());
        if !is_trained || donor.depth >= MAX_DEPTH {
            return None;
        }
        Some(self.inheritance(genotype, parent, 0)).filter(|inheritance| !inheritance.layers.is_empty())
    }

    /// The candidate that was trained for this one: the first of the same network.
    pub(super) fn donor(&self, ask: u32) -> &Candidate {
        let evaluated_by = self.candidates[ask as usize].evaluated_by;
        &self.candidates[evaluated_by as usize]
    }

    fn inheritance(&self, genotype: &Genotype, parent: u32, replicate: u32) -> Inheritance {
        let Candidate { genotype: other, evaluated_by, .. } = &self.candidates[parent as usize];
        let layers = self.problem.layers_in_common(genotype, other);
        Inheritance { from: Box::new(self.training(*evaluated_by, replicate)), layers }
    }

    /// A training of a candidate that was asked for.
    pub(super) fn training(&self, ask: u32, replicate: u32) -> Job {
        let Candidate { genotype, network, name, summary, inherits_from, .. } =
            &self.candidates[ask as usize];
        let inherits = inherits_from.map(|parent| self.inheritance(genotype, parent, replicate));
        self.job(
            &Trainee { ask, kind: JobKind::Search, network, name, macs: summary.macs },
            replicate,
            inherits,
        )
    }

    /// The candidate that this network was trained for, where weights depend on who asked for it.
    pub(super) fn trained_before(&self, canonical: &Canonical) -> Option<u32> {
        self.problem.hot_start.as_ref()?;
        self.first_asks.get(&canonical.digest().to_string()).copied()
    }

    /// What is the same for candidates of which only the first is evaluated: the key, or, where it depends on the parent, the
    /// network.
    pub(super) fn identity(&self, canonical: &Canonical, key: &str) -> String {
        let digest = self.problem.hot_start.as_ref().map(|_| canonical.digest().to_string());
        digest.unwrap_or_else(|| key.to_owned())
    }
}

/// What the log says of where a training begins.
pub(super) fn hot_start_line(job: &Job) -> Option<HotStartLine> {
    let inheritance = job.inherits.as_ref()?;
    Some(HotStartLine { from: inheritance.from.ask, epochs: job.epochs })
}
