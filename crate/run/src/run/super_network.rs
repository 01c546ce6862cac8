//! The super-network that candidates inherit their weights from: trained before the first of them is asked for.

use super::Run;
use crate::evaluation::Supernet;
use crate::job::MEMORY_LIMIT_BYTES;
use crate::{Job, JobKind, LogLine, StopReason, Trained};

impl Run {
    /// Starts its training, where the run has one.
    pub(super) fn start_super_network(&mut self) {
        let Some(Supernet { spec, recipe }) = &self.problem.supernet else { return };
        let (spec, recipe) = (spec.clone(), recipe.clone());
        let epochs = recipe.horizon_epochs;
        let (network, planned_macs) = self.problem.plan_super_network(epochs);
        let job = Job {
            id: 0,
            kind: JobKind::SuperNetwork,
            ask: 0,
            name: String::new(),
            network,
            key: spec.key.clone(),
            data: self.problem.data.clone(),
            recipe,
            epochs,
            epochs_before: 0,
            score: None,
            supernet: Some(spec),
            inherits: None,
            may_be_inherited: false,
            run_seed: self.problem.config.seed,
            replicate: 0,
            planned_macs,
            memory_limit_bytes: MEMORY_LIMIT_BYTES,
        };
        self.awaits_super_network = true;
        self.asked_macs = self.asked_macs.saturating_add(planned_macs);
        self.clock.wait(planned_macs);
        self.enqueue(planned_macs, job);
    }

    /// Writes what came of its training, and begins the search; without its weights the run is over.
    pub(super) fn tell_super_network(&mut self, job: &Job, result: Trained) {
        let Job { epochs, planned_macs, .. } = *job;
        let Trained { curve, weights_sha256, failure, .. } = result;
        let has_failed = failure.is_some();
        self.write(&LogLine::SuperNetwork { epochs, planned_macs, curve, weights_sha256, failure });
        self.awaits_super_network = false;
        if has_failed {
            self.stop(StopReason::SuperNetwork);
        } else {
            self.advance();
        }
    }
}
