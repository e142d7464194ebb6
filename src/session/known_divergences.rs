//! Reports known divergences that expired or no longer occur.
//!
//! It never decides whether a divergence is known; [`KnownDivergences`] does.

use super::case_observer::CaseObserver;
use super::muted_comparisons::{MIN_CASES, SHARE};
use crate::case::matches_glob;
use crate::judge::{KnownDivergences, Verdict};
use crate::report::CaseResult;

/// The use of each entry in a run: the patterns for which a case ran, and the number of matching cases.
pub(super) struct KnownUsage<'a> {
    known: &'a KnownDivergences,
    usage: Vec<(Vec<bool>, u64)>,
    case_count: u64,
}

impl CaseObserver for KnownUsage<'_> {
    fn observe(&mut self, done: &mut CaseResult) {
        let known = self.known;
        self.case_count += 1;
        if known.entries.is_empty()
            || !matches!(done.judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
        {
            return;
        }
        self.usage.resize_with(known.entries.len(), Default::default);
        for (entry, (ran, matched)) in known.entries.iter().zip(&mut self.usage) {
            let id = done.case.id.as_str();
            ran.resize(entry.cases.len(), false);
            for (pattern, ran) in entry.cases.iter().zip(ran) {
                *ran = *ran || matches_glob(pattern, id);
            }
            *matched += u64::from(KnownDivergences::covers_judgement(
                entry,
                &done.case.id,
                &done.judgement,
                done.message.as_deref(),
                &done.server_output,
            ));
        }
    }
}

impl<'a> KnownUsage<'a> {
    pub fn new(known: &'a KnownDivergences) -> Self {
        Self { known, usage: Vec::new(), case_count: 0 }
    }

    /// Returns notes about entries that expired or no longer match. Entries with a pattern for which no case ran are
    /// left out: the divergence may still exist.
    pub fn notes(&self) -> Vec<String> {
        let known = self.known;
        let mut notes = Vec::new();
        for (entry, (ran, matched)) in known.entries.iter().zip(&self.usage) {
            let what =
                format!("{}:{} `{}` ({})", known.display_path, entry.line, entry.cases.join("`, `"), entry.reason);
            if !ran.is_empty() && ran.iter().all(|ran| *ran) && *matched == 0 {
                notes.push(format!("possibly fixed, no longer observed: {what}"));
            } else if *matched > 0 && known.is_expired(entry) {
                notes.push(format!("expired after {}: {what}", entry.until.as_deref().unwrap_or_default()));
            } else if self.case_count >= MIN_CASES && *matched * SHARE > self.case_count {
                let share = *matched * 100 / self.case_count;
                notes
                    .push(format!("{matched} of {} cases ({share} %) are known by one entry: {what}", self.case_count));
            }
        }
        notes
    }
}
