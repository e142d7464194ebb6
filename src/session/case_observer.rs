//! What follows the results of a run: each observer receives every result once, in plan order.
//!
//! An observer never changes a verdict.

use crate::report::CaseResult;

/// Receives the results of a run.
pub(super) trait CaseObserver {
    /// Records the result of a case; may add to what is reported of it.
    fn observe(&mut self, result: &mut CaseResult);
}
