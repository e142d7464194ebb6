//! Prints where two sources contradict each other, as text or JSON.
//!
//! This module never decides which source is right.

use super::style::{BOLD_STYLE, DIM_STYLE, WARNING_STYLE, paint, pluralize};
use crate::contract::{Drift, DriftKind, Statement};
use crate::escape::{escape_text, pretty_json};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Maximum number of operations that are named if only one source has them; the others are counted.
const MAX_NAMED_OPERATIONS: usize = 10;

/// Formats the drift as text, fact by fact, with the lines of both sources.
pub fn drift_text(first: &str, second: &str, drifts: &[Drift]) -> String {
    let mut out = String::new();
    let (lonely, shared): (Vec<&Drift>, Vec<&Drift>) = drifts.iter().partition(|drift| drift.field == "operation");
    for (kind, name) in [(DriftKind::OnlyInFirst, first), (DriftKind::OnlyInSecond, second)] {
        let names: Vec<&str> =
            lonely.iter().filter(|drift| drift.kind == kind).map(|drift| drift.operation.as_str()).collect();
        if !names.is_empty() {
            let more = names.len().saturating_sub(MAX_NAMED_OPERATIONS);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            let shown = names[..names.len().min(MAX_NAMED_OPERATIONS)].join(", ");
            let _ = writeln!(out, "only in {}: {}{tail}\n", escape_text(name), escape_text(&shown));
        }
    }
    // The source lines contain the full path, so the file name is enough here.
    let short = |name: &'static str, whole: &str| whole.rsplit('/').next().map_or(name.to_owned(), escape_text);
    let (first, second) = (short("the first", first), short("the second", second));
    let width = first.chars().count().max(second.chars().count()).min(48);
    for drift in &shared {
        let mut place = drift.operation.clone();
        for part in [&drift.member, &drift.field] {
            if !part.is_empty() {
                place.push_str(" · ");
                place.push_str(part);
            }
        }
        let sign =
            if drift.kind == DriftKind::Contradicts { paint(WARNING_STYLE, "≠") } else { paint(DIM_STYLE, "+") };
        let _ = writeln!(out, "{sign} {}", paint(BOLD_STYLE, escape_text(&place)));
        for (name, statement) in [(&first, &drift.first), (&second, &drift.second)] {
            let said = match statement {
                Some(Statement { value, source }) => {
                    let source = source.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("{}  {}", escape_text(&display_value(value)), paint(DIM_STYLE, escape_text(&source)))
                }
                None => paint(DIM_STYLE, "not stated"),
            };
            let _ = writeln!(out, "    {name:width$}  {said}");
        }
    }
    let contradictions = shared.iter().filter(|drift| drift.kind == DriftKind::Contradicts).count() as u64;
    if !shared.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "{}, {} stated by one source only",
        pluralize(contradictions, "contradiction"),
        pluralize(shared.len() as u64 - contradictions, "fact"),
    );
    out
}

/// Formats a string without quotes, and any other value as JSON.
fn display_value(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Formats the drift as one JSON object, format `overstep-drift/1`.
pub fn drift_json(first: &str, second: &str, drifts: &[Drift]) -> String {
    let statement = |statement: &Option<Statement>| {
        statement.as_ref().map(|one| {
            json!({
                "value": one.value,
                "document": one.source.as_ref().map(|source| &source.document),
                "line": one.source.as_ref().map(|source| source.line),
            })
        })
    };
    let drifts: Vec<Json> = drifts
        .iter()
        .map(|drift| {
            json!({
                "operation": drift.operation,
                "member": drift.member,
                "field": drift.field,
                "kind": match drift.kind {
                    DriftKind::Contradicts => "contradicts",
                    DriftKind::OnlyInFirst => "only-in-first",
                    DriftKind::OnlyInSecond => "only-in-second",
                },
                "first": statement(&drift.first),
                "second": statement(&drift.second),
            })
        })
        .collect();
    let document = json!({"format": "overstep-drift/1", "first": first, "second": second, "drifts": drifts});
    let text = pretty_json(&document).expect("texts and numbers always have a JSON form");
    format!("{}\n", String::from_utf8_lossy(&text))
}
