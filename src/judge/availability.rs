//! Distinguishes faults from what an endpoint does not implement or need not accept.
//!
//! It never looks at a case in isolation: a canary, a control and earlier plain values show what a response is worth.

use super::{Judgement, Verdict};
use crate::contract::{Contract, MemberPath, Role};
use crate::generate::{Case, Intent, Judged};
use crate::run::{Answer, Outcome};
use crate::wire;
use std::collections::{HashMap, HashSet};

/// A response without anything that varies from request to request. Equal fingerprints mean the same response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likeness {
    status: u16,
    error: Option<String>,
    text: String,
}

impl std::fmt::Display for Likeness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.error {
            Some(error) => write!(f, "{} {error}", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

/// Maximum number of body bytes compared.
const MOST_COMPARED: usize = 4096;

impl Likeness {
    /// Creates the fingerprint of the response to a case's judged step. Returns `None` if there was no response, or a
    /// success.
    pub fn of(contract: &Contract, outcome: &Outcome) -> Option<Self> {
        let exchange = outcome.exchanges.get(outcome.case.judged.shown())?.as_ref()?;
        let answer = exchange.answer.as_ref().ok().filter(|answer| answer.status >= 300)?;
        let mut text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(MOST_COMPARED)]).into_owned();
        let path = exchange.sent.target.split('?').next().unwrap_or_default();
        for own in [path, path.trim_start_matches('/'), outcome.case.operation.as_str(), crate::generate::CANARY] {
            if own.len() > 1 {
                text = text.replace(own, "");
            }
        }
        Some(Self { status: answer.status, error: code(contract, answer), text: timeless(&text) })
    }
}

fn code(contract: &Contract, answer: &Answer) -> Option<String> {
    wire::error_seen(contract.protocol, answer.status, &answer.headers, &answer.body, None).map(|seen| seen.code)
}

/// Removes IDs, times and lengths from a text by dropping every word with a digit.
fn timeless(text: &str) -> String {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
    words.filter(|word| !word.is_empty() && !word.contains(|c: char| c.is_ascii_digit())).collect::<Vec<_>>().join(" ")
}

/// Plain values that an endpoint rejected. If an operation is described by models only, it is unknown which values the
/// service accepts, so a rejected boundary value means something only if a plain value was accepted.
#[derive(Clone, Debug, Default)]
pub struct Refused(HashMap<String, HashSet<MemberPath>>);

impl Refused {
    /// Records a case that shows whether a plain value is accepted.
    pub fn see(&mut self, case: &Case, judgement: &Judgement) {
        if case.class == "valid"
            && judgement.verdict != Verdict::Pass
            && let Some(path) = plain_of(case)
        {
            self.0.entry(case.operation.to_string()).or_default().insert(path);
        }
    }

    /// Adjusts the judgement of a case whose operation is described by models only. A rejected valid request is not a
    /// fault if plain values of the same member are rejected too, or if the error names another obstacle.
    pub fn weigh(&self, contract: &Contract, case: &Case, judgement: Judgement) -> Judgement {
        let refused = judgement.observed.status.is_some_and(|status| (400..500).contains(&status));
        if judgement.verdict != Verdict::Diverges
            || case.intent != Intent::Valid
            || !refused
            || !matches!(case.judged, Judged::Step(_))
            || !contract.is_only_modelled()
        {
            return judgement;
        }
        let silent = |why: &str| Judgement { verdict: Verdict::Unspecified, why: why.to_owned(), ..judgement.clone() };
        let told = judgement.observed.error.as_deref().map(|error| {
            let known = contract.errors.iter().find(|(name, _)| name.as_str() == error);
            known.map_or_else(|| Role::infer(judgement.observed.status, error, ""), |(_, error)| error.role)
        });
        if matches!(told, Some(Role::Conflict | Role::Limit | Role::MissingResource | Role::Forbidden)) {
            return silent("the model defines only the syntax of requests, and the error names another obstacle");
        }
        if case.id.0.ends_with("/length/empty") {
            return silent("the model states no minimum length and does not mention empty values");
        }
        match &case.member {
            None => silent("the model defines the syntax of requests, not which combinations are accepted"),
            Some(path) => {
                let near = |other: &MemberPath| path.0.starts_with(&other.0) || other.0.starts_with(&path.0);
                let refused = self.0.get(case.operation.as_str());
                match refused.and_then(|refused| refused.iter().find(|other| near(other))) {
                    Some(other) => silent(&format!("a plain value of `{other}` is rejected as well")),
                    None => judgement,
                }
            }
        }
    }
}

/// Returns the member that a case tests with a plain value: `…/valid/member/PATH`, `…/valid/other/PATH`.
fn plain_of(case: &Case) -> Option<MemberPath> {
    let mut parts = case.id.0.splitn(5, '/').skip(2);
    let (class, kind, path) = (parts.next()?, parts.next()?, parts.next()?);
    (class == "valid" && matches!(kind, "member" | "other")).then(|| MemberPath::parse(path)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatile_words_are_dropped() {
        let one = timeless("<RequestId>7a62c49f-347e-4fc4-9331-6e8e</RequestId> Action is not valid 2026-11-25");
        let other = timeless("<RequestId>00000000-0000-4fc4-9331-6e8e</RequestId> Action is not valid 2026-11-26");
        assert_eq!(one, other);
        assert_eq!(one, "RequestId RequestId Action is not valid");
        assert_ne!(one, timeless("<RequestId/> Action is valid"));
    }
}
