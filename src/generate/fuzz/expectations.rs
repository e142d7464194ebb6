//! The expected response to one action, given the actions before it.
//!
//! It never expects more than some response if the documents are silent.

use super::generator::FuzzGenerator;
use crate::case::{CaseId, Damage, Expectation, ExpectedError, Intent, Resource, StateKind, Value};
use crate::contract::{ErrorRole, Operation, Protocol};
use crate::generate::input_checker::Violation;
use crate::generate::resource_status;

/// What the preceding actions may have done to the resources.
#[derive(Clone, Copy, Default)]
pub(super) struct PriorEffects {
    /// Something may have been written.
    pub may_have_written: bool,
    /// Something may have been deleted.
    pub may_have_removed: bool,
    /// Together with this action, more was written to a member than its limit allows in one request. The limit may
    /// count stored entries, too.
    pub may_exceed_stored_limit: bool,
}

/// Returns the expected response to a request whose bytes are damaged.
pub(super) fn expect_damaged(
    generator: &FuzzGenerator<'_>,
    operation: &Operation,
    damage: &[Damage],
    violations: &[Violation],
    has_document: bool,
) -> (Intent, Expectation) {
    let plan_context = generator.context();
    let is_json = matches!(
        plan_context.contract.protocol,
        Some(Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RestJson)
    );
    // A document that is truncated, or followed by anything but whitespace, is malformed.
    let is_certain = match damage {
        [Damage::BodyTruncated(_)] => true,
        [Damage::BodySuffixed(bytes)] => bytes.iter().any(|byte| !byte.is_ascii_whitespace()),
        _ => false,
    };
    if is_json && is_certain && has_document && violations.iter().all(|violation| violation.certainty.is_certain()) {
        return (Intent::Malformed, plan_context.expect_malformed_rejection(operation));
    }
    unspecified("the docs don't say how damaged bytes are read")
}

pub(super) fn expect_response(
    generator: &FuzzGenerator<'_>,
    operation: &Operation,
    id: &CaseId,
    input: &Value,
    resource: Resource,
    violations: &[Violation],
    prior: PriorEffects,
) -> (Intent, Expectation) {
    let plan_context = generator.context();
    let named = resource_status::classify_resources(plan_context, operation, id, input);
    let named = if resource == Resource::FIRST { named } else { named.min(resource_status::ResourceStatus::Unknown) };
    if violations.iter().any(|violation| violation.certainty.is_certain()) {
        let roles = match named {
            resource_status::ResourceStatus::Owned if !prior.may_have_removed => [ErrorRole::InvalidInput; 2],
            _ => [ErrorRole::InvalidInput, ErrorRole::MissingResource],
        };
        return (Intent::Violates, plan_context.expect_rejection_for_either(operation, roles));
    }
    if let Some(violation) = violations.first() {
        return unspecified(&crate::generate::classify::describe_ambiguity(violation));
    }
    if has_control_characters(input) {
        return unspecified("the docs don't say how control characters in text are handled");
    }
    let mut tolerated = match named {
        resource_status::ResourceStatus::Nonexistent => {
            let errors = plan_context.errors_with_role(operation, ErrorRole::MissingResource);
            if errors.is_empty() {
                return unspecified("the docs name no error for a resource that does not exist");
            }
            return (Intent::Missing, Expectation::Reject { role: ErrorRole::MissingResource, errors });
        }
        resource_status::ResourceStatus::NonexistentAmongOthers => {
            return unspecified(resource_status::REASON_AMONG_OTHERS);
        }
        resource_status::ResourceStatus::ServiceIssued => {
            return unspecified("a token that only the service can issue");
        }
        resource_status::ResourceStatus::MaybeTaken => plan_context.errors_with_role(operation, ErrorRole::Conflict),
        resource_status::ResourceStatus::MaybeCreatedByOtherCase => {
            plan_context.errors_with_role(operation, ErrorRole::MissingResource)
        }
        resource_status::ResourceStatus::Unknown => plan_context.tolerated_missing_resource_errors(operation),
        resource_status::ResourceStatus::Owned => Vec::new(),
    };
    // Models do not say what else a request needs to be accepted.
    if plan_context.is_only_modelled {
        tolerated = plan_context.client_errors(operation);
        tolerated.push(ExpectedError { status: None, error: None });
    } else {
        let also_tolerated = [
            (prior.may_have_written, ErrorRole::Conflict),
            (prior.may_have_written, ErrorRole::Limit),
            (prior.may_exceed_stored_limit, ErrorRole::InvalidInput),
            (prior.may_have_removed, ErrorRole::MissingResource),
        ];
        for (_, role) in also_tolerated.into_iter().filter(|(holds, _)| *holds) {
            tolerated.extend(plan_context.errors_with_role(operation, role));
        }
    }
    (Intent::Valid, plan_context.expect_success(operation, tolerated))
}

pub(super) fn unspecified(reason: &str) -> (Intent, Expectation) {
    (Intent::Probe, Expectation::Unspecified { reason: reason.to_owned() })
}

/// Returns true if a text contains control characters other than line breaks and tabs, which no server has to accept.
pub(super) fn has_control_characters(value: &Value) -> bool {
    let is_odd = |text: &str| text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::Text(text) | Value::Template(text) => is_odd(text),
        Value::List(items) => items.iter().any(has_control_characters),
        Value::Map(members) => members.iter().any(|(name, value)| is_odd(name) || has_control_characters(value)),
        _ => false,
    }
}

/// Returns the number of bytes of all texts in a value, member names included.
pub(super) fn count_text_bytes(value: &Value) -> u64 {
    match value {
        Value::Text(text) | Value::Template(text) => text.len() as u64,
        Value::List(items) => items.iter().map(count_text_bytes).sum(),
        Value::Map(members) => members.iter().map(|(name, value)| name.len() as u64 + count_text_bytes(value)).sum(),
        _ => 0,
    }
}

/// Returns true if a list contains an item twice, which a law of its own covers.
pub(super) fn has_repeated_item(value: &Value, kind: StateKind) -> bool {
    match (kind, value) {
        (StateKind::List, Value::List(items)) => (1..items.len()).any(|index| items[..index].contains(&items[index])),
        _ => false,
    }
}

/// Returns true if an operation may change stored state.
pub(super) fn is_write(operation: &Operation) -> bool {
    operation.http.as_ref().is_none_or(|http| http.method != "GET" && http.method != "HEAD")
}

/// Returns true if an operation may delete what others need.
pub(super) fn is_removal(operation: &Operation) -> bool {
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
