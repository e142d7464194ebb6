//! How many cases may run at once: fewer once the endpoint fails under load.
//!
//! It never sends anything.

use super::{CaseOutcome, HttpResponse, TransportError};
use crate::case::StepPurpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Number of consecutive cases whose set-up failed alone as well, after which such cases are not repeated any more.
const MAX_FRUITLESS_REPEATS: u32 = 8;

/// The maximum number of cases of a run that may run at once; clones share it.
///
/// A server with one writer, such as one that keeps its data in SQLite, fails at random while many requests arrive. Each
/// failure that does not repeat when the case is sent alone halves the limit.
#[derive(Clone, Debug, Default)]
pub struct LoadLimit(Arc<LoadState>);

#[derive(Debug)]
struct LoadState {
    limit: AtomicUsize,
    /// Number of failures that did not repeat.
    transient_failures: AtomicU64,
    /// Number of consecutive repetitions of cases with a failed set-up that failed again.
    fruitless_repeats: AtomicU32,
}

impl Default for LoadState {
    fn default() -> Self {
        Self {
            limit: AtomicUsize::new(usize::MAX),
            transient_failures: AtomicU64::new(0),
            fruitless_repeats: AtomicU32::new(0),
        }
    }
}

impl LoadLimit {
    /// Returns the limit; `usize::MAX` if there is none.
    pub fn current(&self) -> usize {
        self.0.limit.load(Ordering::Acquire)
    }

    /// Returns the lowered limit and the number of failures that did not repeat, if there were any.
    pub fn lowered_limit(&self) -> Option<(usize, u64)> {
        let limit = self.current();
        (limit != usize::MAX).then(|| (limit, self.0.transient_failures.load(Ordering::Acquire)))
    }

    /// Halves the limit after a failure that did not repeat. `seen` is the limit when the failed case began, so that
    /// cases that failed together count once; `workers` is the number of cases that may run without a limit.
    pub fn lower(&self, seen: usize, workers: usize) {
        self.0.transient_failures.fetch_add(1, Ordering::AcqRel);
        let lowered = (seen.min(workers) / 2).max(1);
        // Another case may have lowered it in the meantime.
        let _ = self.0.limit.compare_exchange(seen, lowered, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Returns true if a case whose set-up failed is worth another try.
    pub fn may_repeat_setup(&self) -> bool {
        self.0.fruitless_repeats.load(Ordering::Relaxed) < MAX_FRUITLESS_REPEATS
    }

    /// Records whether the set-up of a case succeeded when the case was sent again.
    pub fn record_repeated_setup(&self, succeeded: bool) {
        match succeeded {
            true => self.0.fruitless_repeats.store(0, Ordering::Relaxed),
            false => {
                self.0.fruitless_repeats.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Returns true if the server failed on a step, or gave no response to it. Requests that delete what the case created do
/// not count.
pub fn has_server_failure(outcome: &CaseOutcome) -> bool {
    responses(outcome, |purpose| purpose != StepPurpose::TearDown).any(|response| match response {
        Ok(response) => response.status >= 500,
        Err(error) => matches!(error, TransportError::TimedOut(_) | TransportError::Dropped),
    })
}

/// Returns true if the response to a step says that the server cannot be used at the moment, see
/// [RFC 9110, 15.6.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4). Requests that delete what the case created do
/// not count.
pub fn was_unavailable(outcome: &CaseOutcome) -> bool {
    responses(outcome, |purpose| purpose != StepPurpose::TearDown).flatten().any(|response| response.status == 503)
}

/// Returns true if the server failed on a request that creates what the case needs.
pub fn has_failed_setup(outcome: &CaseOutcome) -> bool {
    responses(outcome, |purpose| purpose == StepPurpose::SetUp).flatten().any(|response| response.status >= 500)
}

/// Returns the responses to the steps with certain purposes that were sent.
fn responses(
    outcome: &CaseOutcome,
    counts: impl Fn(StepPurpose) -> bool,
) -> impl Iterator<Item = Result<&HttpResponse, &TransportError>> {
    let steps = outcome.case.steps.iter().zip(&outcome.exchanges);
    let counted = steps.filter(move |(step, _)| counts(step.purpose));
    counted.filter_map(|(_, exchange)| Some(exchange.as_ref()?.response.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_failed_together_halve_the_limit_once() {
        let limit = LoadLimit::default();
        let seen = limit.current();
        limit.lower(seen, 16);
        limit.lower(seen, 16);
        assert_eq!(limit.lowered_limit(), Some((8, 2)));
        for expected in [4, 2, 1, 1] {
            limit.clone().lower(limit.current(), 16);
            assert_eq!(limit.current(), expected, "clones share the limit");
        }
    }

    #[test]
    fn a_setup_that_fails_alone_as_well_is_not_repeated_for_ever() {
        let limit = LoadLimit::default();
        for _ in 0..MAX_FRUITLESS_REPEATS {
            assert!(limit.may_repeat_setup());
            limit.record_repeated_setup(false);
        }
        assert!(!limit.may_repeat_setup());
        limit.record_repeated_setup(true);
        assert!(limit.may_repeat_setup());
    }
}
