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
    let response = exchange.response.as_ref().ok()?;
    let code_path = plan.scenario.error_code.as_deref();
    let error = find_error(plan.contract.protocol, response.status, &response.headers, &response.body, code_path)?;
    Some(ErrorRole::infer(Some(response.status), &error.code, ""))
}

/// Returns true if a response says that the requested resource does not exist.
pub(super) fn is_missing_resource(plan: &RunPlan<'_>, exchange: &Exchange) -> bool {
    error_role(plan, exchange) == Some(ErrorRole::MissingResource)
}

/// Returns a message if a step's response does not show the value that the fixture waits for.
pub(super) fn describe_not_ready(plan: &RunPlan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let until = step.fixture.as_ref()?.until.as_ref()?;
    let response = exchange.response.as_ref().ok().filter(|response| is_step_success(step, response))?;
    let document = parse_document(plan, step, response)?;
    let value = value_at(&document, &until.path).and_then(serde_json::Value::as_str).unwrap_or_default();
    (!until.accepted_values.iter().any(|due| due == value)).then(|| {
        format!(
            "set-up failed: `{}` is `{value}` and did not become {}",
            until.path,
            until.accepted_values.join(" or ")
        )
    })
}

/// Captures the values that later steps need from a response.
pub(super) fn capture_values(
    plan: &RunPlan<'_>,
    placeholders: &mut Placeholders<'_>,
    step: &Step,
    response: &HttpResponse,
) {
    if step.captures.is_empty() || !is_step_success(step, response) {
        return;
    }
    let Some(document) = parse_document(plan, step, response) else { return };
    for capture in &step.captures {
        if let Some(value) = value_at(&document, &capture.path) {
            placeholders.add_captured(&capture.name, value.clone());
        }
    }
}

/// Returns the reason why a set-up step failed, if it did.
pub(super) fn describe_failed_setup(step: &Step, exchange: &Exchange) -> Option<String> {
    match &exchange.response {
        Ok(response) if is_step_success(step, response) => None,
        Ok(response) => Some(format!("a set-up step got status {}", response.status)),
        Err(reason) => Some(format!("a set-up step got no response: {reason}")),
    }
}

/// Parses the document of a response.
fn parse_document(plan: &RunPlan<'_>, step: &Step, response: &HttpResponse) -> Option<serde_json::Value> {
    let contract = &plan.contract;
    match &step.request {
        // The protocol's XML wrapper around a result is not part of a path.
        StepRequest::Operation { name, .. } => {
            let output = contract.operation(name.as_str()).and_then(|operation| operation.output.as_ref());
            decode_output(contract, output, &response.body).ok()
        }
        StepRequest::Raw { .. } => {
            decode_document(contract.protocol, &response.body, response.header("content-type")).ok()
        }
    }
}

fn is_step_success(step: &Step, response: &HttpResponse) -> bool {
    match &step.fixture {
        Some(part) => part.is_success(response.status),
        None => (200..300).contains(&response.status),
    }
}
