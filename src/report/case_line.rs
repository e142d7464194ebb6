//! Serializes a case as one line of the results, format `overstep-results/1`.
//!
//! This module never sees a secret: it receives requests already redacted.

use crate::case::{Case, Expectation, ExpectedError};
use crate::contract::{ErrorName, MemberPath};
use crate::escape::json_line;
use crate::judge::{
    FindingCode, Judgement, SnapshotChange, SnapshotComparison, ValueDifference, Verdict, finding_code,
};
use crate::wire::Redaction;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Maximum size of a body that is recorded in full; longer ones are recorded as a digest.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The parts of a line that neither the case nor its judgement contains.
#[derive(Debug, Default)]
pub struct CaseLineContext<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// Duration of the judged step, in milliseconds.
    pub millis: f64,
    /// The steps that were sent; empty if the case passed.
    pub steps: Vec<RecordedStep>,
    /// The judged request as a curl line; `None` if the case passed.
    pub curl: Option<String>,
    /// Output of the server during this case, if overstep started the server and the case failed.
    pub server_output: Vec<String>,
}

/// A request without its secrets, and the response to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedStep {
    /// The purpose of the step.
    pub purpose: crate::case::StepPurpose,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers, in the order in which they were sent.
    pub headers: Vec<(String, String)>,
    /// The body, if it is short text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, if it is short and not valid UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// The body's digest prefixed with `sha256:`, if the body is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<String>,
    /// The body's size in bytes, if the body is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<usize>,
    /// The response.
    pub answer: StepResponse,
    /// Headers of the response, without cookies' values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<(String, String)>,
}

/// The response to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepResponse {
    /// A response with a status.
    Answered {
        /// The status.
        status: u16,
        /// The beginning of the body as text, with invalid UTF-8 replaced.
        body: String,
    },
    /// No response.
    Nothing {
        /// The reason.
        why: String,
    },
}

impl RecordedStep {
    /// Sets the body without secrets, in the field that fits its size and encoding.
    pub fn with_body(mut self, body: &[u8], redaction: &Redaction) -> Self {
        if body.is_empty() {
            return self;
        }
        // Whatever is made of the body, a digest too, is made of it without secrets.
        let redacted = redaction.redact_request_bytes(body);
        match std::str::from_utf8(&redacted) {
            _ if body.len() > MAX_BODY_BYTES => {
                self.body_digest =
                    Some(format!("sha256:{}", data_encoding::HEXLOWER.encode(&Sha256::digest(&redacted))));
                self.body_bytes = Some(body.len());
            }
            Ok(text) => self.body = Some(text.to_owned()),
            Err(_) => self.body_base64 = Some(data_encoding::BASE64.encode(&redacted)),
        }
        self
    }
}

#[derive(Serialize)]
struct CaseEvent<'a> {
    event: &'static str,
    id: &'a str,
    scenario: &'a str,
    operation: &'a str,
    intent: crate::case::Intent,
    member: Option<MemberPathText<'a>>,
    constraint: Option<&'static str>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<FindingCode>,
    known: bool,
    change: SnapshotChange,
    observed: ObservedJson<'a>,
    documented: DocumentedJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    snapshot: Option<SnapshotJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differs: &'a [ValueDifference],
    why: &'a str,
    source: Option<&'a crate::contract::Provenance>,
    millis: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    steps: &'a [RecordedStep],
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    server_output: &'a [String],
}

#[derive(Serialize)]
struct ObservedJson<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
    form: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct SnapshotJson<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum DocumentedJson<'a> {
    Accept(AcceptJson<'a>),
    Reject(Vec<CaseErrorJson<'a>>),
    Keep(&'a str),
    Unspecified(&'a str),
}

#[derive(Serialize)]
struct AcceptJson<'a> {
    status: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    or: Vec<CaseErrorJson<'a>>,
}

#[derive(Serialize)]
struct CaseErrorJson<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
}

fn errors_json(errors: &[ExpectedError]) -> Vec<CaseErrorJson<'_>> {
    errors
        .iter()
        .map(|one| CaseErrorJson { status: one.status, error: one.error.as_ref().map(ErrorName::as_str) })
        .collect()
}

/// Serializes a member path as text.
struct MemberPathText<'a>(&'a MemberPath);

impl Serialize for MemberPathText<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// Returns the line of a case, without the newline.
pub fn serialize_case(
    case: &Case,
    judgement: &Judgement,
    comparison: &SnapshotComparison,
    beside: &CaseLineContext<'_>,
) -> Vec<u8> {
    let line = CaseEvent {
        event: "case",
        id: case.id.as_str(),
        scenario: beside.scenario,
        operation: case.operation.as_str(),
        intent: case.intent,
        member: case.member.as_ref().map(MemberPathText),
        constraint: case.constraint.map(crate::contract::Constraint::name),
        verdict: judgement.verdict,
        code: finding_code(case, judgement, comparison),
        known: comparison.is_known_divergence,
        change: comparison.change,
        observed: ObservedJson {
            status: judgement.observed.status,
            error: judgement.observed.error.as_deref(),
            form: None,
            place: judgement.observed.place.as_deref(),
            note: judgement.observed.note.as_deref(),
        },
        documented: match &case.expectation {
            Expectation::Accept(accept) => {
                DocumentedJson::Accept(AcceptJson { status: accept.status, or: errors_json(&accept.allowed_errors) })
            }
            Expectation::Reject { errors, .. } => DocumentedJson::Reject(errors_json(errors)),
            Expectation::LawHolds { law } => DocumentedJson::Keep(law.as_str()),
            Expectation::Unspecified { reason } => DocumentedJson::Unspecified(reason),
        },
        expected: comparison.mark.as_ref().map(crate::snapshot::DocumentedMark::as_str),
        snapshot: comparison.accepted.as_ref().map(|accepted| SnapshotJson {
            status: accepted.status,
            error: accepted.error.as_deref(),
            note: accepted.note.as_deref(),
        }),
        differs: &comparison.value_differences,
        why: &judgement.why,
        source: case.source.as_ref(),
        millis: (beside.millis * 1000.0).round() / 1000.0,
        steps: &beside.steps,
        curl: beside.curl.as_deref(),
        server_output: &beside.server_output,
    };
    json_line(&line).expect("texts and numbers always have a JSON form")
}
