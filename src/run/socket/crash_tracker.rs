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
        self.with_counts(|counts| counts.restarts)
    }

    /// Records a restart of the endpoint.
    pub fn record_restart(&self) {
        self.with_counts(|counts| counts.restarts += 1);
    }

    /// Records that a case that began after this restart found the endpoint down.
    pub fn add_suspect(&self, start: u32) {
        self.with_counts(|counts| counts.suspects.entry(start).or_default().unexamined += 1);
    }

    /// Marks this crash as attributed; the other suspects are not retried.
    pub fn mark_attributed(&self, start: u32) {
        self.with_counts(|counts| counts.suspects.entry(start).or_default().is_reported = true);
    }

    /// Returns the number of unexamined suspects, one of which is the cause, and marks the crash as reported. Returns
    /// `None` if the crash was attributed or reported before.
    pub fn take_suspect_count(&self, start: u32) -> Option<u32> {
        self.with_counts(|counts| {
            let suspects = counts.suspects.entry(start).or_default();
            (!std::mem::replace(&mut suspects.is_reported, true)).then_some(suspects.unexamined)
        })
    }

    /// Records that a suspect was examined.
    pub fn record_examined(&self, start: u32) {
        self.with_counts(|counts| {
            let suspects = counts.suspects.entry(start).or_default();
            suspects.unexamined = suspects.unexamined.saturating_sub(1);
            // Every case that began before the last restart has finished, so there will be no more suspects.
            if suspects.unexamined == 0 && start < counts.restarts {
                counts.suspects.remove(&start);
            }
        });
    }

    fn with_counts<T>(&self, read: impl FnOnce(&mut CrashCounts) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::CrashTracker;

    #[test]
    fn each_crash_is_reported_once() {
        let crashes = CrashTracker::default();
        let start = crashes.restart_count();
        (0..4).for_each(|_| crashes.add_suspect(start));
        crashes.record_restart();
        crashes.record_examined(start);
        assert_eq!((crashes.take_suspect_count(start), crashes.take_suspect_count(start)), (Some(3), None));
        (0..3).for_each(|_| crashes.record_examined(start));
        let start = crashes.restart_count();
        crashes.add_suspect(start);
        crashes.mark_attributed(start);
        assert_eq!((start, crashes.take_suspect_count(start)), (1, None));
    }
}
