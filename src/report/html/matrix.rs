//! Counts cases by operation, by the kind of what they test, and by outcome.
//!
//! It holds no case.

use crate::case::{CaseId, CaseSubject, Intent};
use crate::judge::Verdict;
use crate::report::recorded_event::JudgedCaseEvent;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

/// Maximum number of operations with a row of their own; further ones share a row.
const MAX_ROWS: usize = 1500;
const OTHER_OPERATIONS: &str = "other operations";

/// The columns: the constraints of members, then the classes of requests.
pub(super) const KINDS: [&str; 15] = [
    "valid",
    "required",
    "type",
    "length",
    "range",
    "pattern",
    "enum",
    "other rules",
    "malformed",
    "auth",
    "missing",
    "pairs",
    "state",
    "fuzz",
    "undocumented",
];

/// What became of a case, in the order of the counts of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseResultKind {
    Passed,
    Failed,
    InvalidAccepted,
    ValidRejected,
    WrongResponse,
    Changed,
    Known,
    Open,
}

/// Counts by [`CaseResultKind`].
type CellCounts = [u64; 8];

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct ResultMatrix {
    rows: IndexMap<String, [CellCounts; KINDS.len()]>,
}

impl ResultMatrix {
    pub fn count_case(&mut self, case: &JudgedCaseEvent) {
        let column = KINDS.iter().position(|kind| *kind == kind_of(&case.id, case.intent)).unwrap_or(0);
        let has_room = self.rows.len() < MAX_ROWS || self.rows.contains_key(&case.operation);
        let name = if has_room { case.operation.as_str() } else { OTHER_OPERATIONS };
        if !self.rows.contains_key(name) {
            self.rows.insert(name.to_owned(), Default::default());
        }
        if let Some(row) = self.rows.get_mut(name) {
            row[column][result_kind(case) as usize] += 1;
        }
    }

    /// Returns `{kinds, rows: [[operation, [[column, counts…]…]]…]}` with only the cells that have cases.
    pub fn to_json(&self) -> Json {
        let cells = |row: &[CellCounts; KINDS.len()]| -> Vec<Json> {
            let used = row.iter().enumerate().filter(|(_, counts)| counts.iter().any(|count| *count > 0));
            used.map(|(column, counts)| {
                let mut cell = vec![column as u64];
                cell.extend(counts);
                while cell.last() == Some(&0) {
                    cell.pop();
                }
                json!(cell)
            })
            .collect()
        };
        let rows: Vec<Json> = self.rows.iter().map(|(name, row)| json!([name, cells(row)])).collect();
        json!({ "kinds": KINDS, "rows": rows })
    }
}

/// Returns the column of a case.
pub(super) fn kind_of(id: &str, intent: Option<Intent>) -> &'static str {
    let Ok(id) = id.parse::<CaseId>() else { return "undocumented" };
    if intent == Some(Intent::Probe) {
        return "undocumented";
    }
    match id.subject() {
        CaseSubject::Member(_) => {
            let name = id.kind_text();
            KINDS[1..7].iter().find(|kind| **kind == name).copied().unwrap_or("other rules")
        }
        CaseSubject::Class(class) => match class.as_str() {
            "valid" => "valid",
            "malformed" => "malformed",
            "auth" => "auth",
            "missing" => "missing",
            "pair" => "pairs",
            "law" => "state",
            "fuzz" => "fuzz",
            _ => "undocumented",
        },
    }
}

fn result_kind(case: &JudgedCaseEvent) -> CaseResultKind {
    if case.known {
        return CaseResultKind::Known;
    }
    match (case.verdict, case.code.as_deref().and_then(|code| code.as_bytes().get(2))) {
        (Verdict::Pass | Verdict::Unspecified, Some(b'7')) => CaseResultKind::Changed,
        (Verdict::Pass, _) => CaseResultKind::Passed,
        (Verdict::Diverges, Some(b'1' | b'6')) => CaseResultKind::Failed,
        (Verdict::Diverges, Some(b'2')) => CaseResultKind::InvalidAccepted,
        (Verdict::Diverges, Some(b'3')) => CaseResultKind::ValidRejected,
        (Verdict::Diverges, _) => CaseResultKind::WrongResponse,
        _ => CaseResultKind::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_have_the_column_of_what_they_test() {
        for (id, intent, kind) in [
            ("s/Do/name/length/above-max", Intent::Violates, "length"),
            ("s/Do/name/unique/x", Intent::Violates, "other rules"),
            ("s/Do/valid/control/plain", Intent::Valid, "valid"),
            ("s/Do/law/merges/x", Intent::Law, "state"),
            ("s/Do/malformed/bom/x", Intent::Probe, "undocumented"),
            ("s/Do/missing/id/unknown", Intent::Missing, "missing"),
        ] {
            assert_eq!(kind_of(id, Some(intent)), kind, "{id}");
        }
        assert_eq!(kind_of("<script>", None), "undocumented");
    }
}
