//! Faults of types: values of a wrong JSON type are accepted or fatal, and the contents of containers are unchecked.
//!
//! Never for strings in path, query, headers, forms and XML, which have no JSON type; numbers there may be any string.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::fault::{Fault, FaultChange, FindingScope};
use crate::contract::MemberLocation;
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, JsonType, NodeKind};
use crate::reference::protocols::sends_only_text;

/// Returns the JSON types that are valid for a kind of node.
fn valid_types(kind: &NodeKind) -> &'static [JsonType] {
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

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    // The input itself is the body, and malformed bodies are a class of their own.
    for node in context.tree.nodes.iter().skip(1) {
        let right = valid_types(&node.kind);
        let mut add = |slug: String, description: String, edit: ConstraintEdit| {
            let fault = ConstraintFault {
                class: "types",
                constraint: "type",
                slug,
                description,
                violates_contract: true,
                hidden_reason: None,
                shift: BoundaryShift::Looser,
                edit,
            };
            let mut fault = fault.into_fault(context, &node.path);
            if matches!(fault.change, FaultChange::Constraint(_, ConstraintEdit::ContentsUnchecked)) {
                add_nested_scopes(context, node, &mut fault);
            }
            faults.push(fault);
        };
        match node.location {
            MemberLocation::Body | MemberLocation::Payload if !sends_only_text(context.contract.protocol) => {
                for json in JsonType::ALL.into_iter().filter(|json| !right.contains(json)) {
                    let description = format!("a JSON {} is accepted", json.name());
                    add(format!("takes-{}", json.name()), description, ConstraintEdit::TypeAccepted(json));
                }
                if right.len() < JsonType::ALL.len() {
                    add("crash".to_owned(), "a wrong type is fatal".to_owned(), ConstraintEdit::TypeCrashes);
                }
            }
            _ if !right.contains(&JsonType::String)
                && !matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. }) =>
            {
                add(
                    "takes-string".to_owned(),
                    "any string is accepted".to_owned(),
                    ConstraintEdit::TypeAccepted(JsonType::String),
                );
            }
            _ => {}
        }
        if !node.child_indices().is_empty() {
            add("unchecked".to_owned(), "the contents are not checked".to_owned(), ConstraintEdit::ContentsUnchecked);
        }
    }
    faults
}

/// Adds every path inside a node to the scopes of a fault.
pub(super) fn add_nested_scopes(context: &FaultContext<'_>, node: &ConstraintNode, fault: &mut Fault) {
    fault.scopes.push(FindingScope::new(context.operation_name(), format!("{}*", node.path), "*"));
    for head in context.tree.recursion_targets() {
        if node.path.0.starts_with(&head.0) {
            fault.scopes.push(FindingScope::new(context.operation_name(), format!("{head}*"), "*"));
        }
    }
}
