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

/// Returns a message if the resource of a step did not become ready. One that does not meet a guessed condition is used
/// all the same.
pub(super) fn describe_unmet_condition(plan: &RunPlan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let is_inferred = step.fixture.as_ref()?.until.as_ref()?.is_inferred;
    if is_inferred { None } else { describe_not_ready(plan, step, exchange) }
}

/// Returns a message if a step's response does not show the value that the fixture waits for. A value that is not there
/// does not have to be awaited if the condition is a guess.
pub(super) fn describe_not_ready(plan: &RunPlan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let until = step.fixture.as_ref()?.until.as_ref()?;
    let response = exchange.response.as_ref().ok().filter(|response| is_step_success(step, response))?;
    let document = parse_document(plan, step, response)?;
    let value = value_at(&document, &until.path).and_then(serde_json::Value::as_str);
    if value.is_none() && until.is_inferred {
        return None;
    }
    let value = value.unwrap_or_default();
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
    let document = parse_document(plan, step, response);
    for capture in &step.captures {
        if let Some(value) = find_captured(document.as_ref(), response, &capture.path) {
            placeholders.add_captured(&capture.name, value);
        }
    }
}

/// Returns the value that a capture takes from a response: the first of its places that the response has.
pub fn find_captured(
    document: Option<&serde_json::Value>,
    response: &HttpResponse,
    places: &str,
) -> Option<serde_json::Value> {
    places.split(" | ").find_map(|place| captured_value(document, response, place))
}

/// Returns the value at a place of a response: a path in its document, `header NAME`, or `cookie NAME`.
fn captured_value(
    document: Option<&serde_json::Value>,
    response: &HttpResponse,
    place: &str,
) -> Option<serde_json::Value> {
    if let Some(name) = place.strip_prefix("header ") {
        let value = response.header(&name.to_ascii_lowercase())?;
        let is_url = name.eq_ignore_ascii_case("location") || name.eq_ignore_ascii_case("content-location");
        let value = if is_url { last_segment(value)? } else { value.to_owned() };
        return Some(serde_json::Value::String(value));
    }
    if let Some(name) = place.strip_prefix("cookie ") {
        return response.cookie(name).map(|value| serde_json::Value::String(value.to_owned()));
    }
    value_at(document?, place).filter(|value| !value.is_null()).cloned()
}

/// Returns the last segment of a URL's path, percent-decoded.
fn last_segment(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?.trim_end_matches('/');
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    let decoded = percent_encoding::percent_decode_str(last).decode_utf8().ok()?;
    Some(decoded.into_owned())
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
pub(super) fn parse_document(plan: &RunPlan<'_>, step: &Step, response: &HttpResponse) -> Option<serde_json::Value> {
    let contract = &plan.contract;
    match &step.request {
        // The protocol's XML wrapper around a result is not part of a path.
        StepRequest::Operation { name, .. } => {
            let contract = contract.owner_of(name.as_str());
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
