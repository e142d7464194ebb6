//! Decides when failing cases are sent again, and keeps the list of them.
//!
//! This module never looks at a file, a port or a clock: it receives what was observed.

use crate::report::{CaseResult, Reporter, RunSummary};
use std::collections::BTreeSet;
use std::io;

/// Why cases are sent again, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedChange {
    /// The endpoint no longer accepts connections.
    EndpointDown,
    /// The endpoint accepts connections again.
    EndpointBack,
    /// Files have changed, and are not being written any more.
    Files,
}

/// Turns observations into changes.
#[derive(Clone, Debug)]
pub struct ChangeDetector {
    fingerprint: u64,
    /// A fingerprint that was observed once: files may still be written.
    unsettled: Option<u64>,
    is_down: bool,
}

impl ChangeDetector {
    /// Creates a detector for files with this fingerprint and an endpoint that is down or not.
    pub fn new(fingerprint: u64, is_down: bool) -> Self {
        Self { fingerprint, unsettled: None, is_down }
    }

    /// Returns the change that an observation shows. `is_up` is absent if the endpoint's port is not watched.
    pub fn observe(&mut self, fingerprint: u64, is_up: Option<bool>) -> Option<WatchedChange> {
        match is_up {
            Some(false) => {
                let was_down = std::mem::replace(&mut self.is_down, true);
                return (!was_down).then_some(WatchedChange::EndpointDown);
            }
            Some(true) if self.is_down => {
                *self = Self::new(fingerprint, false);
                return Some(WatchedChange::EndpointBack);
            }
            _ => {}
        }
        if fingerprint == self.fingerprint {
            self.unsettled = None;
            return None;
        }
        if self.unsettled != Some(fingerprint) {
            self.unsettled = Some(fingerprint);
            return None;
        }
        *self = Self::new(fingerprint, self.is_down);
        Some(WatchedChange::Files)
    }
}

/// How the list of failing cases changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListChange {
    /// Cases that fail no longer.
    pub fixed: Vec<String>,
    /// Cases that fail and did not before.
    pub added: Vec<String>,
}

/// The failing cases of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailingCases {
    /// Their ids.
    pub ids: BTreeSet<String>,
}

impl FailingCases {
    /// Replaces the list after a run, and returns what changed. After a run that is incomplete, cases that were not sent
    /// stay in the list.
    pub fn update(&mut self, run: &WatchedRun) -> ListChange {
        let mut next = run.failing.clone();
        if run.incomplete.is_some() {
            next.extend(self.ids.iter().filter(|id| !run.sent.contains(*id)).cloned());
        }
        let change = ListChange {
            fixed: self.ids.difference(&next).cloned().collect(),
            added: next.difference(&self.ids).cloned().collect(),
        };
        self.ids = next;
        change
    }
}

/// What a run of watched cases showed. It collects the events of the run.
#[derive(Clone, Debug, Default)]
pub struct WatchedRun {
    /// The ids of all cases that were sent.
    pub sent: BTreeSet<String>,
    /// The ids of findings.
    pub failing: BTreeSet<String>,
    /// Why the run is incomplete.
    pub incomplete: Option<String>,
}

impl Reporter for WatchedRun {
    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        let id = done.case.id.to_string();
        if done.is_finding {
            self.failing.insert(id.clone());
        }
        self.sent.insert(id);
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.incomplete.clone_from(&summary.incomplete_reason);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_reported_once_and_files_only_when_they_are_written() {
        use WatchedChange::{EndpointBack, EndpointDown, Files};
        let mut detector = ChangeDetector::new(1, false);
        for (fingerprint, is_up, change) in [
            (1, Some(true), None),
            (2, Some(true), None),
            (3, Some(true), None),
            (3, Some(true), Some(Files)),
            (3, Some(true), None),
            (3, Some(false), Some(EndpointDown)),
            (3, Some(false), None),
            (4, Some(false), None),
            (4, Some(true), Some(EndpointBack)),
            (4, Some(true), None),
            (5, None, None),
            (4, None, None),
            (5, None, None),
            (5, None, Some(Files)),
        ] {
            assert_eq!(detector.observe(fingerprint, is_up), change, "{fingerprint} {is_up:?}");
        }
        // An endpoint that was never up comes up.
        assert_eq!(ChangeDetector::new(1, true).observe(1, Some(true)), Some(EndpointBack));
    }

    #[test]
    fn list_shrinks_by_what_was_sent_and_passes() {
        let ids = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let run = |sent: &str, failing: &str, incomplete: Option<&str>| WatchedRun {
            sent: ids(sent),
            failing: ids(failing),
            incomplete: incomplete.map(str::to_owned),
        };
        let mut failing = FailingCases::default();
        assert_eq!(failing.update(&run("a b c d", "a b c", None)).added, ["a", "b", "c"]);
        assert_eq!(failing.update(&run("a", "", Some("stopped"))).fixed, ["a"]);
        assert_eq!(failing.ids, ids("b c"));
        // A case that the scenario no longer has is gone.
        let change = failing.update(&run("b", "b", None));
        assert_eq!(change, ListChange { fixed: vec!["c".to_owned()], added: Vec::new() });
    }
}
