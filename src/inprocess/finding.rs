//! A finding about a service in this process, as shown in a fuzzer's output.
//!
//! It never contains a secret that the scenario names.

use crate::case::Case;
use crate::escape::{escape_json_text, escape_line};
use crate::generate::{Action, actions_to_json};
use crate::judge::{FindingCode, Judgement, SnapshotComparison, describe_expectation, finding_code};
use crate::run::CaseOutcome;
use crate::wire::{Redaction, RequestPart, curl_command};
use std::fmt;

/// A response or a state that contradicts the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InProcessFinding {
    /// The id of the case: `cards/LinkCard/note/length/…`.
    pub id: String,
    /// The code of the kind of finding, such as `OV203`; see `docs/codes/`.
    pub code: &'static str,
    /// The rule in words: `at most 6 entries`.
    pub rule: String,
    /// Source of the rule, as `document:line`.
    pub source: Option<String>,
    /// The expected response, in words.
    pub expected: String,
    /// The observed response.
    pub observed: String,
    /// Why that is wrong, in one sentence.
    pub why: String,
    /// All requests that were sent, in order, as curl lines. A request that curl cannot send is described instead.
    pub requests: Vec<String>,
    /// The requests as a corpus seed that reproduces them; `None` for a planned case.
    pub seed: Option<String>,
}

impl InProcessFinding {
    pub(crate) fn new(
        outcome: &CaseOutcome,
        judgement: &Judgement,
        actions: Option<&[Action]>,
        origin: &str,
        redaction: &Redaction,
    ) -> Self {
        let case: &Case = &outcome.case;
        let requests = outcome.exchanges.iter().flatten().map(|exchange| {
            let line = curl_command(&exchange.request, origin, redaction).map(|line| line.0);
            let line = line.unwrap_or_else(|| {
                let line = format!("{} {}", exchange.request.method, exchange.request.target);
                redaction.redact_request(&line, RequestPart::Other).into_owned()
            });
            match &exchange.response {
                Ok(answer) => format!("{line}   # {}", answer.status),
                Err(reason) => format!("{line}   # {}", redaction.redact_message(&reason.to_string())),
            }
        });
        Self {
            id: case.id.to_string(),
            code: finding_code(case, judgement, &SnapshotComparison::default()).map_or("", FindingCode::as_str),
            rule: case.rule.clone(),
            source: case.source.as_ref().map(ToString::to_string),
            expected: describe_expectation(&case.expectation),
            observed: redaction.redact_message(&judgement.observed.to_string()).into_owned(),
            why: redaction.redact_message(&judgement.why).into_owned(),
            requests: requests.collect(),
            seed: actions.map(|acts| {
                redaction.redact_request(&actions_to_json(acts).to_string(), RequestPart::Other).into_owned()
            }),
        }
    }
}

impl fmt::Display for InProcessFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} [{}]", escape_line(&self.id), self.code)?;
        write!(f, "    documented   {}", escape_line(&self.rule))?;
        match &self.source {
            Some(source) => writeln!(f, "   {}", escape_line(source))?,
            None => writeln!(f)?,
        }
        writeln!(f, "    expected     {}", escape_line(&self.expected))?;
        writeln!(f, "    received     {}", escape_line(&self.observed))?;
        writeln!(f, "    because      {}", escape_line(&self.why))?;
        for (number, request) in self.requests.iter().enumerate() {
            writeln!(f, "    {:<12} {}", if number == 0 { "sent" } else { "" }, escape_line(request))?;
        }
        match &self.seed {
            Some(seed) => write!(f, "    seed         {}", escape_json_text(seed)),
            None => Ok(()),
        }
    }
}
