//! Faults of successes: another status, type or shape than documented.
//!
//! Never changes the operation itself, only its response.

use super::context::{FaultContext, operation_scope};
use super::fault::{Fault, FindingScope};
use super::row::{FaultRow, row, undocumented_row};
use crate::reference::misbehavior::Misbehavior;
use crate::reference::protocols::is_observable;

const COMMON_ROWS: &[FaultRow] = &[
    row("created", Misbehavior::SuccessCreated, "the status is 201"),
    row("accepted", Misbehavior::SuccessAccepted, "the status is 202"),
    row("no-content", Misbehavior::SuccessNoContent, "the status is 204"),
    row("redirects", Misbehavior::SuccessRedirects, "the status is 302"),
    row("not-json", Misbehavior::SuccessNotJson, "the body is not JSON"),
    row("html", Misbehavior::SuccessHtml, "the body is HTML"),
    row("trailing", Misbehavior::SuccessTrailing, "the body's document is followed by extra bytes"),
    undocumented_row("null", Misbehavior::SuccessNull, "the body is null"),
    row("array", Misbehavior::SuccessArray, "the body is an array"),
    row("wrapped", Misbehavior::SuccessWrapped, "the body is wrapped in another member"),
    row("extra", Misbehavior::SuccessExtra, "the body has an undocumented member"),
    row("is-error", Misbehavior::SuccessIsError, "the body and headers are an error's"),
];

/// Rows that apply only if the documented output has members.
const MEMBER_ROWS: &[FaultRow] = &[
    row("empty", Misbehavior::SuccessEmpty, "the body has no members"),
    row("wrong-types", Misbehavior::SuccessWrongTypes, "the members have values of wrong types"),
    row("lowered", Misbehavior::SuccessLowered, "the members have other names"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let output = context.operation.output.as_ref().and_then(|id| context.contract.shapes.get(id));
    let members = output.and_then(|shape| shape.kind.members()).is_some_and(|members| !members.is_empty());
    let success = context.operation.http.as_ref().and_then(|http| http.success);
    COMMON_ROWS
        .iter()
        .chain(if members { MEMBER_ROWS } else { &[] })
        .filter(|row| is_observable(context.contract.protocol, row.misbehavior))
        .map(|row| {
            let mut scopes = operation_scope(context);
            scopes.push(FindingScope::new("*", "law", "*"));
            let mut fault = row.to_fault("successes", context, scopes);
            fault.violates_contract &= match row.misbehavior {
                Misbehavior::SuccessCreated => success.is_some_and(|status| status != 201),
                Misbehavior::SuccessAccepted => success.is_some_and(|status| status != 202),
                Misbehavior::SuccessNoContent => members || success.is_some_and(|status| status != 204),
                // Clients ignore members that they do not know, unless the output is documented as empty.
                Misbehavior::SuccessExtra | Misbehavior::SuccessWrapped => output.is_some() && !members,
                // All members of the output may be optional.
                Misbehavior::SuccessEmpty | Misbehavior::SuccessLowered => false,
                _ => true,
            };
            fault
        })
        .collect()
}
