//! Faults of the connection: it hangs, drops, or carries something other than declared.
//!
//! Never does I/O: the service only marks the response, and the server carries it out.

use super::context::{FaultContext, operation_scope};
use super::fault::Fault;
use super::row::{FaultRow, row};
use crate::reference::misbehavior::Misbehavior;

const ROWS: &[FaultRow] = &[
    row("hangs", Misbehavior::Hangs, "no response is ever sent"),
    row("drops", Misbehavior::Drops, "the connection is dropped"),
    row("hangs-on-violation", Misbehavior::HangsOnViolation, "no response is ever sent to a rejected request"),
    row("drops-on-violation", Misbehavior::DropsOnViolation, "the connection is dropped on a rejected request"),
    row("cut-chunks-on-violation", Misbehavior::CutsChunksOnViolation, "a rejection is chunked and cut short"),
    row("short-body", Misbehavior::ShortBody, "the declared length is greater than the body"),
    row("long-body", Misbehavior::LongBody, "the declared length is less than the body"),
    row("not-http", Misbehavior::NotHttp, "the response is not HTTP"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let scopes = || {
        let mut scopes = operation_scope(context);
        // Laws of other operations may use this one for setup or reads.
        scopes.push(crate::reference::FindingScope::new("*", "law", "*"));
        scopes
    };
    ROWS.iter().map(|row| row.to_fault("delivery", context, scopes())).collect()
}
