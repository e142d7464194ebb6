//! Prints a contract as text, for `ingest --format text`.
//!
//! This module never reads a contract.

use super::style::pluralize;
use super::unread_sentences::describe_unread_sentences;
use crate::contract::{Contract, Shape, ShapeId};
use crate::escape::escape_line;
use std::collections::HashSet;
use std::fmt::Write as _;

/// Formats the operations with their routes, errors and the constraints of every member.
pub fn contract_text(contract: &Contract) -> String {
    let mut out = ContractText::default();
    let protocol = contract.protocol.map_or("protocol unknown", crate::contract::Protocol::name);
    out.push_line(&format!(
        "{} · {protocol} · {}",
        contract.service,
        pluralize(contract.operations.len() as u64, "operation")
    ));
    for operation in &contract.operations {
        let mut head = operation.name.to_string();
        if let Some(http) = &operation.http {
            let _ = write!(head, "  {} {}", http.method, http.uri);
            if let Some(success) = http.success {
                let _ = write!(head, "  {success}");
            }
        }
        out.push_line("");
        out.push_line(&head);
        for source in &operation.sources {
            out.push_line(&format!("    from {source}"));
        }
        if let Some(input) = &operation.input {
            let mut seen = HashSet::from([input.clone()]);
            write_members(contract, input, "", &mut seen, &mut out);
        }
        for (name, error) in contract.operation_errors(operation) {
            let status = error.status.map_or_else(|| "4xx".to_owned(), |status| status.to_string());
            out.push_line(&format!("    ! {status} {name}  {}", error.role));
        }
    }
    let unread = describe_unread_sentences(&contract.unread_sentences, usize::MAX);
    if !unread.is_empty() {
        out.push_line("");
        unread.iter().for_each(|line| out.push_line(line));
    }
    out.0
}

/// Text of which every line is escaped.
#[derive(Default)]
struct ContractText(String);

impl ContractText {
    fn push_line(&mut self, line: &str) {
        self.0.push_str(&escape_line(line));
        self.0.push('\n');
    }
}

fn write_members(contract: &Contract, id: &ShapeId, path: &str, seen: &mut HashSet<ShapeId>, out: &mut ContractText) {
    let shape = contract.shape(id);
    for rule in &shape.rules {
        let place = if path.is_empty() { "(input)" } else { path };
        out.push_line(&format!("    {place}  {}", serde_json::to_string(rule).unwrap_or_default()));
    }
    let children: Vec<(String, &ShapeId, bool)> = match &shape.kind {
        crate::contract::ShapeKind::List { member } => vec![(format!("{path}[]"), member, false)],
        crate::contract::ShapeKind::Map { key, value } => {
            vec![(format!("{path}{{key}}"), key, false), (format!("{path}{{value}}"), value, false)]
        }
        kind => kind
            .members()
            .into_iter()
            .flatten()
            .map(|(name, member)| {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                (path, &member.shape, member.required)
            })
            .collect(),
    };
    for (path, child, required) in children {
        let described = describe_shape(contract.shape(child));
        out.push_line(&format!("    {path}  {described}{}", if required { ", required" } else { "" }));
        if seen.insert(child.clone()) {
            write_members(contract, child, &path, seen, out);
            seen.remove(child);
        }
    }
}

fn describe_shape(shape: &Shape) -> String {
    let mut text = shape.kind.name().to_owned();
    let length = shape.length();
    match (length.min, length.max) {
        (Some(min), Some(max)) => text.push_str(&format!(", length {min}–{max}")),
        (Some(min), None) => text.push_str(&format!(", length ≥ {min}")),
        (None, Some(max)) => text.push_str(&format!(", length ≤ {max}")),
        (None, None) => {}
    }
    if let Some(range) = &shape.range {
        let end = |number: &Option<serde_json::Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!(", range {}…{}", end(&range.min), end(&range.max)));
    }
    if let Some(pattern) = &shape.pattern {
        text.push_str(&format!(", pattern {pattern}"));
    }
    if let crate::contract::ShapeKind::Enum { values } = &shape.kind {
        text.push_str(&format!(" {}", values.join("|")));
    }
    if shape.facts.iter().any(|fact| fact.disputed) {
        text.push_str(", disputed");
    }
    text
}
