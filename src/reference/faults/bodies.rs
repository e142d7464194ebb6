//! Faults with malformed and unusual bodies: accepted, or fatal.
//!
//! Never for operations without a body.

use super::context::{FaultContext, operation_scope, requires_body_member};
use super::fault::Fault;
use super::row::{FaultRow, row, undocumented_row};
use crate::reference::misbehavior::Misbehavior;
use crate::reference::protocols::is_observable;

const ROWS: &[FaultRow] = &[
    row("malformed-crashes", Misbehavior::MalformedCrashes, "a body that is not JSON is answered with 500"),
    row("not-object-crashes", Misbehavior::NotObjectCrashes, "a body that is not an object is answered with 500"),
    row("empty-crashes", Misbehavior::EmptyBodyCrashes, "an empty body is answered with 500"),
    row("deep-crashes", Misbehavior::DeepCrashes, "a deeply nested body is answered with 500"),
    row("utf8-crashes", Misbehavior::InvalidUtf8Crashes, "invalid UTF-8 is answered with 500"),
    row("nul-crashes", Misbehavior::NulCrashes, "a NUL in a string is answered with 500"),
    row("surrogate-crashes", Misbehavior::SurrogateCrashes, "a lone surrogate is answered with 500"),
    row("huge-number-crashes", Misbehavior::HugeNumberCrashes, "a number too large for its type is answered with 500"),
    row("astral-crashes", Misbehavior::AstralCrashes, "characters outside the basic plane are answered with 500"),
    row("non-ascii-crashes", Misbehavior::NonAsciiCrashes, "non-ASCII characters are answered with 500"),
    row("null-crashes", Misbehavior::NullCrashes, "a null anywhere is answered with 500"),
    row("trailing-bytes", Misbehavior::TrailingBytes, "bytes after the document are ignored"),
    row("malformed-accepted", Misbehavior::MalformedAccepted, "a body that is not JSON is accepted"),
    row("utf8-accepted", Misbehavior::InvalidUtf8Accepted, "invalid UTF-8 is replaced and accepted"),
    row("nan-accepted", Misbehavior::NanAccepted, "NaN and Infinity are accepted"),
    row("single-quotes-accepted", Misbehavior::SingleQuotesAccepted, "strings in single quotes are accepted"),
    row("bare-names-accepted", Misbehavior::BareNamesAccepted, "member names without quotes are accepted"),
    row("trailing-comma-accepted", Misbehavior::TrailingCommaAccepted, "a comma after the last member is accepted"),
    row("comments-accepted", Misbehavior::CommentsAccepted, "comments are accepted"),
    row("truncated-accepted", Misbehavior::TruncatedAccepted, "a truncated body is accepted"),
    row("not-object-accepted", Misbehavior::NotObjectAccepted, "a body that is not an object is accepted"),
    row("empty-accepted", Misbehavior::EmptyBodyAccepted, "an empty body is accepted"),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    if !context.has_body() {
        return Vec::new();
    }
    let visible = requires_body_member(context);
    ROWS.iter()
        .filter(|row| is_observable(context.contract.protocol, row.misbehavior))
        .map(|row| match row.misbehavior {
            // If no member is required, an empty body may be valid.
            Misbehavior::EmptyBodyAccepted if !visible => undocumented_row(row.slug, row.misbehavior, row.description),
            misbehavior => FaultRow {
                slug: row.slug,
                misbehavior,
                description: row.description,
                violates_contract: row.violates_contract,
            },
        })
        .map(|row| row.to_fault("bodies", context, operation_scope(context)))
        .collect()
}
