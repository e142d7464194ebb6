//! Faults of the connection: it hangs, drops, or carries something other than declared.
//!
//! Never does I/O: the service only marks the response, and the server carries it out.

use super::{FaultRow, FaultContext, operation_scope, row};
use crate::reference::fault::Fault;
use crate::reference::misbehavior::Trick;

const ROWS: &[FaultRow] = &[
    row("hangs", Trick::Hangs, "no response is ever sent"),
    row("drops", Trick::Drops, "the connection is dropped"),
    row("hangs-on-violation", Trick::HangsOnViolation, "no response is ever sent to a rejected request"),
    row("drops-on-violation", Trick::DropsOnViolation, "the connection is dropped on a rejected request"),
    row("cut-chunks-on-violation", Trick::CutsChunksOnViolation, "a rejection is chunked and cut short"),
    row("short-body", Trick::ShortBody, "the declared length is greater than the body"),
    row("long-body", Trick::LongBody, "the declared length is less than the body"),
    row("not-http", Trick::NotHttp, "the response is not HTTP"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let touches = || {
        let mut touches = operation_scope(context);
        // Laws of other operations may use this one for setup or reads.
        touches.push(crate::reference::FindingScope::new("*", "law", "*"));
        touches
    };
    ROWS.iter().map(|row| row.to_fault("delivery", context, touches())).collect()
}
