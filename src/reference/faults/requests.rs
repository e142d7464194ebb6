//! Faults that ignore most of a request: one response for all, no checks, or a crash for each violation.
//!
//! Never subtle: these are visible in nearly every case.

use super::context::{FaultContext, operation_scope};
use super::fault::Fault;
use super::row::{FaultRow, row};
use crate::contract::MemberLocation;
use crate::reference::constraints::NodeKind;
use crate::reference::misbehavior::Misbehavior;

const ROWS: &[FaultRow] = &[
    row("always-invalid", Misbehavior::AlwaysInvalid, "every request gets the documented error for invalid input"),
    row("always-400", Misbehavior::AlwaysBare400, "every request gets a 400 without a code"),
    row("always-500", Misbehavior::AlwaysCrash, "every request gets a 500"),
    row("always-ok", Misbehavior::AlwaysOk, "every request succeeds unread"),
    row("always-501", Misbehavior::AlwaysNotImplemented, "every request gets a 501"),
    row("echo", Misbehavior::Echo, "every request succeeds with its own body as the response"),
    row("unchecked", Misbehavior::Unchecked, "no constraint is checked"),
    row("violation-crashes", Misbehavior::ViolationCrashes, "every constraint violation is answered with 500"),
    row("missing-member-crashes", Misbehavior::MissingMemberCrashes, "a missing required member is answered with 500"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let missable = context.tree.nodes.iter().any(|node| match &node.kind {
        NodeKind::Structure { slots, .. } => {
            slots.iter().any(|slot| slot.required && slot.location != MemberLocation::Label)
        }
        _ => false,
    });
    ROWS.iter()
        // A path without its label is a different path, so only other members can be missing.
        .filter(|row| missable || row.misbehavior != Misbehavior::MissingMemberCrashes)
        .map(|row| row.to_fault("requests", context, operation_scope(context)))
        .collect()
}
