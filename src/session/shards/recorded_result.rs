//! A result as a blob holds it, and how it becomes the result of a case again.
//!
//! It never judges: the verdict is the recorded one.

use crate::case::Case;
use crate::judge::{
    Judgement, ObservedOutcome, SnapshotChange, SnapshotComparison, SnapshotKey, ValueDifference, Verdict,
};
use crate::report::{CaseDetail, CaseResult};
use crate::snapshot::{DocumentedMark, ObservedBehavior, ResponseForm};
use serde::Deserialize;
use std::sync::Arc;

/// A recorded result of a case.
#[derive(Clone, Debug)]
pub(in crate::session) struct RecordedResult {
    /// The line of the results, without the name of the response's form.
    line: Vec<u8>,
    case: RecordedLine,
    form: Option<ResponseForm>,
    /// What the line lacks.
    pub detail: CaseDetail,
}

/// The parts of a line that make up a result.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RecordedLine {
    pub id: String,
    pub operation: String,
    verdict: Verdict,
    #[serde(default)]
    known: bool,
    #[serde(default)]
    change: SnapshotChange,
    pub observed: RecordedResponse,
    #[serde(default)]
    expected: Option<String>,
    #[serde(default)]
    snapshot: Option<RecordedSnapshot>,
    #[serde(default)]
    differs: Vec<ValueDifference>,
    why: String,
    #[serde(default)]
    millis: f64,
    #[serde(default)]
    curl: Option<String>,
    #[serde(default)]
    server_output: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RecordedResponse {
    status: Option<u16>,
    error: Option<String>,
    /// The name of its form.
    pub form: Option<String>,
    #[serde(default)]
    place: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct RecordedSnapshot {
    status: Option<u16>,
    error: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

impl RecordedResult {
    pub(super) fn new(line: &[u8], case: RecordedLine, form: Option<ResponseForm>, detail: CaseDetail) -> Self {
        Self { line: without_form_name(line), case, form, detail }
    }

    /// Returns the id of the case.
    pub fn id(&self) -> &str {
        &self.case.id
    }

    /// Returns the operation of the case.
    pub fn operation(&self) -> &str {
        &self.case.operation
    }

    /// Returns the verdict and what was received.
    pub fn judgement(&self) -> Judgement {
        let seen = &self.case.observed;
        let mut observed = ObservedOutcome::new(seen.status, seen.error.clone());
        (observed.place, observed.note) = (seen.place.clone(), seen.note.clone());
        observed.failure = self.detail.failure;
        Judgement { verdict: self.case.verdict, observed, why: self.case.why.clone() }
    }

    /// Returns the result of the case, as the run had it before its response's form got a name.
    pub fn into_result(self, case: Arc<Case>, strict: bool) -> CaseResult {
        let judgement = self.judgement();
        let RecordedLine { known, change, expected, snapshot, differs, millis, curl, server_output, .. } = self.case;
        let accepted_form = self.detail.accepted_form.map(ResponseForm);
        let observed = (change != SnapshotChange::None).then(|| ObservedBehavior {
            status: judgement.observed.status,
            error: judgement.observed.error.clone(),
            note: judgement.observed.note.clone(),
            form: self.form,
        });
        let accepted = snapshot.map(|accepted| ObservedBehavior {
            status: accepted.status,
            error: accepted.error,
            note: accepted.note,
            form: accepted_form,
        });
        // Nothing was compared if the response was not, and then no key is recorded either.
        let key = SnapshotKey::new(&case.id, case.intent);
        let comparison = SnapshotComparison {
            key,
            observed,
            mark: expected.as_deref().and_then(DocumentedMark::new),
            accepted,
            change,
            is_accepted_divergence: self.detail.accepted_divergence,
            is_known_divergence: known,
            value_differences: differs,
        };
        CaseResult {
            is_finding: comparison.is_finding(judgement.verdict, strict),
            judgement,
            comparison,
            case,
            message: self.detail.message,
            new_form: None,
            millis,
            results_line: self.line,
            curl,
            server_output,
        }
    }
}

/// Returns a line in which the response's form has no name, as before the run gave it one.
fn without_form_name(line: &[u8]) -> Vec<u8> {
    const NAMED: &[u8] = b"\"form\":\"";
    // Quotes inside of strings are escaped with a backslash, so the first match is the field.
    let Some(start) = memchr::memmem::find(line, NAMED) else { return line.to_vec() };
    let value = start + NAMED.len();
    let Some(length) = memchr::memchr(b'"', &line[value..]) else { return line.to_vec() };
    [&line[..start], b"\"form\":null", &line[value + length + 1..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_form_is_removed_from_its_field_only() {
        let line = br#"{"id":"s/O/\"form\":\"x\"/a/b","observed":{"form":"f12","place":null},"why":"\"form\":\"f1\""}"#;
        let expected =
            br#"{"id":"s/O/\"form\":\"x\"/a/b","observed":{"form":null,"place":null},"why":"\"form\":\"f1\""}"#;
        assert_eq!(String::from_utf8_lossy(&without_form_name(line)), String::from_utf8_lossy(expected));
        assert_eq!(without_form_name(expected), expected);
    }
}
