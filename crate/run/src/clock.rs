//! The virtual clock: the order in which results are told, whoever finishes first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A clock that runs on planned work.
///
/// A run has `width` slots. A job that starts at virtual time t with planned cost c ends at t + c; results are
/// taken in the order (end, number). A slot that becomes free starts its next job at the end of the last one. So
/// the order depends on plans only, never on who computes what, where, or how fast.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    width: usize,
    now: u64,
    under_way: BinaryHeap<Reverse<(u64, u32)>>,
}

impl VirtualClock {
    /// A clock at time 0 with `width` free slots.
    ///
    /// # Panics
    /// If there is no slot.
    #[must_use]
    pub fn new(width: u32) -> Self {
        assert!(width > 0, "a run needs at least one slot");
        Self { width: width as usize, now: 0, under_way: BinaryHeap::new() }
    }

    /// Moves on by work that all slots wait for.
    ///
    /// # Panics
    /// If a job is under way.
    pub fn wait(&mut self, planned: u64) {
        assert!(self.under_way.is_empty(), "{} jobs are under way", self.under_way.len());
        self.now = self.now.saturating_add(planned);
    }

    /// Virtual time.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Whether another job may start now.
    #[must_use]
    pub fn has_free_slot(&self) -> bool {
        self.under_way.len() < self.width
    }

    /// Starts job `number` now and returns when it ends. It ends no earlier than `not_before`: an evaluation that
    /// waits for another one to end.
    ///
    /// # Panics
    /// If no slot is free.
    pub fn start(&mut self, number: u32, planned: u64, not_before: u64) -> u64 {
        assert!(self.has_free_slot(), "job {number} was started with all {} slots taken", self.width);
        let end = self.now.saturating_add(planned).max(not_before);
        self.under_way.push(Reverse((end, number)));
        end
    }

    /// The job that ends next.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        self.under_way.peek().map(|Reverse((_, number))| *number)
    }

    /// Moves on to the end of the next job, frees its slot and returns it.
    pub fn advance(&mut self) -> Option<u32> {
        let Reverse((end, number)) = self.under_way.pop()?;
        self.now = end;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_end_in_the_order_of_their_plans() {
        let mut clock = VirtualClock::new(3);
        for (number, planned) in [(0, 30), (1, 10), (2, 10)] {
            clock.start(number, planned, 0);
        }
        assert!(!clock.has_free_slot());
        assert_eq!((clock.advance(), clock.now()), (Some(1), 10));
        // Starts at 10, where job 1 ended, and ends before job 0.
        clock.start(3, 5, 0);
        let order: Vec<u32> = std::iter::from_fn(|| clock.advance()).collect();
        assert_eq!(order, [2, 3, 0]);
        assert_eq!(clock.now(), 30);
    }

    #[test]
    fn a_job_that_waits_for_another_ends_with_it() {
        let mut clock = VirtualClock::new(2);
        let end = clock.start(0, 50, 0);
        assert_eq!(clock.start(1, 0, end), 50);
        assert_eq!(clock.advance(), Some(0));
        assert_eq!(clock.advance(), Some(1));
    }
}
