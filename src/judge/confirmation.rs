//! Decides what counts when a case was sent once more, while no other case was running.
//!
//! What a busy endpoint or machine causes does not repeat then, and must not be reported as a fault of the request.

use super::{JudgedCase, Judgement, SnapshotComparison, Verdict};
use crate::case::JudgedPart;
use crate::run::{BodyFraming, CaseOutcome, has_failed_setup, has_server_failure, was_unavailable};

/// What a repetition shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Confirmation {
    /// The first result counts. The repetition got another wrong response, or one that the first request explains.
    First,
    /// The result of the repetition counts: it is the same, and what the server printed belongs to this case alone.
    Repeated,
    /// The first response does not repeat; holds the result of the case.
    Flaky(Box<JudgedCase>),
}

/// Returns true if the load or other cases may have caused a result that would be reported.
///
/// A violation that was accepted is not repeated: no load makes a server skip a check, and the accepted request may have
/// changed what a second one meets. A violated law is not repeated either, unless the server failed: it is about what
/// other requests, also those of other cases, have left behind. A case that taught nothing because the server failed on
/// a request that creates what the case needs is repeated, too.
pub fn must_confirm(outcome: &CaseOutcome, judged: &JudgedCase) -> bool {
    if judged.judgement.verdict == Verdict::Indeterminate {
        return outcome.broken_operation.is_none() && has_failed_setup(outcome);
    }
    let is_suspect = match outcome.case.judged {
        JudgedPart::Step(index) => !is_plain_success(outcome, index),
        JudgedPart::Law(_) => has_server_failure(outcome),
    };
    judged.is_finding && is_suspect
}

/// Returns true if a step got a well-framed response with a status of success.
fn is_plain_success(outcome: &CaseOutcome, index: usize) -> bool {
    let exchange = outcome.exchanges.get(index).and_then(Option::as_ref);
    exchange.and_then(|exchange| exchange.response.as_ref().ok()).is_some_and(|response| {
        let is_well_framed = matches!(response.framing, BodyFraming::Complete | BodyFraming::OpenStream);
        (200..300).contains(&response.status) && is_well_framed
    })
}

/// Decides between the result of a case and that of its repetition, each with its outcome.
pub fn confirm(first: (&CaseOutcome, &JudgedCase), repeated: (&CaseOutcome, &JudgedCase)) -> Confirmation {
    let was_temporary = was_unavailable(first.0) && !has_server_failure(repeated.0);
    let (first, repeated) = (first.1, repeated.1);
    // A server that says that it cannot be used now promises another response for later.
    if was_temporary || first.judgement.verdict == Verdict::Indeterminate {
        return Confirmation::Repeated;
    }
    let (was, now) = (&first.judgement.observed, &repeated.judgement.observed);
    if repeated.is_finding {
        // A response says more than none.
        let is_same = (was.status, &was.error, &was.note) == (now.status, &now.error, &now.note);
        return if is_same || was.status.is_none() { Confirmation::Repeated } else { Confirmation::First };
    }
    let is_conclusive = matches!(repeated.judgement.verdict, Verdict::Pass | Verdict::Unspecified | Verdict::Diverges);
    // The first request may have created what the second one is told exists.
    let is_conflict = now.status == Some(409) || now.error.as_deref().is_some_and(names_conflict);
    let may_have_had_effect = was.status.is_none_or(|status| status >= 500);
    if !is_conclusive || (is_conflict && may_have_had_effect) {
        return Confirmation::First;
    }
    let why = format!("received {was}, and {now} when the request was sent again alone");
    Confirmation::Flaky(Box::new(JudgedCase {
        judgement: Judgement { verdict: Verdict::Flaky, observed: was.clone(), why },
        comparison: SnapshotComparison { key: first.comparison.key.clone(), ..SnapshotComparison::default() },
        is_finding: false,
        message: None,
    }))
}

/// Returns true if an error says that a resource exists or is in use.
fn names_conflict(error: &str) -> bool {
    let name: String = error.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    ["exist", "conflict", "duplicate", "inuse"].iter().any(|word| name.contains(word)) && !name.contains("notexist")
}
