//! Counts how often an endpoint was restarted, and which cases were running each time it went down.
//!
//! It never starts a process and never sends a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The crashes of one run.
#[derive(Default)]
pub(super) struct CrashTracker(Mutex<CrashCounts>);

#[derive(Default)]
struct CrashCounts {
    /// Number of restarts.
    restarts: u32,
    /// Cases that found the endpoint down, by the number of restarts before they began.
    suspects: HashMap<u32, CrashSuspects>,
}

#[derive(Clone, Copy, Default)]
struct CrashSuspects {
    /// Number of suspects that have not been examined yet.
    unexamined: u32,
    is_reported: bool,
}

impl CrashTracker {
    /// Returns the number of restarts so far.
    pub fn restart_count(&self) -> u32 {
        self.with_counts(|counted| counted.restarts)
    }

    /// Records a restart of the endpoint.
    pub fn record_restart(&self) {
        self.with_counts(|counted| counted.restarts += 1);
    }

    /// Records that a case that began after this restart found the endpoint down.
    pub fn add_suspect(&self, start: u32) {
        self.with_counts(|counted| counted.suspects.entry(start).or_default().unexamined += 1);
    }

    /// Marks this crash as attributed; the other suspects are not retried.
    pub fn mark_attributed(&self, start: u32) {
        self.with_counts(|counted| counted.suspects.entry(start).or_default().is_reported = true);
    }

    /// Returns the number of unexamined suspects, one of which is the cause, and marks the crash as reported. Returns
    /// `None` if the crash was attributed or reported before.
    pub fn take_suspect_count(&self, start: u32) -> Option<u32> {
        self.with_counts(|counted| {
            let met = counted.suspects.entry(start).or_default();
            (!std::mem::replace(&mut met.is_reported, true)).then_some(met.unexamined)
        })
    }

    /// Records that a suspect was examined.
    pub fn record_examined(&self, start: u32) {
        self.with_counts(|counted| {
            let met = counted.suspects.entry(start).or_default();
            met.unexamined = met.unexamined.saturating_sub(1);
            // Every case that began before the last restart has finished, so there will be no more suspects.
            if met.unexamined == 0 && start < counted.restarts {
                counted.suspects.remove(&start);
            }
        });
    }

    fn with_counts<T>(&self, look: impl FnOnce(&mut CrashCounts) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::CrashTracker;

    #[test]
    fn each_crash_is_reported_once() {
        let downs = CrashTracker::default();
        let start = downs.restart_count();
        (0..4).for_each(|_| downs.add_suspect(start));
        downs.record_restart();
        downs.record_examined(start);
        assert_eq!((downs.take_suspect_count(start), downs.take_suspect_count(start)), (Some(3), None));
        (0..3).for_each(|_| downs.record_examined(start));
        let start = downs.restart_count();
        downs.add_suspect(start);
        downs.mark_attributed(start);
        assert_eq!((start, downs.take_suspect_count(start)), (1, None));
    }
}
