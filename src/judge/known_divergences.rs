//! The known divergences of a scenario at an endpoint.
//!
//! They never change a verdict: a known divergence still diverges, but is not a finding.

use super::{Judgement, SnapshotComparison, Verdict};
use crate::case::matches_glob;
use crate::scenario::KnownDivergenceEntry;

/// The known divergences of a scenario at an endpoint.
#[derive(Clone, Debug, Default)]
pub struct KnownDivergences {
    /// The entries, in the order of the file.
    pub entries: Vec<KnownDivergenceEntry>,
    /// The file's path, as shown to the user.
    pub display_path: String,
    /// Today's date, such as `2026-11-25`; entries that expired before are ignored.
    pub today: String,
}

impl KnownDivergences {
    fn covers_id(entry: &KnownDivergenceEntry, id: &str) -> bool {
        entry.cases.iter().any(|pattern| matches_glob(pattern, id))
    }

    /// Returns true if an entry is no longer valid.
    pub fn is_expired(&self, entry: &KnownDivergenceEntry) -> bool {
        entry.until.as_ref().is_some_and(|until| *until < self.today)
    }

    /// Returns true if an entry describes this result, expired or not.
    pub fn covers_judgement(entry: &KnownDivergenceEntry, id: &str, judgement: &Judgement) -> bool {
        judgement.verdict == Verdict::Diverges
            && Self::covers_id(entry, id)
            && entry.observed.as_ref().is_none_or(|pattern| matches_glob(pattern, &judgement.observed.to_string()))
    }

    /// Returns the comparison of a case, marked as known if an entry matches it.
    pub(super) fn mark_known(
        &self,
        id: &str,
        judgement: &Judgement,
        comparison: SnapshotComparison,
    ) -> SnapshotComparison {
        let known =
            self.entries.iter().any(|entry| !self.is_expired(entry) && Self::covers_judgement(entry, id, judgement));
        SnapshotComparison { is_known_divergence: comparison.is_known_divergence || known, ..comparison }
    }
}
