//! Which operations succeeded in a run, and which of them a request broke: their controls made the server fail later.
//!
//! It never sends anything.

use super::CaseOutcome;
use crate::case::{CaseId, StepPurpose, StepRequest};
use crate::contract::OperationName;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of times that the endpoint is restored because of one operation.
const MAX_BREAKAGES_PER_OPERATION: u32 = 8;
/// Number of cases that fail on a broken operation until its control is sent again, because the endpoint may have been
/// restored.
const CASES_BETWEEN_CHECKS: u32 = 20;
/// Maximum number of breakages whose details are kept.
const MAX_KEPT_BREAKAGES: usize = 16;

/// An operation whose control succeeded, and made the server fail later in the run.
#[derive(Clone, Debug)]
pub struct Breakage {
    /// The case whose failure led to the discovery.
    pub found_by: CaseId,
    /// The outcome of the control.
    pub control: CaseOutcome,
}

/// The state of the operations during a run; clones share what is known.
#[derive(Clone, Debug, Default)]
pub struct OperationHealth(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The operations whose controls succeeded, with the number of times that they were broken.
    succeeded: Mutex<HashMap<OperationName, u32>>,
    breakages: Mutex<Vec<Breakage>>,
    /// Whether there are breakages: the common case must not take a lock that all workers share.
    has_breakages: AtomicBool,
    /// Number of times that the endpoint was restored.
    restorations: AtomicU32,
    /// Whether a reset did not restore the endpoint, so that only a restart can.
    must_restart: AtomicBool,
    /// The operations that no longer work on an endpoint that cannot be restored, each with the number of cases that have
    /// failed on it since.
    broken: Mutex<HashMap<OperationName, u32>>,
    /// Number of controls that were sent to see whether an operation still works.
    checks: AtomicU32,
}

impl OperationHealth {
    /// Records an outcome: a control that succeeds shows that its operation works.
    pub fn record_outcome(&self, outcome: &CaseOutcome) {
        let case = &outcome.case;
        let judged = outcome.exchanges.get(case.judged.shown_step()).and_then(Option::as_ref);
        if case.id.is_control()
            && let Some(response) = judged.and_then(|exchange| exchange.response.as_ref().ok())
            && (200..300).contains(&response.status)
        {
            lock(&self.0.succeeded).entry(case.operation.clone()).or_default();
        }
    }

    /// Returns the operation that failed in an outcome although its control succeeded before: the request under test got
    /// a server failure, or one that creates or changes what the case needs.
    pub fn failed_operation(&self, outcome: &CaseOutcome) -> Option<OperationName> {
        let steps = outcome.case.steps.iter().zip(&outcome.exchanges);
        let failed = steps.filter(|(step, _)| step.purpose != StepPurpose::TearDown).find(|(_, exchange)| {
            let response = exchange.as_ref().and_then(|exchange| exchange.response.as_ref().ok());
            response.is_some_and(|response| response.status >= 500)
        });
        let StepRequest::Operation { name, .. } = &failed?.0.request else { return None };
        lock(&self.0.succeeded).contains_key(name).then(|| name.clone())
    }

    /// Returns true if the endpoint should be restored because of an operation. A control that fails again and again
    /// fails for a reason of its own.
    pub fn is_worth_restoring(&self, operation: &OperationName) -> bool {
        lock(&self.0.succeeded).get(operation).is_some_and(|breakages| *breakages < MAX_BREAKAGES_PER_OPERATION)
    }

    /// Counts one more time that an operation which succeeded before fails.
    pub fn count_breakage(&self, operation: &OperationName) {
        *lock(&self.0.succeeded).entry(operation.clone()).or_default() += 1;
    }

    /// Counts a breakage, and keeps what led to its discovery.
    pub fn record_breakage(&self, breakage: Breakage) {
        self.count_breakage(&breakage.control.case.operation);
        let mut kept = lock(&self.0.breakages);
        if kept.len() < MAX_KEPT_BREAKAGES {
            kept.push(breakage);
        }
        self.0.has_breakages.store(true, Ordering::Release);
    }

    /// Returns the breakage that a case led to the discovery of.
    pub fn breakage_found_by(&self, case: &CaseId) -> Option<Breakage> {
        if !self.0.has_breakages.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.0.breakages).iter().find(|breakage| breakage.found_by == *case).cloned()
    }

    /// Records that an operation no longer works.
    pub fn mark_broken(&self, operation: &OperationName) {
        lock(&self.0.broken).insert(operation.clone(), 0);
    }

    /// Records that an operation works again.
    pub fn mark_working(&self, operation: &OperationName) {
        lock(&self.0.broken).remove(operation);
    }

    /// Returns true if an operation is known not to work any more. Each call counts one more case that failed on it; after
    /// [`CASES_BETWEEN_CHECKS`] cases it returns false once, so that the control is sent again.
    pub fn is_still_broken(&self, operation: &OperationName) -> bool {
        let mut broken = lock(&self.0.broken);
        let Some(cases) = broken.get_mut(operation) else { return false };
        *cases += 1;
        !cases.is_multiple_of(CASES_BETWEEN_CHECKS)
    }

    /// Returns a new number for a control that is sent to see whether an operation works, so that no two have the same id.
    pub fn next_check(&self) -> u32 {
        self.0.checks.fetch_add(1, Ordering::AcqRel)
    }

    /// Records that the endpoint was restored.
    pub fn record_restoration(&self) {
        self.0.restorations.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the number of times that the endpoint was restored.
    pub fn restoration_count(&self) -> u32 {
        self.0.restorations.load(Ordering::Acquire)
    }

    /// Records that a reset did not restore the endpoint.
    pub fn require_restart(&self) {
        self.0.must_restart.store(true, Ordering::Release);
    }

    /// Returns true if only a restart restores the endpoint.
    pub fn must_restart(&self) -> bool {
        self.0.must_restart.load(Ordering::Acquire)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_that_fails_again_and_again_is_given_up() {
        let health = OperationHealth::default();
        let operation = OperationName::new("CreateThing");
        assert!(!health.is_worth_restoring(&operation), "it never succeeded");
        for _ in 1..MAX_BREAKAGES_PER_OPERATION {
            health.count_breakage(&operation);
        }
        assert!(health.is_worth_restoring(&operation));
        health.count_breakage(&operation);
        assert!(!health.clone().is_worth_restoring(&operation), "clones share what is known");
    }
}
