//! Counts why cases were not compared with the documentation, and names a reason that mutes many of them.
//!
//! It never mutes anything itself.

use super::case_observer::CaseObserver;
use crate::judge::Verdict;
use crate::report::CaseResult;
use std::collections::HashMap;

/// Maximum number of different reasons that are counted.
const MAX_REASONS: usize = 1000;
/// A reason is named if it mutes more than one of this number of cases.
pub(super) const SHARE: u64 = 5;
/// Number of cases below which a share says nothing.
pub(super) const MIN_CASES: u64 = 20;

/// The cases of a run that were not compared, by reason.
#[derive(Default)]
pub(super) struct MutedComparisons {
    case_count: u64,
    reasons: HashMap<(&'static str, String), u64>,
}

impl CaseObserver for MutedComparisons {
    fn observe(&mut self, done: &mut CaseResult) {
        self.case_count += 1;
        let kind = match done.judgement.verdict {
            Verdict::Unspecified => "undocumented",
            Verdict::Indeterminate => "inconclusive",
            Verdict::Unsendable => "not sendable",
            Verdict::Pass | Verdict::Diverges | Verdict::NotImplemented | Verdict::Flaky => return,
        };
        let key = (kind, done.judgement.why.clone());
        if self.reasons.len() < MAX_REASONS || self.reasons.contains_key(&key) {
            *self.reasons.entry(key).or_default() += 1;
        }
    }
}

impl MutedComparisons {
    /// Returns one sentence for each reason that mutes more than a fifth of the cases, the most frequent one first.
    pub fn notes(self) -> Vec<String> {
        let cases = self.case_count;
        let is_frequent = |count: u64| cases >= MIN_CASES && count * SHARE > cases;
        let mut frequent: Vec<_> = self.reasons.into_iter().filter(|(_, count)| is_frequent(*count)).collect();
        frequent.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let describe = |((kind, why), count): ((&str, String), u64)| {
            format!("{count} of {cases} cases ({} %) are {kind}: {why}", count * 100 / cases)
        };
        frequent.into_iter().map(describe).collect()
    }
}
