//! Verdicts on cases, and findings, which group diverging cases.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is known of a case after it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The contract was kept.
    Pass,
    /// The contract was broken.
    Diverges,
    /// The documents are silent.
    Unspecified,
    /// The endpoint lacks the operation: scope, not a fault.
    NotImplemented,
    /// Nothing was learnt: transport, throttling, a set-up that failed.
    Indeterminate,
    /// The constraint cannot be put on the wire; nothing was sent.
    Unsendable,
}

impl Verdict {
    /// As in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Diverges => "diverges",
            Self::Unspecified => "unspecified",
            Self::NotImplemented => "not-implemented",
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

/// What came back to the judged step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The status; absent where there was no answer.
    pub status: Option<u16>,
    /// The error type in its plain form, without namespace or URI.
    pub error: Option<String>,
    /// Where the error type stood: `x-amzn-errortype`, `__type`, `error.code` …
    pub place: Option<String>,
    /// What else is notable: `hang`, `dropped`, `body shorter than its framing` …
    pub note: Option<String>,
}

impl fmt::Display for Observed {
    /// `400 InvalidParameterException`, `200`, `no answer within 2s`.
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

/// A case's verdict with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What came back.
    pub observed: Observed,
    /// Why the verdict is what it is, one sentence.
    pub why: String,
}

/// Diverging cases with one cause as far as can be told: one finding, one fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The scenario.
    pub scenario: String,
    /// The operation.
    pub operation: String,
    /// The member path, or the class where there is none (`malformed`, `auth` …).
    pub member: String,
    /// The constraint's name, or the kind of damage.
    pub constraint: String,
    /// Where the server broke in its own words; the finding is then about that place, and operation, member and
    /// constraint are those of its first example.
    pub frame: Option<String>,
    /// The operations that meet it, where it is about a place in the server.
    pub operations: Vec<String>,
    /// What was observed, as [`Observed`] prints it.
    pub observed: String,
    /// How many cases.
    pub cases: u64,
    /// Ids of the first few, smallest first.
    pub examples: Vec<String>,
    /// The first example's rule in words.
    pub rule: String,
    /// Where the rule is written, `document:line`.
    pub source: Option<String>,
    /// What was expected, in words.
    pub expected: String,
    /// What was accepted instead of this, in words, where the answer is not the accepted one.
    pub accepted: Option<String>,
    /// Why, one sentence.
    pub why: String,
    /// What further requests have shown of the limit that is enforced instead, one sentence.
    pub learnt: Option<String>,
    /// The first example's request as a curl line, where curl can send it.
    pub curl: Option<String>,
    /// What the server said last, where overstep started it and it failed.
    pub server_output: Vec<String>,
}
