//! The values of a judged response, and the identifiers assigned before it.
//!
//! It compares nothing.

use super::transcript::{TextPart, Transcript};
use super::tree::{ValueNode, ValueReader, collect_identifier_paths, content_hash, redact_texts, sort_entries};
use crate::case::{JudgedPart, Step, StepRequest};
use crate::contract::{Contract, Operation};
use crate::run::{BodyFraming, CaseOutcome, Exchange, HttpResponse};
use crate::wire;
use serde_json::Value as Json;
use std::collections::HashMap;

/// The values of a judged response, and the identifiers assigned before it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseValues {
    /// Identifiers of earlier responses, with the path where each appeared first.
    pub(super) earlier_identifiers: Vec<(String, u32)>,
    pub(super) root: ValueNode,
    /// Whether some list contains entries of other cases.
    pub(super) has_foreign_entries: bool,
}

impl ResponseValues {
    /// Returns the values of the case's judged response. Returns `None` if it was not successful, or if concurrent
    /// steps may have influenced it. `clean` redacts, in place, what must not be written to any file.
    pub fn from_outcome(contract: &Contract, outcome: &CaseOutcome, clean: impl Fn(&mut String)) -> Option<Self> {
        let case = &outcome.case;
        let JudgedPart::Step(judged) = case.judged else { return None };
        let turn = case.steps.get(judged)?.turn;
        if case.steps.iter().filter(|step| step.turn == turn).count() > 1 {
            return None;
        }
        successful_response(outcome.exchanges.get(judged)?.as_ref()?)?;
        let mut transcript = Transcript::new(case);
        let mut first: HashMap<u32, String> = HashMap::new();
        for (index, (step, exchange)) in case.steps.iter().zip(&outcome.exchanges).enumerate().take(judged + 1) {
            let Some(exchange) = exchange else { continue };
            transcript.record_request(contract, step, &exchange.request);
            let Some(answer) = successful_response(exchange) else { continue };
            let open = is_read_only(step, &exchange.request.method) && !transcript.refers_to_own_resource;
            let operation = step_operation(contract, step);
            let document = parse_response(contract, operation, answer);
            let shape = operation.and_then(|operation| operation.output.as_ref());
            let mut reader =
                ValueReader { contract, transcript: &mut transcript, may_include_foreign: open, value_count: 0 };
            let mut root = document.map_or(ValueNode::Any, |document| reader.read_document(shape, &document));
            let mut here = HashMap::new();
            collect_identifier_paths(&root, "", &mut here);
            if index == judged {
                redact_texts(&mut root, &clean);
                let likeness = here.iter_mut().map(|(id, all)| {
                    all.sort_unstable();
                    (*id, content_hash(&(first.get(id), all)))
                });
                sort_entries(&mut root, &likeness.collect());
                let mut earlier: Vec<(String, u32)> = first.into_iter().map(|(id, place)| (place, id)).collect();
                earlier.sort_unstable();
                let shared = contains_foreign_entries(&root);
                return Some(Self { earlier_identifiers: earlier, root, has_foreign_entries: shared });
            }
            for (id, all) in here {
                // Inside a list it is unclear which entry is which.
                if let [place] = all.as_slice()
                    && !place.contains("[]")
                {
                    first.entry(id).or_insert_with(|| format!("{index}{place}"));
                }
            }
        }
        None
    }

    /// Returns the approximate memory size in bytes.
    pub fn estimated_size(&self) -> usize {
        const IDENTIFIER_OVERHEAD: usize = 48;
        size(&self.root)
            + self.earlier_identifiers.iter().map(|(place, _)| IDENTIFIER_OVERHEAD + place.len()).sum::<usize>()
    }
}

fn size(node: &ValueNode) -> usize {
    const NODE_OVERHEAD: usize = 64;
    NODE_OVERHEAD
        + match node {
            ValueNode::Any => 0,
            ValueNode::Plain(text) => text.len(),
            ValueNode::Text(pieces) => {
                pieces.iter().map(|piece| if let TextPart::Literal(text) = piece { 32 + text.len() } else { 32 }).sum()
            }
            ValueNode::List { entries, .. } => entries.iter().map(|entry| 16 + size(&entry.node)).sum(),
            ValueNode::Map(members) => {
                members.iter().map(|(name, (label, node))| NODE_OVERHEAD + name.len() + label.len() + size(node)).sum()
            }
        }
}

fn contains_foreign_entries(node: &ValueNode) -> bool {
    match node {
        ValueNode::Any | ValueNode::Plain(_) | ValueNode::Text(_) => false,
        ValueNode::List { entries, shared } => {
            *shared || entries.iter().any(|entry| contains_foreign_entries(&entry.node))
        }
        ValueNode::Map(members) => members.values().any(|(_, node)| contains_foreign_entries(node)),
    }
}

/// Returns the response if it is complete and successful.
fn successful_response(exchange: &Exchange) -> Option<&HttpResponse> {
    let answer = exchange.response.as_ref().ok()?;
    ((200..300).contains(&answer.status) && answer.framing == BodyFraming::Complete).then_some(answer)
}

fn step_operation<'a>(contract: &'a Contract, step: &Step) -> Option<&'a Operation> {
    match &step.request {
        StepRequest::Operation { name, .. } => contract.operation(name.as_str()),
        StepRequest::Raw { .. } => None,
    }
}

/// Returns a response's document, with the contract's member names if the output is documented.
fn parse_response(contract: &Contract, operation: Option<&Operation>, answer: &HttpResponse) -> Option<Json> {
    let documented = operation.filter(|operation| operation.output.is_some());
    let read = match documented {
        Some(operation) => wire::decode_result(contract, operation, answer.status, &answer.headers, &answer.body),
        None => wire::decode_document(contract.protocol, &answer.body, None),
    };
    read.ok().or_else(|| wire::parse_json(&answer.body).ok())
}

/// Returns true if a step only reads, so that the response may include resources of other cases.
fn is_read_only(step: &Step, method: &str) -> bool {
    const READS: [&str; 12] = [
        "List", "Describe", "Get", "Search", "Scan", "Query", "BatchGet", "Lookup", "Find", "Select", "Receive", "Head",
    ];
    let named = match &step.request {
        StepRequest::Operation { name, .. } => READS.iter().any(|read| name.as_str().starts_with(read)),
        StepRequest::Raw { .. } => false,
    };
    named || method == "GET"
}
