//! Faults with resources that do not exist: treated as existing, or reported with the wrong error.
//!
//! Never for operations that document no error for a missing resource.

use super::{Row, View, anywhere, row};
use crate::contract::Role;
use crate::reference::fault::{Fault, Touch};
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("missing-accepted", Trick::MissingAccepted, "a resource that does not exist is treated as existing"),
    row("missing-as-invalid", Trick::MissingAsInvalid, "a resource that does not exist is reported as invalid input"),
    row("missing-crashes", Trick::MissingCrashes, "a resource that does not exist is answered with 500"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    if !view.documents(Role::MissingResource) {
        return Vec::new();
    }
    let touches = || {
        let mut touches = anywhere(view);
        touches.push(Touch::new(view.name(), "missing", "*"));
        touches
    };
    ROWS.iter().map(|row| row.fault("resources", view, touches())).collect()
}
