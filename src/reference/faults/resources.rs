//! Faults with resources that do not exist: treated as existing, or reported with the wrong error.
//!
//! Never for operations that document no error for a missing resource.

use super::context::{FaultContext, operation_scope};
use super::fault::{Fault, FindingScope};
use super::row::{FaultRow, row};
use crate::contract::ErrorRole;
use crate::reference::misbehavior::Misbehavior;

const ROWS: &[FaultRow] = &[
    row("missing-accepted", Misbehavior::MissingAccepted, "a resource that does not exist is treated as existing"),
    row(
        "missing-as-invalid",
        Misbehavior::MissingAsInvalid,
        "a resource that does not exist is reported as invalid input",
    ),
    row("missing-crashes", Misbehavior::MissingCrashes, "a resource that does not exist is answered with 500"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    if !context.documents_role(ErrorRole::MissingResource) {
        return Vec::new();
    }
    let scopes = || {
        let mut scopes = operation_scope(context);
        scopes.push(FindingScope::new(context.operation_name(), "missing", "*"));
        scopes
    };
    ROWS.iter().map(|row| row.to_fault("resources", context, scopes())).collect()
}
