//! Classifies responses: two responses of the same kind teach a fuzzer nothing new.
//!
//! It never says whether a response is correct.

use super::form::response_form;
use super::rejection::observe_response;
use crate::case::{StepPurpose, StepRequest};
use crate::contract::Contract;
use crate::run::{BodyFraming, CaseOutcome, Exchange};
use crate::scenario::Scenario;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::Duration;

/// Hash of a response's operation, status, error type, body form and latency class, or of two consecutive responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseSignature(pub u64);

/// Returns a signature for each response of an outcome and for each pair of consecutive ones. Equal responses have
/// equal signatures in every process.
pub fn response_signatures(contract: &Contract, scenario: &Scenario, outcome: &CaseOutcome) -> Vec<ResponseSignature> {
    let mut found = Vec::new();
    let mut before = None;
    for (step, exchange) in outcome.case.steps.iter().zip(&outcome.exchanges) {
        let Some(exchange) =
            exchange.as_ref().filter(|_| !matches!(step.purpose, StepPurpose::SetUp | StepPurpose::TearDown))
        else {
            continue;
        };
        let operation = match &step.request {
            StepRequest::Operation { name, .. } => name.as_str(),
            StepRequest::Raw { .. } => "",
        };
        let this = exchange_signature(contract, scenario, operation, exchange);
        found.push(ResponseSignature(this));
        if let Some(before) = before {
            found.push(ResponseSignature(stable_hash(&(before, this))));
        }
        before = Some(this);
    }
    found
}

fn exchange_signature(contract: &Contract, scenario: &Scenario, operation: &str, exchange: &Exchange) -> u64 {
    let answer = match &exchange.response {
        Ok(answer) => answer,
        Err(why) => return stable_hash(&(operation, std::mem::discriminant(why))),
    };
    let observed = observe_response(contract, scenario, answer);
    let output = contract.operation(operation).and_then(|operation| operation.output.as_ref());
    let form = response_form(contract, output, answer, &observed);
    let is_whole = answer.framing == BodyFraming::Complete;
    stable_hash(&(operation, answer.status, &observed.error, form.0, is_whole, latency_class(exchange.elapsed)))
}

/// Returns a coarse latency class. The classes are wide enough that a busy machine does not move a response from one to
/// another: new signatures guide the search, so noise must not create any.
fn latency_class(took: Duration) -> u8 {
    match took.as_secs() {
        0 => 0,
        1..10 => 1,
        _ => 2,
    }
}

fn stable_hash(of: &impl std::hash::Hash) -> u64 {
    // `DefaultHasher::new` uses fixed keys.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
