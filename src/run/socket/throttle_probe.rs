//! Checks whether reported throttling is genuine.
//!
//! It never judges a response.

use super::case_sender::CaseSender;
use super::throttle::is_throttled;
use crate::case::{Case, Expectation, JudgedPart};
use crate::run::step_loop::SentSteps;
use crate::run::{Exchange, Liveness, RunPlan};

/// Number of times that a throttled case is sent again, alternating with control requests. A server that throttles at
/// random would hardly reject the case and accept the control every time.
const MAX_THROTTLE_PROBES: u32 = 10;
/// Number of times that a request that must be rejected is sent before its throttling is checked.
const MAX_ATTEMPTS_BEFORE_PROBE: u32 = 3;

/// Sends a case until it is no longer throttled. A request that must be rejected may be reported as throttled every
/// time; this is detected before long waits. Returns `None` if the run was cancelled.
pub(super) async fn send_until_unthrottled(
    sender: &mut CaseSender<'_>,
    case: &Case,
) -> Option<(SentSteps, Option<Liveness>)> {
    let max_attempts = sender.plan.transport_options.max_throttle_attempts;
    let rejected = rejected_step(case);
    sender.set_max_attempts(match rejected {
        Some(_) => MAX_ATTEMPTS_BEFORE_PROBE.min(max_attempts),
        None => max_attempts,
    });
    let sent = sender.send(case).await?;
    let Some(step) = rejected.filter(|step| is_throttled_at(sender.plan, case, *step, &sent.exchanges)) else {
        return Some((sent, None));
    };
    sender.set_max_attempts(1);
    let probe = probe_throttling(sender, case, step, sent).await;
    sender.set_max_attempts(max_attempts);
    match probe? {
        ThrottleProbe::NotRateRelated(sent) => {
            sender.shared.record_false_throttler(&case.operation);
            Some((sent, Some(Liveness::Alive)))
        }
        ThrottleProbe::Succeeded(sent) => Some((sent, None)),
        ThrottleProbe::Genuine => Some((sender.send(case).await?, None)),
    }
}

/// Returns the step of a case that must be rejected for its content.
fn rejected_step(case: &Case) -> Option<usize> {
    match (&case.judged, &case.expectation) {
        (JudgedPart::Step(index), Expectation::Reject { .. }) => Some(*index),
        _ => None,
    }
}

fn is_throttled_at(plan: &RunPlan<'_>, case: &Case, index: usize, exchanges: &[Option<Exchange>]) -> bool {
    let response = exchanges.get(index).and_then(Option::as_ref).and_then(|exchange| exchange.response.as_ref().ok());
    response.zip(case.steps.get(index)).is_some_and(|(response, step)| is_throttled(plan, step, response))
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

/// Sends a throttled case alternately with control requests, without retries. Returns `None` if the run was cancelled.
async fn probe_throttling(
    sender: &mut CaseSender<'_>,
    case: &Case,
    step: usize,
    first: SentSteps,
) -> Option<ThrottleProbe> {
    let Some(control) = (sender.plan.control_case)(case.operation.as_str()) else {
        return Some(ThrottleProbe::Genuine);
    };
    let control_step = control.judged.shown_step();
    for _ in 0..MAX_THROTTLE_PROBES {
        let sent = sender.send(&control).await?;
        let response = sent.exchanges.get(control_step).and_then(Option::as_ref).map(|exchange| &exchange.response);
        if !matches!(response, Some(Ok(response)) if (200..300).contains(&response.status)) {
            return Some(ThrottleProbe::Genuine);
        }
        let retried = sender.send(case).await?;
        if !is_throttled_at(sender.plan, case, step, &retried.exchanges) {
            return Some(ThrottleProbe::Succeeded(retried));
        }
    }
    Some(ThrottleProbe::NotRateRelated(first))
}
