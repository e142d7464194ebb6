//! Divergences that people have written down as known: which cases they cover, and what became of the entries.
//!
//! It changes no verdict: what diverges still diverges, and is no news.

use super::filter::glob;
use crate::judge::{Comparison, Judgement, Verdict};
use crate::report::Done;
use crate::scenario::KnownEntry;

/// The entries of one scenario and endpoint.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// As written.
    pub entries: Vec<KnownEntry>,
    /// The file, as it is shown.
    pub shown: String,
    /// Today, as `2026-11-25`: entries that ended before are not used.
    pub today: String,
}

impl Known {
    fn covers(entry: &KnownEntry, id: &str) -> bool {
        entry.cases.iter().any(|pattern| glob(pattern, id))
    }

    fn is_over(&self, entry: &KnownEntry) -> bool {
        entry.until.as_ref().is_some_and(|until| *until < self.today)
    }

    fn matches(entry: &KnownEntry, id: &str, judgement: &Judgement) -> bool {
        judgement.verdict == Verdict::Diverges
            && Self::covers(entry, id)
            && entry.observed.as_ref().is_none_or(|pattern| glob(pattern, &judgement.observed.to_string()))
    }

    /// The comparison of a case that an entry may know of.
    pub(super) fn seen(&self, id: &str, judgement: &Judgement, comparison: Comparison) -> Comparison {
        let known = self.entries.iter().any(|entry| !self.is_over(entry) && Self::matches(entry, id, judgement));
        Comparison { known: comparison.known || known, ..comparison }
    }
}

/// What a run has seen of each entry: of which of its patterns a case ran, and how many cases it matched.
#[derive(Debug, Default)]
pub(super) struct Used(Vec<(Vec<bool>, u64)>);

impl Used {
    /// Takes note of a case.
    pub fn add(&mut self, known: &Known, done: &Done) {
        if known.entries.is_empty()
            || !matches!(done.judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
        {
            return;
        }
        self.0.resize_with(known.entries.len(), Default::default);
        for (entry, (ran, matched)) in known.entries.iter().zip(&mut self.0) {
            let id = &done.case.id.0;
            ran.resize(entry.cases.len(), false);
            for (pattern, ran) in entry.cases.iter().zip(ran) {
                *ran = *ran || glob(pattern, id);
            }
            *matched += u64::from(Known::matches(entry, id, &done.judgement));
        }
    }

    /// What is to be said of the entries: those that are over, and those that match nothing any more. An entry of
    /// which some pattern met no case is not spoken of: what was not looked at is not better.
    pub fn notes(&self, known: &Known) -> Vec<String> {
        let mut notes = Vec::new();
        for (entry, (ran, matched)) in known.entries.iter().zip(&self.0) {
            let what = format!("{}:{} `{}` ({})", known.shown, entry.line, entry.cases.join("`, `"), entry.reason);
            if !ran.is_empty() && ran.iter().all(|ran| *ran) && *matched == 0 {
                notes.push(format!("perhaps better now, nothing matched: {what}"));
            } else if *matched > 0 && known.is_over(entry) {
                notes.push(format!("over since {}: {what}", entry.until.as_deref().unwrap_or_default()));
            }
        }
        notes
    }
}
