//! Finds out from a response's shape when a resource is ready.

use crate::case::ReadyCondition;
use crate::contract::{Contract, Operation, ShapeId, ShapeKind};

/// Words for "ready" among the values of a status.
const READY_WORDS: [&str; 10] =
    ["active", "available", "enabled", "ready", "running", "succeeded", "completed", "deployed", "inservice", "ok"];
/// Words for "not ready": a status without any of them is not worth awaiting.
const NOT_READY_WORDS: [&str; 6] = ["creating", "pending", "inprogress", "provisioning", "starting", "initializing"];

/// Parts of words for states that a resource does not leave by itself and in which it is of no use.
const FAILED_PARTS: [&str; 9] =
    ["fail", "error", "delet", "terminat", "cancel", "reject", "expire", "abort", "unhealthy"];

/// Returns what a response shows once the resource is ready, if it may not be ready at once.
pub(super) fn find_readiness(contract: &Contract, reader: &Operation) -> Option<ReadyCondition> {
    let mut open: Vec<(String, &ShapeId, usize)> = vec![(String::new(), reader.output.as_ref()?, 0)];
    while !open.is_empty() {
        let mut next = Vec::new();
        for (path, id, depth) in open {
            for (name, member) in contract.shape(id).kind.members().into_iter().flatten() {
                let dot = if path.is_empty() { "" } else { "." };
                let place = format!("{path}{dot}{}", member.wire_name(name));
                let lower = name.to_ascii_lowercase();
                if let ShapeKind::Enum { values } = &contract.shape(&member.shape).kind
                    && (lower.ends_with("status") || lower.ends_with("state"))
                {
                    let is = |value: &&String, words: &[&str]| {
                        let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
                        words.contains(&plain.to_ascii_lowercase().as_str())
                    };
                    let has_ready = values.iter().any(|value| is(&value, &READY_WORDS));
                    if has_ready && values.iter().any(|value| is(&value, &NOT_READY_WORDS)) {
                        let is_stable = |value: &&String| {
                            let lower = value.to_ascii_lowercase();
                            let has_failed = FAILED_PARTS.iter().any(|part| lower.contains(part));
                            !lower.ends_with("ing") && !is(value, &NOT_READY_WORDS) && !has_failed
                                || is(value, &READY_WORDS)
                        };
                        let accepted_values = values.iter().filter(is_stable).cloned().collect();
                        return Some(ReadyCondition { path: place, accepted_values, is_inferred: true });
                    }
                }
                if depth < 1 {
                    next.push((place, &member.shape, depth + 1));
                }
            }
        }
        open = next;
    }
    None
}
