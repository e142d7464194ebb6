//! Compares the values of a response with those of another endpoint's response to the same request, apart from values
//! that differ by nature.
//!
//! Timestamps, hosts, regions, accounts and identifiers assigned by an endpoint are replaced by their kind; equal
//! identifiers stay equal. This module never decides which endpoint is right, and a deviation that may be legitimate is
//! not a difference.

mod look;
mod name;
mod pair;
mod said;
mod tree;

pub use pair::Difference;

use crate::contract::{Contract, Operation};
use crate::generate::{Judged, Send, Step};
use crate::run::{Answer, Exchange, Framing, Outcome};
use crate::wire;
use said::{Piece, Said};
use serde_json::Value as Json;
use std::collections::HashMap;
use tree::{Node, Reader, hashed, places, sort, tidy};

/// The values of a judged response, and the identifiers assigned before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Identifiers of earlier responses, with the path where each appeared first.
    earlier: Vec<(String, u32)>,
    root: Node,
    /// Whether some list contains entries of other cases.
    shared: bool,
}

impl Values {
    /// Returns the values of the case's judged response. Returns `None` if it was not successful, or if concurrent
    /// steps may have influenced it. `clean` redacts, in place, what must not be written to any file.
    pub fn of(contract: &Contract, outcome: &Outcome, clean: impl Fn(&mut String)) -> Option<Self> {
        let case = &outcome.case;
        let Judged::Step(judged) = case.judged else { return None };
        let turn = case.steps.get(judged)?.turn;
        if case.steps.iter().filter(|step| step.turn == turn).count() > 1 {
            return None;
        }
        success(outcome.exchanges.get(judged)?.as_ref()?)?;
        let mut said = Said::new(case);
        let mut first: HashMap<u32, String> = HashMap::new();
        for (index, (step, exchange)) in case.steps.iter().zip(&outcome.exchanges).enumerate().take(judged + 1) {
            let Some(exchange) = exchange else { continue };
            said.send(contract, step, &exchange.sent);
            let Some(answer) = success(exchange) else { continue };
            let open = is_reader(step, &exchange.sent.method) && !said.own;
            let operation = operation(contract, step);
            let document = document(contract, operation, answer);
            let shape = operation.and_then(|operation| operation.output.as_ref());
            let mut reader = Reader { contract, said: &mut said, open, count: 0 };
            let mut root = document.map_or(Node::Any, |document| reader.read(shape, &document));
            let mut here = HashMap::new();
            places(&root, "", &mut here);
            if index == judged {
                tidy(&mut root, &clean);
                let likeness = here.iter_mut().map(|(id, all)| {
                    all.sort_unstable();
                    (*id, hashed(&(first.get(id), all)))
                });
                sort(&mut root, &likeness.collect());
                let mut earlier: Vec<(String, u32)> = first.into_iter().map(|(id, place)| (place, id)).collect();
                earlier.sort_unstable();
                let shared = is_shared(&root);
                return Some(Self { earlier, root, shared });
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

    /// Returns the differences between `self` and `now`, in document order.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        pair::differences(self, now)
    }

    /// Returns the approximate memory size in bytes.
    pub fn size(&self) -> usize {
        const OF_ID: usize = 48;
        size(&self.root) + self.earlier.iter().map(|(place, _)| OF_ID + place.len()).sum::<usize>()
    }
}

fn size(node: &Node) -> usize {
    const OF_NODE: usize = 64;
    OF_NODE
        + match node {
            Node::Any => 0,
            Node::Plain(text) => text.len(),
            Node::Text(pieces) => {
                pieces.iter().map(|piece| if let Piece::Plain(text) = piece { 32 + text.len() } else { 32 }).sum()
            }
            Node::List { entries, .. } => entries.iter().map(|entry| 16 + size(&entry.node)).sum(),
            Node::Map(members) => {
                members.iter().map(|(name, (label, node))| OF_NODE + name.len() + label.len() + size(node)).sum()
            }
        }
}

fn is_shared(node: &Node) -> bool {
    match node {
        Node::Any | Node::Plain(_) | Node::Text(_) => false,
        Node::List { entries, shared } => *shared || entries.iter().any(|entry| is_shared(&entry.node)),
        Node::Map(members) => members.values().any(|(_, node)| is_shared(node)),
    }
}

/// Returns the response if it is complete and successful.
fn success(exchange: &Exchange) -> Option<&Answer> {
    let answer = exchange.answer.as_ref().ok()?;
    ((200..300).contains(&answer.status) && answer.framing == Framing::Complete).then_some(answer)
}

fn operation<'a>(contract: &'a Contract, step: &Step) -> Option<&'a Operation> {
    match &step.send {
        Send::Operation { name, .. } => contract.operation(name.as_str()),
        Send::Raw { .. } => None,
    }
}

/// Returns a response's document, with the contract's member names if the output is documented.
fn document(contract: &Contract, operation: Option<&Operation>, answer: &Answer) -> Option<Json> {
    let told = operation.filter(|operation| operation.output.is_some());
    let read = match told {
        Some(operation) => wire::result(contract, operation, answer.status, &answer.headers, &answer.body),
        None => wire::document(contract.protocol, &answer.body, None),
    };
    read.ok().or_else(|| serde_json::from_slice(&answer.body).ok())
}

/// Returns true if a step only reads, so that the response may include resources of other cases.
fn is_reader(step: &Step, method: &str) -> bool {
    const READS: [&str; 12] = [
        "List", "Describe", "Get", "Search", "Scan", "Query", "BatchGet", "Lookup", "Find", "Select", "Receive", "Head",
    ];
    let named = match &step.send {
        Send::Operation { name, .. } => READS.iter().any(|read| name.as_str().starts_with(read)),
        Send::Raw { .. } => false,
    };
    named || method == "GET"
}
