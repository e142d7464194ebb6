//! Resources that do not exist: taken for existing, or answered otherwise than documented.
//!
//! Only for operations that document an error for them.

use super::{Row, View, anywhere, row};
use crate::contract::Role;
use crate::reference::fault::{Fault, Touch};
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("missing-accepted", Trick::MissingAccepted, "a resource that does not exist is taken for one that does"),
    row("missing-as-invalid", Trick::MissingAsInvalid, "a resource that does not exist is answered like invalid input"),
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
