//! Damaged and unusual bodies: taken, or fatal.
//!
//! Only for operations that read a body.

use super::{Row, View, anywhere, row, silent};
use crate::reference::fault::Fault;
use crate::reference::trick::Trick;

const ROWS: &[Row] = &[
    row("malformed-crashes", Trick::MalformedCrashes, "a body that is not JSON is answered with 500"),
    row("not-object-crashes", Trick::NotObjectCrashes, "a body that is no object is answered with 500"),
    row("empty-crashes", Trick::EmptyBodyCrashes, "an empty body is answered with 500"),
    row("deep-crashes", Trick::DeepCrashes, "a deeply nested body is answered with 500"),
    row("utf8-crashes", Trick::InvalidUtf8Crashes, "invalid UTF-8 is answered with 500"),
    row("nul-crashes", Trick::NulCrashes, "a NUL in a text is answered with 500"),
    row("surrogate-crashes", Trick::SurrogateCrashes, "a lone surrogate is answered with 500"),
    row("huge-number-crashes", Trick::HugeNumberCrashes, "a number too large for its type is answered with 500"),
    row("astral-crashes", Trick::AstralCrashes, "characters beyond the basic plane are answered with 500"),
    row("non-ascii-crashes", Trick::NonAsciiCrashes, "texts beyond ASCII are answered with 500"),
    row("null-crashes", Trick::NullCrashes, "a null anywhere is answered with 500"),
    row("trailing-bytes", Trick::TrailingBytes, "bytes after the document are overlooked"),
    row("malformed-accepted", Trick::MalformedAccepted, "a body that is not JSON is answered with success"),
    row("utf8-accepted", Trick::InvalidUtf8Accepted, "invalid UTF-8 is replaced and taken"),
    row("nan-accepted", Trick::NanAccepted, "NaN and Infinity are taken"),
    row("truncated-accepted", Trick::TruncatedAccepted, "a truncated body is taken"),
    row("not-object-accepted", Trick::NotObjectAccepted, "a body that is no object is taken"),
    row("empty-accepted", Trick::EmptyBodyAccepted, "an empty body is taken"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    if !view.has_body() {
        return Vec::new();
    }
    let visible = super::required_in_body(view);
    ROWS.iter()
        .filter(|row| crate::reference::protocols::has(view.contract.protocol, row.trick))
        .map(|row| match row.trick {
            // Without a member that must be there, an empty body may be what it is taken for.
            Trick::EmptyBodyAccepted if !visible => silent(row.slug, row.trick, row.describes),
            trick => Row { slug: row.slug, trick, describes: row.describes, breaks: row.breaks },
        })
        .map(|row| row.fault("bodies", view, anywhere(view)))
        .collect()
}
