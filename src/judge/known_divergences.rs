//! The known divergences of a scenario at an endpoint.
//!
//! They never change a verdict: a known divergence still diverges, but is not a finding.

use super::causes::mask_variable_parts;
use super::stack_trace::innermost_frame;
use super::{Judgement, SnapshotComparison, Verdict};
use crate::case::{CaseId, matches_glob};
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
    ///
    /// A message matches as it is and without what varies in it. `server_output` is what the server printed.
    pub fn covers_judgement(
        entry: &KnownDivergenceEntry,
        id: &CaseId,
        judgement: &Judgement,
        message: Option<&str>,
        server_output: &[String],
    ) -> bool {
        let matches_frame =
            |pattern: &String| innermost_frame(server_output).is_some_and(|frame| matches_glob(pattern, &frame));
        let matches_message = |pattern: &String| {
            message.is_some_and(|message| {
                matches_glob(pattern, message) || matches_glob(pattern, &mask_variable_parts(message, id.operation()))
            })
        };
        judgement.verdict == Verdict::Diverges
            && Self::covers_id(entry, id.as_str())
            && entry.observed.as_ref().is_none_or(|pattern| matches_glob(pattern, &judgement.observed.to_string()))
            && entry.message.as_ref().is_none_or(matches_message)
            && entry.frame.as_ref().is_none_or(matches_frame)
    }

    /// Returns the comparison of a case, marked as known if an entry matches it.
    pub(super) fn mark_known(
        &self,
        id: &CaseId,
        judgement: &Judgement,
        message: Option<&str>,
        server_output: &[String],
        comparison: SnapshotComparison,
    ) -> SnapshotComparison {
        let covers =
            |entry| !self.is_expired(entry) && Self::covers_judgement(entry, id, judgement, message, server_output);
        let known = self.entries.iter().any(covers);
        SnapshotComparison { is_known_divergence: comparison.is_known_divergence || known, ..comparison }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::ObservedOutcome;
    use crate::scenario::read_known_divergences;

    #[test]
    fn a_message_narrows_an_entry_to_one_failure() {
        let text =
            "[[known]]\ncases = \"s/Send/*\"\nobserved = \"500\"\nmessage = \"* has no attribute *\"\nreason = \"r\"\n";
        let (entries, _) = read_known_divergences(text).expect("it reads");
        let id = "s/Send/name/type/number".parse().expect("an id");
        let observed = ObservedOutcome::new(Some(500), None);
        let judgement = Judgement { verdict: Verdict::Diverges, observed, why: String::new() };
        let covers = |message| KnownDivergences::covers_judgement(&entries[0], &id, &judgement, message, &[]);
        assert!(covers(Some("'int' has no attribute 'lower'")));
        assert!(!covers(Some("list index out of range")), "another failure of the operation is news");
        assert!(!covers(None));
    }

    #[test]
    fn a_frame_narrows_an_entry_to_one_failure() {
        let text = "[[known]]\ncases = \"s/Send/*\"\nframe = \"app.py:* in send: KeyError\"\nreason = \"r\"\n";
        let (entries, warnings) = read_known_divergences(text).expect("it reads");
        assert_eq!(warnings, []);
        let id = "s/Send/name/type/number".parse().expect("an id");
        let observed = ObservedOutcome::new(Some(500), None);
        let judgement = Judgement { verdict: Verdict::Diverges, observed, why: String::new() };
        let covers = |frame: &str| {
            let trace = ["Traceback (most recent call last):", frame, "KeyError: 'x'"].map(str::to_owned);
            KnownDivergences::covers_judgement(&entries[0], &id, &judgement, None, &trace)
        };
        assert!(covers("  File \"app.py\", line 7, in send"));
        assert!(covers("  File \"app.py\", line 9, in send"), "another version of the server");
        assert!(!covers("  File \"app.py\", line 7, in receive"), "another failure of the operation is news");
    }
}
