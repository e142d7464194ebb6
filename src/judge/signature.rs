//! What kind of answer came back: two answers of one kind teach a fuzzer nothing new.
//!
//! It says nothing of whether an answer is right.

use super::form::form;
use super::oracle::observe;
use crate::contract::Contract;
use crate::generate::{Purpose, Send};
use crate::run::{Exchange, Framing, Outcome};
use crate::scenario::Scenario;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::Duration;

/// Operation, status, error type, form of the body and class of latency of one answer, or two of them that follow
/// one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature(pub u64);

/// Each kind of answer that an outcome shows, and each pair of kinds that follow one another; the same for the same
/// answers in every process.
pub fn signatures(contract: &Contract, scenario: &Scenario, outcome: &Outcome) -> Vec<Signature> {
    let mut found = Vec::new();
    let mut before = None;
    for (step, exchange) in outcome.case.steps.iter().zip(&outcome.exchanges) {
        let Some(exchange) = exchange.as_ref().filter(|_| !matches!(step.purpose, Purpose::SetUp | Purpose::TearDown))
        else {
            continue;
        };
        let operation = match &step.send {
            Send::Operation { name, .. } => name.as_str(),
            Send::Raw { .. } => "",
        };
        let this = one(contract, scenario, operation, exchange);
        found.push(Signature(this));
        if let Some(before) = before {
            found.push(Signature(hashed(&(before, this))));
        }
        before = Some(this);
    }
    found
}

fn one(contract: &Contract, scenario: &Scenario, operation: &str, exchange: &Exchange) -> u64 {
    let answer = match &exchange.answer {
        Ok(answer) => answer,
        Err(why) => return hashed(&(operation, std::mem::discriminant(why))),
    };
    let observed = observe(contract, scenario, answer);
    let output = contract.operation(operation).and_then(|operation| operation.output.as_ref());
    let form = form(contract, output, answer, &observed);
    let is_whole = answer.framing == Framing::Complete;
    hashed(&(operation, answer.status, &observed.error, form.0, is_whole, latency(exchange.took)))
}

/// Classes so wide that a busy machine does not move an answer from one to another: whatever is new leads a search, and
/// noise must not.
fn latency(took: Duration) -> u8 {
    match took.as_secs() {
        0 => 0,
        1..10 => 1,
        _ => 2,
    }
}

fn hashed(of: &impl std::hash::Hash) -> u64 {
    // Its keys are fixed.
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
