//! Reads what later steps need from a response: success, captured values, readiness.
//!
//! It never judges a response.

use super::placeholders::Placeholders;
use super::{Exchange, HttpResponse, RunPlan};
use crate::case::{Step, StepRequest};
use crate::contract::ErrorRole;
use crate::wire::{decode_document, decode_output, find_error, value_at};

/// Returns the role of a response's error.
pub(super) fn error_role(plan: &RunPlan<'_>, exchange: &Exchange) -> Option<ErrorRole> {
    let answer = exchange.response.as_ref().ok()?;
    let code = plan.scenario.error_code.as_deref();
    let seen = find_error(plan.contract.protocol, answer.status, &answer.headers, &answer.body, code)?;
    Some(ErrorRole::infer(Some(answer.status), &seen.code, ""))
}

/// Returns true if a response says that the requested resource does not exist.
pub(super) fn is_missing_resource(plan: &RunPlan<'_>, exchange: &Exchange) -> bool {
    error_role(plan, exchange) == Some(ErrorRole::MissingResource)
}

/// Returns a message if a step's response does not show the value that the fixture waits for.
pub(super) fn describe_not_ready(plan: &RunPlan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let until = step.fixture.as_ref()?.until.as_ref()?;
    let answer = exchange.response.as_ref().ok().filter(|answer| is_step_success(step, answer))?;
    let document = parse_document(plan, step, answer)?;
    let shown = value_at(&document, &until.path).and_then(serde_json::Value::as_str).unwrap_or_default();
    (!until.accepted_values.iter().any(|due| due == shown)).then(|| {
        format!(
            "set-up failed: `{}` is `{shown}` and did not become {}",
            until.path,
            until.accepted_values.join(" or ")
        )
    })
}

/// Captures the values that later steps need from a response.
pub(super) fn capture_values(plan: &RunPlan<'_>, holes: &mut Placeholders<'_>, step: &Step, answer: &HttpResponse) {
    if step.captures.is_empty() || !is_step_success(step, answer) {
        return;
    }
    let Some(document) = parse_document(plan, step, answer) else { return };
    for capture in &step.captures {
        if let Some(value) = value_at(&document, &capture.path) {
            holes.add_captured(&capture.name, value.clone());
        }
    }
}

/// Returns the reason why a set-up step failed, if it did.
pub(super) fn describe_failed_setup(step: &Step, exchange: &Exchange) -> Option<String> {
    match &exchange.response {
        Ok(answer) if is_step_success(step, answer) => None,
        Ok(answer) => Some(format!("a set-up step got status {}", answer.status)),
        Err(reason) => Some(format!("a set-up step got no response: {reason}")),
    }
}

/// Parses the document of a response.
fn parse_document(plan: &RunPlan<'_>, step: &Step, answer: &HttpResponse) -> Option<serde_json::Value> {
    let contract = &plan.contract;
    match &step.request {
        // The protocol's XML wrapper around a result is not part of a path.
        StepRequest::Operation { name, .. } => {
            let output = contract.operation(name.as_str()).and_then(|operation| operation.output.as_ref());
            decode_output(contract, output, &answer.body).ok()
        }
        StepRequest::Raw { .. } => decode_document(contract.protocol, &answer.body, answer.header("content-type")).ok(),
    }
}

fn is_step_success(step: &Step, answer: &HttpResponse) -> bool {
    match &step.fixture {
        Some(part) => part.is_success(answer.status),
        None => (200..300).contains(&answer.status),
    }
}
