//! Faults of the connection: it hangs, drops, or carries something other than declared.
//!
//! Never does I/O: the service only marks the response, and the server carries it out.

use super::{Row, View, anywhere, row};
use crate::reference::fault::Fault;
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("hangs", Trick::Hangs, "no response is ever sent"),
    row("drops", Trick::Drops, "the connection is dropped"),
    row("hangs-on-violation", Trick::HangsOnViolation, "no response is ever sent to a rejected request"),
    row("drops-on-violation", Trick::DropsOnViolation, "the connection is dropped on a rejected request"),
    row("cut-chunks-on-violation", Trick::CutsChunksOnViolation, "a rejection is chunked and cut short"),
    row("short-body", Trick::ShortBody, "the declared length is greater than the body"),
    row("long-body", Trick::LongBody, "the declared length is less than the body"),
    row("not-http", Trick::NotHttp, "the response is not HTTP"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let touches = || {
        let mut touches = anywhere(view);
        // Laws of other operations may use this one for setup or reads.
        touches.push(crate::reference::Touch::new("*", "law", "*"));
        touches
    };
    ROWS.iter().map(|row| row.fault("delivery", view, touches())).collect()
}
