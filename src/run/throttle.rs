//! Detects throttling, and checks whether reported throttling is genuine.
//!
//! It never judges a response.

use super::steps::{CaseWorker, SentSteps};
use super::{Exchange, HttpResponse, Liveness, RunPlan};
use crate::case::{Case, Expectation, JudgedPart, Step, StepRequest};
use crate::contract::ErrorRole;
use crate::wire::find_error;
use std::time::Duration;

/// Number of times that a throttled case is sent again, alternating with control requests. A server that throttles at
/// random would hardly reject the case and accept the control every time.
const MAX_THROTTLE_PROBES: u32 = 10;
/// Number of times that a request that must be rejected is sent before its throttling is checked.
const MAX_ATTEMPTS_BEFORE_PROBE: u32 = 3;

/// Returns the step of a case that must be rejected for its content.
fn rejected_step(case: &Case) -> Option<usize> {
    match (&case.judged, &case.expectation) {
        (JudgedPart::Step(index), Expectation::Reject { .. }) => Some(*index),
        _ => None,
    }
}

impl CaseWorker<'_> {
    /// Sends a case until it is no longer throttled. A request that must be rejected may be reported as throttled every
    /// time; this is detected before long waits.
    pub(super) async fn send_until_unthrottled(&mut self, case: &Case) -> Option<(SentSteps, Option<Liveness>)> {
        let patience = self.plan.transport_options.max_throttle_attempts;
        let refused = rejected_step(case);
        self.max_attempts = if refused.is_some() { MAX_ATTEMPTS_BEFORE_PROBE.min(patience) } else { patience };
        let sent = self.run_steps(case).await?;
        let Some(step) = refused.filter(|step| self.is_throttled_at(case, *step, &sent.exchanges)) else {
            return Some((sent, None));
        };
        self.max_attempts = 1;
        let doubted = self.probe_throttling(case, step, sent).await;
        self.max_attempts = patience;
        match doubted? {
            ThrottleProbe::NotRateRelated(sent) => {
                self.shared.record_false_throttler(&case.operation);
                Some((sent, Some(Liveness::Alive)))
            }
            ThrottleProbe::Succeeded(sent) => Some((sent, None)),
            ThrottleProbe::Genuine => Some((self.run_steps(case).await?, None)),
        }
    }

    fn is_throttled_at(&self, case: &Case, index: usize, exchanges: &[Option<Exchange>]) -> bool {
        let answer = exchanges.get(index).and_then(Option::as_ref).and_then(|exchange| exchange.response.as_ref().ok());
        answer.zip(case.steps.get(index)).is_some_and(|(answer, step)| is_throttled(self.plan, step, answer))
    }

    /// Sends a throttled case alternately with control requests, without retries. Returns `None` if the run was
    /// cancelled.
    async fn probe_throttling(&mut self, case: &Case, step: usize, first: SentSteps) -> Option<ThrottleProbe> {
        let Some(control) = (self.plan.control_case)(case.operation.as_str()) else {
            return Some(ThrottleProbe::Genuine);
        };
        let plain = control.judged.shown_step();
        for _ in 0..MAX_THROTTLE_PROBES {
            let sent = self.run_steps(&control).await?;
            let answer = sent.exchanges.get(plain).and_then(Option::as_ref).map(|exchange| &exchange.response);
            if !matches!(answer, Some(Ok(answer)) if (200..300).contains(&answer.status)) {
                return Some(ThrottleProbe::Genuine);
            }
            let again = self.run_steps(case).await?;
            if !self.is_throttled_at(case, step, &again.exchanges) {
                return Some(ThrottleProbe::Succeeded(again));
            }
        }
        Some(ThrottleProbe::NotRateRelated(first))
    }
}

/// Result of checking reported throttling.
enum ThrottleProbe {
    /// Control requests succeeded every time, so the request rate is not the cause.
    NotRateRelated(SentSteps),
    /// The case was no longer throttled.
    Succeeded(SentSteps),
    /// Control requests are throttled as well, or cannot be sent.
    Genuine,
}

/// Returns the delay that the server asks for, or an exponentially growing one.
pub(super) fn retry_delay(answer: &HttpResponse, before: u32) -> Duration {
    match answer.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_millis(100 << before.min(3)),
    }
}

/// Returns true if a response reports throttling: status 429, a 503 with `retry-after`, or an error that the operation
/// documents for throttling.
pub(super) fn is_throttled(plan: &RunPlan<'_>, step: &Step, answer: &HttpResponse) -> bool {
    match answer.status {
        429 => return true,
        503 if answer.header("retry-after").is_some() => return true,
        0..=399 => return false,
        _ => {}
    }
    let StepRequest::Operation { name, .. } = &step.request else { return false };
    let Some(operation) = plan.contract.operation(name.as_str()) else { return false };
    // This runs for nearly every rejection, so it scans the few errors instead of looking each one up.
    let mut documented = (plan.contract.errors.iter())
        .filter(|(name, error)| error.role == ErrorRole::Throttled && operation.errors.contains(name))
        .peekable();
    if documented.peek().is_none() {
        return false;
    }
    let place = plan.scenario.error_code.as_deref();
    find_error(plan.contract.protocol, answer.status, &answer.headers, &answer.body, place).is_some_and(|seen| {
        documented.any(|(name, error)| seen.code == *error.code.as_deref().unwrap_or_else(|| name.as_str()))
    })
}
