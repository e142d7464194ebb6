//! What an answer says to the steps after it: whether it was a success, what is kept of it, what it lacks.
//!
//! It never decides what an answer is worth.

use super::holes::Holes;
use super::{Answer, Exchange, Plan};
use crate::contract::Role;
use crate::generate::{Send, Step};
use crate::wire::{document, error_seen, output_document, value_at};

/// What the error of an answer means.
pub(super) fn role(plan: &Plan<'_>, exchange: &Exchange) -> Option<Role> {
    let answer = exchange.answer.as_ref().ok()?;
    let code = plan.scenario.error_code.as_deref();
    let seen = error_seen(plan.contract.protocol, answer.status, &answer.headers, &answer.body, code)?;
    Some(Role::infer(Some(answer.status), &seen.code, ""))
}

/// Whether an answer says that what it was about does not exist.
pub(super) fn is_gone(plan: &Plan<'_>, exchange: &Exchange) -> bool {
    role(plan, exchange) == Some(Role::MissingResource)
}

/// What a step's answer should show and does not.
pub(super) fn not_ready(plan: &Plan<'_>, step: &Step, exchange: &Exchange) -> Option<String> {
    let until = step.fixture.as_ref()?.until.as_ref()?;
    let answer = exchange.answer.as_ref().ok().filter(|answer| is_success(step, answer))?;
    let document = read(plan, step, answer)?;
    let shown = value_at(&document, &until.value).and_then(serde_json::Value::as_str).unwrap_or_default();
    (!until.is.iter().any(|due| due == shown))
        .then(|| format!("set-up failed: `{}` is `{shown}` and did not become {}", until.value, until.is.join(" or ")))
}

/// Keeps of an answer what later steps need.
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

/// Why what was to be set up was not.
pub(super) fn failed_set_up(step: &Step, exchange: &Exchange) -> Option<String> {
    match &exchange.answer {
        Ok(answer) if is_success(step, answer) => None,
        Ok(answer) => Some(format!("a set-up step was answered with status {}", answer.status)),
        Err(reason) => Some(format!("a set-up step got no answer: {reason}")),
    }
}

/// An answer's document.
fn read(plan: &Plan<'_>, step: &Step, answer: &Answer) -> Option<serde_json::Value> {
    let contract = &plan.contract;
    match &step.send {
        // What wraps a result in XML is the protocol's, and no part of a path.
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
