//! Matches cases with the known divergences of a scenario, and reports entries that expired or no longer match.
//!
//! It never changes a verdict: a known divergence still diverges, but is not a finding.

use crate::filter::matches_glob;
use crate::judge::{Judgement, SnapshotComparison, Verdict};
use crate::report::CaseResult;
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

    fn is_expired(&self, entry: &KnownDivergenceEntry) -> bool {
        entry.until.as_ref().is_some_and(|until| *until < self.today)
    }

    fn covers_judgement(entry: &KnownDivergenceEntry, id: &str, judgement: &Judgement) -> bool {
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

/// The use of each entry in a run: the patterns for which a case ran, and the number of matching cases.
#[derive(Debug, Default)]
pub(super) struct KnownUsage(Vec<(Vec<bool>, u64)>);

impl KnownUsage {
    /// Records the result of a case.
    pub fn record(&mut self, known: &KnownDivergences, done: &CaseResult) {
        if known.entries.is_empty()
            || !matches!(done.judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
        {
            return;
        }
        self.0.resize_with(known.entries.len(), Default::default);
        for (entry, (ran, matched)) in known.entries.iter().zip(&mut self.0) {
            let id = done.case.id.as_str();
            ran.resize(entry.cases.len(), false);
            for (pattern, ran) in entry.cases.iter().zip(ran) {
                *ran = *ran || matches_glob(pattern, id);
            }
            *matched += u64::from(KnownDivergences::covers_judgement(entry, id, &done.judgement));
        }
    }

    /// Returns notes about entries that expired or no longer match. Entries with a pattern for which no case ran are
    /// left out: the divergence may still exist.
    pub fn notes(&self, known: &KnownDivergences) -> Vec<String> {
        let mut notes = Vec::new();
        for (entry, (ran, matched)) in known.entries.iter().zip(&self.0) {
            let what =
                format!("{}:{} `{}` ({})", known.display_path, entry.line, entry.cases.join("`, `"), entry.reason);
            if !ran.is_empty() && ran.iter().all(|ran| *ran) && *matched == 0 {
                notes.push(format!("possibly fixed, no longer observed: {what}"));
            } else if *matched > 0 && known.is_expired(entry) {
                notes.push(format!("expired after {}: {what}", entry.until.as_deref().unwrap_or_default()));
            }
        }
        notes
    }
}
