//! Too much was sent, or so the endpoint says: what counts as that, and whether it is true.
//!
//! It never decides what an answer is worth.

use super::steps::Worker;
use super::{Answer, Exchange, Liveness, Plan};
use crate::contract::Role;
use crate::generate::{Case, Expectation, Judged, Send, Step};
use crate::wire::error_seen;
use std::time::Duration;

/// So often a case that stays throttled is sent again between plain valid requests: by chance alone, a
/// server that throttles whatever comes would never have refused the one and answered the other so often.
const DOUBTS: u32 = 10;

impl Worker<'_> {
    /// Whether a request that must be refused for what is in it stayed throttled.
    pub(super) fn is_refused_as_throttled(&self, case: &Case, exchanges: &[Option<Exchange>]) -> bool {
        let (Judged::Step(index), Expectation::Reject { .. }) = (&case.judged, &case.expectation) else { return false };
        self.is_throttled_at(case, *index, exchanges)
    }

    fn is_throttled_at(&self, case: &Case, index: usize, exchanges: &[Option<Exchange>]) -> bool {
        let answer = exchanges.get(index).and_then(Option::as_ref).and_then(|exchange| exchange.answer.as_ref().ok());
        answer.zip(case.steps.get(index)).is_some_and(|(answer, step)| is_throttled(self.plan, step, answer))
    }

    /// Sends a throttled case in turn with plain valid requests. Where those are answered and it stays
    /// throttled every time, it is not the rate that is too high; as soon as it comes through, that is
    /// what came; else nothing is learnt. `None` where the stop switch ended it.
    pub(super) async fn doubt_throttling(
        &mut self,
        case: &Case,
        exchanges: Vec<Option<Exchange>>,
    ) -> Option<(Option<Liveness>, Vec<Option<Exchange>>)> {
        let Some(control) = (self.plan.control)(case.operation.as_str()) else { return Some((None, exchanges)) };
        let plain = control.judged.shown();
        self.tries = 1;
        let mut outcome = Some((Some(Liveness::Alive), exchanges));
        for _ in 0..DOUBTS {
            let Some(sent) = Box::pin(self.steps(&control)).await else {
                outcome = None;
                break;
            };
            let answer = sent.exchanges.get(plain).and_then(Option::as_ref).map(|exchange| &exchange.answer);
            let is_answered = matches!(answer, Some(Ok(answer)) if (200..300).contains(&answer.status));
            if !is_answered {
                outcome = outcome.map(|(_, exchanges)| (None, exchanges));
                break;
            }
            let Some(again) = Box::pin(self.steps(case)).await else {
                outcome = None;
                break;
            };
            if !self.is_throttled_at(case, case.judged.shown(), &again.exchanges) {
                outcome = Some((None, again.exchanges));
                break;
            }
        }
        self.tries = self.plan.settings.throttle_tries;
        outcome
    }
}

/// How long the server asks to wait, or a little longer each time.
pub(super) fn pause(answer: &Answer, before: u32) -> Duration {
    match answer.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_millis(100 << before.min(6)),
    }
}

/// Whether an answer says that too much was sent: status 429, a 503 that says when to come back, or an
/// error that the operation documents for it.
pub(super) fn is_throttled(plan: &Plan<'_>, step: &Step, answer: &Answer) -> bool {
    match answer.status {
        429 => return true,
        503 if answer.header("retry-after").is_some() => return true,
        0..=399 => return false,
        _ => {}
    }
    let Send::Operation { name, .. } = &step.send else { return false };
    let Some(operation) = plan.contract.operation(name.as_str()) else { return false };
    // Asked of nearly every refusal: the few errors are looked through, and none is looked up.
    let mut documented = (plan.contract.errors.iter())
        .filter(|(name, error)| error.role == Role::Throttled && operation.errors.contains(name))
        .peekable();
    if documented.peek().is_none() {
        return false;
    }
    let place = plan.scenario.error_code.as_deref();
    error_seen(plan.contract.protocol, answer.status, &answer.headers, &answer.body, place).is_some_and(|seen| {
        documented.any(|(name, error)| seen.code == *error.code.as_deref().unwrap_or_else(|| name.as_str()))
    })
}
