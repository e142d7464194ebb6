//! Faults that ignore most of a request: one response for all, no checks, or a crash for each violation.
//!
//! Never subtle: these are visible in nearly every case.

use super::{Row, View, anywhere, row};
use crate::contract::Location;
use crate::reference::fault::Fault;
use crate::reference::tree::NodeKind;
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("always-invalid", Trick::AlwaysInvalid, "every request gets the documented error for invalid input"),
    row("always-400", Trick::AlwaysBare400, "every request gets a 400 without a code"),
    row("always-500", Trick::AlwaysCrash, "every request gets a 500"),
    row("always-ok", Trick::AlwaysOk, "every request succeeds unread"),
    row("always-501", Trick::AlwaysNotImplemented, "every request gets a 501"),
    row("echo", Trick::Echo, "every request succeeds with its own body as the response"),
    row("unchecked", Trick::Unchecked, "no constraint is checked"),
    row("violation-crashes", Trick::ViolationCrashes, "every constraint violation is answered with 500"),
    row("missing-member-crashes", Trick::MissingMemberCrashes, "a missing required member is answered with 500"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let missable = view.tree.nodes.iter().any(|node| match &node.kind {
        NodeKind::Structure { slots, .. } => slots.iter().any(|slot| slot.required && slot.location != Location::Label),
        _ => false,
    });
    ROWS.iter()
        // A path without its label is a different path, so only other members can be missing.
        .filter(|row| missable || row.trick != Trick::MissingMemberCrashes)
        .map(|row| row.fault("requests", view, anywhere(view)))
        .collect()
}
