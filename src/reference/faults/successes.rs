//! Faults of successes: another status, type or shape than documented.
//!
//! Never changes the operation itself, only its response.

use super::{FaultRow, FaultContext, operation_scope, row, undocumented_row};
use crate::reference::fault::{Fault, FindingScope};
use crate::reference::misbehavior::Trick;

const COMMON_ROWS: &[FaultRow] = &[
    row("created", Trick::SuccessCreated, "the status is 201"),
    row("accepted", Trick::SuccessAccepted, "the status is 202"),
    row("no-content", Trick::SuccessNoContent, "the status is 204"),
    row("redirects", Trick::SuccessRedirects, "the status is 302"),
    row("not-json", Trick::SuccessNotJson, "the body is not JSON"),
    row("html", Trick::SuccessHtml, "the body is HTML"),
    row("trailing", Trick::SuccessTrailing, "the body's document is followed by extra bytes"),
    undocumented_row("null", Trick::SuccessNull, "the body is null"),
    row("array", Trick::SuccessArray, "the body is an array"),
    row("wrapped", Trick::SuccessWrapped, "the body is wrapped in another member"),
    row("extra", Trick::SuccessExtra, "the body has an undocumented member"),
    row("is-error", Trick::SuccessIsError, "the body and headers are an error's"),
];

/// Rows that apply only if the documented output has members.
const MEMBER_ROWS: &[FaultRow] = &[
    row("empty", Trick::SuccessEmpty, "the body has no members"),
    row("wrong-types", Trick::SuccessWrongTypes, "the members have values of wrong types"),
    row("lowered", Trick::SuccessLowered, "the members have other names"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let output = context.operation.output.as_ref().and_then(|id| context.contract.shapes.get(id));
    let members = output.and_then(|shape| shape.kind.members()).is_some_and(|members| !members.is_empty());
    let success = context.operation.http.as_ref().and_then(|http| http.success);
    COMMON_ROWS
        .iter()
        .chain(if members { MEMBER_ROWS } else { &[] })
        .filter(|row| crate::reference::protocols::is_observable(context.contract.protocol, row.trick))
        .map(|row| {
            let mut touches = operation_scope(context);
            touches.push(FindingScope::new("*", "law", "*"));
            let mut fault = row.to_fault("successes", context, touches);
            fault.violates_contract &= match row.trick {
                Trick::SuccessCreated => success.is_some_and(|status| status != 201),
                Trick::SuccessAccepted => success.is_some_and(|status| status != 202),
                Trick::SuccessNoContent => members || success.is_some_and(|status| status != 204),
                // Clients ignore members that they do not know, unless the output is documented as empty.
                Trick::SuccessExtra | Trick::SuccessWrapped => output.is_some() && !members,
                // All members of the output may be optional.
                Trick::SuccessEmpty | Trick::SuccessLowered => false,
                _ => true,
            };
            fault
        })
        .collect()
}
