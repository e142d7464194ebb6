//! Connections that hang, drop, or carry something other than announced.
//!
//! Every row is also an answer of the pure service; only the server makes it felt.

use super::{Row, View, anywhere, row};
use crate::reference::fault::Fault;
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("hangs", Trick::Hangs, "no answer ever comes"),
    row("drops", Trick::Drops, "the connection is dropped"),
    row("hangs-on-violation", Trick::HangsOnViolation, "no answer ever comes to a refused request"),
    row("drops-on-violation", Trick::DropsOnViolation, "the connection is dropped on a refused request"),
    row("cut-chunks-on-violation", Trick::CutsChunksOnViolation, "a refusal comes in chunks and is cut short"),
    row("short-body", Trick::ShortBody, "more is announced than comes"),
    row("long-body", Trick::LongBody, "less is announced than comes"),
    row("not-http", Trick::NotHttp, "what comes is not HTTP"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let touches = || {
        let mut touches = anywhere(view);
        // Laws of other operations may be set up or read back by this one.
        touches.push(crate::reference::Touch::new("*", "law", "*"));
        touches
    };
    ROWS.iter().map(|row| row.fault("delivery", view, touches())).collect()
}
