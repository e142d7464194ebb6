//! Detects throttling, and checks whether reported throttling is genuine.
//!
//! It never judges a response.

use super::steps::{Sent, Worker};
use super::{Answer, Exchange, Liveness, Plan};
use crate::contract::Role;
use crate::generate::{Case, Expectation, Judged, Send, Step};
use crate::wire::error_seen;
use std::time::Duration;

/// Number of times that a throttled case is sent again, alternating with control requests. A server that throttles at
/// random would hardly reject the case and accept the control every time.
const DOUBTS: u32 = 10;
/// Number of times that a request that must be rejected is sent before its throttling is checked.
const BEFORE_DOUBT: u32 = 3;

/// Returns the step of a case that must be rejected for its content.
fn refused_step(case: &Case) -> Option<usize> {
    match (&case.judged, &case.expectation) {
        (Judged::Step(index), Expectation::Reject { .. }) => Some(*index),
        _ => None,
    }
}

impl Worker<'_> {
    /// Sends a case until it is no longer throttled. A request that must be rejected may be reported as throttled every
    /// time; this is detected before long waits.
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

    /// Sends a throttled case alternately with control requests, without retries. Returns `None` if the run was
    /// cancelled.
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

/// Result of checking reported throttling.
enum Doubted {
    /// Control requests succeeded every time, so the request rate is not the cause.
    Feigned(Sent),
    /// The case was no longer throttled.
    Through(Sent),
    /// Control requests are throttled as well, or cannot be sent.
    True,
}

/// Returns the delay that the server asks for, or an exponentially growing one.
pub(super) fn pause(answer: &Answer, before: u32) -> Duration {
    match answer.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_millis(100 << before.min(3)),
    }
}

/// Returns true if a response reports throttling: status 429, a 503 with `retry-after`, or an error that the operation
/// documents for throttling.
pub(super) fn is_throttled(plan: &Plan<'_>, step: &Step, answer: &Answer) -> bool {
    match answer.status {
        429 => return true,
        503 if answer.header("retry-after").is_some() => return true,
        0..=399 => return false,
        _ => {}
    }
    let Send::Operation { name, .. } = &step.send else { return false };
    let Some(operation) = plan.contract.operation(name.as_str()) else { return false };
    // This runs for nearly every rejection, so it scans the few errors instead of looking each one up.
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
