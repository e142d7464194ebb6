//! What becomes of outcomes, on the workers that ran the cases.

use super::CaseOutcome;

/// Turns outcomes into results. Called on the workers, in parallel.
pub trait OutcomeHandler: Sync {
    /// What is decided about an outcome before it is known whether it counts.
    type Judged: Send;
    /// What becomes of an outcome.
    type Output: Send;

    /// Judges an outcome.
    fn judge(&self, outcome: &CaseOutcome) -> Self::Judged;

    /// Returns true if the case must be sent once more, with no other case running, before its result counts.
    fn must_repeat(&self, judged: &Self::Judged) -> bool;

    /// Returns the result of a case. `repeated` is its outcome when it was sent once more, alone.
    fn finish(&self, outcome: CaseOutcome, judged: Self::Judged, repeated: Option<CaseOutcome>) -> Self::Output;
}
