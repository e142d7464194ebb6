//! Reads what later steps need from a response: success, captured values, readiness.
//!
//! It never judges a response.

use super::holes::Holes;
use super::{Answer, Exchange, Plan};
use crate::contract::Role;
use crate::generate::{Send, Step};
use crate::wire::{document, error_seen, output_document, value_at};

/// Returns the role of a response's error.
pub(super) fn role(plan: &Plan<'_>, exchange: &Exchange) -> Option<Role> {
    let answer = exchange.answer.as_ref().ok()?;
    let code = plan.scenario.error_code.as_deref();
    let seen = error_seen(plan.contract.protocol, answer.status, &answer.headers, &answer.body, code)?;
    Some(Role::infer(Some(answer.status), &seen.code, ""))
}

/// Returns true if a response says that the requested resource does not exist.
pub(super) fn is_gone(plan: &Plan<'_>, exchange: &Exchange) -> bool {
    role(plan, exchange) == Some(Role::MissingResource)
}

/// Returns a message if a step's response does not show the value that the fixture waits for.
pub(super) fn not_ready(plan: &Plan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let until = step.fixture.as_ref()?.until.as_ref()?;
    let answer = exchange.answer.as_ref().ok().filter(|answer| is_success(step, answer))?;
    let document = read(plan, step, answer)?;
    let shown = value_at(&document, &until.value).and_then(serde_json::Value::as_str).unwrap_or_default();
    (!until.is.iter().any(|due| due == shown))
        .then(|| format!("set-up failed: `{}` is `{shown}` and did not become {}", until.value, until.is.join(" or ")))
}

/// Captures the values that later steps need from a response.
pub(super) fn capture(plan: &Plan<'_>, holes: &mut Holes<'_>, step: &Step, answer: &Answer) {
    if step.captures.is_empty() || !is_success(step, answer) {
        return;
    }
    let Some(document) = read(plan, step, answer) else { return };
    for capture in &step.captures {
        if let Some(value) = value_at(&document, &capture.path) {
            holes.capture(&capture.name, value.clone());
        }
    }
}

/// Returns the reason why a set-up step failed, if it did.
pub(super) fn failed_set_up(step: &Step, exchange: &Exchange) -> Option<String> {
    match &exchange.answer {
        Ok(answer) if is_success(step, answer) => None,
        Ok(answer) => Some(format!("a set-up step got status {}", answer.status)),
        Err(reason) => Some(format!("a set-up step got no response: {reason}")),
    }
}

/// Parses the document of a response.
fn read(plan: &Plan<'_>, step: &Step, answer: &Answer) -> Option<serde_json::Value> {
    let contract = &plan.contract;
    match &step.send {
        // The protocol's XML wrapper around a result is not part of a path.
        Send::Operation { name, .. } => {
            let output = contract.operation(name.as_str()).and_then(|operation| operation.output.as_ref());
            output_document(contract, output, &answer.body).ok()
        }
        Send::Raw { .. } => document(contract.protocol, &answer.body, answer.header("content-type")).ok(),
    }
}

fn is_success(step: &Step, answer: &Answer) -> bool {
    match &step.fixture {
        Some(part) => part.is_success(answer.status),
        None => (200..300).contains(&answer.status),
    }
}
