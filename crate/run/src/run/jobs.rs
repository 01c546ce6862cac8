use std::collections::BTreeMap;

use crate::{Job, JobId, JobKind, Trained};

/// Jobs waiting, handed out, and done before their virtual turn.
#[derive(Default)]
pub(super) struct Jobs {
    pub(super) next_id: JobId,
    /// By virtual end: what is waited for first is handed out first.
    pub(super) waiting: BTreeMap<(u64, JobId), Job>,
    /// With their virtual ends.
    pub(super) handed_out: Vec<(u64, Job)>,
    /// Results held until their turn, by kind, ask and replicate.
    pub(super) done: BTreeMap<(JobKind, u32, u32), Trained>,
}

impl Jobs {
    pub(super) fn take_back(&mut self, id: JobId) -> Option<(u64, Job)> {
        let at = self.handed_out.iter().position(|(_, job)| job.id == id)?;
        Some(self.handed_out.remove(at))
    }

    /// What came of all trainings of a candidate, once all are there.
    pub(super) fn result(&self, kind: JobKind, ask: u32, replicates: u32) -> Option<Trained> {
        let one = |replicate| self.done.get(&(kind, ask, replicate));
        Some(Trained::of_replicates(&(0..replicates).map(one).collect::<Option<Vec<_>>>()?))
    }
}
