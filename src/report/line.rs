//! One case as one line of the results, format `overstep-results/1`.
//!
//! This file never sees a secret: requests come to it redacted.

use crate::contract::{ErrorName, MemberPath};
use crate::generate::{Case, Expectation, ExpectedError};
use crate::judge::{Change, Comparison, Difference, Judgement, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Bodies up to so many bytes are kept whole, longer ones as a digest.
const BODY_KEPT: usize = 16 * 1024;
/// A case that passed takes about so many bytes.
const USUAL: usize = 640;

/// What a line says beside what case and judgement know.
#[derive(Debug, Default)]
pub struct CaseLine<'a> {
    /// The scenario.
    pub scenario: &'a str,
    /// How long the judged step took.
    pub millis: f64,
    /// What was sent, only where the case did not pass.
    pub steps: Vec<SentStep>,
    /// The judged request as curl, only where the case did not pass.
    pub curl: Option<String>,
    /// What a server that was started for the run printed meanwhile, where it failed.
    pub server_output: Vec<String>,
}

/// A request that was sent, less secrets, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentStep {
    /// What it was there for.
    pub purpose: crate::generate::Purpose,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In order of sending.
    pub headers: Vec<(String, String)>,
    /// The body, where it is text and short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in base64, where it is short and no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// `sha256:` and the body's digest, where it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<String>,
    /// How long a long body is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<usize>,
    /// What came back.
    pub answer: StepAnswer,
}

/// What came back to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepAnswer {
    /// A status, and the beginning of the body as text.
    Answered {
        /// The status.
        status: u16,
        /// The body's beginning; bytes that are no UTF-8 replaced.
        body: String,
    },
    /// Nothing, and why.
    Nothing {
        /// In words.
        why: String,
    },
}

impl SentStep {
    /// Puts a body where it belongs; `redact` takes secrets out of texts.
    pub fn with_body(mut self, body: &[u8], redact: impl Fn(&str) -> String) -> Self {
        if body.is_empty() {
            return self;
        }
        match std::str::from_utf8(body) {
            _ if body.len() > BODY_KEPT => {
                self.body_digest = Some(format!("sha256:{}", data_encoding::HEXLOWER.encode(&Sha256::digest(body))));
                self.body_bytes = Some(body.len());
            }
            Ok(text) => self.body = Some(redact(text)),
            Err(_) => self.body_base64 = Some(data_encoding::BASE64.encode(body)),
        }
        self
    }
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    id: &'a str,
    scenario: &'a str,
    operation: &'a str,
    intent: crate::generate::Intent,
    member: Option<Written<'a>>,
    constraint: Option<&'static str>,
    verdict: Verdict,
    known: bool,
    change: Change,
    observed: ObservedLine<'a>,
    documented: Documented<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    snapshot: Option<SnapshotLine<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differs: &'a [Difference],
    why: &'a str,
    source: Option<&'a crate::contract::Provenance>,
    millis: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    steps: &'a [SentStep],
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    server_output: &'a [String],
}

#[derive(Serialize)]
struct ObservedLine<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
    form: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct SnapshotLine<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Documented<'a> {
    Accept(AcceptLine<'a>),
    Reject(Vec<ErrorLine<'a>>),
    Keep(&'a str),
    Unspecified(&'a str),
}

#[derive(Serialize)]
struct AcceptLine<'a> {
    status: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    or: Vec<ErrorLine<'a>>,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    status: Option<u16>,
    error: Option<&'a str>,
}

fn error_lines(errors: &[ExpectedError]) -> Vec<ErrorLine<'_>> {
    errors
        .iter()
        .map(|one| ErrorLine { status: one.status, error: one.error.as_ref().map(ErrorName::as_str) })
        .collect()
}

/// A member path as text.
struct Written<'a>(&'a MemberPath);

impl Serialize for Written<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// The line of a case, without the newline.
pub fn case_line(case: &Case, judgement: &Judgement, comparison: &Comparison, beside: &CaseLine<'_>) -> Vec<u8> {
    let line = Line {
        event: "case",
        id: &case.id.0,
        scenario: beside.scenario,
        operation: case.operation.as_str(),
        intent: case.intent,
        member: case.member.as_ref().map(Written),
        constraint: case.constraint.map(crate::contract::Constraint::name),
        verdict: judgement.verdict,
        known: comparison.known,
        change: comparison.change,
        observed: ObservedLine {
            status: judgement.observed.status,
            error: judgement.observed.error.as_deref(),
            form: None,
            place: judgement.observed.place.as_deref(),
            note: judgement.observed.note.as_deref(),
        },
        documented: match &case.expectation {
            Expectation::Accept(accept) => {
                Documented::Accept(AcceptLine { status: accept.status, or: error_lines(&accept.or) })
            }
            Expectation::Reject { errors, .. } => Documented::Reject(error_lines(errors)),
            Expectation::Keep { law } => Documented::Keep(law),
            Expectation::Unspecified { reason } => Documented::Unspecified(reason),
        },
        expected: comparison.mark.as_ref().map(crate::snapshot::Mark::as_str),
        snapshot: comparison.accepted.as_ref().map(|accepted| SnapshotLine {
            status: accepted.status,
            error: accepted.error.as_deref(),
            note: accepted.note.as_deref(),
        }),
        differs: &comparison.differs,
        why: &judgement.why,
        source: case.source.as_ref(),
        millis: (beside.millis * 1000.0).round() / 1000.0,
        steps: &beside.steps,
        curl: beside.curl.as_deref(),
        server_output: &beside.server_output,
    };
    let mut out = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut out, &line).expect("texts and numbers always have a JSON form");
    out
}
