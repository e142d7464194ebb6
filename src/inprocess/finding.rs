//! A finding about a service in this process, as shown in a fuzzer's output.
//!
//! It never contains a secret that the scenario names.

use crate::generate::Act;
use crate::generate::{Case, acts_to_json};
use crate::judge::{Judgement, in_words};
use crate::run::Outcome;
use crate::wire::{Redaction, curl};
use std::fmt;

/// A response or a state that contradicts the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the case: `cards/LinkCard/note/length/…`.
    pub id: String,
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

impl Finding {
    pub(crate) fn new(
        outcome: &Outcome,
        judgement: &Judgement,
        acts: Option<&[Act]>,
        origin: &str,
        redaction: &Redaction,
    ) -> Self {
        let case: &Case = &outcome.case;
        let requests = outcome.exchanges.iter().flatten().map(|exchange| {
            let line = curl(&exchange.sent, origin, redaction).map(|line| line.0);
            let line =
                line.unwrap_or_else(|| redaction.clean(&format!("{} {}", exchange.sent.method, exchange.sent.target)));
            match &exchange.answer {
                Ok(answer) => format!("{line}   # {}", answer.status),
                Err(reason) => format!("{line}   # {reason}"),
            }
        });
        Self {
            id: case.id.0.clone(),
            rule: case.rule.clone(),
            source: case.source.as_ref().map(ToString::to_string),
            expected: in_words(&case.expectation),
            observed: redaction.clean(&judgement.observed.to_string()),
            why: redaction.clean(&judgement.why),
            requests: requests.collect(),
            seed: acts.map(|acts| redaction.clean(&acts_to_json(acts).to_string())),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.id)?;
        write!(f, "    documented   {}", self.rule)?;
        match &self.source {
            Some(source) => writeln!(f, "   {source}")?,
            None => writeln!(f)?,
        }
        writeln!(f, "    expected     {}", self.expected)?;
        writeln!(f, "    observed     {}", self.observed)?;
        writeln!(f, "    why          {}", self.why)?;
        for (number, request) in self.requests.iter().enumerate() {
            writeln!(f, "    {:<12} {request}", if number == 0 { "sent" } else { "" })?;
        }
        match &self.seed {
            Some(seed) => write!(f, "    seed         {seed}"),
            None => Ok(()),
        }
    }
}
