//! Detects responses that report throttling.
//!
//! It never waits.

use crate::case::{Step, StepRequest};
use crate::contract::ErrorRole;
use crate::run::{HttpResponse, RunPlan};
use crate::wire::find_error;
use std::time::Duration;

/// Returns the delay that the server asks for, or an exponentially growing one.
pub(super) fn retry_delay(response: &HttpResponse, retries: u32) -> Duration {
    match response.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok()) {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::from_millis(100 << retries.min(3)),
    }
}

/// Returns true if a response says that the server cannot be used at the moment, without saying for how long, see
/// [RFC 9110, 15.6.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4).
pub(super) fn is_unavailable(response: &HttpResponse) -> bool {
    response.status == 503 && response.header("retry-after").is_none()
}

/// Returns true if a response reports throttling: status 429, a 503 with `retry-after`, or an error that the operation
/// documents for throttling.
pub(super) fn is_throttled(plan: &RunPlan<'_>, step: &Step, response: &HttpResponse) -> bool {
    match response.status {
        429 => return true,
        503 if response.header("retry-after").is_some() => return true,
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
    let code_path = plan.scenario.error_code.as_deref();
    find_error(plan.contract.protocol, response.status, &response.headers, &response.body, code_path).is_some_and(
        |error| documented.any(|(name, known)| error.code == *known.code.as_deref().unwrap_or_else(|| name.as_str())),
    )
}
