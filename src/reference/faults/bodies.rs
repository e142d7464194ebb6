//! Faults with malformed and unusual bodies: accepted, or fatal.
//!
//! Never for operations without a body.

use super::{FaultRow, FaultContext, operation_scope, row, undocumented_row};
use crate::reference::fault::Fault;
use crate::reference::misbehavior::Trick;

const ROWS: &[FaultRow] = &[
    row("malformed-crashes", Trick::MalformedCrashes, "a body that is not JSON is answered with 500"),
    row("not-object-crashes", Trick::NotObjectCrashes, "a body that is not an object is answered with 500"),
    row("empty-crashes", Trick::EmptyBodyCrashes, "an empty body is answered with 500"),
    row("deep-crashes", Trick::DeepCrashes, "a deeply nested body is answered with 500"),
    row("utf8-crashes", Trick::InvalidUtf8Crashes, "invalid UTF-8 is answered with 500"),
    row("nul-crashes", Trick::NulCrashes, "a NUL in a string is answered with 500"),
    row("surrogate-crashes", Trick::SurrogateCrashes, "a lone surrogate is answered with 500"),
    row("huge-number-crashes", Trick::HugeNumberCrashes, "a number too large for its type is answered with 500"),
    row("astral-crashes", Trick::AstralCrashes, "characters outside the basic plane are answered with 500"),
    row("non-ascii-crashes", Trick::NonAsciiCrashes, "non-ASCII characters are answered with 500"),
    row("null-crashes", Trick::NullCrashes, "a null anywhere is answered with 500"),
    row("trailing-bytes", Trick::TrailingBytes, "bytes after the document are ignored"),
    row("malformed-accepted", Trick::MalformedAccepted, "a body that is not JSON is accepted"),
    row("utf8-accepted", Trick::InvalidUtf8Accepted, "invalid UTF-8 is replaced and accepted"),
    row("nan-accepted", Trick::NanAccepted, "NaN and Infinity are accepted"),
    row("truncated-accepted", Trick::TruncatedAccepted, "a truncated body is accepted"),
    row("not-object-accepted", Trick::NotObjectAccepted, "a body that is not an object is accepted"),
    row("empty-accepted", Trick::EmptyBodyAccepted, "an empty body is accepted"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    if !context.has_body() {
        return Vec::new();
    }
    let visible = super::requires_body_member(context);
    ROWS.iter()
        .filter(|row| crate::reference::protocols::is_observable(context.contract.protocol, row.trick))
        .map(|row| match row.trick {
            // If no member is required, an empty body may be valid.
            Trick::EmptyBodyAccepted if !visible => undocumented_row(row.slug, row.trick, row.description),
            trick => FaultRow { slug: row.slug, trick, description: row.description, violates_contract: row.violates_contract },
        })
        .map(|row| row.to_fault("bodies", context, operation_scope(context)))
        .collect()
}
