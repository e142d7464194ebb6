//! Shares what the workers of a run learn about the endpoint: throttling, busy resources, unresponsive operations.
//!
//! It never sends anything.

use super::schedule::RateSchedule;
use super::transport::Client;
use crate::contract::OperationName;
use crate::run::RunPlan;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// State shared by all workers of a run.
pub(super) struct WorkerShared {
    pub(super) client: Arc<Client>,
    pub(super) schedule: Option<RateSchedule>,
    /// Number of consecutive cases that stayed throttled. The run stops waiting for a server that always throttles.
    throttled_in_a_row: AtomicU32,
    /// Operations that report rejections as throttling although they have nothing to do with the rate; their responses
    /// are not retried.
    false_throttlers: Mutex<Vec<OperationName>>,
    /// Number of consecutive controls without a response, by operation.
    unanswered_controls: Mutex<HashMap<OperationName, u32>>,
    /// Whether `unanswered_controls` has entries: the common case must not take a lock that all workers share.
    has_unanswered_controls: AtomicBool,
    /// Number of consecutive temporary obstacles that did not go away in time. After too many, the run stops waiting
    /// for them.
    busy_in_a_row: AtomicU32,
    /// Fixtures whose condition was not met in time.
    unmet_conditions: Mutex<HashSet<String>>,
    /// Number of consecutive requests that got 503 until all retries were used up, by operation.
    unavailable_operations: Mutex<HashMap<OperationName, u32>>,
}

/// Maximum number of consecutive failures (throttling, busy resources) before the run stops waiting.
const MAX_FAILURES_IN_A_ROW: u32 = 8;
/// Maximum number of unanswered controls before an operation counts as unresponsive.
const MAX_UNANSWERED_CONTROLS: u32 = 3;
/// Maximum number of requests of an operation that stay unavailable before it counts as failing for another reason.
const MAX_UNAVAILABLE: u32 = 3;
/// Maximum number of operations that stay unavailable before the run stops waiting for any.
const MAX_UNAVAILABLE_OPERATIONS: usize = 8;

impl WorkerShared {
    pub(super) fn new(plan: &RunPlan<'_>, client: Client) -> Self {
        Self {
            client: Arc::new(client),
            schedule: plan.transport_options.rate_limit.map(RateSchedule::new),
            throttled_in_a_row: AtomicU32::new(0),
            false_throttlers: Mutex::default(),
            unanswered_controls: Mutex::default(),
            has_unanswered_controls: AtomicBool::new(false),
            busy_in_a_row: AtomicU32::new(0),
            unmet_conditions: Mutex::default(),
            unavailable_operations: Mutex::default(),
        }
    }

    /// Returns true if it is worth waiting before an operation's throttled request is sent again.
    pub(super) fn may_wait_for_throttling(&self, operation: Option<&OperationName>) -> bool {
        self.throttled_in_a_row.load(Ordering::Relaxed) < MAX_FAILURES_IN_A_ROW
            && !operation.is_some_and(|operation| self.lock_false_throttlers().contains(operation))
    }

    /// Records that a request stayed throttled.
    pub(super) fn record_throttled(&self) {
        self.throttled_in_a_row.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a request was not throttled.
    pub(super) fn record_unthrottled(&self) {
        reset_counter(&self.throttled_in_a_row);
    }

    /// Records that an operation reports rejections as throttling.
    pub(super) fn record_false_throttler(&self, operation: &OperationName) {
        let mut false_throttlers = self.lock_false_throttlers();
        if !false_throttlers.contains(operation) {
            false_throttlers.push(operation.clone());
        }
    }

    fn lock_false_throttlers(&self) -> MutexGuard<'_, Vec<OperationName>> {
        self.false_throttlers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if the condition of a fixture was not met in time before.
    pub(super) fn was_unmet(&self, fixture: &str) -> bool {
        self.lock_unmet().contains(fixture)
    }

    /// Records that the condition of a fixture was not met in time.
    pub(super) fn record_unmet_condition(&self, fixture: &str) {
        self.lock_unmet().insert(fixture.to_owned());
    }

    fn lock_unmet(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unmet_conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if it is worth waiting until a server can be used that answered an operation with 503.
    pub(super) fn may_wait_for_availability(&self, operation: &OperationName) -> bool {
        let unavailable = self.lock_unavailable();
        unavailable.get(operation).is_none_or(|count| *count < MAX_UNAVAILABLE)
            && unavailable.len() < MAX_UNAVAILABLE_OPERATIONS
    }

    /// Records whether a request that got 503 got another response when it was sent again.
    pub(super) fn record_availability(&self, operation: &OperationName, recovered: bool) {
        let mut unavailable = self.lock_unavailable();
        match recovered {
            true => unavailable.clear(),
            false => *unavailable.entry(operation.clone()).or_default() += 1,
        }
    }

    fn lock_unavailable(&self) -> MutexGuard<'_, HashMap<OperationName, u32>> {
        self.unavailable_operations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if it is worth waiting for a busy resource.
    pub(super) fn may_wait_for_busy(&self) -> bool {
        self.busy_in_a_row.load(Ordering::Relaxed) < MAX_FAILURES_IN_A_ROW
    }

    /// Records that a resource stayed busy.
    pub(super) fn record_busy(&self) {
        self.busy_in_a_row.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that a resource is not busy.
    pub(super) fn record_not_busy(&self) {
        reset_counter(&self.busy_in_a_row);
    }

    /// Returns true if the last controls of an operation got no response.
    pub(super) fn is_unresponsive(&self, operation: &OperationName) -> bool {
        self.has_unanswered_controls.load(Ordering::Acquire)
            && self.lock_unanswered().get(operation).is_some_and(|count| *count >= MAX_UNANSWERED_CONTROLS)
    }

    /// Records whether the control of an operation got a response.
    pub(super) fn record_control(&self, operation: &str, answered: bool) {
        let mut unanswered = self.lock_unanswered();
        if answered {
            unanswered.remove(operation);
        } else {
            *unanswered.entry(operation.into()).or_default() += 1;
        }
        self.has_unanswered_controls.store(!unanswered.is_empty(), Ordering::Release);
    }

    /// Forgets unanswered controls; they do not count against a restarted endpoint.
    pub(super) fn reset_unanswered_controls(&self) {
        self.lock_unanswered().clear();
        self.has_unanswered_controls.store(false, Ordering::Release);
    }

    fn lock_unanswered(&self) -> MutexGuard<'_, HashMap<OperationName, u32>> {
        self.unanswered_controls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets a counter to zero. It is read first: the common case must not write to memory that all workers share.
fn reset_counter(counter: &AtomicU32) {
    if counter.load(Ordering::Relaxed) > 0 {
        counter.store(0, Ordering::Relaxed);
    }
}
