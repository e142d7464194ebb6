//! The expected response to one action, given the actions before it.
//!
//! It never expects more than some response if the documents are silent.

use super::source::Wild;
use crate::contract::{Operation, Protocol, Role};
use crate::generate::case::{CaseId, Damage, Intent};
use crate::generate::expectation::{Expectation, ExpectedError};
use crate::generate::label::Breach;
use crate::generate::relation::StateKind;
use crate::generate::{Value, resource};

/// What the preceding actions may have done to the resources.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// Something may have been written.
    pub writes: bool,
    /// Something may have been deleted.
    pub removals: bool,
    /// Together with this action, more was written to a member than its limit allows in one request. The limit may
    /// count stored entries, too.
    pub crowded: bool,
}

/// Returns the expected response to a request whose bytes are damaged.
pub(super) fn damaged(
    wild: &Wild<'_>,
    operation: &Operation,
    damage: &[Damage],
    breaches: &[Breach],
    has_document: bool,
) -> (Intent, Expectation) {
    let planner = wild.planner();
    let is_json = matches!(
        planner.contract.protocol,
        Some(Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RestJson)
    );
    // A document that is truncated, or followed by anything but whitespace, is malformed.
    let is_certain = match damage {
        [Damage::BodyTruncated(_)] => true,
        [Damage::BodySuffixed(bytes)] => bytes.iter().any(|byte| !byte.is_ascii_whitespace()),
        _ => false,
    };
    if is_json && is_certain && has_document && breaches.iter().all(|breach| breach.certain) {
        return (Intent::Malformed, planner.reject(operation, Role::InvalidInput));
    }
    silent("the docs don't say how damaged bytes are read")
}

pub(super) fn label(
    wild: &Wild<'_>,
    operation: &Operation,
    id: &CaseId,
    input: &Value,
    resource: u32,
    breaches: &[Breach],
    before: Before,
) -> (Intent, Expectation) {
    let planner = wild.planner();
    let named = resource::resources(planner, operation, id, input);
    let named = if resource == 1 { named } else { named.min(resource::Resources::Unknown) };
    if breaches.iter().any(|breach| breach.certain) {
        let roles = match named {
            resource::Resources::Owned if !before.removals => [Role::InvalidInput; 2],
            _ => [Role::InvalidInput, Role::MissingResource],
        };
        return (Intent::Violates, planner.reject_for(operation, roles));
    }
    if let Some(breach) = breaches.first() {
        return silent(&crate::generate::draft::ambiguity(breach));
    }
    if odd(input) {
        return silent("the docs don't say how control characters in text are handled");
    }
    let mut or = match named {
        resource::Resources::Foreign => {
            let errors = planner.errors(operation, Role::MissingResource);
            if errors.is_empty() {
                return silent("the docs name no error for a resource that does not exist");
            }
            return (Intent::Missing, Expectation::Reject { role: Role::MissingResource, errors });
        }
        resource::Resources::Among => return silent(resource::AMONG),
        resource::Resources::Opaque => return silent("a token that only the service can issue"),
        resource::Resources::Taken => planner.errors(operation, Role::Conflict),
        resource::Resources::Unknown | resource::Resources::Chosen => planner.errors(operation, Role::MissingResource),
        resource::Resources::Owned => Vec::new(),
    };
    // Models do not say what else a request needs to be accepted.
    if planner.modelled {
        or = planner.client_errors(operation);
        or.push(ExpectedError { status: None, error: None });
    } else {
        let also = [
            (before.writes, Role::Conflict),
            (before.writes, Role::Limit),
            (before.crowded, Role::InvalidInput),
            (before.removals, Role::MissingResource),
        ];
        for (_, role) in also.into_iter().filter(|(holds, _)| *holds) {
            or.extend(planner.errors(operation, role));
        }
    }
    (Intent::Valid, planner.accept(operation, or))
}

pub(super) fn silent(reason: &str) -> (Intent, Expectation) {
    (Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() })
}

/// Returns true if a text contains control characters other than line breaks and tabs, which no server has to accept.
pub(super) fn odd(value: &Value) -> bool {
    let is_odd = |text: &str| text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::Text(text) | Value::Template(text) => is_odd(text),
        Value::List(items) => items.iter().any(odd),
        Value::Map(members) => members.iter().any(|(name, value)| is_odd(name) || odd(value)),
        _ => false,
    }
}

/// Returns the number of bytes of all texts in a value, member names included.
pub(super) fn bytes_in(value: &Value) -> u64 {
    match value {
        Value::Text(text) | Value::Template(text) => text.len() as u64,
        Value::List(items) => items.iter().map(bytes_in).sum(),
        Value::Map(members) => members.iter().map(|(name, value)| name.len() as u64 + bytes_in(value)).sum(),
        _ => 0,
    }
}

/// Returns true if a list contains an item twice, which a law of its own covers.
pub(super) fn repeats(value: &Value, kind: StateKind) -> bool {
    match (kind, value) {
        (StateKind::List, Value::List(items)) => (1..items.len()).any(|index| items[..index].contains(&items[index])),
        _ => false,
    }
}

/// Returns true if an operation may change stored state.
pub(super) fn is_a_write(operation: &Operation) -> bool {
    operation.http.as_ref().is_none_or(|http| http.method != "GET" && http.method != "HEAD")
}

/// Returns true if an operation may delete what others need.
pub(super) fn is_a_removal(operation: &Operation) -> bool {
    const VERBS: [&str; 12] = [
        "Delete",
        "Remove",
        "Terminate",
        "Untag",
        "Cancel",
        "Deregister",
        "Disable",
        "Detach",
        "Stop",
        "Purge",
        "Close",
        "Schedule",
    ];
    operation.http.as_ref().is_some_and(|http| http.method == "DELETE")
        || VERBS.iter().any(|verb| operation.name.as_str().starts_with(verb))
}
