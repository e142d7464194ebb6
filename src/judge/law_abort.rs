//! Why the check of a law ends early, and the responses that it reads.

use super::state::LawViolation;
use crate::run::{CaseOutcome, HttpResponse};

/// Why the check of a law ends early.
pub(super) enum LawAbort {
    /// A step got no response.
    NoResponse(usize),
    /// The responses are inconclusive for the law.
    Inconclusive(String),
    /// The documents do not say what follows from the responses.
    Undocumented(String),
    /// Neither a response nor the documentation has this place.
    UnknownPlace(String),
    /// The server failed on a request, or its response has another form than the documented one. This says nothing about
    /// stored data.
    BadResponse {
        /// The status.
        status: u16,
        /// What is wrong, in a few words.
        note: String,
        /// The same in a sentence.
        why: String,
    },
    /// The law is violated, or one of its requests was rejected that must be accepted.
    Violated(LawViolation),
}

impl From<LawViolation> for LawAbort {
    fn from(broken: LawViolation) -> Self {
        Self::Violated(broken)
    }
}

/// Returns the response to a step.
pub(super) fn step_response(outcome: &CaseOutcome, step: usize) -> Result<&HttpResponse, LawAbort> {
    match outcome.exchanges.get(step).and_then(Option::as_ref) {
        None => {
            let why = outcome.not_sent.clone().unwrap_or_else(|| "a step was not sent".to_owned());
            Err(LawAbort::Inconclusive(why))
        }
        Some(exchange) => exchange.response.as_ref().map_err(|_| LawAbort::NoResponse(step)),
    }
}
