//! Verdicts on cases, and findings, which group diverging cases.
//!
//! This module only holds values; it never judges.

use super::FindingCode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a case that was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// The endpoint kept the contract.
    Pass,
    /// The endpoint broke the contract.
    Diverges,
    /// The documentation does not say what should happen.
    Unspecified,
    /// The endpoint does not implement the operation, which is a matter of scope and not a fault.
    NotImplemented,
    /// The endpoint broke the contract, but did not when the request was sent again alone.
    Flaky,
    /// The case was inconclusive: transport failure, throttling, or failed set-up.
    Indeterminate,
    /// The violation cannot be expressed on the wire; nothing was sent.
    Unsendable,
}

impl Verdict {
    /// Returns the verdict's name as used in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Diverges => "diverges",
            Self::Unspecified => "unspecified",
            Self::NotImplemented => "not-implemented",
            Self::Flaky => "flaky",
            Self::Indeterminate => "indeterminate",
            Self::Unsendable => "unsendable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was observed at the judged step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservedOutcome {
    /// Status code; absent if there was no response.
    pub status: Option<u16>,
    /// Error type in its plain form, without namespace or URI.
    pub error: Option<String>,
    /// Where the error type was found: `x-amzn-errortype`, `__type`, `error.code` …
    pub place: Option<String>,
    /// Anything else worth noting: `hang`, `dropped`, `body shorter than its framing` …
    pub note: Option<String>,
    /// How the server failed, if it sent no complete response.
    #[serde(skip)]
    pub failure: Option<FailureKind>,
}

/// How a server failed to send a complete response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It closed the connection.
    Dropped,
    /// It did not finish in time.
    Hang,
    /// It ended, or responded to nothing any more.
    Crash,
    /// It sent something that is not valid HTTP.
    BrokenHttp,
}

impl ObservedOutcome {
    /// Creates an outcome of a status and an error type, without a place or a note.
    pub fn new(status: Option<u16>, error: Option<String>) -> Self {
        Self { status, error, ..Self::default() }
    }
}

impl fmt::Display for ObservedOutcome {
    /// Formats as `400 InvalidParameterException`, `200` or `hang`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, &self.error) {
            (Some(status), Some(error)) => write!(f, "{status} {error}")?,
            (Some(status), None) => write!(f, "{status}")?,
            (None, _) => return f.write_str(self.note.as_deref().unwrap_or("no answer")),
        }
        match &self.note {
            Some(note) => write!(f, ", {note}"),
            None => Ok(()),
        }
    }
}

/// A case's verdict and the reason for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What was observed.
    pub observed: ObservedOutcome,
    /// Reason for the verdict, in one sentence.
    pub why: String,
}

/// Cases of one operation, member, constraint and response that a finding explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingPart {
    /// The operation.
    pub operation: String,
    /// The member path, or the case's class if it has no member.
    pub member: String,
    /// The constraint's name, or the kind of damage.
    pub constraint: String,
    /// What was observed, as [`ObservedOutcome`] formats it.
    pub observed: String,
    /// Number of cases.
    pub case_count: u64,
}

/// The cause of diverging cases, and so one fix. Operation, member and constraint are those of its first example.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The code of its kind, that of the first example.
    pub code: FindingCode,
    /// The scenario.
    pub scenario: String,
    /// The operation.
    pub operation: String,
    /// The member path, or the case's class if it has no member (`malformed`, `auth` …).
    pub member: String,
    /// The constraint's name, or the kind of damage.
    pub constraint: String,
    /// The kind of the cause: `same-failure`, `unchecked-constraint`, `single` …
    pub cause: &'static str,
    /// The cause in one sentence, if it explains more than the cases of one operation, member and constraint.
    pub statement: Option<String>,
    /// Innermost stack frame that the server printed when it failed.
    pub frame: Option<String>,
    /// Message of the response when the server failed, without what varies; absent if the frame is known.
    pub message: Option<String>,
    /// The operations concerned, in plan order.
    pub operations: Vec<String>,
    /// What the finding explains.
    pub parts: Vec<FindingPart>,
    /// IDs of the explained cases, unless the run has too many.
    pub case_ids: Vec<String>,
    /// What was observed, as [`ObservedOutcome`] formats it.
    pub observed: String,
    /// Number of cases.
    pub case_count: u64,
    /// IDs of a few cases, those with the smallest input first.
    pub examples: Vec<String>,
    /// The rule that the first example tests, in words.
    pub rule: String,
    /// Where the rule is documented, as `document:line`.
    pub source: Option<String>,
    /// What was expected, in words.
    pub expected: String,
    /// The accepted response in words, if the observed one differs from it.
    pub accepted: Option<String>,
    /// Reason for the finding, in one sentence.
    pub why: String,
    /// What further requests revealed about the limit that is actually enforced, in one sentence.
    pub discovery: Option<String>,
    /// The first example's request as a curl command, if curl can send it.
    pub curl: Option<String>,
    /// Last lines of the server's output, if overstep started the server and it failed.
    pub server_output: Vec<String>,
}
