//! Distinguishes faults from what an endpoint does not implement or need not accept.
//!
//! It never looks at a case in isolation: a canary, a control and earlier plain values show what a response is worth.

use super::causes::{mask_sent_values, mask_variable_parts, sent_input};
use super::{Judgement, Verdict, response_message};
use crate::case::{CANARY_OPERATION, Case, Intent, JudgedPart};
use crate::contract::{Contract, ErrorRole, MemberPath};
use crate::run::{CaseOutcome, HttpResponse};
use crate::wire;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;

/// A response without anything that varies from request to request. Equal fingerprints mean the same response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseFingerprint {
    status: u16,
    error: Option<String>,
    /// It is not recorded, because it may hold anything.
    #[serde(skip)]
    text: String,
}

impl std::fmt::Display for ResponseFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.error {
            Some(error) => write!(f, "{} {error}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

impl ResponseFingerprint {
    /// Changes the error, which an endpoint sent.
    pub(super) fn redact(&mut self, redact: &dyn Fn(&mut String)) {
        self.error.iter_mut().for_each(redact);
    }
}

/// Maximum number of body bytes compared.
const MAX_COMPARED_BYTES: usize = 4096;

impl ResponseFingerprint {
    /// Creates the fingerprint of the response to a case's judged step. Returns `None` if there was no response, or a
    /// success.
    pub fn from_outcome(contract: &Contract, outcome: &CaseOutcome) -> Option<Self> {
        let exchange = outcome.exchanges.get(outcome.case.judged.shown_step())?.as_ref()?;
        let answer = exchange.response.as_ref().ok().filter(|answer| answer.status >= 300)?;
        let mut text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(MAX_COMPARED_BYTES)]).into_owned();
        let path = exchange.request.target.split('?').next().unwrap_or_default();
        for own in [path, path.trim_start_matches('/'), outcome.case.operation.as_str(), CANARY_OPERATION] {
            if own.len() > 1 {
                text = text.replace(own, "");
            }
        }
        Some(Self { status: answer.status, error: error_code(contract, answer), text: strip_volatile_words(&text) })
    }
}

fn error_code(contract: &Contract, answer: &HttpResponse) -> Option<String> {
    wire::find_error(contract.protocol, answer.status, &answer.headers, &answer.body, None).map(|seen| seen.code)
}

/// Removes IDs, times and lengths from a text by dropping every word with a digit.
fn strip_volatile_words(text: &str) -> String {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
    words.filter(|word| !word.is_empty() && !word.contains(|c: char| c.is_ascii_digit())).collect::<Vec<_>>().join(" ")
}

/// Plain values that an endpoint rejected. If an operation is described by models only, it is unknown which values the
/// service accepts, so a rejected boundary value means something only if a plain value was accepted. Nor does a rejected
/// violation prove anything if a valid value is rejected in the same way.
#[derive(Clone, Debug, Default)]
pub struct RejectedPlainValues(HashMap<String, IndexMap<MemberPath, PlainRejection>>);

/// How an endpoint rejected a plain value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PlainRejection {
    /// Status and error.
    observed: String,
    /// The message, without what varies; empty if there is none.
    message: String,
}

impl PlainRejection {
    fn new(case: &Case, judgement: &Judgement, message: Option<&str>) -> Self {
        let sent = sent_input(case);
        let message = message.map(|text| sent.map_or(Cow::Borrowed(text), |sent| mask_sent_values(text, sent)));
        Self {
            observed: judgement.observed.to_string(),
            message: message.map_or_else(String::new, |text| mask_variable_parts(&text, case.operation.as_str())),
        }
    }
}

impl RejectedPlainValues {
    /// Records a case that shows whether a plain value is accepted; `message` is that of the response.
    pub fn record_case(&mut self, case: &Case, judgement: &Judgement, message: Option<&str>) {
        if judgement.verdict != Verdict::Pass
            && let Some(path) = case.id.plain_value_member()
        {
            let rejection = PlainRejection::new(case, judgement, message);
            self.0.entry(case.operation.to_string()).or_default().insert(path, rejection);
        }
    }

    /// Adjusts the judgement of a case whose request violates a constraint and was rejected as expected: if a valid value
    /// of the same member, or of one that contains it, is rejected in the same words, the endpoint may check nothing of
    /// it.
    pub fn adjust_unproven_rejection(&self, outcome: &CaseOutcome, judgement: Judgement) -> Judgement {
        let case = &*outcome.case;
        let (Verdict::Pass, Intent::Violates, Some(member)) = (judgement.verdict, case.intent, &case.member) else {
            return judgement;
        };
        let Some(rejected) = self.0.get(case.operation.as_str()) else { return judgement };
        let mut outer = rejected.iter().filter(|(path, _)| member.0.starts_with(&path.0)).peekable();
        if outer.peek().is_none() {
            return judgement;
        }
        let own = PlainRejection::new(case, &judgement, response_message(outcome).as_deref());
        match outer.find(|(_, plain)| **plain == own) {
            Some((path, _)) => {
                let why = format!("unproven: a valid `{path}` is rejected in the same way");
                Judgement { verdict: Verdict::Indeterminate, why, ..judgement }
            }
            None => judgement,
        }
    }

    /// Adjusts the judgement of a case whose operation is described by models only. A rejected valid request is not a
    /// fault if plain values of the same member are rejected too, or if the error names another obstacle.
    pub fn adjust_verdict(&self, contract: &Contract, case: &Case, judgement: Judgement) -> Judgement {
        let refused = judgement.observed.status.is_some_and(|status| (400..500).contains(&status));
        if judgement.verdict != Verdict::Diverges
            || case.intent != Intent::Valid
            || !refused
            || !matches!(case.judged, JudgedPart::Step(_))
            || !contract.is_model_only()
        {
            return judgement;
        }
        let unspecified =
            |why: &str| Judgement { verdict: Verdict::Unspecified, why: why.to_owned(), ..judgement.clone() };
        let error_role = judgement.observed.error.as_deref().map(|error| {
            let known = contract.errors.iter().find(|(name, _)| name.as_str() == error);
            known.map_or_else(|| ErrorRole::infer(judgement.observed.status, error, ""), |(_, error)| error.role)
        });
        if matches!(
            error_role,
            Some(ErrorRole::Conflict | ErrorRole::Limit | ErrorRole::MissingResource | ErrorRole::Forbidden)
        ) {
            return unspecified("the model defines only the syntax of requests, and the error names another obstacle");
        }
        if case.id.is_empty_value() {
            return unspecified("the model states no minimum length and does not mention empty values");
        }
        match &case.member {
            None => unspecified("the model defines the syntax of requests, not which combinations are accepted"),
            Some(path) => {
                let near = |other: &MemberPath| path.0.starts_with(&other.0) || other.0.starts_with(&path.0);
                let refused = self.0.get(case.operation.as_str());
                match refused.and_then(|refused| refused.keys().find(|other| near(other))) {
                    Some(other) => unspecified(&format!("a plain value of `{other}` is rejected as well")),
                    None => judgement,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatile_words_are_dropped() {
        let one =
            strip_volatile_words("<RequestId>7a62c49f-347e-4fc4-9331-6e8e</RequestId> Action is not valid 2026-11-25");
        let other =
            strip_volatile_words("<RequestId>00000000-0000-4fc4-9331-6e8e</RequestId> Action is not valid 2026-11-26");
        assert_eq!(one, other);
        assert_eq!(one, "RequestId RequestId Action is not valid");
        assert_ne!(one, strip_volatile_words("<RequestId/> Action is valid"));
    }
}
