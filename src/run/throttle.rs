//! Too much was sent, or so the endpoint says: what counts as that, and whether it is true.
//!
//! It never decides what an answer is worth.

use super::steps::{Sent, Worker};
use super::{Answer, Exchange, Liveness, Plan};
use crate::contract::Role;
use crate::generate::{Case, Expectation, Judged, Send, Step};
use crate::wire::error_seen;
use std::time::Duration;

/// So often a case that stays throttled is sent again between plain valid requests: by chance alone, a
/// server that throttles whatever comes would never have refused the one and answered the other so often.
const DOUBTS: u32 = 10;
/// So often a request that must be refused is sent before its throttling is doubted.
const BEFORE_DOUBT: u32 = 3;

/// The step of a case that must be refused for what is in it.
fn refused_step(case: &Case) -> Option<usize> {
    match (&case.judged, &case.expectation) {
        (Judged::Step(index), Expectation::Reject { .. }) => Some(*index),
        _ => None,
    }
}

impl Worker<'_> {
    /// Sends a case, as often as it takes until it is not throttled. A request that must be refused may be
    /// called throttled and never be: that is found out before anybody waits for long.
    pub(super) async fn sent_through(&mut self, case: &Case) -> Option<(Sent, Option<Liveness>)> {
        let patience = self.plan.settings.throttle_tries;
        let refused = refused_step(case);
        self.tries = if refused.is_some() { BEFORE_DOUBT.min(patience) } else { patience };
        let sent = self.steps(case).await?;
        let Some(step) = refused.filter(|step| self.is_throttled_at(case, *step, &sent.exchanges)) else {
            return Some((sent, None));
        };
        self.tries = 1;
        let doubted = self.doubt(case, step, sent).await;
        self.tries = patience;
        match doubted? {
            Doubted::Feigned(sent) => {
                self.shared.feigned(&case.operation);
                Some((sent, Some(Liveness::Alive)))
            }
            Doubted::Through(sent) => Some((sent, None)),
            Doubted::True => Some((self.steps(case).await?, None)),
        }
    }

    fn is_throttled_at(&self, case: &Case, index: usize, exchanges: &[Option<Exchange>]) -> bool {
        let answer = exchanges.get(index).and_then(Option::as_ref).and_then(|exchange| exchange.answer.as_ref().ok());
        answer.zip(case.steps.get(index)).is_some_and(|(answer, step)| is_throttled(self.plan, step, answer))
    }

    /// Sends a throttled case in turn with plain valid requests, each once. `None` where the stop switch ended it.
    async fn doubt(&mut self, case: &Case, step: usize, first: Sent) -> Option<Doubted> {
        let Some(control) = (self.plan.control)(case.operation.as_str()) else { return Some(Doubted::True) };
        let plain = control.judged.shown();
        for _ in 0..DOUBTS {
            let sent = self.steps(&control).await?;
            let answer = sent.exchanges.get(plain).and_then(Option::as_ref).map(|exchange| &exchange.answer);
            if !matches!(answer, Some(Ok(answer)) if (200..300).contains(&answer.status)) {
                return Some(Doubted::True);
            }
            let again = self.steps(case).await?;
            if !self.is_throttled_at(case, step, &again.exchanges) {
                return Some(Doubted::Through(again));
            }
        }
        Some(Doubted::Feigned(first))
    }
}

/// What is true of a throttling.
enum Doubted {
    /// Plain valid requests beside it were answered every time: it is not the rate that is too high.
    Feigned(Sent),
    /// It came through.
    Through(Sent),
    /// Plain valid requests meet the same, or nobody knows.
    True,
}

/// How long the server asks to wait, or a little longer each time.
pub(super) fn pause(answer: &Answer, before: u32) -> Duration {
    match answer.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_millis(100 << before.min(3)),
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
