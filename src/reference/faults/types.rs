//! Faults of types: values of a wrong JSON type are accepted or fatal, and the contents of containers are unchecked.
//!
//! Never for strings in path, query, headers, forms and XML, which have no JSON type; numbers there may be any string.

use super::View;
use super::site::{Made, Moves};
use crate::contract::Location;
use crate::reference::fault::{Fault, Touch};
use crate::reference::protocols::has_only_texts;
use crate::reference::tree::{Edit, JsonType, Node, NodeKind};

/// Returns the JSON types that are valid for a kind of node.
fn right(kind: &NodeKind) -> &'static [JsonType] {
    match kind {
        NodeKind::Blob | NodeKind::Text | NodeKind::Enum { .. } => &[JsonType::String],
        NodeKind::Boolean => &[JsonType::Boolean],
        // `"NaN"` is a number in the AWS protocols, and a date may be written as a string.
        NodeKind::Integer { .. } => &[JsonType::Number],
        NodeKind::Float | NodeKind::Timestamp => &[JsonType::Number, JsonType::String],
        NodeKind::Document => &JsonType::ALL,
        NodeKind::List { .. } => &[JsonType::Array],
        NodeKind::Map { .. } | NodeKind::Structure { .. } => &[JsonType::Object],
    }
}

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    // The input itself is the body, and malformed bodies are a class of their own.
    for node in view.tree.nodes.iter().skip(1) {
        let right = right(&node.kind);
        let mut add = |slug: String, describes: String, edit: Edit| {
            let made = Made {
                class: "types",
                constraint: "type",
                slug,
                describes,
                breaks: true,
                hidden: None,
                moves: Moves::Looser,
                edit,
            };
            let mut fault = made.at(view, &node.path);
            if matches!(fault.change, crate::reference::Change::Constraint(_, Edit::ContentsUnchecked)) {
                reach_inside(view, node, &mut fault);
            }
            faults.push(fault);
        };
        match node.location {
            Location::Body | Location::Payload if !has_only_texts(view.contract.protocol) => {
                for json in JsonType::ALL.into_iter().filter(|json| !right.contains(json)) {
                    let describes = format!("a JSON {} is accepted", json.name());
                    add(format!("takes-{}", json.name()), describes, Edit::TypeTakes(json));
                }
                if right.len() < JsonType::ALL.len() {
                    add("crash".to_owned(), "a wrong type is fatal".to_owned(), Edit::TypeCrashes);
                }
            }
            _ if !right.contains(&JsonType::String)
                && !matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. }) =>
            {
                add("takes-string".to_owned(), "any string is accepted".to_owned(), Edit::TypeTakes(JsonType::String));
            }
            _ => {}
        }
        if !node.children().is_empty() {
            add("unchecked".to_owned(), "the contents are not checked".to_owned(), Edit::ContentsUnchecked);
        }
    }
    faults
}

/// Adds every path inside a node to the scopes of a fault.
pub(super) fn reach_inside(view: &View<'_>, node: &Node, fault: &mut Fault) {
    fault.touches.push(Touch::new(view.name(), format!("{}*", node.path), "*"));
    for head in view.tree.cycles() {
        if node.path.0.starts_with(&head.0) {
            fault.touches.push(Touch::new(view.name(), format!("{head}*"), "*"));
        }
    }
}
