//! Decides which differences from the responses of a second endpoint are news.
//!
//! It never changes how a response compares with the contract.

use super::{Judgement, SnapshotChange, SnapshotComparison, Verdict};
use crate::snapshot::ObservedBehavior;

/// Returns the comparison of a response with that of a second endpoint, without a change that is no news:
///
/// - Both fail, or both reject the request with an error that is not documented for it: known.
/// - Only the second endpoint fails: the contract alone decides.
pub(super) fn without_old_news(judgement: &Judgement, comparison: SnapshotComparison) -> SnapshotComparison {
    let (SnapshotChange::Changed, Some(other)) = (comparison.change, &comparison.accepted) else { return comparison };
    let is_failure = |status: Option<u16>| status.is_none_or(|status| status >= 500);
    let is_rejection = |status: Option<u16>| status.is_some_and(|status| (400..500).contains(&status));
    let (own, diverges) = (judgement.observed.status, judgement.verdict == Verdict::Diverges);
    let both_fail = is_failure(own) && is_failure(other.status);
    let both_undocumented =
        is_rejection(own) && is_rejection(other.status) && diverges && comparison.is_accepted_divergence;
    if !both_fail && !both_undocumented && !is_failure(other.status) {
        return comparison;
    }
    let is_known_divergence = diverges && (both_fail || both_undocumented);
    let accepted = comparison.accepted.map(|other| ObservedBehavior { form: None, ..other });
    SnapshotComparison { change: SnapshotChange::Same, is_known_divergence, accepted, ..comparison }
}
