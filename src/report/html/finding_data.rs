//! A finding with its smallest case as data of the page, with bounded texts.
//!
//! It never decides which findings are shown.

use super::matrix::kind_of;
use crate::report::finding_text::title;
use crate::report::recorded_event::{JudgedCaseEvent, RunStartEvent};
use crate::report::terminal::replay_word;
use crate::report::{RecordedFinding, RecordedStep, StepResponse};
use serde_json::{Value as Json, json};

/// Maximum number of bytes of a text, such as a body.
const MAX_TEXT_BYTES: usize = 3000;
/// Maximum number of bytes of a short text, such as the value of a header.
const MAX_SHORT_BYTES: usize = 400;
/// Maximum number of steps of a case. The last ones are shown, which contain the judged one.
const MAX_STEPS: usize = 8;
/// Maximum number of headers, operations, parts, examples and lines that are shown.
const MAX_ITEMS: usize = 24;

/// Returns the beginning of a text, with a mark if it is cut.
fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(max)])
}

fn short_list(texts: &[String]) -> Vec<String> {
    texts.iter().take(MAX_ITEMS).map(|text| shorten(text, MAX_SHORT_BYTES)).collect()
}

/// Returns the finding without its requests.
pub(super) fn finding_data(number: usize, finding: &RecordedFinding, run: &RunStartEvent) -> Json {
    let place = [&finding.operation, &finding.member, &finding.constraint];
    let code = finding.known_code();
    let example = finding.examples.first();
    let is_change = finding.accepted.is_some() || finding.explains.is_empty();
    let known_entries = (!is_change).then(|| finding.known_entries());
    let parts = finding.explains.iter().take(MAX_ITEMS);
    let kind = example.map_or("undocumented", |id| kind_of(id, None));
    let located = finding.source.as_deref().and_then(|source| run.locate_document(source));
    json!({
        "n": number,
        "id": finding.fingerprint(),
        "code": finding.code,
        "level": code.map_or("error", |code| code.group().level()),
        "group": code.map_or("", |code| code.group().title()),
        "title": shorten(
            &title(finding.frame.as_deref(), finding.statement.as_deref(), &finding.operations, place),
            MAX_SHORT_BYTES,
        ),
        "kind": kind,
        "op": shorten(&finding.operation, MAX_SHORT_BYTES),
        "ops": short_list(&finding.operations),
        "opCount": finding.operations.len(),
        "member": shorten(&finding.member, MAX_SHORT_BYTES),
        "constraint": shorten(&finding.constraint, MAX_SHORT_BYTES),
        "cases": finding.cases,
        "rule": shorten(&finding.rule, MAX_TEXT_BYTES),
        "source": finding.source.as_ref().map(|source| shorten(source, MAX_SHORT_BYTES)),
        "file": located.map(|(file, line)| format!("{file}:{line}")),
        "expected": shorten(&finding.expected, MAX_TEXT_BYTES),
        "observed": shorten(&finding.observed, MAX_TEXT_BYTES),
        "accepted": finding.accepted.as_ref().map(|text| shorten(text, MAX_TEXT_BYTES)),
        "why": shorten(&finding.why, MAX_TEXT_BYTES),
        "learnt": finding.learnt.as_ref().map(|text| shorten(text, MAX_TEXT_BYTES)),
        "cause": finding.cause,
        "parts": parts
            .map(|part| {
                let place = [&part.operation, &part.member, &part.constraint].map(String::as_str).join(" · ");
                json!([shorten(&place, MAX_SHORT_BYTES), shorten(&part.observed, MAX_SHORT_BYTES), part.cases])
            })
            .collect::<Vec<_>>(),
        "partCount": finding.explains.len(),
        "examples": short_list(&finding.examples),
        "replay": example.map(|id| format!("overstep replay {}", replay_word(id))),
        "accept": known_entries.filter(|text| text.len() <= MAX_TEXT_BYTES),
    })
}

/// Adds the requests and responses of a finding's smallest case.
pub(super) fn add_case(data: &mut Json, case: &JudgedCaseEvent) {
    let first = case.steps.len().saturating_sub(MAX_STEPS);
    data["steps"] = case.steps[first..].iter().map(step_data).collect::<Vec<_>>().into();
    data["hiddenSteps"] = json!(first);
    data["status"] = json!(case.observed.status);
    data["error"] = json!(case.observed.error);
    data["change"] = json!(case.change);
    data["known"] = json!(case.known);
    data["intent"] = json!(case.intent);
    data["differs"] = case
        .differs
        .iter()
        .take(MAX_ITEMS)
        .map(|one| json!([one.at, shorten(&one.was, MAX_SHORT_BYTES), shorten(&one.now, MAX_SHORT_BYTES)]))
        .collect::<Vec<_>>()
        .into();
    data["curl"] = json!(case.curl.as_ref().filter(|curl| curl.len() <= MAX_TEXT_BYTES));
    data["output"] = short_list(&case.server_output).into();
}

fn step_data(step: &RecordedStep) -> Json {
    let headers = |list: &[(String, String)]| {
        let shown = list.iter().take(MAX_ITEMS);
        shown.map(|(name, value)| json!([name, shorten(value, MAX_SHORT_BYTES)])).collect::<Vec<_>>()
    };
    let body = match (&step.body, &step.body_base64, &step.body_digest) {
        (Some(text), ..) => Some(shorten(text, MAX_TEXT_BYTES)),
        (None, Some(base64), _) => Some(format!("base64: {}", shorten(base64, MAX_TEXT_BYTES))),
        (None, None, Some(digest)) => Some(format!("{} bytes, {digest}", step.body_bytes.unwrap_or(0))),
        _ => None,
    };
    let (status, answer, silence) = match &step.answer {
        StepResponse::Answered { status, body } => (Some(*status), shorten(body, MAX_TEXT_BYTES), None),
        StepResponse::Nothing { why } => (None, String::new(), Some(shorten(why, MAX_SHORT_BYTES))),
    };
    json!({
        "purpose": step.purpose,
        "method": step.method,
        "target": shorten(&step.target, MAX_TEXT_BYTES),
        "headers": headers(&step.headers),
        "body": body,
        "status": status,
        "answerHeaders": headers(&step.response_headers),
        "answer": answer,
        "silence": silence,
    })
}
